"""Whole-session analysis: a recording, or RR lists, to one document of figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from interbeat_analysis.pooling import together
from interbeat_analysis.settling import Reference
from interbeat_collector.events import PARTNERS, Link, Packet, Partner, Session
from interbeat_collector.feed import Feed
from interbeat_collector.session_file import Recording
from interbeat_collector.speech import spoken

from . import __version__, live
from .dyad_document import judged_document, parameters, pooled_document
from .heart_document import Heart, Wanted, heart_document, methods
from .messages import number
from .synchrony_document import synchrony_document
from .together import Judged, TurnsOfBoth, end_s, judged, on_one_grid, opening_s
from .words import MEANINGS

DOCUMENT_VERSION = 1

SESSION_BASIS = "whole recording, offline clock"
"""Beats are where all packets of the session, also later ones, put them."""
RR_BASIS = "whole recording"
OF_TWO = ("synchrony", "linkage", "lead", "settling", "index", "flags", "details", "parameters")

References = tuple[Reference, Reference]


class Material(NamedTuple):
    """What is known of one recording before anything is computed."""

    hearts: dict[Partner, Heart]
    """One or both partners."""
    duration_s: float
    basis: str = RR_BASIS
    session: Session | None = None
    turns_s: TurnsOfBoth | None = None
    """When each spoke; None if that is not known."""
    talk: bool = True
    """Whether the two talked."""


class Analysis(NamedTuple):
    """The document, and what pooling and pictures need of it."""

    document: dict[str, Any]
    judged: Judged | None
    """None for one heart alone."""


def material_of(recording: Recording) -> Material:
    """A session file as it is, with the speaking turns that it holds."""
    duration_s = recording.duration_s
    return Material(
        hearts_of(recording),
        duration_s,
        SESSION_BASIS,
        recording.session,
        turns_of(recording),
    )


def material_of_rr(hearts: dict[Partner, Heart]) -> Material:
    """RR lists: from the first opening beat of either to the last beat of either."""
    recorded = [heart for heart in hearts.values() if len(heart.t_s)]
    lasted_s = max(map(end_s, recorded)) - min(map(opening_s, recorded)) if recorded else 0.0
    return Material(hearts, lasted_s)


def hearts_of(recording: Recording) -> dict[Partner, Heart]:
    """The beats of both partners, from every packet of a recording."""
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
    return {p: Heart(*feeds[p].clock.beats().real()[:2]) for p in PARTNERS}


def heart_of_rr(rr_s: np.ndarray, opening_s: float = 0.0) -> Heart:
    """A list of intervals laid end to end from the beat that opens the first."""
    return Heart(opening_s + np.cumsum(rr_s), rr_s)


def turns_of(recording: Recording) -> TurnsOfBoth | None:
    """When each spoke, as the session has it; None when it says nothing of speaking."""
    a, b = (spoken(recording.events, p, recording.duration_s) for p in PARTNERS)
    if a is None or b is None:
        return None
    return np.reshape(a, (-1, 2)), np.reshape(b, (-1, 2))


def analyze(
    material: Material,
    wanted: Wanted | None = None,
    references: References | None = None,
) -> Analysis:
    """The document that `interbeat analyze --json` prints (`docs/researchers.md`)."""
    wanted = wanted or Wanted()
    hearts, both = material.hearts, len(material.hearts) == 2
    document = {
        **_head(material.basis, wanted, both=both),
        "session": _session(material),
        "duration_s": number(material.duration_s),
        "partners": {
            p: heart_document(hearts[p], wanted) if p in hearts else None for p in PARTNERS
        },
    }
    if not both:
        return Analysis({**document, **dict.fromkeys(OF_TWO)}, None)
    shared = on_one_grid(hearts["a"], hearts["b"])
    found = judged(hearts, shared, material.turns_s, references, talk=material.talk)
    document |= {
        "synchrony": synchrony_document(shared),
        **judged_document(found),
        "parameters": parameters(),
    }
    return Analysis(document, found)


def analyze_several(
    materials: Sequence[Material],
    wanted: Wanted | None = None,
    references: References | None = None,
    progress: Callable[[int], None] = lambda number: None,
) -> tuple[dict[str, Any], list[Analysis]]:
    """Sessions of the same two people: each by itself, and all of them as one result."""
    wanted = wanted or Wanted()
    found: list[Analysis] = []
    for each in materials:
        progress(len(found))
        found.append(analyze(each, wanted, references))
    several = [each.judged for each in found if each.judged is not None]
    whole = together([each.dyad for each in several])
    document = {
        **_head("several sessions, each whole", wanted, both=True),
        "sessions": [each.document for each in found],
        "pooled": pooled_document(several, whole),
        "parameters": parameters(),
    }
    return document, found


def _head(basis: str, wanted: Wanted, *, both: bool) -> dict[str, Any]:
    how = methods(wanted)
    if both:
        how |= {name: meaning.methods for name, meaning in MEANINGS.items()}
    return {
        "version": DOCUMENT_VERSION,
        "software": f"interbeat {__version__}",
        "basis": basis,
        "methods": how,
    }


def _session(material: Material) -> dict[str, Any] | None:
    session = material.session
    if session is None:
        return None
    return {
        "id": session.id,
        "kind": session.kind,
        "started_utc": session.started_utc,
        "labels": session.labels,
    }
