"""Trials of `interbeat validate synchrony`: strangers, and a coupling planted between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from interbeat_analysis.shift_null import ShiftNull, shift_null

from .real_hours import FS_HZ, heart_rate_of, hours

STRETCH_S = 598.0
"""Six of them fit into what is known of an hour."""
PLANTED_SHARE = 0.42
"""Of the standard deviation of the one who follows."""
PLANTED_LAG_S = 2.0
PLANTED_BAND_HZ = (0.01, 0.15)


class Stretch(NamedTuple):
    """Two people over the same part of their hours."""

    a: str
    b: str
    number: int


class Verdict(NamedTuple):
    """What is said of two people's windowed synchrony."""

    p: float
    p_in_phase: float
    p_any_window: float
    chance_abs_z: float


def stretches() -> list[Stretch]:
    """Every pair of the twelve people over each of six stretches: 396 pairs of strangers."""
    pairs = combinations(sorted(hours()), 2)
    return [Stretch(a, b, number) for a, b in pairs for number in range(6)]


def strangers(pairs: Sequence[Stretch]) -> list[Verdict]:
    """Judge people who never met."""
    return [verdict(*_series(pair)) for pair in pairs]


def planted(pairs: Sequence[Stretch]) -> list[Verdict]:
    """Judge strangers between whom a coupling was put, in one half of the time."""
    found = []
    for pair in pairs:
        random = np.random.default_rng([ord(letter) for letter in f"{pair.a}{pair.b}{pair.number}"])
        a, b = _series(pair)
        found.append(verdict(a, with_coupling(a, b, random)))
    return found


def verdict(a: np.ndarray, b: np.ndarray) -> Verdict:
    """What the exact shifts say of two heart-rate series at 4 Hz, simulated ones too."""
    found: ShiftNull = shift_null(a, b, FS_HZ)
    return Verdict(found.p, found.p_in_phase, found.p_any_window, found.chance_abs_z)


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


def share_below(values: Sequence[float], limit: float) -> tuple[float, float, float]:
    """Share of values below a limit, in percent, with its 95 % interval (Wilson)."""
    known = np.asarray(values)[np.isfinite(values)]
    n, z = len(known), 1.96
    share = float(np.mean(known < limit))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return 100 * share, max(0.0, float(100 * (middle - reach))), float(100 * (middle + reach))


def _series(pair: Stretch) -> tuple[np.ndarray, np.ndarray]:
    first, length = round(pair.number * STRETCH_S * FS_HZ), round(STRETCH_S * FS_HZ)
    a, b = (heart_rate_of(name)[first : first + length] for name in (pair.a, pair.b))
    return a, b
