"""The state machine of a strap, on a virtual clock and against virtual straps."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import statistics
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

import virtual_time
from air import IDS, INFO, World
from interbeat_collector import device_info, polar
from interbeat_collector.events import PARTNERS, Device, Event, Link, Packet, Partner
from interbeat_collector.heart_rate import decode
from interbeat_collector.session_file import read_session
from interbeat_collector.strap import BACKOFF_S, RECONNECT_AFTER_S, STALE_AFTER_S, Strap
from interbeat_collector.virtual_radio import Outcome
from virtual_time import VirtualClock

KILLED_RECORDERS = Path(__file__).parent.parent / "killed_recorders.py"


def test_a_strap_is_looked_for_connected_and_streams() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        await asyncio.sleep(10)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert world.states() == ["scanning", "connecting", "streaming"]
    assert len(world.packets()) >= 8
    assert world.worn["a"].unreleased == set()


def test_every_notification_is_reported_once_with_the_moment_it_came() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        await asyncio.sleep(60)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert [(p.t_s, p.data) for p in world.packets()] == world.worn["a"].sent
    assert len(world.worn["a"].sent) > 50


def test_the_callback_is_plain_and_its_first_statement_takes_the_time() -> None:
    for callback in (
        Strap._on_heart_rate,
        Strap._on_battery,
        Strap._on_polar_frame,
        Strap._on_polar_answer,
    ):
        assert not inspect.iscoroutinefunction(callback), "bleak would run it later, as a task"
        first = inspect.getsource(callback).splitlines()[1]
        assert "self._clock.now_s()" in first


def test_streaming_is_announced_with_the_first_packet_and_before_it() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        await world.until(lambda: bool(world.packets()))
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    first = world.packets()[0]
    assert world.events[world.events.index(first) - 1] == Link(first.t_s, "a", "streaming")


def test_silence_is_stale_after_three_seconds_and_reconnects_after_ten() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        await asyncio.sleep(30)
        world.worn["a"].silence(10.5)
        await asyncio.sleep(30)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert world.states() == [
        *("scanning", "connecting", "streaming", "stale", "lost", "backoff"),
        *("scanning", "connecting", "streaming"),
    ]
    stale, lost = (next(e for e in world.links() if e.state == s) for s in ("stale", "lost"))
    last_s = max(p.t_s for p in world.packets() if p.t_s < stale.t_s)
    assert stale.t_s == pytest.approx(last_s + STALE_AFTER_S, abs=1e-6)
    assert lost.t_s == pytest.approx(last_s + RECONNECT_AFTER_S, abs=1e-6)
    assert "sent nothing for 10 s" in lost.reason
    assert len(world.worn["a"].connected_s) == 2


def test_a_second_silence_is_stale_as_soon_as_the_first() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        for _ in range(2):
            await asyncio.sleep(7)
            world.worn["a"].silence(4.5)
        await asyncio.sleep(10)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    stale = [link.t_s for link in world.links() if link.state == "stale"]
    last_s = [max(p.t_s for p in world.packets() if p.t_s < t_s) for t_s in stale]
    assert stale == pytest.approx([t_s + STALE_AFTER_S for t_s in last_s], abs=1e-6)
    assert len(stale) == 2


def test_a_packet_ends_staleness_without_a_new_connection() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        await asyncio.sleep(30)
        world.worn["a"].silence(5)
        await asyncio.sleep(30)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert world.states()[2:] == ["streaming", "stale", "streaming"]
    assert len(world.worn["a"].connected_s) == 1


def test_a_burst_after_a_delay_is_recorded_whole_and_in_order() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        await asyncio.sleep(30)
        world.worn["a"].hold(8)
        await asyncio.sleep(30)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert [p.data for p in world.packets()] == [data for _, data in world.worn["a"].sent]
    together = [p.t_s for p in world.packets()]
    assert max(together.count(t_s) for t_s in together) >= 6
    assert len(world.worn["a"].connected_s) == 1


def test_rests_between_attempts_grow_to_five_seconds_and_begin_anew_after_a_packet() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        world.worn["a"].leave()
        strap.start()
        await asyncio.sleep(180)
        world.worn["a"].come_back()
        await world.until(lambda: strap.state == "streaming")
        world.worn["a"].drop()
        await asyncio.sleep(5)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    rests_s = [
        after.t_s - before.t_s
        for before, after in pairwise(world.links())
        if (before.state, after.state) == ("backoff", "scanning")
    ]
    expected = [*BACKOFF_S, *[BACKOFF_S[-1]] * 20]
    assert rests_s[:-1] == pytest.approx(expected[: len(rests_s) - 1], abs=1e-6)
    assert len(rests_s) > len(BACKOFF_S) + 2
    assert rests_s[-1] == pytest.approx(BACKOFF_S[0], abs=1e-6)


FAILURES: list[tuple[Outcome, str]] = [
    ("timeout", "did not answer"),
    ("hang", "did not answer"),
    ("not_found", "was not found. Moisten the electrodes, wear it, and close phone apps"),
    ("refused", "could not be connected"),
    ("error", "could not be used"),
    ("no_services", "does not offer"),
]


@pytest.mark.parametrize(("outcome", "said"), FAILURES)
def test_whatever_a_connection_ends_in_the_wearer_is_told_and_the_next_one_succeeds(
    outcome: Outcome, said: str
) -> None:
    async def scenario() -> World:
        world = World()
        world.worn["a"].outcomes.extend([outcome, outcome])
        strap = world.strap()
        strap.start()
        await world.until(lambda: strap.state == "streaming")
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    rests = [link for link in world.links() if link.state == "backoff"]
    assert len(rests) == 2
    assert all(link.reason.startswith("Strap a ") and said in link.reason for link in rests)
    assert world.worn["a"].unreleased == set()


def test_a_failure_nobody_foresaw_does_not_end_the_recording(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        connect, calls = world.radio.connect, []

        async def broken_once(*arguments: Any, **options: Any) -> Any:
            calls.append(arguments)
            if len(calls) == 1:
                raise KeyError("surprise")
            return await connect(*arguments, **options)

        monkeypatch.setattr(world.radio, "connect", broken_once)
        strap.start()
        await world.until(lambda: strap.state == "streaming")
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert "surprise" in next(link.reason for link in world.links() if link.state == "backoff")


def test_bluetooth_that_is_switched_off_is_waited_for() -> None:
    async def scenario() -> World:
        world = World()
        world.air.powered = False
        strap = world.strap()
        strap.start()
        await asyncio.sleep(20)
        assert world.states()[-1] in ("backoff", "scanning")
        world.air.powered = True
        await world.until(lambda: strap.state == "streaming", limit_s=10)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    reasons = {link.reason for link in world.links() if link.state == "backoff"}
    assert reasons == {"Bluetooth is off. Switch it on in the settings of the system."}


def test_nothing_comes_twice_after_twenty_reconnections() -> None:
    async def scenario() -> World:
        world = World(copies_after_reconnect=True)
        strap = world.strap()
        strap.start()
        for _ in range(20):
            await asyncio.sleep(15)
            world.worn["a"].drop()
        await asyncio.sleep(15)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    worn = world.worn["a"]
    assert len(worn.connected_s) == 21
    assert [(p.t_s, p.data) for p in world.packets()] == worn.sent
    assert worn.unreleased == set()


def test_without_disconnect_after_a_drop_they_would() -> None:
    """The virtual strap does what hbldh/bleak#2002 is about, so the test above can fail."""

    async def scenario() -> tuple[int, int]:
        world = World(copies_after_reconnect=True)
        heard: list[bytes] = []
        for _ in range(2):
            client = await world.radio.connect(IDS["a"])
            await client.start_notify(
                "00002a37-0000-1000-8000-00805f9b34fb",
                lambda _, data: heard.append(bytes(data)),
            )
            await asyncio.sleep(10)
            world.worn["a"].drop()
        # The second connection may still be waiting for its end.
        await asyncio.sleep(0)
        return len(heard), len(world.worn["a"].sent)

    heard, sent = virtual_time.run(scenario())
    assert heard > sent * 1.3


