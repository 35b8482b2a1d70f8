"""Segments that do not overlap, each of one partner with each of the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def unit_segments(segments: np.ndarray) -> np.ndarray:
    """Each segment without its mean and of length 1.

    Parameters
    ----------
    segments : ndarray, shape (s, width)
        One segment a row, in any unit and without NaN.

    Returns
    -------
    ndarray, shape (s, width)
        Without unit; 0 for a segment that is constant, so that its correlations are 0.
    """
    deviations = segments - segments.mean(axis=-1, keepdims=True)
    length = np.sqrt((deviations**2).sum(axis=-1, keepdims=True))
    return np.asarray(deviations / np.where(length > 0, length, np.inf))


def lagged_correlations(
    one: np.ndarray, two: np.ndarray, steps: np.ndarray
) -> Iterator[np.ndarray]:
    """Correlations of every segment of one with every segment of two, lag by lag.

    As in R's `ccf`: one is read `step` later than two, means and lengths are those of the whole
    segments, and so r is smaller where less overlaps.

    Parameters
    ----------
    one, two : ndarray, shape (s, width)
        Segments as `unit_segments` gives them.
    steps : ndarray of int, shape (l,)
        Lags in samples, each less than `width` either way; above 0, one follows two.

    Yields
    ------
    ndarray, shape (s, s)
        r of the segments of one (rows) with those of two (columns), for the next step. The table
        is the same each time: use what it holds before taking the next.

    References
    ----------
    .. [1] Venables, W. N., & Ripley, B. D. (2002). Modern applied statistics with S (4th ed.,
       section 14.1). Springer. https://doi.org/10.1007/978-0-387-21706-2
    """
    width = one.shape[-1]
    r = np.empty((len(one), len(two)))
    for step in steps:
        ahead, behind = max(step, 0), max(-step, 0)
        yield np.matmul(one[:, ahead : width - behind], two[:, behind : width - ahead].T, out=r)
