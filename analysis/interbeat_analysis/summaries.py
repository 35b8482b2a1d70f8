"""What a windowed cross-correlation comes to: means of Fisher's z, best lag, who moves first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.windowed import WindowedCrossCorrelation, fisher_z


class SynchronySummary(NamedTuple):
    """Means of Fisher's z over a windowed cross-correlation; NaN without a window."""

    mean_z: np.ndarray
    """Mean over windows and lags of signed z: below 0 when the two move against each other."""
    mean_abs_z: np.ndarray
    """Mean over windows and lags of |z|. Far from 0 even for strangers: compare, never read."""
    zero_lag_z: np.ndarray
    """Mean over windows at lag 0."""
    a_leads_z: np.ndarray
    """Mean over windows and the lags above 0, where b follows a."""
    b_leads_z: np.ndarray
    """Mean over windows and the lags below 0, where a follows b."""
    best_lag_s: np.ndarray
    """Lag at which the mean over windows of signed z is highest."""
    leadership: np.ndarray
    """(windows in which a leads - in which b leads) / both, by the lag of the highest r in each
    window: 1 when a always leads, -1 when b does, 0 when no window says either. A description
    and no evidence: strangers get values far from 0 too."""
    windows: np.ndarray
    """Number of windows known for at least one lag."""


def summary(wcc: WindowedCrossCorrelation) -> SynchronySummary:
    """Sum up a windowed cross-correlation.

    Overlapping windows are not independent, so none of these numbers is evidence by itself.

    Parameters
    ----------
    wcc : WindowedCrossCorrelation
        With `r` of shape (..., w, l); what is NaN is left out.

    Returns
    -------
    SynchronySummary
        Arrays of shape (...), NaN where there is nothing to average.
    """
    z = fisher_z(wcc.r)
    both = (-2, -1)
    profile = known_mean(z, -2)
    known = ~np.isnan(profile)
    best = np.argmax(np.where(known, profile, -np.inf), axis=-1)
    return SynchronySummary(
        mean_z=known_mean(z, both),
        mean_abs_z=known_mean(np.abs(z), both),
        zero_lag_z=known_mean(z[..., wcc.lag_s == 0], both),
        a_leads_z=known_mean(z[..., wcc.lag_s > 0], both),
        b_leads_z=known_mean(z[..., wcc.lag_s < 0], both),
        best_lag_s=np.where(known.any(axis=-1), wcc.lag_s[best], np.nan),
        leadership=leadership(highest_lag_s(wcc)),
        windows=np.asarray(np.count_nonzero((~np.isnan(z)).any(axis=-1), axis=-1)),
    )


def highest_lag_s(wcc: WindowedCrossCorrelation) -> np.ndarray:
    """Lag of the highest r of each window.

    Parameters
    ----------
    wcc : WindowedCrossCorrelation
        With `r` of shape (..., w, l).

    Returns
    -------
    ndarray, shape (..., w)
        Lag in seconds; NaN for a window without any r. Of equal values the one nearest to lag
        0 counts, and none when there is one on either side.
    """
    unknown = np.isnan(wcc.r)
    r = np.where(unknown, -np.inf, wcc.r)
    top = r == r.max(axis=-1, keepdims=True)
    distance = np.where(top, np.abs(wcc.lag_s), np.inf)
    nearest = top & (distance == distance.min(axis=-1, keepdims=True))
    lag_s = (nearest * wcc.lag_s).sum(axis=-1) / nearest.sum(axis=-1)
    return np.where(unknown.all(axis=-1), np.nan, lag_s)


def leadership(lag_s: np.ndarray) -> np.ndarray:
    """Share of the lags in which a leads minus the share in which b does.

    Parameters
    ----------
    lag_s : ndarray, shape (..., w)
        One lag a window, above 0 where a leads; NaN where unknown.

    Returns
    -------
    ndarray, shape (...)
        (lags above 0 - lags below 0) / (lags other than 0), from -1 to 1; 0 when all known lags
        are 0, NaN when none is known.

    References
    ----------
    .. [1] The leadership asymmetry of the R package bsync, there in a moving epoch of windows.
       https://github.com/jmgirard/wcc
    """
    a_leads, b_leads = (lag_s > 0).sum(axis=-1), (lag_s < 0).sum(axis=-1)
    known = (~np.isnan(lag_s)).any(axis=-1)
    return np.where(known, (a_leads - b_leads) / np.maximum(a_leads + b_leads, 1), np.nan)


def known_mean(z: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Mean of what is known.

    Parameters
    ----------
    z : ndarray
        Values in any unit, NaN where unknown.
    axis : int or tuple of int
        Over which axes.

    Returns
    -------
    ndarray
        Of the shape of `z` without these axes, in its unit; NaN where nothing is known.
    """
    known = ~np.isnan(z)
    count = known.sum(axis=axis)
    total = np.where(known, z, 0.0).sum(axis=axis)
    return np.asarray(total / np.where(count > 0, count, np.nan))
