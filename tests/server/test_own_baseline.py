"""Own baselines in a session: live, replay, jump and batch say the same."""

from __future__ import annotations

import asyncio
import json
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fast_clock import FastClock
from interbeat_analysis.baseline import COMPARED, baseline, compare
from interbeat_analysis.indices import cleaned
from interbeat_collector.events import PARTNERS, Event, Marker, Packet, Session
from interbeat_collector.session_file import Recording, SessionWriter, read_session
from interbeat_collector.simulation import DyadSettings
from interbeat_server import cli
from interbeat_server.live import Engine, Frame
from interbeat_server.own_baseline import Span, spans
from interbeat_server.recorded import hearts_of
from interbeat_server.runs import LiveRun, ReplayRun
from interbeat_server.sources import simulated_session
from interbeat_server.validation.recordings import FOLDER

FROM_S, TO_S, LENGTH_S = 15.0, 143.5, 330.0
DUE_S = TO_S + 60.0
AWAY_S = (40.0, 75.0)
"""B's strap is silent meanwhile: what is left is no baseline."""


def mark(at_s: float, label: str = "baseline", late_s: float = 0.1) -> Marker:
    return Marker(at_s + late_s, at_s, label)


@pytest.fixture(scope="module")
def session_and_packets() -> tuple[Session, list[Event]]:
    session, endless = simulated_session(DyadSettings(seed=8))
    events = list(takewhile(lambda event: event.t_s <= LENGTH_S, endless))
    return session, [e for e in events if not (_of_b(e) and AWAY_S[0] < e.t_s < AWAY_S[1])]


def _of_b(event: Event) -> bool:
    return isinstance(event, Packet) and event.partner == "b"


def with_marks(events: list[Event], *marks: Marker) -> list[Event]:
    return sorted([*events, *marks], key=lambda event: event.t_s)


@pytest.fixture(scope="module")
def marked(session_and_packets: tuple[Session, list[Event]]) -> tuple[Session, list[Event]]:
    session, events = session_and_packets
    return session, with_marks(events, mark(FROM_S), mark(TO_S, "talk"))


LOOKS_S = (14.0, 16.0, *range(30, 140, 10), 150.0, 203.0, 204.0, 260.0, 320.0)


def frames(events: list[Event], skip_s: float = 0.0) -> dict[float, Frame]:
    engine = Engine()
    for event in events:
        engine.push(event)
    if skip_s:
        engine.skip_to(skip_s)
    return {t_s: engine.frame(t_s) for t_s in LOOKS_S if t_s > skip_s}


@pytest.fixture(scope="module")
def seen(marked: tuple[Session, list[Event]]) -> dict[float, Frame]:
    return frames(marked[1])


def test_a_marker_ends_a_baseline_and_otherwise_five_minutes_do() -> None:
    assert spans([mark(10.0), mark(200.0, "conflict")]) == [Span(10.0, 200.0)]
    assert spans([mark(10.0), mark(900.0, "conflict")]) == [Span(10.0, 310.0)]
    assert spans([mark(10.0), mark(40.0, " Baseline ")]) == [Span(10.0, 40.0), Span(40.0, 340.0)]
    assert spans([mark(5.0, "conflict"), mark(9.0, "my baseline")]) == []
    late = mark(100.0, "break", late_s=25.0)
    assert spans([late, mark(10.0), mark(120.0, "repair")]) == [Span(10.0, 100.0)]


