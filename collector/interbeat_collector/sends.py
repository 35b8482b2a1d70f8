"""From the arrivals of one connection's packets to when the strap sent them.

Most straps send by a timer, about once a second: their arrivals lie above a straight line over
the number of the packet, late by what the radio did. Some send at every beat. And some, or at
some times, keep to neither; then the arrival is all that is known.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from .envelope import line_under, middle

USUAL_PERIOD_S = 1.0
PERIODS_S = (0.3, 2.5)
"""No strap's timer is quicker or slower."""
MAX_DRIFT = 300e-6
"""More than the crystals of straps are known to be off."""
BLOCK = 64
"""Packets that share one line; it is fitted to them and to the blocks before and after."""
MEMORY = 16
"""Packets this far back may still be found to be late instead of preceded by lost ones."""

_JUDGED = 8
_RECENT = 8
_EARLY = 0.35
"""By this part of a period a packet may come before its time as it was known so far."""


class Mode(IntEnum):
    """What decides when a strap sends."""

    TIMER = 0
    BEAT = 1
    FREE = 2


class Sends:
    """The packets of one connection, and when they were sent as known now."""

    def __init__(self) -> None:
        self.count = 0
        self.mode = Mode.TIMER
        self.period_s = USUAL_PERIOD_S
        self.lost = 0
        """Packets that the timer shows to be missing."""
        self._arrival_s = np.empty(BLOCK)
        self._index = np.empty(BLOCK)
        self._rr_s = np.empty(BLOCK)
        self._sent_s = np.empty(BLOCK)
        self._before_s = np.empty(BLOCK)
        self._modes = np.empty(BLOCK, dtype=np.uint8)
        self._final_blocks = 0

    @property
    def arrival_s(self) -> np.ndarray:
        return self._arrival_s[: self.count]

    @property
    def sent_s(self) -> np.ndarray:
        """When each packet was sent (in modes other than TIMER: when it arrived)."""
        return self._sent_s[: self.count]

    @property
    def before_s(self) -> np.ndarray:
        """When the packet before it was sent, be it lost or not; -inf where that is unknown."""
        return self._before_s[: self.count]

    @property
    def modes(self) -> np.ndarray:
        return self._modes[: self.count]

    @property
    def final(self) -> int:
        """Packets whose send times no later packet can change."""
        return self._final_blocks * BLOCK

    def steps_to(self, arrival_s: float) -> int:
        """Strokes of the timer since the last packet; 0 or less: it comes too early for one."""
        if not self.count:
            return 1
        period_s = self.period_s
        gap_s = arrival_s - float(self._arrival_s[self.count - 1])
        if self.mode is Mode.FREE:
            return int(gap_s / period_s + 0.4)
        late = (arrival_s - self._base_s()) / period_s + _EARLY
        steps = int(np.floor(late)) - int(self._index[self.count - 1])
        # However late this packet is: unless the last one was late too, none can be between.
        return min(steps, 1) if gap_s < (1 + _EARLY) * period_s else steps

    def drift(self, packet: int) -> float:
        """How slow the strap's clock runs where `packet` was sent, if its timer tells; else 0."""
        off = (self._sent_s[packet] - self._before_s[packet]) / USUAL_PERIOD_S - 1
        return float(off) if abs(off) <= MAX_DRIFT else 0.0

    def lateness_s(self) -> float:
        """How late the newest packet came, against those right before it."""
        newest = self.count - 1
        return float(self._arrival_s[newest] - self._index[newest] * self.period_s - self._base_s())

    def add(self, arrival_s: float, rr_sum_s: float, steps: int | None = None) -> float:
        """Take in a packet; return when the one before it was sent, as far as is known now."""
        steps = self.steps_to(arrival_s) if steps is None else steps
        if steps < 1:
            self._shift_back(1 - steps)
            steps = 1
        self.lost += steps - 1
        last = int(self._index[self.count - 1]) if self.count else -1
        self._append(arrival_s, last + steps, rr_sum_s)
        if self.count % _JUDGED == 0:
            self._judge()
        if self.count == 1 or self.mode is Mode.BEAT:
            return -np.inf
        if self.mode is Mode.FREE:
            return float(self._arrival_s[self.count - 2]) if steps == 1 else -np.inf
        return self._base_s() + (last + steps - 1) * self.period_s

    def refresh(self) -> None:
        """Bring `sent_s` and `before_s` up to date."""
        for block in range(self._final_blocks, -(-self.count // BLOCK)):
            self._fit(block)
        self._final_blocks = max(self._final_blocks, (self.count - MEMORY) // BLOCK - 1)

    def _base_s(self) -> float:
        recent = slice(max(self.count - _RECENT, 0), self.count)
        return float((self._arrival_s[recent] - self._index[recent] * self.period_s).min())

    def _shift_back(self, steps: int) -> None:
        """Take back that packets were lost: those after them were only late."""
        first = max(self.count - MEMORY, 0)
        index = self._index[first : self.count]
        slack = int(index[-1] - index[0]) - (len(index) - 1)
        steps = min(steps, slack)
        if steps > 0:
            latest = index[-1] - steps - np.arange(len(index) - 1, -1, -1)
            np.minimum(index, latest, out=index)
            self.lost -= steps

    def _append(self, arrival_s: float, index: int, rr_s: float) -> None:
        if self.count == len(self._arrival_s):
            for name in ("_arrival_s", "_index", "_rr_s", "_sent_s", "_before_s", "_modes"):
                column = getattr(self, name)
                setattr(self, name, np.concatenate([column, np.empty_like(column)]))
        self._arrival_s[self.count] = arrival_s
        self._index[self.count] = index
        self._rr_s[self.count] = rr_s
        self.count += 1

    def _judge(self) -> None:
        """Settle by which rule the next packets are taken in."""
        recent = slice(max(self.count - 2 * _JUDGED, 0), self.count)
        self.period_s = _period_s(self._arrival_s[recent])
        long = slice(max(self.count - BLOCK, 0), self.count)
        self.mode = self._mode_and_sends(long)[0]

    def _fit(self, block: int) -> None:
        rows = slice(max(block - 1, 0) * BLOCK, min((block + 2) * BLOCK, self.count))
        own = slice(block * BLOCK, min((block + 1) * BLOCK, self.count))
        mode, sent_s, period_s = self._mode_and_sends(rows)
        inside = slice(own.start - rows.start, own.stop - rows.start)
        self._modes[own] = mode
        self._sent_s[own] = sent_s[inside]
        if mode is Mode.TIMER:
            self._before_s[own] = sent_s[inside] - period_s
        elif mode is Mode.BEAT:
            self._before_s[own] = -np.inf
        else:
            before_s = np.concatenate([[-np.inf], self._arrival_s[rows][:-1]])
            before_s[1:][np.diff(self._index[rows]) > 1] = -np.inf
            self._before_s[own] = before_s[inside]
        if block == 0:
            self._before_s[0] = -np.inf

    def _mode_and_sends(self, rows: slice) -> tuple[Mode, np.ndarray, float]:
        arrival_s, index = self._arrival_s[rows], self._index[rows]
        period_s = _period_s(arrival_s)
        gap_s = np.diff(arrival_s)
        rr_s = self._rr_s[rows][1:]
        told = rr_s > 0
        timer_miss_s, beat_miss_s = 0.0, np.inf
        if len(gap_s) >= _JUDGED - 1:
            timer_miss_s = middle(np.abs(gap_s - period_s * np.rint(gap_s / period_s)))
            if told.any():
                beat_miss_s = middle(np.abs(gap_s[told] - rr_s[told]))
        # A timer that ticks like this very heart would be a strange one.
        usual = abs(period_s - USUAL_PERIOD_S) < 0.03
        if beat_miss_s < timer_miss_s * (0.67 if usual else 1.5):
            return Mode.BEAT, arrival_s, period_s
        span = index[-1] - index[0]
        if abs(period_s - USUAL_PERIOD_S) < 0.01:
            period_s, slack = USUAL_PERIOD_S, MAX_DRIFT
        elif span:
            period_s, slack = (arrival_s[-1] - arrival_s[0]) / span, MAX_DRIFT + 0.15 / span
        else:
            slack = MAX_DRIFT
        late_s = arrival_s - index * period_s
        line = line_under(index - index[0], late_s, -slack, slack)
        sent_s = index * period_s + line.offset + line.slope * (index - index[0])
        late_s = arrival_s - sent_s
        if len(late_s) >= _JUDGED and middle(late_s) > 3 * timer_miss_s + 0.05:
            return Mode.FREE, arrival_s, period_s
        return Mode.TIMER, sent_s, period_s + line.slope


def _period_s(arrival_s: np.ndarray) -> float:
    if len(arrival_s) < _JUDGED:
        return USUAL_PERIOD_S
    return float(min(max(middle(np.diff(arrival_s)), PERIODS_S[0]), PERIODS_S[1]))
