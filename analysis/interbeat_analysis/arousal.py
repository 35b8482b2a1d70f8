"""The arousal band: the slow rise and fall of a heart rate, once a second.

Between the breathing and the Mayer waves above it and the trend of a whole session below it,
heart rate goes up and down over a quarter of a minute to four minutes with what a person feels
and does. This band (0.0041 to 0.044 Hz at -3 dB) is what linkage and settling are measured in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import fft

from interbeat_analysis.artifacts import mask_artifacts
from interbeat_analysis.series import check_positive, grid, heart_rate

FS_HZ = 4.0
"""Samples of the heart rate per second; the band has one."""
SMOOTHING_S = 3.0
"""Standard deviation of the Gaussian that takes off breathing and Mayer waves."""
BASELINE_S = 75.0
"""Standard deviation of the Gaussian that makes the baseline. Applied twice: once leaves so much
of a slow trend that two strangers with a common trend seem linked in 9 % of sessions."""
KERNEL_SIGMAS = 3.0
CLIP_SIGMAS = 3.0
"""Robust standard deviations beyond which the band is held, so that no single event rules."""
SIGMA_OF_MAD = 1.4826
LONGEST_HOLE_S = 4.0
"""Seconds without a clean beat that the smoothing may bridge."""
LOOK_AHEAD_S = KERNEL_SIGMAS * SMOOTHING_S
"""The band at an instant changes until so many seconds later."""


class ArousalBand(NamedTuple):
    """The slow part of one or more heart rates, one value a second."""

    band_bpm: np.ndarray
    """Shape (..., n): distance from the baseline in bpm, NaN where not known."""
    baseline_bpm: np.ndarray
    """Shape (..., n): what was taken off, NaN where not known."""


def clean_heart_rate(
    beat_t_s: np.ndarray, rr_s: np.ndarray, start_s: float, stop_s: float
) -> np.ndarray:
    """Heart rate at 4 Hz between two instants, from clean beats only.

    Parameters
    ----------
    beat_t_s : ndarray, shape (k,)
        Time of the beat that ends each interval, in seconds, strictly increasing. Beats before
        and after the stretch asked for help to judge and to bend the spline at its ends.
    rr_s : ndarray, shape (k,)
        The interval that ended there, in seconds, as the strap sent it; NaN if rejected.
    start_s, stop_s : float
        First and last instant that may be returned, in seconds.

    Returns
    -------
    ndarray, shape (m,)
        Heart rate in bpm on the grid `series.grid(start_s, stop_s, 4)`; NaN where an artefact
        or a hole leaves it unknown.

    Raises
    ------
    ValueError
        As `series.heart_rate` and `series.grid`.
    """
    return heart_rate(
        beat_t_s, mask_artifacts(rr_s, beat_t_s=beat_t_s), grid(start_s, stop_s, FS_HZ)
    )


def slow_heart_rate(hr_bpm: np.ndarray, fs: float = FS_HZ) -> np.ndarray:
    """Heart rate without breathing and Mayer waves, one value a second.

    Parameters
    ----------
    hr_bpm : ndarray, shape (..., m)
        Heart rate in bpm, NaN where unknown. The first sample is at a whole second.
    fs : float
        Samples per second, in Hz; a whole number.

    Returns
    -------
    ndarray, shape (..., n)
        Smoothed with a Gaussian of 3 s, for the n whole seconds that the series covers. Holes
        up to 4 s are bridged by straight lines first: left out, 5 % bad beats would shorten the
        half-decay time by 5 %, not by 3 to 4 %. NaN in longer holes, before the first known sample
        and after the last.

    Raises
    ------
    ValueError
        If `fs` is not a whole number of Hz.
    """
    check_positive("fs", fs, "Hz")
    if fs != round(fs):
        raise ValueError(f"fs = {fs} Hz must be a whole number, so that it meets every second")
    hr_bpm = np.asarray(hr_bpm, dtype=np.float64)
    filled = np.empty(hr_bpm.shape)
    for row in np.ndindex(hr_bpm.shape[:-1]):
        filled[row] = bridged(hr_bpm[row], fs)
    known = np.isfinite(filled)
    level = _level(filled, known)
    smooth = level + smoothed(filled - level, SMOOTHING_S, fs)
    return np.where(known[..., :: int(fs)], smooth, np.nan)


def arousal_band(slow: np.ndarray, weight: np.ndarray | None = None) -> ArousalBand:
    """The band of a slow series: its baseline taken off, and held within its bounds.

    B = N[y] + N[y - N[y]] with N a Gaussian of 75 s; the band is y - B, held within three robust
    standard deviations of its median. Each smoothing divides by the weight of what is known, so
    holes and both ends need no rule of their own, and a constant added changes nothing.

    Parameters
    ----------
    slow : ndarray, shape (..., n)
        Slow heart rate in bpm at 1 Hz (`slow_heart_rate`), or another slow series; NaN where
        unknown.
    weight : ndarray, shape (..., n), optional
        As for `baseline`.

    Returns
    -------
    ArousalBand
        Arrays of shape (..., n) in the unit of `slow`.

    References
    ----------
    .. [1] Knutsson, H., & Westin, C.-F. (1993). Normalized and differential convolution. IEEE
       Computer Society Conference on Computer Vision and Pattern Recognition, 515-523.
       https://doi.org/10.1109/CVPR.1993.341081
    """
    base = baseline(slow, weight)
    return ArousalBand(_held(slow - base), np.where(np.isnan(slow), np.nan, base))


def baseline(slow: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """The trend of a series at 1 Hz: a Gaussian of 75 s, applied again to what it left.

    Parameters
    ----------
    slow : ndarray, shape (..., n)
        The series, NaN where unknown.
    weight : ndarray, shape (..., n), optional
        What `baseline_weight` gives for it, where the caller has that.

    Returns
    -------
    ndarray, shape (..., n)
        Its baseline in the same unit; also known in holes, NaN further than 225 s from anything.
    """
    if weight is None:
        weight = baseline_weight(slow)
    known = np.isfinite(slow)
    level = _level(slow, known)
    above = np.where(known, slow - level, 0.0)
    once = _sums(above, BASELINE_S) / weight
    again = _sums(np.where(known, above - once, 0.0), BASELINE_S) / weight
    return np.asarray(level + once + again)


def baseline_weight(slow: np.ndarray) -> np.ndarray:
    """How much is known around each sample, by the Gaussian of the baseline.

    Parameters
    ----------
    slow : ndarray, shape (..., n)
        A series at 1 Hz, NaN where unknown.

    Returns
    -------
    ndarray, shape (..., n) or (n,)
        The same for every series that is known at the same seconds; NaN further than 225 s from
        anything known.
    """
    return _weight(np.isfinite(slow), BASELINE_S)


def smoothed(x: np.ndarray, sigma_s: float, fs: float) -> np.ndarray:
    """Gaussian smoothing over what is known, once a second: G(v x) / G(v), v 1 where x is known.

    Parameters
    ----------
    x : ndarray, shape (..., m)
        The series, NaN where unknown. The first sample is at a whole second.
    sigma_s : float
        Standard deviation of the Gaussian in seconds; it ends at three of them.
    fs : float
        Samples per second, in Hz; a whole number.

    Returns
    -------
    ndarray, shape (..., n)
        The smoothed series at the n whole seconds that x covers, NaN where nothing is known
        within three standard deviations.
    """
    known, sigma, step = np.isfinite(x), sigma_s * fs, int(fs)
    sums = _sums(np.where(known, x, 0.0), sigma, step)
    return np.asarray(sums / _weight(known, sigma, step))


def bridged(x: np.ndarray, fs: float) -> np.ndarray:
    """A series whose holes up to 4 s are straight lines.

    Parameters
    ----------
    x : ndarray, shape (n,)
        The series, NaN where unknown.
    fs : float
        Samples per second, in Hz.

    Returns
    -------
    ndarray, shape (n,)
        NaN in longer holes, before the first known sample and after the last.
    """
    known = np.isfinite(x)
    if known.all() or not known.any():
        return x
    at, holes = np.flatnonzero(known), np.flatnonzero(~known)
    after = np.searchsorted(at, holes)  # the first known sample after each unknown one
    inside = (after > 0) & (after < len(at))
    holes, after = holes[inside], after[inside]
    short = at[after] - at[after - 1] <= LONGEST_HOLE_S * fs
    filled = x.copy()
    filled[holes[short]] = np.interp(holes[short], at, x[at])
    return filled


def _level(x: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean of what is known, taken off before a transform for the digits."""
    total = x.sum(axis=-1, keepdims=True, where=known)
    return np.asarray(total / np.maximum(known.sum(axis=-1, keepdims=True), 1))


