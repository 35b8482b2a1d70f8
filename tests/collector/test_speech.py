"""Turns out of the events of a session."""

from __future__ import annotations

from interbeat_collector.events import Marker, Partner, Speech
from interbeat_collector.speech import joined, spoken


def key(at_s: float, on: bool, partner: Partner = "a", source: str = "key") -> Speech:
    return Speech(at_s + 0.2, partner, at_s, on, source)


def test_a_turn_lasts_from_a_beginning_to_a_stop() -> None:
    events = [key(1, True), key(2, True, "b"), key(4, False), key(5, False, "b"), key(7, True)]
    assert spoken(events, "a", 10.0) == [(1, 4), (7, 10)]
    assert spoken(events, "b", 10.0) == [(2, 5)]


def test_silence_is_known_and_ignorance_is_none() -> None:
    assert spoken([key(1, True, "b")], "a", 10.0) == []
    assert spoken([Marker(1.0, 1.0, "conflict")], "a", 10.0) is None


def test_what_is_told_twice_counts_once() -> None:
    events = [key(1, True), key(2, True), key(3, False), key(4, False), key(0.5, False)]
    assert spoken(events, "a", 10.0) == [(1, 3)]


def test_the_moment_counts_and_not_when_it_was_learned() -> None:
    late = [Speech(9.0, "a", 3.0, False, "key"), Speech(9.5, "a", 1.0, True, "key")]
    assert spoken(late, "a", 10.0) == [(1.0, 3.0)]


def test_one_source_does_not_silence_another() -> None:
    events = [
        key(1, True),
        key(2, True, source="voice"),
        key(3, False),
        key(4, False, source="voice"),
    ]
    assert spoken(events, "a", 10.0) == [(1, 4)]


def test_turns_end_with_the_session() -> None:
    assert spoken([key(8, True), key(12, False), key(13, True)], "a", 10.0) == [(8, 10)]


def test_turns_that_touch_are_one() -> None:
    assert joined([(3, 4), (1, 2), (2, 3), (6, 6)]) == [(1, 4)]
