"""From the packets of one strap to beats on the session clock.

A strap tells how long each interval was, exactly, but not when it ended; packets arrive late by
up to a second and more, never early. So the beats of an unbroken stretch are laid end to end,
and the stretch as a whole is placed as early as the arrivals allow: under all of its
(time of last beat, lateness) points lies one straight line, whose slope is the drift of the
strap's clock. Where packets went missing the stretch ends and a new one begins.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from enum import IntEnum
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from .heart_rate import TICKS_PER_S

SEND_PERIOD_S = 1.0
"""Straps send about once a second; a beat waits at most that long."""
LATE_S = 0.6
"""A packet that comes this much later than its content explains follows a lost one."""
SLACK_S = 0.25
"""What radio jitter may add to the send period before beats must be missing."""
LONGEST_TICKS = 10 * TICKS_PER_S
"""No interval between two beats: a strap that says so has missed some."""
HOLE_S = 0.05
"""Beats are missing between two stretches, so that they never touch."""
MAX_DRIFT = 100e-6
"""Twice what the crystals of straps are known to be off."""
JITTER_FLOOR_S = 0.005


class Flag(IntEnum):
    """How well the time of a beat is known. (Whether it is plausible is for the analysis.)"""

    OK = 0
    INFERRED = 1
    EDGE = 2
    BACKLOG = 3


class Beats(NamedTuple):
    """Beats of one partner, oldest first; all arrays have shape (n_beats,)."""

    t_s: np.ndarray
    """Session time of the beat that ended the interval."""
    rr_s: np.ndarray
    """The interval that ended there, as the strap sent it."""
    rr_ticks: np.ndarray
    """The same in units of 1/1024 s."""
    sigma_s: np.ndarray
    """Uncertainty of `t_s` (standard deviation), common to all beats of a stretch."""
    flag: np.ndarray
    """`Flag` as uint8: EDGE marks the first beat of a stretch."""


class _Stretch:
    """Beats without a hole, and the lower envelope of their packets' lateness."""

    def __init__(self) -> None:
        self.ticks: list[int] = []
        self.sum_ticks: list[int] = []
        self.packets = 0
        self._x_sum = 0.0
        self._hull: list[tuple[float, float]] = []
        self._offset_s = 0.0
        self._slope = 0.0

    def add(self, arrival_s: float, rr_ticks: Sequence[int]) -> None:
        so_far = self.sum_ticks[-1] if self.sum_ticks else 0
        self.ticks.extend(rr_ticks)
        self.sum_ticks.extend(accumulate(rr_ticks[1:], initial=so_far + rr_ticks[0]))
        self.packets += 1
        elapsed_s = self.elapsed_s
        self._x_sum += elapsed_s
        self._extend_hull(elapsed_s, arrival_s - elapsed_s)
        self._fit()

    @property
    def elapsed_s(self) -> float:
        return self.sum_ticks[-1] / TICKS_PER_S

    def line(self, elapsed_s: float) -> float:
        """Where the stretch begins on the session clock, as seen `elapsed_s` into it."""
        return self._offset_s + self._slope * elapsed_s

    def lateness_s(self, arrival_s: float, rr_ticks: Sequence[int]) -> float:
        """How far above the envelope a packet would lie."""
        elapsed_s = self.elapsed_s + sum(rr_ticks) / TICKS_PER_S
        return arrival_s - elapsed_s - self.line(elapsed_s)

    def times(self, first: int = 0) -> np.ndarray:
        elapsed_s = np.array(self.sum_ticks[first:], dtype=float) / TICKS_PER_S
        return elapsed_s + self._offset_s + self._slope * elapsed_s

    @property
    def start_s(self) -> float:
        """The beat that opens the first interval."""
        first_s = self.ticks[0] / TICKS_PER_S
        return first_s + self.line(first_s) - first_s

    @property
    def end_s(self) -> float:
        return self.elapsed_s + self.line(self.elapsed_s)

    def first_since(self, t_s: float) -> int:
        return bisect_left(self.sum_ticks, (t_s - self._offset_s) / (1 + self._slope) * TICKS_PER_S)

    @property
    def sigma_s(self) -> float:
        """The earliest of n arrivals spread over a send period is 1/(n+1) of it too late."""
        return JITTER_FLOOR_S + SEND_PERIOD_S / (self.packets + 1)

    def _extend_hull(self, x: float, y: float) -> None:
        hull = self._hull
        if hull and hull[-1][0] == x:
            y = min(y, hull.pop()[1])
        while len(hull) > 1 and _turns_right(hull[-2], hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))

    def _fit(self) -> None:
        """Take the hull's edge below the centroid: of all lines under the points the closest."""
        hull = self._hull
        i = bisect_right(hull, (self._x_sum / self.packets, np.inf))
        if 0 < i < len(hull):
            (x0, y0), (x1, y1) = hull[i - 1], hull[i]
            self._slope = min(max((y1 - y0) / (x1 - x0), -MAX_DRIFT), MAX_DRIFT)
        self._offset_s = min(y - self._slope * x for x, y in hull)


