"""Phase locking and circular correlation of two series within a band, window by window."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import fft

from interbeat_analysis.checks import check_length, check_min_valid, window_samples
from interbeat_analysis.holes import filled
from interbeat_analysis.series import check_positive
from interbeat_analysis.sliding import Layout, window_sums

ROUNDING = 1e-12
"""A band below this share of the series is what the filter leaves of a constant."""


class PhaseLocking(NamedTuple):
    """How constant the difference of two phases is, in windows."""

    t_s: np.ndarray
    """Shape (w,): centre of each window, in seconds."""
    plv: np.ndarray
    """Shape (..., w): phase-locking value, from 0 to 1. Far from 0 even for strangers: a window
    of 30 s holds few cycles. NaN where it is not known."""
    lead_rad: np.ndarray
    """Shape (..., w): mean of the phase of a minus that of b: above 0, a is ahead."""
    n_valid: np.ndarray
    """Shape (..., w): samples known in both."""


class CircularCorrelation(NamedTuple):
    """How two phases deviate together, in windows."""

    t_s: np.ndarray
    """Shape (w,): centre of each window, in seconds."""
    r: np.ndarray
    """Shape (..., w): circular correlation, from -1 to 1; NaN where it is not known."""
    n_valid: np.ndarray
    """Shape (..., w): samples known in both."""


def analytic_signal(x: np.ndarray, fs: float, band_hz: tuple[float, float]) -> np.ndarray:
    """Analytic signal of a series within a band: its size and its phase at every sample.

    Butterworth of order 3 forth and back, then the Hilbert transform.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        The series, NaN where unknown; there the line between its neighbours goes into the
        filter and NaN comes out.
    fs : float
        Samples per second, in Hz.
    band_hz : tuple of float
        Lower and upper edge, in Hz: `frequency_bands.LF_HZ`, `HF_HZ`, or another.

    Returns
    -------
    ndarray of complex, shape (..., n)
        All NaN for a series of which nothing is known, that is constant, or shorter than the
        filter needs.

    Raises
    ------
    ValueError
        If the band is empty or not below half of `fs`.

    References
    ----------
    .. [1] Gabor, D. (1946). Theory of communication. Journal of the IEE, 93(26), 429-457.
       https://doi.org/10.1049/ji-3-2.1946.0074
    """
    from scipy import signal  # it takes longer to load than the rest of the program

    check_positive("fs", fs, "Hz")
    low, high = band_hz
    if not 0 < low < high < fs / 2:
        raise ValueError(
            f"band_hz = {band_hz} must rise from above 0 to below half of fs, {fs / 2:g} Hz"
        )
    x = np.asarray(x, dtype=np.float64)
    sections = signal.butter(3, band_hz, "bandpass", fs=fs, output="sos")
    known = np.isfinite(x)
    if x.shape[-1] <= 3 * (2 * len(sections) + 1):
        return np.full(x.shape, complex(np.nan, np.nan))
    whole = filled(x)
    found = _hilbert(signal.sosfiltfilt(sections, whole, axis=-1))
    height, level = (np.abs(y).max(axis=-1, keepdims=True) for y in (found, whole))
    return np.where(known & (height > ROUNDING * level), found, complex(np.nan, np.nan))


def _hilbert(x: np.ndarray) -> np.ndarray:
    n = x.shape[-1]
    spectrum = fft.fft(x, axis=-1)
    spectrum[..., 1 : (n + 1) // 2] *= 2.0
    spectrum[..., n // 2 + 1 :] = 0.0
    return np.asarray(fft.ifft(spectrum, axis=-1))


def phase_locking(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    window_s: float = 30.0,
    hop_s: float = 1.0,
    min_valid: float = 0.8,
    start_s: float = 0.0,
) -> PhaseLocking:
    """Length of the mean of e^(i (phase of a - phase of b)) in windows.

    Parameters
    ----------
    a, b : ndarray of complex, shape (..., n)
        Analytic signals of one band, NaN where unknown.
    fs : float
        Samples per second, in Hz.
    window_s, hop_s : float
        Length of a window and step between windows, in seconds.
    min_valid : float
        Share of a window that must be known, above 0 up to 1.
    start_s : float
        Time of the first sample, in seconds.

    Returns
    -------
    PhaseLocking
        NaN where fewer than `min_valid` of the samples are known.

    Raises
    ------
    ValueError
        If a setting is out of its range or the series differ in length.

    References
    ----------
    .. [1] Lachaux, J. P., Rodriguez, E., Martinerie, J., & Varela, F. J. (1999). Measuring phase
       synchrony in brain signals. Human Brain Mapping, 8(4), 194-208.
       https://doi.org/10.1002/(SICI)1097-0193(1999)8:4<194::AID-HBM4>3.0.CO;2-C
    """
    layout = _layout(a, b, fs, window_s, hop_s, min_valid)
    difference = a * np.conj(b)
    size = np.abs(difference)
    known = size > 0
    difference /= np.where(known, size, 1.0)
    mean, n_valid = _window_means([difference], known, layout, min_valid)
    return PhaseLocking(_centres(layout, fs, start_s), np.abs(mean[0]), np.angle(mean[0]), n_valid)


def circular_correlation(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    window_s: float = 30.0,
    hop_s: float = 1.0,
    min_valid: float = 0.8,
    start_s: float = 0.0,
) -> CircularCorrelation:
    """Correlation of the sines of two phases, each from its own mean direction, in windows.

    Parameters
    ----------
    a, b, fs, window_s, hop_s, min_valid, start_s
        As for `phase_locking`.

    Returns
    -------
    CircularCorrelation
        NaN where fewer than `min_valid` of the samples are known.

    Raises
    ------
    ValueError
        If a setting is out of its range or the series differ in length.

    References
    ----------
    .. [1] Jammalamadaka, S. R., & SenGupta, A. (2001). Topics in circular statistics. World
       Scientific. https://doi.org/10.1142/4031
    """
    layout = _layout(a, b, fs, window_s, hop_s, min_valid)
    known = (np.abs(a) > 0) & (np.abs(b) > 0)
    one, two = (np.where(known, x, 1.0) / np.where(known, np.abs(x), 1.0) for x in (a, b))
    turns = [one, two, one**2, two**2, one * np.conj(two), one * two]
    means, n_valid = _window_means(turns, known, layout, min_valid)
    to_one, to_two = (np.exp(-1j * np.angle(mean)) for mean in means[:2])
    # sin x sin y = (cos(x - y) - cos(x + y)) / 2, with each phase turned to its own mean.
    apart, together = means[4] * to_one * np.conj(to_two), means[5] * to_one * to_two
    spread = (1 - (means[2] * to_one**2).real) * (1 - (means[3] * to_two**2).real)
    r = (apart - together).real / np.sqrt(np.where(spread > 0, spread, np.nan))
    return CircularCorrelation(_centres(layout, fs, start_s), np.clip(r, -1.0, 1.0), n_valid)


def _layout(
    a: np.ndarray, b: np.ndarray, fs: float, window_s: float, hop_s: float, min_valid: float
) -> Layout:
    width = window_samples("window_s", window_s, fs, least=2)
    hop = window_samples("hop_s", hop_s, fs, least=1)
    check_min_valid(min_valid)
    check_length(a, b)
    return Layout(max(0, (a.shape[-1] - width) // hop + 1), width, hop)


def _centres(layout: Layout, fs: float, start_s: float) -> np.ndarray:
    return start_s + (np.arange(layout.windows) * layout.hop + layout.width / 2.0) / fs


def _window_means(
    turns: list[np.ndarray], known: np.ndarray, layout: Layout, min_valid: float
) -> tuple[list[np.ndarray], np.ndarray]:
    """Means over what is known of each window, NaN where that is too little, and how much it is."""
    if not layout.windows:
        shape = (*known.shape[:-1], 0)
        return [np.empty(shape, complex) for _ in turns], np.empty(shape, np.int32)
    whole = bool(known.all())
    if whole:
        n_valid = np.broadcast_to(np.int32(layout.width), (*known.shape[:-1], layout.windows))
        share = np.asarray(1.0 / layout.width)
    else:
        n_valid = np.rint(_over_windows(known.astype(np.float64), layout)).astype(np.int32)
        enough = n_valid >= min_valid * layout.width - 1e-9
        share = np.where(enough, 1.0 / np.maximum(n_valid, 1), np.nan)
        turns = [np.where(known, turn, 0.0) for turn in turns]
    return [_over_windows(turn, layout) * share for turn in turns], n_valid


def _over_windows(x: np.ndarray, layout: Layout) -> np.ndarray:
    used = x[..., : layout.blocks * layout.block]
    blocks = used.reshape(*x.shape[:-1], layout.blocks, layout.block)
    return window_sums(blocks @ np.ones(layout.block), layout)
