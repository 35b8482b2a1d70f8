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

from .envelope import middle
from .heart_rate import TICKS_PER_S

MOST_BEATS = 6
"""Over longer holes a heart changes its pace too much."""
DEPTH = 3
"""How many stretches on either side count."""

_AROUND = (1, 2, 4)
_HISTORY = 120
_NEEDED = 12
_BESIDE = 0.3
_SAME_S = 0.002


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


Habits = dict[int, list[tuple[int, float]]]
"""How well a heart's own intervals tell the sum of so many of them between their neighbours: pairs
of how many neighbours on either side, and the variance of what they miss it by."""


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
    return [] if None in found else found


def _bridge(
    count: int, hole_s: float, told: np.ndarray, told_after: np.ndarray, habits: Habits
) -> Bridge | None:
    if count == 0:
        return Bridge(-hole_s, _SAME_S**2)
    if count not in habits:
        habits[count] = _habit(told[-_HISTORY:], count)
    known = [habit for habit in habits[count] if habit[0] <= len(told_after)]
    if not known:
        return None
    around, variance = min(known, key=lambda habit: habit[1])
    sides = int(told[-around:].sum() + told_after[:around].sum()) / TICKS_PER_S
    return Bridge(sides * count / (2 * around) - hole_s, variance)


def _usual(ticks: np.ndarray) -> int:
    return int(sorted(ticks.tolist())[len(ticks) // 2])


def _habit(told: np.ndarray, count: int) -> list[tuple[int, float]]:
    sums = np.concatenate([[0], np.cumsum(told)]) / TICKS_PER_S
    found = []
    for around in _AROUND:
        span = 2 * around + count
        if len(told) < span + _NEEDED:
            continue
        inner = sums[around : len(sums) - around]
        lasted_s = inner[count:] - inner[:-count]
        beside_s = sums[span:] - sums[:-span] - lasted_s
        missed_s = np.abs(lasted_s - beside_s * (count / (2 * around)))
        found.append((around, (1.5 * middle(missed_s) + _SAME_S) ** 2))
    return found


def settle(
    sides: Sequence[Side], holes: Sequence[Sequence[Bridge]]
) -> list[tuple[float, float]]:
    """Where each stretch lies in its band, as a shift from the middle, and its variance."""
    return [_settled(sides, holes, number) for number in range(len(sides))]


def _settled(
    sides: Sequence[Side], holes: Sequence[Sequence[Bridge]], number: int
) -> tuple[float, float]:
    mean, variance = 0.0, inf
    for k in range(max(number - DEPTH, 0), number):
        shift, spread = _in_band(sides[k].half_end_s, mean, variance)
        mean, variance = _across(shift, spread, holes[k], 1, sides[k + 1].half_start_s)
    left = mean, variance
    mean, variance = 0.0, inf
    for k in range(min(number + DEPTH, len(sides) - 1), number, -1):
        shift, spread = _in_band(sides[k].half_start_s, mean, variance)
        mean, variance = _across(shift, spread, holes[k - 1], -1, sides[k - 1].half_end_s)
    half_s = min(sides[number].half_start_s, sides[number].half_end_s)
    return _in_band(half_s, *_both(left, (mean, variance)))


def _across(
    shift: float, variance: float, hole: Sequence[Bridge], sign: int, half_s: float
) -> tuple[float, float]:
    """What one side of a hole tells of the other, whose band says how likely each count is."""
    if not hole:
        return 0.0, inf
    landings = [(shift + sign * b.stretch_s, variance + b.variance) for b in hole]
    weights = [_mass(half_s, *landing) for landing in landings]
    total = sum(weights)
    if total < 1e-6:
        return 0.0, inf
    mean = sum(w * m for w, (m, _) in zip(weights, landings)) / total
    spread = sum(w * (v + (m - mean) ** 2) for w, (m, v) in zip(weights, landings)) / total
    return mean, spread


def _mass(half_s: float, mean: float, variance: float) -> float:
    sd = sqrt(2*variance)
    return (erf((half_s - mean) / sd) - erf((-half_s - mean) / sd)) / 2


def _both(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    weight = (1 / one[1], 1 / other[1])
    total = weight[0] + weight[1]
    if total == 0:
        return 0.0, inf
    return (one[0] * weight[0] + other[0] * weight[1]) / total, 1 / total


def _in_band(half_s: float, mean: float, variance: float) -> tuple[float, float]:
    """Mean and variance of a normal distribution within a band around 0."""
    if variance == inf or half_s <= 0:
        return 0.0, half_s**2 / 3
    sd = sqrt(variance)
    low, high = (-half_s - mean) / sd, (half_s - mean) / sd
    inside = (erf(high / sqrt(2)) - erf(low / sqrt(2))) / 2
    if inside < 1e-6:
        # The prediction is far off: the band counts.
        return (half_s if mean > 0 else -half_s) / 2, half_s**2 / 3
    at_low, at_high = _density(low), _density(high)
    tilt = (at_low - at_high) / inside
    bent = (low * at_low - high * at_high) / inside
    return mean + sd * tilt, max(variance * (1 + bent - tilt**2), 0.0)


def _density(z: float) -> float:
    return exp(-z * z / 2) / sqrt(2 * pi)
