"""Wavelet coherence: how constant size and phase of two series are, at each time and period.

For analysis after a session. It only describes; `wavelet_null` holds it against chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interbeat_analysis.checks import checked_pair, window_samples
from interbeat_analysis.holes import distance, filled
from interbeat_analysis.morlet import (
    PER_OCTAVE,
    smoothed_in_time,
    smoothed_over_scales,
    transforms,
)
from interbeat_analysis.random_shifts import RandomShifts, random_shifts

SHORTEST_SAMPLES = 4
"""A period has at least so many."""
BRIDGED = 0.25
"""A hole of up to this share of a period is bridged by a line; a longer one is an edge."""
FLAT = 1e-12
"""A series with less deviation than this share of its size is constant."""


class WaveletCoherence(NamedTuple):
    """How constant size and phase of two series are to each other, by time and period."""

    t_s: np.ndarray
    """Shape (w,): in seconds."""
    period_s: np.ndarray
    """Shape (p,): in seconds, rising."""
    coherence: np.ndarray
    """Shape (w, p): from 0 to 1, NaN in long holes. A value rests on few cycles, so strangers
    have about a quarter."""
    lead_rad: np.ndarray
    """Shape (w, p): phase of a minus that of b; above 0, a is ahead."""
    inside: np.ndarray
    """Shape (w, p): False in the cone of influence, where an edge of the recording or of a long
    hole is nearer than sqrt(2) periods. Read only what is inside."""


def wavelet_coherence(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    period_s: tuple[float, float] = (2.0, 100.0),
    hop_s: float = 1.0,
    start_s: float = 0.0,
) -> WaveletCoherence:
    """Squared coherence of two complex Morlet transforms, smoothed over time and period.

    Smoothing is by a Gaussian of one period in time and over 1.2 octaves. The wavelet is the
    tabulated one of PyWavelets, so that the result equals that of HyPyP; with the closed form
    means over time differ by up to 0.002.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        The series, NaN where unknown.
    fs : float
        Samples per second, in Hz.
    period_s : (float, float)
        Shortest and longest period in seconds, the shortest at least 4 samples; 12 to the octave.
    hop_s : float
        Step between the times of the result, in seconds; 1 / fs gives every sample.
    start_s : float
        Time of the first sample, in seconds.

    Returns
    -------
    WaveletCoherence
        A hole of either series of up to a quarter of a period is bridged by a line; at shorter
        periods it is NaN, and an edge. All NaN where a series is constant or unknown.

    Raises
    ------
    ValueError
        If a setting is out of its range or the series differ in length.

    References
    ----------
    .. [1] Torrence, C., & Webster, P. J. (1999). Interdecadal changes in the ENSO-monsoon
       system. Journal of Climate, 12(8), 2679-2690.
       https://doi.org/10.1175/1520-0442(1999)012<2679:ICITEM>2.0.CO;2
    .. [2] Grinsted, A., Moore, J. C., & Jevrejeva, S. (2004). Application of the cross wavelet
       transform and wavelet coherence to geophysical time series. Nonlinear Processes in
       Geophysics, 11, 561-566. https://doi.org/10.5194/npg-11-561-2004
    """
    a, b = checked_pair(a, b)
    at, scales = _layout(len(a), fs, period_s, hop_s)
    smooth = np.empty((2, len(scales), len(at)), complex)
    a, b = _standard(a), _standard(b)
    for rows, waves in transforms(filled(np.stack([a, b])), scales) if len(at) else ():
        for kept, x in zip(smooth, (_powers(waves), waves[0] * waves[1].conj()), strict=True):
            kept[rows] = smoothed_in_time(x, scales[rows], scales[-1], at.step)
    powers, cross = smoothed_over_scales(smooth)
    edge = np.minimum(_edges(a, scales, at), _edges(b, scales, at))
    together, known = _coherence(cross, powers.real, powers.imag, edge)
    return WaveletCoherence(
        t_s=start_s + np.array(at) / fs,
        period_s=scales / fs,
        coherence=together.T,
        lead_rad=np.where(known, np.angle(cross), np.nan).T,
        inside=(known & _is_inside(edge, scales)).T,
    )


def band_coherence(found: WaveletCoherence, band_hz: tuple[float, float]) -> np.ndarray:
    """Mean coherence of a band over time: of what is inside the cone.

    Parameters
    ----------
    found : WaveletCoherence
    band_hz : (float, float)
        Lower edge, which belongs to the band, and upper edge, which does not, in Hz.

    Returns
    -------
    ndarray, shape (w,)
        NaN where none of the band's periods is inside.
    """
    used = found.inside & _in_band(found.period_s, band_hz)
    total = np.where(used, found.coherence, 0.0).sum(axis=-1)
    count = used.sum(axis=-1)
    return np.asarray(total / np.where(count > 0, count, np.nan))


def wavelet_null(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    bands_hz: Sequence[tuple[float, float]],
    *,
    seed: int,
    shifts: int = 99,
    period_s: tuple[float, float] = (2.0, 100.0),
    hop_s: float = 1.0,
) -> RandomShifts:
    """Compare the mean wavelet coherence of bands with that at random circular shifts of b.

    The transform of b is turned, not b, so that nothing is joined where its end meets its start;
    its cone of influence is turned with it.

    Parameters
    ----------
    a, b, fs, period_s, hop_s
        As for `wavelet_coherence`; shifts are whole multiples of `hop_s`.
    bands_hz : sequence of (float, float)
        Lower and upper edge of each band, in Hz.
    seed, shifts
        As for `random_shifts`.

    Returns
    -------
    RandomShifts
        One figure for each band: its mean coherence inside the cone; NaN where nothing is.

    Raises
    ------
    ValueError
        As `wavelet_coherence`, or if `shifts` is below 1.
    """
    a, b = checked_pair(a, b)
    at, scales = _layout(len(a), fs, period_s, hop_s)
    at = range(0, len(a) // at.step * at.step, at.step)
    a, b = (_standard(x)[: at.stop] for x in (a, b))
    waves = np.empty((2, len(scales), at.stop), complex)
    for rows, some in transforms(filled(np.stack([a, b])), scales) if len(at) else ():
        waves[:, rows] = some
    powers = _smoothed(_powers(waves), scales, at)
    edges = [_edges(x, scales, at) for x in (a, b)]
    in_bands = np.array([_in_band(scales / fs, band) for band in bands_hz])

    def of_shift(steps: int) -> np.ndarray:
        turned = np.roll(waves[1], steps * at.step, axis=-1)
        cross = _smoothed(waves[0] * turned.conj(), scales, at)
        edge = np.minimum(edges[0], np.roll(edges[1], steps, axis=-1))
        together, known = _coherence(cross, powers.real, np.roll(powers.imag, steps, axis=-1), edge)
        used = known & _is_inside(edge, scales)
        count = in_bands @ used.sum(axis=-1)
        total = in_bands @ np.where(used, together, 0.0).sum(axis=-1)
        return np.asarray(total / np.where(count > 0, count, np.nan))

    return random_shifts(of_shift, len(at), seed=seed, shifts=shifts)


def _layout(
    n: int, fs: float, period_s: tuple[float, float], hop_s: float
) -> tuple[range, np.ndarray]:
    """Which samples the result stands at, and the periods in samples; or a ValueError."""
    hop = window_samples("hop_s", hop_s, fs, least=1)
    low_s, high_s = period_s
    if not SHORTEST_SAMPLES / fs <= low_s < high_s < np.inf:
        raise ValueError(
            f"period_s = {period_s} must rise, from at least {SHORTEST_SAMPLES / fs:g} s "
            f"({SHORTEST_SAMPLES} samples)"
        )
    count = max(2, round(np.log2(high_s / low_s) * PER_OCTAVE))
    return range(0, n, hop), np.geomspace(low_s, high_s, count) * fs


def _standard(x: np.ndarray) -> np.ndarray:
    """A series in deviations from its mean; one that is constant is as good as unknown."""
    known = x[np.isfinite(x)]
    if len(known) and (deviation := known.std()) > FLAT * np.abs(known).max():
        return np.asarray((x - known.mean()) / deviation)
    return np.full(x.shape, np.nan)


def _powers(waves: np.ndarray) -> np.ndarray:
    """Power of a as the real part, of b as the imaginary one: they are smoothed at once."""
    both = np.empty(waves.shape[1:], complex)
    for power, wave in zip((both.real, both.imag), waves, strict=True):
        np.multiply(wave.real, wave.real, out=power)
        power += wave.imag * wave.imag
    return both


def _smoothed(x: np.ndarray, scales: np.ndarray, at: range) -> np.ndarray:
    return smoothed_over_scales(smoothed_in_time(x, scales, scales[-1], at.step))


def _edges(x: np.ndarray, scales: np.ndarray, at: range) -> np.ndarray:
    """Samples to the nearest edge of the recording or of a long hole: (p, w)."""
    unknown, samples = ~np.isfinite(x), np.array(at, dtype=int)
    if not unknown.any():
        return np.broadcast_to(distance(unknown, samples, 0), (len(scales), len(at)))
    return np.stack([distance(unknown, samples, BRIDGED * scale) for scale in scales])


def _is_inside(edge: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return np.asarray(edge >= np.sqrt(2) * scales[:, np.newaxis])


def _coherence(
    cross: np.ndarray, power_a: np.ndarray, power_b: np.ndarray, edge: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coherence and where it is known: outside of holes, and where both move."""
    known = edge > 0
    for power in (power_a, power_b):
        known = known & (power > FLAT * power.max(axis=-1, keepdims=True, initial=0.0))
    together = cross.real**2 + cross.imag**2
    together /= np.where(known, power_a * power_b, np.nan)
    return np.minimum(together, 1.0), known


def _in_band(period_s: np.ndarray, band_hz: tuple[float, float]) -> np.ndarray:
    low_hz, high_hz = band_hz
    if not 0 < low_hz < high_hz:
        raise ValueError(f"band_hz = {band_hz} must rise from above 0 Hz")
    return np.asarray((1 / period_s >= low_hz) & (1 / period_s < high_hz))
