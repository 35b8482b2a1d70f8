"""What is known of a recording before anything is computed: hearts, turns, who the two are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from interbeat_collector.beats import BeatClock
from interbeat_collector.events import (
    PARTNERS,
    Device,
    Event,
    Link,
    Packet,
    Partner,
    Session,
    Speech,
)
from interbeat_collector.feed import Feed
from interbeat_collector.session_file import DamagedSession, Recording

from . import live
from .heart_document import Heart
from .own_baseline import Span
from .reference_header import SETTING
from .together import TurnsOfBoth, end_s, opening_s

SESSION_BASIS = "whole recording, offline clock"
"""Beats are where all packets of the session, also later ones, put them."""
RR_BASIS = "whole recording"

LONGEST_S = 30 * 86_400.0
"""No recording goes on for longer; a file that says so holds other times than it should."""
BEFORE_S = 60.0
"""A beat may lie so long before the recording: the first packet tells of it."""

OTHER: dict[Partner, Partner] = {"a": "b", "b": "a"}


class Reception(NamedTuple):
    """What became of one strap's packets on their way."""

    gaps: int
    """Times beats are missing."""
    beats_in_gaps: int
    """About so many, as the intervals around suggest; they are in no figure."""
    packets_twice: int
    """Packets that came twice and were counted once."""


class Material(NamedTuple):
    """One recording, ready to be analysed."""

    hearts: dict[Partner, Heart]
    """One or both partners."""
    duration_s: float
    basis: str = RR_BASIS
    session: Session | None = None
    turns_s: TurnsOfBoth | None = None
    """When each spoke; None if that is not known."""
    talk: bool = True
    """Whether the two talked."""
    baselines: Sequence[Span] = ()
    """Stretches that may be a person's own baseline, oldest first."""
    reception: Mapping[Partner, Reception] = {}
    """Of straps; nothing is known of it for lists of intervals."""


def hearts_of(recording: Recording) -> dict[Partner, Heart]:
    """The beats of both partners, from every packet of a recording."""
    return {p: heart_of(clock) for p, clock in clocks_of(recording).items()}


def heart_of(clock: BeatClock) -> Heart:
    return Heart(*clock.beats().real()[:2])


def reception_of(clock: BeatClock) -> Reception:
    return Reception(max(clock.stretches - 1, 0), clock.inferred, clock.duplicates)


def clocks_of(recording: Recording) -> dict[Partner, BeatClock]:
    """The offline clocks of both straps.

    DamagedSession where their beats cannot be when the file says.
    """
    latency_s = live.latencies(recording.session)
    feeds = {p: Feed(latency_s[p]) for p in PARTNERS}
    for event in sorted(recording.events, key=lambda event: event.t_s):
        match event:
            case Packet(kind="heart_rate"):
                feeds[event.partner].packet(event)
            case Link():
                feeds[event.partner].link(event)
            case _:
                pass
    clocks = {p: feeds[p].clock for p in PARTNERS}
    hearts = [heart_of(clock) for clock in clocks.values()]
    last_s = [recording.duration_s, *(end_s(h) for h in hearts if len(h.t_s))]
    if not all(map(_plausible, hearts)) or max(last_s) > LONGEST_S:
        raise DamagedSession(
            f"Session {recording.session.id} is damaged: the times of its packets make no sense, "
            "the beats in them do not follow one another. Use a copy of it if you have one."
        )
    return clocks


def _plausible(heart: Heart) -> bool:
    """Whether beats come one after another, none of them long before the recording."""
    return bool((np.diff(heart.t_s) > 0).all()) and not opening_s(heart) < -BEFORE_S


def heart_of_rr(rr_s: np.ndarray, opening_s: float = 0.0) -> Heart:
    """A list of intervals laid end to end from the beat that opens the first."""
    return Heart(opening_s + np.cumsum(rr_s), rr_s)


def material_of_rr(hearts: dict[Partner, Heart]) -> Material:
    """RR lists: from the first opening beat of either to the last beat of either."""
    recorded = [heart for heart in hearts.values() if len(heart.t_s)]
    lasted_s = max(map(end_s, recorded)) - min(map(opening_s, recorded)) if recorded else 0.0
    return Material(hearts, lasted_s)


def mirrored(recording: Recording) -> Recording:
    """The same recording with the two called the other way round."""
    session = recording.session
    turned = replace(
        session,
        labels={p: session.labels[OTHER[p]] for p in PARTNERS},
        straps={p: session.straps[OTHER[p]] for p in PARTNERS},
        settings=_turned_settings(session.settings),
    )
    return Recording(turned, tuple(_mirrored(event) for event in recording.events))


def _turned_settings(settings: dict[str, object]) -> dict[str, object]:
    """The references that a session was recorded with belong to people, not to sides."""
    held: Any = settings.get(SETTING)
    if not isinstance(held, list):
        return settings
    turned = [
        {p: pair.get(OTHER[p]) for p in PARTNERS} if isinstance(pair, dict) else pair
        for pair in held
    ]
    return {**settings, SETTING: turned}


def _mirrored(event: Event) -> Event:
    if isinstance(event, Packet | Link | Device | Speech):
        return replace(event, partner=OTHER[event.partner])
    return event
