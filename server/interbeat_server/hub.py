"""One run's messages to all of its viewers.

Every message is numbered, encoded once and kept for a while, so that a viewer who lost the
connection gets what it missed. Each viewer has a bounded queue of its own: a viewer that stops
reading loses ticks and, in the end, its connection; nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from .messages import Encoded, Message, encode, encoded

HISTORY = 12_000
"""Messages kept for late and returning viewers: some 30 minutes of a live run."""
QUEUE_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class Numbered:
    """An encoded message and what the queues need to know of it."""

    seq: int
    text: str
    droppable: bool


class Viewer:
    """What one page has yet to be sent."""

    def __init__(self, history: Iterable[Numbered], limit: int = QUEUE_LIMIT) -> None:
        self._limit = limit
        self._history = deque(history)
        self._queue: deque[Numbered] = deque()
        self._private: deque[str] = deque()
        self._ready = asyncio.Event()
        self.closed = False
        self.sent_away = False
        """Closed because a new epoch began: the page is to join again at once."""
        if self._history:
            self._ready.set()

    def offer(self, message: Numbered) -> None:
        """Queue a message; make room by letting go of the oldest that may be missed."""
        if self.closed:
            return
        if len(self._queue) >= self._limit and not self._let_go_of_oldest():
            self.close()
            return
        self._queue.append(message)
        self._ready.set()

    def tell(self, message: Message) -> None:
        """Queue an answer for this viewer alone."""
        if len(self._private) >= self._limit:
            self.close()
            return
        self._private.append(encode(message))
        self._ready.set()

    def close(self) -> None:
        self.closed = True
        self._ready.set()

    async def take(self, most: int = 500) -> list[str]:
        """Wait for messages and return them, oldest first; empty once the viewer is closed."""
        await self._ready.wait()
        if self.closed:
            return []
        texts = list(self._private)
        self._private.clear()
        for waiting in (self._history, self._queue):
            while waiting and len(texts) < most:
                texts.append(waiting.popleft().text)
        if not self._history and not self._queue:
            self._ready.clear()
        return texts

    def _let_go_of_oldest(self) -> bool:
        for i, message in enumerate(self._queue):
            if message.droppable:
                del self._queue[i]
                return True
        return False


class Hub:
    """Numbers messages, remembers them and hands them to every viewer."""

    def __init__(self, history: int = HISTORY, queue_limit: int = QUEUE_LIMIT) -> None:
        self.epoch = 1
        self._seq = 0
        self._history = history
        self._kept: deque[Numbered] = deque()
        self._lasting: list[Numbered] = []
        """Marks, gaps and states older than what is kept: a page needs them all the same."""
        self._queue_limit = queue_limit
        self.viewers: set[Viewer] = set()

    def publish(self, messages: Iterable[Message]) -> None:
        self.send(map(encoded, messages))

    def send(self, messages: Iterable[Encoded]) -> None:
        """Publish messages that are encoded already."""
        for message in messages:
            self._seq += 1
            numbered = Numbered(self._seq, message.numbered(self._seq), message.droppable)
            self._keep(numbered)
            for viewer in self.viewers:
                viewer.offer(numbered)
        self.viewers = {viewer for viewer in self.viewers if not viewer.closed}

    def join(self, epoch: int | None = None, since: int | None = None) -> tuple[Viewer, bool]:
        """Add a viewer; the flag says whether it only gets what it missed since `since`."""
        resumed = epoch == self.epoch and since is not None and self._has_all_since(since)
        if resumed and since is not None:
            viewer = Viewer((m for m in self._kept if m.seq > since), self._queue_limit)
        else:
            viewer = Viewer((*self._lasting, *self._kept), self._queue_limit)
        self.viewers.add(viewer)
        return viewer, resumed

    def leave(self, viewer: Viewer) -> None:
        viewer.close()
        self.viewers.discard(viewer)

    def restart(self) -> None:
        """Begin a new epoch: every page is to forget what it drew and to join anew."""
        self.epoch += 1
        self._kept.clear()
        self._lasting.clear()
        for viewer in self.viewers:
            viewer.sent_away = True
            viewer.close()
        self.viewers = set()

    def dismiss(self) -> None:
        """Close every viewer for good."""
        for viewer in self.viewers:
            viewer.close()
        self.viewers = set()

    def _keep(self, message: Numbered) -> None:
        self._kept.append(message)
        if len(self._kept) > self._history:
            oldest = self._kept.popleft()
            if not oldest.droppable:
                self._lasting.append(oldest)

    def _has_all_since(self, since: int) -> bool:
        oldest = self._kept[0].seq if self._kept else self._seq + 1
        return oldest <= since + 1 <= self._seq + 1
