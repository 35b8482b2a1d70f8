"""All indices of a heart, each with what it rests on: a whole recording, or sliding windows.

A recording is one window that holds everything, so both go one way. What is computed lies in
`hrv`, `spectra`, `lomb`, `nonlinear` and `respiration`; `gates` decides what is fit to be shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from interbeat_analysis.artifacts import (
    Artifacts,
    Kind,
    Redistributed,
    find_artifacts,
    redistribute,
)
from interbeat_analysis.corrected import CorrectedHRV, corrected_hrv, windowed_corrected_hrv
from interbeat_analysis.frequency_bands import Bands
from interbeat_analysis.gates import Index, rated
from interbeat_analysis.holes import runs
from interbeat_analysis.hrv import HRV, triangular_index, windowed_hrv, windowed_share
from interbeat_analysis.lomb import lomb_bands
from interbeat_analysis.nonlinear import dfa_alpha1, sample_entropy
from interbeat_analysis.respiration import Respiration, respiration
from interbeat_analysis.series import checked_beats
from interbeat_analysis.spectra import (
    KUBIOS_LIKE,
    TASK_FORCE,
    Preset,
    bands,
    tachogram,
    windowed_bands,
)

TIME_DOMAIN = (
    *("mean_hr_bpm", "sdnn_ms", "rmssd_ms", "sdsd_ms", "pnn50_percent", "pnn20_percent"),
    *("sd1_ms", "sd2_ms", "sd2_identity_ms"),
)
FREQUENCY_DOMAIN = ("vlf_ms2", "lf_ms2", "hf_ms2", "total_ms2", "lf_nu", "hf_nu")
LOMB = {"lf_lomb_ms2": "lf_ms2", "hf_lomb_ms2": "hf_ms2"}
"""The same bands from the beats as they are, under the same gates."""

WHOLE_SHARE = 0.9
"""A window counts as whole while this share of it was seen: live, the newest beats are on their
way, and a packet may be lost, lest a figure turn grey and back every minute."""

BREATHING_WINDOW_S = 60.0
"""Nobody breathes evenly for an hour: the rate of a recording is the median over its minutes."""

DFA_SIZES = {TASK_FORCE.name: (4, 16), KUBIOS_LIKE.name: (4, 12)}

AS_RECORDED = "as recorded"


class Cleaned(NamedTuple):
    """The intervals of one heart with what each of them is."""

    beat_t_s: np.ndarray
    """Beat that ends each interval, shape (n,), in seconds."""
    rr_s: np.ndarray
    """The intervals as they came, shape (n,), in seconds."""
    found: Artifacts
    """What each interval is."""
    corrected: bool
    """False when the indices are to take the intervals as they came."""

    @property
    def nn_s(self) -> np.ndarray:
        """The intervals that count, shape (n,), in seconds; NaN where one is left out."""
        return np.where(self.found.bad, np.nan, self.rr_s) if self.corrected else self.rr_s

    def filled(self) -> Redistributed:
        """The record with short runs of bad intervals replaced, as spectra take it."""
        if self.corrected:
            return redistribute(self.beat_t_s, self.rr_s, self.found)
        return Redistributed(self.beat_t_s, self.rr_s, np.zeros(len(self.rr_s), dtype=bool))


def cleaned(beat_t_s: np.ndarray, rr_s: np.ndarray, *, causal: bool = False) -> Cleaned:
    """Intervals whose artefacts are left out of differences and replaced in series.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    rr_s : ndarray, shape (n,)
        RR intervals in seconds; NaN (or not positive) where there is none.
    causal : bool
        As `find_artifacts`.

    Returns
    -------
    Cleaned
        What the indices take.

    Raises
    ------
    ValueError
        If the beat times do not increase, the shapes differ, or `rr_s` is not in seconds
        (median above 10).
    """
    beat_t_s, rr_s = checked_beats(beat_t_s, rr_s)
    return Cleaned(beat_t_s, rr_s, find_artifacts(rr_s, beat_t_s=beat_t_s, causal=causal), True)


def as_recorded(beat_t_s: np.ndarray, rr_s: np.ndarray) -> Cleaned:
    """Intervals taken as they are, artefacts and all; those in doubt are told, not touched.

    Parameters
    ----------
    beat_t_s, rr_s
        As `cleaned`.

    Returns
    -------
    Cleaned
        What the indices take.

    Raises
    ------
    ValueError
        As `cleaned`.
    """
    return cleaned(beat_t_s, rr_s)._replace(corrected=False)


def whole_indices(heart: Cleaned, preset: Preset = TASK_FORCE) -> dict[str, Index]:
    """Every index of a whole recording.

    Parameters
    ----------
    heart : Cleaned
        What `cleaned` or `as_recorded` gives.
    preset : Preset
        How the spectrum is made. "Kubios-like" also takes DFA over 4 to 12 intervals instead of
        4 to 16.

    Returns
    -------
    dict of str to Index
        By name with unit: those of `TIME_DOMAIN`, `triangular_index`, those of
        `FREQUENCY_DOMAIN` and `LOMB`, `sample_entropy`, `dfa_alpha1` and
        `respiration_per_min`. A value is NaN where it cannot be computed; whether it may be
        shown is its state.

    Raises
    ------
    ValueError
        If `preset` cannot be.

    See Also
    --------
    interbeat_analysis.gates : the states, with sources.
    """
    t_s = heart.beat_t_s
    end_s, window_s = (t_s[-1], t_s[-1] - t_s[0] + 1.0) if len(t_s) else (0.0, 1.0)
    basis = _basis(heart, np.array([end_s]), float(window_s))
    # The edges of a recording cut an interval each: five minutes of beats span a little less.
    edges_s = 2 * 60.0 / basis.time_domain.mean_hr_bpm
    basis = basis._replace(length_s=basis.length_s + edges_s)
    filled = heart.filled()
    spectrum = bands(filled.beat_t_s, filled.nn_s, preset)
    lomb = lomb_bands(heart.beat_t_s, heart.nn_s)
    intervals_s = heart.nn_s if basis.method[0] == "masked" else filled.nn_s
    breathing = _breathing(filled)
    values = {
        **_values(basis.time_domain, TIME_DOMAIN, 0),
        "triangular_index": triangular_index(intervals_s),
        **_values(spectrum, FREQUENCY_DOMAIN, ()),
        **{name: float(getattr(lomb, band)) for name, band in LOMB.items()},
        "sample_entropy": sample_entropy(intervals_s),
        "dfa_alpha1": dfa_alpha1(intervals_s, DFA_SIZES[preset.name]),
        "respiration_per_min": breathing.rate_per_min,
    }
    unbroken_s = min(basis.covered_s[0], _longest_s(filled, preset))
    seen_s = dict.fromkeys((*FREQUENCY_DOMAIN, "respiration_per_min"), unbroken_s)
    confidence = {"respiration_per_min": breathing.confidence}
    return _rated(basis, 0, values, seen_s, confidence)


def windowed_indices(
    heart: Cleaned,
    end_s: np.ndarray,
    window_s: float,
    preset: Preset = TASK_FORCE,
    *,
    names: Collection[str] = (*TIME_DOMAIN, *FREQUENCY_DOMAIN),
    live: bool = False,
) -> list[dict[str, Index]]:
    """Indices in the windows `(end_s - window_s, end_s]`.

    Parameters
    ----------
    heart : Cleaned
        What `cleaned` or `as_recorded` gives.
    end_s : ndarray, shape (w,)
        Ends of the windows in seconds, in any order.
    window_s : float
        Length of the windows in seconds.
    preset : Preset
        How the spectra are made.
    names : collection of str
        Which of `TIME_DOMAIN` and `FREQUENCY_DOMAIN`; spectra that nobody asks for cost nothing.
    live : bool
        Whether they are to be shown while the recording runs: some are then off.

    Returns
    -------
    list of dict of str to Index, w long
        The asked for, each with its state.

    Raises
    ------
    ValueError
        If a name is unknown, or as `windowed_hrv` and `windowed_bands`.
    """
    unknown = sorted(set(names) - {*TIME_DOMAIN, *FREQUENCY_DOMAIN})
    if unknown:
        raise ValueError(
            f"names = {unknown[0]!r} is no index of windows; "
            f"known are {', '.join((*TIME_DOMAIN, *FREQUENCY_DOMAIN))}"
        )
    end_s = np.asarray(end_s, dtype=np.float64)
    basis = _basis(heart, end_s, window_s)
    in_time = [name for name in TIME_DOMAIN if name in names]
    in_bands = [name for name in FREQUENCY_DOMAIN if name in names]
    spectra = None
    if in_bands:
        filled = heart.filled()
        spectra = windowed_bands(filled.beat_t_s, filled.nn_s, end_s, window_s, preset)
    found = []
    for at in range(len(end_s)):
        values = _values(basis.time_domain, in_time, at)
        if spectra is not None:
            values |= _values(spectra, in_bands, at)
        found.append(_rated(basis, at, values, {}, {}, live=live))
    return found


class _Basis(NamedTuple):
    """What the figures of each window rest on."""

    time_domain: HRV
    bad_percent: np.ndarray
    irregular: np.ndarray
    covered_s: np.ndarray
    """Sum of the valid intervals."""
    length_s: np.ndarray
    """How much of the window lies within the recording."""
    method: np.ndarray
    handled: str


def _basis(heart: Cleaned, end_s: np.ndarray, window_s: float) -> _Basis:
    beat_t_s, rr_s, found, corrected = heart
    if corrected:
        made = windowed_corrected_hrv(beat_t_s, rr_s, found, end_s, window_s)
    else:
        made = CorrectedHRV(
            windowed_hrv(beat_t_s, rr_s, end_s, window_s),
            np.full(end_s.shape, AS_RECORDED),
            windowed_share(beat_t_s, found.bad, end_s, window_s),
        )
    irregular = np.zeros(end_s.shape, dtype=bool)
    if made.bad_percent.any():
        early = windowed_share(beat_t_s, found.kind == Kind.ECTOPIC, end_s, window_s)
        irregular = early > 0.5 * made.bad_percent
    with np.errstate(invalid="ignore"):
        covered_s = np.where(made.hrv.beats > 0, 60.0 * made.hrv.beats / made.hrv.mean_hr_bpm, 0.0)
    handled = "corrected" if corrected else "in doubt"
    length_s = np.clip(end_s - _opening_s(heart), 0.0, window_s)
    return _Basis(made.hrv, made.bad_percent, irregular, covered_s, length_s, made.method, handled)


def _opening_s(heart: Cleaned) -> float:
    """The beat that opens the first interval, as far as it is known; inf without beats."""
    if not len(heart.beat_t_s):
        return float("inf")
    return float(heart.beat_t_s[0] - np.nan_to_num(heart.rr_s[0]))


def _counted_s(seen_s: float, length_s: float) -> float:
    """Length of a window against the gates: what was seen, or all of it when little is missing."""
    return max(seen_s, length_s) if seen_s >= WHOLE_SHARE * length_s else seen_s


def _rated(
    basis: _Basis,
    at: int,
    values: Mapping[str, float],
    seen_s: Mapping[str, float],
    confidence: Mapping[str, float],
    *,
    live: bool = False,
) -> dict[str, Index]:
    """The values of one window with their states."""
    found = {}
    for name, value in values.items():
        seen = float(seen_s.get(name, basis.covered_s[at]))
        found[name] = rated(
            LOMB.get(name, name),
            value,
            seen,
            int(basis.time_domain.beats[at]),
            float(basis.bad_percent[at]),
            live=live,
            mean_hr_bpm=float(basis.time_domain.mean_hr_bpm[at]),
            confidence=confidence.get(name, np.nan),
            irregular=bool(basis.irregular[at]),
            handled=basis.handled,
            counted_s=float(_counted_s(seen, basis.length_s[at])),
        )
    return found


def _values(found: HRV | Bands, names: Collection[str], at: int | tuple[()]) -> dict[str, float]:
    return {name: float(getattr(found, name)[at]) for name in names}


def _breathing(record: Redistributed) -> Respiration:
    """Median rate and confidence over the minutes that have a rate."""
    beat_t_s, nn_s = record.beat_t_s, record.nn_s
    if not len(beat_t_s):
        return respiration(beat_t_s, nn_s)
    minutes = max(round((beat_t_s[-1] - beat_t_s[0]) / BREATHING_WINDOW_S), 1)
    edges = np.searchsorted(beat_t_s, beat_t_s[0] + BREATHING_WINDOW_S * np.arange(1, minutes))
    parts = zip(np.split(beat_t_s, edges), np.split(nn_s, edges), strict=True)
    found = [each for each in (respiration(*part) for part in parts) if each.confidence > 0]
    if not found:
        return Respiration(float("nan"), 0.0)
    return Respiration(*(float(middle) for middle in np.median(np.array(found), axis=0)))


def _longest_s(record: Redistributed, preset: Preset) -> float:
    """Length of the longest stretch without a hole."""
    _, resampled_s = tachogram(record.beat_t_s, record.nn_s, preset.fs)
    return float(np.diff(runs(~np.isnan(resampled_s))).max(initial=0)) / preset.fs


def differences_method(heart: Cleaned) -> str:
    """How differences of neighbouring intervals were taken over the whole recording.

    Parameters
    ----------
    heart : Cleaned
        What `cleaned` or `as_recorded` gives.

    Returns
    -------
    str
        "redistributed" while at most 5 % of the intervals are bad, else "masked", as
        `windowed_corrected_hrv` has it; `AS_RECORDED` for intervals as they came.
    """
    if not heart.corrected:
        return AS_RECORDED
    return str(corrected_hrv(heart.beat_t_s, heart.rr_s, heart.found).method)
