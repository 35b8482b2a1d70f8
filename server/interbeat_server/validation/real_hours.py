"""Twelve real hours of people who never met (`data/README.md`)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from interbeat_analysis.artifacts import mask_artifacts
from interbeat_analysis.series import grid, heart_rate

HOURS = Path(__file__).parent / "data" / "nsr2db_hours.npz"
TICKS_PER_S = 128.0
FS_HZ = 4.0


@lru_cache(maxsize=1)
def hours() -> dict[str, np.ndarray]:
    """RR intervals in seconds of each hour, by the name of its record."""
    with np.load(HOURS) as stored:
        return {name: stored[name] / TICKS_PER_S for name in stored.files}


@lru_cache(maxsize=16)
def heart_rate_of(name: str) -> np.ndarray:
    """Heart rate in bpm at 4 Hz from the first second on, as a session would have it."""
    rr_s = hours()[name]
    beat_t_s = np.cumsum(rr_s)
    return heart_rate(beat_t_s, mask_artifacts(rr_s), grid(1.0, float(beat_t_s[-1]), FS_HZ))
