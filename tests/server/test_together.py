"""What the live engine says of both hearts: as the batch functions, at every moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import takewhile
from typing import Any

import numpy as np
import pytest

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.artifacts import mask_artifacts
from interbeat_analysis.dyad import Dyad, measured, series
from interbeat_analysis.series import CONFIRMED_BEATS, heart_rate, known_until
from interbeat_analysis.settling import Reference
from interbeat_collector.events import PARTNERS, Event, Link, Packet, Session, Speech
from interbeat_collector.session_file import Recording
from interbeat_collector.simulation import DyadSettings
from interbeat_collector.speech import spoken
from interbeat_server.analyze import hearts_of
from interbeat_server.live import PATIENCE_S, Engine
from interbeat_server.live_together import EVERY_S, SPAN_S, Together
from interbeat_server.reference_header import Pair
from interbeat_server.sources import simulated_session

COUPLE = DyadSettings(seed=3, mode="mutual", gain=1.5, turns="shared")
LASTS_S = 1500.0
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


def batch(events: Sequence[Event], t_s: float) -> Dyad:
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
    return measured(both, REFERENCES[0 if both.speech_known else 1])


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
    if hasattr(found, "_fields"):
        for name in found._fields:
            assert_same(getattr(found, name), getattr(expected, name))
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
            assert_same(each.dyad, batch(events, each.t_s))
            compared += 1
    assert compared == 8
    engine = Engine(references=REFERENCES)
    for event in events:
        engine.push(event)
    passed = engine.skip_to(1350.0)
    frames = [engine.frame(1350.0 + i * EVERY_S) for i in range(1, 31)]
    jumped = [*passed.together, *(frame.together for frame in frames if frame.together)]
    by_moment = {each.t_s: each for each in live}
    assert len(passed.together) > 50
    for each in jumped:
        for name in (field.name for field in fields(Together)):
            assert_same(getattr(each, name), getattr(by_moment[each.t_s], name))
