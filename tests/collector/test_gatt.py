"""Straps over real GATT: bleak, unmodified, above Bumble in memory; no radio, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from random import Random

import numpy as np
import pytest
from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_16
from bumble import hci

from interbeat_collector import polar
from interbeat_collector.bumble_link import VirtualLink
from interbeat_collector.bumble_strap import FIRST_NS, BumbleStrap
from interbeat_collector.events import PARTNERS, Device, Event, Link, Packet
from interbeat_collector.heart_rate import decode
from interbeat_collector.radio import Radio
from interbeat_collector.strap import Strap
from virtual_time import run
from worn_straps import STRAP_A, STRAP_B, Room, room

HEART_RATE_SERVICE = normalize_uuid_16(0x180D)
HEART_RATE_MEASUREMENT = normalize_uuid_16(0x2A37)
BODY_LOCATION = normalize_uuid_16(0x2A38)
BATTERY_LEVEL = normalize_uuid_16(0x2A19)
DEVICE_INFORMATION = {
    "maker": normalize_uuid_16(0x2A29),
    "model": normalize_uuid_16(0x2A24),
    "serial": normalize_uuid_16(0x2A25),
    "hardware": normalize_uuid_16(0x2A27),
    "firmware": normalize_uuid_16(0x2A26),
    "software": normalize_uuid_16(0x2A28),
}


@asynccontextmanager
async def connected(here: Room, number: int = 0) -> AsyncIterator[BleakClient]:
    client = BleakClient(here.wearers[number].id, backend=here.central.backend().client, timeout=5)
    async with client:
        yield client


async def subscribed(client: BleakClient, uuid: str = HEART_RATE_MEASUREMENT) -> list[bytes]:
    """A list that grows with what arrives."""
    got: list[bytes] = []
    await client.start_notify(uuid, lambda _, data: got.append(bytes(data)))
    return got


def rr_of(packets: list[bytes]) -> list[int]:
    return [rr for data in packets for rr in decode(data).rr_ticks]


def rr_sent(strap_log: list, since_s: float = 0.0) -> list[int]:
    return [row.rr_ticks for row in strap_log if row.fate == "sent" and row.sent_s >= since_s]


# --- finding ---


def test_a_scan_by_the_full_service_uuid_finds_both_straps_with_their_names() -> None:
    async def main() -> dict[str, str | None]:
        async with room(STRAP_A, STRAP_B) as here:
            found = await BleakScanner.discover(
                1.0, service_uuids=[HEART_RATE_SERVICE], backend=here.central.backend().scanner
            )
            return {device.address: device.name for device in found}

    assert run(main()) == {making.address: making.name for making in (STRAP_A, STRAP_B)}


def test_a_scan_by_the_short_service_uuid_finds_nothing() -> None:
    """A trap of bleak: the collector must use the long form."""

    async def main() -> int:
        async with room(STRAP_A) as here:
            scanner = here.central.backend().scanner
            return len(await BleakScanner.discover(1.0, service_uuids=["180d"], backend=scanner))

    assert run(main()) == 0


def test_a_name_that_does_not_fit_an_advertisement_is_shortened() -> None:
    async def main() -> str | None:
        long = replace(STRAP_A, name="Movesense 201830000999 of a long name")
        async with room(long) as here:
            scanner = here.central.backend().scanner
            (found,) = await BleakScanner.discover(1.0, backend=scanner)
            return found.name

    assert run(main()) == "Movesense 201830000999"


def test_an_adapter_that_takes_another_address_keeps_its_connections() -> None:
    """BlueZ takes another random address for every scan."""

    async def main() -> int:
        async with room(STRAP_A) as here, connected(here) as client:
            straps = {wearer.controller for wearer in here.wearers}
            (adapter,) = set(here.link.controllers) - straps
            adapter.random_address = hci.Address("C0:11:22:33:44:55")
            async with asyncio.timeout(5):
                return (await client.read_gatt_char(BATTERY_LEVEL))[0]

    assert run(main()) == STRAP_A.battery_percent


def test_a_strap_that_is_connected_stops_advertising_and_is_known_to_the_adapter() -> None:
    async def main() -> tuple[int, list[str]]:
        async with room(STRAP_A) as here, connected(here):
            backend = here.central.backend()
            found = await BleakScanner.discover(1.0, backend=backend.scanner)
            adapter = await BleakAdapter.get(backend=backend.adapter)
            held = await adapter.get_connected_devices([HEART_RATE_SERVICE])
            return len(found), [device.address for device in held]

    assert run(main()) == (0, [STRAP_A.address])


def test_connecting_to_an_absent_strap_fails_in_time_and_harms_nothing() -> None:
    async def main() -> float:
        async with room(STRAP_A, STRAP_B) as here:
            absent, _ = here.wearers
            absent.leave()
            before_s = here.clock.now_s()
            client = BleakClient(absent.id, backend=here.central.backend().client, timeout=3.0)
            with pytest.raises(BleakDeviceNotFoundError):
                await client.connect()
            took_s = here.clock.now_s() - before_s
            async with connected(here, 1) as other:
                assert other.is_connected
            absent.come_back()
            async with connected(here, 0) as back:
                assert back.is_connected
            return took_s

    assert run(main()) == pytest.approx(3.0)


def test_an_attempt_that_is_cancelled_leaves_the_adapter_free() -> None:
    async def main() -> None:
        async with room(STRAP_A, STRAP_B) as here:
            here.wearers[0].leave()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.0), connected(here, 0):
                    pass
            async with connected(here, 1) as client:
                assert client.is_connected

    run(main())


# --- reading ---


def test_battery_body_location_and_device_information_can_be_read() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here, connected(here) as client:
            assert await client.read_gatt_char(BATTERY_LEVEL) == bytes([87])
            assert await client.read_gatt_char(BODY_LOCATION) == bytes([1])
            for key, text in STRAP_A.info.items():
                assert await client.read_gatt_char(DEVICE_INFORMATION[key]) == text.encode()

    run(main())


def test_a_battery_that_runs_down_is_notified() -> None:
    async def main() -> list[bytes]:
        async with room(STRAP_A) as here, connected(here) as client:
            got = await subscribed(client, BATTERY_LEVEL)
            await here.wearers[0].strap.discharge(86)
            await asyncio.sleep(0.1)
            assert await client.read_gatt_char(BATTERY_LEVEL) == bytes([86])
            return got

    assert run(main()) == [bytes([86])]


# --- heart rate ---


def test_every_interval_that_is_sent_arrives_once_and_in_order() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here, connected(here) as client:
            got = await subscribed(client)
            await asyncio.sleep(300)
            assert rr_of(got) == rr_sent(here.wearers[0].sent)
            assert len(rr_of(got)) > 250

    run(main())


def test_the_log_of_a_strap_tells_when_each_beat_was_and_what_became_of_it() -> None:
    async def main() -> None:
        async with room(replace(STRAP_A, loss=0.1)) as here:
            log = here.wearers[0].sent
            await asyncio.sleep(60)
            async with connected(here) as client:
                got = await subscribed(client)
                since_s = here.clock.now_s()
                await asyncio.sleep(600)
            assert {row.fate for row in log if row.sent_s < since_s} == {"unheard"}
            assert {row.fate for row in log if row.sent_s > since_s} == {"sent", "lost"}
            assert rr_of(got) == rr_sent(log)
            beat_s = np.array([row.beat_s for row in log])
            rr_s = np.array([row.rr_ticks for row in log]) / 1024
            np.testing.assert_allclose(np.diff(beat_s), rr_s[1:], atol=1.001 / 1024)
            assert all(0 <= row.sent_s - row.beat_s <= 1.0 + 1e-9 for row in log)

    run(main())


def test_late_packets_keep_their_order() -> None:
    async def main() -> None:
        random = Random(5)
        link = VirtualLink(delay_s=lambda: random.expovariate(1 / 0.5))
        async with room(STRAP_A, link=link) as here, connected(here) as client:
            got = await subscribed(client)
            begin_s = here.clock.now_s()
            await asyncio.sleep(200)
            arrived = rr_of(got)
            assert arrived == rr_sent(here.wearers[0].sent, begin_s)[: len(arrived)]
            assert len(arrived) > 150

    run(main())


def test_both_straps_are_connected_and_heard_at_once() -> None:
    async def main() -> None:
        async with room(STRAP_A, STRAP_B) as here:
            client = here.central.backend().client
            both = [BleakClient(w.id, backend=client, timeout=5) for w in here.wearers]
            await asyncio.gather(*(each.connect() for each in both))
            got = await asyncio.gather(*(subscribed(each) for each in both))
            await asyncio.sleep(60)
            for wearer, packets in zip(here.wearers, got, strict=True):
                assert rr_of(packets) == rr_sent(wearer.sent)
                assert len(packets) == pytest.approx(60, abs=1)
            for each in both:
                await each.disconnect()

    run(main())


# --- losing the connection ---


def test_a_drop_is_told_at_once_and_leaves_the_other_strap_alone() -> None:
    async def main() -> None:
        async with room(STRAP_A, STRAP_B) as here, connected(here, 1) as other:
            dropped_s: list[float] = []
            client = BleakClient(
                here.wearers[0].id,
                lambda _: dropped_s.append(here.clock.now_s()),
                backend=here.central.backend().client,
            )
            await client.connect()
            await here.wearers[0].strap.drop()
            await asyncio.sleep(0.01)
            assert dropped_s == [pytest.approx(here.clock.now_s(), abs=0.02)]
            assert (client.is_connected, other.is_connected) == (False, True)
            await client.disconnect()
            assert len(dropped_s) == 1

    run(main())


def test_out_of_range_ends_the_connection_after_the_supervision_timeout() -> None:
    async def main() -> None:
        async with room(STRAP_A, link=VirtualLink(supervision_s=2.0)) as here:
            dropped_s: list[float] = []
            client = BleakClient(
                here.wearers[0].id,
                lambda _: dropped_s.append(here.clock.now_s()),
                backend=here.central.backend().client,
            )
            await client.connect()
            left_s = here.clock.now_s()
            here.wearers[0].leave()
            await asyncio.sleep(1.9)
            assert client.is_connected
            await asyncio.sleep(10)
            assert dropped_s == [pytest.approx(left_s + 2.0)]
            assert here.wearers[0].strap.connections == []
            here.wearers[0].come_back()
            async with connected(here) as again:
                assert again.is_connected

    run(main())


def test_what_was_sent_in_a_short_absence_arrives_when_it_is_over() -> None:
    async def main() -> None:
        link = VirtualLink(supervision_s=6.0)
        async with room(STRAP_A, link=link) as here, connected(here) as client:
            got = await subscribed(client)
            await asyncio.sleep(10)
            here.wearers[0].leave()
            before = len(got)
            await asyncio.sleep(5)
            assert len(got) == before
            here.wearers[0].come_back()
            await asyncio.sleep(0.01)
            assert len(got) == before + 5
            assert rr_of(got) == rr_sent(here.wearers[0].sent)

    run(main())


def test_a_strap_that_refuses_is_left_within_a_moment() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here:
            here.wearers[0].strap.refuses = True
            with pytest.raises(BleakError):
                async with connected(here):
                    pass
            here.wearers[0].strap.refuses = False
            async with connected(here) as client:
                assert client.is_connected

    run(main())


def test_a_request_that_is_open_when_the_connection_ends_fails_instead_of_hanging() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here, connected(here) as client:
            here.wearers[0].leave()
            before_s = here.clock.now_s()
            with pytest.raises(BleakError):
                await client.read_gatt_char(BATTERY_LEVEL)
            assert here.clock.now_s() - before_s == pytest.approx(2.0)

    run(main())


# --- Polar's measurement data ---


class Control:
    """What a program sees of Polar's service."""

    def __init__(self, client: BleakClient) -> None:
        self.client = client
        self.frames: list[bytes] = []
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def open(self) -> None:
        await self.client.start_notify(polar.DATA_UUID, lambda _, d: self.frames.append(bytes(d)))
        await self.client.start_notify(
            polar.CONTROL_UUID, lambda _, data: self._answers.put_nowait(bytes(data))
        )

    async def ask(self, request: bytes) -> polar.Answer:
        await self.client.write_gatt_char(polar.CONTROL_UUID, request, response=True)
        return polar.decode_answer(await self._answers.get())


