"""Further measures of two whole heart rates, each beside chance, as JSON-ready figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from interbeat_analysis.coherence import coherence
from interbeat_analysis.concordance import concordance
from interbeat_analysis.frequency_bands import HF_HZ, LF_HZ
from interbeat_analysis.peaks import peaks
from interbeat_analysis.phase import analytic_signal, circular_correlation, phase_locking
from interbeat_analysis.random_shifts import RandomShifts, random_shifts
from interbeat_analysis.recurrence import MOST_SAMPLES, cross_recurrence, recurrence_nearby
from interbeat_analysis.summaries import known_mean
from interbeat_analysis.wavelet import wavelet_null
from interbeat_analysis.windowed import windowed_cross_correlation

from .messages import number

SLOW_HZ = (0.01, 0.04)
BANDS_HZ = {"lf": LF_HZ, "hf": HF_HZ}
WAVELET_BANDS_HZ = {"slow": SLOW_HZ, **BANDS_HZ}
FEWEST_S = 300.0
COHERENCE_WINDOW_S = 300.0
RECURRENCE_FS_HZ = 1.0
NEARBY_S = 5.0
SEED, SHIFTS = 1, 99
MEASURES = (
    "coherence",
    "wavelet_coherence",
    "recurrence",
    "phase_locking",
    "circular_correlation",
    "concordance",
    "peaks",
)
SETTINGS = {
    "coherence_window_s": COHERENCE_WINDOW_S,
    "coherence_segment_s": 64.0,
    "phase_window_s": 30.0,
    "recurrence_radius_sd": 0.2,
    "recurrence_nearby_s": NEARBY_S,
    "concordance_slope_s": 5.0,
    "concordance_slopes": 15,
    "peaks_window_s": 30.0,
    "peaks_max_lag_s": 5.0,
}
"""The defaults of the functions, told with the figures."""

Figures = Callable[[np.ndarray, np.ndarray], list[float]]


def offline_measures(
    hr_a: np.ndarray, hr_b: np.ndarray, fs: float, *, seed: int = SEED, shifts: int = SHIFTS
) -> dict[str, Any]:
    """Coherence, wavelets, recurrence, phase, concordance and peaks, each beside its chance.

    `hr_a` and `hr_b` are heart rates of the same length at `fs`, NaN where unknown. Each figure
    has `value`, `chance` (what it is on average when b is turned against a) and `p`; None where
    it is not known. With less than five minutes known in both there is a `reason` and nothing
    else. Takes about 6 s for an hour.
    """
    known_s = float(np.count_nonzero(np.isfinite(hr_a) & np.isfinite(hr_b)) / fs)
    if known_s < FEWEST_S:
        return {
            "known_s": known_s,
            "reason": f"{known_s:g} s are known of both hearts: it takes {FEWEST_S:g} s",
            **dict.fromkeys(MEASURES),
        }

    def beside(one: np.ndarray, two: np.ndarray, figures: Figures, *names: str) -> dict[str, Any]:
        found = random_shifts(
            lambda step: np.array(figures(one, np.roll(two, step, axis=-1))),
            one.shape[-1],
            seed=seed,
            shifts=shifts,
        )
        return _document(names, found)

    bands = tuple(BANDS_HZ)
    phase_a, phase_b = (
        np.stack([analytic_signal(x, fs, band) for band in BANDS_HZ.values()]) for x in (hr_a, hr_b)
    )
    wavelets = wavelet_null(
        hr_a, hr_b, fs, list(WAVELET_BANDS_HZ.values()), seed=seed, shifts=shifts
    )
    return {
        "known_s": known_s,
        "reason": None,
        "settings": SETTINGS,
        "bands_hz": {name: list(band) for name, band in WAVELET_BANDS_HZ.items()},
        "coherence": beside(hr_a, hr_b, lambda a, b: _coherence(a, b, fs), *bands),
        "wavelet_coherence": _document(tuple(WAVELET_BANDS_HZ), wavelets),
        "recurrence": beside(hr_a, hr_b, lambda a, b: _recurrence(a, b, fs), "nearby_rate")
        | _whole_plot(hr_a, hr_b, fs),
        "phase_locking": beside(
            phase_a, phase_b, lambda a, b: _over_time(phase_locking(a, b, fs).plv), *bands
        ),
        "circular_correlation": beside(
            phase_a, phase_b, lambda a, b: _over_time(circular_correlation(a, b, fs).r), *bands
        ),
        "concordance": beside(
            hr_a, hr_b, lambda a, b: [float(concordance(a, b, fs).session_index)], "index"
        ),
        "peaks": beside(hr_a, hr_b, lambda a, b: _peak_r(a, b, fs), "r"),
    }


def _document(names: tuple[str, ...], found: RandomShifts) -> dict[str, Any]:
    return {
        "null": found.null,
        **{
            name: {"value": number(value), "chance": number(chance), "p": number(p)}
            for name, value, chance, p in zip(
                names, found.observed, found.chance, found.p, strict=True
            )
        },
    }


def _coherence(a: np.ndarray, b: np.ndarray, fs: float) -> list[float]:
    """Mean over windows and frequencies, of each band."""
    found = coherence(a, b, fs, window_s=COHERENCE_WINDOW_S)
    return [
        float(known_mean(found.coherence[:, (found.f_hz >= low) & (found.f_hz < high)], (0, 1)))
        for low, high in BANDS_HZ.values()
    ]


def _recurrence(a: np.ndarray, b: np.ndarray, fs: float) -> list[float]:
    return [recurrence_nearby(a, b, round(NEARBY_S * fs))]


def _whole_plot(a: np.ndarray, b: np.ndarray, fs: float) -> dict[str, Any]:
    """What no shift changes, and so has no chance beside it."""
    a, b = _thinned(a, fs), _thinned(b, fs)
    found = cross_recurrence(a, b)
    return {
        "whole_rate": number(found.recurrence_rate),
        "whole_determinism": number(found.determinism),
        "whole_null": "none: turning b leaves the pairs of moments as they are",
    }


def _over_time(of_windows: np.ndarray) -> list[float]:
    return [float(x) for x in known_mean(of_windows, -1)]


def _peak_r(a: np.ndarray, b: np.ndarray, fs: float) -> list[float]:
    """Mean correlation at the first peak on the way out from lag 0, of windows that have one."""
    return [float(known_mean(peaks(windowed_cross_correlation(a, b, fs)).r, -1))]


def _thinned(x: np.ndarray, fs: float) -> np.ndarray:
    """Means of a second, or of as many as a table of recurrence can hold; NaN with a hole."""
    width = round(fs / RECURRENCE_FS_HZ)
    width *= max(1, -(-len(x) // (width * MOST_SAMPLES)))
    return np.asarray(x[: len(x) // width * width].reshape(-1, width).mean(axis=-1))
