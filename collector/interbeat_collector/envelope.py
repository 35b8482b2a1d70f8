"""The line under a cloud of points: what is late by an unknown amount, but never early.

Of all lines under the points it is the one closest to them on average: the edge of their lower
hull below their centroid, or, where that is steeper than a clock can drift, the steepest allowed
line that touches them.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np

_GROUP = 12


class Line(NamedTuple):
    """`y = offset + slope * x`."""

    offset: float
    slope: float


def line_under(
    x: np.ndarray, y: np.ndarray, slope_low: float = -np.inf, slope_high: float = np.inf
) -> Line:
    """The line under the points `(x, y)`, x not decreasing, with a slope between two limits."""
    slope = min(max(0.0, slope_low), slope_high)
    low = _low_points(x, y, slope_high - slope_low)
    hull_x, hull_y = _lower_hull(x[low].tolist(), y[low].tolist())
    right = bisect_right(hull_x, float(x.mean()))
    if 0 < right < len(hull_x):
        rise = hull_y[right] - hull_y[right - 1]
        slope = min(max(rise / (hull_x[right] - hull_x[right - 1]), slope_low), slope_high)
    return Line(min(b - slope * a for a, b in zip(hull_x, hull_y, strict=True)), slope)


def _low_points(x: np.ndarray, y: np.ndarray, slopes: float) -> np.ndarray:
    """Leave out most of the points that no allowed line can touch: it saves the hull's time."""
    low = np.ones(len(x), dtype=bool)
    whole = len(x) // _GROUP * _GROUP
    if whole and slopes < np.inf:
        groups = y[:whole].reshape(-1, _GROUP)
        reach = slopes * (x[_GROUP - 1 : whole : _GROUP] - x[:whole:_GROUP])
        low[:whole] = (groups <= (groups.min(axis=1) + reach)[:, None]).ravel()
    return low


def _lower_hull(x: list[float], y: list[float]) -> tuple[list[float], list[float]]:
    hull_x: list[float] = []
    hull_y: list[float] = []
    for a, b in zip(x, y, strict=True):
        if hull_x and hull_x[-1] == a:
            b = min(b, hull_y.pop())
            hull_x.pop()
        while len(hull_x) > 1 and (hull_y[-1] - hull_y[-2]) * (a - hull_x[-2]) >= (
            b - hull_y[-2]
        ) * (hull_x[-1] - hull_x[-2]):
            hull_x.pop()
            hull_y.pop()
        hull_x.append(a)
        hull_y.append(b)
    return hull_x, hull_y


def middle(values: np.ndarray) -> float:
    """The (upper) median; `numpy.median` takes ten times as long over a few dozen numbers."""
    return float(np.sort(values)[len(values) // 2])