def test_two_straps_never_meet_at_the_adapter() -> None:
    async def scenario() -> World:
        world = World()
        straps = [world.strap(p) for p in PARTNERS]
        for strap in straps:
            strap.start()
        random = Random(4)
        for _ in range(60):
            await asyncio.sleep(random.uniform(0, 20))
            worn = world.worn[random.choice(PARTNERS)]
            if worn.in_range:
                worn.leave()
            else:
                worn.come_back()
            if random.random() < 0.3:
                worn.outcomes.append(random.choice(("refused", "timeout", "error")))
        for strap in straps:
            await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert world.air.collisions == 0
    assert all(len(world.worn[p].connected_s) > 5 for p in PARTNERS)


def test_a_strap_that_is_back_is_connected_within_five_seconds() -> None:
    """In 95 of 100 outages of half a second to five minutes, of both straps at will."""

    async def outages(world: World, partner: Partner, seed: int) -> list[float]:
        random, worn, back_s = Random(seed), world.worn[partner], []
        for _ in range(100):
            await asyncio.sleep(random.uniform(20, 60))
            worn.leave()
            await asyncio.sleep(0.5 * 600 ** random.random())
            worn.come_back()
            back_s.append(world.clock.now_s())
        await asyncio.sleep(60)
        return [next(c for c in worn.connected_s if c >= t_s) - t_s for t_s in back_s]

    async def scenario() -> list[float]:
        world = World()
        straps = [world.strap(p) for p in PARTNERS]
        for strap in straps:
            strap.start()
        waits_s = await asyncio.gather(*(outages(world, p, i) for i, p in enumerate(PARTNERS)))
        for strap in straps:
            await strap.stop()
        return waits_s[0] + waits_s[1]

    waits_s = virtual_time.run(scenario())
    assert len(waits_s) == 200
    assert statistics.quantiles(waits_s, n=20)[-1] <= 5.0
    assert statistics.median(waits_s) <= 1.5