@asynccontextmanager
async def measured(here: Room) -> AsyncIterator[Control]:
    async with connected(here) as client:
        control = Control(client)
        await control.open()
        yield control


def test_a_polar_strap_tells_what_it_measures_and_answers_each_request() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here, measured(here) as control:
            features = bytes(await control.client.read_gatt_char(polar.CONTROL_UUID))
            assert polar.decode_features(features).kinds == {"ecg", "acc"}
            offered = await control.ask(polar.settings_request("acc"))
            assert offered.settings["rate_hz"] == (25, 50, 100, 200)
            start, stop = polar.start_request("ecg"), polar.stop_request("ecg")
            statuses = [(await control.ask(r)).status for r in (start, start, stop, stop)]
            assert statuses == [0, 6, 0, 6]
            assert here.wearers[0].strap.requests[1:] == [start, start, stop, stop]

    run(main())


@pytest.mark.parametrize(
    ("request_hex", "status"),
    [
        ("02", 4),
        ("0900", 1),
        ("0209", 2),
        ("0200", 5),
        ("02000001830001010e00", 8),
        ("020000018200010110 00", 7),
        ("020200013200010110000201 0300", 9),
    ],
)
def test_a_wrong_request_is_answered_with_its_status(request_hex: str, status: int) -> None:
    async def main() -> int | None:
        async with room(STRAP_A) as here, measured(here) as control:
            return (await control.ask(bytes.fromhex(request_hex))).status

    assert run(main()) == status


