"""What `interbeat doctor` and `interbeat scan` find."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

import virtual_time
from air import IDS, World
from interbeat_collector.events import Packet
from interbeat_collector.heart_rate import HeartRateMeasurement, encode
from interbeat_server import doctor, strap_list


def test_the_report_says_what_two_straps_send() -> None:
    async def scenario() -> dict[str, Any]:
        world = World()
        return await doctor.examine(world.radio, world.clock, [IDS["a"], IDS["b"]])

    report = virtual_time.run(scenario())
    assert report["bluetooth"] == "ok"
    assert [strap["name"] for strap in report["straps"]] == ["Strap a", "Strap b"]
    for check in report["checks"]:
        assert check["rr"]
        assert check["contact"] is True
        assert check["battery_percent"] == 80
        assert check["info"]["serial"] == "1"
        assert 14 <= check["packets"] <= 17
        assert check["packets_per_s"] == pytest.approx(1.0, abs=0.1)
        assert (check["duplicates"], check["drops"], check["bad_packets"]) == (0, 0, 0)
        assert 0 < check["jitter_ms"]["median"] < 100
    json.dumps(report, allow_nan=False)
    text = doctor.told(report)
    assert "Strap a" in text
    assert "80 %" in text


def test_the_report_of_a_computer_without_bluetooth_is_a_report() -> None:
    async def scenario() -> dict[str, Any]:
        world = World()
        world.air.powered = False
        return await doctor.examine(world.radio, world.clock, [IDS["a"]])

    report = virtual_time.run(scenario())
    assert report["bluetooth"].startswith("Bluetooth is off.")
    assert report["bluetooth"] in doctor.told(report)
    assert report["straps"] == []


def test_an_absent_strap_is_reported_as_such() -> None:
    async def scenario() -> dict[str, Any]:
        world = World()
        world.worn["a"].leave()
        return await doctor.examine(world.radio, world.clock, [IDS["a"]])

    report = virtual_time.run(scenario())
    assert "was not found" in report["checks"][0]["problem"]
    assert "was not found" in doctor.told(report)
    assert report["checks"][0]["packets"] == 0


def test_packets_that_came_twice_are_counted_and_do_not_spoil_the_rest() -> None:
    once = [
        Packet(float(i), "a", "heart_rate", encode(HeartRateMeasurement(60, (1000 + i,))))
        for i in range(20)
    ]
    twice = [Packet(p.t_s + dt, p.partner, p.kind, p.data) for p in once for dt in (0.0, 0.003)]
    clean, doubled = (doctor.described("F0", "Strap", packets) for packets in (once, twice))
    assert (clean["duplicates"], doubled["duplicates"]) == (0, 20)
    assert doubled["intervals"] == clean["intervals"] == 20
    assert doubled["told_share"] == clean["told_share"] == pytest.approx(1010 / 1024, abs=0.005)
    assert doubled["packets_per_s"] == clean["packets_per_s"] == 1.0


def test_intervals_that_come_twice_in_one_packet_add_up_to_too_much() -> None:
    packets = [
        Packet(float(i), "a", "heart_rate", encode(HeartRateMeasurement(60, (1000 + i,) * 2)))
        for i in range(20)
    ]
    found = doctor.described("F0", "Strap", packets)
    assert found["told_share"] == pytest.approx(2 * 1010 / 1024, abs=0.01)
    report = {"software": {}, "bluetooth": "ok", "straps": [], "checks": [found], "listened_s": 15}
    assert "they add up to  197% of the time" in doctor.told(report)
    assert doctor.described("F0", "Strap", packets[:1])["told_share"] is None


def test_jitter_is_how_late_packets_are_against_a_steady_clock() -> None:
    late_s = np.random.default_rng(3).exponential(0.03, 400)
    found = doctor.jitter_ms(np.arange(400) * 1.0003 + late_s)
    assert found is not None
    assert found["median"] == pytest.approx(1000 * np.median(late_s), abs=2)
    assert found["p95"] == pytest.approx(1000 * np.quantile(late_s, 0.95), abs=2)


def test_a_strap_that_sends_with_each_beat_has_no_such_jitter() -> None:
    beats_s = np.cumsum(np.random.default_rng(3).uniform(0.5, 1.2, 50))
    assert doctor.jitter_ms(beats_s) is None
    assert doctor.jitter_ms(beats_s[:3]) is None


def test_a_strap_that_the_computer_holds_is_listed_and_left_in_peace() -> None:
    """Whoever records with it would lose it with the connection that asks for the battery."""

    async def scenario() -> tuple[list[strap_list.Listed], list[float]]:
        world = World()
        world.worn["b"].held = True
        listed = await strap_list.look(world.radio, 2, battery=True)
        return listed, world.worn["b"].connected_s

    listed, connected_s = virtual_time.run(scenario())
    batteries = {strap.found.id: strap.battery_percent for strap in listed}
    assert batteries == {IDS["a"]: 80, IDS["b"]: None}
    assert connected_s == []


def test_a_strap_that_never_answers_holds_the_list_up_for_seconds_only() -> None:
    async def scenario() -> tuple[list[strap_list.Listed], float]:
        world = World()
        world.worn["b"].outcomes.append("hang")
        begin_s = asyncio.get_running_loop().time()
        listed = await strap_list.look(world.radio, 2, battery=True)
        return listed, asyncio.get_running_loop().time() - begin_s

    listed, took_s = virtual_time.run(scenario())
    assert [strap.battery_percent for strap in listed] == [80, None]
    assert took_s < 2 + strap_list.BATTERY_S + 2


def test_the_list_of_straps_ends_with_the_next_step() -> None:
    async def scenario() -> list[strap_list.Listed]:
        world = World()
        world.worn["b"].held, world.worn["b"].battery_percent = True, None
        return await strap_list.look(world.radio, 2, battery=True)

    listed = virtual_time.run(scenario())
    text = strap_list.told(listed, "interbeat record")
    assert "-60 dBm  80 %" in text
    assert "held by this computer" in text
    assert f"interbeat record --strap a={IDS['a']} --strap b={IDS['b']}" in text
    assert strap_list.as_json(listed)["straps"][0]["battery_percent"] == 80
    assert "Moisten" in strap_list.told([], "interbeat record")
