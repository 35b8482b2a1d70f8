"""Variability against values whose truth is known: reference series, test tones, scipy, peers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from interbeat_analysis.frequency_bands import HF_HZ, LF_HZ, band_power
from interbeat_analysis.hrv import hrv
from interbeat_analysis.lomb import lomb_bands, lomb_density
from interbeat_analysis.nonlinear import dfa_alpha1, sample_entropy
from interbeat_analysis.spectra import bands, tachogram, windowed_bands

from .core import Row
from .recordings import golden, recording

KEYS = {
    "mean HR": "MeanHR_ratio",
    "SDNN": "SDNN",
    "RMSSD": "RMSSD",
    "SDSD": "SDSD",
    "pNN50": "pNN50",
    "SD1": "SD1",
    "SD2": "SD2",
    "LF": "W_300s_4Hz_const.LF_edge",
    "HF": "W_300s_4Hz_const.HF_edge",
}
AGREED = tuple(KEYS)
OURS = {
    "mean HR": "mean_hr_bpm",
    "SDNN": "sdnn_ms",
    "RMSSD": "rmssd_ms",
    "SDSD": "sdsd_ms",
    "pNN50": "pnn50_percent",
    "SD1": "sd1_ms",
    "SD2": "sd2_ms",
    "LF": "lf_ms2",
    "HF": "hf_ms2",
}
TONE_S = 330.0
MAX_TONE_ERROR = 1.5

Figures = dict[str, float]


class Peer(NamedTuple):
    """Another program, and how it is asked."""

    version: str | None
    """None when it is not installed."""
    figures: Callable[[np.ndarray], Figures]
    """Of intervals in ms."""


def peers() -> dict[str, Peer]:
    """The other programs, installed or not."""
    return {
        name: Peer(_version(package) if find_spec(module) else None, figures)
        for name, package, module, figures in (
            ("neurokit2", "neurokit2", "neurokit2", _neurokit2),
            ("neurokit2 unscaled", "neurokit2", "neurokit2", _neurokit2_unscaled),
            ("hrv-analysis", "hrv-analysis", "hrvanalysis", _hrv_analysis),
            ("heartpy", "heartpy", "heartpy", _heartpy),
        )
    }


def agreement() -> dict[str, dict[str, float]]:
    """By program and index, the largest deviation from the reference values in percent."""
    programs: dict[str, Callable[[np.ndarray], Figures]] = {"interbeat": _interbeat}
    programs |= {name: peer.figures for name, peer in peers().items() if peer.version}
    found: dict[str, dict[str, float]] = {name: {} for name in programs}
    for series, entry in golden()["series"].items():
        if "reference" not in entry:
            continue
        rr_ms = recording(series) * 1000.0
        for name, figures in list(programs.items()):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    told = figures(rr_ms)
            except (ImportError, TypeError):  # installed beside a package that is too new for it
                if name == "interbeat":
                    raise
                del programs[name], found[name]
                continue
            for index, value in told.items():
                off = 100.0 * abs(value / entry["reference"][KEYS[index]] - 1.0)
                found[name][index] = max(found[name].get(index, 0.0), off)
    return found


def entropy_and_dfa() -> list[Row]:
    """Largest absolute deviation of the two on the reference series."""
    entropy, alpha = 0.0, 0.0
    for series, entry in golden()["series"].items():
        if "reference" in entry:
            rr_s, reference = recording(series), entry["reference"]
            entropy = max(entropy, abs(sample_entropy(rr_s) - reference["SampEn_m2_r02sd1_le"]))
            alpha = max(alpha, abs(dfa_alpha1(rr_s) - reference["DFA_a1_4_16"]))
    return [
        Row("sample entropy, most off the reference", ("interbeat",), (entropy,), (1e-12,), ""),
        Row("DFA alpha 1, most off the reference", ("interbeat",), (alpha,), (1e-9,), ""),
    ]


def test_tones() -> list[Row]:
    """The test patterns of ANSI/AAMI EC57, whose power is known."""
    rows = []
    for name in ("TP2", "TP3"):
        tone = golden()["ec57"]["patterns"][name]
        beat = np.arange(int(TONE_S / tone["base_s"]))
        swing = np.sin(2 * np.pi * tone["f_hz"] * tone["base_s"] * beat)
        nn_s = tone["base_s"] + tone["A_ms"] / 1000.0 * swing
        powers = (
            getattr(estimator(np.cumsum(nn_s), nn_s), f"{tone['band'].lower()}_ms2")
            for estimator in (bands, lomb_bands)
        )
        errors = tuple(100.0 * abs(float(power) / tone["expected_ms2"] - 1.0) for power in powers)
        measure = f"EC57 {name}, {tone['band']} of {tone['expected_ms2']:g} ms²"
        rows.append(Row(measure, ("Welch", "Lomb"), errors, (MAX_TONE_ERROR,) * 2, "%", digits=2))
    return rows


def batched_spectra(quick: bool) -> list[Row]:
    """Windows in batches against scipy's functions, one window after the other."""
    from scipy.signal import lombscargle, welch

    rr_s = recording("nsr009_5min" if quick else "bartels_rest_16min")
    beat_t_s = np.cumsum(rr_s)
    end_s = np.arange(130.0, beat_t_s[-1] - 1.0, 7.0)
    t_s, values_s = tachogram(beat_t_s, rr_s)
    found = windowed_bands(beat_t_s, rr_s, end_s, 120.0)
    off, off_lomb = 0.0, 0.0
    frequency_hz = np.arange(0.01, 0.4, 0.005)
    for number, end in enumerate(end_s):
        inside = (t_s > end - 120.0 + 1e-9) & (t_s <= end + 1e-9)
        hz, density = welch(values_s[inside] * 1000.0, 4.0, nperseg=int(inside.sum()))
        for power, band in ((found.lf_ms2, LF_HZ), (found.hf_ms2, HF_HZ)):
            off = max(off, abs(power[number] / float(band_power(hz, density, *band)) - 1.0))
        near = (beat_t_s > end - 120.0) & (beat_t_s <= end)
        beats_s, intervals = beat_t_s[near], rr_s[near] * 1000.0
        power = lombscargle(beats_s, intervals - intervals.mean(), 2 * np.pi * frequency_hz)
        expected = power * 2.0 * (beats_s[-1] - beats_s[0]) / len(beats_s)
        density = lomb_density(beats_s, intervals, frequency_hz)
        off_lomb = max(off_lomb, float(np.max(np.abs(density - expected)) / expected.max()))
    return [
        Row("windows in batches, off scipy's welch", ("share",), (off,), (1e-12,), ""),
        Row("Lomb's density, off scipy's lombscargle", ("share",), (off_lomb,), (1e-10,), ""),
    ]