def test_a_strap_that_is_away_does_not_keep_the_other_one_waiting() -> None:
    async def scenario() -> float:
        world = World()
        straps = [world.strap(p) for p in PARTNERS]
        world.worn["b"].leave()
        for strap in straps:
            strap.start()
        await asyncio.sleep(60)
        waits_s = []
        for _ in range(40):
            world.worn["a"].drop()
            dropped_s = world.clock.now_s()
            await world.until(lambda: world.worn["a"].client is not None)
            waits_s.append(world.clock.now_s() - dropped_s)
            await asyncio.sleep(7.3)
        for strap in straps:
            await strap.stop()
        return max(waits_s)

    assert virtual_time.run(scenario()) < 1.5


def test_battery_and_device_are_recorded_at_each_connection() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        await asyncio.sleep(10)
        world.worn["a"].wear_down(79)
        await asyncio.sleep(10)
        world.worn["a"].drop()
        await asyncio.sleep(10)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert [d.info for d in world.devices()] == [{"id": IDS["a"], "name": "Strap a", **INFO}] * 2
    levels = [device_info.decode_battery(p.data) for p in world.packets(kind="battery")]
    assert levels == [80, 79, 79]


@pytest.mark.parametrize("how", ["failing_reads", "hanging_reads"])
def test_reads_that_fail_or_never_end_leave_the_heart_rate_alone(how: str) -> None:
    async def scenario() -> World:
        world = World()
        everything = {device_info.BATTERY_LEVEL_UUID, *device_info.TEXT_UUIDS.values()}
        getattr(world.worn["a"], how).update(everything)
        strap = world.strap()
        strap.start()
        await asyncio.sleep(60)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert world.states() == ["scanning", "connecting", "streaming"]
    assert [(p.t_s, p.data) for p in world.packets()] == world.worn["a"].sent
    assert [d.info for d in world.devices()] == [{"id": IDS["a"], "name": "Strap a"}]
    assert world.packets(kind="battery") == []


def test_a_lifted_strap_stays_connected_and_says_so() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap()
        strap.start()
        await asyncio.sleep(20)
        world.worn["a"].lift(3)
        await asyncio.sleep(20)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    lifted = [decode(p.data) for p in world.packets() if 20 <= p.t_s < 23]
    assert 2 <= len(lifted) <= 4
    assert {(m.hr_bpm, m.contact, m.rr_ticks) for m in lifted} == {(0, False, ())}
    assert world.states() == ["scanning", "connecting", "streaming"]


