"""Runs: a session that is being recorded, or one that is being replayed.

Both publish the frames of the same engine on the same grid of ticks to their hub. They differ only
in where the events come from and in who may move the clock. What takes long is done in slices or
by a thread, so that every other run, viewer and request has its turn meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from interbeat_collector.clock import Clock, SessionClock
from interbeat_collector.events import End, Event, Marker, Partner, Session, Speech
from interbeat_collector.session_file import Recording, SessionWriteError, SessionWriter
from interbeat_collector.strap import Strap
from interbeat_collector.stream import Stream

from . import messages
from .film import Film, Work
from .hub import Hub
from .live import TICK_S, Passed, Told, engine_of, look_every_s, slices_s, told_by
from .messages import Encoded, Message

logger = logging.getLogger(__name__)

ClockMaker = Callable[[float, float], Clock]
"""Makes a clock from its rate and the session time it starts at."""

HISTORY_S = 330.0
"""How much is drawn again after a jump: the five-minute view and a window."""
SLICES = 16
"""Done in one go by a thread, some 30 ms; after them a newer wish is noticed."""
RATES = (0.25, 60.0)
MARK_AGE_S = 30.0
"""The moment of a key may lie this far back; otherwise the page's clock is not believed."""


class RunError(ValueError):
    """A command that this run cannot carry out; the text is one sentence for the user."""


class Run(ABC):
    """What live runs and replays share: a hub, a state and a clock that waits."""

    mode: str

    def __init__(self, session: Session, rate: float, clock: ClockMaker = SessionClock) -> None:
        self.session = session
        self.hub = Hub()
        self._make_clock = clock
        self._rate = rate
        self._tick = 0
        self._to_s: float | None = None
        """Where it is on its way to."""
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

    def _describe(self, name: str, message: str | None = None, file: str | None = None) -> Message:
        return messages.state(
            self.now_s, name, rate=self._rate, to_s=self._to_s, message=message, file=file
        )

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
        self._engine = engine_of(session)
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
        self._to_s = self._behind_s or None
        self._enter("recording")
        self._begin()
        if self._to_s is not None:
            for _ in self._catch_up(self._to_s):
                await asyncio.sleep(0)
                if self._stop_reason is not None:
                    break
            self._to_s = None
            self._enter("recording")
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

    def _catch_up(self, to_s: float) -> Iterator[None]:
        """Show the last of the minutes behind, and of those before only what lasts."""
        if (skipped_s := _skipped_s(to_s)) > 0:
            passed = yield from self._pass_to(skipped_s)
            self.hub.publish(messages.passed(skipped_s, passed))
        while self.now_s < to_s:
            self._next_frame()
            yield

    def _pass_to(self, t_s: int) -> Generator[None, None, Passed]:
        told: list[Told] = []
        together = []
        every_s = look_every_s(t_s)
        for at_s in slices_s(0.0, t_s):
            events = self._stream.until(at_s)
            told += told_by(events)
            for event in events:
                self._engine.push(event)
            self._engine.pass_over(at_s)
            if at_s % every_s == 0 and at_s < t_s:
                together.append(self._engine.look(at_s))
            self._tick = round(at_s / TICK_S) + 1
            yield
        return Passed(tuple(told), self._engine.skip_to(t_s), tuple(together))

    def _next_frame(self) -> None:
        for event in self._stream.until(self._tick * TICK_S):
            self._engine.push(event)
        frame = self._engine.frame(self._tick * TICK_S)
        self._tick += 1
        recording = {"saved_s": self._writer.saved_s, "elapsed_s": self.now_s}
        self.hub.publish(messages.frame_messages(frame, recording, self.session.labels))

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
        self._film = Film(recording)
        self._length_s = recording.duration_s
        super().__init__(recording.session, checked_rate(rate), clock)
        self._last_tick = math.ceil(self._length_s / TICK_S)
        self._playing = True
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
                if self._to_s is not None:
                    await self._jump(self._to_s)
                clock = self._make_clock(self._rate, self._tick * TICK_S)
            if not self.hub.viewers or not self._playing:
                await self._wake.wait()
            elif await self._due(clock):
                await self._show_next()

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
        if self._to_s is None and self._tick > self._last_tick:
            self.jump(0.0)
        self._set(playing=True)

    def pause(self) -> None:
        self._set(playing=False)

    def set_rate(self, rate: float) -> None:
        self._rate = checked_rate(rate)
        self._set(playing=self._playing)

    def jump(self, t_s: float) -> None:
        if not 0 <= t_s <= self._length_s:
            raise RunError(f"{t_s:g} s is outside the recording, which lasts {self._length_s:g} s.")
        self._to_s = t_s
        self._enter(str(self._state["state"]))
        self._wake.set()

    def _set(self, *, playing: bool) -> None:
        self._playing = playing
        self._enter("playing" if playing else "paused")
        self._wake.set()

    def _hold_at_the_end(self) -> None:
        if self._tick > self._last_tick:
            self._playing = False
            self._enter("paused", "End of the recording.")

    async def _show_next(self) -> None:
        if frame := await self._made(self._film.frame(self._tick)):
            self._tick += 1
            self.hub.send(frame)
            self._hold_at_the_end()

    async def _jump(self, to_s: float) -> None:
        """Begin anew at the chosen moment, with the last minutes before it as history.

        Until all of it is there, the viewers keep what they see.
        """
        last = math.floor(to_s / TICK_S)
        if history := await self._made(self._film.history(_skipped_s(to_s), last)):
            self._to_s = None
            self._tick = last + 1
            self.hub.restart()
            self.hub.send(history)
            self._enter(str(self._state["state"]))

    async def _made(self, work: Work) -> Sequence[Encoded] | None:
        """What a thread makes of some work; None when another moment is wanted meanwhile."""
        made, wanted_s = None, self._to_s
        while made is None and self._to_s == wanted_s and not self._closing:
            made = await asyncio.to_thread(_some_of, work)
        return made if self._to_s == wanted_s else None


def _some_of(work: Work) -> Sequence[Encoded] | None:
    """Do some slices; None while there are more."""
    for _ in range(SLICES):
        try:
            next(work)
        except StopIteration as end:
            return cast(Sequence[Encoded], end.value)
    return None


def _skipped_s(to_s: float) -> int:
    """Up to which whole second nothing is drawn again by whoever moves to a moment."""
    return max(math.floor(to_s - HISTORY_S), 0)


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
