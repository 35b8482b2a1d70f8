"""What is tried inside the virtual machine, first with bleak alone, then with interbeat.

Prints one line of JSON for each claim: what is claimed, what was measured, and whether it held
(null: a defect of bleak, shown for the record).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from platform import release
from statistics import median, quantiles
from subprocess import check_output
from time import monotonic

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice

from air import POLL_S, Adapter, RecordingStrap, strap_on
from interbeat_collector.bumble_link import VirtualLink
from interbeat_collector.clock import SessionClock
from interbeat_collector.events import PARTNERS, Device, Event, Link, Packet, Partner, Session
from interbeat_collector.heart_rate import decode
from interbeat_collector.radio import HEART_RATE_MEASUREMENT, HEART_RATE_SERVICE, Radio
from interbeat_collector.session_file import SessionWriter, read_session
from interbeat_collector.simulation import DyadSettings, dyad
from interbeat_collector.strap import RECONNECT_AFTER_S, Strap

NAMES: dict[Partner, str] = {"a": "Polar H10 AAAA0001", "b": "Polar H10 BBBB0002"}
CONNECTIONS_WITH_BLEAK = 4
PACED, PACE_S = 60, 0.05
BURST = 200
RECONNECTS = 20
PACKETS_IN_CONNECTION = 2
RECONNECT_LIMIT_S = 5.0
ECG_FRAME_BYTES = 229
PATIENCE_S = 60.0

Straps = dict[Partner, RecordingStrap]


async def main() -> None:
    link, clock = VirtualLink(), SessionClock()
    adapter = Adapter(link)
    await adapter.plug_in()
    hearts = dyad(DyadSettings())
    straps = {p: await strap_on(link, NAMES[p], hearts[p], clock) for p in PARTNERS}
    daemon = check_output(["/usr/libexec/bluetooth/bluetoothd", "--version"], text=True).strip()
    tell(
        "versions",
        f"Linux {release()}, BlueZ {daemon}, Python {sys.version.split()[0]}, "
        f"bleak {version('bleak')}, Bumble {version('bumble')}",
        True,
    )
    await with_bleak(straps)
    hearts_beat = [asyncio.create_task(strap.run()) for strap in straps.values()]
    await with_interbeat(straps, adapter, clock)
    for task in hearts_beat:
        task.cancel()


# --- bleak alone ---


async def with_bleak(straps: Straps) -> None:
    devices = await scan(straps)
    async with both_connected(straps, devices) as got:
        await notifications_in_order(straps, got)
        await burst(straps, got)
    await copies_after_reconnects(straps["a"], devices["a"])


async def scan(straps: Straps) -> dict[Partner, BLEDevice]:
    by_id = {strap.id: partner for partner, strap in straps.items()}
    begin_s = monotonic()
    devices: dict[Partner, BLEDevice] = {}
    async with BleakScanner(service_uuids=[HEART_RATE_SERVICE]) as scanner:
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                async for device, _ in scanner.advertisement_data():
                    devices[by_id[device.address]] = device
                    if devices.keys() == straps.keys():
                        break
    names = ", ".join(sorted(device.name or "" for device in devices.values()))
    took_s = monotonic() - begin_s
    found = {partner: device.name for partner, device in devices.items()} == NAMES
    tell("bleak: a scan by full UUID lists both", f"{names} in {took_s:.1f} s", found)
    return devices


Heard = list[tuple[float, bytes]]
Got = dict[Partner, Heard]


def keep(heard: Heard) -> Callable[[object, bytearray], None]:
    """What bleak is to call with every notification."""
    return lambda _, data: heard.append((monotonic(), bytes(data)))


@asynccontextmanager
async def both_connected(straps: Straps, devices: dict[Partner, BLEDevice]) -> AsyncIterator[Got]:
    got: Got = {partner: [] for partner in PARTNERS}
    clients = {partner: BleakClient(devices[partner]) for partner in PARTNERS}
    begin_s = monotonic()
    await asyncio.gather(*(client.connect() for client in clients.values()))
    took_s = monotonic() - begin_s
    for partner, client in clients.items():
        await client.start_notify(HEART_RATE_MEASUREMENT, keep(got[partner]))
    tell(
        "bleak: both connect at once",
        f"{1000 * took_s:.0f} ms with discovery",
        all(strap.heard for strap in straps.values()),
    )
    yield got
    for client in clients.values():
        await client.disconnect()


async def notifications_in_order(straps: Straps, got: Got) -> None:
    sent_s: dict[Partner, list[float]] = {partner: [] for partner in PARTNERS}
    for number in range(PACED):
        for partner, strap in straps.items():
            sent_s[partner].append(monotonic())
            await strap.say("heart_rate", numbered(number))
        await asyncio.sleep(PACE_S)
    await until(lambda: all(len(got[p]) >= PACED for p in PARTNERS))
    delays_ms = [
        1000 * (arrival_s - send_s)
        for partner in PARTNERS
        for send_s, (arrival_s, _) in zip(sent_s[partner], got[partner], strict=False)
    ]
    tell(
        f"bleak: {PACED} notifications of each in order",
        f"{median(delays_ms):.0f} ms late (median), {quantiles(delays_ms, n=100)[98]:.0f} ms (p99)",
        in_order(got, PACED),
    )


async def burst(straps: Straps, got: Got) -> None:
    for packets in got.values():
        packets.clear()
    begin_s = monotonic()
    for number in range(BURST):
        for strap in straps.values():
            await strap.say("heart_rate", numbered(number))
    await until(lambda: all(len(got[p]) >= BURST for p in PARTNERS))
    counts = " and ".join(str(len(packets)) for packets in got.values())
    tell(
        f"bleak: a burst of {BURST} from each is complete and in order",
        f"{counts} in {monotonic() - begin_s:.1f} s",
        in_order(got, BURST),
    )


def in_order(got: Got, count: int) -> bool:
    return all(
        [data for _, data in got[partner]] == [numbered(number) for number in range(count)]
        for partner in PARTNERS
    )


async def copies_after_reconnects(strap: RecordingStrap, device: BLEDevice) -> None:
    once = [1] * CONNECTIONS_WITH_BLEAK
    left = await copies(strap, device, disconnect=False)
    tell(
        "bleak: copies after drops WITHOUT disconnect()",
        f"{as_text(left)} (hbldh/bleak#2002)" if left != once else f"{as_text(left)}: mended",
        None,
    )
    closed = await copies(strap, device, disconnect=True)
    tell("bleak: copies after drops with disconnect()", as_text(closed), closed == once)


async def copies(strap: RecordingStrap, device: BLEDevice, *, disconnect: bool) -> list[int]:
    """How often one notification arrives on the first, second, ... connection."""
    clients = [BleakClient(device) for _ in range(CONNECTIONS_WITH_BLEAK)]
    counts = []
    for number, client in enumerate(clients):
        counts.append(await copies_on(client, strap, numbered(number)))
        if disconnect:
            await client.disconnect()
    for client in clients:
        await client.disconnect()
    return counts


async def copies_on(client: BleakClient, strap: RecordingStrap, data: bytes) -> int:
    """How often one notification arrives on a connection that the strap then drops."""
    heard: Heard = []
    await client.connect()
    await client.start_notify(HEART_RATE_MEASUREMENT, keep(heard))
    await strap.say("heart_rate", data)
    await asyncio.sleep(0.5)
    await strap.drop()
    await until(lambda: not client.is_connected)
    return len(heard)


def as_text(counts: list[int]) -> str:
    return ", ".join(str(count) for count in counts)


def numbered(number: int) -> bytes:
    """A notification that is like no other: 60 bpm and one interval."""
    return bytes([0x10, 60]) + (800 + number).to_bytes(2, "little")


# --- interbeat's own collector ---


async def with_interbeat(straps: Straps, adapter: Adapter, clock: SessionClock) -> None:
    radio = Radio()
    await lists_both(radio)
    await records_every_interval_once(straps, radio, clock)
    await survives_the_adapter(straps, adapter, radio, clock)
    await waits_for_an_absent_strap(straps, radio, clock)


async def lists_both(radio: Radio) -> None:
    found = {strap.id: strap.name for strap in await radio.scan(3.0)}
    right = {strap_id for strap_id, name in found.items() if name in NAMES.values()}
    tell("interbeat: the scan lists both", ", ".join(sorted(found.values())), len(right) == 2)


@asynccontextmanager
async def recording(
    straps: Straps, radio: Radio, clock: SessionClock, *, ecg: bool = False
) -> AsyncIterator[list[Event]]:
    """Record both into a session file; its events are handed out at once, too."""
    for strap in straps.values():
        strap.begin_anew()
    events: list[Event] = []
    with SessionWriter(SESSIONS, a_session()) as writer:

        def sink(event: Event) -> None:
            events.append(event)
            writer.put(event)

        receivers = [Strap(p, straps[p].id, radio, clock, sink, ecg=ecg) for p in PARTNERS]
        tasks = [asyncio.create_task(receiver.run()) for receiver in receivers]
        try:
            yield events
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
    events[:] = read_session(writer.path).events


async def records_every_interval_once(straps: Straps, radio: Radio, clock: SessionClock) -> None:
    async with recording(straps, radio, clock, ecg=True) as events:
        await until(lambda: all(streams(events, p) for p in PARTNERS))
        await until(lambda: all(count(events, p, "polar") >= 3 for p in PARTNERS))
        await asyncio.gather(*(drop_often(strap) for strap in straps.values()))
        for strap in straps.values():
            strap.silent = True
        await asyncio.sleep(1)  # for what is on its way
    compare_with_truth(straps, events)
    tell_reconnects(straps, events)
    tell_ecg(straps, events)
    tell_device(events)


async def drop_often(strap: RecordingStrap) -> None:
    for _ in range(RECONNECTS):
        await hears_some(strap)
        await strap.drop()
    await hears_some(strap)


async def hears_some(strap: RecordingStrap) -> None:
    said = strap.said["heart_rate"]
    enough = len(said) + PACKETS_IN_CONNECTION
    await until(lambda: len(said) >= enough)


def compare_with_truth(straps: Straps, events: list[Event]) -> None:
    for partner, strap in straps.items():
        sent, recorded = strap.said["heart_rate"], packets(events, partner, "heart_rate")
        intervals = sum(len(decode(data).rr_ticks) for data in sent)
        tell(
            f"interbeat: {partner}, every interval sent is recorded once, in order",
            f"{len(sent)} packets, {intervals} intervals sent; {len(recorded)} packets recorded",
            recorded == sent and intervals > RECONNECTS,
        )


def tell_reconnects(straps: Straps, events: list[Event]) -> None:
    for partner, strap in straps.items():
        away_s = sorted(reconnects_s(events, partner))
        surplus = len(packets(events, partner, "heart_rate")) - len(strap.said["heart_rate"])
        p95_s = quantiles(away_s, n=20)[18]
        tell(
            f"interbeat: {partner}, no copies after {RECONNECTS} reconnects",
            f"{surplus} copies, {len(away_s)} reconnects in {median(away_s):.1f} s (median), "
            f"{p95_s:.1f} s (p95)",
            surplus == 0 and len(away_s) == RECONNECTS and p95_s <= RECONNECT_LIMIT_S,
        )


def reconnects_s(events: list[Event], partner: Partner) -> list[float]:
    """From each loss to the next packet."""
    found, lost_s = [], None
    for link in links(events, partner):
        if link.state == "lost":
            lost_s = link.t_s
        elif link.state == "streaming" and lost_s is not None:
            found.append(link.t_s - lost_s)
            lost_s = None
    return found


def tell_ecg(straps: Straps, events: list[Event]) -> None:
    for partner, strap in straps.items():
        frames = packets(events, partner, "polar")
        whole = sum(len(frame) == ECG_FRAME_BYTES for frame in frames)
        tell(
            f"interbeat: {partner}, ECG frames of {ECG_FRAME_BYTES} bytes arrive whole",
            f"{whole} of {len(frames)}",
            bool(frames) and whole == len(frames) and is_part(frames, strap.said["polar"]),
        )


def is_part(frames: list[bytes], sent: list[bytes]) -> bool:
    """Every frame was sent, in this order and once."""
    left = iter(sent)
    return all(frame in left for frame in frames)


def tell_device(events: list[Event]) -> None:
    for partner in PARTNERS:
        infos = [e.info for e in events if isinstance(e, Device) and e.partner == partner]
        levels = [data[0] for data in packets(events, partner, "battery")]
        info = infos[-1] if infos else {}
        tell(
            f"interbeat: {partner}, battery and device information are recorded",
            f"{levels[-1] if levels else '-'} %, {info.get('maker')}, {info.get('model')}, "
            f"firmware {info.get('firmware')}",
            bool(levels) and {"maker", "model", "serial", "firmware"} <= info.keys(),
        )


async def survives_the_adapter(
    straps: Straps, adapter: Adapter, radio: Radio, clock: SessionClock
) -> None:
    async with recording(straps, radio, clock) as events:
        await until(lambda: all(streams(events, p) for p in PARTNERS))
        begin, pulled_s = len(events), clock.now_s()
        await adapter.pull_out()
        await until(lambda: all(state(events, p) == "backoff" for p in PARTNERS))
        await asyncio.sleep(1)  # for an attempt that meets no adapter
        told = [link for p in PARTNERS for link in links(events[begin:], p)]
        noticed_s = max(
            next(link.t_s for link in told if link.state == "lost" and link.partner == p)
            for p in PARTNERS
        )
        plugged_s = clock.now_s()
        await adapter.plug_in()
        ready_s = clock.now_s()
        await until(lambda: all(streams(events, p) for p in PARTNERS))
        back_s = clock.now_s()
    reasons = dict.fromkeys(link.reason for link in told if link.state in ("lost", "backoff"))
    tell(
        "interbeat: adapter pulled out, both are lost and say why",
        f"after {noticed_s - pulled_s:.1f} s: " + " | ".join(reasons),
        all(reason.endswith(".") for reason in reasons),
    )
    tell(
        "interbeat: adapter back, both stream again",
        f"{back_s - ready_s:.1f} s after BlueZ had it ({ready_s - plugged_s:.1f} s)",
        back_s - ready_s <= 2 * RECONNECT_LIMIT_S,
    )


async def waits_for_an_absent_strap(straps: Straps, radio: Radio, clock: SessionClock) -> None:
    await straps["b"].power_off()
    async with recording(straps, radio, clock) as events:
        await until(lambda: state(events, "b") == "backoff")
        reason = links(events, "b")[-1].reason
        begin_s = clock.now_s()
        await straps["b"].advertise()
        await until(lambda: streams(events, "b"))
        back_s = clock.now_s()
    tell(
        "interbeat: an absent strap is told, the other streams meanwhile",
        f"{reason} (longest silence of a: {longest_silence_s(events, 'a'):.1f} s)",
        reason.endswith(".") and longest_silence_s(events, "a") < RECONNECT_AFTER_S,
    )
    tell(
        "interbeat: it streams soon after it is back",
        f"after {back_s - begin_s:.1f} s",
        back_s - begin_s <= RECONNECT_LIMIT_S,
    )


def longest_silence_s(events: list[Event], partner: Partner) -> float:
    times_s = [e.t_s for e in events if isinstance(e, Packet) and e.partner == partner]
    return max((after - before for before, after in pairwise(times_s)), default=float("inf"))


# --- what was recorded ---


def links(events: list[Event], partner: Partner) -> list[Link]:
    return [e for e in events if isinstance(e, Link) and e.partner == partner]


def state(events: list[Event], partner: Partner) -> str:
    told = links(events, partner)
    return told[-1].state if told else ""


def streams(events: list[Event], partner: Partner) -> bool:
    return state(events, partner) == "streaming"


def packets(events: list[Event], partner: Partner, kind: str) -> list[bytes]:
    return [
        e.data for e in events if isinstance(e, Packet) and (e.partner, e.kind) == (partner, kind)
    ]


def count(events: list[Event], partner: Partner, kind: str) -> int:
    return len(packets(events, partner, kind))


SESSIONS = Path("/tmp/sessions")


def a_session() -> Session:
    return Session(
        id=f"{monotonic():.3f}",
        kind="simulated",
        started_utc="2000-01-01T00:00:00Z",
        labels={"a": "A", "b": "B"},
        straps={"a": {}, "b": {}},
        software="radio-vm",
    )


async def until(reached: Callable[[], bool]) -> None:
    """Wait for something; what never comes is seen in what is told of it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not reached():
                await asyncio.sleep(POLL_S)


def tell(claim: str, measured: str, held: bool | None) -> None:
    print(
        json.dumps({"at_s": monotonic(), "claim": claim, "measured": measured, "held": held}),
        flush=True,
    )


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except Exception as error:
        tell("the scenarios run to their end", repr(error), False)
        raise
    tell("the scenarios run to their end", f"{monotonic():.0f} s after the machine was on", True)
