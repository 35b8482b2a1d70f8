"""How irregular a heart is, and how its fluctuations grow with scale."""

from __future__ import annotations

import numpy as np

from interbeat_analysis.holes import runs
from interbeat_analysis.series import checked_intervals

PAIRS_AT_ONCE = 2**18
"""Pairs of templates compared in one go: small enough for the cache of a processor."""

MIN_BLOCKS = 4
"""The longest blocks have to fit this many times: fewer give no fluctuation to speak of."""


def sample_entropy(nn_s: np.ndarray, m: int = 2, r: float = 0.2) -> float:
    """Sample entropy: minus the logarithm of how often what was alike stays alike.

    Of all pairs of stretches of `m` intervals that agree within a tolerance, the share that
    still agrees when the next interval is added. Every pair is compared; nothing is estimated.

    Where programs differ, this is the choice: the tolerance is `r` times the standard deviation
    with n - 1 of all valid intervals (0.15 instead of 0.2 moves the result by a third); two
    values agree when their largest difference is at most the tolerance; the same n - m
    stretches count for both lengths; the logarithm is natural.

    Parameters
    ----------
    nn_s : ndarray, shape (n,)
        NN intervals in seconds, in order; NaN (or not positive) where one was rejected or beats
        are missing. Stretches that hold a NaN are left out.
    m : int
        Length of the stretches.
    r : float
        Tolerance in standard deviations.

    Returns
    -------
    float
        Sample entropy, without unit; NaN when no pair agrees, no longer pair agrees (the
        entropy is then unbounded), or all intervals are equal.

    Raises
    ------
    ValueError
        If `m` is below 1, `r` is not positive and finite, `nn_s` is not one-dimensional, or it
        is not in seconds (median above 10).

    References
    ----------
    .. [1] Richman, J. S., & Moorman, J. R. (2000). Physiological time-series analysis using
       approximate entropy and sample entropy. American Journal of Physiology, 278(6),
       H2039-H2049. https://doi.org/10.1152/ajpheart.2000.278.6.H2039
    """
    if m < 1:
        raise ValueError(f"m = {m} intervals; at least 1 is needed")
    if not 0 < r < np.inf:
        raise ValueError(f"r = {r} standard deviations must be above 0 and finite")
    nn_s = _one_series(nn_s)
    valid = ~np.isnan(nn_s)
    if valid.sum() < m + 2 or np.ptp(nn_s[valid]) == 0.0:
        return float("nan")
    rank, below, width = _ranks(nn_s, r * float(np.std(nn_s[valid], ddof=1)))
    starts = np.flatnonzero(np.lib.stride_tricks.sliding_window_view(valid, m + 1).all(axis=1))
    shorter, longer = _alike(rank, below, width, starts, m)
    return float(-np.log(longer / shorter)) if longer else float("nan")


