"""The frames of a recording, in whatever order a replay wants them.

What a frame shows depends on its moment alone, so what was made once is kept, and so is the
engine as it was at some moments: a jump costs only what is new. Work comes in slices, none of
which takes much longer than a frame, and touches nothing but its film: a thread may do it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from copy import deepcopy

from interbeat_collector.session_file import Recording

from .live import TICK_S, Engine, Passed, engine_of, look_every_s, slices_s, told_by
from .live_together import Together
from .messages import Encoded, encoded, frame_messages, passed

Work = Generator[None, None, Sequence[Encoded]]
"""Slices of work, and what they lead to. It may be left off after any of them."""
STATION_S = 600
"""How far apart the moments are at which a copy of the engine is kept."""
MOST_KEPT = 7200
"""So many frames are kept: half an hour."""


class Film:
    """A recording as encoded frames, one for each tick."""

    def __init__(self, recording: Recording) -> None:
        self._labels = recording.session.labels
        self._events = tuple(sorted(recording.events, key=lambda event: event.t_s))
        self._arrivals_s = [event.t_s for event in self._events]
        self._look_every_s = look_every_s(recording.duration_s)
        self._looks: dict[float, Together] = {}
        self._stations: dict[int, Engine] = {0: engine_of(recording.session)}
        """Each with all before it passed over and judged, none of it shown."""
        self._frames: dict[int, tuple[Encoded, ...]] = {}
        self._engine = deepcopy(self._stations[0])
        self._pushed = 0
        self._next: int | None = 0
        """The frame that the engine makes next; None while it is on its way."""

    def frame(self, tick: int) -> Work:
        """The messages of one frame."""
        yield from self._make(range(tick, tick + 1))
        return self._frames[tick]

    def history(self, skipped_s: int, last: int) -> Work:
        """The messages of all frames up to one; up to a whole second only what lasts."""
        messages: list[Encoded] = []
        first = 0
        if skipped_s:
            way = yield from self._pass_to(skipped_s)
            messages += map(encoded, passed(skipped_s, way))
            first = round(skipped_s / TICK_S) + 1
        wanted = range(first, last + 1)
        yield from self._make(wanted)
        return [*messages, *(message for tick in wanted for message in self._frames[tick])]

    def _make(self, wanted: range) -> Iterator[None]:
        """Make the frames that are missing, and let go of those unused for longest."""
        for tick in wanted:
            if tick in self._frames:
                self._frames[tick] = self._frames.pop(tick)
        for tick in wanted:
            if tick not in self._frames:
                yield from self._stand_before(tick)
                self._make_next()
                yield

    def _pass_to(self, t_s: int) -> Generator[None, None, Passed]:
        """Count all up to a whole second as shown; return what must be known of it."""
        self._next = None
        from_s = max(at_s for at_s in self._stations if at_s <= t_s)
        self._engine = deepcopy(self._stations[from_s])
        self._pushed = bisect_right(self._arrivals_s, from_s) if from_s else 0
        for at_s in slices_s(from_s, t_s):
            self._push(at_s)
            self._engine.pass_over(at_s)
            if at_s % self._look_every_s == 0 and at_s not in self._looks:
                self._looks[at_s] = self._engine.look(at_s)
            if at_s % STATION_S == 0 and at_s not in self._stations:
                self._stations[int(at_s)] = deepcopy(self._engine)
            yield
        gaps = self._engine.skip_to(t_s)
        self._next = round(t_s / TICK_S) + 1
        told = told_by(self._events[: self._pushed])
        judged = sorted(at_s for at_s in self._looks if at_s < t_s)
        return Passed(told, gaps, tuple(self._looks[at_s] for at_s in judged))

    def _stand_before(self, tick: int) -> Iterator[None]:
        """Bring the engine to where it makes the frame of a tick next."""
        if tick == self._next:
            return
        before_s = max(math.ceil(tick * TICK_S) - 1, 0)
        if before_s:
            yield from self._pass_to(before_s)
        else:
            self._engine, self._pushed, self._next = deepcopy(self._stations[0]), 0, 0
        while self._next is not None and self._next < tick:
            self._make_next()
            yield

    def _make_next(self) -> None:
        tick = self._next
        assert tick is not None
        t_s = tick * TICK_S
        self._push(t_s)
        recording = {"saved_s": None, "elapsed_s": t_s}
        made = frame_messages(self._engine.frame(t_s), recording, self._labels)
        self._frames[tick] = tuple(map(encoded, made))
        if len(self._frames) > MOST_KEPT:
            del self._frames[next(iter(self._frames))]
        self._next = tick + 1

    def _push(self, until_s: float) -> None:
        after = bisect_right(self._arrivals_s, until_s)
        for event in self._events[self._pushed : after]:
            self._engine.push(event)
        self._pushed = after