def _interbeat(rr_ms: np.ndarray) -> Figures:
    rr_s = rr_ms / 1000.0
    beats = np.cumsum(rr_s) - rr_s[0], rr_s
    found = hrv(*beats)._asdict() | bands(*beats)._asdict()
    return {index: float(found[name]) for index, name in OURS.items()}


def _neurokit2(rr_ms: np.ndarray) -> Figures:
    import neurokit2

    intervals = {"RRI": rr_ms, "RRI_Time": np.cumsum(rr_ms) / 1000.0}
    time = neurokit2.hrv_time(intervals, sampling_rate=1000).iloc[0]
    power = neurokit2.hrv_frequency(intervals, sampling_rate=1000).iloc[0]
    return {
        "mean HR": 60000.0 / time["HRV_MeanNN"],
        **{name: float(time[f"HRV_{name}"]) for name in ("SDNN", "RMSSD", "SDSD", "pNN50")},
        **{name: float(power[f"HRV_{name}"]) for name in ("LF", "HF")},
    }


def _neurokit2_unscaled(rr_ms: np.ndarray) -> Figures:
    import neurokit2

    intervals = {"RRI": rr_ms, "RRI_Time": np.cumsum(rr_ms) / 1000.0}
    power = neurokit2.hrv_frequency(intervals, sampling_rate=1000, normalize=False).iloc[0]
    return {name: float(power[f"HRV_{name}"]) for name in ("LF", "HF")}


def _hrv_analysis(rr_ms: np.ndarray) -> Figures:
    import hrvanalysis

    intervals = rr_ms.tolist()
    time = hrvanalysis.get_time_domain_features(intervals)
    plot = hrvanalysis.get_poincare_plot_features(intervals)
    power = hrvanalysis.get_frequency_domain_features(intervals)
    return {
        "SDNN": time["sdnn"],
        "RMSSD": time["rmssd"],
        "SDSD": time["sdsd"],
        "pNN50": time["pnni_50"],
        "SD1": plot["sd1"],
        "SD2": plot["sd2"],
        "LF": power["lf"],
        "HF": power["hf"],
    }


def _heartpy(rr_ms: np.ndarray) -> Figures:
    from heartpy.analysis import calc_ts_measures

    differences = np.diff(rr_ms)
    _, found = calc_ts_measures(rr_ms, np.abs(differences), differences**2, measures={})
    return {
        "SDNN": found["sdnn"],
        "RMSSD": found["rmssd"],
        "SDSD": found["sdsd"],
        "pNN50": 100.0 * found["pnn50"],
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
