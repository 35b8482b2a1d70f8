"""Which RR intervals are no heart beat to its next, so that they enter no figure."""

from __future__ import annotations

import numpy as np

from interbeat_analysis.series import checked_intervals

SHORTEST_S = 0.3
LONGEST_S = 2.0
MEDIAN_INTERVALS = 11
MAX_DEVIATION = 0.25
MAX_DEVIATION_NEXT_TO_REJECTED = 0.10
"""A missed, extra or early beat spoils two intervals, and the second is often the milder."""


def artifacts(rr_s: np.ndarray) -> np.ndarray:
    """Intervals to reject.

    An interval is rejected when it is shorter than 0.3 s or longer than 2.0 s, when it is off
    the running median of 11 intervals by more than 25 %, or by more than 10 % right next to
    one rejected for those reasons. At the ends the median is of the part of its window that
    exists.

    Parameters
    ----------
    rr_s : ndarray, shape (n,)
        RR intervals in seconds, in order; NaN (or not positive) is rejected and left out of
        the medians.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where the interval is rejected.

    Raises
    ------
    ValueError
        If `rr_s` is not in seconds (median above 10).
    """
    rr_s = checked_intervals(rr_s)
    median_s = _running_median(rr_s)
    deviation = np.abs(rr_s - median_s) / median_s
    plausible = (rr_s >= SHORTEST_S) & (rr_s <= LONGEST_S) & (deviation <= MAX_DEVIATION)
    beside = np.zeros(len(rr_s), dtype=bool)
    beside[1:] = ~plausible[:-1]
    beside[:-1] |= ~plausible[1:]
    milder = beside & (deviation > MAX_DEVIATION_NEXT_TO_REJECTED)
    return np.asarray(~plausible | milder)


def mask_artifacts(rr_s: np.ndarray) -> np.ndarray:
    """NN intervals: RR with NaN in place of what `artifacts` rejects.

    Parameters
    ----------
    rr_s : ndarray, shape (n,)
        RR intervals in seconds, in order.

    Returns
    -------
    ndarray, shape (n,)
        The same intervals in seconds, NaN where rejected.

    Raises
    ------
    ValueError
        If `rr_s` is not in seconds (median above 10).
    """
    return np.where(artifacts(rr_s), np.nan, rr_s)


def _running_median(values: np.ndarray) -> np.ndarray:
    """Median of the numbers among the 11 values around each; NaN where there is none."""
    if not len(values):
        return values
    beyond = np.full(MEDIAN_INTERVALS // 2, np.nan)
    around = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([beyond, values, beyond]), MEDIAN_INTERVALS
    )
    ordered = np.sort(around, axis=-1)  # NaN goes last
    count = np.count_nonzero(~np.isnan(around), axis=-1)
    at = np.arange(len(values))
    middle = ordered[at, (count - 1) // 2] + ordered[at, count // 2]
    return np.asarray(0.5 * middle)
