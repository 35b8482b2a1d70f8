"""Simulated hearts whose rate is known, and by how much the series miss it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.rsa import rsa_amplitude
from interbeat_analysis.series import grid, heart_rate, known_until

FS_HZ = 4.0
STEP_S = 0.0005
"""The rate is integrated in steps of this; a beat between two of them is exact to 1e-7 s."""
SETTLING_S = 10.0
"""At both ends of a simulation this much is not judged."""
PAST_BEATS = 40
"""A spline forgets: beats further back move a value by less than 1e-13 of itself."""
RSA_PERIOD_S = 60.0
BREATH_WANDERS_S = 90.0


class Heart:
    """A heart that beats whenever the integral of its rate reaches a whole number (IPFM)."""

    def __init__(self, fine_s: np.ndarray, rate_bpm: np.ndarray) -> None:
        steps = (rate_bpm[1:] + rate_bpm[:-1]) / 2.0 * np.diff(fine_s) / 60.0
        count = np.concatenate([[0.0], np.cumsum(steps)])
        beat_s = np.interp(np.arange(int(count[-1]) + 1), count, fine_s)
        self.beat_t_s, self.rr_s = beat_s[1:], np.diff(beat_s)


class HeartRateTrial(NamedTuple):
    """Error of the live heart rate, and how long it takes until it is known."""

    error_percent: float
    """Root mean square, in percent of that of the modulation."""
    mean_delay_s: float
    """From an instant to the beat with which its value is known, radio left out."""
    max_delay_s: float


class RSATrial(NamedTuple):
    """What the RSA amplitude has to do with the true one, both at the same instants."""

    r: float
    gain: float
    """Slope of the estimate on the truth."""
    lag_s: float


def modulated(
    bpm: float, swings: dict[float, float], duration_s: float, seed: int
) -> tuple[Heart, np.ndarray, np.ndarray]:
    """A heart whose rate swings, with its fine time axis (s) and its true rate there (bpm).

    `swings` maps frequencies in Hz to depths as shares of `bpm`; the seed draws the phases.
    """
    rng = np.random.default_rng(seed)
    fine_s = np.arange(0.0, duration_s, STEP_S)
    swing = np.zeros(len(fine_s))
    for hz, depth in swings.items():
        swing += depth * np.sin(2.0 * np.pi * (hz * fine_s + rng.random()))
    rate_bpm = bpm * (1.0 + swing)
    return Heart(fine_s, rate_bpm), fine_s, rate_bpm


def live_heart_rate(
    beat_t_s: np.ndarray, rr_s: np.ndarray, t_s: np.ndarray, look_ahead: int
) -> tuple[np.ndarray, np.ndarray]:
    """Heart rate at `t_s` (rising) as known `look_ahead` beats later, and when that was.

    It calls what the live engine calls, with the beats that the engine has at that moment.
    Instants that never had enough beats are NaN.
    """
    bpm, known_at_s = np.full((2, len(t_s)), np.nan)
    done = 0
    for beats in range(look_ahead, len(beat_t_s) + 1):
        until = int(np.searchsorted(t_s, known_until(beat_t_s[:beats], look_ahead), side="right"))
        if until > done:
            past = slice(max(0, beats - PAST_BEATS), beats)
            bpm[done:until] = heart_rate(beat_t_s[past], rr_s[past], t_s[done:until])
            known_at_s[done:until] = beat_t_s[beats - 1]
            done = until
    return bpm, known_at_s


def heart_rate_trial(
    bpm: float, swings: dict[float, float], look_ahead: int, seed: int, duration_s: float = 300.0
) -> HeartRateTrial:
    """The live heart rate of a simulated heart against the rate that made its beats."""
    heart, fine_s, rate_bpm = modulated(bpm, swings, duration_s, seed)
    t_s = grid(SETTLING_S, duration_s - SETTLING_S, FS_HZ)
    found_bpm, known_at_s = live_heart_rate(heart.beat_t_s, heart.rr_s, t_s, look_ahead)
    true_bpm = np.interp(t_s, fine_s, rate_bpm)
    error = np.sqrt(np.mean((found_bpm - true_bpm) ** 2)) / np.std(true_bpm)
    delay_s = known_at_s - t_s
    return HeartRateTrial(100.0 * float(error), float(delay_s.mean()), float(delay_s.max()))


def apparent_lag(
    slow_bpm: float, fast_bpm: float, hz: float, seed: int, duration_s: float = 120.0
) -> tuple[float, float]:
    """By how many seconds the slower of two hearts with one modulation seems to follow.

    First by the beat-count spline, then with each interval placed at the beat that ended it,
    as is usual.
    """
    whole_s = np.floor((duration_s - 2.0 * SETTLING_S) * hz) / hz
    t_s = SETTLING_S + np.arange(round(whole_s * FS_HZ)) / FS_HZ
    spline_s, ended_s = [], []
    for bpm in (slow_bpm, fast_bpm):
        heart, _, _ = modulated(bpm, {hz: 0.05}, duration_s, seed)
        spline = heart_rate(heart.beat_t_s, heart.rr_s, t_s)
        spline_s.append(_delay_s(spline, t_s, hz))
        ended_s.append(_delay_s(np.interp(t_s, heart.beat_t_s, 60.0 / heart.rr_s), t_s, hz))
    return spline_s[0] - spline_s[1], ended_s[0] - ended_s[1]


def _delay_s(series: np.ndarray, t_s: np.ndarray, hz: float) -> float:
    """The phase of a series at `hz`, as a delay."""
    return float(-np.angle(np.sum(series * np.exp(-2j * np.pi * hz * t_s))) / (2.0 * np.pi * hz))


def rsa_trial(seed: int, window_s: float, duration_s: float = 600.0) -> RSATrial:
    """RSA whose depth comes and goes within 60 s, beside a slower rhythm, against its truth.

    Breathing, too, wanders: by a tenth of its rate, within a minute and a half.
    """
    rng = np.random.default_rng(seed)
    bpm, breath_hz = rng.uniform(60.0, 75.0), rng.uniform(0.2, 0.3)
    breath, slow, wave = 2.0 * np.pi * rng.random(3)
    fine_s = np.arange(0.0, duration_s, STEP_S)
    depth = 0.05 * (1.0 + 0.5 * np.sin(2.0 * np.pi * fine_s / RSA_PERIOD_S + wave))
    pace = fine_s - 0.1 * BREATH_WANDERS_S / (2.0 * np.pi) * np.cos(
        2.0 * np.pi * fine_s / BREATH_WANDERS_S
    )
    swing = depth * np.sin(2.0 * np.pi * breath_hz * pace + breath)
    swing += 0.03 * np.sin(2.0 * np.pi * 0.1 * fine_s + slow)
    heart = Heart(fine_s, bpm * (1.0 + swing))
    t_s = grid(SETTLING_S, duration_s - SETTLING_S, FS_HZ)
    series = heart_rate(heart.beat_t_s, heart.rr_s, t_s)
    found = rsa_amplitude(series, FS_HZ, window_s=window_s, start_s=float(t_s[0]))
    true_bpm = np.interp(found.t_s, fine_s, bpm * depth)
    slope = np.polyfit(true_bpm, found.amplitude, 1)[0]
    r = np.corrcoef(true_bpm, found.amplitude)[0, 1]
    return RSATrial(float(r), float(slope), found.lag_s)
