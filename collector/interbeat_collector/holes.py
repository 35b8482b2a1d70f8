"""What the intervals around a hole tell of its length, and with it of where its two sides lie.

A stretch of few packets leaves a wide band. But the heart goes on beating in the hole before it:
the hole is about as long as so many usual intervals, and its other side may be known well. How
well intervals predict each other is taken from the heart itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, erf, exp, floor, inf, pi, sqrt
from typing import NamedTuple

import numpy as np

from .heart_rate import TICKS_PER_S

MOST_BEATS = 6
"""Over longer holes a heart changes its pace too much."""
DEPTH = 3
"""How many of the stretches after it count for one."""

_AROUND = (1, 2, 3, 4)
_NEEDED = 12
_FEW = 60
"""With fewer intervals before a hole those after it are asked as well."""
_BESIDE = 0.3
"""By this part of an interval a hole may be too short or too long for its beats."""
_SMOOTH_S = 0.005
"""Changes that are smaller tell nothing."""
_SAME_S = 0.002
_UNLIKELY = 1e-6


class Side(NamedTuple):
    """A stretch as its own packets place it."""

    start_s: float
    end_s: float
    half_start_s: float
    """Half of the band that is left for its start, and for its end."""
    half_end_s: float


class Bridge(NamedTuple):
    """By how much a hole of so many beats should be longer, and the variance of that."""

    stretch_s: float
    variance: float


class Guess(NamedTuple):
    """Where a stretch lies, as a shift from the middle of its band: a normal distribution."""

    shift_s: float
    variance: float


NOTHING = Guess(0.0, inf)


class Habit(NamedTuple):
    """How a heart's own intervals tell the sum of some of them from those beside them."""

    around: int
    """How many on either side."""
    bends: np.ndarray
    """What the change from each of these to the next nearer one adds to so many mean intervals:
    breathing makes neighbours of neighbours tell something too."""
    variance: float
    """Of what is missed."""


Habits = dict[int, list[Habit]]
"""By the count of intervals between."""


def bridges(
    before: Side, after: Side, told: np.ndarray, told_after: np.ndarray, habits: Habits
) -> list[Bridge]:
    """Compare a hole with the intervals (in ticks) around it, for each likely count of beats.

    Empty when they do not tell. `habits` keeps what was found from `told`, for the next time.
    """
    hole_s = after.start_s - before.end_s
    usual_s = (_usual(told[-8:]) + _usual(told_after[:8])) / 2 / TICKS_PER_S
    reach_s = before.half_end_s + after.half_start_s
    fewest = max(ceil((hole_s - reach_s) / usual_s - _BESIDE), 0)
    most = floor((hole_s + reach_s) / usual_s + _BESIDE)
    if most > MOST_BEATS or most < fewest:
        return []
    found = [_bridge(count, hole_s, told, told_after, habits) for count in range(fewest, most + 1)]
    known = [bridge for bridge in found if bridge is not None]
    return known if len(known) == len(found) else []


def _bridge(
    count: int, hole_s: float, told: np.ndarray, told_after: np.ndarray, habits: Habits
) -> Bridge | None:
    if count == 0:
        return Bridge(-hole_s, _SAME_S**2)
    if len(told) < _FEW:
        found = _habits(np.append(told, told_after), count)
    elif count in habits:
        found = habits[count]
    else:
        found = habits[count] = _habits(told, count)
    near = min(len(told), len(told_after))
    known = [habit for habit in found if habit.around <= near]
    if not known:
        return None
    around, bends, variance = min(known, key=lambda habit: habit.variance)
    beside_s = (told[-around:][::-1] + told_after[:around]) / (2 * TICKS_PER_S)
    lasted_s = count * float(beside_s.mean()) - float(np.diff(beside_s) @ bends)
    return Bridge(lasted_s - hole_s, variance)


