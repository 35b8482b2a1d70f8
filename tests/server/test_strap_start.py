"""Recording straps that are known by their ids."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

import virtual_time
from air import IDS, World, steady_heart, virtual_strap
from fast_clock import FastClock
from interbeat_collector.events import PARTNERS, Link, Packet, Partner
from interbeat_collector.radio import StrapError, StrapNotFound
from interbeat_collector.session_file import (
    Recording,
    SessionWriteError,
    SessionWriter,
    read_session,
)
from interbeat_collector.virtual_strap import strap_packets
from interbeat_server import cli
from interbeat_server.desk import Desk, new_session
from interbeat_server.equipment import Equipment
from interbeat_server.runs import LiveRun, ReplayRun, StrapRun
from interbeat_server.strap_book import KnownStrap, StrapBook, measured
from interbeat_server.strap_start import Wish, record_straps
from virtual_time import VirtualClock


def wish(straps: Mapping[Partner, str], **more: Any) -> Wish:
    return Wish(straps=straps, labels=more.pop("labels", {}), **more)


async def begun(
    folder: Path,
    asked: Wish,
    world: World | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> LiveRun:
    """Start a recording, and stop it at once."""
    world = world or World()
    desk = Desk(folder)
    equipment = Equipment(world.radio, world.clock, 1.0, world.air)
    run = await record_straps(desk, equipment, asked, tell)
    await desk.close()
    assert all(worn.client is None for worn in world.worn.values())
    return run


def named(world: World, a: str, b: str) -> World:
    world.worn["a"].name, world.worn["b"].name = a, b
    return world


def test_roles_and_names_survive_a_restart(tmp_path: Path) -> None:
    swapped: dict[Partner, str] = {"a": IDS["b"], "b": IDS["a"]}
    labels: dict[Partner, str] = {"a": "Zoe", "b": "Yan"}
    virtual_time.run(begun(tmp_path, wish(swapped, labels=labels)))
    again = virtual_time.run(begun(tmp_path, wish({})))
    assert {p: again.session.straps[p]["id"] for p in PARTNERS} == swapped
    assert again.session.labels == labels


def test_one_strap_may_be_named_and_the_other_remembered(tmp_path: Path) -> None:
    virtual_time.run(begun(tmp_path, wish(IDS)))
    run = virtual_time.run(begun(tmp_path, wish({"a": IDS["a"].lower()})))
    assert run.session.straps["a"]["id"] == IDS["a"], "as the radio spells it"


def test_straps_that_are_made_up_do_not_take_the_place_of_real_ones(tmp_path: Path) -> None:
    real = {p: KnownStrap(f"real {p}", "Polar H10 12345678", "Polar H10") for p in PARTNERS}
    StrapBook(tmp_path).remember(real, {"a": "Zoe", "b": "Yan"})
    virtual_time.run(begun(tmp_path, wish(IDS)))
    assert StrapBook(tmp_path).remembered() == real
    assert StrapBook(tmp_path).labels() == {"a": "Zoe", "b": "Yan"}


def test_without_a_memory_the_straps_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StrapError, match="No strap is known for a and b"):
        virtual_time.run(begun(tmp_path, wish({})))
    with pytest.raises(StrapError, match="--strap b=ID"):
        virtual_time.run(begun(tmp_path, wish({"a": IDS["a"]})))


def test_a_folder_that_cannot_be_written_is_told_before_straps_are_looked_for(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        world = World()
        (tmp_path / "file").write_text("")
        with pytest.raises(SessionWriteError, match="--data-dir"):
            await begun(tmp_path / "file" / "folder", wish(IDS), world)
        assert world.clock.now_s() == 0.0

    virtual_time.run(scenario())


def test_the_header_tells_what_was_asked_for_raw(tmp_path: Path) -> None:
    plain = virtual_time.run(begun(tmp_path, wish(IDS)))
    asked = virtual_time.run(begun(tmp_path, wish(IDS, acceleration=True)))
    assert "raw" not in plain.session.settings
    assert asked.session.settings["raw"] == {"a": ["acceleration"], "b": ["acceleration"]}


def test_one_strap_cannot_be_worn_by_two(tmp_path: Path) -> None:
    with pytest.raises(StrapError, match="two different ones"):
        virtual_time.run(begun(tmp_path, wish({"a": IDS["a"], "b": IDS["a"].lower()})))


def test_an_absent_strap_begins_no_session(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World()
        world.worn["b"].leave()
        with pytest.raises(StrapNotFound, match=f"{IDS['b']} of b was not found"):
            await begun(tmp_path, wish(IDS), world)

    virtual_time.run(scenario())
    assert list(tmp_path.iterdir()) == []


def test_a_strap_that_sends_no_intervals_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = named(World(), "Polar H10 1", "Polar Sense 2")
        with pytest.raises(StrapError, match="sends no RR intervals"):
            await begun(tmp_path, wish(IDS), world)

    virtual_time.run(scenario())


def test_two_models_are_warned_of_until_they_are_calibrated(tmp_path: Path) -> None:
    async def scenario() -> tuple[LiveRun, LiveRun]:
        warned = await begun(tmp_path, wish(IDS), named(World(), "Polar H10 1", "Movesense 2"))
        book = StrapBook(tmp_path, virtual=True)
        known = book.remembered()
        book.keep(measured(known["a"], known["b"], -2.1, 0.01, 100))
        world = named(World(), "Polar H10 1", "Movesense 2")
        calm = await begun(tmp_path, wish(IDS), world, told.append)
        return warned, calm

    told: list[str] = []

    warned, calm = virtual_time.run(scenario())
    assert "2.2 s later" in str(warned.session.settings["strap_warning"])
    assert [warned.session.straps[p]["latency_s"] for p in PARTNERS] == ["2.6000", "0.4000"]
    assert "strap_warning" not in calm.session.settings
    a_s, b_s = (float(calm.session.straps[p]["latency_s"]) for p in PARTNERS)
    assert b_s - a_s == pytest.approx(-2.1)
    assert "the strap of a reports a beat 2100 ± 10 ms later than that of b" in told[-1]


def test_what_is_done_about_the_delay_of_two_alike_is_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        for folder, (a, b) in enumerate(
            [
                ("Polar H10 1", "Polar H10 2"),
                ("Polar H9 1", "Polar H9 2"),
                ("Polar H10", "Movesense"),
            ]
        ):
            world = named(World(), a, b)
            await begun(tmp_path / str(folder), wish(IDS), world, told.append)

    told: list[str] = []
    virtual_time.run(scenario())
    alike, unknown = (line for line in told if "Looking" not in line)
    assert "2.6 s are subtracted for A (Polar H10), 2.6 s for B" in alike
    assert (
        "Polar H9 is not known: nothing is subtracted, two of one model are late alike" in unknown
    )


def test_an_analysis_repeats_the_warning_of_two_models(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> LiveRun:
        return await begun(tmp_path, wish(IDS), named(World(), "Polar H10 1", "Movesense 2"))

    recording = read_session(Path(virtual_time.run(scenario()).path))
    events = [p for seed, partner in enumerate(PARTNERS) for p in worn(partner, seed, 120.0)]
    writer = SessionWriter(tmp_path / "long", recording.session)
    for event in sorted(events, key=lambda event: event.t_s):
        writer.put(event)
    writer.close()
    assert cli.main(["analyze", str(writer.path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["session"]["strap_warning"]
    assert "2.2 s later" in told
    assert cli.main(["analyze", str(writer.path)]) == 0
    assert told in " ".join(capsys.readouterr().out.split())


def worn(partner: Partner, seed: int, duration_s: float) -> Iterator[Packet]:
    return takewhile(
        lambda packet: packet.t_s < duration_s,
        strap_packets(partner, steady_heart(seed), seed=seed, loss=0.0),
    )


def test_virtual_straps_never_pass_for_real_ones(tmp_path: Path) -> None:
    run = virtual_time.run(begun(tmp_path, wish(IDS)))
    assert run.session.kind == "simulated"
    assert run.session.settings["hearts"] == "simulated"


# --- the run itself ---


async def recorded(folder: Path, seconds: float) -> tuple[list[dict[str, Any]], Path]:
    """Two straps, a drop and a silence; what the page was told and the file."""
    world = World()
    session = new_session({"a": {}, "b": {}})
    writer = SessionWriter(folder, session)
    straps = {p: world.strap(p) for p in PARTNERS}
    run = StrapRun(session, straps, writer, duration_s=seconds, clock=VirtualClock)
    viewer, _ = run.hub.join()
    driving = asyncio.ensure_future(run.drive())
    await asyncio.sleep(seconds / 3)
    world.worn["a"].leave()
    await asyncio.sleep(12)
    world.worn["a"].come_back()
    world.worn["b"].silence(5)
    await driving
    assert run.error is None
    assert all(worn.client is None and not worn.unreleased for worn in world.worn.values())
    return [json.loads(text) for text in await viewer.take(10**6)], writer.path


def of_frames(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [m for m in messages if m["type"] != "state"]
    return [{k: v for k, v in m.items() if k not in ("seq", "recording")} for m in kept]


def test_a_replay_shows_what_was_shown_live(tmp_path: Path) -> None:
    messages, path = virtual_time.run(recorded(tmp_path, 90.0))

    async def replayed(recording: Recording) -> list[dict[str, Any]]:
        run = ReplayRun(recording, clock=FastClock)
        viewer, _ = run.hub.join()
        driving = asyncio.ensure_future(run.drive())
        while run.now_s < 90.0:
            await asyncio.sleep(0)
        await run.stop()
        await driving
        return [json.loads(text) for text in await viewer.take(10**6)]

    shown = asyncio.run(replayed(read_session(path)))
    assert of_frames(shown) == of_frames(messages)
    kinds = {m["type"] for m in messages}
    assert {"tick", "col", "quality", "gap", "state"} <= kinds


def test_the_file_has_every_change_of_the_links_and_an_end(tmp_path: Path) -> None:
    _, path = virtual_time.run(recorded(tmp_path, 90.0))
    recording = read_session(path)
    states = {
        p: [e.state for e in recording.events if isinstance(e, Link) and e.partner == p]
        for p in PARTNERS
    }
    assert states["a"][:5] == ["scanning", "connecting", "streaming", "lost", "backoff"]
    assert states["a"][-1] == "streaming"
    assert "stale" in states["b"]
    assert recording.end is not None
    assert recording.end.reason == "the chosen duration is over"
    assert recording.duration_s == 90.0


@pytest.mark.parametrize("state", ["streaming", "stale", "backoff", "scanning", "connecting"])
def test_a_stopped_recording_keeps_what_came_and_lets_the_straps_go(
    tmp_path: Path, state: str
) -> None:
    """Whatever the other strap does at that moment."""

    async def scenario() -> tuple[Path, int]:
        world = World()
        session = new_session({"a": {}, "b": {}})
        writer = SessionWriter(tmp_path, session)
        straps = {p: world.strap(p) for p in PARTNERS}
        run = StrapRun(session, straps, writer, clock=VirtualClock)
        driving = asyncio.ensure_future(run.drive())
        await asyncio.sleep(30)
        if state == "stale":
            world.worn["a"].silence(60)
        elif state != "streaming":
            world.worn["a"].outcomes.append("hang")
            world.worn["a"].drop()
        async with asyncio.timeout(60):
            while straps["a"].state != state:
                await asyncio.sleep(0.01)
        sent = sum(len(worn.sent) for worn in world.worn.values())
        await run.stop()
        await driving
        assert run.error is None
        assert (world.air.scanning, world.air.connecting) == (0, 0)
        assert all(worn.client is None for worn in world.worn.values())
        return writer.path, sent

    path, sent = virtual_time.run(scenario())
    recording = read_session(path)
    kept = [e for e in recording.events if isinstance(e, Packet)]
    assert len([e for e in kept if e.kind == "heart_rate"]) == sent
    assert recording.end is not None


def test_a_full_disk_ends_the_recording_and_lets_the_straps_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interbeat_collector.session_file import SessionWriteError

    async def scenario() -> LiveRun:
        world = World()
        session = new_session({"a": {}, "b": {}})
        writer = SessionWriter(tmp_path, session)
        run = StrapRun(session, {p: world.strap(p) for p in PARTNERS}, writer, clock=VirtualClock)
        driving = asyncio.ensure_future(run.drive())
        await asyncio.sleep(10)

        def full(event: object) -> None:
            raise SessionWriteError("the disk is full")

        monkeypatch.setattr(writer, "put", full)
        await asyncio.sleep(5)
        await driving
        assert all(worn.client is None for worn in world.worn.values())
        return run

    run = virtual_time.run(scenario())
    assert str(run.error) == "the disk is full"


def test_a_third_strap_within_reach_changes_nothing(tmp_path: Path) -> None:
    async def scenario() -> LiveRun:
        world = World()
        stranger = virtual_strap("a", 9)
        stranger.id, stranger.name, stranger.air = "F0:00:00:00:00:0C", "Stranger", world.air
        world.air.straps.append(stranger)
        run = await begun(tmp_path, wish(IDS), world)
        assert stranger.connected_s == []
        return run

    assert virtual_time.run(scenario()).session.straps["a"]["name"] == "Strap a"
