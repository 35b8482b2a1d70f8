"""Twelve real hours of people who never met (`data/README.md`), and pairs of their stretches."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import FS_HZ, clean_heart_rate

HOURS = Path(__file__).parent / "data" / "nsr2db_hours.npz"
TICKS_PER_S = 128.0


class Stretch(NamedTuple):
    """A pair of strangers, and where in the hour of each their stretch begins."""

    a: str
    b: str
    start_a_s: float
    start_b_s: float


@lru_cache(maxsize=1)
def hours() -> dict[str, np.ndarray]:
    """RR intervals in seconds of each hour, by the name of its record."""
    with np.load(HOURS) as stored:
        return {name: stored[name] / TICKS_PER_S for name in stored.files}


@lru_cache(maxsize=16)
def heart_rate_of(name: str) -> np.ndarray:
    """Heart rate in bpm at 4 Hz, as a session would have it."""
    rr_s = hours()[name]
    beat_t_s = np.cumsum(rr_s)
    return clean_heart_rate(beat_t_s, rr_s, 0.0, float(beat_t_s[-1]))


def stretches(lasts_s: float, turns: int = 1) -> list[Stretch]:
    """Every pair of people over every stretch of an hour, and again with the next ones of b."""
    fit = {name: int(rr_s.sum() // lasts_s) for name, rr_s in hours().items()}
    found = []
    for a, b in combinations(sorted(fit), 2):
        both = min(fit[a], fit[b])
        for turn in range(turns):
            found += [Stretch(a, b, k * lasts_s, (k + turn) % both * lasts_s) for k in range(both)]
    return found


def pair_of(stretch: Stretch, lasts_s: float) -> np.ndarray:
    """Heart rates of both in bpm at 4 Hz, shape (2, n)."""
    samples = round(lasts_s * FS_HZ)
    starts = ((stretch.a, stretch.start_a_s), (stretch.b, stretch.start_b_s))
    firsts = [(heart_rate_of(name), round(start_s * FS_HZ)) for name, start_s in starts]
    return np.stack([hr_bpm[first : first + samples] for hr_bpm, first in firsts])
