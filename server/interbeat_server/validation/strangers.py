"""Twelve real hours of people who never met: pairs of strangers, and influence put into them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import FS_HZ, clean_heart_rate
from interbeat_analysis.dyad import measured, series
from interbeat_analysis.linkage import correlogram, linkage
from interbeat_analysis.settling import Reference, reference

from .index_trials import Figures, figures

TICKS_PER_S = 128
HOURS = Path(__file__).parent / "data" / "nsr2db_hours.npz"
INJECTED_LAG_S = 8
INJECTED_GAIN = 0.5
"""r = k / sqrt(1 + k^2) = .45 between what is put in and what becomes of it."""


class Stretch(NamedTuple):
    """A pair of strangers, and where in the hour of each their stretch begins."""

    a: str
    b: str
    start_a_s: float
    start_b_s: float


class Peak(NamedTuple):
    """Linkage of a pair with influence put in."""

    p: float
    lag_s: float


@lru_cache(maxsize=1)
def hours() -> dict[str, np.ndarray]:
    """RR intervals in seconds of each hour, by the name of its record."""
    with np.load(HOURS) as stored:
        return {name: stored[name] / TICKS_PER_S for name in stored.files}


def stretches(lasts_s: float, turns: int = 1) -> list[Stretch]:
    """Every pair of people over every stretch of an hour, and again with the next ones of b."""
    fit = {name: int(rr_s.sum() // lasts_s) for name, rr_s in hours().items()}
    found = []
    for a, b in combinations(sorted(fit), 2):
        both = min(fit[a], fit[b])
        for turn in range(turns):
            found += [Stretch(a, b, k * lasts_s, (k + turn) % both * lasts_s) for k in range(both)]
    return found


def strangers(
    pairs: Sequence[Stretch], lasts_s: float, *, with_reference: bool = False
) -> list[Figures]:
    """Judge pairs of strangers; the rest of each one's hour may be their reference."""
    found = []
    for pair in pairs:
        hr_bpm = np.stack(
            [_cut(pair.a, pair.start_a_s, lasts_s), _cut(pair.b, pair.start_b_s, lasts_s)]
        )
        known = (
            (_rest(pair.a, pair.start_a_s, lasts_s), _rest(pair.b, pair.start_b_s, lasts_s))
            if with_reference
            else None
        )
        found.append(figures(measured(series(hr_bpm), known)))
    return found


def influenced(pairs: Sequence[Stretch], lasts_s: float) -> list[Peak]:
    """Put a's arousal into b's, 8 s later, and look for it."""
    found = []
    for pair in pairs:
        hr_bpm = np.stack(
            [_cut(pair.a, pair.start_a_s, lasts_s), _cut(pair.b, pair.start_b_s, lasts_s)]
        )
        a, b = series(hr_bpm).band_bpm
        later = np.concatenate([np.full(INJECTED_LAG_S, np.nan), a[:-INJECTED_LAG_S]])
        gain = INJECTED_GAIN * np.nanstd(b) / np.nanstd(a)
        judged = linkage(correlogram(a, b + gain * np.nan_to_num(later)))
        found.append(Peak(judged.p, judged.lag_s))
    return found


@lru_cache(maxsize=16)
def _heart_rate(name: str) -> np.ndarray:
    rr_s = hours()[name]
    beat_t_s = np.cumsum(rr_s)
    return clean_heart_rate(beat_t_s, rr_s, 0.0, float(beat_t_s[-1]))


def _cut(name: str, start_s: float, lasts_s: float) -> np.ndarray:
    first = round(start_s * FS_HZ)
    return _heart_rate(name)[first : first + round(lasts_s * FS_HZ)]


def _rest(name: str, start_s: float, lasts_s: float) -> Reference:
    """How a person settles in the hour outside of a stretch."""
    hr_bpm = _heart_rate(name).copy()
    first = round(start_s * FS_HZ)
    hr_bpm[first : first + round(lasts_s * FS_HZ)] = np.nan
    band = series(np.stack([hr_bpm, hr_bpm])).band_bpm[0]
    return reference([band], talk=True, person=name)
