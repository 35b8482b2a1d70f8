"""People with virtual straps on, and an adapter within reach: Bumble in memory, virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bumble.transport.common import AsyncPipeSink

from bumble_backend import Central, power_on_central
from interbeat_collector.bumble_link import VirtualController, VirtualLink
from interbeat_collector.bumble_strap import BumbleStrap, Making, SentBeat
from interbeat_collector.clock import Clock
from interbeat_collector.simulation import DyadSettings, dyad
from virtual_time import VirtualClock

STRAP_A = Making(name="Polar H10 1B2C3D4F", battery_percent=87)
STRAP_B = Making(name="TICKR 5E6F", battery_percent=41, measures=())


@dataclass
class Wearer:
    """Someone with a strap on."""

    strap: BumbleStrap
    controller: VirtualController
    link: VirtualLink
    beating: asyncio.Task[None]
    sent: list[SentBeat] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.strap.making.address

    def leave(self) -> None:
        self.link.leave(self.controller)

    def come_back(self) -> None:
        self.link.come_back(self.controller)

    async def undress(self) -> None:
        self.beating.cancel()
        await asyncio.gather(self.beating, return_exceptions=True)
        await self.strap.power_off()


@dataclass
class Room:
    """All that is within reach of one another."""

    link: VirtualLink
    clock: Clock
    central: Central
    wearers: list[Wearer]


@asynccontextmanager
async def room(
    *makings: Making, link: VirtualLink | None = None, seed: int = 1, keep_log: bool = True
) -> AsyncIterator[Room]:
    """Enter a room with one adapter and as many wearers as there are makings, at most two."""
    link = link or VirtualLink()
    clock = VirtualClock()
    central = await power_on_central(link)
    hearts: Iterable[Iterable[float]] = dyad(DyadSettings(seed=seed)).values()
    wearers = [
        await wearer(making, heart, link, clock, seed=number, keep_log=keep_log)
        for number, (making, heart) in enumerate(zip(makings, hearts, strict=False), seed)
    ]
    try:
        yield Room(link, clock, central, wearers)
    finally:
        for each in wearers:
            each.come_back()
            await each.undress()
        # What is on its way finds its end.
        await asyncio.sleep(1.0)


async def wearer(
    making: Making,
    beat_t_s: Iterable[float],
    link: VirtualLink,
    clock: Clock,
    *,
    seed: int,
    keep_log: bool,
) -> Wearer:
    sent: list[SentBeat] = []
    strap = BumbleStrap(
        making, beat_t_s, clock, seed=seed, sent=sent.append if keep_log else lambda _: None
    )
    controller = VirtualController(making.name, link=link)
    await strap.power_on(controller, AsyncPipeSink(controller))  # type: ignore[arg-type]
    beating = asyncio.get_running_loop().create_task(strap.run())
    return Wearer(strap, controller, link, beating, sent)
