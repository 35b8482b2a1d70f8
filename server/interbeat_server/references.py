"""How each partner usually settles, learnt from recorded sessions.

A reference is of one person: the rhythm of one side of sessions in which this partner had no part,
or, with less to say, of the couple's own earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from interbeat_analysis.arousal import FS_HZ, clean_heart_rate
from interbeat_analysis.dyad import series
from interbeat_analysis.settling import Reference, reference
from interbeat_collector.events import PARTNERS, Partner
from interbeat_collector.session_file import Recording
from interbeat_collector.speech import spoken

from .heart_document import Heart
from .recorded import hearts_of
from .reference_header import Pair, Pairs, talked


def reference_of(
    recordings: Sequence[Recording], partner: Partner, *, speech_known: bool | None = None
) -> Reference:
    """How the person on one side of these recordings usually settles.

    `speech_known` False leaves the effect of speaking in; by default it is taken out where every
    recording tells who spoke when. ValueError if there is no recording, or if they are of
    different people, or of talk and of silence.
    """
    if speech_known is None:
        speech_known = _all_tell(recordings)
    bands = [bands_of(recording, (speech_known,))[0] for recording in recordings]
    return _reference(recordings, partner, bands, speech_known)


def references_of(recordings: Sequence[Recording]) -> Pairs:
    """References of both partners, of every kind that the recordings allow."""
    kinds = (True, False) if _all_tell(recordings) else (False,)
    bands = [bands_of(recording, kinds) for recording in recordings]
    return tuple(
        Pair(*(_reference(recordings, p, [each[i] for each in bands], known) for p in PARTNERS))
        for i, known in enumerate(kinds)
    )


def bands_of(recording: Recording, kinds: Sequence[bool] = (True,)) -> list[np.ndarray]:
    """Arousal bands of both, shape (2, n), of a whole session, once for each kind.

    True takes the effect of speaking out where the session tells of it, False leaves it in.
    """
    hearts = hearts_of(recording)
    start_s, stop_s = recorded_s(hearts[p] for p in PARTNERS)
    hr_bpm = np.stack([clean_heart_rate(*hearts[p], start_s, stop_s) for p in PARTNERS])
    turns_s = turns_of(recording)
    return [
        series(hr_bpm, FS_HZ, turns_s=turns_s if known else None, start_s=start_s).band_bpm
        for known in kinds
    ]


def turns_of(recording: Recording) -> tuple[np.ndarray, np.ndarray] | None:
    """Speaking turns of a and b, shape (k, 2) each; None where the session tells of none."""
    a, b = (spoken(recording.events, p, recording.duration_s) for p in PARTNERS)
    if a is None or b is None:
        return None
    return np.array(a, dtype=np.float64).reshape(-1, 2), np.array(b, dtype=np.float64).reshape(
        -1, 2
    )


def recorded_s(hearts: Iterable[Heart]) -> tuple[float, float]:
    """The whole seconds in which any of the hearts was recorded."""
    seen = [heart for heart in hearts if len(heart.t_s)]
    if not seen:
        return 0.0, 0.0
    start_s = float(np.ceil(min(heart.t_s[0] - heart.rr_s[0] for heart in seen)))
    return start_s, max(float(np.floor(max(heart.t_s[-1] for heart in seen))), start_s)


def _reference(
    recordings: Sequence[Recording],
    partner: Partner,
    bands: Sequence[np.ndarray],
    speech_known: bool,
) -> Reference:
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
    own = [band[PARTNERS.index(partner)] for band in bands]
    return reference(own, talk=talk, speech_known=speech_known, person=person)


def _all_tell(recordings: Sequence[Recording]) -> bool:
    """Whether every recording says who spoke when."""
    return all(turns_of(recording) is not None for recording in recordings)


def _one(values: set[Any], problem: str) -> Any:
    if len(values) > 1:
        raise ValueError(problem.format(" and ".join(sorted(map(str, values)))))
    return next(iter(values))
