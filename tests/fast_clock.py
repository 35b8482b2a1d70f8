"""Session time that jumps ahead whenever somebody waits for it."""

from __future__ import annotations

import asyncio


class FastClock:
    """A `Clock` under which an hour passes in as many turns of the loop as it has ticks."""

    def __init__(self, rate: float = 1.0, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now_s(self) -> float:
        return self._now_s

    async def sleep_until(self, t_s: float) -> None:
        await asyncio.sleep(0)
        self._now_s = max(self._now_s, t_s)