def test_a_kind_that_the_strap_lacks_is_not_supported() -> None:
    async def main() -> int | None:
        async with room(replace(STRAP_A, measures=("ecg",))) as here, measured(here) as control:
            return (await control.ask(polar.start_request("acc"))).status

    assert run(main()) == 3


def test_a_strap_without_polar_data_has_no_such_service() -> None:
    async def main() -> None:
        async with room(STRAP_B) as here, connected(here) as client:
            assert client.services.get_service(polar.SERVICE_UUID) is None

    run(main())


def test_a_request_without_indications_is_refused() -> None:
    async def main() -> int:
        async with room(STRAP_A) as here, connected(here) as client:
            with pytest.raises(BleakGATTProtocolError) as refused:
                await client.write_gatt_char(
                    polar.CONTROL_UUID, polar.start_request("ecg"), response=True
                )
            return int(refused.value.code)

    assert run(main()) == 0xFD


@pytest.mark.parametrize("off_ppm", [-20_000.0, 0.0, 13_000.0])
def test_the_peaks_of_the_ecg_are_the_beats_and_its_rate_is_what_was_chosen(
    off_ppm: float,
) -> None:
    making = replace(STRAP_A, ecg_off_ppm=off_ppm, drift_ppm=40.0)
    hz = 130 * (1 + off_ppm * 1e-6)

    async def main() -> tuple[list[bytes], np.ndarray]:
        async with room(making) as here, measured(here) as control:
            await asyncio.sleep(5)
            assert (await control.ask(polar.start_request("ecg"))).succeeded
            await asyncio.sleep(60)
            assert (await control.ask(polar.stop_request("ecg"))).succeeded
            await asyncio.sleep(5)
            return control.frames, np.array([row.beat_s for row in here.wearers[0].sent])

    data, beat_s = run(main())
    frames = [polar.decode_frame(frame) for frame in data]
    assert all(frame.problem == "" and len(frame.samples) == 73 for frame in frames)
    ends_s = np.array([((frame.stamp_ns or 0) - FIRST_NS) / 1e9 / (1 + 40e-6) for frame in frames])
    np.testing.assert_allclose(np.diff(ends_s), 73 / hz, atol=1e-6)
    samples_uv = np.concatenate([frame.samples for frame in frames])
    t_s = ends_s[0] + (np.arange(len(samples_uv)) - 72) / hz
    middle = samples_uv[1:-1]
    top = (middle > 700) & (middle >= samples_uv[:-2]) & (middle > samples_uv[2:])
    peaks_s = t_s[1:-1][top]
    inside = beat_s[(beat_s > t_s[0] + 0.1) & (beat_s < t_s[-1] - 0.1)]
    assert len(inside) > 50
    assert np.abs(inside[:, None] - peaks_s).min(axis=1).max() <= 0.75 / hz
    assert len(peaks_s) <= len(inside) + 2


