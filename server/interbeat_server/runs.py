"""Runs: a session that is being recorded, or one that is being replayed.

Both feed the same engine on the same grid of ticks and publish its frames to their hub. They
differ only in where the events come from and in who may move the clock.
"""

from __future__ import annotations

import asyncio
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from interbeat_collector.clock import Clock, SessionClock
from interbeat_collector.events import End, Event, Marker, Partner, Session, Speech
from interbeat_collector.session_file import Recording, SessionWriteError, SessionWriter
from interbeat_collector.strap import Strap
from interbeat_collector.stream import Stream

from . import messages
from .hub import Hub
from .live import TICK_S, engine_of
from .messages import Message

logger = logging.getLogger(__name__)

ClockMaker = Callable[[float, float], Clock]
"""Makes a clock from its rate and the session time it starts at."""

HISTORY_S = 330.0
"""How much is drawn again after a jump: the five-minute view and a window."""
RATES = (0.25, 60.0)
MARK_AGE_S = 30.0
"""The moment of a key may lie this far back; otherwise the page's clock is not believed."""


class RunError(ValueError):
    """A command that this run cannot carry out; the text is one sentence for the user."""


class Run(ABC):
    """What live runs and replays share: an engine, a hub, a state and a clock that waits."""

    mode: str
    _stream: Stream

    def __init__(self, session: Session, rate: float, clock: ClockMaker = SessionClock) -> None:
        self.session = session
        self.hub = Hub()
        self._engine = engine_of(self.session)
        self._make_clock = clock
        self._rate = rate
        self._tick = 0
        self._wake = asyncio.Event()
        self._state = self._describe("paused")
        self.error: Exception | None = None
        """Why the run failed; the text is one line for the user."""

    @property
    def id(self) -> str:
        return self.session.id

    @property
    def duration_s(self) -> float | None:
        """Length of what is replayed; unknown for a live run."""
        return None

    @property
    def now_s(self) -> float:
        """Session time of the newest frame."""
        return max(self._tick - 1, 0) * TICK_S

    async def drive(self) -> None:
        """Carry out the whole run; whatever happens, it ends in order and says how."""
        try:
            await self._produce()
        except SessionWriteError as error:
            self.error = error
        except Exception as error:
            logger.exception("Run %s broke off", self.id)
            self.error = RunError(
                f"The run broke off at {self.now_s:g} s ({error!r}). What was recorded until then "
                "is safe. Please report this."
            )
        await self._finish()

    @abstractmethod
    def clock_s(self) -> float:
        """Session time right now."""

    def hello(self, *, resumed: bool) -> Message:
        return messages.hello(
            self.session,
            epoch=self.hub.epoch,
            resumed=resumed,
            mode=self.mode,
            duration_s=self.duration_s,
            current=self._state,
        )

    @abstractmethod
    async def _produce(self) -> None:
        """Publish frames until the run is over."""

    @abstractmethod
    async def _finish(self) -> None:
        """Leave everything in order, also after an error."""

    @abstractmethod
    async def stop(self) -> None:
        """End the run and return when nothing is left to do."""

    @abstractmethod
    def _called_off(self) -> bool:
        """Whether something else is wanted meanwhile."""

    async def _catch_up(self, target: int) -> None:
        """Show the last minutes up to a tick, and of what lies before only what lasts."""
        skipped_s = max(math.floor(target * TICK_S - HISTORY_S), 0)
        if skipped_s > self.now_s:
            self._skip_to(skipped_s)
        while self._tick <= target and not self._called_off():
            self._publish_frame(self._stream.until(self._tick * TICK_S))
            if self._tick % 40 == 0:
                await asyncio.sleep(0)

    def _skip_to(self, t_s: int) -> None:
        """Pass over what lies before a whole second."""
        for event in self._stream.until(t_s):
            self._engine.push(event)
        self.hub.publish(messages.passed(t_s, self._engine.skip_to(t_s)))
        self._tick = round(t_s / TICK_S) + 1

    def _publish_frame(self, events: Iterable[Event]) -> None:
        for event in events:
            self._engine.push(event)
        frame = self._engine.frame(self._tick * TICK_S)
        self._tick += 1
        self.hub.publish(messages.frame_messages(frame, self._recording(), self.session.labels))

    @abstractmethod
    def _recording(self) -> Message:
        """What `quality` says of the recording."""

    def _describe(self, name: str, message: str | None = None, file: str | None = None) -> Message:
        return messages.state(self.now_s, name, rate=self._rate, message=message, file=file)

    def _enter(self, name: str, message: str | None = None, file: str | None = None) -> None:
        self._state = self._describe(name, message, file)
        self.hub.publish([self._state])

    async def _due(self, clock: Clock) -> bool:
        """Wait for the next tick; False when something else came up first."""
        sleeper = asyncio.ensure_future(clock.sleep_until(self._tick * TICK_S))
        waker = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({sleeper, waker}, return_when=asyncio.FIRST_COMPLETED)
            return not waker.done()
        finally:
            sleeper.cancel()
            waker.cancel()


