"""The complex Morlet wavelet, and smoothing over its width in time and over periods."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from scipy import fft

PER_OCTAVE = 12
REACH = 8.0
"""Where the wavelet ends on either side, in scales: at 1e-14 of its height."""
TABLE = 4096
"""Points at which its integral is tabulated."""
SMOOTHED_OCTAVES = 1.2
ROOM = 4.0
"""Scales of silence behind a series, so that smoothing does not join its end to its start."""
SIGMAS = 8.6
"""Beyond so many deviations a Gaussian is below 1e-16."""
AT_ONCE = 1 << 18
"""Samples of all scales that are worked on together: 4 MB."""


def transforms(x: np.ndarray, scales: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Wavelet transforms of series over the roots of their scales, some scales at a time.

    The integral of exp(-u^2 / 2 + 2 pi i u) / sqrt(2 pi) is read from a table at the samples of
    each scale and its steps are the kernel, as in PyWavelets ("cmor2,1"). Over the root of the
    scale, an equally strong rhythm has equal power at every scale.

    Parameters
    ----------
    x : ndarray, shape (s, n)
        The series.
    scales : ndarray, shape (p,)
        In samples, rising: so long is a period.

    Yields
    ------
    tuple of slice and ndarray, shape (s, rows, n)
        Which scales, and the transforms.

    References
    ----------
    .. [1] Torrence, C., & Compo, G. P. (1998). A practical guide to wavelet analysis. Bulletin
       of the American Meteorological Society, 79(1), 61-78.
       https://doi.org/10.1175/1520-0477(1998)079<0061:APGTWA>2.0.CO;2
    """
    n = x.shape[-1]
    some = max(1, AT_ONCE // max(n, 1))
    for first in range(0, len(scales), some):
        rows = slice(first, min(first + some, len(scales)))
        size = fft.next_fast_len(n + int(REACH * scales[rows][-1]) + 2)
        kernels = np.zeros((rows.stop - first, size), complex)
        for kernel, scale in zip(kernels, scales[rows], strict=True):
            steps = _steps(scale)
            # out[t] is the sum over u of x[t - u] steps[u + middle]
            middle = 1 + (len(steps) - 3) // 2
            kernel[: len(steps) - middle] = steps[middle:]
            kernel[size - middle :] = steps[:middle]
        of_series = fft.fft(x, size)[:, np.newaxis]
        of_kernels = fft.fft(kernels, overwrite_x=True)
        yield rows, fft.ifft(of_kernels * of_series, overwrite_x=True)[..., :n]


def _steps(scale: float) -> np.ndarray:
    """The kernel of a scale: steps of the tabulated integral, the last sample first."""
    at = np.arange(scale * 2 * REACH + 1) / (scale * 2 * REACH / (TABLE - 1))
    integral = _integral()[at[at < TABLE].astype(int)]
    return np.asarray(-np.diff(integral[::-1], prepend=0.0, append=0.0))


@lru_cache(maxsize=1)
def _integral() -> np.ndarray:
    at = np.linspace(-REACH, REACH, TABLE)
    wavelet = np.exp(-0.5 * at**2 - 2j * np.pi * at) / np.sqrt(2 * np.pi)
    return np.asarray(np.cumsum(wavelet) * (at[1] - at[0]))


def smoothed_in_time(x: np.ndarray, scales: np.ndarray, longest: float, hop: int) -> np.ndarray:
    """Each row through a Gaussian whose deviation is its scale, at every `hop`-th sample.

    Parameters
    ----------
    x : ndarray, shape (p, n)
        Rows, real or complex; beyond their ends is 0.
    scales : ndarray, shape (p,)
        In samples, rising.
    longest : float
        Largest of all scales: it says how much room there must be.
    hop : int
        Step, in samples.

    Returns
    -------
    ndarray of complex, shape (p, ceil(n / hop))
    """
    n = x.shape[-1]
    size = hop * (1 << int(np.ceil(np.log2((n + ROOM * longest) / hop))))
    kept = size // hop
    # What the widest Gaussian of all lets through, in whole spectra of the result.
    chunks = min(hop, int(np.ceil(SIGMAS * size / (np.pi * scales[0]) / kept)))
    half = chunks * kept // 2
    spectrum = fft.fft(x, size)
    low = np.concatenate([spectrum[:, :half], spectrum[:, size - half :]], axis=-1)
    turn = 2 * np.pi * np.arange(half + 1) / size
    gain = np.exp(-0.5 * (scales[:, np.newaxis] * turn) ** 2)
    low[:, : half + 1] *= gain
    low[:, half + 1 :] *= gain[:, half - 1 : 0 : -1]
    folded = low.reshape(len(x), chunks, kept).sum(axis=1) if chunks > 1 else low
    return np.asarray(fft.ifft(folded, overwrite_x=True)[:, : -(-n // hop)] / hop)


def smoothed_over_scales(x: np.ndarray) -> np.ndarray:
    """Moving mean over 1.2 octaves of scales, 12 to the octave, along the axis before the last.

    Parameters
    ----------
    x : ndarray of complex, shape (..., p, w)

    Returns
    -------
    ndarray of complex, shape (..., p, w)
        Beyond the first and the last scale these two count again.
    """
    weights = _weights(x.shape[-2])
    return np.asarray((weights @ np.ascontiguousarray(x).view(np.float64)).view(complex))


@lru_cache(maxsize=8)
def _weights(scales: int) -> np.ndarray:
    width = SMOOTHED_OCTAVES * PER_OCTAVE
    taps = np.ones(int(width) + 1)
    taps[[0, -1]] = width % 1 / 2
    weights = np.zeros((scales, scales))
    for row in range(scales):
        near = np.clip(row + np.arange(len(taps)) - len(taps) // 2, 0, scales - 1)
        np.add.at(weights[row], near, taps / taps.sum())
    weights.setflags(write=False)
    return weights
