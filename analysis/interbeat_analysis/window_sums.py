"""Counts and sums over thousands of windows of one record, at the cost of going over it once."""

from __future__ import annotations

import numpy as np

SPLITTER = 134217729.0
"""2**27 + 1: cuts a float64 into two halves whose products are exact."""


def beats_inside(
    beat_t_s: np.ndarray, end_s: np.ndarray, window_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """First beat of each window `(end_s - window_s, end_s]`, and the first one after it.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Beats in seconds, strictly increasing.
    end_s : ndarray, shape (...)
        Ends of the windows in seconds, in any order; a window that ends at NaN is empty.
    window_s : float
        Length of the windows in seconds.

    Returns
    -------
    first, after : ndarray of int, shape (w,)
        For the w windows, one after another.
    """
    end_s = end_s.ravel()
    first = np.searchsorted(beat_t_s, end_s - window_s, side="right")
    return first, np.searchsorted(beat_t_s, end_s, side="right")


def counts_inside(marked: np.ndarray, first: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How many of `first` to `after` (excluded) are marked, for each window.

    Parameters
    ----------
    marked : ndarray of bool, shape (n,)
        The record.
    first, after : ndarray of int, shape (w,)
        As `beats_inside` gives them.

    Returns
    -------
    ndarray of int, shape (w,)
        The counts.
    """
    if marked.all():
        return np.asarray(after - first)
    before = np.concatenate([[0], np.cumsum(marked)])
    return np.asarray(before.take(after) - before.take(first))


def sums_inside(
    values: np.ndarray, counts: np.ndarray, first: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum, sum of squares, and sum of squared deviations from the mean, of each window.

    Prefix sums lose what a long record adds up to: the few ms of a quiet minute are the
    difference of two large numbers. So every sum is a pair of float64, the value and what
    rounding left over, about 32 digits together, and a difference of two keeps what it needs.

    Parameters
    ----------
    values : ndarray, shape (n,)
        The record, without NaN: 0 where a value is missing.
    counts : ndarray of int, shape (w,)
        How many values of each window are not missing.
    first, after : ndarray of int, shape (w,)
        As `beats_inside` gives them.

    Returns
    -------
    total, squares, spread : ndarray, shape (w,)
        In the unit of `values`, and twice in its square; 0 in a window without values.

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