def _turns_right(p: tuple[float, float], q: tuple[float, float], r: tuple[float, float]) -> bool:
    """True if q lies on or above the line from p to r: no corner of the lower hull."""
    return (q[1] - p[1]) * (r[0] - p[0]) >= (r[1] - p[1]) * (q[0] - p[0])


class BeatTimeline:
    """Lays the beats of one strap on the session clock, packet by packet.

    What `beats` returns depends on the packets alone, never on when it is asked. Times of the
    newest stretch improve with each packet, all of them together; intervals never change.
    """

    def __init__(self, latency_s: float = 0.0) -> None:
        self._latency_s = latency_s
        self._stretches: list[_Stretch] = []
        self._arrival_s = -np.inf

    def add(self, arrival_s: float, rr_ticks: Sequence[int]) -> None:
        """Take in a packet that arrived at `arrival_s` (never before an earlier one)."""
        intervals = [ticks for ticks in rr_ticks if 0 < ticks <= LONGEST_TICKS]
        broken = any(ticks > LONGEST_TICKS for ticks in rr_ticks)
        if intervals:
            if broken or not self._stretches or self._beats_are_missing(arrival_s, intervals):
                self._stretches.append(_Stretch())
            self._stretches[-1].add(arrival_s, intervals)
        self._arrival_s = arrival_s

    def _beats_are_missing(self, arrival_s: float, rr_ticks: Sequence[int]) -> bool:
        explained_s = max(SEND_PERIOD_S, sum(rr_ticks) / TICKS_PER_S)
        return (
            arrival_s - self._arrival_s - explained_s > LATE_S
            or self._stretches[-1].lateness_s(arrival_s, rr_ticks) > SEND_PERIOD_S + SLACK_S
        )

    @property
    def count(self) -> int:
        """Beats so far."""
        return sum(len(stretch.ticks) for stretch in self._stretches)

    @property
    def stretches(self) -> int:
        """Unbroken stretches so far: one more than the holes between them."""
        return len(self._stretches)

    def last_hole(self) -> tuple[float, float]:
        """From the last beat before to the first beat after the newest hole."""
        before, after = self._stretches[-2:]
        start_s = after.start_s - self._latency_s
        return min(before.end_s - self._latency_s, start_s), start_s

    def end_s(self) -> float:
        """The newest beat, -inf before the first."""
        return self._stretches[-1].end_s - self._latency_s if self._stretches else -np.inf

    def beats(self, since_s: float = -np.inf) -> Beats:
        """All beats from about `since_s` on, as known now."""
        parts: list[Beats] = []
        next_start_s = np.inf
        for stretch in reversed(self._stretches):
            if stretch.end_s - self._latency_s < since_s:
                break
            part = self._placed(stretch, since_s, next_start_s)
            next_start_s = part.t_s[0] - part.rr_s[0]
            parts.append(part)
        if not parts:
            return _no_beats()
        return Beats(*(np.concatenate(columns) for columns in zip(*reversed(parts), strict=True)))

    def _placed(self, stretch: _Stretch, since_s: float, next_start_s: float) -> Beats:
        first = 0 if since_s == -np.inf else stretch.first_since(since_s + self._latency_s)
        first = min(first, len(stretch.ticks) - 1)
        t_s = stretch.times(first) - self._latency_s
        # A stretch placed too late for want of packets cannot reach the next one.
        t_s += min(0.0, next_start_s - HOLE_S - t_s[-1])
        ticks = np.array(stretch.ticks[first:], dtype=np.int64)
        flag = np.full(len(ticks), Flag.OK, dtype=np.uint8)
        if first == 0:
            flag[0] = Flag.EDGE
        sigma_s = np.full(len(ticks), stretch.sigma_s)
        return Beats(t_s, ticks / TICKS_PER_S, ticks, sigma_s, flag)


def _no_beats() -> Beats:
    empty = np.empty(0)
    return Beats(empty, empty, np.empty(0, dtype=np.int64), empty, np.empty(0, dtype=np.uint8))
