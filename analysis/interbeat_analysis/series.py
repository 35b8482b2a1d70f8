"""Beats to heart rate on a regular grid, without bridging what was not seen.

A beat is known by the time it happened and by the interval that ended in it. Heart rate is
the derivative of a spline through (beat time, beat count), not the interval held or
interpolated from its last beat: an interval placed at its end is half an interval late, which
makes the slower of two hearts seem to follow the faster one.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dgtsv

PROVISIONAL_BEATS = 2
CONFIRMED_BEATS = 3
"""Beats that must follow before a live value is worth showing, and before it counts as settled.

A spline bends with every beat that is added at its end. Of a modulation at 0.25 Hz, at 75 and
60 bpm, one following beat leaves 13 and 33 % as error; two leave 5 and 10 %, at a mean delay of
1.2 and 1.5 s; three leave 2 and 6 %, one beat later still; the whole record 2 and 4 %. Whether
an interval is an artefact is known after the third, too.
"""

NEIGHBOUR_TOLERANCE_S = 0.01
"""How far an interval may miss the beat before it and still count as its successor."""

MIN_RUN_INTERVALS = 3
"""Fewer intervals than this do not determine a cubic."""

MAX_MEDIAN_INTERVAL_S = 10.0
"""No heart beats this slowly: such intervals are milliseconds passed as seconds."""

ROUNDING_SAMPLES = 1e-9


def heart_rate(beat_t_s: np.ndarray, rr_s: np.ndarray, t_s: np.ndarray) -> np.ndarray:
    """Instantaneous heart rate, in beats per minute.

    Sixty times the derivative of the cubic spline (not-a-knot) through beat time and beat
    count. Every unbroken run of intervals is a spline of its own, from the beat that opens its
    first interval to the beat that closes its last; nothing crosses a gap.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    rr_s : ndarray, shape (n,)
        The interval that ended there, in seconds; NaN (or not positive) where it was rejected.
        An interval belongs to the run of the one before it when it begins within 0.01 s of
        that one's last beat.
    t_s : ndarray, shape (...)
        The instants asked for, in seconds, in any order.

    Returns
    -------
    ndarray, shape (...)
        Heart rate in bpm; NaN outside the runs, in gaps, in rejected intervals and in runs of
        fewer than three intervals.

    Raises
    ------
    ValueError
        If the beat times do not increase, if the shapes differ, or if `rr_s` is not in seconds
        (median above 10).

    References
    ----------
    .. [1] Mateo, J., & Laguna, P. (2000). Improved heart rate variability signal analysis from
       the beat occurrence times according to the IPFM model. IEEE Transactions on Biomedical
       Engineering, 47(8), 985-996. https://doi.org/10.1109/10.855421
    """
    beat_t_s, rr_s = checked_beats(beat_t_s, rr_s)
    asked_s = np.asarray(t_s, dtype=np.float64)
    bpm = np.full(asked_s.size, np.nan)
    knot_s, opens = _knots(beat_t_s, rr_s)
    if len(knot_s):
        right = np.flatnonzero(~opens)
        ends_s = knot_s[right]
        wanted_s = asked_s.ravel()
        interval = np.searchsorted(ends_s, wanted_s)
        seen = interval < len(ends_s)
        left = right[np.where(seen, interval, 0)] - 1
        seen &= wanted_s >= knot_s[left]
        bpm[seen] = 60.0 * _beats_per_s(knot_s, opens, left[seen], wanted_s[seen])
    return bpm.reshape(asked_s.shape)


def grid(start_s: float, stop_s: float, fs: float) -> np.ndarray:
    """Instants of the common sampling grid between two times.

    The instants are `k / fs` for whole `k`, whatever the start, so that everyone who samples
    at `fs` shares them bit for bit.

    Parameters
    ----------
    start_s, stop_s : float
        First and last time that may be returned, in seconds; each is met within a billionth of
        a sample, so that rounding loses no instant.
    fs : float
        Samples per second, in Hz.

    Returns
    -------
    ndarray, shape (n,)
        Increasing times in seconds; empty when `stop_s` lies before `start_s`.

    Raises
    ------
    ValueError
        If `fs` is not positive, or a time is not finite.
    """
    check_positive("fs", fs, "Hz")
    if stop_s < start_s:
        return np.empty(0)
    if not (np.isfinite(start_s) and np.isfinite(stop_s)):
        raise ValueError(f"start_s = {start_s} and stop_s = {stop_s} must be finite")
    first = np.ceil(start_s * fs - ROUNDING_SAMPLES)
    last = np.floor(stop_s * fs + ROUNDING_SAMPLES)
    return np.arange(first, last + 1.0) / fs


def neighbours(beat_t_s: np.ndarray, rr_s: np.ndarray) -> np.ndarray:
    """Which intervals directly follow the one before them, both being valid.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    rr_s : ndarray, shape (n,)
        The intervals in seconds; NaN (or not positive) where one was rejected.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where interval i begins within 0.01 s of the beat that ended interval i - 1. The
        first is never a neighbour.

    Raises
    ------
    ValueError
        As `heart_rate`.
    """
    return joined(*checked_beats(beat_t_s, rr_s))


def known_until(beat_t_s: np.ndarray, look_ahead: int) -> float:
    """Latest instant whose heart rate has enough beats behind it.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Beat times in seconds, increasing.
    look_ahead : int
        Beats needed at or after the instant: `PROVISIONAL_BEATS` to show it, `CONFIRMED_BEATS`
        to keep it.

    Returns
    -------
    float
        Time in seconds; -inf with fewer than `look_ahead` beats.

    Raises
    ------
    ValueError
        If `look_ahead` is below 1.
    """
    if look_ahead < 1:
        raise ValueError(f"look_ahead = {look_ahead} beats; at least 1 is needed")
    return float(beat_t_s[-look_ahead]) if len(beat_t_s) >= look_ahead else -np.inf


def checked_intervals(rr_s: np.ndarray) -> np.ndarray:
    """Intervals as float64, NaN where not a positive number; refused when not in seconds.

    Parameters
    ----------
    rr_s : array_like
        Intervals in seconds.

    Returns
    -------
    ndarray, shape of `rr_s`
        The intervals in seconds; NaN where one is NaN, infinite, zero or negative.

    Raises
    ------
    ValueError
        If the median of the positive ones is above 10: milliseconds.
    """
    rr_s = np.asarray(rr_s, dtype=np.float64)
    valid = (rr_s > 0) & np.isfinite(rr_s)
    if not valid.all():
        rr_s = np.where(valid, rr_s, np.nan)
    if np.count_nonzero(rr_s > MAX_MEDIAN_INTERVAL_S) * 2 > np.count_nonzero(valid):
        raise ValueError(
            f"the median interval is {np.median(rr_s[valid]):.6g}, above "
            f"{MAX_MEDIAN_INTERVAL_S:g} s: pass seconds, not milliseconds"
        )
    return rr_s


def checked_beats(beat_t_s: np.ndarray, rr_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Beat times and their intervals as float64; refused when they cannot be what they say.

    Parameters
    ----------
    beat_t_s : array_like, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    rr_s : array_like, shape (n,)
        Intervals in seconds.

    Returns
    -------
    beat_t_s, rr_s : ndarray, shape (n,)
        Both in seconds, the intervals as `checked_intervals` gives them.

    Raises
    ------
    ValueError
        If the shapes differ, a beat time is NaN or does not increase, or as
        `checked_intervals`.
    """
    beat_t_s = np.asarray(beat_t_s, dtype=np.float64)
    rr_s = checked_intervals(rr_s)
    if beat_t_s.ndim != 1 or beat_t_s.shape != rr_s.shape:
        raise ValueError(
            f"beat times and intervals have shapes {beat_t_s.shape} and {rr_s.shape}; "
            "both must be (n,), one interval for each beat that ends it"
        )
    if not np.isfinite(beat_t_s).all():
        at = int(np.argmin(np.isfinite(beat_t_s)))
        raise ValueError(
            f"beat_t_s[{at}] = {beat_t_s[at]} s must be a number; leave out beats without a time"
        )
    rises = beat_t_s[1:] > beat_t_s[:-1]
    if not rises.all():
        at = int(np.argmin(rises))
        raise ValueError(
            f"beat_t_s must increase: {beat_t_s[at + 1]:.6g} s comes after {beat_t_s[at]:.6g} s"
        )
    return beat_t_s, rr_s


