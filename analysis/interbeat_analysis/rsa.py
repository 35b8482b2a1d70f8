"""How deeply breathing moves the heart (RSA), over time and at a lag that is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from interbeat_analysis.frequency_bands import HF_HZ, band_power
from interbeat_analysis.series import check_positive

MIN_CYCLES = 2.0
"""Periods of the slowest rhythm of the band that a window has to hold."""


class RSA(NamedTuple):
    """Amplitude of the rhythm in a band, one value per window."""

    t_s: np.ndarray
    """Shape (w,): centres of the windows, in seconds."""
    amplitude: np.ndarray
    """Shape (..., w): amplitude in the unit of the series; NaN where a sample is missing."""
    lag_s: float
    """From the centre of a window to its end: by so much a live value is behind, always."""


def rsa_amplitude(
    values: np.ndarray,
    fs: float,
    *,
    window_s: float = 30.0,
    hop_s: float = 1.0,
    band_hz: tuple[float, float] = HF_HZ,
    start_s: float = 0.0,
) -> RSA:
    """Amplitude of a series within a band, in sliding windows stamped at their centres.

    The straight line of each window is removed, a Hann window laid over the rest, and the power
    of the Fourier coefficients integrated over the band as in `spectra.band_power`. A steady
    sine inside the band gives its amplitude. The window is symmetric, so what is seen lies at
    its centre whatever the frequency, and the lag is the same for both partners: it cancels
    when they are compared. A recursive filter has another lag at each frequency.

    20 to 30 s are a compromise: a window blurs changes shorter than itself, and in less than
    20 s slower rhythms of the heart (0.1 Hz) leak into the band. During speech breathing is
    irregular, and what is in the band is not a measure of vagal activity.

    Parameters
    ----------
    values : ndarray, shape (..., n)
        Evenly sampled series, such as `series.heart_rate` at 4 Hz; NaN where a sample is
        missing. Sample i is at `start_s + i / fs`.
    fs : float
        Samples per second, in Hz.
    window_s, hop_s : float
        Length of a window and step between windows, in seconds, each rounded to whole samples.
    band_hz : (float, float)
        Edges of the band in Hz; by default the Task Force's HF, 0.15 to 0.40 Hz.
    start_s : float
        Time of the first sample, in seconds.

    Returns
    -------
    RSA
        NaN where any sample of a window is missing: nothing is bridged. Without a whole window
        w is 0.

    Raises
    ------
    ValueError
        If a setting is not positive, the band does not lie between 0 and `fs / 2`, a window
        holds fewer than two periods of the band's lower edge, or `values` has no axis.

    References
    ----------
    .. [1] Gates, K. M., Gatzke-Kopp, L. M., Sandsten, M., & Blandon, A. Y. (2015). Estimating
       time-varying RSA to examine psychophysiological linkage of marital dyads.
       Psychophysiology, 52(8), 1059-1065. https://doi.org/10.1111/psyp.12428
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 0:
        raise ValueError("values has shape (); samples must lie along its last axis")
    for name, value, unit in (("fs", fs, "Hz"), ("window_s", window_s, "s"), ("hop_s", hop_s, "s")):
        check_positive(name, value, unit)
    low_hz, high_hz = band_hz
    if not 0 < low_hz < high_hz <= fs / 2:
        raise ValueError(f"band_hz = {band_hz} must rise from above 0 to at most {fs / 2} Hz")
    if window_s * low_hz < MIN_CYCLES:
        raise ValueError(
            f"window_s = {window_s} s is too short for {low_hz} Hz: at least "
            f"{MIN_CYCLES / low_hz:.3g} s"
        )
    width, hop = round(window_s * fs), max(1, round(hop_s * fs))
    first = np.arange(0, values.shape[-1] - width + 1, hop)
    lag_s = width / fs / 2.0
    amplitude = np.empty((*values.shape[:-1], len(first)))
    if amplitude.size:
        kernel = _kernel(width, fs, low_hz, high_hz)
        for row in np.ndindex(values.shape[:-1]):
            # One product for all windows: what a batch of transforms takes, ten times over.
            windows = np.ascontiguousarray(sliding_window_view(values[row], width)[::hop])
            found = windows @ kernel
            found *= found
            np.sqrt(found.sum(axis=-1), out=amplitude[row])
    return RSA(start_s + first / fs + lag_s, amplitude, lag_s)


def _kernel(width: int, fs: float, low_hz: float, high_hz: float) -> np.ndarray:
    """Columns whose products with a window have squares that sum to its amplitude squared."""
    sample = np.arange(width)
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * sample / width)
    frequency_hz = np.fft.rfftfreq(width, 1.0 / fs)
    weights = band_power(frequency_hz, np.eye(len(frequency_hz)), low_hz, high_hz)
    used = weights > 0
    # Power is A^2 / 2 for an amplitude A, and a one-sided density doubles each coefficient.
    scale = np.sqrt(2.0 * 2.0 * weights[used] / (fs * np.sum(hann**2)))
    waves = np.exp(-2j * np.pi / fs * np.outer(sample, frequency_hz[used]))
    waves *= hann[:, np.newaxis] * scale
    columns = np.concatenate([waves.real, waves.imag], axis=1)
    line, _ = np.linalg.qr(np.stack([np.ones(width), sample - sample.mean()], axis=1))
    return np.asarray(columns - line @ (line.T @ columns))
