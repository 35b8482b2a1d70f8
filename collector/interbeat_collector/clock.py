"""The one module that reads time.

Inside a session time is monotonic and in seconds since its start. Everything that waits is
handed a `Clock`, so that an hour can be replayed in a blink and tests need no sleep.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Session time that can be waited for."""

    def now_s(self) -> float:
        """Seconds of session time since the start of the session."""

    async def sleep_until(self, t_s: float) -> None:
        """Return once session time has reached `t_s`."""


class SessionClock:
    """The running clock of a session: real time, or `rate` times as fast."""

    def __init__(self, rate: float = 1.0, start_s: float = 0.0) -> None:
        self._rate = rate
        self._origin_s = start_s
        self._mono_s = time.monotonic()

    def now_s(self) -> float:
        return self._origin_s + (time.monotonic() - self._mono_s) * self._rate

    async def sleep_until(self, t_s: float) -> None:
        while (wait_s := (t_s - self.now_s()) / self._rate) > 0:
            await asyncio.sleep(wait_s)


def utc_now() -> str:
    """Wall time for headers and file names, ISO 8601 in UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
