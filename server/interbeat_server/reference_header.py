"""References as the header of a session holds them: how each partner usually settles.

What a session is judged by is written into its header, so that a replay shows what the live run
showed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from interbeat_analysis.settling import Reference, checked_reference
from interbeat_collector.events import PARTNERS, Session
from interbeat_collector.session_file import DamagedSession

SETTING = "references"
"""Where the header of a session holds them."""


class Pair(NamedTuple):
    """References of both partners, of one kind."""

    a: Reference
    b: Reference


Pairs = tuple[Pair, ...]
"""One pair with the effect of speaking taken out, where that is known, and one with it."""


def talked(session: Session) -> bool:
    """Whether the two talked: people do; simulated ones as their settings say."""
    return session.settings.get("turns", "shared") != "none"


def fitting(pairs: Iterable[Pair], speech_known: bool) -> Pair | None:
    """The pair of the kind asked for, else one of another kind, else None."""
    ordered = sorted(pairs, key=lambda pair: pair.a.speech_known != speech_known)
    return ordered[0] if ordered else None


def described(pairs: Pairs) -> list[dict[str, Any]]:
    """References as the header of a session holds them."""
    return [
        {
            p: {
                **one._asdict(),
                "half_decay_s": None if np.isnan(one.half_decay_s) else one.half_decay_s,
            }
            for p, one in zip(PARTNERS, pair, strict=True)
        }
        for pair in pairs
    ]


def references_in(session: Session) -> Pairs:
    """What the header of a session holds of them; ValueError if it is of other people.

    DamagedSession, which is one, where it makes no sense.
    """
    held: Any = session.settings.get(SETTING, [])
    try:
        pairs = tuple(Pair(*(_held(pair[p]) for p in PARTNERS)) for pair in held)
    except (TypeError, KeyError) as error:
        raise DamagedSession(
            f"Session {session.id} is damaged: the references in its header make no sense. Use a "
            "copy of it if you have one."
        ) from error
    for pair in pairs:
        for p, one in zip(PARTNERS, pair, strict=True):
            checked_reference(one, session.labels[p])
    return pairs


def _held(told: Any) -> Reference:
    """One reference; TypeError or KeyError if it is none."""
    match told:
        case {
            "half_decay_s": float() | int() | None as half_decay_s,
            "known_s": float() | int() as known_s,
            "talk": bool(),
            "speech_known": bool(),
            "person": str() | None,
        } if known_s >= 0 and (half_decay_s is None or half_decay_s > 0):
            return Reference(
                **{**told, "half_decay_s": np.nan if half_decay_s is None else half_decay_s}
            )
    raise TypeError(told)
