"""From arousal to heart rate to beats: what the heart adds of its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from .arousal import STEP_S
from .people import BOTH, People, source, sources
from .settings import MAX_LAG_S, DyadSettings

MAYER_HALF_WIDTH_HZ = 0.012
SPEECH_S = 3.0
HR_MIN_BPM, HR_MAX_BPM = 35.0, 190.0
BEAT_JITTER_S = 0.004
LIKENESS_SD_BPM = 4.0
"""Of the wave that `coupling` 1 plants: quick enough to show in windows of 30 s."""

_DRIFT_HZ = (0.0005, 0.008)
_DRIFT_WAVES = 24
_KNOT_STEPS = 20
_BREATH_WANDER_S, _PACE_WANDER, _DEPTH_WANDER = 20.0, 0.12, 0.2
_SPOKEN_PACE, _SPOKEN_DEPTH = 0.16 / 0.25, 1.5
"""While speaking people breathe more slowly and deeply."""
_LIKENESS_S = (2.0, 4.0)
_LAG_STEPS = round(MAX_LAG_S / STEP_S) + 1


def first_order(inputs: np.ndarray, decay: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Return y[i] = decay y[i - 1] + inputs[i] along the first axis, and leave y in `state`."""
    out = np.empty_like(inputs)
    for step, value in enumerate(inputs):
        state *= decay
        state += value
        out[step] = state
    return out


class Drift:
    """1/f noise between 0.5 and 8 mHz: waves of equal power on a logarithmic scale."""

    def __init__(self, seeds: Sequence[int], who: People, session: int) -> None:
        low, high = np.log(_DRIFT_HZ)
        drawn = np.array(
            [own.random((2, _DRIFT_WAVES)) for own in sources(seeds, session, "drift")]
        )
        self._rate = 2 * pi * np.exp(low + (high - low) * drawn[:, 0])
        self._phase = 2 * pi * drawn[:, 1]
        self._height = who.drift_sd_bpm * np.sqrt(2 / _DRIFT_WAVES)

    def at(self, t_s: np.ndarray) -> np.ndarray:
        """Drift in bpm, shape (steps, couples, 2); so slow that 5 s apart are enough."""
        knots = np.arange(0, len(t_s) + 1, _KNOT_STEPS)
        knot_t_s = t_s[0] + knots * STEP_S
        waves = np.cos(knot_t_s[:, None, None] * self._rate + self._phase)
        value = waves.sum(axis=-1).reshape(-1, *self._height.shape) * self._height
        place, part = np.divmod(np.arange(len(t_s)), _KNOT_STEPS)
        share = (part / _KNOT_STEPS)[:, None, None]
        return np.asarray((1 - share) * value[place] + share * value[place + 1])


class MayerWaves:
    """Noise through a resonator near 0.1 Hz, in bpm."""

    def __init__(self, who: People) -> None:
        turn = -2 * pi * MAYER_HALF_WIDTH_HZ + 2j * pi * who.mayer_hz
        self._decay = np.exp(turn * STEP_S)
        self._kick = who.mayer_sd_bpm * np.sqrt(1 - np.abs(self._decay) ** 2)
        self._state = np.zeros_like(self._decay)

    def advance(self, noise: np.ndarray) -> np.ndarray:
        """Take complex noise of shape (steps, couples, 2) with SD 1 in each part."""
        return first_order(noise * self._kick, self._decay, self._state).real


class Breathing:
    """A breath of unit depth, whose pace and depth wander."""

    def __init__(self, own: list[np.random.Generator], hz: np.ndarray) -> None:
        self._own = own
        self._hz = hz
        self._decay = np.exp(np.array(-STEP_S / _BREATH_WANDER_S))
        self._wander = np.zeros((2, *hz.shape))
        self._cycle = np.array([g.random() for g in own]).reshape(hz.shape)

    def advance(self, steps: int, speaking: np.ndarray) -> np.ndarray:
        """Take who speaks, shape (steps, ...), and return the breath at each step."""
        noise = np.array([g.standard_normal((2, steps)) for g in self._own])
        kicks = np.moveaxis(noise.reshape(*self._hz.shape, 2, steps), (-1, -2), (0, 1))
        kicks = kicks * np.sqrt(1 - self._decay**2)
        pace, depth = np.moveaxis(first_order(kicks, self._decay, self._wander), 1, 0)
        hz = self._hz * np.where(speaking, _SPOKEN_PACE, 1.0)
        turned = hz * np.maximum(1 + _PACE_WANDER * pace, 0.5) * STEP_S
        cycle = np.cumsum(np.concatenate([self._cycle[None], turned]), axis=0)
        self._cycle = cycle[-1] % 1
        deep = (1 + _DEPTH_WANDER * depth) * np.where(speaking, _SPOKEN_DEPTH, 1.0)
        return np.asarray(deep * np.sin(2 * pi * cycle[1:]))


