"""Variability in the frequency domain from the beats as they are, by Lomb's periodogram.

It needs no even grid, so rejected intervals and gaps cost samples, not the window.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from interbeat_analysis.frequency_bands import (
    HF_HZ,
    LF_HZ,
    VLF_HZ,
    Bands,
    band_weights,
    bands_of,
)
from interbeat_analysis.series import check_positive, checked_beats

MS_PER_S = 1000.0

MIN_BEATS = 4
"""Fewer beats than this determine no sine with a mean."""

LOMB_OVERSAMPLING = 4
"""Frequencies of Lomb's periodogram per 1 / (length of the window)."""

FREQUENCIES_AT_ONCE = 16
"""A batch that stays in the cache of a processor."""


def lomb_density(t_s: np.ndarray, values: np.ndarray, frequency_hz: np.ndarray) -> np.ndarray:
    """Lomb's periodogram of uneven samples, scaled to a density.

    Lomb's power P (as `scipy.signal.lombscargle` gives it without normalising) times 2 T / N,
    T being the time from the first to the last sample and N their number: the integral over
    frequency is then the variance. Other programs leave T / N out, or turn it over, which is
    wrong by the mean interval in seconds, or by its inverse.

    Parameters
    ----------
    t_s : ndarray, shape (n,)
        Times in seconds, strictly increasing.
    values : ndarray, shape (n,)
        Samples; their mean is removed. NaN is left out.
    frequency_hz : ndarray, shape (f,)
        Frequencies above 0, in Hz.

    Returns
    -------
    ndarray, shape (f,)
        Density in the unit of `values` squared per Hz; NaN with fewer than four samples.

    Raises
    ------
    ValueError
        If the times do not increase, the shapes differ, or a frequency is not above 0.

    References
    ----------
    .. [1] Lomb, N. R. (1976). Least-squares frequency analysis of unequally spaced data.
       Astrophysics and Space Science, 39, 447-462. https://doi.org/10.1007/BF00648343
    .. [2] Laguna, P., Moody, G. B., & Mark, R. G. (1998). Power spectral density of unevenly
       sampled data by least-square analysis. IEEE Transactions on Biomedical Engineering, 45(6),
       698-715. https://doi.org/10.1109/10.678605
    """
    frequency_hz = np.asarray(frequency_hz, dtype=np.float64)
    values = np.asarray(values, dtype=np.float64)
    t_s, _ = checked_beats(t_s, np.ones(values.shape))
    if not (frequency_hz > 0).all():
        raise ValueError(f"frequency_hz = {frequency_hz.min()} Hz must be above 0")
    known = np.isfinite(values)
    t_s, values = t_s[known], values[known]
    parts = _lomb(t_s, values, np.array([0]), np.array([len(t_s)]), frequency_hz)
    return np.concatenate([density[0] for _, density in parts] or [np.empty(0)])


def windowed_lomb_bands(
    beat_t_s: np.ndarray, nn_s: np.ndarray, end_s: np.ndarray, window_s: float
) -> Bands:
    """Power in the windows `(end_s - window_s, end_s]`, from the beats as they are.

    Lomb's density on a grid of 1 / (4 window_s), each interval at the beat that ended it, its
    mean removed. It needs no even grid, so rejected intervals and gaps cost samples, not the
    window; what remains has to stand for what is missing.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.
    end_s : ndarray, shape (...)
        Ends of the windows in seconds, in any order.
    window_s : float
        Length of the windows in seconds.

    Returns
    -------
    Bands
        Arrays of shape (...), in ms^2; NaN with fewer than four beats.

    Raises
    ------
    ValueError
        If `window_s` is not positive, the beat times do not increase, the shapes differ, or
        `nn_s` is not in seconds (median above 10).

    See Also
    --------
    lomb_density : the scaling, and references.
    """
    check_positive("window_s", window_s, "s")
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    end_s = np.asarray(end_s, dtype=np.float64)
    valid = ~np.isnan(nn_s)
    t_s, values = beat_t_s[valid], nn_s[valid] * MS_PER_S
    first = np.searchsorted(t_s, end_s.ravel() - window_s, side="right")
    after = np.searchsorted(t_s, end_s.ravel(), side="right")
    power = _lomb_powers(t_s, values, first, after, window_s)
    return bands_of(power.reshape(*end_s.shape, 3))


