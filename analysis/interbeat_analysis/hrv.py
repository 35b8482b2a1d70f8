"""Heart-rate variability in the time domain, for one window or thousands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.series import (
    check_positive,
    checked_beats,
    checked_intervals,
    neighbours,
)

MS_PER_S = 1000.0
US_PER_S = 1e6
SQRT_2 = np.sqrt(2.0)

TRIANGULAR_BIN_S = 1.0 / 128.0
"""Width of the bins of the triangular index: the sampling of the recorders of 1996."""

GRID_S = 1e-6
"""Intervals and differences are told apart to 0.001 ms, so that rounding decides no tie."""

SPLITTER = 134217729.0
"""2**27 + 1: cuts a float64 into two halves whose products are exact."""


class HRV(NamedTuple):
    """Time-domain figures, one per window."""

    mean_hr_bpm: np.ndarray
    """60 divided by the mean NN interval; NaN without a beat."""
    sdnn_ms: np.ndarray
    """Standard deviation of NN (n - 1 in the denominator); NaN with fewer than two beats."""
    rmssd_ms: np.ndarray
    """Root mean square of successive differences; NaN without two neighbouring beats."""
    beats: np.ndarray
    """Number of valid NN intervals."""
    sdsd_ms: np.ndarray
    """Standard deviation of successive differences (n - 1); NaN with fewer than two of them."""
    pnn50_percent: np.ndarray
    """Share of successive differences above 50 ms; NaN without a difference."""
    pnn20_percent: np.ndarray
    """Share of successive differences above 20 ms; NaN without a difference."""
    sd1_ms: np.ndarray
    """Width of the Poincare plot, across its diagonal: SDSD divided by the root of 2."""
    sd2_ms: np.ndarray
    """Length of the Poincare plot, along its diagonal: SD of (x_i + x_{i+1}) / root of 2."""
    sd2_identity_ms: np.ndarray
    """The same from SDNN and SDSD, sqrt(2 SDNN^2 - SDSD^2 / 2); NaN below zero."""
    differences: np.ndarray
    """Number of successive differences."""


def windowed_hrv(beat_t_s: np.ndarray, nn_s: np.ndarray, end_s: np.ndarray, window_s: float) -> HRV:
    """Variability in the windows `(end_s - window_s, end_s]`.

    An interval belongs to the window that holds the beat that ended it. A successive
    difference counts when both of its intervals are valid, lie in the window and follow each
    other without a gap. A figure depends on the beats of its window alone: the tail of a record
    gives what the whole record gives.

    Where programs differ, this is the choice: mean heart rate is 60 over the mean interval, not
    the mean of the rates. SDNN and SDSD have n - 1 in the denominator; SDSD is of the signed
    differences. pNN50 and pNN20 are in percent of the differences (not of the beats), count
    what is above the limit (not at it), and round differences to 0.001 ms first: on a coarse
    grid, rounding noise at exactly 50 ms otherwise moves pNN50 by a quarter. SD1 is SDSD over
    the root of 2 (not RMSSD over it). SD2 is the standard deviation along the diagonal; the
    identity that stands for it elsewhere differs by up to 0.4 % and is beside it.

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
    HRV
        Arrays of shape (...), NaN where a window holds too few beats.

    Raises
    ------
    ValueError
        If `window_s` is not positive, the beat times do not increase, the shapes differ, or
        `nn_s` is not in seconds (median above 10).

    References
    ----------
    .. [1] Task Force of the European Society of Cardiology and the North American Society of
       Pacing and Electrophysiology (1996). Heart rate variability: standards of measurement,
       physiological interpretation and clinical use. Circulation, 93(5), 1043-1065.
       https://doi.org/10.1161/01.CIR.93.5.1043
    .. [2] Brennan, M., Palaniswami, M., & Kamen, P. (2001). Do existing measures of Poincare
       plot geometry reflect nonlinear features of heart rate variability? IEEE Transactions on
       Biomedical Engineering, 48(11), 1342-1347. https://doi.org/10.1109/10.959330
    """
    check_positive("window_s", window_s, "s")
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    end_s = np.asarray(end_s, dtype=np.float64)
    first, after = _beats_inside(beat_t_s, end_s, window_s)
    found = _figures(beat_t_s, nn_s, first, after)
    return HRV(*(values.reshape(end_s.shape) for values in found))


def hrv(beat_t_s: np.ndarray, nn_s: np.ndarray) -> HRV:
    """Variability of a whole series: one window that holds everything.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.

    Returns
    -------
    HRV
        Arrays of shape (), NaN where there are too few beats.

    Raises
    ------
    ValueError
        If the beat times do not increase, the shapes differ, or `nn_s` is not in seconds
        (median above 10).

    See Also
    --------
    windowed_hrv : the definitions, and a reference.
    """
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    found = _figures(beat_t_s, nn_s, np.array([0]), np.array([len(nn_s)]))
    return HRV(*(values.reshape(()) for values in found))


def windowed_triangular_index(
    beat_t_s: np.ndarray, nn_s: np.ndarray, end_s: np.ndarray, window_s: float
) -> np.ndarray:
    """HRV triangular index in the windows `(end_s - window_s, end_s]`.

    Number of NN intervals over the height of their histogram, with bins of 1/128 s from 0. An
    interval within 0.001 ms below the edge of a bin counts as on it, so that intervals on a
    grid of 1/128 s, written as milliseconds, stay in their bins. The index was made for 24 h;
    in minutes it is coarse, since the highest bin holds few beats.

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
    ndarray, shape (...)
        The index, without unit; NaN in a window without a beat.

    Raises
    ------
    ValueError
        As `windowed_hrv`.

    References
    ----------
    .. [1] Task Force of the ESC and NASPE (1996). Circulation, 93(5), 1043-1065.
       https://doi.org/10.1161/01.CIR.93.5.1043
    """
    check_positive("window_s", window_s, "s")
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    end_s = np.asarray(end_s, dtype=np.float64)
    first, after = _beats_inside(beat_t_s, end_s, window_s)
    return _triangular_indices(nn_s, first, after).reshape(end_s.shape)


def triangular_index(nn_s: np.ndarray) -> float:
    """HRV triangular index of a whole series.

    Parameters
    ----------
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.

    Returns
    -------
    float
        The index, without unit; NaN without a beat.

    Raises
    ------
    ValueError
        If `nn_s` is not in seconds (median above 10).

    See Also
    --------
    windowed_triangular_index : the definition, and a reference.
    """
    nn_s = checked_intervals(nn_s)
    return float(_triangular_indices(nn_s, np.array([0]), np.array([len(nn_s)]))[0])


def windowed_share(
    beat_t_s: np.ndarray, marked: np.ndarray, end_s: np.ndarray, window_s: float
) -> np.ndarray:
    """Percentage of the beats in the windows `(end_s - window_s, end_s]` that carry a mark.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Beat times in seconds, strictly increasing.
    marked : ndarray of bool, shape (n,)
        True where a beat was corrected or rejected.
    end_s : ndarray, shape (...)
        Ends of the windows in seconds, in any order.
    window_s : float
        Length of the windows in seconds.

    Returns
    -------
    ndarray, shape (...)
        Percent of all beats of the window; NaN in a window without a beat.

    Raises
    ------
    ValueError
        If `window_s` is not positive, the beat times do not increase, or the shapes differ.
    """
    check_positive("window_s", window_s, "s")
    marked = np.asarray(marked, dtype=bool)
    beat_t_s, _ = checked_beats(beat_t_s, np.ones(marked.shape))
    end_s = np.asarray(end_s, dtype=np.float64)
    first, after = _beats_inside(beat_t_s, end_s, window_s)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 100.0 * _counts(marked, first, after) / (after - first)
    return np.asarray(share.reshape(end_s.shape))


def _beats_inside(
    beat_t_s: np.ndarray, end_s: np.ndarray, window_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """First beat of each window, and the first one after it."""
    end_s = end_s.ravel()
    first = np.searchsorted(beat_t_s, end_s - window_s, side="right")
    return first, np.searchsorted(beat_t_s, end_s, side="right")


def _figures(beat_t_s: np.ndarray, nn_s: np.ndarray, first: np.ndarray, after: np.ndarray) -> HRV:
    """The figures of the intervals `first` to `after` (excluded) of each window."""
    valid = ~np.isnan(nn_s)
    beats = _counts(valid, first, after)
    centre_s = nn_s[np.argmax(valid)] if valid.any() else 0.0
    off_s = np.where(valid, nn_s - centre_s, 0.0)
    sum_s, _, spread = _sums(off_s, beats, first, after)

    # Difference i lies between intervals i and i + 1, so a window has one fewer of them.
    follows = neighbours(beat_t_s, nn_s)[1:]
    step_s = follows * (off_s[1:] - off_s[:-1])
    pair_s = follows * (off_s[1:] + off_s[:-1])
    stop = np.maximum(after - 1, 0)
    begin = np.minimum(first, stop)
    steps = _counts(follows, begin, stop)
    _, step_squares, step_spread = _sums(step_s, steps, begin, stop)
    _, _, pair_spread = _sums(pair_s, steps, begin, stop)
    step_us = np.rint(np.abs(step_s) * US_PER_S)

    with np.errstate(divide="ignore", invalid="ignore"):
        n, n_steps = beats.astype(np.float64), steps.astype(np.float64)
        sdnn_ms = MS_PER_S * np.sqrt(spread / (n - 1.0))
        sdnn_ms[beats < 2] = np.nan
        freedom = n_steps - 1.0
        freedom[steps < 2] = np.nan
        sdsd_ms = MS_PER_S * np.sqrt(step_spread / freedom)
        return HRV(
            mean_hr_bpm=60.0 / (centre_s + sum_s / n),
            sdnn_ms=sdnn_ms,
            rmssd_ms=MS_PER_S * np.sqrt(step_squares / n_steps),
            beats=beats,
            sdsd_ms=sdsd_ms,
            pnn50_percent=100.0 * _counts(step_us > 50_000, begin, stop) / n_steps,
            pnn20_percent=100.0 * _counts(step_us > 20_000, begin, stop) / n_steps,
            sd1_ms=sdsd_ms / SQRT_2,
            sd2_ms=MS_PER_S / SQRT_2 * np.sqrt(pair_spread / freedom),
            sd2_identity_ms=np.sqrt(2.0 * sdnn_ms**2 - 0.5 * sdsd_ms**2),
            differences=steps,
        )


def _counts(marked: np.ndarray, first: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How many of `first` to `after` (excluded) are marked, for each window."""
    if marked.all():
        return np.asarray(after - first)
    before = np.concatenate([[0], np.cumsum(marked)])
    return np.asarray(before.take(after) - before.take(first))


