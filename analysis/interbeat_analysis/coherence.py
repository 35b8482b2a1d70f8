"""Coherence of two series by frequency, whole or in windows; for analysis after a session."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import fft

from interbeat_analysis.checks import check_length, check_min_valid, window_samples


class Coherence(NamedTuple):
    """How constant size and phase of two series are to each other, by frequency."""

    t_s: np.ndarray
    """Shape (w,): centre of each window, in seconds."""
    f_hz: np.ndarray
    """Shape (f,)."""
    coherence: np.ndarray
    """Shape (w, f): magnitude-squared coherence, from 0 to 1; NaN where it is not known. With
    few segments it is far from 0 for strangers too: 1 / segments where none overlap."""
    lead_rad: np.ndarray
    """Shape (w, f): phase of a minus that of b; above 0, a is ahead."""
    segments: np.ndarray
    """Shape (w,): segments known in both."""


def coherence(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    window_s: float | None = None,
    hop_s: float = 30.0,
    segment_s: float = 64.0,
    min_valid: float = 0.8,
    start_s: float = 0.0,
) -> Coherence:
    """Magnitude-squared coherence by Welch's method: Hann segments that overlap by half.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        The series, NaN where unknown.
    fs : float
        Samples per second, in Hz.
    window_s, hop_s : float
        Length of a window and step between windows, in seconds; without `window_s` the whole is
        one window.
    segment_s : float
        Length of a segment, in seconds: 1 / segment_s is the resolution.
    min_valid : float
        Share of a window's segments that must be known, above 0 up to 1.
    start_s : float
        Time of the first sample, in seconds.

    Returns
    -------
    Coherence
        A segment with anything unknown is left out; NaN with fewer than two, or `min_valid`.

    Raises
    ------
    ValueError
        If a setting is out of its range or the series differ in length.

    References
    ----------
    .. [1] Carter, G. C., Knapp, C. H., & Nuttall, A. H. (1973). Estimation of the magnitude-squared
       coherence function via overlapped fast Fourier transform processing. IEEE Transactions on
       Audio and Electroacoustics, 21(4), 337-344. https://doi.org/10.1109/TAU.1973.1162496
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    check_length(a, b)
    check_min_valid(min_valid)
    segment = window_samples("segment_s", segment_s, fs, least=4)
    width = len(a) if window_s is None else window_samples("window_s", window_s, fs, least=segment)
    hop = window_samples("hop_s", hop_s, fs, least=1)
    starts = np.arange(0, len(a) - width + 1, hop) if width >= segment else np.empty(0, int)
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segment) / segment)
    rows = [
        _of_window(a[at : at + width], b[at : at + width], taper, min_valid)
        for at in starts.tolist()
    ]
    shape = (len(rows), segment // 2 + 1)
    return Coherence(
        t_s=start_s + (starts + width / 2) / fs,
        f_hz=fft.rfftfreq(segment, 1 / fs),
        coherence=np.reshape([row[0] for row in rows], shape),
        lead_rad=np.reshape([row[1] for row in rows], shape),
        segments=np.array([row[2] for row in rows], dtype=int),
    )


def _of_window(
    a: np.ndarray, b: np.ndarray, taper: np.ndarray, min_valid: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Coherence and phase by frequency, and from how many segments."""
    length = len(taper)
    view = np.lib.stride_tricks.sliding_window_view(np.stack([a, b]), length, axis=-1)
    pieces = view[:, :: length - length // 2]
    known = np.isfinite(pieces).all(axis=(0, 2))
    segments = int(known.sum())
    if segments < max(2.0, min_valid * len(known) - 1e-9):
        unknown = np.full(length // 2 + 1, np.nan)
        return unknown, unknown, segments
    pieces = pieces[:, known]
    one, two = fft.rfft((pieces - pieces.mean(axis=-1, keepdims=True)) * taper, axis=-1)
    cross = np.mean(one * two.conj(), axis=0)
    power = np.mean(np.abs(one) ** 2, axis=0) * np.mean(np.abs(two) ** 2, axis=0)
    together = np.abs(cross) ** 2 / np.where(power > 0, power, np.nan)
    return together, np.where(power > 0, np.angle(cross), np.nan), segments