def lomb_bands(beat_t_s: np.ndarray, nn_s: np.ndarray) -> Bands:
    """Power of a whole recording from the beats as they are: one window over everything.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.

    Returns
    -------
    Bands
        Arrays of shape (), in ms^2; NaN with fewer than four beats.

    Raises
    ------
    ValueError
        As `windowed_lomb_bands`.

    See Also
    --------
    lomb_density : the scaling, and references.
    """
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    valid = ~np.isnan(nn_s)
    t_s, values = beat_t_s[valid], nn_s[valid] * MS_PER_S
    if len(t_s) < MIN_BEATS:
        return bands_of(np.full(3, np.nan))
    begin, stop = np.array([0]), np.array([len(t_s)])
    return bands_of(_lomb_powers(t_s, values, begin, stop, t_s[-1] - t_s[0])[0])


def _lomb_powers(
    t_s: np.ndarray, values: np.ndarray, first: np.ndarray, after: np.ndarray, window_s: float
) -> np.ndarray:
    """Powers of VLF, LF and HF of the samples `first` to `after`, shape (windows, 3)."""
    step_hz = 1.0 / (LOMB_OVERSAMPLING * window_s)
    frequency_hz = step_hz * np.arange(1, int(np.ceil(HF_HZ[1] / step_hz)) + 2)
    weights = np.stack([band_weights(frequency_hz, *b) for b in (VLF_HZ, LF_HZ, HF_HZ)], axis=1)
    power = np.zeros((len(first), 3))
    for part, density in _lomb(t_s, values, first, after, frequency_hz):
        power += density @ weights[part]
    return power


def _lomb(
    t_s: np.ndarray,
    values: np.ndarray,
    first: np.ndarray,
    after: np.ndarray,
    frequency_hz: np.ndarray,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Density of the samples `first` to `after` of each window, some frequencies at a time.

    Lomb's power is half of what least squares by a cosine and a sine explain. Its sums over a
    window are differences of running sums over the record, so windows share the sines.
    """
    n = (after - first)[:, np.newaxis].astype(np.float64)
    short = n < MIN_BEATS
    n[short] = np.nan
    if len(t_s) == 0:
        yield slice(0, len(frequency_hz)), np.full((len(first), len(frequency_hz)), np.nan)
        return
    off = values - values.mean()
    total = np.concatenate([[0.0], np.cumsum(off)])
    mean = (total[after] - total[first])[:, np.newaxis] / n
    last = len(t_s) - 1
    span_s = (t_s[np.clip(after - 1, 0, last)] - t_s[np.minimum(first, last)])[:, np.newaxis]

    for at in range(0, len(frequency_hz), FREQUENCIES_AT_ONCE):
        part = slice(at, at + FREQUENCIES_AT_ONCE)
        phase = 2.0 * np.pi * (t_s - t_s[0])[:, np.newaxis] * frequency_hz[part]
        cos, sin = np.cos(phase), np.sin(phase)

        def over(terms: np.ndarray) -> np.ndarray:
            if len(first) == 1:
                return np.asarray(terms[first[0] : after[0]].sum(axis=0, keepdims=True))
            upto = np.zeros((len(terms) + 1, terms.shape[1]))
            np.cumsum(terms, axis=0, out=upto[1:])
            return np.asarray(upto[after] - upto[first])

        cos_cos, cos_sin = over(cos * cos), over(cos * sin)
        sin_sin = n - cos_cos
        with_cos = over(off[:, np.newaxis] * cos) - mean * over(cos)
        with_sin = over(off[:, np.newaxis] * sin) - mean * over(sin)
        explained = (
            with_cos**2 * sin_sin - 2.0 * with_cos * with_sin * cos_sin + with_sin**2 * cos_cos
        ) / (cos_cos * sin_sin - cos_sin**2)
        yield part, explained * (span_s / n)
