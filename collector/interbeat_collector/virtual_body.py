"""What electrodes and an accelerometer on a chest would show, for a heart whose beats are known."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import numpy as np

_REMEMBERED_S = 10.0
_ECG_WAVES = (
    (-0.16, 0.025, 120.0),
    (-0.025, 0.008, -120.0),
    (0.0, 0.010, 1200.0),
    (0.025, 0.009, -250.0),
    (0.24, 0.045, 300.0),
)
"""When against the R peak, how wide (standard deviation) and how high each wave is."""
_TILT, _BREATH_HZ = 0.02, 0.25


class Body:
    """Reads the beats as far as they are needed, and forgets those that have been."""

    def __init__(self, beat_t_s: Iterable[float]) -> None:
        self._coming = iter(beat_t_s)
        self._beats: deque[float] = deque([-math.inf])

    def forget_before(self, t_s: float) -> None:
        """Let go of beats that no later sample shows."""
        self._read_until(t_s)
        while len(self._beats) > 1 and self._beats[0] < t_s - _REMEMBERED_S:
            self._beats.popleft()

    def ecg_uv(self, t_s: np.ndarray) -> np.ndarray:
        """P, QRS and T of every beat at times of shape (n,), whole microvolts; a beat is its R."""
        self._read_until(float(t_s[-1]) + 1.0)
        since_s = t_s[:, None] - np.array(self._beats)
        shape_uv = np.zeros(since_s.shape)
        for at_s, width_s, height_uv in _ECG_WAVES:
            shape_uv += height_uv * np.exp(-0.5 * ((since_s - at_s) / width_s) ** 2)
        return _whole(shape_uv.sum(axis=1))

    def acceleration_mg(self, t_s: np.ndarray) -> np.ndarray:
        """Gravity, tilted a little by breathing, shape (n, 3)."""
        tilt = _TILT * np.sin(2 * np.pi * _BREATH_HZ * t_s)
        axes_g = np.stack([np.cos(tilt), np.sin(tilt), np.zeros_like(tilt)], axis=-1)
        return _whole(1000 * axes_g)

    def _read_until(self, t_s: float) -> None:
        while self._beats[-1] < t_s and (beat_s := next(self._coming, None)) is not None:
            self._beats.append(beat_s)


def _whole(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(values), np.int64)
