"""From the packets of one strap to beats on the session clock.

A strap tells how long each interval was, exactly, but not when it ended. So the beats of an
unbroken stretch are laid end to end, and the stretch as a whole is moved to where it fits: a beat
happened before the packet that carries it was sent, and after the one before that. Each packet
narrows the band that this leaves; a few minutes leave some milliseconds. Where packets went
missing the stretch ends and a new one begins, and the beats between them are inferred.

What is known after the last packet is the whole-session estimate; what was known at any moment
before is the same computation on the packets that had arrived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .heart_rate import TICKS_PER_S
from .stretches import Connection, Stretch

LONGEST_TICKS = 10 * TICKS_PER_S
"""No interval between two beats: a strap that says so has missed some."""
SHORTEST_S = 0.2
"""No heart beats faster for long: so many intervals at most reach back to a moment."""
HOLE_S = 0.001
"""Stretches never overlap; a lost packet of a slow heart may have held no beat at all."""
LONGEST_REPAIR_S = 30.0
"""Longer holes stay empty: nobody can count their beats."""


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
    """The interval that ended there, as the strap sent it; NaN for an inferred beat."""
    rr_ticks: np.ndarray
    """The same in units of 1/1024 s; 0 for an inferred beat."""
    sigma_s: np.ndarray
    """Uncertainty of `t_s` (standard deviation); within a stretch the beats err together."""
    flag: np.ndarray
    """`Flag` as uint8: EDGE marks the first beat of a stretch."""

    def real(self) -> Beats:
        """The beats that the strap told, without inferred ones."""
        told = self.flag != Flag.INFERRED
        return Beats(*(column[told] for column in self))


@dataclass(frozen=True, slots=True)
class _Placed:
    """A stretch on the session clock, before the strap's latency is taken off."""

    connection: Connection
    number: int
    shift_s: float

    @property
    def stretch(self) -> Stretch:
        return self.connection.stretches[self.number]

    @property
    def start_s(self) -> float:
        """The beat that opens the first interval."""
        return self.stretch.start_s + self.shift_s

    @property
    def end_s(self) -> float:
        return self.stretch.end_s + self.shift_s

    @property
    def sigma_s(self) -> tuple[float, float]:
        """Uncertainty of the first and of the last beat."""
        return float(self.stretch.knots.sigma_s[0]), float(self.stretch.knots.sigma_s[-1])

    def ticks(self) -> np.ndarray:
        return self.connection.ticks_of(self.stretch)

    def beats(self, since_s: float) -> Beats:
        """The beats from about `since_s` on."""
        ticks = self.ticks()
        knots = self.stretch.knots
        most = max(int((self.end_s - since_s) / SHORTEST_S), 1) if since_s > -np.inf else len(ticks)
        ticks = ticks[-most:]
        elapsed_s = (self.stretch.sum_ticks - ticks.sum() + np.cumsum(ticks)) / TICKS_PER_S
        t_s = elapsed_s + knots.start_at(elapsed_s) + self.shift_s
        first = min(int(np.searchsorted(t_s, since_s)), len(ticks) - 1)
        t_s, ticks, elapsed_s = t_s[first:], ticks[first:], elapsed_s[first:]
        flag = np.full(len(ticks), Flag.OK, dtype=np.uint8)
        if len(ticks) == self.stretch.ticks:
            flag[0] = Flag.EDGE
        if t_s[0] < self.connection.connected_s:
            flag[t_s < self.connection.connected_s] = Flag.BACKLOG
        sigma_s = np.interp(elapsed_s, knots.elapsed_s, knots.sigma_s)
        return Beats(t_s, ticks / TICKS_PER_S, ticks, sigma_s, flag)


