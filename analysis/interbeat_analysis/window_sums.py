"""Counts and sums over thousands of windows of one record, at the cost of going over it once."""

from __future__ import annotations

import math

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
    before = np.zeros(len(marked) + 1, dtype=np.int64)
    np.cumsum(marked, out=before[1:])
    counts = before.take(after)
    counts -= before.take(first)
    return counts


def sums_inside(
    values: np.ndarray, counts: np.ndarray, first: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum, sum of squares, and sum of squared deviations from the mean, of each window.

    `values` are (..., n), the windows (w,), and each result (..., w).

    Running sums lose what a long record adds up to: the few ms of a quiet minute are the
    difference of two large numbers. So every value is cut into a part on a grid so coarse that
    no sum of such parts is ever rounded, and the small rest, whose sums are: about 32 digits
    together, and the difference of two sums keeps what it needs.

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
    .. [1] Rump, S. M., Ogita, T., & Oishi, S. (2008). Accurate floating-point summation part I:
       faithful rounding. SIAM Journal on Scientific Computing, 31(1), 189-224.
       https://doi.org/10.1137/050645671
    .. [2] Dekker, T. J. (1971). A floating-point technique for extending the available
       precision. Numerische Mathematik, 18, 224-242. https://doi.org/10.1007/BF01397083
    """
    *rows, n = values.shape
    shape = (*rows, len(first))
    # Scratch in one piece, and written over: an allocator hands many small pieces back to the
    # system after each call, and fetching memory anew costs more than the sums.
    upto, sums, begins = _scratch((2, *rows, n + 1), (2, *shape), (2, *shape))
    _running_sums(values, upto)
    upto.take(after, axis=-1, out=sums, mode="clip")
    upto.take(first, axis=-1, out=begins, mode="clip")
    sums -= begins
    coarse, rests = sums.real, sums.imag
    total, squares = whole = coarse + rests
    coarse -= whole
    rests += coarse  # what is left over now
    total_rest, squares_rest = rests

    # counts * squares - total**2, each product with what its rounding left over.
    spread, rest, low, high = begins.view(np.float64).reshape(4, *shape)
    counts = counts.astype(np.float64)
    np.multiply(counts, squares, out=spread)
    _cut_in_two(squares, high, low)
    np.multiply(counts, high, out=rest)
    rest -= spread
    low *= counts
    rest += low
    np.multiply(counts, squares_rest, out=low)
    rest += low
    total_squared, total_squared_rest = _square(total)
    spread -= total_squared
    rest -= total_squared_rest
    np.multiply(total, total_rest, out=low)
    low *= 2.0
    rest -= low
    spread += rest
    np.maximum(spread, 0.0, out=spread)
    return total, squares, spread / np.maximum(counts, 1.0)


def _scratch(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Complex arrays in one piece of memory."""
    piece = np.empty(sum(map(math.prod, shapes)), dtype=np.complex128)
    found, at = [], 0
    for shape in shapes:
        found.append(piece[at : at + math.prod(shape)].reshape(shape))
        at += math.prod(shape)
    return found


def _running_sums(values: np.ndarray, upto: np.ndarray) -> None:
    """Sums of the values and of their squares before each, into (2, ..., n + 1).

    Complex numbers add their parts apart, so the coarse parts (real) and the rests (imaginary)
    are summed in one pass.
    """
    squared, squared_rest = _square(values)
    largest_square = float(squared.max(initial=0.0))
    upto[..., 0] = 0.0
    _cut(values, math.sqrt(largest_square), upto[0, ..., 1:])
    _cut(squared, largest_square, upto[1, ..., 1:])
    upto.imag[1, ..., 1:] += squared_rest
    np.cumsum(upto, axis=-1, out=upto)


def _cut(values: np.ndarray, largest: float, parts: np.ndarray) -> None:
    """Each value as a part (real) of which as many as there are add up exactly, and the rest."""
    grid = math.ldexp(1.5, math.frexp(values.shape[-1] * largest)[1])
    coarse = values + grid
    coarse -= grid
    parts.real = coarse
    np.subtract(values, coarse, out=parts.imag)


def _square(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squares, and what rounding left over of them."""
    high, low = np.empty((2, *values.shape))
    _cut_in_two(values, high, low)
    squared = values * values
    rest = high * high
    rest -= squared
    high *= 2.0
    high *= low
    rest += high
    low *= low
    rest += low
    return squared, rest


def _cut_in_two(values: np.ndarray, high: np.ndarray, low: np.ndarray) -> None:
    """The upper 26 bits of each value, and what they leave, which fits into 26 bits as well."""
    np.multiply(values, SPLITTER, out=high)
    np.subtract(high, values, out=low)
    high -= low
    np.subtract(values, high, out=low)
