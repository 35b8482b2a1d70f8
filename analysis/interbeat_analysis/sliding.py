"""Sums over sliding windows, held so that many of them are quick and each is exact by itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np

FLAT_SHARE = 1e-6
FLAT_ROUNDING = 1e-12
"""A window counts as constant when its standard deviation is below this share of the whole
series', or of its largest distance from zero: what is left there is rounding, not signal."""

AT_ONCE_SAMPLES = 8192
"""Few windows are done at many lags at once, since a call costs more than their samples do; many
windows lag by lag, since what fits into the cache is faster."""


@dataclass(frozen=True)
class Layout:
    """How many windows there are, how long each is, and how far it is from the next: samples."""

    windows: int
    width: int
    hop: int

    @cached_property
    def block(self) -> int:
        """Samples of which every window and every step is a multiple."""
        return gcd(self.width, self.hop)

    @cached_property
    def blocks(self) -> int:
        """Blocks from the begin of the first window to the end of the last."""
        return ((self.windows - 1) * self.hop + self.width) // self.block

    @cached_property
    def step(self) -> int:
        """Blocks from one window to the next."""
        return self.hop // self.block

    def lags_at_once(self, lags: int, rows: int) -> list[slice]:
        """All lags in order, cut into those that are done at once for so many series."""
        at_once = max(AT_ONCE_SAMPLES // max(rows * self.blocks * self.block, 1), 1)
        return [slice(lag, lag + at_once) for lag in range(0, lags, at_once)]

    def of_windows(self, table: np.ndarray, begins: np.ndarray) -> np.ndarray:
        """One value for each window, the first at each of `begins`: to (..., begins, w)."""
        if len(begins) == 1:  # a view
            column, row = divmod(int(begins[0]), self.block)
            end = column + self.step * (self.windows - 1) + 1
            return table[..., row, np.newaxis, column : end : self.step]
        columns, rows = divmod(begins[:, np.newaxis], self.block)
        return table[..., rows, columns + self.step * np.arange(self.windows)]


class Blocks:
    """A series turned so that the same sample of every block lies together.

    Row m holds samples m, m + block, m + 2 block, ..., for m up to twice the block, so that
    whatever sample a lag begins at, its blocks are a plain part of the table, and sums over
    blocks run over neighbours in memory.
    """

    def __init__(self, x: np.ndarray, layout: Layout) -> None:
        self.layout = layout
        rows = 2 * layout.block - 1
        columns = -(-x.shape[-1] // layout.block)
        self.table = np.zeros((*x.shape[:-1], rows, columns))
        for row in range(rows):
            part = x[..., row :: layout.block]
            self.table[..., row, : part.shape[-1]] = part

    def at(self, begins: np.ndarray) -> np.ndarray:
        """Samples of all blocks from each of `begins` on, (..., begins, block, blocks)."""
        block, blocks = self.layout.block, self.layout.blocks
        if len(begins) == 1:  # a view
            column, row = divmod(int(begins[0]), block)
            return self.table[..., np.newaxis, row : row + block, column : column + blocks]
        columns, rows = divmod(begins[:, np.newaxis, np.newaxis], block)
        rows = rows + np.arange(block)[:, np.newaxis]
        return self.table[..., rows, columns + np.arange(blocks)]


def window_sums(products: np.ndarray, layout: Layout) -> np.ndarray:
    """Sums over every window of what was summed over blocks.

    Parameters
    ----------
    products : ndarray, shape (..., blocks)
        One sum a block, in any unit; without NaN, which would spoil only the windows it is in.
    layout : Layout
        Windows and blocks, in samples.

    Returns
    -------
    ndarray, shape (..., w)
        In the unit of `products`; what is NaN in a block is NaN in its windows.
    """
    sums = sliding_sum(products, layout.width // layout.block)
    return sums[..., :: layout.step]


def window_means(table: np.ndarray, layout: Layout) -> np.ndarray:
    """Means of the windows that begin at every sample.

    Parameters
    ----------
    table : ndarray, shape (..., 2 block - 1, columns)
        A series as `Blocks` holds it, in any unit, 0 where unknown: nothing is left out here.
    layout : Layout
        Windows and blocks, in samples.

    Returns
    -------
    ndarray, shape (..., block, columns - width / block + 1)
        In the unit of `table`: row m, column c is of the window that begins at sample
        c block + m.
    """
    of_blocks = np.swapaxes(sliding_sum(np.swapaxes(table, -1, -2), layout.block), -1, -2)
    return sliding_sum(of_blocks, layout.width // layout.block) / layout.width


def sliding_sum(x: np.ndarray, width: int) -> np.ndarray:
    """Sums of neighbours along the last axis.

    Stretches of 1, 2, 4, ... are added up to the width, so a sum holds its own window and
    nothing else; in a running sum every window would carry the rounding of the whole record
    before it.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        Values in any unit.
    width : int
        How many neighbours, from 1 to n.

    Returns
    -------
    ndarray, shape (..., n - width + 1)
        In the unit of `x`; NaN where one of the neighbours is.
    """
    windows = x.shape[-1] - width + 1
    total, done, size = None, 0, 1
    while size <= width:
        if half := size // 2:
            x = x[..., :-half] + x[..., half:]
        if width & size:
            part = x[..., done : done + windows]
            total = part if total is None else total + part
            done += size
        size *= 2
    return np.asarray(total)


def centred(x: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A series without its mean, and the variance at which a window of it is constant.

    Sums of squares about the mean of the series, not about 0, keep the digits that the
    difference in a variance would otherwise cancel.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        The series, in any unit; anything, also NaN, where it is not known.
    known : ndarray of bool, shape (..., n)
        Where it is known.

    Returns
    -------
    deviations : ndarray, shape (..., n)
        In the unit of `x`, 0 where unknown.
    flat : ndarray, shape (..., 1)
        In its square; 0 for a series that is 0 or unknown.
    """
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    x = np.where(known, x, 0.0)
    mean = x.sum(axis=-1, keepdims=True) / count
    largest = np.abs(x).max(axis=-1, keepdims=True, initial=0.0)
    x -= mean
    x *= known
    variance = (x**2).sum(axis=-1, keepdims=True) / count
    return x, FLAT_SHARE**2 * variance + (FLAT_ROUNDING * largest) ** 2