class BothBreathing:
    """The breathing of each partner, of which they may have a share in common."""

    def __init__(self, seeds: Sequence[int], who: People, settings: DyadSettings) -> None:
        hz = who.breath_hz
        if settings.breath_hz is not None:
            hz = np.full_like(hz, settings.breath_hz)
        self._each = Breathing(sources(seeds, settings.session, "breath"), hz)
        shared = [source(seed, settings.session, BOTH, "breath") for seed in seeds]
        self._share = settings.locked_breathing
        self._common = Breathing(shared, hz.mean(axis=1)) if self._share else None

    def advance(self, speaking: np.ndarray) -> np.ndarray:
        breath = self._each.advance(len(speaking), speaking)
        if self._common is None:
            return breath
        nobody = np.zeros(speaking.shape[:2], bool)
        common = self._common.advance(len(speaking), nobody)[:, :, None]
        return np.asarray(self._share * common + np.sqrt(1 - self._share**2) * breath)


class Likeness:
    """A wave that both hearts have in common, later in one of them: planted, with no influence."""

    def __init__(self, seeds: Sequence[int], settings: DyadSettings) -> None:
        self._own = [source(seed, settings.session, BOTH, "noise") for seed in seeds]
        self._sd_bpm, self._lag_s = LIKENESS_SD_BPM * settings.coupling, settings.lag_s
        self._driving, self._driven = np.zeros((2, len(seeds)))
        self._past = np.zeros((_LAG_STEPS, len(seeds)))

    def advance(self, steps: int) -> np.ndarray:
        """Return what it adds to each heart, shape (steps, couples, 2)."""
        added = np.zeros((steps, len(self._own), 2))
        if not self._sd_bpm:
            return added
        wave = np.concatenate([self._past, self._wave(steps)])
        self._past = wave[-_LAG_STEPS:]
        leader, follower = (0, 1) if self._lag_s >= 0 else (1, 0)
        whole, part = divmod(abs(self._lag_s) / STEP_S, 1)
        at = np.arange(_LAG_STEPS, len(wave)) - int(whole)
        added[..., leader] = wave[_LAG_STEPS:]
        added[..., follower] = (1 - part) * wave[at] + part * wave[at - 1]
        return added

    def _wave(self, steps: int) -> np.ndarray:
        quick, slow = np.exp(-STEP_S / np.array(_LIKENESS_S))
        # SD of a first-order lag that is driven by an Ornstein-Uhlenbeck process.
        scale = self._sd_bpm * np.sqrt((1 - quick**2) * (1 + _LIKENESS_S[1] / _LIKENESS_S[0]))
        kicks = scale * np.array([own.standard_normal(steps) for own in self._own]).T
        driving = first_order(np.ascontiguousarray(kicks), quick, self._driving)
        return first_order((1 - slow) * driving, slow, self._driven)


class Beats:
    """Integral pulse frequency modulation: a beat whenever the turns reach a whole number."""

    def __init__(self, seeds: Sequence[int], session: int) -> None:
        self._own = sources(seeds, session, "beats")
        self._cycle = np.array([own.uniform(0.3, 0.9) for own in self._own])

    def advance(self, start_s: float, hr_bpm: np.ndarray) -> list[np.ndarray]:
        """Take rates of shape (steps, couples, 2) and return the beat times of each person."""
        turned = hr_bpm.reshape(len(hr_bpm), -1) * (STEP_S / 60)
        cycle = np.cumsum(np.concatenate([self._cycle[None], turned]), axis=0)
        whole = np.floor(cycle)
        self._cycle = cycle[-1] - whole[-1]
        person, step = np.nonzero(np.diff(whole, axis=0).T)
        beyond = cycle[step + 1, person] - whole[step + 1, person]
        t_s = start_s + (step + 1 - beyond / turned[step, person]) * STEP_S
        per_person = np.split(t_s, np.searchsorted(person, np.arange(1, turned.shape[1])))
        # To the microsecond, where the sines of all platforms agree.
        return [
            np.round(beats + own.normal(0, BEAT_JITTER_S, len(beats)), 6)
            for beats, own in zip(per_person, self._own, strict=True)
        ]