class BeatClock:
    """Lays the beats of one strap on the session clock, packet by packet.

    What `beats` returns depends on the packets alone, never on when it is asked. Times improve
    with each packet, those of a stretch together; intervals never change.
    """

    def __init__(self, latency_s: float = 0.0) -> None:
        self._latency_s = latency_s
        self._connections = [Connection()]
        self.duplicates = 0
        """Packets that were left out because they had been counted before."""
        self.repeats = 0
        """Packets that looked like the one before them."""

    def add(self, arrival_s: float, rr_ticks: Sequence[int], *, repeated: bool = False) -> None:
        """Take in a packet that arrived at `arrival_s` (never before an earlier one).

        `repeated`: its bytes are those of a packet some milliseconds before. By nature many
        neighbouring intervals are equal, so it is left out only when there is no time for it.
        """
        connection = self._connections[-1]
        pieces = _pieces(rr_ticks)
        steps = connection.sends.steps_to(arrival_s)
        if repeated:
            self.repeats += 1
            if connection.has_no_room(arrival_s, sum(map(sum, pieces)) / TICKS_PER_S, steps):
                self.duplicates += 1
                return
        connection.add(arrival_s, pieces, steps)

    def reconnect(self) -> None:
        """Begin anew: the strap's timer and its count of beats need not have run on."""
        if self._connections[-1].sends.count:
            self._connections[-1].closed = True
            self._connections.append(Connection())

    @property
    def count(self) -> int:
        """Beats so far, without inferred ones."""
        return sum(connection.ticks.count for connection in self._connections)

    @property
    def lost(self) -> int:
        """Packets that are missing, as far as the strap's timer tells."""
        return sum(connection.sends.lost for connection in self._connections)

    @property
    def stretches(self) -> int:
        """Unbroken stretches so far: one more than the holes between them."""
        stretches = [s for connection in self._connections for s in connection.stretches]
        if not stretches:
            return 0
        return len(stretches) - (not stretches[-1].settled)

    def openings(self) -> np.ndarray:
        """The numbers of the beats that open a stretch, counted without inferred ones."""
        openings: list[int] = []
        passed = 0
        for connection in self._connections:
            openings += [passed + stretch.first_tick for stretch in connection.stretches]
            passed += connection.ticks.count
        return np.array(openings, dtype=np.int64)

    def filled(self, missing: Mapping[int, np.ndarray]) -> BeatClock:
        """A copy that was told which intervals (in ticks) are missing before some openings.

        Holes between two connections stay, for the strap's clock need not have run on, and those
        of a connection whose first packets were let go.
        """
        copy = deepcopy(self)
        passed = 0
        for connection, own in zip(copy._connections, self._connections, strict=True):
            for number in range(len(own.stretches) - 1, 0, -1):
                opening = passed + own.stretches[number].first_tick
                if opening in missing and own.whole:
                    connection.fill(number, missing[opening])
            passed += own.ticks.count
        return copy

    def last_hole(self) -> tuple[float, float]:
        """From the last beat before to the first beat after the newest hole."""
        placed = self._placed()
        if not self._newest_is_settled():
            next(placed)
        after, before = next(placed), next(placed)
        return before.end_s - self._latency_s, after.start_s - self._latency_s

    def end_s(self) -> float:
        """The newest beat, -inf before the first."""
        newest = next(self._placed(), None)
        return newest.end_s - self._latency_s if newest else -np.inf

    def beats(self, since_s: float = -np.inf) -> Beats:
        """All beats from about `since_s` on, as known now."""
        since_s += self._latency_s
        parts: list[Beats] = []
        later: _Placed | None = None
        for placed in self._placed():
            if later:
                parts.append(_inferred(placed, later, since_s))
            if placed.end_s < since_s:
                break
            parts.append(placed.beats(since_s))
            later = placed
        return self._joined(parts)

    def told(self, since_s: float = -np.inf) -> Beats:
        """The same without inferred ones: what the strap told."""
        since_s += self._latency_s
        parts: list[Beats] = []
        for placed in self._placed():
            if placed.end_s < since_s:
                break
            parts.append(placed.beats(since_s))
        return self._joined(parts)

    def _joined(self, parts: list[Beats]) -> Beats:
        """Parts, the newest first, as one, less the strap's latency."""
        if not parts:
            return _no_beats()
        found = Beats(*(np.concatenate(columns) for columns in zip(*reversed(parts), strict=True)))
        return found._replace(t_s=found.t_s - self._latency_s)

    @property
    def inferred(self) -> int:
        """Beats in holes that were inferred."""
        passed: list[_Placed] = []
        count = 0
        for placed in self._placed():
            passed.append(placed)
            if placed.stretch.inferred_before is not None:
                count = placed.stretch.inferred_before
                break
        for before, after in pairwise(reversed(passed)):
            count += _missing(before, after)
            if after.connection.is_final(after.number):
                after.stretch.inferred_before = count
        return count

    def _newest_is_settled(self) -> bool:
        newest = next((c.stretches[-1] for c in reversed(self._connections) if c.stretches), None)
        return newest is not None and newest.settled

    def _placed(self) -> Iterator[_Placed]:
        """The stretches where they are as known now, the newest first."""
        next_start_s = np.inf
        for connection in reversed(self._connections):
            connection.refresh()
            for number in range(len(connection.stretches) - 1, -1, -1):
                # A stretch placed too late for want of packets cannot reach the next one.
                end_s = connection.stretches[number].end_s
                shift_s = min(0.0, next_start_s - HOLE_S - end_s)
                placed = _Placed(connection, number, shift_s)
                next_start_s = placed.start_s
                yield placed


def _inferred(before: _Placed, after: _Placed, since_s: float) -> Beats:
    """The beats of a hole, evenly spread, as many as the intervals around it suggest."""
    start_s, end_s = before.end_s, after.start_s
    count = _missing(before, after)
    t_s = start_s + (end_s - start_s) * np.arange(1, count + 1) / max(count, 1)
    t_s = t_s[t_s >= since_s]
    nothing = np.full(len(t_s), np.nan)
    # A heart that keeps its pace to a twentieth, and the placing of both ends.
    spread_s = 0.05 * (end_s - start_s) / max(count, 1)
    sigma_s = np.full(len(t_s), np.hypot(spread_s, max(before.sigma_s[1], after.sigma_s[0])))
    flag = np.full(len(t_s), Flag.INFERRED, dtype=np.uint8)
    return Beats(t_s, nothing, np.zeros(len(t_s), dtype=np.int64), sigma_s, flag)


def _missing(before: _Placed, after: _Placed) -> int:
    """How many beats of a hole were not told."""
    hole_s = after.start_s - before.end_s
    if hole_s > LONGEST_REPAIR_S:
        return 0
    around = 4  # nearer intervals tell more than many do
    usual_s = (before.ticks()[-around:].mean() + after.ticks()[:around].mean()) / 2 / TICKS_PER_S
    return int(np.rint(hole_s / usual_s))


def _pieces(rr_ticks: Sequence[int]) -> list[list[int]]:
    """A packet's intervals, cut where the strap itself missed beats."""
    pieces: list[list[int]] = [[]]
    for ticks in rr_ticks:
        if ticks > LONGEST_TICKS:
            pieces.append([])
        elif ticks > 0:
            pieces[-1].append(ticks)
    return pieces


def _no_beats() -> Beats:
    empty = np.empty(0)
    return Beats(empty, empty, np.empty(0, dtype=np.int64), empty, np.empty(0, dtype=np.uint8))
