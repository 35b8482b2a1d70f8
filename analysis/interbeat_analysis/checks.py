"""What a wrong call of a function of two series is told."""

from __future__ import annotations

import numpy as np


def check_length(a: np.ndarray, b: np.ndarray) -> None:
    """ValueError unless the last axes of two series are as long as each other."""
    if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-1]:
        raise ValueError(f"a and b have shapes {a.shape} and {b.shape}; the last axes must agree")


def checked_pair(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two series as float64; ValueError unless both are one-dimensional and as long."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b have shapes {a.shape} and {b.shape}; both must be (n,)")
    return a, b


def check_min_valid(min_valid: float) -> None:
    """ValueError unless the share that must be known is above 0 and at most 1."""
    if not 0 < min_valid <= 1:
        raise ValueError(f"min_valid = {min_valid} must be above 0 and at most 1")


def window_samples(name: str, seconds: float, fs: float, *, least: int) -> int:
    """A setting in whole samples; ValueError when it is none."""
    samples = round(seconds * fs) if np.isfinite(seconds) else -1
    if samples < least:
        raise ValueError(f"{name} = {seconds} s must be at least {least / fs:g} s at {fs:g} Hz")
    if abs(samples - seconds * fs) > 1e-6:
        raise ValueError(
            f"{name} = {seconds} s is {seconds * fs:g} samples at {fs:g} Hz; "
            f"choose a multiple of {1 / fs:g} s"
        )
    return samples