class LiveRun(Run):
    """Records the events of a source and shows them as they come."""

    mode = "live"

    def __init__(
        self,
        session: Session,
        events: Iterable[Event],
        writer: SessionWriter,
        *,
        rate: float = 1.0,
        duration_s: float | None = None,
        clock: ClockMaker = SessionClock,
    ) -> None:
        super().__init__(session, rate, clock)
        self._writer = writer
        self._stream = Stream(events, writer)
        self._clock = clock(rate, 0.0)
        self._behind_s = 60.0 * messages.minutes_behind(session)
        self._last_s = math.inf if duration_s is None else self._behind_s + duration_s
        self._stop_reason: str | None = None
        self._over = asyncio.Event()
        self._speaking: set[Partner] = set()

    @property
    def path(self) -> str:
        return str(self._writer.path)

    def clock_s(self) -> float:
        return self._clock.now_s()

    async def _produce(self) -> None:
        self._clock = self._make_clock(self._rate, 0.0)
        self._enter("recording")
        self._begin()
        if self._behind_s:
            await self._catch_up(round(self._behind_s / TICK_S))
            self._clock = self._make_clock(self._rate, self.now_s)
        while self._stop_reason is None:
            await asyncio.sleep(0)
            if await self._due(self._clock):
                self._next_frame()
                self._stop_when_through()
        if self._stream.holds_back:
            self._next_frame()
        self._writer.put(End(self.now_s, self._stop_reason))

    def _begin(self) -> None:
        """The clock of the session runs from now on."""

    def _called_off(self) -> bool:
        return self._stop_reason is not None

    def _next_frame(self) -> None:
        self._publish_frame(self._stream.until(self._tick * TICK_S))

    async def stop(self) -> None:
        self._stop_reason = self._stop_reason or "stopped"
        self._wake.set()
        await self._over.wait()

    @property
    def over(self) -> bool:
        """True once the file is closed, complete or as far as the disk allowed."""
        return self._over.is_set()

    async def finished(self) -> None:
        """Return once the run is over."""
        await self._over.wait()

    async def mark(self, label: str, at_s: float | None) -> None:
        """Record a marker and return when it is on the disk."""
        label = label.strip()
        if not 1 <= len(label) <= messages.LABEL_LIMIT:
            raise RunError(
                f"A marker needs 1 to {messages.LABEL_LIMIT} characters, not {len(label)}."
            )
        if not _is_text(label):
            raise RunError("A marker's text must be Unicode; this one cannot be written down.")
        if self._over.is_set() or self._stop_reason:
            raise RunError("The recording has ended; nothing can be marked in it any more.")
        now_s, at_s = self._moment(at_s)
        self._stream.add(Marker(now_s, at_s, label))
        await asyncio.wrap_future(self._writer.flush())

    def speak(self, partner: Partner, on: bool, at_s: float | None) -> None:
        """Record that a partner begins or stops speaking; what is known already is not repeated."""
        if self._over.is_set() or self._stop_reason:
            raise RunError("The recording has ended; who speaks is not written down any more.")
        if on == (partner in self._speaking):
            return
        (self._speaking.add if on else self._speaking.remove)(partner)
        now_s, at_s = self._moment(at_s)
        self._stream.add(Speech(now_s, partner, at_s, on, "key"))

    def _moment(self, at_s: float | None) -> tuple[float, float]:
        """When a key is learned of, and when it was pressed."""
        # Later than the newest frame: a replay must show it no earlier than we do.
        now_s = max(self._clock.now_s(), math.nextafter(self.now_s, math.inf))
        if at_s is None or not now_s - MARK_AGE_S * self._rate <= at_s <= now_s:
            at_s = now_s
        return now_s, at_s

    def _stop_when_through(self) -> None:
        if self.now_s >= self._last_s:
            self._stop_reason = "the chosen duration is over"
        elif self._stream.exhausted:
            self._stop_reason = "both hearts have ended"

    async def _finish(self) -> None:
        try:
            await asyncio.to_thread(self._writer.close)
        except SessionWriteError as error:
            self.error = error
        if self.error:
            self._enter("failed", str(self.error), self.path)
        else:
            self._enter("ended", None, self.path)
        await self._let_go()
        self._over.set()

    async def _let_go(self) -> None:
        """Release what the events came from, after the file is safe."""

    def _recording(self) -> Message:
        return {"saved_s": self._writer.saved_s, "elapsed_s": self.now_s}


