"""What the live engine says of both hearts: as the batch functions, at every moment."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import fields
from itertools import takewhile
from typing import Any

import numpy as np
import pytest

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.artifacts import mask_artifacts
from interbeat_analysis.dyad import Dyad, measured, series
from interbeat_analysis.recovery import Recovery, episodes, recovery
from interbeat_analysis.series import CONFIRMED_BEATS, heart_rate, known_until
from interbeat_analysis.settling import Reference
from interbeat_collector.events import PARTNERS, Event, Link, Packet, Partner, Session, Speech
from interbeat_collector.session_file import Recording
from interbeat_collector.simulation import Damage, DyadSettings
from interbeat_collector.speech import spoken
from interbeat_server import words
from interbeat_server.live import Engine, look_every_s, slices_s
from interbeat_server.live_heart import PATIENCE_S
from interbeat_server.live_together import EVERY_S, SPAN_S, Together
from interbeat_server.messages import encode
from interbeat_server.recorded import hearts_of
from interbeat_server.reference_header import Pair
from interbeat_server.sources import simulated_session
from interbeat_server.together_message import SETTINGS, linkage_message

COUPLE = DyadSettings(seed=3, mode="mutual", gain=1.5, turns="shared")
LASTS_S = 1500.0
NEEDED_S = SETTINGS["linkage_needed_s"]
LABELS: dict[Partner, str] = {"a": "Ana", "b": "Ben"}
HOLES_S = ((400.0, 412.0), (700.0, 745.0), (1180.0, 1183.0))
REFERENCES = tuple(
    Pair(Reference(13.0, 2400.0, True, known), Reference(15.0, 2400.0, True, known))
    for known in (True, False)
)


def events_of(settings: DyadSettings, until_s: float, *, speech: bool = True) -> list[Event]:
    _, endless = simulated_session(settings)
    told = takewhile(lambda event: event.t_s <= until_s, endless)
    return [event for event in told if speech or not isinstance(event, Speech)]


def with_holes(events: Sequence[Event]) -> list[Event]:
    """B's strap is silent now and then, once so long that it says so."""

    def lost(event: Event) -> bool:
        inside = any(start_s <= event.t_s < stop_s for start_s, stop_s in HOLES_S)
        return isinstance(event, Packet) and event.partner == "b" and inside

    start_s, stop_s = HOLES_S[1]
    links = [Link(start_s, "b", "lost", "out of range"), Link(stop_s, "b", "streaming")]
    kept = [event for event in events if not lost(event)]
    return sorted([*kept, *links], key=lambda event: event.t_s)


def batch(events: Sequence[Event], t_s: float) -> tuple[Dyad, dict[Partner, Recovery]]:
    """The functions of the analysis on the beats and turns known at a moment, and nothing else."""
    known = [event for event in events if event.t_s <= t_s]
    session = Session("", "simulated", "", {"a": "A", "b": "B"}, {"a": {}, "b": {}}, "")
    hearts = hearts_of(Recording(session, tuple(known)))
    settled_s = [known_until(hearts[p].t_s, CONFIRMED_BEATS) for p in PARTNERS]
    to_s = np.floor(min(max(each, t_s - PATIENCE_S) for each in settled_s))
    opening_s = max(hearts[p].t_s[0] - hearts[p].rr_s[0] for p in PARTNERS)
    from_s = float(max(np.ceil(opening_s), to_s - SPAN_S))
    at_s = np.arange(from_s, to_s, 1 / FS_HZ)
    hr_bpm = np.stack(
        [
            heart_rate(t, mask_artifacts(rr, beat_t_s=t, causal=True), at_s)
            for t, rr in (hearts[p] for p in PARTNERS)
        ]
    )
    turns = [spoken(known, p, t_s) for p in PARTNERS]
    told = None if turns[0] is None else tuple(np.reshape(each, (-1, 2)) for each in turns)
    both = series(hr_bpm, turns_s=told, start_s=from_s)
    recovered = (recovery([episodes(band)]) for band in both.band_bpm)
    judged = measured(both, REFERENCES[0 if both.speech_known else 1])
    return judged, dict(zip(PARTNERS, recovered, strict=True))


def judgements(events: Sequence[Event], until_s: float) -> list[Together]:
    """All that an engine judges on its way from the start."""
    engine = Engine(references=REFERENCES)
    for event in events:
        engine.push(event)
    frames = (engine.frame(i * EVERY_S) for i in range(round(until_s / EVERY_S) + 1))
    return [frame.together for frame in frames if frame.together]