def _usual(ticks: np.ndarray) -> int:
    return int(sorted(ticks.tolist())[len(ticks) // 2])


def _habits(told: np.ndarray, count: int) -> list[Habit]:
    rr_s = told / TICKS_PER_S
    sums_s = np.concatenate([[0.0], np.cumsum(rr_s)])
    found = []
    for around in _AROUND:
        rows = len(rr_s) - 2 * around - count + 1
        if rows < _NEEDED:
            continue
        before, after = np.arange(around - 1, -1, -1), np.arange(around + count, 2 * around + count)
        first = np.arange(rows)[:, None]
        beside_s = (rr_s[first + before] + rr_s[first + after]) / 2
        lasted_s = (sums_s[count:] - sums_s[:-count])[around : around + rows]
        missed_s = lasted_s - count * beside_s.mean(axis=1)
        changes_s = -np.diff(beside_s, axis=1)
        stiff = rows * _SMOOTH_S**2 * np.eye(around - 1)
        bends = np.linalg.solve(changes_s.T @ changes_s + stiff, changes_s.T @ missed_s)
        # The tenth that is missed by most: early beats count, and are not many.
        most_s = np.sort(np.abs(missed_s - changes_s @ bends))[int(0.9 * rows)] / 1.6
        spread_s = most_s * rows / (rows - 2 * (around - 1)) + _SAME_S
        found.append(Habit(around, bends, float(spread_s**2)))
    return found


def from_before(before: Side, told: Guess, hole: Sequence[Bridge], after: Side) -> Guess:
    """What the side before a hole, of which others have `told`, tells of the side after it."""
    return _across(_in_band(before.half_end_s, told), hole, 1, after.half_start_s)


def from_after(sides: Sequence[Side], holes: Sequence[Sequence[Bridge]]) -> Guess:
    """What all sides but the first tell of it; `holes[k]` follows `sides[k]`."""
    told = NOTHING
    for k in range(len(sides) - 1, 0, -1):
        landed = _in_band(sides[k].half_start_s, told)
        told = _across(landed, holes[k - 1], -1, sides[k - 1].half_end_s)
    return told


def settled(side: Side, before: Guess, after: Guess) -> Guess:
    """Where a stretch lies in its band, as a shift from the middle."""
    return _in_band(min(side.half_start_s, side.half_end_s), _both(before, after))


def _across(known: Guess, hole: Sequence[Bridge], sign: int, half_s: float) -> Guess:
    """What one side of a hole tells of the other, whose band says how likely each count is."""
    landings = [
        Guess(known.shift_s + sign * bridge.stretch_s, known.variance + bridge.variance)
        for bridge in hole
    ]
    if len(landings) == 1:
        return landings[0]
    weights = [_inside(half_s, landing) for landing in landings]
    total = sum(weights)
    if total < _UNLIKELY:
        return NOTHING
    mean = sum(w * g.shift_s for w, g in zip(weights, landings, strict=True)) / total
    spread = sum(
        w * (g.variance + (g.shift_s - mean) ** 2) for w, g in zip(weights, landings, strict=True)
    )
    return Guess(mean, spread / total)


def _inside(half_s: float, guess: Guess) -> float:
    """How likely it lies within a band around 0."""
    scale = sqrt(2 * guess.variance)
    return (erf((half_s - guess.shift_s) / scale) - erf((-half_s - guess.shift_s) / scale)) / 2


def _both(one: Guess, other: Guess) -> Guess:
    weight = (1 / one.variance, 1 / other.variance)
    total = weight[0] + weight[1]
    if total == 0:
        return NOTHING
    return Guess((one.shift_s * weight[0] + other.shift_s * weight[1]) / total, 1 / total)


def _in_band(half_s: float, guess: Guess) -> Guess:
    """A guess cut off at a band around 0."""
    mean, variance = guess
    if variance == inf or half_s <= 0:
        return Guess(0.0, half_s**2 / 3)
    sd = sqrt(variance)
    low, high = (-half_s - mean) / sd, (half_s - mean) / sd
    inside = _inside(half_s, guess)
    if inside < _UNLIKELY:
        # The prediction is far off: the band counts.
        return Guess((half_s if mean > 0 else -half_s) / 2, half_s**2 / 3)
    at_low, at_high = _density(low), _density(high)
    tilt = (at_low - at_high) / inside
    bent = (low * at_low - high * at_high) / inside
    return Guess(mean + sd * tilt, max(variance * (1 + bent - tilt**2), 0.0))


def _density(z: float) -> float:
    return exp(-z * z / 2) / sqrt(2 * pi)