def test_acceleration_shows_gravity() -> None:
    async def main() -> list[bytes]:
        async with room(STRAP_A) as here, measured(here) as control:
            await control.ask(polar.start_request("acc", rate_hz=200, range_g=8))
            await asyncio.sleep(3)
            await control.ask(polar.stop_request("acc"))
            return control.frames

    frames = [polar.decode_frame(data) for data in run(main())]
    assert sum(len(frame.samples) for frame in frames) == pytest.approx(600, abs=36)
    size_mg = np.linalg.norm(np.concatenate([frame.samples for frame in frames]), axis=1)
    np.testing.assert_allclose(size_mg, 1000, atol=2)


def test_frames_are_as_short_as_the_connection_wants_them() -> None:
    async def main() -> list[bytes]:
        async with room(STRAP_A) as here:
            here.central.mtu = 64
            async with measured(here) as control:
                await control.ask(polar.start_request("ecg"))
                await asyncio.sleep(2)
                return control.frames

    frames = run(main())
    assert {len(data) for data in frames} == {61}
    assert all(polar.decode_frame(data).problem == "" for data in frames)


def test_a_pod_that_was_not_stopped_still_measures_after_a_reconnect() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here:
            async with measured(here) as control:
                await control.ask(polar.start_request("ecg"))
            assert set(here.wearers[0].strap.measuring) == {"ecg"}
            async with measured(here) as control:
                answer = await control.ask(polar.start_request("ecg"))
                assert (answer.status, answer.succeeded) == (6, True)
                await asyncio.sleep(3)
                assert len(control.frames) > 3
                await control.ask(polar.stop_request("ecg"))
            assert not here.wearers[0].strap.measuring

    run(main())


