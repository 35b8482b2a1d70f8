"""Every window of one series with every window of another, as products of matrices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from interbeat_analysis.sliding import centred, sliding_sum

NEAR_ONE = 1.0 - 1e-7
"""Correlations are held below this before Fisher's z: in single precision it is next to 1."""

STILL = 1e-6
"""Of a window of length 1, what is known where the other is known moves less than this: nothing."""


class UnitWindows(NamedTuple):
    """Windows of one series, one a column, in single precision."""

    unit: np.ndarray
    """Shape (width, w): without the mean of what is known, of length 1, 0 where unknown; NaN
    where the window is constant."""
    known: np.ndarray
    """Shape (width, w): 1 where known, else 0."""
    incomplete: np.ndarray
    """Shape (w,): whether anything of the window is unknown."""

    @classmethod
    def of(cls, x: np.ndarray, width: int, hop: int, at: np.ndarray | None = None) -> UnitWindows:
        """Windows of a series.

        Parameters
        ----------
        x : ndarray, shape (n,)
            The series, in any unit, NaN where unknown.
        width, hop : int
            Length of a window and step between windows, in samples.
        at : ndarray of int, shape (m,), optional
            Which samples, in this order, are taken for the series.

        Returns
        -------
        UnitWindows
            Without a whole window an error of numpy: ask for no more than there is.
        """
        known = np.isfinite(x)
        x, flat = centred(x, known)
        if at is not None:
            x, known = x[at], known[at]
        count = np.maximum(sliding_sum(known.astype(np.float64), width)[::hop], 1.0)
        mean = sliding_sum(x, width)[::hop] / count
        square = sliding_sum(x**2, width)[::hop] - count * mean**2
        scale = 1.0 / np.sqrt(np.where(square > flat * count, square, np.nan))
        of_sample = _columns(x.astype(np.float32), width, hop)
        unit = np.empty(of_sample.shape, np.float32)
        np.subtract(of_sample, mean.astype(np.float32), out=unit)
        unit *= scale.astype(np.float32)
        is_known = _columns(known.astype(np.float32), width, hop)
        incomplete = count < width
        if incomplete.any():
            unit *= is_known
        return cls(unit, is_known, incomplete)

    def part(self, which: slice | np.ndarray) -> UnitWindows:
        """Some of the windows."""
        return UnitWindows(self.unit[:, which], self.known[:, which], self.incomplete[which])


def _columns(x: np.ndarray, width: int, hop: int) -> np.ndarray:
    return sliding_window_view(x, width)[::hop].T


def z_of_all(one: UnitWindows, two: UnitWindows, least: float, r: np.ndarray) -> np.ndarray:
    """Fisher's z of every window of one with every window of the other.

    Parameters
    ----------
    one, two : UnitWindows
        Windows of the same width, v and w of them.
    least : float
        Fewest samples that must be known in both.
    r : ndarray of float32, shape (v, w)
        Written over: the result stands in it.

    Returns
    -------
    ndarray of float32, shape (v, w)
        z of r held within 1 - 1e-7; NaN where fewer than `least` samples are known in both, or
        where one does not move over them.
    """
    np.matmul(one.unit.T, two.unit, out=r)
    rows, columns = np.flatnonzero(one.incomplete), np.flatnonzero(two.incomplete)
    if len(rows):
        r[rows] = _of_known(one.part(rows), two, least)
    if len(columns):
        r[:, columns] = _of_known(one, two.part(columns), least)
    np.clip(r, -NEAR_ONE, NEAR_ONE, out=r)
    return np.asarray(np.arctanh(r, out=r))


def _of_known(one: UnitWindows, two: UnitWindows, least: float) -> np.ndarray:
    """r over the samples that are known in both."""
    share = 1.0 / np.maximum(count := one.known.T @ two.known, 1.0)
    one_sum, two_sum = one.unit.T @ two.known, one.known.T @ two.unit
    one_square = (one.unit**2).T @ two.known - one_sum**2 * share
    two_square = one.known.T @ two.unit**2 - two_sum**2 * share
    product = one.unit.T @ two.unit - one_sum * two_sum * share
    known = (count >= least) & (one_square > STILL) & (two_square > STILL)
    return np.asarray(product / np.sqrt(np.where(known, one_square * two_square, np.nan)))