class StrapRun(LiveRun):
    """Records two straps, which it lets go at the end."""

    def __init__(
        self,
        session: Session,
        straps: Mapping[Partner, Strap],
        writer: SessionWriter,
        *,
        rate: float = 1.0,
        duration_s: float | None = None,
        clock: ClockMaker = SessionClock,
    ) -> None:
        super().__init__(session, (), writer, rate=rate, duration_s=duration_s, clock=clock)
        self._straps = straps

    def _begin(self) -> None:
        for partner, strap in self._straps.items():
            strap.hand_over(partner, self._clock, self._take)
            strap.start()

    def _take(self, event: Event) -> None:
        """An event of a strap; called by the radio, which must not learn of a full disk."""
        if self._stop_reason is not None or event.t_s > self._last_s:
            return
        if event.t_s <= self.now_s:
            # It came while a frame was made: a replay must show it no earlier than we do.
            event = replace(event, t_s=math.nextafter(self.now_s, math.inf))
        try:
            self._stream.add(event)
        except SessionWriteError as error:
            self.error = error
            self._stop_reason = "the disk is full"
            self._wake.set()

    def _stop_when_through(self) -> None:
        """Straps have no end."""
        if self.now_s >= self._last_s:
            self._stop_reason = "the chosen duration is over"

    async def _let_go(self) -> None:
        await asyncio.gather(*(strap.stop() for strap in self._straps.values()))


class ReplayRun(Run):
    """Shows a recorded session again; its viewers move the clock."""

    mode = "replay"

    def __init__(
        self, recording: Recording, *, rate: float = 1.0, clock: ClockMaker = SessionClock
    ) -> None:
        self._events = tuple(sorted(recording.events, key=lambda event: event.t_s))
        self._length_s = recording.duration_s
        super().__init__(recording.session, checked_rate(rate), clock)
        self._last_tick = math.ceil(self._length_s / TICK_S)
        self._stream = Stream(self._events)
        self._playing = True
        self._jump_s: float | None = None
        self._closing = False
        self._state = self._describe("playing")

    @property
    def duration_s(self) -> float:
        return self._length_s

    def clock_s(self) -> float:
        return self.now_s

    async def _produce(self) -> None:
        clock = self._make_clock(self._rate, 0.0)
        while not self._closing:
            if self._wake.is_set():
                self._wake.clear()
                if self._jump_s is not None:
                    await self._jump()
                clock = self._make_clock(self._rate, self._tick * TICK_S)
            if not self.hub.viewers or not self._playing:
                await self._wake.wait()
            elif await self._due(clock):
                self._publish_frame(self._stream.until(self._tick * TICK_S))
                self._hold_at_the_end()
                await asyncio.sleep(0)

    async def _finish(self) -> None:
        if self.error:
            self._enter("failed", str(self.error))

    async def stop(self) -> None:
        self.close()

    def close(self) -> None:
        """Let the run end at its next turn."""
        self._closing = True
        self._wake.set()

    def watched(self) -> None:
        """Go on when somebody begins to watch."""
        self._wake.set()

    def play(self) -> None:
        if self._tick > self._last_tick:
            self._jump_s = 0.0
        self._set(playing=True)

    def pause(self) -> None:
        self._set(playing=False)

    def set_rate(self, rate: float) -> None:
        self._rate = checked_rate(rate)
        self._set(playing=self._playing)

    def jump(self, t_s: float) -> None:
        if not 0 <= t_s <= self._length_s:
            raise RunError(f"{t_s:g} s is outside the recording, which lasts {self._length_s:g} s.")
        self._jump_s = t_s
        self._wake.set()

    def _set(self, *, playing: bool) -> None:
        self._playing = playing
        self._enter("playing" if playing else "paused")
        self._wake.set()

    def _hold_at_the_end(self) -> None:
        if self._tick > self._last_tick:
            self._playing = False
            self._enter("paused", "End of the recording.")

    def _called_off(self) -> bool:
        return self._jump_s is not None or self._closing

    async def _jump(self) -> None:
        """Begin anew at the chosen moment, with the last minutes before it as history."""
        assert self._jump_s is not None
        target = math.floor(self._jump_s / TICK_S)
        self._jump_s = None
        self._engine = engine_of(self.session)
        self._stream = Stream(self._events)
        self._state = self._describe(str(self._state["state"]))
        self.hub.restart()
        self._tick = 0
        await self._catch_up(target)

    def _recording(self) -> Message:
        return {"saved_s": None, "elapsed_s": self.now_s}


def _is_text(label: str) -> bool:
    """False for half of a surrogate pair, which JSON can carry but no file and no page."""
    try:
        label.encode()
    except UnicodeEncodeError:
        return False
    return True


def checked_rate(rate: float) -> float:
    low, high = RATES
    if not low <= rate <= high:
        raise RunError(f"rate {rate:g} is out of range: choose {low:g} to {high:g}.")
    return rate