def assert_same(found: Any, expected: Any) -> None:
    """Every number to 1e-12, every word exactly."""
    assert type(found) is type(expected)
    if isinstance(found, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(found, dict):
        assert list(found) == list(expected)
        assert_same(tuple(found.values()), tuple(expected.values()))
    elif isinstance(found, float | np.ndarray):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    else:
        assert found == expected


@pytest.fixture(scope="module", params=["whole", "holes", "silent talk"])
def events(request: pytest.FixtureRequest) -> list[Event]:
    speech = request.param != "silent talk"
    told = events_of(COUPLE, LASTS_S, speech=speech)
    return with_holes(told) if request.param == "holes" else told


def test_live_is_batch_at_every_moment_and_a_jump_changes_nothing(events: list[Event]) -> None:
    live = judgements(events, LASTS_S)
    assert [each.t_s for each in live] == list(np.arange(EVERY_S, LASTS_S + 1, EVERY_S))
    compared = 0
    for each in live:
        if each.t_s in (60.0, 415.0, 600.0, 720.0, 760.0, 1185.0, 1310.0, 1500.0):
            assert_same((each.dyad, each.recovery), batch(events, each.t_s))
            compared += 1
    assert compared == 8
    engine = Engine(references=REFERENCES)
    for event in events:
        engine.push(event)
    passed = []
    for t_s in slices_s(0.0, 1350.0):
        engine.pass_over(t_s)
        if t_s % look_every_s(1350.0) == 0:
            passed.append(engine.look(t_s))
    engine.skip_to(1350.0)
    frames = [engine.frame(1350.0 + i * EVERY_S) for i in range(1, 31)]
    jumped = [*passed, *(frame.together for frame in frames if frame.together)]
    by_moment = {each.t_s: each for each in live}
    assert len(passed) > 50
    for each in jumped:
        for name in (field.name for field in fields(Together)):
            assert_same(getattr(each, name), getattr(by_moment[each.t_s], name))


def engine_with(events: Sequence[Event], references: tuple[Pair, ...] = ()) -> Engine:
    engine = Engine(references=references)
    for event in events:
        engine.push(event)
    return engine


def messages_at(events: Sequence[Event], *moments_s: float) -> list[dict[str, Any]]:
    """The linkage messages of some moments."""
    engine = engine_with(events, REFERENCES)
    engine.skip_to(moments_s[0] - EVERY_S)
    found = []
    for t_s in np.arange(moments_s[0], moments_s[-1] + 1, EVERY_S):
        frame = engine.frame(float(t_s))
        assert frame.together is not None
        if t_s in moments_s:
            found.append(linkage_message(frame.together, frame.silent, LABELS))
    return found


@pytest.fixture(scope="module")
def couple() -> list[Event]:
    return events_of(COUPLE, 1300.0)


def figures(message: dict[str, Any]) -> list[Any]:
    """All that would be a figure of both."""
    lead, settling, index = message["lead"], message["settling"], message["index"]
    names = ("p", "r", "r_low", "r_high", "r_adjusted", "lag_s", "p_antiphase", "r_antiphase")
    return [
        *(message[name] for name in (*names, "own_share", "own_low", "own_high")),
        *(message[name] for name in ("chance_r", "chance_band", "profile")),
        *(lead["claim"], lead["asymmetry_z"], lead["balance"]),
        *(lead["balance_low"], lead["balance_high"], message["words"]["recovery"]),
        *(each[name] for each in message["recovery"].values() for name in each),
        *settling["half_decay_s"].values(),
        *(settling[name] for name in ("low_s", "high_s", "usual_s")),
        *(index[name] for name in ("value", "low", "high")),
        *(message["breathing"]["z"], message["evidence"]),
    ]


def test_before_eight_clean_minutes_there_is_no_figure_and_progress_is_told(
    couple: list[Event],
) -> None:
    early, late, first = messages_at(couple, 60.0, 480.0, 490.0)
    for gathering in (early, late):
        assert gathering["state"] == "not_enough_data"
        assert figures(gathering) == [None] * len(figures(gathering))
        assert gathering["index"]["state"] == "locked"
        assert gathering["joint_s"] + gathering["more_s"] == NEEDED_S
        assert gathering["words"]["headline"] == "Not enough clean data yet"
    assert 470 <= late["joint_s"] < NEEDED_S, "seven minutes and fifty seconds are too few"
    assert late["words"]["text"].startswith("7 of 8 minutes clean in both, 100 % of the time")
    assert first["state"] in ("linked", "no_linkage")
    assert first["more_s"] is None
    assert first["r_low"] < first["r"] < first["r_high"]
    assert len(first["profile"]) == len(SETTINGS["linkage_lag_s"]) == 31
    assert max(first["profile"]) == first["r"]


def test_a_silent_strap_holds_the_gathering_and_says_whose_it_is(couple: list[Event]) -> None:
    silent = [e for e in couple if not (isinstance(e, Packet) and e.partner == "b" and e.t_s > 200)]
    before, after = messages_at(silent, 240.0, 300.0)
    assert before["joint_s"] == after["joint_s"]
    assert before["clean_s"]["b"] == after["clean_s"]["b"] < after["clean_s"]["a"]
    assert after["silent"] == [{"partner": "b", "reason": "no signal"}]
    assert after["words"]["held"] == "Paused here: Ben, no signal."
    assert after["more_s"] == NEEDED_S - after["joint_s"]
    (much_later,) = messages_at(silent, 900.0)
    assert much_later["more_s"] > NEEDED_S - much_later["joint_s"], "or three quarters, if later"


def test_one_heart_on_both_straps_gives_no_figure() -> None:
    session, endless = simulated_session(DyadSettings(seed=3), same_heart=True)
    assert session.settings["same_heart"]
    (found,) = messages_at(list(takewhile(lambda e: e.t_s <= 610, endless)), 600.0)
    assert (found["state"], found["index"]["reason"]) == ("same_source", "same_source")
    assert figures(found) == [None] * len(figures(found))
    assert found["flags"][0] == "same_source"
    assert found["words"]["headline"] == "Both signals look the same. Check the straps."


def test_antiphase_is_told_only_with_speaking_turns(couple: list[Event]) -> None:
    without = [event for event in couple if not isinstance(event, Speech)]
    for events, known in ((couple, True), (without, False)):
        (found,) = messages_at(events, 900.0)
        assert found["speech_known"] == known
        assert (found["p_antiphase"] is not None) == known
        assert ("speech_unknown" in found["flags"]) != known


def test_speaking_counts_from_the_moment_it_is_known(couple: list[Event]) -> None:
    """A key pressed at 650 s says nothing of what was judged before."""
    late = [e for e in couple if not isinstance(e, Speech)]
    late += [Speech(650.0, "a", 640.0, True, "key"), Speech(660.0, "a", 655.0, False, "key")]
    before, after = messages_at(sorted(late, key=lambda e: e.t_s), 645.0, 700.0)
    assert (before["speech_known"], after["speech_known"]) == (False, True)


def test_ranges_stay_within_what_a_correlation_can_be_and_hold_their_value() -> None:
    """A close couple: half a range above its r lies beyond 1."""
    close = DyadSettings(mode="amplify", gain=0.9, turns="shared", seed=9)
    (found,) = messages_at(events_of(close, 1260.0), 1260.0)
    assert found["r"] + found["chance_band"] > 1.0
    assert -1.0 <= found["r_low"] < found["r"] < found["r_high"] == 1.0
    assert 0.0 <= found["own_low"] < found["own_share"] < found["own_high"] <= 1.0


def test_what_is_missing_is_told_for_the_window_that_trails() -> None:
    """Once the window is full, seconds leave it that were as clean as the others."""
    noisy = DyadSettings(turns="shared", damage=Damage(missed=0.15))
    growing, full = messages_at(events_of(noisy, 1500.0), 900.0, 1500.0)
    for found in (growing, full):
        assert found["state"] == "not_enough_data"
        assert found["joint_s"] > NEEDED_S, "it is the share that is missing"
    span_s, share = SETTINGS["linkage_span_s"], SETTINGS["linkage_needed_share"]
    assert full["to_s"] - full["from_s"] == span_s
    lacks_s = share * span_s - full["joint_s"]
    assert full["more_s"] == pytest.approx(lacks_s / (1 - full["joint_s"] / span_s))
    grows_s = span_s - (growing["to_s"] - growing["from_s"])
    lacks_s = share * span_s - growing["joint_s"] - grows_s
    leave = 1 - growing["joint_s"] / (span_s - grows_s)
    assert growing["more_s"] == pytest.approx(grows_s + lacks_s / leave, rel=0.01)


def test_the_messages_are_json_and_the_words_name_people(couple: list[Event]) -> None:
    (found,) = messages_at(couple, 1250.0)
    encode(found)
    assert "A first" not in str(found["words"])
    assert words.lead_claim("b", "Ben").startswith("Changes were seen in Ben first;")
    assert set(found["words"]) == {
        *("headline", "text", "strength", "held", "lead", "settling", "recovery"),
        *("index", "flags"),
    }


def test_what_is_remembered_does_not_grow_with_the_session() -> None:
    lasts_s = 4800.0
    engine = engine_with(events_of(COUPLE, lasts_s))
    sizes = {}
    for t_s in np.arange(EVERY_S, lasts_s, EVERY_S):
        engine.frame(float(t_s))
        if t_s in (1800.0, 4500.0):
            sizes[t_s] = len(pickle.dumps(engine._watch))
    assert sizes[4500.0] < 1.1 * sizes[1800.0]
    assert sizes[4500.0] < 400_000
