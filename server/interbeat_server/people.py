"""Whose sessions they are: sides put right, other people refused.

PeopleError    sessions of different people where one couple's, or one person's, were asked for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from interbeat_analysis.settling import Reference
from interbeat_collector.events import PARTNERS, Partner, Session
from interbeat_collector.session_file import DamagedSession, Recording

from .recorded import mirrored
from .reference_header import SETTING, Pair, described, fitting, references_in
from .references import reference_of, turns_of


class PeopleError(ValueError):
    """Sessions are of other people than was asked for; the text is for the user."""


def of_one_couple(recordings: Sequence[Recording]) -> list[Recording]:
    """The same sessions with each person in the role of the first one."""
    return [_in_roles_of(recordings[0].session, each) for each in recordings]


def personal_references(
    recordings: Sequence[Recording], session: Session | None, *, speech_known: bool
) -> tuple[Reference, Reference]:
    """How each partner of a session usually settles.

    Each is looked for by name in the reference sessions, which may be with somebody else. RR
    lists have no names: there the reference is of the same side.
    """
    a, b = (_reference(recordings, session, p, speech_known) for p in PARTNERS)
    return a, b


def in_header(session: Session | None, *, speech_known: bool) -> tuple[Reference, Reference] | None:
    """The references that a session was recorded with; None if there were none."""
    if session is None:
        return None
    try:
        return fitting(references_in(session), speech_known)
    except DamagedSession:
        raise
    except ValueError as error:
        raise PeopleError(f"Session {session.id} cannot be judged: {error}.") from error


def judged_by(session: Session, recordings: Sequence[Recording]) -> Session:
    """The session with the references that these recordings give it in its header."""
    pairs = {
        pair.a.speech_known: pair
        for pair in (
            Pair(*personal_references(recordings, session, speech_known=known))
            for known in (True, False)
        )
    }
    settings = {**session.settings, SETTING: described(tuple(pairs.values()))}
    return replace(session, settings=settings)


def _reference(
    recordings: Sequence[Recording], session: Session | None, partner: Partner, speech_known: bool
) -> Reference:
    own = [_beside(each, session, partner) for each in recordings]
    of_person = [each for each in own if each is not None]
    if not of_person:
        assert session is not None
        who = " or of ".join(sorted({_couple(each.session) for each in recordings}))
        raise PeopleError(
            f"The reference is of {who}, but {session.labels[partner]}{_made_from(session)} is in "
            "the session. How fast someone settles can only be compared with themselves: give "
            "sessions of the same person."
        )
    known = speech_known and all(turns_of(each) is not None for each in of_person)
    try:
        return reference_of(of_person, partner, speech_known=known)
    except ValueError as error:
        raise PeopleError(f"The reference cannot be used: {error}.") from error


def _beside(recording: Recording, session: Session | None, partner: Partner) -> Recording | None:
    """The recording with this person on this side; None if the person is not in it."""
    if session is None:
        return recording
    for side in PARTNERS:
        if _same_person(recording.session, side, session, partner):
            return recording if side == partner else mirrored(recording)
    return None


def _in_roles_of(first: Session, recording: Recording) -> Recording:
    for found in (recording, mirrored(recording)):
        if all(_same_person(found.session, p, first, p) for p in PARTNERS):
            return found
    raise PeopleError(
        f"Session {recording.session.id} is of {_couple(recording.session)}, the first one of "
        f"{_couple(first)}. Several sessions are one result only for the same two people; "
        "for a table of many sessions use --rows."
    )


def _same_person(one: Session, side: Partner, other: Session, partner: Partner) -> bool:
    """By name; simulated people also by what they were made from."""
    if one.kind != other.kind or one.labels[side] != other.labels[partner]:
        return False
    made_of = [each.settings.get("seed") for each in (one, other)]
    return one.kind != "simulated" or made_of[0] == made_of[1]


def _couple(session: Session) -> str:
    return f"{session.labels['a']} and {session.labels['b']}{_made_from(session)}"


def _made_from(session: Session) -> str:
    """Simulated people are known by their seed too: others may have the same names."""
    if session.kind != "simulated":
        return ""
    seed = session.settings.get("seed")
    return " (simulated)" if seed is None else f" (simulated, seed {seed})"
