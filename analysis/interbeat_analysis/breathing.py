"""Breathing in the two heart rates: whether it is in step, and whether its depth moves together.

Breathing in step can by itself connect heart rhythms, so it is checked for in every session.
The slow rise and fall of its depth (ln RSA) is vagal co-modulation; in one session it is too
unreliable to be more than a description.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import fft

from interbeat_analysis.arousal import FS_HZ, arousal_band, smoothed
from interbeat_analysis.linkage import Correlogram, correlogram

LOW_HZ, HIGH_HZ = 0.12, 0.45
ORDER = 4
CHECKED_LAG_S = 5.0
CHANCE_LAG_S = 60.0
LOCKED_Z = 3.0
DEPTH_SMOOTHING_S = 10.0
RINGING_S = 30.0
FEWEST_S = 180.0
COMODULATION_NEEDED_S = 900.0
"""Clean seconds together, of one session or of several, before co-modulation is told."""


class BreathingCheck(NamedTuple):
    """Whether the fast part of both heart rates goes in step."""

    z: float
    """Largest |correlation| within 5 s, in deviations of the largest at shifts beyond 60 s."""
    locked: bool
    rate_a_hz: float
    rate_b_hz: float
    """Centre of the power of each in the breathing band, in Hz; NaN if unknown."""


def breathing_check(hr_bpm: np.ndarray, slow_bpm: np.ndarray, fs: float = FS_HZ) -> BreathingCheck:
    """Compare the correlation of two breathing bands near lag 0 with that at far shifts.

    Each stretch of shifts as wide as the lags asked for gives one largest |correlation|; z is
    where the one around lag 0 stands among them.

    Parameters
    ----------
    hr_bpm, slow_bpm : ndarray, shapes (2, m) and (2, n)
        Heart rates of both at `fs`, and smoothed once a second, as for `breathing_band`.
    fs : float
        Samples per second, in Hz; a whole number.

    Returns
    -------
    BreathingCheck
        z is NaN, and nothing locked, with less than three minutes.

    References
    ----------
    .. [1] McFarland, D. H. (2001). Respiratory markers of conversational interaction. Journal of
       Speech, Language, and Hearing Research, 44(1), 128-143.
       https://doi.org/10.1044/1092-4388(2001/012)
    """
    m = hr_bpm.shape[-1]
    if m < FEWEST_S * fs:
        return BreathingCheck(np.nan, False, np.nan, np.nan)
    (one, two), size = _transform(hr_bpm - _slow_at(m, slow_bpm, fs), fs)
    hz = fft.rfftfreq(size, 1.0 / fs)
    # the correlation comes from the transforms as they are: the bands themselves are not needed
    power = [spectrum.real**2 + spectrum.imag**2 for spectrum in (one, two)]
    total = [float(each.sum()) for each in power]
    if not all(total):
        return BreathingCheck(np.nan, False, np.nan, np.nan)
    rates = [float(hz @ each / all_) for each, all_ in zip(power, total, strict=True)]
    r = np.abs(fft.irfft(one.conj() * two, size))
    near, far = round(CHECKED_LAG_S * fs), round(CHANCE_LAG_S * fs)
    width = 2 * near + 1
    chance = r[far : size - far + 1]
    fit = len(chance) // width * width
    # from both ends, so that it does not matter who is a
    both_ends = np.concatenate([chance[:fit], chance[len(chance) - fit :]])
    largest = both_ends.reshape(-1, width).max(axis=-1)
    here = max(float(r[: near + 1].max()), float(r[-near:].max()))
    away = largest - (by_chance := largest.mean())
    z = float((here - by_chance) / np.sqrt(away @ away / len(away)))
    return BreathingCheck(z, z > LOCKED_Z, *rates)


def breathing_band(hr_bpm: np.ndarray, slow_bpm: np.ndarray, fs: float = FS_HZ) -> np.ndarray:
    """The part of heart rate that goes with breathing, 0.12 to 0.45 Hz.

    What remains above the slow heart rate, through a Butterworth of order 4, forwards and
    backwards, as a gain on the transform.

    Parameters
    ----------
    hr_bpm : ndarray, shape (k, m)
        Heart rates in bpm at `fs`, NaN where unknown; the first sample at a whole second.
    slow_bpm : ndarray, shape (k, n)
        The same, smoothed, once a second (`arousal.slow_heart_rate`); NaN in long holes.
    fs : float
        Samples per second, in Hz; a whole number.

    Returns
    -------
    ndarray, shape (k, m)
        In bpm, NaN where the slow heart rate is.
    """
    m = hr_bpm.shape[-1]
    if not m:
        return hr_bpm
    slow = _slow_at(m, slow_bpm, fs)
    transform, size = _transform(hr_bpm - slow, fs)
    return np.where(np.isfinite(slow), fft.irfft(transform, size)[:, :m], np.nan)


def _slow_at(m: int, slow_bpm: np.ndarray, fs: float) -> np.ndarray:
    """The slow heart rates at all samples, NaN in and beside long holes."""
    step, rise = int(fs), np.diff(slow_bpm)
    slow = np.repeat(slow_bpm, step, axis=-1)
    for k in range(1, step):  # the last second has no other to go to
        slow[:, k:-step:step] += rise * (k / step)
    return slow[:, :m]


def _transform(fast: np.ndarray, fs: float) -> tuple[np.ndarray, int]:
    """Transform of the breathing band, and the number of samples that it stands for."""
    size = fft.next_fast_len(fast.shape[-1] + round(RINGING_S * fs), real=True)
    return fft.rfft(np.where(np.isfinite(fast), fast, 0.0), size) * _gain(size, fs), size


@lru_cache(maxsize=8)
def _gain(size: int, fs: float) -> np.ndarray:
    hz = fft.rfftfreq(size, 1.0 / fs)
    with np.errstate(divide="ignore"):
        low = 1.0 + (LOW_HZ / hz) ** (2 * ORDER)
    gain = 1.0 / (low * (1.0 + (hz / HIGH_HZ) ** (2 * ORDER)))
    gain.setflags(write=False)
    return np.asarray(gain)


def vagal_comodulation(hf: np.ndarray, fs: float = FS_HZ) -> Correlogram:
    """Linkage of the depth of both breathing rhythms, ln RSA in its slow band.

    Parameters
    ----------
    hf : ndarray, shape (2, m)
        Breathing bands of both (`breathing_band`), NaN where unknown; the first sample at a
        whole second.
    fs : float
        Samples per second, in Hz; a whole number.

    Returns
    -------
    Correlogram
        To be judged by `linkage.linkage`, and pooled like one of heart rate, from 15 min on.

    References
    ----------
    .. [1] Helm, J. L., Sbarra, D. A., & Ferrer, E. (2014). Coregulation of respiratory sinus
       arrhythmia in adult romantic partners. Emotion, 14(3), 522-531.
       https://doi.org/10.1037/a0035960
    """
    power = smoothed(hf**2, DEPTH_SMOOTHING_S, fs)
    known = np.isfinite(hf[..., :: int(fs)]) & (power > 0)
    depth = np.where(known, 0.5 * np.log(np.where(known, power, 1.0)), np.nan)
    return correlogram(*arousal_band(depth).band_bpm)
