"""Live, replay and batch: the same packets give the same figures."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fast_clock import FastClock
from interbeat_analysis.artifacts import find_artifacts, mask_artifacts
from interbeat_analysis.corrected import windowed_corrected_hrv
from interbeat_analysis.gates import TOO_NOISY
from interbeat_analysis.series import CONFIRMED_BEATS, PROVISIONAL_BEATS, heart_rate
from interbeat_collector.events import (
    PARTNERS,
    Event,
    Link,
    Marker,
    Packet,
    Partner,
    Session,
    Speech,
)
from interbeat_collector.heart_rate import decode, encode
from interbeat_collector.polar import encode_frame
from interbeat_collector.session_file import Recording, SessionWriter, read_session
from interbeat_collector.simulation import DyadSettings, sessions
from interbeat_collector.speech import spoken
from interbeat_server import live
from interbeat_server.heart_document import Heart
from interbeat_server.live import TICK_S, Engine, Frame
from interbeat_server.live_heart import FS_HZ, HRV_WINDOW_S, MEMORY_S
from interbeat_server.messages import frame_messages
from interbeat_server.recorded import hearts_of
from interbeat_server.runs import HISTORY_S, LiveRun, ReplayRun, RunError
from interbeat_server.sources import demo_settings, simulated_session
from interbeat_server.synchrony_document import correlation
from interbeat_server.together import on_one_grid

LABELS: dict[Partner, str] = {"a": "Ana", "b": "Ben"}
LENGTH_S = 150.0
DROPOUT_S = (70.0, 95.0)


def with_dropout(events: list[Event]) -> list[Event]:
    """B's strap falls silent for a while, and says so."""
    start_s, stop_s = DROPOUT_S
    kept = [e for e in events if not (_of_b(e) and start_s <= e.t_s < stop_s)]
    links = [Link(start_s, "b", "lost", "out of range"), Link(stop_s, "b", "streaming")]
    return sorted([*kept, *links], key=lambda event: event.t_s)


def _of_b(event: Event) -> bool:
    return isinstance(event, Packet) and event.partner == "b"


@pytest.fixture(scope="module")
def session_and_events() -> tuple[Session, list[Event]]:
    session, endless = simulated_session(DyadSettings(seed=5))
    events = []
    for event in endless:
        if event.t_s > LENGTH_S + 1:
            break
        events.append(event)
    return session, with_dropout(events)


async def all_messages(run: LiveRun | ReplayRun) -> list[dict[str, Any]]:
    viewer, _ = run.hub.join()
    driving = asyncio.ensure_future(run.drive())
    while run.now_s < LENGTH_S and not driving.done():
        await asyncio.sleep(0)
    if isinstance(run, LiveRun):
        await driving
    else:
        await run.stop()
        await driving
    return [json.loads(text) for text in await viewer.take(10**6)]


@pytest.fixture(scope="module")
def recorded(
    session_and_events: tuple[Session, list[Event]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict[str, Any]], Recording]:
    """The messages of a live run with markers, and the file it left."""
    session, events = session_and_events

    async def scenario() -> tuple[list[dict[str, Any]], Path]:
        writer = SessionWriter(tmp_path_factory.mktemp("live"), session)
        run = LiveRun(session, events, writer, duration_s=LENGTH_S, clock=FastClock)
        watching = asyncio.ensure_future(all_messages(run))
        for due_s in (20.1, 60.0):
            while run.now_s < due_s:
                await asyncio.sleep(0)
            await run.mark(f"at {due_s}", None)
            run.speak("b", due_s == 20.1, None)
        return await watching, writer.path

    messages, path = asyncio.run(scenario())
    return messages, read_session(path)


