"""The one place where events of a session come together, are recorded, and go on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from .events import Event


class Recorder(Protocol):
    """Where events are kept; `SessionWriter` is the real one."""

    def put(self, event: Event) -> None:
        """Queue an event for writing, in order, without waiting."""


class Stream:
    """Merges scheduled events with those that people or a radio add; records each first.

    `scheduled` (a simulation, a recording) yields events in the order of their `t_s`.
    """

    def __init__(self, scheduled: Iterable[Event], recorder: Recorder | None = None) -> None:
        self._scheduled: Iterator[Event] = iter(scheduled)
        self._next: Event | None = next(self._scheduled, None)
        self._recorded: deque[Event] = deque()
        self._recorder = recorder

    def add(self, event: Event) -> None:
        """Take in an event that happened now, after all that was scheduled before it."""
        self._take_scheduled(event.t_s)
        self._take(event)

    def until(self, t_s: float) -> list[Event]:
        """Hand on, oldest first, what had arrived by `t_s` and was not handed on yet."""
        self._take_scheduled(t_s)
        due: list[Event] = []
        while self._recorded and self._recorded[0].t_s <= t_s:
            due.append(self._recorded.popleft())
        return due

    @property
    def exhausted(self) -> bool:
        """True when nothing scheduled is left."""
        return self._next is None

    @property
    def holds_back(self) -> bool:
        """True while an event was recorded and not handed on."""
        return bool(self._recorded)

    def _take_scheduled(self, t_s: float) -> None:
        while self._next is not None and self._next.t_s <= t_s:
            self._take(self._next)
            self._next = next(self._scheduled, None)

    def _take(self, event: Event) -> None:
        if self._recorder is not None:
            self._recorder.put(event)
        self._recorded.append(event)
