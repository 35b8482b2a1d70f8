"""Whole-session analysis: a recording, or RR lists, to one document of figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from interbeat_analysis.artifacts import mask_artifacts
from interbeat_analysis.series import grid, heart_rate
from interbeat_analysis.summaries import SynchronySummary, summary
from interbeat_analysis.windowed import WindowedCrossCorrelation, windowed_cross_correlation
from interbeat_collector.events import PARTNERS, Link, Marker, Packet, Partner
from interbeat_collector.feed import Feed
from interbeat_collector.session_file import Recording

from . import __version__, live
from .heart_document import Heart, Wanted, heart_document, methods
from .messages import number
from .own_baseline import Span, spans

DOCUMENT_VERSION = 1


SESSION_BASIS = "whole recording, offline clock"
"""Beats are where all packets of the session, also later ones, put them."""


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


def marked_baselines(recording: Recording) -> list[Span]:
    """The stretches of a recording that were marked as baselines."""
    return spans(event for event in recording.events if isinstance(event, Marker))


def heart_of_rr(rr_s: np.ndarray, opening_s: float = 0.0) -> Heart:
    """A list of intervals laid end to end from the beat that opens the first."""
    return Heart(opening_s + np.cumsum(rr_s), rr_s)


def analyze(
    hearts: dict[Partner, Heart],
    duration_s: float | None = None,
    basis: str = "whole recording",
    wanted: Wanted | None = None,
) -> dict[str, Any]:
    """The document that `interbeat analyze --json` prints (`docs/researchers.md`)."""
    both, wanted = len(hearts) == 2, wanted or Wanted()
    return {
        "version": DOCUMENT_VERSION,
        "software": f"interbeat {__version__}",
        "basis": basis,
        "duration_s": number(_duration_s(hearts) if duration_s is None else duration_s),
        "methods": methods(wanted),
        "partners": {
            p: heart_document(hearts[p], wanted) if p in hearts else None for p in PARTNERS
        },
        "synchrony": _synchrony(hearts["a"], hearts["b"]) if both else None,
    }


def correlation(a: Heart, b: Heart) -> WindowedCrossCorrelation:
    """Windowed cross-correlation of the two heart-rate series where both were recorded."""
    start_s = max(_opening_s(a), _opening_s(b))
    stop_s = min(_end_s(a), _end_s(b))
    start_s = np.ceil(start_s / live.HOP_S) * live.HOP_S if np.isfinite(start_s) else 0.0
    samples_s = grid(start_s, max(stop_s, start_s), live.FS_HZ)
    return windowed_cross_correlation(
        heart_rate(a.t_s, _nn(a), samples_s),
        heart_rate(b.t_s, _nn(b), samples_s),
        live.FS_HZ,
        window_s=live.WINDOW_S,
        hop_s=live.HOP_S,
        max_lag_s=live.MAX_LAG_S,
        start_s=float(start_s),
    )


def _synchrony(a: Heart, b: Heart) -> dict[str, Any]:
    found: SynchronySummary = summary(correlation(a, b))
    return {
        "best_lag_s": number(found.best_lag_s),
        "mean_z": number(found.mean_z),
        "mean_abs_z": number(found.mean_abs_z),
        "zero_lag_z": number(found.zero_lag_z),
        "a_leads_z": number(found.a_leads_z),
        "b_leads_z": number(found.b_leads_z),
        "windows": int(found.windows),
        "window_s": live.WINDOW_S,
        "hop_s": live.HOP_S,
        "max_lag_s": live.MAX_LAG_S,
        "anchor": "lead",
        "fs_hz": live.FS_HZ,
    }


def _nn(heart: Heart) -> np.ndarray:
    return mask_artifacts(heart.rr_s, beat_t_s=heart.t_s)


def _opening_s(heart: Heart) -> float:
    return float(heart.t_s[0] - heart.rr_s[0]) if len(heart.t_s) else np.nan


def _end_s(heart: Heart) -> float:
    return float(heart.t_s[-1]) if len(heart.t_s) else np.nan


def _duration_s(hearts: dict[Partner, Heart]) -> float:
    """From the first opening beat of either to the last beat of either."""
    recorded = [heart for heart in hearts.values() if len(heart.t_s)]
    if not recorded:
        return 0.0
    return max(map(_end_s, recorded)) - min(map(_opening_s, recorded))