def test_a_strap_that_is_handed_over_tells_the_new_sink_what_the_old_one_knew() -> None:
    async def scenario() -> tuple[World, list[Event]]:
        world, later = World(), list[Event]()
        strap = world.strap()
        strap.start()
        await asyncio.sleep(20)
        strap.hand_over("b", VirtualClock(start_s=0.0), later.append)
        await asyncio.sleep(10)
        world.worn["a"].silence(100)
        await asyncio.sleep(8)
        await strap.stop()
        return world, later

    world, later = virtual_time.run(scenario())
    assert all(e.t_s <= 20 for e in world.events)
    link, device, battery = later[:3]
    assert link == Link(0.0, "b", "streaming")
    assert isinstance(device, Device)
    assert device.info["serial"] == "1"
    assert battery == Packet(0.0, "b", "battery", b"P")
    assert {e.partner for e in later if isinstance(e, Packet | Link | Device)} == {"b"}
    packets = [e for e in later if isinstance(e, Packet) and e.kind == "heart_rate"]
    assert [p.data for p in [*world.packets(), *packets]] == [d for _, d in world.worn["a"].sent]
    stale = next(e for e in later if isinstance(e, Link) and e.state == "stale")
    assert stale.t_s == pytest.approx(packets[-1].t_s + STALE_AFTER_S, abs=1e-6)
    assert len(world.worn["a"].connected_s) == 1


def test_stopping_at_any_moment_leaves_nothing_behind() -> None:
    async def scenario(stop_s: float, seed: int) -> World:
        world, random = World(measures=["ecg", "acc"]), Random(seed)
        for worn in world.worn.values():
            worn.outcomes.extend(random.choices(("ok", "timeout", "hang", "error"), k=3))
        straps = [world.strap(p, ecg=True, acceleration=True) for p in PARTNERS]
        for strap in straps:
            strap.start()
        await asyncio.sleep(stop_s / 2)
        world.worn["a"].drop()
        await asyncio.sleep(stop_s / 2)
        for strap in straps:
            await strap.stop()
        return world

    random = Random(7)
    for seed in range(150):
        world = virtual_time.run(scenario(random.choice((1.0, 4.0, 20.0)) * random.random(), seed))
        assert (world.air.scanning, world.air.connecting) == (0, 0)
        for worn in world.worn.values():
            assert worn.client is None
            assert worn.unreleased == set()


# --- ECG and acceleration ---


async def measuring(world: World) -> Strap:
    strap = world.strap(ecg=True, acceleration=True)
    strap.start()
    await world.until(lambda: world.worn["a"].measuring == {"ecg", "acc"})
    return strap


def test_ecg_and_acceleration_are_recorded_as_they_come() -> None:
    async def scenario() -> World:
        world = World(measures=["ecg", "acc"])
        strap = await measuring(world)
        await asyncio.sleep(10)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    frames = [polar.decode_frame(p.data) for p in world.packets(kind="polar")]
    assert {f.kind for f in frames} == {"ecg", "acc"}
    assert not any(f.problem for f in frames)
    answers = [polar.decode_answer(p.data) for p in world.packets(kind="polar_control")]
    assert [(a.op, a.kind) for a in answers[:4]] == [
        *(("settings", "acc"), ("start", "acc")),
        *(("settings", "ecg"), ("start", "ecg")),
    ]


def test_nothing_is_asked_of_the_control_point_unless_it_was_opted_for() -> None:
    async def scenario() -> World:
        world = World(measures=["ecg", "acc"])
        strap = world.strap()
        strap.start()
        await asyncio.sleep(10)
        await strap.stop()
        return world

    assert virtual_time.run(scenario()).worn["a"].written == []


def test_what_is_asked_for_late_begins_at_once_and_comes_back_after_a_drop() -> None:
    async def scenario() -> World:
        world = World(measures=["ecg", "acc"])
        strap = world.strap()
        strap.start()
        await asyncio.sleep(10)
        assert world.worn["a"].written == []
        strap.measure(ecg=True, acceleration=False)
        await world.until(lambda: world.worn["a"].measuring == {"ecg"}, 1.0)
        world.worn["a"].measuring.clear()
        world.worn["a"].drop()
        await world.until(lambda: world.worn["a"].measuring == {"ecg"}, 10.0)
        await strap.stop()
        return world

    worn = virtual_time.run(scenario()).worn["a"]
    assert len(worn.connected_s) == 2
    assert worn.measuring == set()