def _sums(
    values: np.ndarray, counts: np.ndarray, first: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum, sum of squares, and sum of squared deviations from the mean, of each window.

    Prefix sums lose what a long record adds up to: the few ms of a quiet minute are the
    difference of two large numbers. So every sum is a pair of float64, the value and what
    rounding left over, about 32 digits together, and a difference of two keeps what it needs.

    References
    ----------
    .. [1] Dekker, T. J. (1971). A floating-point technique for extending the available
       precision. Numerische Mathematik, 18, 224-242. https://doi.org/10.1007/BF01397083
    """
    sums, rests = _window_sums(values, first, after)
    total, squares = sums.real.copy(), sums.imag.copy()

    # counts * squares - total**2, each product with what its rounding left over.
    counts = counts.astype(np.float64)
    spread = counts * squares
    high = _upper_half(squares)
    rest = (counts * high - spread) + counts * (squares - high) + counts * rests.imag
    total_squared, total_squared_rest = _square(total)
    rest -= total_squared_rest + 2.0 * total * rests.real
    spread -= total_squared
    spread += rest
    np.maximum(spread, 0.0, out=spread)
    spread /= np.maximum(counts, 1.0)
    return total + rests.real, squares + rests.imag, spread


def _window_sums(
    values: np.ndarray, first: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the values (real) and of their squares (imaginary) in each window, and rests.

    Complex numbers add their parts apart, so two running sums cost one pass. Arrays are
    written over once they are read: memory fetched anew costs more than the sums.
    """
    squared, squared_rest = _square(values)
    terms = np.zeros(len(values) + 1, dtype=np.complex128)
    terms.real[1:], terms.imag[1:] = values, squared
    upto = np.cumsum(terms)
    before, now, lost = upto[:-1], upto[1:], terms[1:]

    # lost = (before - (now - added)) + (terms - added), added = now - before
    added = now - before
    lost -= added
    np.subtract(now, added, out=added)
    np.subtract(before, added, out=added)
    lost += added
    lost.imag += squared_rest
    lost_upto = np.cumsum(terms, out=terms)
    del added

    begin, end = upto.take(first), upto.take(after)
    sums = end - begin
    taken = end - sums
    rests = sums + taken
    np.subtract(end, rests, out=rests)
    taken -= begin
    rests += taken
    rests += lost_upto.take(after)
    rests -= lost_upto.take(first)
    return sums, rests


def _square(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squares, and what rounding left over of them."""
    high = _upper_half(values)
    low = values - high
    squared = values * values
    return squared, ((high * high - squared) + 2.0 * high * low) + low * low


def _upper_half(values: np.ndarray) -> np.ndarray:
    """The upper 26 bits of each value; what they leave fits into 26 bits as well."""
    scaled = SPLITTER * values
    return np.asarray(scaled - (scaled - values))


def _triangular_indices(nn_s: np.ndarray, first: np.ndarray, after: np.ndarray) -> np.ndarray:
    valid = ~np.isnan(nn_s)
    filled = np.floor((nn_s[valid] + GRID_S) / TRIANGULAR_BIN_S).astype(np.int64)
    bins, place = np.unique(filled, return_inverse=True)
    upto = np.zeros((len(nn_s) + 1, len(bins)), dtype=np.int32)
    upto[np.flatnonzero(valid) + 1, place] = 1
    np.cumsum(upto, axis=0, out=upto)
    highest = (upto[after] - upto[first]).max(axis=1, initial=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(_counts(valid, first, after) / highest)
