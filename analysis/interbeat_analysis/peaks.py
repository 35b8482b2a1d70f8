"""Where the correlation peaks: the nearest hill on the way out from lag 0, window by window."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from interbeat_analysis.checks import window_samples
from interbeat_analysis.windowed import WindowedCrossCorrelation

SPAN = 0.25
"""Share of the lags that a smoothed value is fitted to."""
CELL = 0.2
"""Share of those that lie between two values that are fitted and not interpolated."""
MARGIN = 0.005
"""How far beyond the outermost lags the outermost fits are made, in parts of their range."""


class Peaks(NamedTuple):
    """The peak of each window."""

    t_s: np.ndarray
    """Shape (w,): centre of the window that stays, in seconds."""
    lag_s: np.ndarray
    """Shape (..., w): lag of the peak, above 0 where b follows a; NaN without a peak."""
    r: np.ndarray
    """Shape (..., w): correlation there."""


def peaks(wcc: WindowedCrossCorrelation, *, reach_s: float = 1.0, smooth: bool = False) -> Peaks:
    """The peak of each window that is met first on the way out from lag 0.

    Both sides are searched at once, one lag further each time. The highest value so far is a
    peak when `reach_s` more on both sides bring nothing higher.

    Parameters
    ----------
    wcc : WindowedCrossCorrelation
        With lags of equal steps on both sides of 0.
    reach_s : float
        How far nothing may be higher, in seconds; a whole number of lags.
    smooth : bool
        Whether r is smoothed over lags first, as the published script does: local quadratic
        regression over a quarter of the lags, then a cubic spline to half lags.

    Returns
    -------
    Peaks
        NaN where an r of the window is, or where the search comes to the last `reach_s`.

    Raises
    ------
    ValueError
        If `reach_s` is no whole number of lags, or not below the largest.

    References
    ----------
    .. [1] Boker, S. M., Rotondo, J. L., Xu, M., & King, K. (2002). Windowed cross-correlation
       and peak picking for the analysis of variability in the association between behavioral
       time series. Psychological Methods, 7(3), 338-355.
       https://doi.org/10.1037/1082-989X.7.3.338
    .. [2] Behrens, F., Moulder, R. G., Boker, S. M., & Kret, M. E. (2020). Quantifying
       physiological synchrony through windowed cross-correlation analysis: statistical and
       theoretical considerations. bioRxiv. https://doi.org/10.1101/2020.08.27.269746
    """
    if len(wcc.lag_s) < 3:
        raise ValueError(f"wcc has {len(wcc.lag_s)} lags; peaks need lags on both sides of 0")
    lags_per_s = 1.0 / (wcc.lag_s[1] - wcc.lag_s[0])
    reach = window_samples("reach_s", reach_s, lags_per_s, least=1)
    if reach >= len(wcc.lag_s) // 2:
        raise ValueError(
            f"reach_s = {reach_s} s must be below the largest lag, {wcc.lag_s[-1]:g} s"
        )
    if not smooth:
        steps, r = _outward(wcc.r, reach)
        return Peaks(wcc.t_s, steps / lags_per_s, r)
    steps, r = _outward(wcc.r @ smoothing(len(wcc.lag_s)).T, 2 * reach)
    return Peaks(wcc.t_s, steps / (2 * lags_per_s), r)


def _outward(r: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps from the middle to the peak, and its height, both (...)."""
    middle = r.shape[-1] // 2
    either = np.maximum(r[..., middle + 1 :], r[..., middle - 1 :: -1])
    either[..., 0] = np.maximum(either[..., 0], r[..., middle])
    highest = np.maximum.accumulate(either, axis=-1)
    higher = np.diff(highest, axis=-1, prepend=-np.inf) > 0
    before = np.cumsum(higher, axis=-1)
    nothing_higher = before[..., reach:] == before[..., :-reach]
    summit = higher[..., :-reach] & nothing_higher
    at = np.argmax(summit, axis=-1)
    height = np.take_along_axis(highest, at[..., None], axis=-1)
    # As the published script, the lower of two lags of the same height; the first step out
    # begins with lag 0 itself.
    steps = np.arange(-middle, middle + 1)
    here = (r == height) & (np.abs(steps) <= at[..., None] + 1)
    found = summit.any(axis=-1) & ~np.isnan(r).any(axis=-1)
    lag = steps[np.argmax(here, axis=-1)]
    return np.where(found, lag, np.nan), np.where(found, height[..., 0], np.nan)


