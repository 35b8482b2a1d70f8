"""Trials of `interbeat validate synchrony`: strangers, and a coupling planted between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import FS_HZ, clean_heart_rate
from interbeat_analysis.shift_null import ShiftNull, shift_null
from interbeat_analysis.summaries import summary
from interbeat_analysis.windowed import windowed_cross_correlation
from interbeat_collector.events import PARTNERS
from interbeat_collector.simulation import DyadSettings, sessions

from .real_hours import Stretch, pair_of, stretches

STRETCH_S = 598.0
"""Six of them fit into what is known of an hour."""
PLANTED_SHARE = 0.42
"""Of the standard deviation of the one who follows."""
PLANTED_LAG_S = 2.0
PLANTED_BAND_HZ = (0.01, 0.15)
REFERENCE_DYAD = Path(__file__).parent / "data" / "dyad_ref_4hz.npz"
REFERENCE_LAG_S = 2.0


class Verdict(NamedTuple):
    """What is said of two people's windowed synchrony."""

    p: float
    p_in_phase: float
    p_any_window: float


def pairs_of_strangers() -> list[Stretch]:
    """Every pair of the twelve people over each of six stretches, 396 in all.

    They begin a second into the hour: there is no heart rate before the first beat.
    """
    return [
        Stretch(pair.a, pair.b, pair.start_a_s + 1.0, pair.start_b_s + 1.0)
        for pair in stretches(STRETCH_S)
    ]


def strangers(pairs: Sequence[Stretch]) -> list[Verdict]:
    """Judge people who never met."""
    return [verdict(*pair_of(pair, STRETCH_S)) for pair in pairs]


def planted(pairs: Sequence[Stretch]) -> list[Verdict]:
    """Judge strangers between whom a coupling was put, in one half of the time."""
    found = []
    for pair in pairs:
        seed = f"{pair.a}{pair.b}{pair.start_a_s // STRETCH_S:.0f}"
        random = np.random.default_rng([ord(letter) for letter in seed])
        a, b = pair_of(pair, STRETCH_S)
        found.append(verdict(a, with_coupling(a, b, random)))
    return found


def simulated(seeds: Sequence[int], settings: DyadSettings, duration_s: float) -> list[Verdict]:
    """Judge simulated people, from the beats that a strap would have reported."""
    found = []
    for session in sessions(seeds, settings, duration_s):
        a, b = (
            clean_heart_rate(session.beat_t_s[p], session.rr_s[p], 0.0, duration_s)
            for p in PARTNERS
        )
        found.append(verdict(a, b))
    return found


def reference_lag_off_s() -> float:
    """How far the best lag of the reference dyad is from the 2 s that were put in."""
    with np.load(REFERENCE_DYAD) as stored:
        found = summary(windowed_cross_correlation(stored["hr_a"], stored["hr_b"], FS_HZ))
    return abs(float(found.best_lag_s) - REFERENCE_LAG_S)


def verdict(a: np.ndarray, b: np.ndarray) -> Verdict:
    """What the exact shifts say of two heart-rate series at 4 Hz, simulated ones too."""
    found: ShiftNull = shift_null(a, b, FS_HZ)
    return Verdict(found.p, found.p_in_phase, found.p_any_window)


def with_coupling(a: np.ndarray, b: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """`b` with the slow part of `a`, 2 s later, added in one random half of the time."""
    from scipy import signal

    known = np.isfinite(a)
    at = np.arange(len(a))
    sections = signal.butter(2, PLANTED_BAND_HZ, "bandpass", fs=FS_HZ, output="sos")
    slow = signal.sosfiltfilt(sections, np.interp(at, at[known], a[known]))
    slow *= PLANTED_SHARE * np.nanstd(b) / np.std(slow)
    lag, half = round(PLANTED_LAG_S * FS_HZ), len(b) // 2
    first = int(random.integers(lag, len(b) - half + 1))
    coupled = b.copy()
    coupled[first : first + half] += slow[first - lag : first - lag + half]
    return coupled
