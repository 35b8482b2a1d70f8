"""How each partner usually settles, learnt from recorded sessions.

A reference is of one person: the rhythm of one side of sessions in which this partner had no part,
or, with less to say, of the couple's own earlier ones. It is written into the header of a session
that is judged by it, so that a replay shows what the live run showed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from interbeat_analysis.arousal import FS_HZ, clean_heart_rate
from interbeat_analysis.dyad import Series, series
from interbeat_analysis.settling import Reference, checked_reference, reference
from interbeat_collector.events import PARTNERS, Partner, Session
from interbeat_collector.session_file import Recording
from interbeat_collector.speech import spoken

from .heart_document import Heart
from .messages import number
from .recorded import hearts_of

SETTING = "references"
"""Where the header of a session holds them."""


class Pair(NamedTuple):
    """References of both partners, of one kind."""

    a: Reference
    b: Reference


Pairs = tuple[Pair, ...]
"""One pair with the effect of speaking taken out, where that is known, and one with it."""


def reference_of(
    recordings: Sequence[Recording], partner: Partner, *, speech_known: bool | None = None
) -> Reference:
    """How the person on one side of these recordings usually settles.

    `speech_known` False leaves the effect of speaking in; by default it is taken out where every
    recording tells who spoke when. ValueError if the recordings are of different people, or of
    talk and of silence.
    """
    if not recordings:
        raise ValueError("a reference needs at least one recorded session")
    person = _one(
        {recording.session.labels[partner] for recording in recordings},
        "sessions of {} cannot be one reference: give sessions of one person",
    )
    talk = _one(
        {talked(recording.session) for recording in recordings},
        "talk and silence cannot be one reference: give sessions of one kind",
    )
    if speech_known is None:
        speech_known = all(turns_of(recording) is not None for recording in recordings)
    row = PARTNERS.index(partner)
    bands = [
        series_of(recording, speech_known=speech_known).band_bpm[row] for recording in recordings
    ]
    return reference(bands, talk=talk, speech_known=speech_known, person=person)


def references_of(recordings: Sequence[Recording]) -> Pairs:
    """References of both partners, of every kind that the recordings allow."""
    told = all(turns_of(recording) is not None for recording in recordings)
    return tuple(
        Pair(*(reference_of(recordings, p, speech_known=known) for p in PARTNERS))
        for known in ((True, False) if told else (False,))
    )


def fitting(pairs: Iterable[Pair], speech_known: bool) -> Pair | None:
    """The pair of the kind asked for, else one of another kind, else None."""
    ordered = sorted(pairs, key=lambda pair: pair.a.speech_known != speech_known)
    return ordered[0] if ordered else None


def talked(session: Session) -> bool:
    """Whether the two talked: people do; simulated ones as their settings say."""
    return session.settings.get("turns", "shared") != "none"


def turns_of(
    recording: Recording, until_s: float | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Speaking turns of a and b, shape (k, 2) each; None where the session tells of none."""
    end_s = recording.duration_s if until_s is None else until_s
    found = [spoken(recording.events, p, end_s) for p in PARTNERS]
    if any(turns is None for turns in found):
        return None
    a, b = (np.array(turns, dtype=np.float64).reshape(-1, 2) for turns in found)
    return a, b


def series_of(recording: Recording, *, speech_known: bool = True) -> Series:
    """Both arousal bands of a whole session, the effect of speaking taken out where it is told."""
    hearts = hearts_of(recording)
    start_s, stop_s = recorded_s(hearts[p] for p in PARTNERS)
    hr_bpm = np.stack([clean_heart_rate(*hearts[p], start_s, stop_s) for p in PARTNERS])
    turns_s = turns_of(recording) if speech_known else None
    return series(hr_bpm, FS_HZ, turns_s=turns_s, start_s=start_s)


def recorded_s(hearts: Iterable[Heart]) -> tuple[float, float]:
    """Whole seconds in which any of the hearts was recorded."""
    seen = [heart for heart in hearts if len(heart.t_s)]
    if not seen:
        return 0.0, 0.0
    start_s = float(np.ceil(min(heart.t_s[0] - heart.rr_s[0] for heart in seen)))
    return start_s, max(float(np.floor(max(heart.t_s[-1] for heart in seen))), start_s)


def described(pairs: Pairs) -> list[dict[str, Any]]:
    """References as the header of a session holds them."""
    return [
        {
            p: {**one._asdict(), "half_decay_s": number(one.half_decay_s)}
            for p, one in zip(PARTNERS, pair, strict=True)
        }
        for pair in pairs
    ]


def references_in(session: Session) -> Pairs:
    """What the header of a session holds of them; ValueError if it is of other people."""
    held: Any = session.settings.get(SETTING, [])
    return tuple(Pair(*(_held(pair[p], session.labels[p]) for p in PARTNERS)) for pair in held)


def checked(pairs: Pairs, session: Session) -> Pairs:
    """The same; ValueError if they are known to be of other people than the session."""
    for pair in pairs:
        for p, one in zip(PARTNERS, pair, strict=True):
            checked_reference(one, session.labels[p])
    return pairs


def _held(told: dict[str, Any], person: str) -> Reference:
    half_decay_s = np.nan if told["half_decay_s"] is None else told["half_decay_s"]
    return checked_reference(Reference(**{**told, "half_decay_s": half_decay_s}), person)


def _one(values: set[Any], problem: str) -> Any:
    if len(values) > 1:
        raise ValueError(problem.format(" and ".join(sorted(map(str, values)))))
    return next(iter(values))