def _weight(known: np.ndarray, sigma: float, step: int = 1) -> np.ndarray:
    """Weight of what is known around every `step`-th sample, NaN where nothing is."""
    if known.all():
        return _weight_of_all(known.shape[-1], sigma, step)
    weight = _sums(known.astype(np.float64), sigma, step)
    # far from anything known there is only the rounding of the transform
    return np.where(weight > 1e-9, weight, np.nan)


def _sums(x: np.ndarray, sigma: float, step: int = 1) -> np.ndarray:
    """Sums with the Gaussian's weights around every `step`-th sample, nothing beyond the ends."""
    n, reach = x.shape[-1], int(KERNEL_SIGMAS * sigma)
    size = fft.next_fast_len(n + reach, real=True)
    sums = fft.irfft(fft.rfft(x, size) * _kernel(sigma, reach, size), size)
    return np.asarray(sums[..., :n:step])


@lru_cache(maxsize=32)
def _kernel(sigma: float, reach: int, size: int) -> np.ndarray:
    """Transform of the Gaussian around sample 0; as it is symmetric, real."""
    at = np.arange(-reach, reach + 1)
    around = np.zeros(size)
    np.add.at(around, at % size, np.exp(-0.5 * (at / sigma) ** 2))
    return _kept(fft.rfft(around).real)


@lru_cache(maxsize=32)
def _weight_of_all(n: int, sigma: float, step: int) -> np.ndarray:
    """Weight of what is known when all is."""
    return _kept(_sums(np.ones(n), sigma, step))


def _kept(x: np.ndarray) -> np.ndarray:
    x.setflags(write=False)
    return np.asarray(x)


def _held(band: np.ndarray) -> np.ndarray:
    """The band within three robust standard deviations of its median, each row by itself."""
    held = np.empty(band.shape)
    for row in np.ndindex(band.shape[:-1]):
        known = band[row][np.isfinite(band[row])]
        middle, sigma = median_and_sigma(known) if len(known) else (0.0, 0.0)
        reach = CLIP_SIGMAS * sigma
        held[row] = np.clip(band[row], middle - reach, middle + reach)
    return held


def median_and_sigma(values: np.ndarray) -> tuple[float, float]:
    """Median and robust standard deviation (1.4826 MAD) of values without NaN, shape (n,)."""
    middle = _median(values)
    return middle, SIGMA_OF_MAD * _median(np.abs(values - middle))


def _median(values: np.ndarray) -> float:
    """Median of values without NaN; numpy's own takes twice as long to ask about them."""
    low, high = (len(values) - 1) // 2, len(values) // 2
    parted = np.partition(values, (low, high))
    return 0.5 * float(parted[low] + parted[high])