def test_measurements_are_stopped_when_the_recording_is() -> None:
    async def scenario() -> World:
        world = World(measures=["ecg", "acc"])
        strap = await measuring(world)
        await strap.stop()
        return world

    worn = virtual_time.run(scenario()).worn["a"]
    assert worn.measuring == set()
    assert worn.written[-2:] == [polar.stop_request("ecg"), polar.stop_request("acc")]


def test_measurements_are_stopped_when_the_recording_is_stopped_twice_in_a_hurry() -> None:
    async def scenario() -> World:
        world = World(measures=["ecg", "acc"])
        strap = world.strap(ecg=True, acceleration=True)
        running = asyncio.ensure_future(strap.run())
        await world.until(lambda: world.worn["a"].measuring == {"ecg", "acc"})
        for _ in range(2):
            running.cancel()
            await asyncio.sleep(0.01)
        await asyncio.wait([running])
        return world

    assert virtual_time.run(scenario()).worn["a"].measuring == set()


def test_measurements_are_stopped_before_a_silent_strap_is_let_go() -> None:
    async def scenario() -> World:
        world = World(measures=["ecg", "acc"])
        strap = await measuring(world)
        world.worn["a"].silence(12)
        await world.until(lambda: len(world.worn["a"].written) >= 6)
        assert world.worn["a"].measuring == set()
        await strap.stop()
        return world

    assert virtual_time.run(scenario()).worn["a"].measuring == set()


def test_a_strap_that_still_measures_after_a_drop_is_taken_at_its_word() -> None:
    async def scenario() -> World:
        world = World(measures=["ecg", "acc"])
        strap = await measuring(world)
        world.worn["a"].drop()
        world.worn["a"].answers.extend([0, polar.ALREADY_IN_STATE, 0, polar.ALREADY_IN_STATE])
        await asyncio.sleep(10)
        assert world.links()[-1] == Link(world.links()[-1].t_s, "a", "streaming")
        await strap.stop()
        return world

    worn = virtual_time.run(scenario()).worn["a"]
    assert worn.measuring == set()
    assert len(worn.connected_s) == 2


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([0, 13, 0, 13], "did not start: in the charger"),
        ([None] * 4, "did not answer"),
        ([3, 3, 3, 3], "did not start: not supported"),
    ],
)
def test_measurements_that_do_not_start_are_told_and_stopped_all_the_same(
    answers: list[int | None], said: str
) -> None:
    async def scenario() -> World:
        world = World(measures=["ecg", "acc"])
        world.worn["a"].answers.extend(answers)
        strap = world.strap(ecg=True, acceleration=True)
        strap.start()
        await asyncio.sleep(60)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert set(world.states()[2:]) == {"streaming"}
    assert said in world.links()[-1].reason
    assert len(world.packets()) > 50
    assert world.worn["a"].measuring == set()


def test_an_unpaired_strap_is_to_be_paired_and_goes_on_with_the_heart_rate() -> None:
    async def scenario() -> World:
        world = World(measures=["ecg"])
        world.worn["a"].needs_pairing = True
        strap = world.strap(ecg=True)
        strap.start()
        await asyncio.sleep(30)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert "Pair it in the Bluetooth settings" in world.links()[-1].reason
    assert len(world.packets()) > 20


def test_a_strap_without_ecg_says_so_and_goes_on() -> None:
    async def scenario() -> World:
        world = World()
        strap = world.strap(ecg=True)
        strap.start()
        await asyncio.sleep(30)
        await strap.stop()
        return world

    world = virtual_time.run(scenario())
    assert world.links()[-1].reason == (
        "Strap a: It offers neither ECG nor acceleration; its heart rate is recorded all the same."
    )
    assert world.states()[-1] == "streaming"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="recorders are forked")
def test_every_acknowledged_packet_survives_fifty_kills(tmp_path: Path) -> None:
    recorders = subprocess.run(
        [sys.executable, str(KILLED_RECORDERS), str(tmp_path), "50", "1"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    told = [json.loads(line) for line in recorders.stdout.splitlines()]
    assert len(told) == 50
    for one in told:
        recording = read_session(Path(one["folder"]) / "killed.interbeat")
        packets = [e for e in recording.events if isinstance(e, Packet) and e.kind == "heart_rate"]
        assert len(packets) >= one["acknowledged"] > 0
        assert len({(p.t_s, p.partner) for p in packets}) == len(packets), "nothing came twice"
        assert recording.end is None
    assert sum(one["acknowledged"] for one in told) > 500
