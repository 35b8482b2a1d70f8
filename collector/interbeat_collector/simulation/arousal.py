"""Latent arousal of two people, in bpm above the own baseline, and how each moves the other's."""

from __future__ import annotations

import numpy as np

from .people import People
from .settings import DyadSettings, Mode

STEP_S = 0.25
LIMIT_BPM = 30.0

_Pull = tuple[float, float, float, float]
"""Of one partner by the other: linear, spreads, up, down."""


def pulls(mode: Mode, gain: float) -> tuple[_Pull, _Pull]:
    """How a and b are moved, relative to how fast each settles."""
    still = (0.0, 0.0, 0.0, 0.0)
    drawn = (0.0, 0.0, gain, gain)
    spreads = (0.0, gain, 0.0, 0.0)
    calmed = (0.0, 0.0, gain / 2, 2 * gain)
    countered = (-gain, 0.0, 0.0, 0.0)
    return {
        "none": (still, still),
        "a_leads": (still, drawn),
        "b_leads": (drawn, still),
        "mutual": (drawn, drawn),
        "amplify": (spreads, spreads),
        "coregulate": (calmed, calmed),
        "counter": (countered, countered),
    }[mode]


class Arousal:
    """Steps through du/dt = -k u + push + coupling, for all couples at once (Euler)."""

    def __init__(self, who: People, settings: DyadSettings) -> None:
        self._settle = STEP_S / who.settling_s
        couples = len(who.settling_s)
        pull = np.array(pulls(settings.mode, settings.gain))
        # Per couple as well: numpy steps faster through equal shapes.
        self._pull = np.repeat(pull.T[:, None, :], couples, axis=1) * self._settle
        self._moved = bool(pull.any())
        self._delay = max(1, round(settings.delay_s / STEP_S))
        self._past = np.zeros((self._delay, couples, 2))

    def advance(self, push_bpm: np.ndarray, on: np.ndarray) -> np.ndarray:
        """Return arousal after each push of shape (steps, couples, 2); `on`: coupled at a step."""
        u = np.concatenate([self._past, np.empty_like(push_bpm)])
        keep = 1 - self._settle
        now = u[self._delay - 1].copy()
        for step, push in enumerate(push_bpm):
            felt = self._felt(now, u[step]) if self._moved and on[step] else None
            now *= keep
            now += push
            if felt is not None:
                now += felt
            np.clip(now, -LIMIT_BPM, LIMIT_BPM, out=now)
            u[step + self._delay] = now
        self._past = u[len(push_bpm) :]
        return u[self._delay :]

    def _felt(self, own: np.ndarray, past: np.ndarray) -> np.ndarray:
        linear, spreads, up, down = self._pull
        other = past[:, ::-1]
        apart = other - own
        felt: np.ndarray = up * np.maximum(apart, 0) + down * np.minimum(apart, 0)
        felt += linear * other + spreads * np.maximum(other, 0)
        return felt


def own_noise_scale(who: People, input_s: float) -> np.ndarray:
    """SD of an Ornstein-Uhlenbeck push, in bpm/s, that gives arousal its stationary SD."""
    k = 1 / who.settling_s
    return np.asarray(who.noise_sd_bpm * np.sqrt(k * (k + 1 / input_s)))
