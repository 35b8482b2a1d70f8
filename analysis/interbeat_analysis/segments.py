"""Segments that do not overlap, each of one partner with each of the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def unit_segments(segments: np.ndarray) -> np.ndarray:
    """Each segment without its mean and of length 1; 0 where it is constant: (s, width)."""
    deviations = segments - segments.mean(axis=-1, keepdims=True)
    length = np.sqrt((deviations**2).sum(axis=-1, keepdims=True))
    return np.asarray(deviations / np.where(length > 0, length, np.inf))


def lagged_correlations(
    one: np.ndarray, two: np.ndarray, steps: np.ndarray
) -> Iterator[np.ndarray]:
    """r of every segment of one with every segment of two, (s, s), for each of `steps`.

    As in R's `ccf`: one is read `step` later than two, means and lengths are those of the whole
    segments, and so r is smaller where less overlaps. The table is the same each time: use what
    it holds before taking the next.
    """
    width = one.shape[-1]
    r = np.empty((len(one), len(two)))
    for step in steps:
        ahead, behind = max(step, 0), max(-step, 0)
        yield np.matmul(one[:, ahead : width - behind], two[:, behind : width - ahead].T, out=r)
