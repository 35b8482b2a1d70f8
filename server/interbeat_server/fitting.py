"""The straps while they are fitted: looks for them, connects them, lets them go.

The I/O around `pairing` and `calibrating`, whose documents the page asks for twice a second. When
nobody asks any more, the straps are let go: another program may want them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from interbeat_collector.clock import Clock
from interbeat_collector.events import PARTNERS, Device, Event, Link, Packet, Partner
from interbeat_collector.radio import Radio, RadioError
from interbeat_collector.strap import Strap

from .finding import Candidate, Finding, FittingError

logger = logging.getLogger(__name__)

SCAN_S = 1.5
"""Length of one look; the list is renewed after each."""
KEPT_S = 10.0
"""A strap that was not heard for so long leaves the list."""
RETRY_S = 2.0
"""Rest after a look that failed: Bluetooth may have been switched on meanwhile."""
PATIENCE_S = 30.0
"""Nobody has asked for the document for so long: the page is closed."""

Machine = TypeVar("Machine", bound=Finding)


class Fitting(Generic[Machine]):
    """Two straps on their way to a recording or a calibration."""

    def __init__(self, machine: Machine, radio: Radio, clock: Clock) -> None:
        self.machine = machine
        self._radio = radio
        self._clock = clock
        self._straps: dict[str, Strap] = {}
        self._heard: dict[str, tuple[float, Candidate]] = {}
        self._asked_s = self._loop_s()
        self._look: asyncio.Task[None] | None = None
        self._watch = asyncio.get_running_loop().create_task(self._until_forgotten())
        self.over = False
        self._look_for_straps()

    @property
    def now_s(self) -> float:
        return self._clock.now_s()

    def document(self) -> dict[str, Any]:
        """What the page shows; asking for it keeps the straps connected."""
        self._asked_s = self._loop_s()
        return self.machine.document(self.now_s)

    async def choose(self, chosen: Mapping[Partner, str]) -> None:
        """Connect to two of the straps that were found."""
        self.machine.choose(chosen, self.now_s)
        await self._stop_looking()
        await self._let_go()
        for strap in self.machine.straps.values():
            self._straps[strap.id] = Strap(
                "a", strap.id, self._radio, self._clock, partial(self._push, strap.id)
            )
            self._straps[strap.id].start()

    async def back(self) -> None:
        """Let the chosen straps go and look for straps again."""
        self.machine.reset(self.now_s)
        await self._let_go()
        self._look_for_straps()

    def straps(self) -> dict[Partner, Strap]:
        """Whose strap is which by now."""
        if not self.machine.straps:
            raise FittingError("Choose a strap for each of you first.")
        return {p: self._straps[self.machine.straps[p].id] for p in PARTNERS}

    def hand_over(self) -> None:
        """The straps are somebody else's now, connected as they are."""
        self._straps = {}
        self.over = True
        self._watch.cancel()

    async def end(self) -> None:
        """Let everything go."""
        self.over = True
        if asyncio.current_task() is not self._watch:
            self._watch.cancel()
        await self._stop_looking()
        await self._let_go()

    def _push(self, strap_id: str, event: Event) -> None:
        if isinstance(event, Packet | Link | Device):
            self.machine.push(strap_id, event)

    def _look_for_straps(self) -> None:
        if self._look is None:
            self._look = asyncio.get_running_loop().create_task(self._scan())

    async def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)
            self._look = None

    async def _let_go(self) -> None:
        straps, self._straps = self._straps, {}
        await asyncio.gather(*(strap.stop() for strap in straps.values()))

    async def _scan(self) -> None:
        """Keep the list of straps up to date for as long as somebody chooses."""
        while True:
            self.machine.looking()
            try:
                found = await self._radio.scan(SCAN_S)
            except RadioError as error:
                self.machine.found_now([], str(error))
                await asyncio.sleep(RETRY_S)
                continue
            now_s = self._loop_s()
            for strap in found:
                candidate = Candidate(strap.id, strap.name, strap.rssi_dbm, strap.held)
                self._heard[strap.id] = (now_s, candidate)
            self.machine.found_now([c for t_s, c in self._heard.values() if now_s - t_s < KEPT_S])

    async def _until_forgotten(self) -> None:
        # Pages live in real time, also where virtual straps live faster.
        while (left_s := self._asked_s + PATIENCE_S - self._loop_s()) > 0:
            await asyncio.sleep(left_s)
        logger.info("Nobody looks at the straps any more: they are let go.")
        await self.end()

    @staticmethod
    def _loop_s() -> float:
        return asyncio.get_running_loop().time()
