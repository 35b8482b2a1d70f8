"""The radio without hardware does what the real one does, as far as our code can tell."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.exc import BleakDBusError, BleakError

import virtual_time
from air import IDS, World
from interbeat_collector.heart_rate import decode
from interbeat_collector.radio import HEART_RATE_MEASUREMENT, HEART_RATE_SERVICE
from interbeat_collector.virtual_radio import Lifted


def test_bleak_itself_finds_reads_and_hears_a_virtual_strap() -> None:
    async def scenario() -> tuple[World, list[bytes], bytes]:
        world, heard = World(), list[bytes]()
        backend = world.air.backend()
        device = await BleakScanner.find_device_by_name("Strap a", backend=backend.scanner)
        assert device is not None
        async with BleakClient(device, backend=backend.client) as client:
            battery = bytes(await client.read_gatt_char("2a19"))
            await client.start_notify(
                HEART_RATE_MEASUREMENT, lambda _, data: heard.append(bytes(data))
            )
            await asyncio.sleep(10)
            await client.stop_notify(HEART_RATE_MEASUREMENT)
            await asyncio.sleep(10)
        return world, heard, battery

    world, heard, battery = virtual_time.run(scenario())
    assert battery == b"P"
    assert 9 <= len(heard) <= 11
    assert heard == [data for _, data in world.worn["a"].sent][: len(heard)]


def test_the_short_uuid_finds_nothing_as_with_a_real_scanner() -> None:
    async def scenario() -> list[Any]:
        world = World()
        scanner = world.air.backend().scanner
        return await BleakScanner.discover(2, service_uuids=["180d"], backend=scanner)

    assert virtual_time.run(scenario()) == []


def test_a_connected_strap_is_silent_to_scanners_and_known_to_the_adapter() -> None:
    async def scenario() -> tuple[int, list[str]]:
        world = World()
        backend = world.air.backend()
        client = await world.radio.connect(IDS["a"])
        seen = await BleakScanner.discover(2, backend=backend.scanner)
        adapter = await BleakAdapter.get(backend=backend.adapter)
        held = await adapter.get_connected_devices([HEART_RATE_SERVICE])
        await client.disconnect()
        return len(seen), [device.address for device in held]

    assert virtual_time.run(scenario()) == (1, [IDS["a"]])


def test_two_things_at_once_are_refused_as_bluez_does() -> None:
    async def scenario() -> World:
        world = World()
        backend = world.air.backend()
        async with BleakScanner(backend=backend.scanner) as scanner:
            await asyncio.sleep(1)
            device = scanner.discovered_devices[0]
            with pytest.raises(BleakDBusError, match="InProgress"):
                await BleakClient(device, backend=backend.client).connect()
        return world

    assert virtual_time.run(scenario()).air.collisions == 1


def test_a_dropped_client_is_told_once_and_can_do_nothing_more() -> None:
    async def scenario() -> list[str]:
        world, told = World(), list[str]()
        client = await world.radio.connect(IDS["a"], dropped=lambda: told.append("dropped"))
        world.worn["a"].drop()
        assert not client.is_connected
        with pytest.raises(BleakError):
            await client.start_notify(HEART_RATE_MEASUREMENT, lambda *_: None)
        await client.disconnect()
        return told

    assert virtual_time.run(scenario()) == ["dropped"]


@pytest.mark.parametrize(
    ("when_lifted", "says"),
    [
        ("no_contact", (0, (), False)),
        ("heart_rate_0", (0, (), None)),
        ("no_rr", ("worn", (), True)),
    ],
)
def test_a_lifted_strap_says_so_in_the_way_of_its_model(
    when_lifted: Lifted, says: tuple[Any, ...]
) -> None:
    async def scenario() -> World:
        world = World(when_lifted=when_lifted)
        strap = world.strap()
        strap.start()
        await asyncio.sleep(20)
        world.worn["a"].lift(4)
        await asyncio.sleep(20)
        await strap.stop()
        return world

    read = [(p.t_s, decode(p.data)) for p in virtual_time.run(scenario()).packets()]
    lifted = [m for t_s, m in read if 20 <= t_s < 24]
    worn = [m for t_s, m in read if t_s >= 25]
    hr_bpm, rr_ticks, contact = says
    assert len(lifted) in (3, 4, 5)
    for m in lifted:
        assert (m.rr_ticks, m.contact) == (rr_ticks, contact)
        assert m.hr_bpm == hr_bpm if hr_bpm == 0 else m.hr_bpm and m.hr_bpm > 40
    assert all(m.contact is True for m in worn)
    assert any(m.rr_ticks for m in worn)


def test_a_heart_goes_on_while_nobody_listens() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        await asyncio.sleep(100)
        strap.start()
        await asyncio.sleep(30)
        world.worn["a"].leave()
        await asyncio.sleep(100)
        world.worn["a"].come_back()
        await asyncio.sleep(30)
        await strap.stop()
        return world

    for packet in virtual_time.run(scenario()).packets():
        # A packet never carries beats of the time before the connection.
        assert sum(decode(packet.data).rr_ticks) / 1024 < 3
