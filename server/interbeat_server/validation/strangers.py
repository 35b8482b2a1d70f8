"""Twelve real hours of people who never met."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

TICKS_PER_S = 128
HOURS = Path(__file__).parent / "data" / "nsr2db_hours.npz"


class Stretch(NamedTuple):
    """A pair of strangers, and where the stretch of each hour begins."""

    a: str
    b: str
    start_a_s: float
    start_b_s: float


@lru_cache(maxsize=1)
def hours() -> dict[str, np.ndarray]:
    """RR intervals in seconds of each hour, by the name of its record."""
    with np.load(HOURS) as stored:
        return {name: stored[name] / TICKS_PER_S for name in stored.files}


def stretches(lasts_s: float) -> list[Stretch]:
    """Every pair of people, over every stretch of the hour that both fill at the same time."""
    whole = {name: int(rr_s.sum() // lasts_s) for name, rr_s in hours().items()}
    return [
        Stretch(a, b, k * lasts_s, k * lasts_s)
        for a, b in combinations(sorted(whole), 2)
        for k in range(min(whole[a], whole[b]))
    ]