# --- wrong answers ---


def every(n: int, wrong: Callable[[bytes], bytes | None]) -> Callable[[str, bytes], bytes | None]:
    """Spoils every nth thing the strap says."""
    numbers = count(1)
    return lambda _, data: wrong(data) if next(numbers) % n == 0 else data


def test_garbage_between_good_packets_arrives_as_it_is_and_never_stops_decoding() -> None:
    async def main() -> list[bytes]:
        async with room(STRAP_A) as here, connected(here) as client:
            random = Random(2)
            here.wearers[0].strap.garble = every(3, lambda data: random.randbytes(len(data) + 1))
            got = await subscribed(client)
            await asyncio.sleep(120)
            return got

    packets = run(main())
    assert len(packets) == pytest.approx(120, abs=1)
    assert [decode(data).problem for data in packets if decode(data).problem] != []


def test_a_refusal_and_a_broken_frame_are_told_as_such() -> None:
    async def main() -> tuple[polar.Answer, list[bytes]]:
        async with room(STRAP_A) as here, measured(here) as control:
            strap: BumbleStrap = here.wearers[0].strap
            strap.garble = lambda kind, data: (
                data[:3] + b"\x0d" if kind == "polar_control" else data[:-1]
            )
            answer = await control.ask(polar.start_request("ecg"))
            await asyncio.sleep(2)
            return answer, control.frames

    answer, frames = run(main())
    assert (answer.succeeded, answer.status_word) == (False, "in the charger")
    assert frames
    assert all("cut" in polar.decode_frame(data).problem for data in frames)


# --- the collector's own way in ---


def test_the_radio_lists_both_straps_and_reads_their_batteries() -> None:
    async def main() -> None:
        async with room(STRAP_A, STRAP_B) as here:
            radio = Radio(here.central.backend())
            found = await radio.scan(2.0)
            assert {each.id: each.name for each in found} == {
                making.address: making.name for making in (STRAP_A, STRAP_B)
            }
            assert not any(each.held for each in found)
            assert [await radio.battery_percent(w.id) for w in here.wearers] == [87, 41]

    run(main())


