"""From Polar's frames of ECG or acceleration to the time of every sample on the session clock.

A frame tells when, on the strap's own clock, its last sample was taken, but not how fast it
samples: 130 Hz means 130 Hz within 2 to 5 %. So samples are spread evenly from the stamp of the
frame before to the frame's own, and the strap's clock is laid on the session clock by the line
under the arrivals: a frame can be late, never early.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

import numpy as np

from .envelope import line_under, middle
from .sends import MAX_DRIFT

NS_PER_S = 1_000_000_000
JUMP_S = 2.0
"""The strap's clock was set, or ran out of power, when it moves by more against ours."""

_KNOT = 64
_REACH = 128
"""The clocks are compared every `_KNOT` frames, by the frames up to `_REACH` before and after."""
_TOLERANCE = 0.2
"""A frame whose samples would be so much slower than usual follows a lost one."""


class FrameClock:
    """Times the samples of one kind of measurement of one strap, frame by frame.

    What it says depends on the frames alone, never on when it is asked. Times improve with
    each frame; those after the last frame are the best.
    """

    def __init__(self, fs_hz: float, latency_s: float = 0.0) -> None:
        self._usual_s = 1 / fs_hz
        self._latency_s = latency_s
        self._arrival_s: list[float] = []
        self._stamp_s: list[float] = []
        """Since the first stamp of its epoch."""
        self._samples: list[int] = []
        self._epochs: list[int] = []
        """The first frame of each run of the strap's clock."""
        self._origin_ns = 0

    @property
    def frames(self) -> int:
        return len(self._samples)

    @property
    def epochs(self) -> tuple[int, ...]:
        """The frames at which the strap's clock began anew."""
        return tuple(self._epochs)

    def add(self, arrival_s: float, stamp_ns: int, samples: int) -> None:
        """Take in a frame: its arrival, the stamp of its last sample and how many it has."""
        if samples < 1:
            return
        if not self._epochs or self._has_jumped(arrival_s, stamp_ns):
            self._epochs.append(self.frames)
            self._origin_ns = stamp_ns
        self._arrival_s.append(arrival_s)
        self._stamp_s.append((stamp_ns - self._origin_ns) / NS_PER_S)
        self._samples.append(samples)

    def reconnect(self) -> None:
        """Begin anew: the strap's clock need not have run on."""
        if self._epochs and self._epochs[-1] < self.frames:
            self._origin_ns = -(10**18)

    def sample_times(self, first_frame: int = 0) -> np.ndarray:
        """The time of every sample from frame `first_frame` on, as known now, in seconds."""
        starts = [*self._epochs, self.frames]
        times = [
            self._epoch_times(start, stop, max(first_frame, start))
            for start, stop in pairwise(starts)
            if stop > first_frame
        ]
        return np.concatenate(times) if times else np.empty(0)

    def _has_jumped(self, arrival_s: float, stamp_ns: int) -> bool:
        stamp_s = (stamp_ns - self._origin_ns) / NS_PER_S
        step_s = stamp_s - self._stamp_s[-1]
        return step_s <= 0 or abs(arrival_s - self._arrival_s[-1] - step_s) > JUMP_S

    def _epoch_times(self, start: int, stop: int, first: int) -> np.ndarray:
        """The samples of frames `first` to `stop` of an epoch that begins at `start`."""
        stamp_s = np.array(self._stamp_s[first:stop])
        samples = np.array(self._samples[first:stop])
        # Each frame's spacing needs the stamp before it.
        before = max(first - _KNOT, start)
        spacing_s = self._spacing_s(before, stop)[first - before :]
        end_s = stamp_s + self._offset_s(start, stop, stamp_s) - self._latency_s
        back = np.concatenate([np.arange(n - 1, -1, -1) for n in samples.tolist()])
        return np.asarray(np.repeat(end_s, samples) - back * np.repeat(spacing_s, samples))

    def _spacing_s(self, start: int, stop: int) -> np.ndarray:
        samples = np.array(self._samples[start:stop])
        spacing_s = np.diff(self._stamp_s[start:stop]) / samples[1:]
        usual_s = self._usual_s
        near = np.abs(spacing_s / usual_s - 1) < _TOLERANCE
        if near.any():
            usual_s = middle(spacing_s[near])
        return np.concatenate([[usual_s], np.where(near, spacing_s, usual_s)])

    def _offset_s(self, start: int, stop: int, stamp_s: np.ndarray) -> np.ndarray:
        """How far the session clock is ahead of the strap's at the given stamps."""
        knots = []
        for number in range(
            self._first_knot(start, stop, stamp_s), max((stop - start) // _KNOT, 1)
        ):
            middle = min(start + number * _KNOT + _KNOT // 2, stop - 1)
            knots.append(self._knot(start, stop, middle))
            if self._stamp_s[middle] > stamp_s[-1]:
                break
        at_s, offset_s, slope = np.array(knots).T
        beyond_s = np.minimum(stamp_s - at_s[0], 0) * slope[0]
        beyond_s += np.maximum(stamp_s - at_s[-1], 0) * slope[-1]
        return np.asarray(np.interp(stamp_s, at_s, offset_s) + beyond_s)

    def _first_knot(self, start: int, stop: int, stamp_s: np.ndarray) -> int:
        """The knot before the first stamp asked for."""
        first = bisect_left(self._stamp_s, stamp_s[0], start, stop) - start
        last = max((stop - start) // _KNOT, 1) - 1
        return min(max((first - _KNOT // 2) // _KNOT, 0), last)

    def _knot(self, start: int, stop: int, middle: int) -> tuple[float, float, float]:
        rows = slice(max(middle - _REACH, start), min(middle + _REACH, stop))
        stamp_s = np.array(self._stamp_s[rows])
        at_s = self._stamp_s[middle]
        ahead_s = np.array(self._arrival_s[rows]) - stamp_s
        line = line_under(stamp_s - at_s, ahead_s, -MAX_DRIFT, MAX_DRIFT)
        return at_s, line.offset, line.slope
