"""Whole-session analysis: a recording, or RR lists, to one document of figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.pooling import together
from interbeat_analysis.settling import Reference
from interbeat_collector.events import PARTNERS, Marker, Partner
from interbeat_collector.session_file import Recording

from . import __version__
from .dyad_document import judged_document, parameters, pooled_document
from .heart_document import Wanted, heart_document, methods
from .messages import number
from .offline_document import offline_measures
from .own_baseline import spans
from .recorded import SESSION_BASIS, Material, clocks_of, heart_of, reception_of
from .reference_header import talked
from .references import turns_of
from .synchrony_document import synchrony_document
from .together import Judged, judged, on_one_grid
from .words import MEANINGS

DOCUMENT_VERSION = 1

OF_TWO = ("synchrony", "linkage", "lead", "settling", "index", "flags", "details", "parameters")

References = tuple[Reference, Reference]


class Analysis(NamedTuple):
    """The document, and what pooling and pictures need of it."""

    document: dict[str, Any]
    judged: Judged | None
    """None for one heart alone."""


def material_of(recording: Recording) -> Material:
    """A session file as it is, with the speaking turns that it holds."""
    clocks = clocks_of(recording)
    return Material(
        {p: heart_of(clocks[p]) for p in PARTNERS},
        recording.duration_s,
        SESSION_BASIS,
        recording.session,
        turns_of(recording),
        talked(recording.session),
        spans(event for event in recording.events if isinstance(event, Marker)),
        {p: reception_of(clocks[p]) for p in PARTNERS},
    )


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
        "partners": {p: _partner(material, p, wanted) if p in hearts else None for p in PARTNERS},
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
    if wanted.offline:
        document["offline"] = offline_measures(shared.hr_bpm[0], shared.hr_bpm[1], FS_HZ)
    return Analysis(document, found)


def _partner(material: Material, p: Partner, wanted: Wanted) -> dict[str, Any]:
    known = material.reception.get(p)
    return {
        **heart_document(material.hearts[p], wanted, material.baselines),
        "reception": known._asdict() if known else None,
    }


def analyze_several(
    materials: Sequence[Material],
    wanted: Wanted | None = None,
    references: Sequence[References | None] | None = None,
    progress: Callable[[int], None] = lambda number: None,
) -> tuple[dict[str, Any], list[Analysis]]:
    """Sessions of the same two people: each by itself, and all of them as one result."""
    wanted = wanted or Wanted()
    found: list[Analysis] = []
    for each, known in zip(materials, references or [None] * len(materials), strict=True):
        progress(len(found))
        found.append(analyze(each, wanted, known))
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
        "strap_warning": session.settings.get("strap_warning"),
    }
