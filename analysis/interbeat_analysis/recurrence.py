"""Cross recurrence of two series: where one comes back to what the other was; after a session."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from interbeat_analysis.checks import checked_pair

MOST_SAMPLES = 6000
"""A table of all pairs of moments has so many rows and columns at most: 70 MB."""


class CrossRecurrence(NamedTuple):
    """Measures of the cross-recurrence plot."""

    recurrence_rate: float
    """Share of pairs of moments within the radius."""
    determinism: float
    """Share of these that lie on diagonal lines of at least `shortest`."""
    mean_line: float
    """Mean length of those lines, in samples."""
    longest_line: int
    lines: int
    """How many there are."""
    laminarity: float
    """Share of recurrent pairs that lie on vertical lines of at least `shortest`: b stays where
    a is at one moment."""
    trapping_time: float
    """Mean length of those, in samples."""
    line_entropy: float
    """Shannon entropy of the lengths of the diagonal lines, in nats."""


def cross_recurrence(
    a: np.ndarray, b: np.ndarray, *, radius: float = 0.2, shortest: int = 2
) -> CrossRecurrence:
    """Cross-recurrence quantification without embedding, of series in standard deviations.

    Parameters
    ----------
    a, b : ndarray, shape (n,) and (m,)
        The series, NaN where unknown: such moments recur with nothing.
    radius : float
        How far apart two values may be, in standard deviations (n) of their own series.
    shortest : int
        Fewest samples of a line, at least 2.

    Returns
    -------
    CrossRecurrence
        NaN where there is nothing to divide by. All moments of one meet all of the other, so
        that circular shifts change next to nothing: it says how alike the two rhythms are, not
        whether they go together. For that take `recurrence_nearby`.

    Raises
    ------
    ValueError
        If a setting is out of its range, or a series longer than 6000 samples.

    References
    ----------
    .. [1] Marwan, N., Romano, M. C., Thiel, M., & Kurths, J. (2007). Recurrence plots for the
       analysis of complex systems. Physics Reports, 438, 237-329.
       https://doi.org/10.1016/j.physrep.2006.11.001
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 1 or b.ndim != 1 or not min(len(a), len(b)) > 0:
        raise ValueError(f"a and b have shapes {a.shape} and {b.shape}; both must be (n,), n > 0")
    if max(len(a), len(b)) > MOST_SAMPLES:
        raise ValueError(
            f"{max(len(a), len(b))} samples are more than {MOST_SAMPLES}; take a part, or every "
            "other sample"
        )
    if not radius > 0:
        raise ValueError(f"radius = {radius} must be above 0")
    if shortest < 2:
        raise ValueError(f"shortest = {shortest} must be at least 2")
    table = np.abs(_standard(a)[:, None] - _standard(b)) <= radius
    points = int(table.sum())
    diagonal = _lengths(_diagonals(table))
    vertical = _lengths(table)
    diagonal, vertical = (x[x >= shortest] for x in (diagonal, vertical))
    return CrossRecurrence(
        recurrence_rate=points / table.size,
        determinism=_ratio(diagonal.sum(), points),
        mean_line=_ratio(diagonal.sum(), len(diagonal)),
        longest_line=int(diagonal.max(initial=0)),
        lines=len(diagonal),
        laminarity=_ratio(vertical.sum(), points),
        trapping_time=_ratio(vertical.sum(), len(vertical)),
        line_entropy=_entropy(diagonal),
    )


def recurrence_nearby(a: np.ndarray, b: np.ndarray, most: int, *, radius: float = 0.2) -> float:
    """Share of recurrent pairs of moments at most so many samples apart: a band of the plot.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        The series, NaN where unknown: such moments are left out.
    most : int
        Largest distance, in samples.
    radius : float
        How far apart two values may be, in standard deviations (n) of their own series.

    Returns
    -------
    float
        From 0 to 1; about what `cross_recurrence` gives as the rate when the two do not go
        together. NaN where no pair is known.

    Raises
    ------
    ValueError
        If the series differ in length, or a setting is out of its range.

    References
    ----------
    .. [1] Coco, M. I., & Dale, R. (2014). Cross-recurrence quantification analysis of
       categorical and continuous time series: an R package. Frontiers in Psychology, 5, 510.
       https://doi.org/10.3389/fpsyg.2014.00510
    """
    a, b = checked_pair(a, b)
    if most < 0:
        raise ValueError(f"most = {most} must be at least 0")
    if not radius > 0:
        raise ValueError(f"radius = {radius} must be above 0")
    near, pairs, most = 0, 0, min(most, len(a) - 1)
    one, two = _standard(a), _standard(b)
    for lag in range(-most, most + 1):
        apart = np.abs(one[max(-lag, 0) : len(a) - lag] - two[max(lag, 0) : len(a) + lag])
        near += int(np.count_nonzero(apart <= radius))
        pairs += int(np.count_nonzero(np.isfinite(apart)))
    return _ratio(near, pairs)


def _standard(x: np.ndarray) -> np.ndarray:
    known = x[np.isfinite(x)]
    if not len(known) or not (deviation := known.std()):
        return np.full_like(x, np.nan)
    return np.asarray((x - known.mean()) / deviation)


def _diagonals(table: np.ndarray) -> np.ndarray:
    """Each diagonal as a row, with room around it."""
    rows, columns = table.shape
    wide = np.zeros((rows + 1, rows + columns), dtype=bool)
    # One column less to the next row moves every row one further to the left.
    slanted = as_strided(wide[0, rows - 1 :], (rows, columns), (rows + columns - 1, 1))
    slanted[:] = table
    return np.ascontiguousarray(wide.T)


def _lengths(rows: np.ndarray) -> np.ndarray:
    """Lengths of all runs of True within rows."""
    edged = np.zeros((len(rows), rows.shape[1] + 2), dtype=np.int8)
    edged[:, 1:-1] = rows
    steps = np.diff(edged.ravel())
    return np.flatnonzero(steps == -1) - np.flatnonzero(steps == 1)


def _entropy(lengths: np.ndarray) -> float:
    """Of how often each length comes; NaN without a line."""
    if not len(lengths):
        return float("nan")
    counts = np.bincount(lengths)
    share = counts[counts > 0] / len(lengths)
    return float(-np.sum(share * np.log(share)))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