def of_frames(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What engine frames became; the disk's progress and the numbering are the run's own."""
    kept = [m for m in messages if m["type"] != "state"]
    return [{k: v for k, v in m.items() if k not in ("seq", "recording")} for m in kept]


def test_a_replay_gives_the_frames_of_the_live_run(
    recorded: tuple[list[dict[str, Any]], Recording],
) -> None:
    live_messages, recording = recorded
    replayed = asyncio.run(all_messages(ReplayRun(recording, clock=FastClock)))
    kinds = {m["type"] for m in live_messages}
    assert kinds == {
        "tick",
        "col",
        "quality",
        "mark",
        "speech",
        "gap",
        "state",
        "linkage",
        "connection",
    }
    assert of_frames(replayed) == of_frames(live_messages)


def frames_until(events: list[Event], t_s: float) -> tuple[Engine, list[Frame]]:
    engine = Engine()
    for event in events:
        engine.push(event)
    return engine, [engine.frame(i * TICK_S) for i in range(round(t_s / TICK_S) + 1)]


def assert_batch_gives(frame: Frame, p: Partner, heart: Heart) -> int:
    """Compare a frame with the functions applied to all beats known then; how many samples."""
    assert frame.indices is not None
    nn_s = mask_artifacts(heart.rr_s, beat_t_s=heart.t_s, causal=True)
    for shown in (frame.heart_rate[p], frame.provisional[p]):
        whole = heart_rate(heart.t_s, nn_s, shown.t_s)
        np.testing.assert_allclose(shown.values, whole, rtol=1e-12, atol=1e-12)
    found = find_artifacts(heart.rr_s, beat_t_s=heart.t_s, causal=True)
    batch = windowed_corrected_hrv(
        heart.t_s, heart.rr_s, found, np.array([frame.t_s]), HRV_WINDOW_S
    )
    for name, index in frame.indices[p].items():
        np.testing.assert_allclose(index.value, getattr(batch.hrv, name)[0], rtol=1e-12)
        assert index.corrected_percent == pytest.approx(batch.bad_percent[0], rel=1e-12)
    assert _told(frame)["hrv"][p]["differences"] == batch.method[0]
    return len(frame.heart_rate[p].t_s)


def _told(frame: Frame) -> dict[str, Any]:
    """The once-a-second message of a frame."""
    (told,) = (message for message in frame_messages(frame, {}, LABELS) if message["type"] == "col")
    return told


@pytest.mark.parametrize("t_s", [62.0, 83.0, 110.0, 150.0])
def test_the_last_live_frame_is_the_batch_analysis_of_what_was_known(
    session_and_events: tuple[Session, list[Event]], t_s: float
) -> None:
    session, events = session_and_events
    _, frames = frames_until(events, t_s)
    frame = frames[-1]
    hearts = hearts_of(Recording(session, tuple(e for e in events if e.t_s <= t_s)))
    assert frame.indices is not None
    assert frame.columns is not None
    compared = 0
    for p in PARTNERS:
        heart = hearts[p]
        compared += assert_batch_gives(frame, p, heart)
    if len(frame.columns.t_s):
        whole = correlation(on_one_grid(hearts["a"], hearts["b"]))
        for centre_s, r in zip(*frame.columns, strict=True):
            known = np.flatnonzero(np.isclose(whole.t_s, centre_s, atol=1e-9))
            if len(known):
                np.testing.assert_allclose(r, whole.r[known[0]], rtol=0, atol=1e-12)
                compared += 1
    assert compared, "nothing was compared"


def with_extra_beats(event: Event, number: int, every: int) -> Event:
    """One interval of some packets cut in two."""
    if not isinstance(event, Packet) or event.kind != "heart_rate" or number % every:
        return event
    found = decode(event.data)
    if not found.rr_ticks:
        return event
    first, *others = found.rr_ticks
    ticks = (round(0.4 * first), first - round(0.4 * first), *others)
    return replace(event, data=encode(found._replace(rr_ticks=ticks)))


def spoiled_frame(every: int, until_s: float) -> tuple[Frame, dict[Partner, Heart]]:
    """The frame at a moment of a session with extra beats, and all beats known then."""
    session, endless = simulated_session(DyadSettings(seed=8))
    coming = takewhile(lambda event: event.t_s <= until_s, endless)
    events = [with_extra_beats(event, i, every) for i, event in enumerate(coming)]
    engine = Engine()
    for event in events:
        engine.push(event)
    engine.skip_to(until_s - TICK_S)
    return engine.frame(until_s), hearts_of(Recording(session, tuple(events)))


@pytest.mark.parametrize(("every", "method"), [(61, "redistributed"), (9, "masked")])
def test_artefacts_are_judged_live_as_with_everything_before_in_memory(
    every: int, method: str
) -> None:
    frame, hearts = spoiled_frame(every, MEMORY_S + 130.0)
    assert frame.indices is not None
    for p in PARTNERS:
        assert_batch_gives(frame, p, hearts[p])
        told = _told(frame)["hrv"][p]
        assert told["differences"] == method
        assert told["artifact_share"] > 0


def test_a_noisy_minute_shows_no_figure_however_many_seconds_are_clean() -> None:
    frame, _ = spoiled_frame(5, 100.0)
    assert frame.indices is not None
    for p in PARTNERS:
        found = frame.indices[p]["rmssd_ms"]
        assert found.window_s >= 30.0, "long enough, were it clean"
        assert found.state == "off"
        told = _told(frame)["hrv"][p]
        assert told["artifact_share"] > 0.2
        assert told["rmssd_ms"] is None
        assert told["states"]["rmssd_ms"]["reason"].startswith(TOO_NOISY)


def test_every_sample_and_window_is_shown_once_and_none_is_left_out(
    session_and_events: tuple[Session, list[Event]],
) -> None:
    _, events = session_and_events
    _, frames = frames_until(events, LENGTH_S)
    for p in PARTNERS:
        samples = np.concatenate([frame.heart_rate[p].t_s for frame in frames])
        assert np.allclose(np.diff(samples), 1 / FS_HZ)
        assert samples[-1] > LENGTH_S - 4
    columns = np.concatenate([f.columns.t_s for f in frames if f.columns is not None])
    assert np.allclose(np.diff(columns), live.HOP_S)
    assert columns[-1] > LENGTH_S - 27


def test_provisional_samples_follow_the_settled_ones_up_to_two_beats_from_the_end(
    session_and_events: tuple[Session, list[Event]],
) -> None:
    session, events = session_and_events
    _, frames = frames_until(events, 60.0)
    settled: dict[Partner, float] = {}
    seen = 0
    for number, frame in enumerate(frames):
        settled |= {p: frame.heart_rate[p].t_s[-1] for p in PARTNERS if len(frame.heart_rate[p][0])}
        if number < 40 or number % 5:
            continue
        known = hearts_of(Recording(session, tuple(e for e in events if e.t_s <= frame.t_s)))
        for p in PARTNERS:
            soon = frame.provisional[p].t_s
            assert settled[p] <= known[p].t_s[-CONFIRMED_BEATS]
            if len(soon):
                seen += 1
                np.testing.assert_allclose(np.diff([settled[p], *soon]), 1 / FS_HZ)
                assert 0 <= known[p].t_s[-PROVISIONAL_BEATS] - soon[-1] < 1 / FS_HZ
    assert seen > 70


def test_a_dropout_is_a_gap_in_everything(
    session_and_events: tuple[Session, list[Event]],
) -> None:
    _, events = session_and_events
    _, frames = frames_until(events, LENGTH_S)
    start_s, stop_s = DROPOUT_S
    t_s = np.concatenate([frame.heart_rate["b"].t_s for frame in frames])
    bpm = np.concatenate([frame.heart_rate["b"].values for frame in frames])
    assert np.isnan(bpm[(t_s > start_s) & (t_s < stop_s - 2)]).all()
    gaps = [gap for frame in frames for gap in frame.gaps if gap.partner == "b"]
    opened = next(g for g in gaps if g.to_s is None)
    closed = next(g for g in gaps if g.to_s is not None and g.from_s > start_s - 3)
    assert opened.from_s == pytest.approx(start_s, abs=2.5)
    assert closed.to_s == pytest.approx(stop_s, abs=2.5)
    during = next(f for f in frames if f.t_s == 80.0)
    assert during.signals is not None
    assert (during.signals["b"].state, during.signals["b"].reason) == ("lost", "out of range")


def test_a_raw_signal_is_told_while_it_comes_and_only_then(
    session_and_events: tuple[Session, list[Event]],
) -> None:
    frames = {t_s: encode_frame("ecg", round(t_s * 1e9), np.zeros(73)) for t_s in range(30, 60)}
    frames |= {40.5: encode_frame("acc", 1, np.zeros((9, 3)))}
    raw = [Packet(t_s, "a", "polar", data) for t_s, data in frames.items()]
    _, events = session_and_events
    _, shown = frames_until(sorted([*events, *raw], key=lambda event: event.t_s), 70.0)
    told = {f.t_s: {p: f.signals[p].raw for p in PARTNERS} for f in shown if f.signals}
    assert {told[t_s]["a"] for t_s in (*range(30), *range(65, 70))} == {()}
    assert {told[t_s]["a"] for t_s in (*range(30, 41), *range(46, 60))} == {("ecg",)}
    assert told[42.0]["a"] == ("ecg", "acceleration")
    assert {of["b"] for of in told.values()} == {()}


def test_a_jump_shows_what_an_uninterrupted_replay_shows(
    recorded: tuple[list[dict[str, Any]], Recording],
) -> None:
    _, recording = recorded
    target_s = 120.0

    async def jumped() -> tuple[list[dict[str, Any]], int]:
        run = ReplayRun(recording, clock=FastClock)
        first, _ = run.hub.join()
        driving = asyncio.ensure_future(run.drive())
        while run.now_s < 30:
            await asyncio.sleep(0)
        run.pause()
        run.jump(target_s)
        while run.now_s < target_s:
            await asyncio.sleep(0)
        assert first.sent_away
        viewer, resumed = run.hub.join(1, 10)
        assert not resumed
        await run.stop()
        await driving
        return [json.loads(text) for text in await viewer.take(10**6)], run.hub.epoch

    messages, epoch = asyncio.run(jumped())
    straight = asyncio.run(all_messages(ReplayRun(recording, clock=FastClock)))
    assert epoch == 2
    assert target_s < HISTORY_S, "the whole history is drawn again"
    expected = [m for m in of_frames(straight) if m["t_s"] <= target_s]
    assert of_frames(messages) == expected


def test_a_jump_beyond_the_history_goes_on_like_an_uninterrupted_replay() -> None:
    _, endless = simulated_session(DyadSettings(seed=2))
    events = []
    for event in endless:
        if event.t_s > 200:
            break
        events.append(event)
    _, straight = frames_until(events, 200.0)
    engine = Engine()
    for event in events:
        engine.push(event)
    engine.skip_to(149.0)
    after = [engine.frame(i * TICK_S) for i in range(597, 801)]
    for frame, expected in zip(after, straight[597:], strict=True):
        for p in PARTNERS:
            np.testing.assert_allclose(frame.heart_rate[p], expected.heart_rate[p], atol=1e-9)
            np.testing.assert_allclose(frame.provisional[p], expected.provisional[p], atol=1e-9)
            np.testing.assert_allclose(frame.beats[p], expected.beats[p], atol=1e-9)
        assert frame.signals == expected.signals
        assert frame.gaps == expected.gaps
        if frame.columns is not None and expected.columns is not None:
            np.testing.assert_allclose(frame.columns.t_s, expected.columns.t_s)
            np.testing.assert_allclose(frame.columns.r, expected.columns.r, atol=1e-12)


def test_a_marker_is_on_the_disk_when_it_is_acknowledged(
    session_and_events: tuple[Session, list[Event]], tmp_path: Path
) -> None:
    session, events = session_and_events

    async def scenario() -> list[Event]:
        writer = SessionWriter(tmp_path, session)
        run = LiveRun(session, events, writer, clock=FastClock)
        driving = asyncio.ensure_future(run.drive())
        while run.now_s < 5:
            await asyncio.sleep(0)
        await run.mark("  now  ", 4.25)
        found = list(read_session(writer.path).events)
        await run.stop()
        await driving
        return found

    markers = [e for e in asyncio.run(scenario()) if isinstance(e, Marker)]
    assert [(m.label, m.at_s) for m in markers] == [("now", 4.25)]


def test_a_marker_from_a_wrong_clock_is_taken_as_now(
    session_and_events: tuple[Session, list[Event]], tmp_path: Path
) -> None:
    session, events = session_and_events

    async def scenario() -> Path:
        writer = SessionWriter(tmp_path, session)
        run = LiveRun(session, events, writer, clock=FastClock)
        driving = asyncio.ensure_future(run.drive())
        while run.now_s < 60:
            await asyncio.sleep(0)
        await run.mark("future", 1e6)
        await run.mark("long ago", 1.0)
        for wrong in ("", "   ", "x" * 201):
            with pytest.raises(RunError, match="1 to 200 characters"):
                await run.mark(wrong, None)
        await run.stop()
        await driving
        with pytest.raises(RunError, match="has ended"):
            await run.mark("too late", None)
        return writer.path

    markers = [e for e in read_session(asyncio.run(scenario())).events if isinstance(e, Marker)]
    assert [m.label for m in markers] == ["future", "long ago"]
    assert all(m.at_s == m.t_s >= 60 for m in markers)


def test_who_speaks_is_recorded_once_with_the_moment_of_the_key(
    session_and_events: tuple[Session, list[Event]], tmp_path: Path
) -> None:
    session, events = session_and_events

    async def scenario() -> Path:
        writer = SessionWriter(tmp_path, session)
        run = LiveRun(session, events, writer, clock=FastClock)
        driving = asyncio.ensure_future(run.drive())
        while run.now_s < 60:
            await asyncio.sleep(0)
        run.speak("a", True, 58.5)
        run.speak("a", True, 59.0)
        run.speak("b", False, None)
        run.speak("a", False, 1e6)
        await run.stop()
        await driving
        with pytest.raises(RunError, match="has ended"):
            run.speak("a", True, None)
        return writer.path

    told = [e for e in read_session(asyncio.run(scenario())).events if isinstance(e, Speech)]
    assert [(e.partner, e.on, e.source) for e in told] == [("a", True, "key"), ("a", False, "key")]
    assert told[0].at_s == 58.5
    assert told[1].at_s == told[1].t_s >= 60


def test_a_simulated_conversation_is_recorded_as_speech() -> None:
    settings = demo_settings(seed=4, mode="mutual", turns="shared")
    _, endless = simulated_session(settings)
    events = list(takewhile(lambda event: event.t_s < 120, endless))
    assert [e.t_s for e in events] == sorted(e.t_s for e in events)
    truth = sessions([4], settings, 120.0)[0].spoken_s
    for partner in PARTNERS:
        assert spoken(events, partner, 120.0) == [tuple(turn) for turn in truth[partner]]


def test_a_replay_waits_until_somebody_watches_and_holds_at_its_end(
    recorded: tuple[list[dict[str, Any]], Recording],
) -> None:
    _, recording = recorded

    async def scenario() -> None:
        run = ReplayRun(recording, clock=FastClock)
        driving = asyncio.ensure_future(run.drive())
        for _ in range(200):
            await asyncio.sleep(0)
        assert run.now_s == 0
        run.hub.join()
        run.watched()
        while run.hello(resumed=False)["state"]["state"] == "playing":
            await asyncio.sleep(0)
        state = run.hello(resumed=False)["state"]
        assert (state["state"], state["message"]) == ("paused", "End of the recording.")
        assert run.now_s >= recording.duration_s
        run.play()
        while run.now_s > 10:
            await asyncio.sleep(0)
        await run.stop()
        await driving

    asyncio.run(scenario())


@pytest.mark.parametrize("rate", [0.0, -1.0, 61.0, float("nan"), float("inf")])
def test_a_rate_out_of_range_is_refused_with_its_limits(
    recorded: tuple[list[dict[str, Any]], Recording], rate: float
) -> None:
    with pytest.raises(RunError, match=r"0\.25 to 60"):
        ReplayRun(recorded[1], rate=rate)


def test_a_jump_outside_the_recording_is_refused(
    recorded: tuple[list[dict[str, Any]], Recording],
) -> None:
    async def scenario() -> None:
        run = ReplayRun(recorded[1])
        for t_s in (-1.0, 1e9):
            with pytest.raises(RunError, match="outside the recording"):
                run.jump(t_s)

    asyncio.run(scenario())
