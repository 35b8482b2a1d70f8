"""An hour with two straps that come and go: what the session file holds against what was sent."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from interbeat_collector.events import PARTNERS, Device, End, Event, Link, Packet, Session
from interbeat_collector.heart_rate import decode
from interbeat_collector.radio import Radio
from interbeat_collector.session_file import Recording, SessionWriter, read_session
from interbeat_collector.strap import Strap
from virtual_time import run
from worn_straps import STRAP_A, STRAP_B, Room, Wearer, room

HOUR_S = 3600.0
DROPS, ABSENCES = 14, 6
"""Twenty in all, shared by both straps."""


class Hour:
    """What happened and what was recorded of it."""

    def __init__(self) -> None:
        self.recording: Recording
        self.sent: dict[str, list[int]] = {}
        self.out_of_reach: dict[str, list[tuple[float, float]]] = {"a": [], "b": []}
        self.back_s: dict[str, list[float]] = {"a": [], "b": []}
        """When a strap that had been lost could be reached again."""

    def links(self, partner: str) -> list[Link]:
        return [e for e in self.recording.events if isinstance(e, Link) and e.partner == partner]

    def rr_stored(self, partner: str) -> list[int]:
        return [
            rr
            for event in self.recording.events
            if isinstance(event, Packet) and event.kind == "heart_rate" and event.partner == partner
            for rr in decode(event.data).rr_ticks
        ]


async def spoil(here: Room, hour: Hour, until_s: float, seed: int) -> None:
    """Drop connections and carry straps away, at moments nobody foresees, one after the other."""
    random = Random(seed)
    turn_s = until_s / (DROPS + ABSENCES)
    absences = set(random.sample(range(DROPS + ABSENCES), ABSENCES))
    for number in range(DROPS + ABSENCES):
        await here.clock.sleep_until((number + random.uniform(0.1, 0.5)) * turn_s)
        partner = random.choice("ab")
        wearer = here.wearers["ab".index(partner)]
        if number in absences:
            await absence(here, hour, wearer, partner, random.uniform(3, 30))
        else:
            await wearer.strap.drop()
            hour.back_s[partner].append(here.clock.now_s())


async def absence(here: Room, hour: Hour, wearer: Wearer, partner: str, seconds: float) -> None:
    left_s = here.clock.now_s()
    wearer.leave()
    await asyncio.sleep(seconds)
    wearer.come_back()
    hour.out_of_reach[partner].append((left_s, here.clock.now_s()))
    hour.back_s[partner].append(here.clock.now_s())


async def record(folder: Path, seed: int) -> Hour:
    hour = Hour()
    session = Session(
        "hour",
        "recorded",
        "2026-01-01T00:00:00Z",
        {"a": "Ana", "b": "Ben"},
        {"a": {}, "b": {}},
        "test",
    )
    async with room(STRAP_A, STRAP_B, seed=seed) as here:
        with SessionWriter(folder, session) as writer:

            def keep(event: Event) -> None:
                writer.put(event)

            radio = Radio(here.central.backend())
            straps = [
                Strap(partner, wearer.id, radio, here.clock, keep)
                for partner, wearer in zip(PARTNERS, here.wearers, strict=True)
            ]
            for strap in straps:
                strap.start()
            await spoil(here, hour, HOUR_S, seed)
            await here.clock.sleep_until(HOUR_S)
            for wearer in here.wearers:
                wearer.beating.cancel()
            await asyncio.sleep(1.0)
            for strap in straps:
                await strap.stop()
            writer.put(End(here.clock.now_s(), "stopped"))
        hour.recording = read_session(writer.path)
        for partner, wearer in zip(PARTNERS, here.wearers, strict=True):
            hour.sent[partner] = [
                row.rr_ticks
                for row in wearer.sent
                if row.fate == "sent"
                and not any(low <= row.sent_s <= high for low, high in hour.out_of_reach[partner])
            ]
    return hour


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Hour:
    return run(record(tmp_path_factory.mktemp("hour"), seed=1))


@pytest.mark.parametrize("partner", PARTNERS)
def test_every_interval_sent_while_connected_is_stored_exactly_once(
    hour: Hour, partner: str
) -> None:
    assert hour.rr_stored(partner) == hour.sent[partner]
    assert len(hour.sent[partner]) > 3500


def test_both_straps_were_lost_and_came_back_as_often_as_they_were_sent_away(hour: Hour) -> None:
    for partner in PARTNERS:
        states = [link.state for link in hour.links(partner)]
        assert states.count("lost") == len(hour.back_s[partner])
        assert states.count("streaming") >= 1 + len(hour.back_s[partner])
    assert sum(map(len, hour.back_s.values())) == DROPS + ABSENCES


def test_roles_are_kept_through_every_reconnect(hour: Hour) -> None:
    for partner, making in zip(PARTNERS, (STRAP_A, STRAP_B), strict=True):
        devices = [
            event.info
            for event in hour.recording.events
            if isinstance(event, Device) and event.partner == partner
        ]
        assert {(info["id"], info["name"]) for info in devices} == {(making.address, making.name)}
        assert len(devices) == 1 + len(hour.back_s[partner])


def test_a_strap_streams_again_within_five_seconds_of_being_within_reach(hour: Hour) -> None:
    waits_s = sorted(
        min(
            link.t_s
            for link in hour.links(partner)
            if link.state == "streaming" and link.t_s > back_s
        )
        - back_s
        for partner in PARTNERS
        for back_s in hour.back_s[partner]
    )
    assert waits_s[round(0.95 * (len(waits_s) - 1))] <= 5.0


def test_the_file_is_in_the_order_of_arrival_and_closed_properly(hour: Hour) -> None:
    times_s = [event.t_s for event in hour.recording.events]
    assert all(before <= after for before, after in pairwise(times_s))
    assert hour.recording.end is not None