@lru_cache(maxsize=8)
def smoothing(lags: int) -> np.ndarray:
    """What Boker's smoothing does to a row of correlations, as a matrix.

    As in R, the local regression is made at the edges of small cells only, value and slope, and
    a cubic joins them; then a cubic spline is read at every half lag.

    Parameters
    ----------
    lags : int
        How many lags a row has, at least 4.

    Returns
    -------
    ndarray, shape (2 lags - 1, lags)
        Without unit; multiply a row by it. NaN at one lag makes the whole smoothed row NaN.

    References
    ----------
    .. [1] Cleveland, W. S., & Grosse, E. (1991). Computational methods for local regression.
       Statistics and Computing, 1, 47-62. https://doi.org/10.1007/BF01890836
    """
    x = np.arange(1.0, lags + 1.0)
    near = max(4, int(lags * SPAN + 1e-5))
    edges = _cell_edges(x, max(1, int(lags * SPAN * CELL)))
    value, slope = zip(*(_local_quadratic(x, edge, near) for edge in edges), strict=True)
    joined = _hermite(np.array(edges), np.array(value), np.array(slope), x)
    return np.asarray(_spline_to_halves(lags) @ joined)


def _cell_edges(x: np.ndarray, most: int) -> list[float]:
    """Cells are cut at their middle value until they hold at most so many."""
    margin = MARGIN * (x[-1] - x[0])

    def cuts(low: int, high: int) -> list[float]:
        if high - low + 1 <= most:
            return []
        middle = (low + high) // 2
        return [*cuts(low, middle), x[middle], *cuts(middle + 1, high)]

    return [x[0] - margin, *cuts(0, len(x) - 1), x[-1] + margin]


def _local_quadratic(x: np.ndarray, at: float, near: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights with which values at `x` make up value and slope of the fit at `at`."""
    distance = np.abs(x - at)
    share = np.minimum(distance / np.sort(distance)[near - 1], 1.0)
    root = np.sqrt((1 - share**3) ** 3)
    design = np.stack([np.ones_like(x), x - at, (x - at) ** 2], axis=1)
    fit = np.linalg.pinv(design * root[:, None]) * root
    return fit[0], fit[1]


def _hermite(edge: np.ndarray, value: np.ndarray, slope: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Cubics through values and slopes at the edges, read at `x`: (x, values)."""
    cell = np.clip(np.searchsorted(edge, x) - 1, 0, len(edge) - 2)
    width = (edge[cell + 1] - edge[cell])[:, None]
    u = (x - edge[cell])[:, None] / width
    return np.asarray(
        (1 + 2 * u) * (1 - u) ** 2 * value[cell]
        + u * (1 - u) ** 2 * width * slope[cell]
        + u**2 * (3 - 2 * u) * value[cell + 1]
        - u**2 * (1 - u) * width * slope[cell + 1]
    )


def _spline_to_halves(lags: int) -> np.ndarray:
    """Cubic spline through equal steps, read at every half step: (2 lags - 1, lags).

    At the ends it bends as the cubic through the last four values (Forsythe, Malcolm and Moler),
    which is what R's `spline` does.
    """
    bending, second = np.zeros((lags, lags)), np.zeros((lags, lags))
    for i in range(1, lags - 1):
        bending[i, i - 1 : i + 2] = 1.0, 4.0, 1.0
        second[i, i - 1 : i + 2] = 6.0, -12.0, 6.0
    third = np.array([-1.0, 3.0, -3.0, 1.0])
    bending[0, :2], second[0, :4] = (-1.0, 1.0), third
    bending[-1, -2:], second[-1, -4:] = (-1.0, 1.0), third
    curvature = np.linalg.solve(bending, second)
    halves = np.zeros((2 * lags - 1, lags))
    halves[::2] = np.eye(lags)
    halves[1::2] = (halves[:-1:2] + halves[2::2]) / 2 - (curvature[:-1] + curvature[1:]) / 16
    return halves
