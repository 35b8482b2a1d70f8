"""Heart-rate variability in the time domain, for one window or thousands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.differences import (
    MS_PER_S,
    Differences,
    differences_inside,
    off_centre,
)
from interbeat_analysis.series import check_positive, checked_beats, checked_intervals
from interbeat_analysis.window_sums import beats_inside, counts_inside, sums_inside

TRIANGULAR_BIN_S = 1.0 / 128.0
"""Width of the bins of the triangular index: the sampling of the recorders of 1996."""

GRID_S = 1e-6
"""Intervals and differences are told apart to 0.001 ms, so that rounding decides no tie."""


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
    first, after = beats_inside(beat_t_s, end_s, window_s)
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
    first, after = beats_inside(beat_t_s, end_s, window_s)
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
    first, after = beats_inside(beat_t_s, end_s, window_s)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 100.0 * counts_inside(marked, first, after) / (after - first)
    return np.asarray(share.reshape(end_s.shape))


def hrv_inside(
    nn_s: np.ndarray, first: np.ndarray, after: np.ndarray, differences: Differences
) -> HRV:
    """The figures of the intervals `first` to `after` (excluded) of each window.

    The differences are handed in, since they may be of other intervals
    (`interbeat_analysis.corrected`).

    Parameters
    ----------
    nn_s : ndarray, shape (n,)
        NN intervals in seconds, NaN where one was rejected.
    first, after : ndarray of int, shape (w,)
        First interval of each window, and the first one after it.
    differences : Differences
        Figures of the successive differences of each window.

    Returns
    -------
    HRV
        Arrays of shape (w,), NaN where a window holds too few beats.

    See Also
    --------
    windowed_hrv : the definitions, and a reference.
    """
    off_s, centre_s = off_centre(nn_s)
    beats = counts_inside(~np.isnan(nn_s), first, after)
    sum_s, _, spread = sums_inside(off_s, beats, first, after)
    n = beats.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        sdnn_ms = MS_PER_S * np.sqrt(spread / (n - 1.0))
        sdnn_ms[beats < 2] = np.nan
        return HRV(
            mean_hr_bpm=60.0 / (centre_s + sum_s / n),
            sdnn_ms=sdnn_ms,
            beats=beats,
            sd2_identity_ms=np.sqrt(2.0 * sdnn_ms**2 - 0.5 * differences.sdsd_ms**2),
            **differences._asdict(),
        )


def _figures(beat_t_s: np.ndarray, nn_s: np.ndarray, first: np.ndarray, after: np.ndarray) -> HRV:
    return hrv_inside(nn_s, first, after, differences_inside(beat_t_s, nn_s, first, after))


def _triangular_indices(nn_s: np.ndarray, first: np.ndarray, after: np.ndarray) -> np.ndarray:
    valid = ~np.isnan(nn_s)
    filled = np.floor((nn_s[valid] + GRID_S) / TRIANGULAR_BIN_S).astype(np.int64)
    bins, place = np.unique(filled, return_inverse=True)
    upto = np.zeros((len(nn_s) + 1, len(bins)), dtype=np.int32)
    upto[np.flatnonzero(valid) + 1, place] = 1
    np.cumsum(upto, axis=0, out=upto)
    highest = (upto[after] - upto[first]).max(axis=1, initial=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(counts_inside(valid, first, after) / highest)