def test_frames_tell_the_baseline_from_its_first_second_on(seen: dict[float, Frame]) -> None:
    states = {
        t_s: {p: own and own.state for p, own in (frame.baselines or {}).items()}
        for t_s, frame in seen.items()
    }
    assert states[14.0] == {"a": None, "b": None}
    assert states[16.0] == {"a": "gathering", "b": "gathering"}
    assert states[150.0] == {"a": "waiting", "b": "waiting"}
    assert states[203.0] == {"a": "waiting", "b": "waiting"}
    assert states[204.0] == states[260.0] == {"a": "ok", "b": "too_short"}
    gathered = [f.baselines["a"].clean_s for t, f in seen.items() if 20 < t < 140 and f.baselines]
    assert np.all(np.diff(gathered) >= -0.01)
    assert gathered[-1] == pytest.approx(130.0 - FROM_S, abs=6.0)
    b = seen[260.0].baselines["b"]
    assert b.reason == f"{b.clean_s:.0f} s of clean signal, 120 s needed"
    assert not b.comparisons


@pytest.mark.parametrize("skip_s", [12.0, 80.0, 144.0, 203.0, 204.0, 310.0])
def test_a_jump_shows_the_baseline_of_an_uninterrupted_run(
    marked: tuple[Session, list[Event]], seen: dict[float, Frame], skip_s: float
) -> None:
    jumped = frames(marked[1], skip_s)
    assert 320.0 in jumped
    for t_s, frame in jumped.items():
        assert frame.baselines == seen[t_s].baselines


def test_a_baseline_is_what_the_batch_functions_say_of_the_beats_known_when_it_was_due(
    marked: tuple[Session, list[Event]], seen: dict[float, Frame]
) -> None:
    session, events = marked
    frame = seen[260.0]
    known = Recording(session, tuple(e for e in events if e.t_s <= DUE_S))
    for p in PARTNERS:
        heart = hearts_of(known)[p]
        expected = baseline(cleaned(heart.t_s, heart.rr_s, causal=True), FROM_S, TO_S)
        shown = frame.baselines[p]
        assert shown.state == expected.state
        assert shown.clean_s == pytest.approx(expected.clean_s, rel=1e-12)
        for name in COMPARED:
            value = expected.figures[name].value
            assert shown.figures[name].value == pytest.approx(value, rel=1e-12)
            if shown.state == "ok":
                found = compare(expected, frame.indices[p])[name]
                assert shown.comparisons[name].standing == found.standing
                assert shown.comparisons[name].ratio == pytest.approx(found.ratio, rel=1e-12)


def test_a_later_baseline_replaces_the_first_only_when_it_may_serve(
    session_and_packets: tuple[Session, list[Event]],
) -> None:
    _, events = session_and_packets
    slip = with_marks(events, mark(80.0), mark(205.0, "talk"), mark(210.0), mark(215.0, "talk"))
    last = frames(slip)[320.0].baselines
    assert {p: (own.from_s, own.state) for p, own in last.items()} == {
        "a": (80.0, "ok"),
        "b": (80.0, "ok"),
    }
    again = with_marks(events, mark(5.0), mark(80.0), mark(205.0, "talk"))
    last = frames(again)[320.0].baselines
    assert {p: (own.from_s, own.state) for p, own in last.items()} == {
        "a": (80.0, "ok"),
        "b": (80.0, "ok"),
    }


@pytest.fixture(scope="module")
def recorded(
    session_and_packets: tuple[Session, list[Event]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict[str, Any]], Path]:
    """What a live run with a baseline told, and its file."""
    session, events = session_and_packets

    async def scenario() -> tuple[list[dict[str, Any]], Path]:
        writer = SessionWriter(tmp_path_factory.mktemp("baseline"), session)
        run = LiveRun(session, events, writer, duration_s=260.0, clock=FastClock)
        viewer, _ = run.hub.join()
        driving = asyncio.ensure_future(run.drive())
        for due_s, label in ((FROM_S, "baseline"), (TO_S, "talk")):
            while run.now_s < due_s:
                await asyncio.sleep(0)
            await run.mark(label, due_s)
        await driving
        return [json.loads(text) for text in await viewer.take(10**6)], writer.path

    return asyncio.run(scenario())


def told(messages: list[dict[str, Any]]) -> dict[float, Any]:
    return {m["t_s"]: m["hrv"] for m in messages if m["type"] == "col"}


