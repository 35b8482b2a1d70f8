"""Straps while they are fitted: real tasks and a radio without hardware, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interbeat_collector import polar
from interbeat_collector.events import PARTNERS, Device, Link, Packet, Partner
from interbeat_collector.radio import Radio
from interbeat_collector.session_file import SUFFIX, read_session
from interbeat_collector.virtual_radio import Air
from interbeat_server.desk import Desk
from interbeat_server.fitting import PATIENCE_S
from interbeat_server.fitting_room import FittingRoom
from interbeat_server.live import latencies
from interbeat_server.strap_book import KnownStrap, measured
from interbeat_server.virtual_world import virtual_air
from virtual_time import VirtualClock, run

LABELS: dict[Partner, str] = {"a": "Ana", "b": "Ben"}
FIRST, SECOND, MOVESENSE, ARMBAND = (f"F0:00:00:00:00:0{n}" for n in (1, 2, 3, 4))


class Visit:
    """A page that asks twice a second, and what is around it."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self.air: Air = virtual_air(self.clock)
        self.desk = Desk(folder)
        self.room = FittingRoom(
            self.desk, Radio(self.air.backend()), self.clock, lambda _: no_offset(), air=self.air
        )

    def document(self) -> dict[str, Any]:
        return self.room.pairing.document()

    async def until(self, look: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        for _ in range(400):
            if look(document := self.document()):
                return document
            await asyncio.sleep(0.5)
        raise AssertionError(f"not seen: {document}")

    async def found(self) -> None:
        await self.room.begin_pairing(LABELS)
        await self.until(lambda d: len(d["found"]) == 4)

    async def ready(self, a: str = FIRST, b: str = SECOND) -> None:
        await self.found()
        await self.room.pairing.choose({"a": a, "b": b})
        for p in PARTNERS:
            await self.until(lambda d, p=p: d["identity"]["asked"] == p and is_asked(d))  # type: ignore[misc]
            self.room.lift(self.document()["partners"][p]["id"])
        await self.until(lambda d: d["step"] == "ready")


def is_asked(document: dict[str, Any]) -> bool:
    return document["identity"]["state"] == "lift"


def no_offset() -> Any:
    raise AssertionError("nobody compares straps here")


def visit(folder: Path, act: Callable[[Visit], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        there = Visit(folder)
        await act(there)
        await there.room.end()
        await there.desk.close()

    run(whole())


def test_straps_go_from_the_list_into_a_recording_without_a_second_connection(
    tmp_path: Path,
) -> None:
    async def act(there: Visit) -> None:
        await there.ready()
        there.room.start(LABELS)
        await asyncio.sleep(20)
        assert [len(there.air.strap(i).connected_s) for i in (FIRST, SECOND)] == [1, 1]  # type: ignore[union-attr]
        await there.desk.close()
        assert [there.air.strap(i).client for i in (FIRST, SECOND)] == [None, None]  # type: ignore[union-attr]

    visit(tmp_path, act)
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    recording = read_session(path)
    session = recording.session
    assert (session.kind, session.labels) == ("simulated", LABELS)
    assert session.settings["hearts"] == "simulated"
    assert session.settings["identity"] == {"a": "lifted", "b": "lifted", "swapped": False}
    assert [session.straps[p]["id"] for p in PARTNERS] == [FIRST, SECOND]
    assert session.straps["a"]["serial"] == "VIRTUAL1"
    assert latencies(session) == {"a": 2.6, "b": 2.6}
    for p in PARTNERS:
        own = [e for e in recording.events if getattr(e, "partner", None) == p]
        assert isinstance(own[0], Link)
        assert own[0].state == "streaming"
        assert any(isinstance(e, Device) for e in own)
        assert any(isinstance(e, Packet) and e.kind == "battery" for e in own)
        beats = [e for e in own if isinstance(e, Packet) and e.kind == "heart_rate"]
        assert 17 <= len(beats) <= 21
        assert beats[0].t_s < 2
    assert recording.end is not None


def test_raw_signals_are_recorded_from_begin_only_when_asked_for_and_only_where_offered(
    tmp_path: Path,
) -> None:
    async def asked(there: Visit) -> None:
        await there.ready(FIRST, MOVESENSE)
        strap = there.air.strap(FIRST)
        assert strap is not None
        assert strap.written == []
        there.room.start(LABELS, ["ecg", "acceleration"])
        await asyncio.sleep(30)
        assert strap.measuring == {"ecg", "acc"}
        await there.desk.close()
        assert strap.measuring == set()

    async def not_asked(there: Visit) -> None:
        await there.ready()
        there.room.start(LABELS)
        await asyncio.sleep(10)
        assert [strap.written for strap in there.air.straps] == [[]] * 4

    visit(tmp_path / "asked", asked)
    visit(tmp_path / "plain", not_asked)
    recording, plain = (
        read_session(next((tmp_path / name).glob(f"*{SUFFIX}"))) for name in ("asked", "plain")
    )
    assert "raw" not in plain.session.settings
    assert recording.session.settings["raw"] == {"a": ["ecg", "acceleration"]}
    of_b = [e for e in recording.events if isinstance(e, Packet | Link) and e.partner == "b"]
    assert not any(isinstance(e, Packet) and e.kind.startswith("polar") for e in of_b)
    assert not any(isinstance(e, Link) and e.reason for e in of_b)
    packets = [e for e in recording.events if isinstance(e, Packet) and e.partner == "a"]
    answers = [polar.decode_answer(p.data) for p in packets if p.kind == "polar_control"]
    assert [(a.op, a.kind) for a in answers[:4]] == [
        *(("settings", "acc"), ("start", "acc")),
        *(("settings", "ecg"), ("start", "ecg")),
    ], "from the first answer on"
    frames = [polar.decode_frame(p.data) for p in packets if p.kind == "polar"]
    ecg = np.concatenate([f.samples for f in frames if f.kind == "ecg"])
    assert len(ecg) == pytest.approx(30 * 130, abs=3 * polar.ECG_SAMPLES_IN_FRAME)
    assert ecg.max() > 1000, "it is a heart and no flat line"


def test_swapped_straps_are_recorded_for_the_partner_who_lifted(tmp_path: Path) -> None:
    async def act(there: Visit) -> None:
        await there.found()
        await there.room.pairing.choose({"a": FIRST, "b": SECOND})
        await there.until(is_asked)
        there.room.lift(SECOND)
        await there.until(lambda d: d["identity"]["happened"] == "swapped")
        there.room.pairing.machine.skip_identity(there.clock.now_s())
        await there.until(lambda d: d["step"] == "ready")
        there.room.start(LABELS)
        await asyncio.sleep(5)

    visit(tmp_path, act)
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    recording = read_session(path)
    assert [recording.session.straps[p]["id"] for p in PARTNERS] == [SECOND, FIRST]
    devices = {e.partner: e.info["id"] for e in recording.events if isinstance(e, Device)}
    assert devices == {"a": SECOND, "b": FIRST}


def test_straps_of_the_last_session_are_remembered(tmp_path: Path) -> None:
    async def first(there: Visit) -> None:
        await there.ready()
        there.room.start({"a": "Zoë", "b": "Li"})

    async def second(there: Visit) -> None:
        await there.room.begin_pairing(LABELS)
        assert there.document()["remembered"] == {"a": FIRST, "b": SECOND}
        summary = await there.room.summary()
        assert summary["labels"] == {"a": "Zoë", "b": "Li"}
        assert summary["remembered"]["a"]["name"] == "Polar H10 virtual 1"

    visit(tmp_path, first)
    visit(tmp_path, second)


def test_straps_are_let_go_when_nobody_looks_any_more(tmp_path: Path) -> None:
    async def act(there: Visit) -> None:
        await there.found()
        await there.room.pairing.choose({"a": FIRST, "b": SECOND})
        await there.until(lambda d: d["partners"]["a"]["hr_bpm"])
        await asyncio.sleep(PATIENCE_S - 1)
        assert there.room.pairs
        assert there.air.strap(FIRST).client is not None  # type: ignore[union-attr]
        await asyncio.sleep(2)
        assert not there.room.pairs
        assert there.air.strap(FIRST).client is None  # type: ignore[union-attr]

    visit(tmp_path, act)


def test_going_back_frees_the_straps_and_looks_again(tmp_path: Path) -> None:
    async def act(there: Visit) -> None:
        await there.found()
        await there.room.pairing.choose({"a": FIRST, "b": MOVESENSE})
        await there.until(lambda d: d["partners"]["b"]["hr_bpm"])
        await there.room.pairing.back()
        assert there.air.strap(FIRST).client is None  # type: ignore[union-attr]
        document = await there.until(lambda d: d["scanning"] and len(d["found"]) == 4)
        assert document["step"] == "find"

    visit(tmp_path, act)


def test_bluetooth_that_is_switched_on_later_is_noticed_by_itself(tmp_path: Path) -> None:
    async def act(there: Visit) -> None:
        there.air.powered = False
        assert "Bluetooth is off" in str((await there.room.summary())["bluetooth_problem"])
        await there.room.begin_pairing(LABELS)
        await there.until(lambda d: d["problem"] and "Switch it on" in d["problem"])
        there.air.powered = True
        await there.until(lambda d: d["problem"] is None and len(d["found"]) == 4)

    visit(tmp_path, act)


def test_a_look_that_fails_in_an_unheard_of_way_is_told_and_repeated(tmp_path: Path) -> None:
    async def act(there: Visit) -> None:
        there.air.refuse_collisions = broken  # type: ignore[method-assign]
        await there.room.begin_pairing(LABELS)
        await there.until(lambda d: d["problem"])
        del there.air.refuse_collisions
        await there.until(lambda d: d["problem"] is None and len(d["found"]) == 4)

    def broken() -> None:
        raise ZeroDivisionError

    visit(tmp_path, act)


def test_one_person_in_both_straps_is_noticed_across_their_delays(tmp_path: Path) -> None:
    async def act(there: Visit) -> None:
        await there.ready(FIRST, MOVESENSE)
        states = {c["name"]: c["state"] for c in there.document()["pair_checks"]}
        assert states == {"two_straps": "ok", "two_hearts": "warning"}

    visit(tmp_path, act)


def test_two_models_are_warned_of_in_the_session_and_a_calibration_ends_that(
    tmp_path: Path,
) -> None:
    async def session(there: Visit) -> None:
        await there.ready(SECOND, MOVESENSE)
        there.room.start(LABELS)
        await asyncio.sleep(1)

    async def calibrated(there: Visit) -> None:
        h10 = KnownStrap(SECOND, "Polar H10 virtual 2", "Polar H10", "VIRTUAL2")
        other = KnownStrap("another id", "Movesense virtual 3", "Movesense", "VIRTUAL3")
        there.room.book.keep(measured(other, h10, 2.3, 0.006, 140))
        await session(there)

    visit(tmp_path / "one", session)
    visit(tmp_path / "two", calibrated)
    plain, better = (
        read_session(next((tmp_path / name).glob(f"*{SUFFIX}"))).session for name in ("one", "two")
    )
    assert "Movesense" in str(plain.settings["strap_warning"])
    assert latencies(plain) == {"a": 2.6, "b": 0.4}
    assert "strap_warning" not in better.settings
    assert better.settings["calibration"]["offset_s"] == -2.3  # type: ignore[index]
    assert latencies(better) == {"a": 2.65, "b": 0.35}
