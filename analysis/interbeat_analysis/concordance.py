"""Concordance of slopes: whether two heart rates rise and fall together (Marci and others)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from interbeat_analysis.checks import check_length, window_samples
from interbeat_analysis.sliding import sliding_sum
from interbeat_analysis.windowed import windowed_cross_correlation

Slope = Literal["ols", "endpoint"]


class Concordance(NamedTuple):
    """Correlation of slopes in moving windows, and what it comes to."""

    t_s: np.ndarray
    """Shape (w,): centre of what each correlation rests on, in seconds."""
    r: np.ndarray
    """Shape (..., w): Pearson correlation of the slopes, NaN where it is not known."""
    session_index: np.ndarray
    """Shape (...): ln(sum of r above 0 / |sum of r below 0|). Unbounded, and another number for
    another kind of slope; above 0 in half of all pairs of strangers."""


def concordance(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    slope_s: float = 5.0,
    hop_s: float = 1.0,
    slopes: int = 15,
    slope: Slope = "ols",
    start_s: float = 0.0,
) -> Concordance:
    """Single-session concordance: slopes over 5 s every second, correlated 15 at a time.

    Parameters
    ----------
    a, b : ndarray, shape (..., n)
        The series, NaN where unknown.
    fs : float
        Samples per second, in Hz.
    slope_s, hop_s : float
        What a slope spans, and the step between slopes, in seconds.
    slopes : int
        How many slopes are correlated together.
    slope : {"ols", "endpoint"}
        Least-squares line, or last minus first value.
    start_s : float
        Time of the first sample, in seconds.

    Returns
    -------
    Concordance
        A slope needs all its samples, a correlation 80 % of its slopes. `session_index` is NaN
        where all correlations have one sign, or none is known.

    Raises
    ------
    ValueError
        If a setting is out of its range or the series differ in length.

    References
    ----------
    .. [1] Marci, C. D., Ham, J., Moran, E., & Orr, S. P. (2007). Physiologic correlates of
       perceived therapist empathy and social-emotional process during psychotherapy. Journal of
       Nervous and Mental Disease, 195(2), 103-111.
       https://doi.org/10.1097/01.nmd.0000253731.71025.fc
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    check_length(a, b)
    if slope not in ("ols", "endpoint"):
        raise ValueError(f"slope = {slope!r} must be 'ols' or 'endpoint'")
    span = window_samples("slope_s", slope_s, fs, least=1)
    hop = window_samples("hop_s", hop_s, fs, least=1)
    one, two = (
        _slopes(np.where(np.isfinite(x), x, np.nan), span, slope)[..., ::hop] for x in (a, b)
    )
    found = windowed_cross_correlation(
        one, two, 1.0, window_s=float(slopes), hop_s=1.0, max_lag_s=0.0
    )
    r = found.r[..., 0]
    up, down = (np.where(sign * r > 0, r, 0.0).sum(axis=-1) for sign in (1.0, -1.0))
    both = (up > 0) & (down < 0)
    ratio = np.divide(up, -down, out=np.ones_like(up), where=both)
    # The first of `slopes` slopes begins, the last ends, this far from their middle.
    middle_s = ((slopes - 1) * hop_s + slope_s) / 2
    return Concordance(
        t_s=start_s + middle_s + hop_s * np.arange(r.shape[-1]),
        r=r,
        session_index=np.where(both, np.log(ratio), np.nan),
    )


def _slopes(x: np.ndarray, span: int, slope: Slope) -> np.ndarray:
    """Change per sample over `span` steps from every sample on; NaN where any is unknown."""
    if x.shape[-1] <= span:
        return np.empty((*x.shape[:-1], 0))
    if slope == "endpoint":
        change = (x[..., span:] - x[..., :-span]) / span
    else:
        at = np.arange(span + 1.0) - span / 2
        windows = np.lib.stride_tricks.sliding_window_view(x, span + 1, axis=-1)
        change = windows @ (at / (at @ at))
    unknown = sliding_sum(np.isnan(x).astype(np.float64), span + 1) > 0
    return np.where(unknown, np.nan, change)
