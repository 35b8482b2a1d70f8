"""Unbroken runs, and holes: filled with lines, and how far away the next long one is."""

from __future__ import annotations

import numpy as np


def runs(marked: np.ndarray) -> np.ndarray:
    """First sample of each unbroken run of True, and the first one behind it.

    Parameters
    ----------
    marked : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of int, shape (runs, 2)
    """
    return np.flatnonzero(np.diff(marked, prepend=False, append=False)).reshape(-1, 2)


def filled(x: np.ndarray) -> np.ndarray:
    """A series without holes: lines between known samples, the ends held.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        The series, NaN where unknown.

    Returns
    -------
    ndarray, shape (..., n)
        0 throughout for a series of which nothing is known; `x` itself where all is known.
    """
    known = np.isfinite(x)
    if known.all():
        return x
    whole, at = np.zeros(x.shape), np.arange(x.shape[-1])
    for row in np.ndindex(x.shape[:-1]):
        if known[row].any():
            whole[row] = np.interp(at, at[known[row]], x[row][known[row]])
    return whole


def distance(unknown: np.ndarray, at: np.ndarray, longest: float) -> np.ndarray:
    """Samples from some to the nearest edge: of the series, or of a long hole.

    Parameters
    ----------
    unknown : ndarray of bool, shape (n,)
        True in a hole.
    at : ndarray of int, shape (w,)
        Which samples, rising.
    longest : float
        Holes of up to so many samples do not count, but for those at the ends.

    Returns
    -------
    ndarray, shape (w,)
        From the middle of a sample: .5 beside an edge, below 0 in a hole.
    """
    begins, ends = runs(unknown).T
    # Nothing bridges a hole at an end.
    long = (ends - begins > longest) | (begins == 0) | (ends == len(unknown))
    begins, ends = begins[long], ends[long]
    hole = np.searchsorted(ends, at, side="right")
    to_next = np.append(begins, len(unknown))[hole] - at
    from_last = at - np.insert(ends, 0, 0)[hole] + 1
    return np.asarray(np.minimum(to_next, from_last) - 0.5)
