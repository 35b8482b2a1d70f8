"""Slow trends taken out of evenly sampled series."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded

from interbeat_analysis.holes import runs
from interbeat_analysis.series import check_positive

MIN_SAMPLES = 3
"""A second difference needs three samples."""

SETTLING_S = 10.0
"""With a smoothness of 500 at 4 Hz, later samples move one of this age by a tenth of the SD."""


def smoothness_priors(values: np.ndarray, smoothness: float = 500.0) -> np.ndarray:
    """Values without their trend, by smoothness priors.

    The trend `z` minimises `|values - z|^2 + smoothness^2 |second difference of z|^2`: a
    high-pass without phase, whose cut-off depends on the sampling rate (0.036 Hz for 500 at
    4 Hz). It needs both sides of a sample, so the newest and the oldest samples of a series are
    uncertain: against the same sample with a later record, half of its size at an age of 0 s
    and about a tenth at 10 s. For a record that still grows, take `settled_smoothness_priors`.

    The system has five diagonals and is solved as such, once for all series of a batch. Named
    "Tarvainen 2002" in other programs; Kubios uses it with a smoothness of 500 at 4 Hz.

    Parameters
    ----------
    values : ndarray, shape (..., n)
        Evenly sampled series; NaN where a sample is missing.
    smoothness : float
        The regularisation parameter (lambda), without unit.

    Returns
    -------
    ndarray, shape (..., n)
        Values minus trend, in the unit of `values`. NaN stays NaN; every unbroken run of samples
        is treated on its own, and is NaN when it has fewer than three.

    Raises
    ------
    ValueError
        If `smoothness` is not positive and finite, or `values` has no axis.

    References
    ----------
    .. [1] Tarvainen, M. P., Ranta-aho, P. O., & Karjalainen, P. A. (2002). An advanced
       detrending method with application to HRV analysis. IEEE Transactions on Biomedical
       Engineering, 49(2), 172-175. https://doi.org/10.1109/10.979357
    """
    if not 0 < smoothness < np.inf:
        raise ValueError(f"smoothness = {smoothness} must be above 0 and finite")
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 0:
        raise ValueError("values has shape (); samples must lie along its last axis")
    rows = values.reshape(values.size // max(values.shape[-1], 1), values.shape[-1])
    whole = np.isfinite(rows).all(axis=1)
    found = np.full(rows.shape, np.nan)
    found[whole] = _without_trend(rows[whole], smoothness)
    for row in np.flatnonzero(~whole):
        for start, stop in runs(np.isfinite(rows[row])):
            found[row, start:stop] = _without_trend(rows[row : row + 1, start:stop], smoothness)
    return found.reshape(values.shape)


def settled_smoothness_priors(
    values: np.ndarray, fs: float, smoothness: float = 500.0
) -> np.ndarray:
    """Values of a record that still grows without their trend, where that will stay.

    As `smoothness_priors`, but NaN in the newest 10 s: there the trend still turns with every
    sample that comes.

    Parameters
    ----------
    values : ndarray, shape (..., n)
        Evenly sampled series up to now; NaN where a sample is missing.
    fs : float
        Samples per second, in Hz.
    smoothness : float
        The regularisation parameter (lambda), without unit; 500 goes with 4 Hz.

    Returns
    -------
    ndarray, shape (..., n)
        Values minus trend, in the unit of `values`; NaN where a sample is missing or younger
        than 10 s, counted from the end of `values`.

    Raises
    ------
    ValueError
        If `fs` is not positive, or as `smoothness_priors`.

    See Also
    --------
    smoothness_priors : the method, and a reference.
    """
    check_positive("fs", fs, "Hz")
    found = smoothness_priors(values, smoothness)
    found[..., max(0, found.shape[-1] - int(np.ceil(SETTLING_S * fs))) :] = np.nan
    return found


def _without_trend(rows: np.ndarray, smoothness: float) -> np.ndarray:
    """Series without a missing sample, shape (rows, n), minus their trends."""
    if rows.shape[1] < MIN_SAMPLES or len(rows) == 0:
        return np.full(rows.shape, np.nan)
    factor = (cholesky_banded(_system(rows.shape[1], smoothness), check_finite=False), False)
    return np.asarray(rows - cho_solve_banded(factor, rows.T, check_finite=False).T)


def _system(n: int, smoothness: float) -> np.ndarray:
    """Upper bands of I + smoothness^2 D'D, where D takes second differences."""
    bands = np.zeros((3, n))
    for weights, shift in (((1.0, 4.0, 1.0), 0), ((-2.0, -2.0), 1), ((1.0,), 2)):
        for at, weight in enumerate(weights):
            bands[2 - shift, at + shift : at + shift + n - 2] += weight
    bands *= smoothness**2
    bands[2] += 1.0
    return bands
