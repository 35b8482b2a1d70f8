"""One heart of a whole recording as the figures that `interbeat analyze --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from interbeat_analysis.artifacts import Kind, State
from interbeat_analysis.baseline import COMPARED, LEAST_S, MINUTE_S, Baseline, compare
from interbeat_analysis.gates import OFF_CORRECTED_PERCENT, Index
from interbeat_analysis.indices import (
    DFA_SIZES,
    Cleaned,
    as_recorded,
    cleaned,
    differences_method,
    whole_indices,
    windowed_indices,
)
from interbeat_analysis.spectra import TASK_FORCE, Preset

from .messages import number
from .own_baseline import Span, newest


class Wanted(NamedTuple):
    """What the caller of `analyze` chose."""

    corrected: bool = True
    """False: every interval as it is in the file."""
    preset: Preset = TASK_FORCE
    beats: bool = False
    """List every beat with its class and state."""
    full: bool = False
    """Add what neurokit2 computes further."""
    offline: bool = False
    """Add the measures of two hearts that are for after a session only."""


class Heart(NamedTuple):
    """Beats of one partner on the session clock, shape (n_beats,) each."""

    t_s: np.ndarray
    rr_s: np.ndarray


def heart_document(heart: Heart, wanted: Wanted, baselines: Sequence[Span] = ()) -> dict[str, Any]:
    """The indices with what they rest on, and what became of each beat."""
    made = cleaned(*heart) if wanted.corrected else as_recorded(*heart)
    found = whole_indices(made, wanted.preset)
    bad = made.found.bad
    document: dict[str, Any] = {
        "beats": len(heart.rr_s),
        "artifact_share": number(bad.mean()) if len(bad) else None,
        "start_s": number(heart.t_s[0] - heart.rr_s[0]) if len(heart.t_s) else None,
        "end_s": number(heart.t_s[-1]) if len(heart.t_s) else None,
        **{name: _value(index, wanted) for name, index in found.items()},
        "states": {name: _state(index) for name, index in found.items()},
        "differences": differences_method(made),
        "beat_states": _counts(made.found.state, State),
        "beat_classes": _counts(made.found.kind, Kind),
        "baseline": _baseline(made, newest(made, baselines)),
    }
    if wanted.beats:
        document["beat_table"] = _beat_table(heart, made)
        document["replaced_table"] = _replaced_table(made)
    if wanted.full:
        from .further import further_indices

        document["neurokit2"] = further_indices(heart.t_s, made.nn_s)
    return document


def methods(wanted: Wanted) -> dict[str, str]:
    """How the figures were made, in words, for whoever compares them."""
    preset = wanted.preset
    smooth = f", lambda {preset.smoothness:g}" if preset.detrend == "smoothness priors" else ""
    low, high = DFA_SIZES[preset.name]
    return {
        "preset": preset.name,
        "artifacts": (
            "after Lipponen and Tarvainen 2019, thresholds capped at 0.25 of the local median"
            if wanted.corrected
            else "none: every interval as it is"
        ),
        "spectrum": (
            f"cubic spline at {preset.fs:g} Hz, {preset.detrend} detrend{smooth}, Hann "
            f"{preset.segment_s:g} s, half overlap, bands interpolated at their edges"
        ),
        "lomb": "Lomb's periodogram of the beats, scaled by 2 T / N",
        "sample_entropy": "m = 2, r = 0.2 SD (n - 1)",
        "dfa_alpha1": f"blocks of {low} to {high} intervals without overlap",
        "respiration": "median over minutes of the highest peak of the intervals, 0.1 to 0.5 Hz",
    }


def _value(index: Index, wanted: Wanted) -> float | None:
    """A figure of bad beats is withheld, unless the intervals were asked for as they are."""
    noisy = index.corrected_percent > OFF_CORRECTED_PERCENT
    return None if noisy and wanted.corrected else number(index.value)


def _state(index: Index) -> dict[str, Any]:
    return {
        "state": index.state,
        "reason": index.reason or None,
        "window_s": number(index.window_s, 3),
        "beats": index.beats,
        "corrected_percent": number(index.corrected_percent, 3),
    }


def _baseline(heart: Cleaned, own: Baseline | None) -> dict[str, Any] | None:
    """The own baseline, and how each minute outside it stands to it."""
    if own is None:
        return None
    document: dict[str, Any] = {
        "from_s": number(own.from_s),
        "to_s": number(own.to_s),
        "state": own.state,
        "reason": own.reason or None,
        "clean_s": number(own.clean_s, 3),
        "needed_s": LEAST_S,
        "window_s": MINUTE_S,
        "figures": None,
        "minutes": None,
    }
    if own.state != "ok":
        return document
    document["figures"] = {
        name: {
            "value": number(own.figures[name].value),
            "about_from": number(own.about[name][0]),
            "about_to": number(own.about[name][1]),
        }
        for name in COMPARED
    }
    end_s = _minutes_outside(heart, own)
    minutes = windowed_indices(heart, end_s, MINUTE_S, names=COMPARED)
    compared = [compare(own, minute) for minute in minutes]
    document["minutes"] = {
        "end_s": [number(each) for each in end_s.tolist()],
        **{
            name: {
                "standing": [each[name].standing for each in compared],
                "ratio": [number(each[name].ratio, 6) for each in compared],
                "difference": [number(each[name].difference, 6) for each in compared],
                "reason": [each[name].reason or None for each in compared],
            }
            for name in COMPARED
        },
    }
    return document


def _minutes_outside(heart: Cleaned, own: Baseline) -> np.ndarray:
    """Ends of the minutes before a baseline and after it, one beside the other.

    A second may be missing at either end of the recording.
    """
    first_s = heart.beat_t_s[0] - heart.rr_s[0] + MINUTE_S - 1.0
    before_s = np.arange(own.from_s, first_s, -MINUTE_S)[::-1]
    after_s = np.arange(own.to_s + MINUTE_S, heart.beat_t_s[-1] + 1.0, MINUTE_S)
    return np.concatenate([before_s, after_s])


def _counts(values: np.ndarray, names: type[State] | type[Kind]) -> dict[str, int]:
    return {e.name.lower(): int((values == e).sum()) for e in names if e is not Kind.NONE}


def _beat_table(heart: Heart, made: Cleaned) -> dict[str, list[Any]]:
    """Every interval as it came, with what it was taken for: nothing is silently changed."""
    return {
        "t_s": np.round(heart.t_s, 6).tolist(),
        "rr_ms": [number(rr_s * 1000.0, 6) for rr_s in heart.rr_s.tolist()],
        "state": [State(each).name.lower() for each in made.found.state],
        "class": [Kind(each).name.lower() for each in made.found.kind],
    }


def _replaced_table(made: Cleaned) -> dict[str, list[Any]]:
    """The intervals that stand for corrected ones in series and spectra."""
    filled = made.filled()
    new = filled.corrected
    return {
        "t_s": np.round(filled.beat_t_s[new], 6).tolist(),
        "nn_ms": [number(nn_s * 1000.0, 6) for nn_s in filled.nn_s[new].tolist()],
    }
