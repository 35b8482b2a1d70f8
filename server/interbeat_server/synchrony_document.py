"""Windowed synchrony of two hearts, with its chance, as `interbeat analyze --json` prints it."""

from __future__ import annotations

from typing import Any

from interbeat_analysis.shift_null import ShiftNull, shift_null
from interbeat_analysis.summaries import summary
from interbeat_analysis.windowed import WindowedCrossCorrelation, windowed_cross_correlation

from . import live
from .live_heart import FS_HZ
from .messages import number
from .together import Together

LAYOUT: dict[str, Any] = {
    "window_s": live.WINDOW_S,
    "hop_s": live.HOP_S,
    "max_lag_s": live.MAX_LAG_S,
}


def correlation(both: Together) -> WindowedCrossCorrelation:
    """Windowed cross-correlation of the two heart-rate series where both were recorded."""
    a, b = both.hr_bpm
    return windowed_cross_correlation(a, b, FS_HZ, start_s=both.start_s, **LAYOUT)


def chance(both: Together) -> ShiftNull:
    """The same beside every circular shift; takes a second for an hour, more as its square."""
    a, b = both.hr_bpm
    return shift_null(a, b, FS_HZ, start_s=both.start_s, **LAYOUT)


def synchrony_document(both: Together) -> dict[str, Any]:
    """The summaries, and how often chance alone gives as much.

    The mean of |z| is far from 0 for strangers too, so it is not told where chance is not known.
    """
    found = summary(correlation(both))
    null = chance(both)
    return {
        "best_lag_s": number(found.best_lag_s),
        "mean_z": number(found.mean_z),
        "mean_abs_z": None if null.reason else number(found.mean_abs_z),
        "zero_lag_z": number(found.zero_lag_z),
        "a_leads_z": number(found.a_leads_z),
        "b_leads_z": number(found.b_leads_z),
        "leadership": number(found.leadership),
        "windows": int(found.windows),
        "p": number(null.p),
        "p_in_phase": number(null.p_in_phase),
        "p_any_window": number(null.p_any_window),
        "null": None if null.reason else null.null,
        "tested_mean_z": number(null.mean_z),
        "tested_mean_abs_z": number(null.mean_abs_z),
        "chance_mean_abs_z": number(null.chance_abs_z),
        "reason": null.reason or None,
        **LAYOUT,
        "anchor": "lead",
        "fs_hz": FS_HZ,
    }