def check_positive(name: str, value: float, unit: str) -> None:
    """Refuse a setting that is not a positive, finite number.

    Parameters
    ----------
    name, unit : str
        What the setting is called, and its unit.
    value : float
        The setting.

    Raises
    ------
    ValueError
        If `value` is zero, negative, infinite or NaN.
    """
    if not 0 < value < np.inf:
        raise ValueError(f"{name} = {value} {unit} must be above 0 and finite")


def joined(beat_t_s: np.ndarray, rr_s: np.ndarray) -> np.ndarray:
    """As `neighbours`, of beats that have been checked."""
    follows = np.zeros(len(beat_t_s), dtype=bool)
    missed_s = np.abs(beat_t_s[1:] - rr_s[1:] - beat_t_s[:-1])
    follows[1:] = (missed_s <= NEIGHBOUR_TOLERANCE_S) & ~np.isnan(rr_s[:-1])
    return follows


def _knots(beat_t_s: np.ndarray, rr_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Beats of all runs that carry a spline, one after another, and which of them open a run."""
    valid = ~np.isnan(rr_s)
    starts = valid & ~joined(beat_t_s, rr_s)
    run = np.cumsum(starts) - 1
    lengths = np.bincount(run[valid])
    kept = np.flatnonzero(valid)
    kept = kept[lengths[run[kept]] >= MIN_RUN_INTERVALS]
    starts = starts[kept]
    first = kept[starts]
    opens = np.ones(len(kept) + len(first), dtype=bool)
    opens[np.arange(len(kept)) + np.cumsum(starts)] = False
    knot_s = np.empty(len(opens))
    knot_s[~opens] = beat_t_s[kept]
    knot_s[opens] = beat_t_s[first] - rr_s[first]
    return knot_s, opens


def _beats_per_s(
    knot_s: np.ndarray, opens: np.ndarray, left: np.ndarray, t_s: np.ndarray
) -> np.ndarray:
    """Derivative of the splines at `t_s`, each within the interval that begins at knot `left`."""
    slope = _slopes(knot_s, opens)
    length = knot_s[left + 1] - knot_s[left]
    mean = 1.0 / length
    begin, end = slope[left], slope[left + 1]
    part = (t_s - knot_s[left]) / length
    bend = begin + end - 2.0 * mean
    return np.asarray(begin + part * (2.0 * (mean - begin - bend) + 3.0 * bend * part))


def _slopes(knot_s: np.ndarray, opens: np.ndarray) -> np.ndarray:
    """Slopes of the splines at their knots: one tridiagonal system, uncoupled between runs."""
    first = np.flatnonzero(opens)
    last = np.empty_like(first)
    last[:-1], last[-1] = first[1:] - 1, len(knot_s) - 1
    length = knot_s[1:] - knot_s[:-1]
    length[last[:-1]] = 1.0  # between two runs; every row that reads it is replaced below
    rate = 1.0 / length

    bands = np.zeros((3, len(knot_s)))
    right = np.zeros(len(knot_s))
    bands[0, 2:] = length[:-1]
    bands[1, 1:-1] = 2.0 * (length[:-1] + length[1:])
    bands[2, :-2] = length[1:]
    right[1:-1] = 3.0 * (length[1:] * rate[:-1] + length[:-1] * rate[1:])

    # Not-a-knot: the first two intervals of a run share one cubic, and so do the last two.
    outer, inner = length[first], length[first + 1]
    both = outer + inner
    bands[2, first - 1], bands[1, first], bands[0, first + 1] = 0.0, inner, both
    right[first] = ((outer + 2.0 * both) * inner * rate[first] + outer**2 * rate[first + 1]) / both
    outer, inner = length[last - 1], length[last - 2]
    both = outer + inner
    bands[2, last - 1], bands[1, last], bands[0, first] = both, inner, 0.0
    right[last] = ((outer + 2.0 * both) * inner * rate[last - 1] + outer**2 * rate[last - 2]) / both
    # LAPACK itself: scipy's solve_banded takes as long to get there as a live call may take.
    *_, slope, _ = dgtsv(bands[2, :-1], bands[1], bands[0, 1:], right)
    return np.asarray(slope)
