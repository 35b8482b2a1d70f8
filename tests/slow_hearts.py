"""Heart rates for the tests of slow measures: simulated couples, and simple slow series."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from interbeat_analysis.arousal import clean_heart_rate
from interbeat_collector.simulation import DyadSettings, SimulatedSession, sessions

LINKED = DyadSettings(mode="a_leads", gain=2.5, turns="shared")
STRANGERS = DyadSettings()


@lru_cache(maxsize=16)
def session(settings: DyadSettings, seed: int = 10, duration_s: float = 1200.0) -> SimulatedSession:
    return sessions([seed], settings, duration_s)[0]


def rates(settings: DyadSettings, seed: int = 10, duration_s: float = 1200.0) -> np.ndarray:
    """Heart rate of both at 4 Hz, shape (2, m), from the beats of their straps."""
    held = session(settings, seed, duration_s)
    return np.stack(
        [clean_heart_rate(held.beat_t_s[p], held.rr_s[p], 0.0, duration_s) for p in ("a", "b")]
    )


def slow_noise(n: int, seed: int, width_s: int = 8) -> np.ndarray:
    """Noise that changes over some seconds, at 1 Hz."""
    white = np.random.default_rng(seed).standard_normal(n + 4 * width_s)
    return np.convolve(white, np.hanning(2 * width_s), "same")[2 * width_s : 2 * width_s + n]


def with_holes(x: np.ndarray, *holes: tuple[int, int]) -> np.ndarray:
    x = x.copy()
    for begin, end in holes:
        x[begin:end] = np.nan
    return x