def test_a_replay_tells_the_baseline_of_the_live_run(
    recorded: tuple[list[dict[str, Any]], Path],
) -> None:
    messages, path = recorded

    async def scenario() -> list[dict[str, Any]]:
        run = ReplayRun(read_session(path), clock=FastClock)
        viewer, _ = run.hub.join()
        driving = asyncio.ensure_future(run.drive())
        while run.now_s < 255.0:
            await asyncio.sleep(0)
        await run.stop()
        await driving
        return [json.loads(text) for text in await viewer.take(10**6)]

    live, replayed = told(messages), told(asyncio.run(scenario()))
    both = live.keys() & replayed.keys()  # A viewer who reads nothing keeps the newest only.
    assert len(both) > 140
    assert {live[t_s]["a"]["baseline"]["state"] for t_s in both} == {"gathering", "waiting", "ok"}
    for t_s in both:
        assert replayed[t_s] == live[t_s]
    own = live[250.0]["a"]["baseline"]
    assert (own["from_s"], own["to_s"], own["state"]) == (FROM_S, TO_S, "ok")
    assert set(own["compared"]) == set(COMPARED)
    rmssd = own["compared"]["rmssd_ms"]
    now_ms = live[250.0]["a"]["rmssd_ms"]
    assert rmssd["difference"] == pytest.approx(now_ms - rmssd["baseline"], abs=0.02)
    assert live[250.0]["b"]["baseline"]["compared"] is None


def analyzed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert cli.main(["analyze", *arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out)["partners"])


def test_analyze_finds_the_marked_baseline_and_agrees_with_what_was_shown(
    recorded: tuple[list[dict[str, Any]], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    messages, path = recorded
    partners = analyzed(capsys, str(path))
    a, b = partners["a"]["baseline"], partners["b"]["baseline"]
    assert (a["from_s"], a["to_s"], a["state"]) == (FROM_S, TO_S, "ok")
    assert (b["state"], b["minutes"]) == ("too_short", None)
    shown = told(messages)[250.0]["a"]["baseline"]["compared"]
    for name in COMPARED:
        assert a["figures"][name]["value"] == pytest.approx(shown[name]["baseline"], rel=0.02)
    assert a["minutes"]["end_s"] == [TO_S + 60.0]
    assert cli.main(["analyze", str(path)]) == 0
    out = capsys.readouterr().out
    assert "own baseline from 15 to 144 s; minutes outside it: 1" in out
    assert "not used, " in out


def test_a_stretch_may_be_chosen_and_every_minute_outside_it_is_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = str(FOLDER / "rr" / "nsr004_60min.txt")
    assert analyzed(capsys, "--rr-a", file)["a"]["baseline"] is None
    own = analyzed(capsys, "--rr-a", file, "--baseline", "300", "600")["a"]["baseline"]
    minutes = own["minutes"]
    assert minutes["end_s"][:6] == [60.0, 120.0, 180.0, 240.0, 300.0, 660.0]
    assert minutes["end_s"][-1] > 3500.0
    for name in COMPARED:
        low, high = own["figures"][name]["about_from"], own["figures"][name]["about_to"]
        for standing, ratio in zip(minutes[name]["standing"], minutes[name]["ratio"], strict=True):
            expected = "lower" if ratio < low else "higher" if ratio > high else "about"
            assert standing == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("0", "60"), "choose 120 to 300 quiet seconds"),
        (("5", "124"), "choose 120 to 300 quiet seconds"),
        (("200", "100"), "the earlier first"),
        (("-10", "150"), "the earlier first"),
        (("200", "400"), "which ends at 299 s"),
        (("nan", "150"), "the earlier first"),
    ],
)
def test_a_stretch_that_cannot_be_is_refused_with_its_limit(
    given: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(FOLDER / "rr" / "nsr009_5min.txt")
    assert cli.main(["analyze", "--rr-a", file, "--baseline", *given]) != 0
    assert said in capsys.readouterr().err