def dfa_alpha1(nn_s: np.ndarray, sizes: tuple[int, int] = (4, 16)) -> float:
    """Short-term exponent of detrended fluctuation analysis.

    The slope of log fluctuation over log block length. Near 0.5 neighbouring intervals know
    nothing of each other, near 1.5 they are a random walk.

    Where programs differ, this is the choice: blocks of 4 to 16 intervals, both included, as
    Peng et al. (Kubios takes 4 to 12: pass `sizes=(4, 12)`; the two differ by up to 0.1, so
    name them); blocks follow each other without overlap from the begin of each unbroken
    stretch; a straight line is taken out of each block; fluctuation is the root of the mean
    square over all blocks of a length; the line through the logarithms is unweighted.

    Parameters
    ----------
    nn_s : ndarray, shape (n,)
        NN intervals in seconds, in order; NaN (or not positive) where one was rejected or beats
        are missing. No block crosses a NaN.
    sizes : tuple of int
        Shortest and longest block, in intervals.

    Returns
    -------
    float
        The exponent, without unit; NaN when the longest blocks fit fewer than four times, or
        all intervals are equal.

    Raises
    ------
    ValueError
        If the shortest block is below 3 or not below the longest, `nn_s` is not
        one-dimensional, or it is not in seconds (median above 10).

    References
    ----------
    .. [1] Peng, C.-K., Havlin, S., Stanley, H. E., & Goldberger, A. L. (1995). Quantification
       of scaling exponents and crossover phenomena in nonstationary heartbeat time series.
       Chaos, 5(1), 82-87. https://doi.org/10.1063/1.166141
    """
    shortest, longest = sizes
    if not 3 <= shortest < longest:
        raise ValueError(
            f"sizes = {sizes} intervals; the shortest must be at least 3 and below the longest"
        )
    nn_s = _one_series(nn_s)
    valid = ~np.isnan(nn_s)
    edges = runs(valid)
    if ((edges[:, 1] - edges[:, 0]) // longest).sum() < MIN_BLOCKS or np.ptp(nn_s[valid]) == 0.0:
        return float("nan")
    mean_s = nn_s[valid].mean()
    profiles = [np.cumsum(nn_s[start:stop] - mean_s) for start, stop in edges]
    lengths = np.arange(shortest, longest + 1)
    fluctuation = np.sqrt([_mean_square(profiles, int(size)) for size in lengths])
    if not (fluctuation > 0).all():
        return float("nan")
    x, y = np.log(lengths), np.log(fluctuation)
    x = x - x.mean()
    return float(x @ y / (x @ x))


def _one_series(nn_s: np.ndarray) -> np.ndarray:
    nn_s = checked_intervals(nn_s)
    if nn_s.ndim != 1:
        raise ValueError(f"nn_s has shape {nn_s.shape}; it must be one series, (n,)")
    return nn_s


def _ranks(nn_s: np.ndarray, tolerance_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place of each value among the sorted ones, and the places that agree with it.

    A value agrees with those of place `below` to `below + width`. Whole numbers of two bytes are
    compared several times as fast as float64.
    """
    sorted_s, rank = np.unique(nn_s, return_inverse=True)  # NaN comes last and is never asked
    highest = len(sorted_s) - 1

    def agree(place: np.ndarray) -> np.ndarray:
        inside = np.clip(place, 0, highest)
        close = np.abs(sorted_s - sorted_s[inside]) <= tolerance_s
        return np.asarray(close & (place == inside))

    # What sums of rounded numbers say of the last place is settled by the difference itself.
    low = np.searchsorted(sorted_s, sorted_s - tolerance_s, side="left")
    high = np.searchsorted(sorted_s, sorted_s + tolerance_s, side="right") - 1
    low = np.where(agree(low - 1), low - 1, np.where(agree(low), low, low + 1))
    high = np.where(agree(high + 1), high + 1, np.where(agree(high), high, high - 1))
    kind = np.uint16 if highest < 2**16 else np.uint32
    return rank.astype(kind), low[rank].astype(kind), (high - low)[rank].astype(kind)


def _alike(
    rank: np.ndarray, below: np.ndarray, width: np.ndarray, starts: np.ndarray, m: int
) -> tuple[int, int]:
    """Pairs of stretches from `starts` that agree over m intervals, and over m + 1."""
    shorter = longer = 0
    n = len(starts)
    at_once = max(1, PAIRS_AT_ONCE // max(n, 1))
    for first in range(0, n - 1, at_once):
        rows = starts[first : min(first + at_once, n - 1)]
        columns = starts[first + 1 :]
        # Each row meets the stretches after it alone: a pair is counted once.
        same = np.arange(len(columns)) >= np.arange(len(rows))[:, np.newaxis]
        for k in range(m + 1):
            if k == m:
                shorter += int(np.count_nonzero(same))
            apart = rank[columns + k] - below[rows + k, np.newaxis]  # wraps when below
            same &= apart <= width[rows + k, np.newaxis]
        longer += int(np.count_nonzero(same))
    return shorter, longer


def _mean_square(profiles: list[np.ndarray], size: int) -> float:
    """Mean square of what straight lines leave of the blocks of one length."""
    blocks = np.concatenate(
        [profile[: len(profile) // size * size].reshape(-1, size) for profile in profiles]
    )
    x = np.arange(size) - 0.5 * (size - 1)
    rest = blocks - blocks.mean(axis=1, keepdims=True)
    rest -= (rest @ x / (x @ x))[:, np.newaxis] * x
    return float(np.mean(rest * rest))
