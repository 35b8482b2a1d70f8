"""Heart-rate variability in the time domain, for one window or thousands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.series import check_positive, checked_beats, neighbours

MS_PER_S = 1000.0


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


def windowed_hrv(beat_t_s: np.ndarray, nn_s: np.ndarray, end_s: np.ndarray, window_s: float) -> HRV:
    """Variability in the windows `(end_s - window_s, end_s]`.

    An interval belongs to the window that holds the beat that ended it. A successive
    difference counts when both of its intervals are valid, lie in the window and follow each
    other without a gap. A figure depends on the beats of its window alone, to the last bit:
    the tail of a record gives what the whole record gives.

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
    """
    check_positive("window_s", window_s, "s")
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    end_s = np.asarray(end_s, dtype=np.float64)
    first = np.searchsorted(beat_t_s, end_s.ravel() - window_s, side="right")
    after = np.searchsorted(beat_t_s, end_s.ravel(), side="right")
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


def _figures(beat_t_s: np.ndarray, nn_s: np.ndarray, first: np.ndarray, after: np.ndarray) -> HRV:
    """The figures of the intervals `first` to `after` (excluded) of each window."""
    valid = ~np.isnan(nn_s)
    beats, mean_s, spread = _moments(nn_s, valid, first, after)
    follows = neighbours(beat_t_s, nn_s)
    step_s = np.diff(nn_s, prepend=np.nan)
    # The difference into a window's first interval reaches back out of the window.
    steps, mean_step_s, step_spread = _moments(step_s, follows, first + 1, after)
    with np.errstate(divide="ignore", invalid="ignore"):
        sdnn_s = np.sqrt(spread / np.where(beats > 1, beats - 1, np.nan))
        rmssd_s = np.sqrt(mean_step_s**2 + step_spread / steps)
        return HRV(60.0 / mean_s, sdnn_s * MS_PER_S, rmssd_s * MS_PER_S, beats)


def _moments(
    values: np.ndarray, used: np.ndarray, first: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, mean and sum of squared deviations of the used values of each window.

    Prefix sums lose what a long record adds up to: the few ms of a quiet minute are the
    difference of two large numbers. Here stretches of 1, 2, 4, ... values are merged pairwise,
    and each window is put together from the stretches its length is the binary sum of: as few
    operations, no cancellation, and nothing from outside the window.

    References
    ----------
    .. [1] Chan, T. F., Golub, G. H., & LeVeque, R. J. (1983). Algorithms for computing the
       sample variance: analysis and recommendations. The American Statistician, 37(3),
       242-247. https://doi.org/10.1080/00031305.1983.10483115
    """
    before = np.concatenate([[0], np.cumsum(used)])
    begin = before[np.minimum(first, len(values))]
    length = np.maximum(before[after] - begin, 0)

    count = np.zeros(len(first), dtype=np.int64)
    mean = np.where(length > 0, 0.0, np.nan)
    spread = np.zeros(len(first))
    size = 1
    stretch_mean = values[used]
    stretch_spread = np.zeros(len(stretch_mean))
    while size <= length.max(initial=0):
        takes = np.flatnonzero(length & size)
        at = begin[takes] + count[takes]
        total = count[takes] + size
        apart = stretch_mean[at] - mean[takes]
        mean[takes] += apart * (size / total)
        spread[takes] += stretch_spread[at] + apart**2 * (count[takes] * size / total)
        count[takes] = total

        apart = stretch_mean[size:] - stretch_mean[:-size]
        stretch_spread = stretch_spread[:-size] + stretch_spread[size:] + apart**2 * (0.5 * size)
        stretch_mean = stretch_mean[:-size] + 0.5 * apart
        size *= 2
    return count, mean, spread
