"""Two virtual straps on two simulated people, and a recorder of what they report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

from interbeat_collector.events import PARTNERS, Device, Event, Link, Packet, Partner
from interbeat_collector.radio import Radio
from interbeat_collector.strap import Strap
from interbeat_collector.virtual_radio import Air, VirtualStrap
from interbeat_collector.virtual_strap import strap_packets
from virtual_time import VirtualClock

IDS: dict[Partner, str] = {"a": "F0:00:00:00:00:0A", "b": "F0:00:00:00:00:0B"}
INFO = {"maker": "Nobody", "model": "Thin air", "serial": "1", "firmware": "0.1"}


class World:
    """Everything of one test; made inside the loop of `virtual_time.run`."""

    def __init__(self, **of_straps: Any) -> None:
        self.clock = VirtualClock()
        self.worn = {p: virtual_strap(p, seed, **of_straps) for seed, p in enumerate(PARTNERS)}
        self.air = Air(self.clock, self.worn.values())
        self.radio = Radio(self.air.backend())
        self.events: list[Event] = []

    def strap(self, partner: Partner = "a", **options: Any) -> Strap:
        return Strap(partner, IDS[partner], self.radio, self.clock, self.events.append, **options)

    def links(self, partner: Partner = "a") -> list[Link]:
        return [e for e in self.events if isinstance(e, Link) and e.partner == partner]

    def states(self, partner: Partner = "a") -> list[str]:
        return [link.state for link in self.links(partner)]

    def packets(self, partner: Partner = "a", kind: str = "heart_rate") -> list[Packet]:
        return [
            e
            for e in self.events
            if isinstance(e, Packet) and (e.partner, e.kind) == (partner, kind)
        ]

    def devices(self) -> list[Device]:
        return [e for e in self.events if isinstance(e, Device)]

    async def until(self, true: Callable[[], bool], limit_s: float = 600.0) -> float:
        """Wait for something to become true; returns when it did."""
        async with asyncio.timeout(limit_s):
            while not true():
                await asyncio.sleep(0.05)
        return self.clock.now_s()


def virtual_strap(partner: Partner, seed: int, **options: Any) -> VirtualStrap:
    beats = steady_heart(seed)
    packets = strap_packets(partner, beats, seed=seed, loss=0.0)
    return VirtualStrap(IDS[partner], f"Strap {partner}", packets, info=INFO, **options)


def steady_heart(seed: int) -> Any:
    """Beats without end."""
    random, t_s = Random(seed), 0.0
    for _ in count():
        t_s += random.gauss(0.8, 0.05)
        yield t_s
