"""Heart rate and RMSSD of a minute beside those of a quiet stretch of the same recording.

Each person is compared with nobody else, and a minute is told apart from the stretch only where
it lies outside what minutes scatter by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from interbeat_analysis.gates import Index
from interbeat_analysis.indices import Cleaned, windowed_indices

COMPARED = ("mean_hr_bpm", "rmssd_ms")
"""What a minute can tell (`interbeat_analysis.gates`)."""

LEAST_S = 120.0
EDGES_S = 5.0
"""Beats are cut at both ends of a stretch, and a packet may be lost: so much may lack."""
MOST_S = 300.0
MINUTE_S = 60.0
"""What is compared with a baseline: windows of this length."""

SCATTER = {"mean_hr_bpm": (0.91, 1.11), "rmssd_ms": (0.61, 1.55)}
"""Between these ratios 95 % of the minutes lie that directly follow a stretch of 2 to 5 min, in 19
recordings of 16 to 60 min, about 900 pairs for each length. Minutes of the stretch itself lie
closer, within 0.92 to 1.11 and 0.68 to 1.31 (592 clean stretches of 5 min), but a minute
afterwards is none of them."""

OWN_FROM_S = 240.0
OWN_EVERY_S = 5.0
OWN_SD = 2.5
"""A stretch this long tells how far its own minutes lie from it, root mean square; a heart that
scatters more than others is given that many of it. It never narrows `SCATTER`: four or five minutes
are too few to know that a heart is steadier than others."""

Standing = Literal["higher", "about", "lower", "unknown"]


class Baseline(NamedTuple):
    """The quiet stretch of one person, and whether it may serve."""

    from_s: float
    to_s: float
    clean_s: float
    """Seconds of good intervals in it."""
    state: Literal["ok", "too_short", "noisy"]
    reason: str
    """Why the state is not ok; empty when it is."""
    figures: Mapping[str, Index]
    """Those of `COMPARED`, of the whole stretch."""
    about: Mapping[str, tuple[float, float]]
    """Ratios to those figures between which a minute is about the same."""


class Comparison(NamedTuple):
    """How a figure stands to that of the own baseline."""

    standing: Standing
    ratio: float
    """Figure over baseline; NaN when unknown."""
    difference: float
    """Figure minus baseline, in its unit; NaN when unknown."""
    reason: str
    """Why it is unknown; empty when it is not."""


def clean_s(heart: Cleaned, from_s: float, to_s: float) -> float:
    """Seconds of good intervals whose beats lie in `(from_s, to_s]`.

    Parameters
    ----------
    heart : Cleaned
        What `interbeat_analysis.indices.cleaned` gives.
    from_s, to_s : float
        The stretch in seconds, on the clock of the beats.

    Returns
    -------
    float
        Their sum in seconds.
    """
    inside = (heart.beat_t_s > from_s) & (heart.beat_t_s <= to_s)
    return float(np.nansum(heart.nn_s[inside]))


def baseline(heart: Cleaned, from_s: float, to_s: float) -> Baseline:
    """The baseline of a person: a quiet stretch of the own recording.

    Parameters
    ----------
    heart : Cleaned
        What `interbeat_analysis.indices.cleaned` gives.
    from_s, to_s : float
        The stretch in seconds, on the clock of the beats; `MOST_S` long at most.

    Returns
    -------
    Baseline
        State "ok"; "too_short" with less than `LEAST_S` of good intervals (five seconds may be
        missing, as in every window of `interbeat_analysis.indices`); "noisy" where a figure is in
        doubt or off.

    Raises
    ------
    ValueError
        If `to_s` is not after `from_s`, the stretch is longer than `MOST_S`, or as
        `windowed_indices`.

    References
    ----------
    .. [1] Laborde, S., Mosley, E., & Thayer, J. F. (2017). Heart rate variability and cardiac
       vagal tone in psychophysiological research. Frontiers in Psychology, 8, 213.
       https://doi.org/10.3389/fpsyg.2017.00213
    """
    length_s = to_s - from_s
    if not 0.0 < length_s <= MOST_S:
        raise ValueError(
            f"from_s = {from_s:g} s to to_s = {to_s:g} s must be a stretch of at most {MOST_S:g} s"
        )
    (figures,) = windowed_indices(heart, np.array([to_s]), length_s, names=COMPARED)
    seen_s = clean_s(heart, from_s, to_s)
    if seen_s + EDGES_S < LEAST_S:
        reason = f"{seen_s:.0f} s of clean signal, {LEAST_S:.0f} s needed"
        return Baseline(from_s, to_s, seen_s, "too_short", reason, figures, SCATTER)
    doubt = next((each.reason for each in figures.values() if each.state != "ok"), "")
    if doubt:
        return Baseline(from_s, to_s, seen_s, "noisy", doubt, figures, SCATTER)
    about = _about(heart, from_s, to_s, figures)
    return Baseline(from_s, to_s, seen_s, "ok", "", figures, about)


def compare(own: Baseline, figures: Mapping[str, Index]) -> dict[str, Comparison]:
    """Say for each figure of a minute how it stands to the own baseline.

    Parameters
    ----------
    own : Baseline
        What `baseline` gives.
    figures : mapping of str to Index
        Those of `COMPARED` over a minute that shares no beat with the baseline.

    Returns
    -------
    dict of str to Comparison
        "higher" or "lower" outside `own.about`, "about" inside, and "unknown" with a reason while
        the baseline may not serve or the figure is in doubt.
    """
    return {name: _compared(name, own, figures[name]) for name in COMPARED}


def _compared(name: str, own: Baseline, figure: Index) -> Comparison:
    if own.state != "ok":
        return Comparison("unknown", np.nan, np.nan, own.reason)
    if figure.state != "ok":
        return Comparison("unknown", np.nan, np.nan, figure.reason)
    usual = own.figures[name].value
    if not usual > 0:
        return Comparison("unknown", np.nan, np.nan, "no interval of the baseline differs")
    ratio = figure.value / usual
    low, high = own.about[name]
    standing: Standing = "lower" if ratio < low else "higher" if ratio > high else "about"
    return Comparison(standing, ratio, figure.value - usual, "")


def _about(
    heart: Cleaned, from_s: float, to_s: float, figures: Mapping[str, Index]
) -> dict[str, tuple[float, float]]:
    """What minutes scatter, or what those of this stretch do where that is more."""
    if to_s - from_s < OWN_FROM_S:
        return dict(SCATTER)
    end_s = np.arange(from_s + MINUTE_S, to_s, OWN_EVERY_S)
    minutes = windowed_indices(heart, end_s, MINUTE_S, names=COMPARED)
    about = {}
    for name, (low, high) in SCATTER.items():
        whole = figures[name].value
        values = np.array([each[name].value for each in minutes if each[name].state == "ok"])
        usable = values[values > 0] / whole if whole > 0 else np.empty(0)
        own = np.exp(OWN_SD * np.sqrt(np.mean(np.log(usable) ** 2))) if len(usable) else 1.0
        about[name] = (min(low, 1.0 / float(own)), max(high, float(own)))
    return about
