"""Same-heart calibration: one person wears both straps, and their delays are compared.

Straps ponder over a beat, some for half a second and some for three; that constant cannot be
seen in their packets. But two straps on one heart tell the same intervals, and how much later
one of them tells them is the difference of their delays. And where a packet of one was lost, the
other one tells the intervals that were in it, so that all packets of a strap place all its beats.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .beats import BeatClock, Beats

LONGEST_OFFSET_S = 5.0
"""No strap is known to be later than another by more."""
NEEDED_S = 60.0
NEEDED_BEATS = 40

_STEP_S = 0.02
_NEAR_S = 0.12
"""Beats this near to each other may be the same one: what the clocks err, and no more."""
_SAME_RR_S = 0.012
"""Two straps find the same beat within some milliseconds."""
_SHARE = 0.6
_ALIKE = 0.5
"""Of how far the heart's intervals spread, the part by which two straps may differ."""


class Offset(NamedTuple):
    """How much later b tells a beat than a."""

    offset_s: float
    """NaN when there is a `reason`."""
    sigma_s: float
    """Uncertainty of the offset (standard deviation)."""
    matched: int
    """Beats that both straps told."""
    reason: str
    """Why there is no offset, one sentence; empty when there is one."""


def same_heart_offset(clock_a: BeatClock, clock_b: BeatClock) -> Offset:
    """Find how much later b tells the beats of one heart than a, on clocks without latency.

    Subtract it from b's latency or add it to a's; only the difference of the two is known.
    """
    a, b = clock_a.beats().real(), clock_b.beats().real()
    both_s = _common_s(a, b)
    if both_s < NEEDED_S or min(len(a.t_s), len(b.t_s)) < NEEDED_BEATS:
        return _none(
            f"Both straps were heard together for {max(both_s, 0):.0f} s; "
            f"{NEEDED_S:.0f} s are needed. Wear both a little longer."
        )
    candidates_s = np.arange(-LONGEST_OFFSET_S, LONGEST_OFFSET_S + _STEP_S, _STEP_S)
    misses_s = np.array([_miss_s(a, b, offset_s) for offset_s in candidates_s])
    best = int(np.argmin(misses_s))
    spread_s = float(np.median(np.abs(a.rr_s - np.median(a.rr_s))))
    if misses_s[best] > min(_SAME_RR_S, _ALIKE * spread_s + 0.001):
        return _none("The intervals differ: the straps are not on the same heart, or one slips.")
    offset_s = float(candidates_s[best])
    # Which of the candidates near the best does not matter: they pair the same beats.
    others = misses_s[np.abs(candidates_s - offset_s) > 3 * _NEAR_S]
    if others.min() < 1.5 * misses_s[best] + 0.001:
        return _none(
            "The heart beats too evenly to tell which beat is which. Breathe slowly and deeply, "
            "and try again."
        )
    i, j = _same(a, b, offset_s)
    # In the middle of those that pair the same beats, it finds the partners of misplaced ones too.
    offset_s = float(np.median(b.t_s[j] - a.t_s[i]))
    filled_a, filled_b = fill_each_other(clock_a, clock_b, offset_s)
    return _weighed(filled_a, filled_b, offset_s)._replace(matched=len(i))


def fill_each_other(
    clock_a: BeatClock, clock_b: BeatClock, offset_s: float
) -> tuple[BeatClock, BeatClock]:
    """Copies in which what one strap lost is what the other told; b is `offset_s` later."""
    a, b = clock_a.beats().real(), clock_b.beats().real()
    i, j = _same(a, b, offset_s)
    openings_a, openings_b = clock_a.openings(), clock_b.openings()
    return (
        clock_a.filled(_missing(openings_a, i, j, openings_b, b.rr_ticks)),
        clock_b.filled(_missing(openings_b, j, i, openings_a, a.rr_ticks)),
    )


def _miss_s(a: Beats, b: Beats, offset_s: float) -> float:
    """By how much intervals of beats that would be the same differ; infinite for too few."""
    i, j = _pairs(a, b, offset_s)
    inside = (a.t_s + offset_s > b.t_s[0] - _NEAR_S) & (a.t_s + offset_s < b.t_s[-1] + _NEAR_S)
    if len(i) < max(NEEDED_BEATS, _SHARE * np.count_nonzero(inside)):
        return np.inf
    return float(np.median(np.abs(a.rr_s[i] - b.rr_s[j])))


def _pairs(a: Beats, b: Beats, offset_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Beats of a and of b that are the same ones if b is `offset_s` later."""
    moved_s = a.t_s + offset_s
    after = np.clip(np.searchsorted(b.t_s, moved_s), 1, len(b.t_s) - 1)
    nearest = after - (moved_s - b.t_s[after - 1] < b.t_s[after] - moved_s)
    near = np.abs(b.t_s[nearest] - moved_s) <= _NEAR_S
    return np.flatnonzero(near), nearest[near]


def _same(a: Beats, b: Beats, offset_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose intervals are equal, too."""
    i, j = _pairs(a, b, offset_s)
    same = np.abs(a.rr_s[i] - b.rr_s[j]) <= 3 * _SAME_RR_S
    return i[same], j[same]


def _missing(
    openings: np.ndarray,
    own: np.ndarray,
    others: np.ndarray,
    others_openings: np.ndarray,
    others_ticks: np.ndarray,
) -> dict[int, np.ndarray]:
    """What the other strap told without a break while this one was not heard, by opening.

    `own` and `others` are the numbers of the same beats.
    """
    same = dict(zip(own.tolist(), others.tolist(), strict=True))
    breaks = set(others_openings.tolist())
    missing = {}
    for opening in openings.tolist():
        if opening in same and opening - 1 in same:
            first, last = same[opening - 1] + 1, same[opening]
            if first <= last and breaks.isdisjoint(range(first, last + 1)):
                missing[opening] = others_ticks[first:last]
    return missing


def _weighed(clock_a: BeatClock, clock_b: BeatClock, offset_s: float) -> Offset:
    """The mean difference over beats that are the same, the surer ones counting more."""
    a, b = clock_a.beats().real(), clock_b.beats().real()
    i, j = _same(a, b, offset_s)
    late_s = b.t_s[j] - a.t_s[i]
    variance = a.sigma_s[i] ** 2 + b.sigma_s[j] ** 2
    weight = 1 / variance
    weight /= weight.sum()
    # The beats of a stretch err together, so they count as one.
    stretches_a = np.searchsorted(clock_a.openings(), i, side="right")
    stretches_b = np.searchsorted(clock_b.openings(), j, side="right")
    together = stretches_a * (len(b.t_s) + 1) + stretches_b
    _, group = np.unique(together, return_inverse=True)
    shares = np.bincount(group, weight)
    errors = np.bincount(group, weight * variance) / shares
    sigma_s = float(np.sqrt((shares**2 * errors).sum()))
    return Offset(float(weight @ late_s), sigma_s, len(i), "")


def _common_s(a: Beats, b: Beats) -> float:
    if not (len(a.t_s) and len(b.t_s)):
        return 0.0
    return float(min(a.t_s[-1], b.t_s[-1]) - max(a.t_s[0], b.t_s[0]))


def _none(reason: str) -> Offset:
    return Offset(np.nan, np.nan, 0, reason)
