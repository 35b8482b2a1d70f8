"""What a wrong call of a function of two series is told."""

from __future__ import annotations

import numpy as np

from interbeat_analysis.series import check_positive


def check_length(a: np.ndarray, b: np.ndarray) -> None:
    """Refuse two series that are not as long as each other.

    Parameters
    ----------
    a, b : ndarray, shape (..., n)
        The series.

    Raises
    ------
    ValueError
        If their last axes differ, or one has none.
    """
    if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-1]:
        raise ValueError(f"a and b have shapes {a.shape} and {b.shape}; the last axes must agree")


def checked_pair(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two series as they are computed with.

    Parameters
    ----------
    a, b : array_like, shape (n,)
        The series, NaN where unknown.

    Returns
    -------
    a, b : ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        If one is not one-dimensional, or they differ in length.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b have shapes {a.shape} and {b.shape}; both must be (n,)")
    return a, b


def check_min_valid(min_valid: float) -> None:
    """Refuse a share that is none.

    Parameters
    ----------
    min_valid : float
        Share that must be known, 0 to 1.

    Raises
    ------
    ValueError
        If it is not above 0 and at most 1.
    """
    if not 0 < min_valid <= 1:
        raise ValueError(f"min_valid = {min_valid} must be above 0 and at most 1")


def check_lag_within(max_lag_s: float, window_s: float) -> None:
    """Refuse lags at which nothing of a segment is left.

    Parameters
    ----------
    max_lag_s, window_s : float
        Largest lag, and length of a segment, in seconds.

    Raises
    ------
    ValueError
        If the lag is not shorter than the segment.
    """
    if not max_lag_s < window_s:
        raise ValueError(f"max_lag_s = {max_lag_s} s must be below window_s = {window_s} s")


def window_samples(name: str, seconds: float, fs: float, *, least: int) -> int:
    """A setting in whole samples.

    Parameters
    ----------
    name : str
        What the caller calls it.
    seconds : float
        The setting, in seconds.
    fs : float
        Samples per second, in Hz.
    least : int
        Fewest samples it may be.

    Returns
    -------
    int
        In samples.

    Raises
    ------
    ValueError
        If `fs` is not positive, or it is less than `least` or no whole number of samples.
    """
    check_positive("fs", fs, "Hz")
    samples = round(seconds * fs) if np.isfinite(seconds) else -1
    if samples < least:
        raise ValueError(f"{name} = {seconds} s must be at least {least / fs:g} s at {fs:g} Hz")
    if abs(samples - seconds * fs) > 1e-6:
        raise ValueError(
            f"{name} = {seconds} s is {seconds * fs:g} samples at {fs:g} Hz; "
            f"choose a multiple of {1 / fs:g} s"
        )
    return samples