class Recorded:
    """What the collector reported of some straps, oldest first."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def states(self, partner: str) -> list[str]:
        return [e.state for e in self.events if isinstance(e, Link) and e.partner == partner]

    def packets(self, partner: str, kind: str = "heart_rate") -> list[Packet]:
        return [
            e
            for e in self.events
            if isinstance(e, Packet) and (e.partner, e.kind) == (partner, kind)
        ]

    def rr(self, partner: str) -> list[int]:
        return rr_of([packet.data for packet in self.packets(partner)])


@asynccontextmanager
async def recording(
    here: Room, *, ecg: bool = False, acceleration: bool = False
) -> AsyncIterator[Recorded]:
    """Record everybody in the room with the collector itself."""
    recorded = Recorded()
    radio = Radio(here.central.backend())
    straps = [
        Strap(
            partner,
            wearer.id,
            radio,
            here.clock,
            recorded.events.append,
            ecg=ecg,
            acceleration=acceleration,
        )
        for partner, wearer in zip(PARTNERS, here.wearers, strict=False)
    ]
    for strap in straps:
        strap.start()
    try:
        yield recorded
    finally:
        for strap in straps:
            await strap.stop()


def test_the_collector_records_both_straps_their_devices_and_batteries() -> None:
    async def main() -> None:
        async with room(STRAP_A, STRAP_B) as here:
            async with recording(here) as recorded:
                await asyncio.sleep(60)
            for partner, wearer in zip(PARTNERS, here.wearers, strict=True):
                making = wearer.strap.making
                assert recorded.rr(partner) == rr_sent(wearer.sent)
                assert len(recorded.rr(partner)) > 50
                (device,) = (
                    e for e in recorded.events if isinstance(e, Device) and e.partner == partner
                )
                assert device.info == {**making.info, "id": making.address, "name": making.name}
                (battery,) = recorded.packets(partner, "battery")
                assert battery.data == bytes([making.battery_percent])
                assert recorded.states(partner)[-1] == "streaming"
                assert wearer.strap.connections == []

    run(main())


def test_the_collector_never_leaves_a_pod_measuring() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here:
            strap = here.wearers[0].strap
            async with recording(here, ecg=True, acceleration=True) as recorded:
                await asyncio.sleep(30)
                assert set(strap.measuring) == {"ecg", "acc"}
                await strap.drop()
                await asyncio.sleep(30)
                assert set(strap.measuring) == {"ecg", "acc"}
            assert not strap.measuring
            frames = [polar.decode_frame(p.data) for p in recorded.packets("a", "polar")]
            assert {frame.kind for frame in frames} == {"ecg", "acc"}
            assert not any(frame.problem for frame in frames)
            assert recorded.rr("a") == rr_sent(here.wearers[0].sent)

    run(main())


def test_a_pod_that_refuses_to_measure_is_recorded_without_ecg() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here:
            here.wearers[0].strap.garble = lambda kind, data: (
                data[:3] + b"\x0d" if kind == "polar_control" else data
            )
            async with recording(here, ecg=True) as recorded:
                await asyncio.sleep(30)
            assert recorded.rr("a") == rr_sent(here.wearers[0].sent)
            reasons = [e.reason for e in recorded.events if isinstance(e, Link)]
            assert any("in the charger" in reason for reason in reasons)

    run(main())


def test_an_absent_strap_is_looked_for_while_the_other_one_streams_without_a_gap() -> None:
    async def main() -> None:
        async with room(STRAP_A, STRAP_B) as here:
            absent, present = here.wearers
            absent.leave()
            async with recording(here) as recorded:
                await asyncio.sleep(120)
                assert recorded.packets("a") == []
                assert "streaming" not in recorded.states("a")
                absent.come_back()
                back_s = here.clock.now_s()
                await asyncio.sleep(20)
            assert recorded.packets("a")[0].t_s - back_s <= 6.0
            assert recorded.rr("b") == rr_sent(present.sent)
            arrivals_s = np.array([packet.t_s for packet in recorded.packets("b")])
            assert np.diff(arrivals_s).max() < 1.1

    run(main())


def test_out_of_range_is_stale_then_lost_then_streaming_again() -> None:
    async def main() -> None:
        link = VirtualLink(supervision_s=5.0)
        async with room(STRAP_A, link=link) as here, recording(here) as recorded:
            await asyncio.sleep(20)
            here.wearers[0].leave()
            await asyncio.sleep(30)
            here.wearers[0].come_back()
            await asyncio.sleep(20)
            states = recorded.states("a")
            assert states[:5] == ["scanning", "connecting", "streaming", "stale", "lost"]
            assert states[-2:] == ["connecting", "streaming"]

    run(main())


def test_garbage_is_recorded_byte_for_byte_and_the_connection_stays() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here:
            said: list[bytes] = []
            random = Random(4)

            def garble(kind: str, data: bytes) -> bytes:
                if kind != "heart_rate":
                    return data
                said.append(random.randbytes(random.randrange(20)))
                return said[-1]

            here.wearers[0].strap.garble = garble
            async with recording(here) as recorded:
                await asyncio.sleep(60)
            heard = [packet.data for packet in recorded.packets("a")]
            assert heard == said
            assert len(heard) > 50
            assert recorded.states("a").count("connecting") == 1

    run(main())


def test_a_strap_that_refuses_is_tried_again_until_it_lets_us_in() -> None:
    async def main() -> None:
        async with room(STRAP_A) as here, recording(here) as recorded:
            here.wearers[0].strap.refuses = True
            await asyncio.sleep(30)
            assert recorded.packets("a") == []
            assert recorded.states("a").count("connecting") >= 4
            here.wearers[0].strap.refuses = False
            await asyncio.sleep(15)
            assert recorded.states("a")[-1] == "streaming"

    run(main())
