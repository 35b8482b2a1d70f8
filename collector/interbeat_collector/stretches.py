"""The unbroken stretches of one connection, and where on the session clock each of them fits.

A beat happened before the packet that carries it was sent, and after the one before that was.
Each packet so bounds from both sides when the stretch began; together they leave a narrow band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .column import Column
from .envelope import line_under, middle
from .heart_rate import TICKS_PER_S
from .holes import (
    DEPTH,
    NOTHING,
    Bridge,
    Guess,
    Habits,
    Side,
    bridges,
    from_after,
    from_before,
    settled,
)
from .sends import MAX_DRIFT, MEMORY, USUAL_PERIOD_S, Mode, Sends

BACKLOG_S = 10.0
"""How long after connecting a strap may hand in beats of the time before."""

_RECENT = 60
"""Packets by which a new one is judged."""
_SLACK_S = 0.15
"""By so much a packet may miss the band before beats must be missing."""
_FREE_SLACK_S = 0.4
"""The same where the packet before may itself have been late."""
_SHORTEST_PART = 0.5
"""An interval is at least this part of the usual one, so a hole is too."""
_SETTLED_S = 2.0
"""Packets that were held up come all at once: so long after a hole it is no longer a delay."""
_KNOT = 64
_REACH = 128
"""A stretch is placed every `_KNOT` packets, by the packets up to `_REACH` before and after."""
_SEND_ERROR_S = 0.005
_DRIFTS = np.arange(-1000, 1001, 50) * 1e-6
"""A strap that cuts intervals off at whole ticks seems to be 600 ppm fast."""
_JITTER_S = 0.03
"""Mean delay by the radio, where it cannot be seen."""
_CANDIDATES_S = np.arange(0.0, 1.0, 0.005)
_FLOOR_S = 0.002
_HISTORY = 120
"""Intervals around a hole that tell of it."""


class Knots(NamedTuple):
    """Where a stretch begins on the session clock, as seen from moments within it."""

    elapsed_s: np.ndarray
    start_s: np.ndarray
    slope: np.ndarray
    sigma_s: np.ndarray

    def start_at(self, elapsed_s: np.ndarray) -> np.ndarray:
        """Between knots on a line, beyond them along the drift."""
        if len(self.start_s) == 1:
            return np.asarray(self.start_s + (elapsed_s - self.elapsed_s) * self.slope)
        start_s = np.interp(elapsed_s, self.elapsed_s, self.start_s)
        before = np.minimum(elapsed_s - self.elapsed_s[0], 0.0)
        after = np.maximum(elapsed_s - self.elapsed_s[-1], 0.0)
        return np.asarray(start_s + before * self.slope[0] + after * self.slope[-1])


_UNPLACED = Knots(*np.empty((4, 0)))
_UNBOUND = Side(0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True)
class Stretch:
    """Beats without a hole: rows of a connection's table, counted from 0."""

    first_row: int
    first_tick: int
    forced: bool
    """The hole before it is certain."""
    opened_s: float
    """When its first packet arrived, and its newest."""
    newest_s: float
    after_lost: bool
    """Packets seemed to be missing before it."""
    rows: int = 0
    ticks: int = 0
    sum_ticks: int = 0
    final_knots: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Those that no later packet can change."""
    side: Side = _UNBOUND
    hole: list[Bridge] = field(default_factory=list)
    """What the intervals tell of the hole before it."""
    habits: Habits = field(default_factory=dict)
    from_before: Guess = NOTHING
    """What the stretches before it tell of where it lies."""
    start_s: float = np.nan
    """The beat that opens its first interval, on the session clock, and the last one."""
    end_s: float = np.nan
    inferred_before: int | None = None
    """Beats inferred in all holes before it, once that is final."""
    own: Knots = _UNPLACED
    """Where its own packets put it."""
    knots: Knots = _UNPLACED
    """Where it is, with regard to its neighbours."""

    @property
    def elapsed_s(self) -> float:
        return self.sum_ticks / TICKS_PER_S

    @property
    def end_row(self) -> int:
        return self.first_row + self.rows

    @property
    def settled(self) -> bool:
        return self.forced or self.newest_s - self.opened_s > _SETTLED_S


class Connection:
    """Everything from one connection to the next: the strap's timer runs through."""

    def __init__(self) -> None:
        self.sends = Sends()
        self.closed = False
        """True when no more packets will come."""
        self.stretches: list[Stretch] = []
        self.ticks = Column(np.int16)
        # One row for each piece of a packet that has beats.
        self._packet = Column(np.int64)
        self._first_s = Column()
        self._last_s = Column()
        self._low_s = Column()
        self._high_s = Column()
        self._broken = True
        self._changed = True
        self._first_moving = 0
        """Stretches before this one stay where their own packets put them."""

    def add(self, arrival_s: float, pieces: Sequence[Sequence[int]], steps: int) -> None:
        """Take in a packet; between two pieces the strap itself has missed beats."""
        rr_sum_s = sum(map(sum, pieces)) / TICKS_PER_S
        before_s = self.sends.add(arrival_s, rr_sum_s, steps)
        if steps < 1:
            # It catches up with one that was late itself, by how much is not known yet.
            before_s = -np.inf
            if self.stretches:
                newest = self.stretches[-1]
                rows = slice(max(newest.first_row, newest.end_row - MEMORY), newest.end_row)
                self._low_s[rows] = -np.inf
        self._changed = True
        for number, piece in enumerate(pieces):
            self._broken |= number > 0
            if piece:
                self._add_piece(arrival_s, before_s, piece, steps)
                self._broken = False

    def _add_piece(
        self, arrival_s: float, before_s: float, piece: Sequence[int], steps: int
    ) -> None:
        first_s, sum_s = piece[0] / TICKS_PER_S, sum(piece) / TICKS_PER_S
        if self._broken or self._breaks(arrival_s, before_s, first_s, sum_s, steps):
            self.stretches.append(
                Stretch(
                    self._packet.count,
                    self.ticks.count,
                    self._broken,
                    arrival_s,
                    arrival_s,
                    steps > 1,
                )
            )
        stretch = self.stretches[-1]
        self._append_row(
            stretch.elapsed_s + first_s, stretch.elapsed_s + sum_s, before_s, arrival_s
        )
        for ticks in piece:
            self.ticks.append(ticks)
        stretch.rows += 1
        stretch.ticks += len(piece)
        stretch.sum_ticks += sum(piece)
        if len(self.stretches) > 1 and self._was_only_late(stretch, arrival_s):
            self._join()
        self.stretches[-1].newest_s = arrival_s

    def _breaks(
        self, arrival_s: float, before_s: float, first_s: float, sum_s: float, steps: int
    ) -> bool:
        """True if beats must be missing between the newest stretch and this piece, or too many."""
        stretch = self.stretches[-1]
        low_s, high_s = self._band(stretch)
        elapsed_s = stretch.elapsed_s
        if self.sends.mode is Mode.BEAT:
            shift_s = arrival_s - elapsed_s - sum_s - high_s
            return abs(shift_s) > max(0.25, _SHORTEST_PART * self.usual_rr_s)
        surplus_s = low_s - (arrival_s - elapsed_s - sum_s)
        if steps < 1:
            return False  # It was held up, and so were those right before it.
        slack_s = _FREE_SLACK_S if self.sends.mode is Mode.FREE else _SLACK_S
        early = arrival_s < self.sends.first_arrival_s + BACKLOG_S
        return (
            steps > 1
            or before_s - elapsed_s - first_s - high_s > slack_s
            or (surplus_s > max(2 * _SLACK_S, _SHORTEST_PART * self.usual_rr_s) and not early)
        )

    def _was_only_late(self, stretch: Stretch, arrival_s: float) -> bool:
        """True if no beat fits into the hole before the newest stretch: packets came late."""
        if stretch.settled:
            return False
        if stretch.after_lost and self.sends.follows(int(self._packet[stretch.first_row])):
            return True
        before = self.stretches[-2]
        low_s, _ = self._band(before)
        room_s = arrival_s - before.elapsed_s - stretch.elapsed_s - low_s
        return abs(room_s) < _SHORTEST_PART * self.usual_rr_s

    def _join(self) -> None:
        stretch = self.stretches.pop()
        before = self.stretches[-1]
        rows = slice(stretch.first_row, stretch.end_row)
        for column, sign in (
            (self._first_s, 1),
            (self._last_s, 1),
            (self._high_s, -1),
        ):
            column[rows] += sign * before.elapsed_s
        # They were late, and later still was what they made of the packets before them.
        self._low_s[rows] = -np.inf
        before.rows += stretch.rows
        before.ticks += stretch.ticks
        before.sum_ticks += stretch.sum_ticks

    @property
    def whole(self) -> bool:
        """True while every stretch can be placed anew; after some minutes the first ones cannot."""
        return self._packet.whole and self.sends.arrival_s.whole

    def fill(self, number: int, ticks: np.ndarray) -> None:
        """Put in the intervals missing before a stretch, which then goes on with the one before."""
        stretch, before = self.stretches.pop(number), self.stretches[number - 1]
        later_s = before.elapsed_s + int(ticks.sum()) / TICKS_PER_S
        rows = slice(stretch.first_row, stretch.end_row)
        for column, sign in (
            (self._first_s, 1),
            (self._last_s, 1),
            (self._low_s, -1),
            (self._high_s, -1),
        ):
            column[rows] += sign * later_s
        self.ticks.insert(stretch.first_tick, ticks)
        for later in self.stretches[number:]:
            later.first_tick += len(ticks)
            later.inferred_before = None
        before.rows += stretch.rows
        before.ticks += len(ticks) + stretch.ticks
        before.sum_ticks += int(ticks.sum()) + stretch.sum_ticks
        before.newest_s = stretch.newest_s
        before.final_knots.clear()
        self._changed, self._first_moving = True, 0

    def has_no_room(self, arrival_s: float, sum_s: float, steps: int) -> bool:
        """True if there was no time to send once more, or for beats that add up to `sum_s`."""
        if not self.sends.count:
            return False
        if steps < 1 and self.sends.mode is not Mode.BEAT:
            # A last packet that was late itself is caught up with by a true one.
            return self.sends.lateness_s() < self.sends.period_s / 4
        if not self.stretches:
            return False
        stretch = self.stretches[-1]
        low_s, _ = self._band(stretch)
        surplus_s = low_s - (arrival_s - stretch.elapsed_s - sum_s)
        return surplus_s > max(_SLACK_S, sum_s / 4)

    def _band(self, stretch: Stretch) -> tuple[float, float]:
        """The bounds of where a stretch begins, from its latest packets as they came in."""
        rows = slice(max(stretch.first_row, stretch.end_row - _RECENT), stretch.end_row)
        high_s = float(self._high_s[rows].min())
        low_s = high_s if self.sends.mode is Mode.BEAT else float(self._low_s[rows].max())
        return low_s, high_s

    @property
    def usual_rr_s(self) -> float:
        newest = self.ticks[max(self.ticks.count - 30, 0) :]
        return middle(newest) / TICKS_PER_S if len(newest) else 1.0

    @property
    def connected_s(self) -> float:
        """No beat after connecting is older: those that are were waiting."""
        return self.sends.first_sent_s - self.sends.period_s - _SLACK_S

    def ticks_of(self, stretch: Stretch) -> np.ndarray:
        """Intervals in units of 1/1024 s."""
        rows = slice(stretch.first_tick, stretch.first_tick + stretch.ticks)
        return self.ticks[rows].astype(np.int64)

    def is_final(self, number: int) -> bool:
        """True if no later packet can move any of the stretches up to this one."""
        return self.closed or number < self._first_moving - DEPTH

    def refresh(self) -> None:
        """Place the stretches that the newest packets can still move."""
        if not self._changed:
            return
        self._changed = False
        self.sends.refresh()
        for stretch in self.stretches[self._first_moving :]:
            self._place(stretch)
        self._settle()
        while (
            self._first_moving < len(self.stretches) - 1
            and self._packet[self.stretches[self._first_moving].end_row - 1] < self.sends.final
        ):
            self._first_moving += 1
        self._forget()

    def _forget(self) -> None:
        """Let go of the packets that no placing will look at again."""
        stretch = self.stretches[self._first_moving] if self.stretches else None
        if stretch is None:
            return
        placed = stretch.first_row + len(stretch.final_knots) * _KNOT
        before = min(placed, self._packet.count - 1) - 2 * _REACH
        if before <= 0:
            return
        self.sends.forget(int(self._packet[before]))
        for column in (self._packet, self._first_s, self._last_s, self._low_s, self._high_s):
            column.forget(before)

    def _settle(self) -> None:
        """Move short stretches within their bands, so that the holes between are likely ones."""
        stretches = self.stretches
        for before, after in pairwise(stretches[max(self._first_moving - 1, 0) :]):
            after.hole = bridges(
                before.side,
                after.side,
                self.ticks[max(after.first_tick - _HISTORY, 0) : after.first_tick],
                self.ticks_of(after)[:_HISTORY],
                after.habits,
            )
            after.from_before = from_before(before.side, before.from_before, after.hole, after.side)
        for number in range(max(self._first_moving - DEPTH, 0), len(stretches)):
            stretch, *later = stretches[number : number + DEPTH + 1]
            stretch.knots = stretch.own
            shift_s = 0.0
            if len(stretch.own.start_s) == 1:
                sides = [stretch.side, *(s.side for s in later)]
                shift_s, variance = settled(
                    stretch.side, stretch.from_before, from_after(sides, [s.hole for s in later])
                )
                stretch.knots = stretch.own._replace(
                    start_s=stretch.own.start_s + shift_s,
                    sigma_s=np.array([float(np.sqrt(variance)) + _FLOOR_S]),
                )
            stretch.start_s = stretch.side.start_s + shift_s
            stretch.end_s = stretch.side.end_s + shift_s

    def _side(self, stretch: Stretch) -> Side:
        own = stretch.own
        ends_s = np.array([self.ticks[stretch.first_tick] / TICKS_PER_S, stretch.elapsed_s])
        start_s, last_s = own.start_at(ends_s)
        half_s = (own.sigma_s[[0, -1]] - _FLOOR_S) * np.sqrt(3)
        return Side(
            float(start_s), float(last_s) + stretch.elapsed_s, float(half_s[0]), float(half_s[1])
        )

    def _place(self, stretch: Stretch) -> None:
        knots = list(stretch.final_knots)
        for number in range(len(knots), max(stretch.rows // _KNOT, 1)):
            row = stretch.first_row + number * _KNOT + _KNOT // 2
            first = max(row - _REACH, stretch.first_row)
            last = min(row + _REACH, stretch.end_row)
            knots.append(self._fit(slice(first, last), min(row, (first + last) // 2)))
            if last < stretch.end_row and self._packet[last] < self.sends.final:
                stretch.final_knots.append(knots[-1])
        stretch.own = Knots(*np.array(knots).T)
        stretch.side = self._side(stretch)

    def _fit(self, rows: slice, knot: int) -> tuple[float, float, float, float]:
        at_s = float(self._last_s[knot])
        packets = self._packet[rows]
        first_s, last_s = self._first_s[rows] - at_s, self._last_s[rows] - at_s
        mode = self.sends.modes[self._packet[knot]]
        if mode == Mode.BEAT:
            latest_s = self.sends.arrival_s[packets] - last_s
            line = line_under(last_s, latest_s, -MAX_DRIFT, MAX_DRIFT)
            sigma_s = _JITTER_S / float(np.sqrt(len(packets))) + _FLOOR_S
            return at_s, line.offset - at_s, line.slope, sigma_s
        high_s = self.sends.sent_s[packets] - last_s
        low_s = self.sends.before_s[packets] - first_s
        low_s = np.where(self._is_backlog(packets, low_s, high_s), -np.inf, low_s)
        if mode == Mode.TIMER:
            drift = self.sends.drift(int(self._packet[knot]))
            start_s, slope, width_s = _in_band(first_s, low_s, last_s, high_s, drift)
            return at_s, start_s - at_s, slope, width_s / float(np.sqrt(12)) + _FLOOR_S
        start_s, sigma_s = _likely(low_s, high_s)
        return at_s, start_s - at_s, 0.0, sigma_s + _FLOOR_S

    def _is_backlog(self, packets: np.ndarray, low_s: np.ndarray, high_s: np.ndarray) -> np.ndarray:
        """Which packets, right after connecting, carry beats of long before."""
        early = self.sends.arrival_s[packets] < self.sends.first_arrival_s + BACKLOG_S
        return np.asarray(early & (low_s > high_s.min() + _SLACK_S))

    def _append_row(self, first_s: float, last_s: float, before_s: float, arrival_s: float) -> None:
        self._packet.append(self.sends.count - 1)
        self._first_s.append(first_s)
        self._last_s.append(last_s)
        self._low_s.append(before_s - first_s)
        self._high_s.append(arrival_s - last_s)


def _in_band(
    first_s: np.ndarray, low_s: np.ndarray, last_s: np.ndarray, high_s: np.ndarray, drift: float
) -> tuple[float, float, float]:
    """The middle of the band at 0, its slope and its width there.

    The slope is the strap's known drift where that leaves the band open, else one that does.
    """
    known = low_s > -np.inf
    first_s, low_s = first_s[known], low_s[known]
    high = float((high_s - drift * last_s).min())
    if not len(low_s):
        return high - USUAL_PERIOD_S / 2, drift, USUAL_PERIOD_S
    low = float((low_s - drift * first_s).max())
    if high - low < -_SEND_ERROR_S and len(low_s) >= _KNOT // 2:
        slopes = drift + _DRIFTS[:, None]
        highs = (high_s - slopes * last_s).min(axis=1)
        lows = (low_s - slopes * first_s).max(axis=1)
        width_s = highs - lows
        best = np.flatnonzero(width_s >= min(-_SEND_ERROR_S, width_s.max()))
        middle = int(best[len(best) // 2])
        drift, high, low = float(slopes[middle, 0]), float(highs[middle]), float(lows[middle])
    return (low + high) / 2, drift, abs(high - low)


def _likely(low_s: np.ndarray, high_s: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of where a stretch begins if lower bounds come late at random."""
    start_s = high_s.min() - _CANDIDATES_S
    missed_s = np.maximum(low_s[:, None] - start_s, 0.0).sum(axis=0)
    weight = np.exp((missed_s.min() - missed_s) / _JITTER_S)
    weight /= weight.sum()
    mean_s = float(weight @ start_s)
    return mean_s, float(np.sqrt(weight @ (start_s - mean_s) ** 2))
