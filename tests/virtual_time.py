"""An event loop in which waiting takes no time, and a `Clock` that shows its time.

Whatever asks `loop.time()` (`asyncio.sleep`, `asyncio.timeout`, bleak, Bumble) lives in it. When
nothing is ready to run, the loop's time jumps to the next timer.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_REAL_WAIT_S = 5.0
"""A loop that has nothing to wait for but the outside world may wait so long for it."""


class StuckError(RuntimeError):
    """Nothing will ever happen in this loop any more."""


class _JumpingSelector(selectors.DefaultSelector):
    """Adds what the loop would have slept to its time, instead of sleeping."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(LONGEST_REAL_WAIT_S if timeout is None else 0)
        if not ready and timeout is None:
            raise StuckError("every task waits for something that nobody will do")
        if not ready and timeout:
            self.now_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s


class VirtualClock:
    """A `Clock` on the time of the running loop."""

    def __init__(self, rate: float = 1.0, start_s: float = 0.0) -> None:
        self._rate = rate
        self._start_s = start_s
        self._origin_s = asyncio.get_running_loop().time()

    def now_s(self) -> float:
        elapsed_s = asyncio.get_running_loop().time() - self._origin_s
        return self._start_s + elapsed_s * self._rate

    async def sleep_until(self, t_s: float) -> None:
        # A wait is at least as long as a step of the clock, or rounding would make it endless.
        while (wait_s := (t_s - self.now_s()) / self._rate) > 0:
            await asyncio.sleep(max(wait_s, 1e-9))


def run(main: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, in virtual time; fails when a task is left behind."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        result = runner.run(main)
        left = asyncio.all_tasks(runner.get_loop())
        assert not left, f"tasks were left behind: {left}"
        return result
