"""Heart-rate variability in the frequency domain, by Welch's method on an even tachogram.

It needs unbroken beats; `lomb` does not.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from scipy.linalg import solve_banded

from interbeat_analysis.detrend import smoothness_priors
from interbeat_analysis.frequency_bands import (
    HF_HZ,
    LF_HZ,
    VLF_HZ,
    Bands,
    band_weights,
    bands_of,
)
from interbeat_analysis.holes import runs
from interbeat_analysis.series import check_positive, checked_beats, grid, neighbours

MS_PER_S = 1000.0

MIN_KNOTS = 4
"""Fewer beats than this do not determine a not-a-knot cubic."""

SAMPLES_AT_ONCE = 2**17
"""A batch that stays in the cache of a processor."""


class Preset(NamedTuple):
    """How a spectrum is made; every result can be made again from its preset."""

    name: str
    detrend: Literal["constant", "smoothness priors"] = "constant"
    smoothness: float = 500.0
    """Of the smoothness priors; unused with a constant detrend."""
    fs: float = 4.0
    """Samples of the tachogram per second, in Hz."""
    segment_s: float = 300.0
    """Length of Welch's segments of a whole recording; a shorter one is one segment."""


TASK_FORCE = Preset("Task Force")
"""Each segment minus its mean. Task Force (1996) leave the detrending open."""

KUBIOS_LIKE = Preset("Kubios-like", detrend="smoothness priors")
"""Smoothness priors first, as in Kubios: less LF (about 8 % in rest), the same HF."""

PRESETS = {"task-force": TASK_FORCE, "kubios-like": KUBIOS_LIKE}


def tachogram(
    beat_t_s: np.ndarray, nn_s: np.ndarray, fs: float = 4.0
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals on an even grid, by a cubic spline.

    The spline (not-a-knot) goes through each interval at the beat that ended it, as in the
    common programs and in the reference values. A constant shift leaves power as it is; for
    timing between two people use `series.heart_rate`, which is not shifted. Every unbroken run
    of beats is a spline of its own and nothing crosses a gap.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.
    fs : float
        Samples per second, in Hz.

    Returns
    -------
    t_s : ndarray, shape (m,)
        Instants `k / fs` from the first to the last valid beat, in seconds.
    resampled_s : ndarray, shape (m,)
        Intervals there, in seconds; NaN in gaps and in runs of fewer than four beats.

    Raises
    ------
    ValueError
        If `fs` is not positive, the beat times do not increase, the shapes differ, or `nn_s` is
        not in seconds (median above 10).
    """
    check_positive("fs", fs, "Hz")
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    valid = ~np.isnan(nn_s)
    if not valid.any():
        return np.empty(0), np.empty(0)
    known_s = beat_t_s[valid]
    t_s = grid(float(known_s[0]), float(known_s[-1]), fs)
    resampled_s = np.full(len(t_s), np.nan)
    for start, stop in _beat_runs(beat_t_s, nn_s):
        if stop - start >= MIN_KNOTS:
            knot_s = beat_t_s[start:stop]
            inside = slice(*_samples_between(t_s, knot_s[0], knot_s[-1], fs))
            resampled_s[inside] = cubic(knot_s, nn_s[start:stop], t_s[inside])
    return t_s, resampled_s


def power_density(segments: np.ndarray, fs: float) -> tuple[np.ndarray, np.ndarray]:
    """One-sided power spectral density of segments under a Hann window.

    What `scipy.signal.welch` gives for one segment: mean removed, periodic Hann, density.

    Parameters
    ----------
    segments : ndarray, shape (..., n)
        Evenly sampled values; NaN makes the density of its segment NaN.
    fs : float
        Samples per second, in Hz.

    Returns
    -------
    frequency_hz : ndarray, shape (n // 2 + 1,)
        Frequencies from 0 to fs / 2.
    density : ndarray, shape (..., n // 2 + 1)
        Density in the unit of `segments` squared per Hz.

    Raises
    ------
    ValueError
        If `fs` is not positive or a segment has fewer than two samples.

    References
    ----------
    .. [1] Welch, P. D. (1967). The use of fast Fourier transform for the estimation of power
       spectra. IEEE Transactions on Audio and Electroacoustics, 15(2), 70-73.
       https://doi.org/10.1109/TAU.1967.1161901
    """
    check_positive("fs", fs, "Hz")
    segments = np.asarray(segments, dtype=np.float64)
    n = segments.shape[-1] if segments.ndim else 0
    if n < 2:
        raise ValueError(f"segments hold {n} samples; at least 2 are needed for a spectrum")
    return np.fft.rfftfreq(n, 1.0 / fs), _density(segments, fs, n // 2 + 1)


def windowed_bands(
    beat_t_s: np.ndarray,
    nn_s: np.ndarray,
    end_s: np.ndarray,
    window_s: float,
    preset: Preset = TASK_FORCE,
) -> Bands:
    """Power in the windows `(end_s - window_s, end_s]`, from the tachogram.

    One Hann window over the samples `k / fs` in each window. With smoothness priors, each window
    is detrended on its own, so that what is shown live is what is found later.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.
    end_s : ndarray, shape (...)
        Ends of the windows in seconds, in any order. The last beat bounds what is known: a
        window that ends after it by a sample or more is NaN.
    window_s : float
        Length of the windows in seconds.
    preset : Preset
        How the spectrum is made; `segment_s` is not used.

    Returns
    -------
    Bands
        Arrays of shape (...), in ms^2; NaN where a sample of the window is missing.

    Raises
    ------
    ValueError
        If `window_s` is not positive or shorter than two samples, or as `tachogram`.

    References
    ----------
    .. [1] Task Force of the ESC and NASPE (1996). Circulation, 93(5), 1043-1065.
       https://doi.org/10.1161/01.CIR.93.5.1043
    """
    check_positive("window_s", window_s, "s")
    _check_preset(preset)
    width = round(window_s * preset.fs)
    if width < 2:
        raise ValueError(
            f"window_s = {window_s} s holds {width} samples at fs = {preset.fs} Hz; at least 2"
        )
    t_s, resampled_s = tachogram(beat_t_s, nn_s, preset.fs)
    end_s = np.asarray(end_s, dtype=np.float64)
    first = round(t_s[0] * preset.fs) if len(t_s) else 0
    after = np.floor(end_s.ravel() * preset.fs + 1e-9) - first + 1
    start = after - width
    upto = np.concatenate([[0], np.cumsum(np.isnan(resampled_s))])
    inside = np.flatnonzero((start >= 0) & (after <= len(t_s)))
    begin = start[inside].astype(np.int64)
    whole = upto[begin + width] == upto[begin]
    power = np.full((end_s.size, 3), np.nan)
    power[inside[whole]] = _band_powers(resampled_s * MS_PER_S, begin[whole], width, preset)
    return bands_of(power.reshape(*end_s.shape, 3))


def bands(beat_t_s: np.ndarray, nn_s: np.ndarray, preset: Preset = TASK_FORCE) -> Bands:
    """Power of a whole recording: Welch's mean over half-overlapping segments.

    Segments have the length of the preset (300 s), or of the longest unbroken stretch when none
    is as long. They lie in unbroken stretches, from the begin of each. With smoothness priors,
    each stretch is detrended as a whole.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.
    preset : Preset
        How the spectrum is made.

    Returns
    -------
    Bands
        Arrays of shape (), in ms^2; NaN without two samples in a row.

    Raises
    ------
    ValueError
        As `tachogram`, or if `preset` cannot be.

    See Also
    --------
    windowed_bands : a reference.
    """
    _check_preset(preset)
    _, resampled_s = tachogram(beat_t_s, nn_s, preset.fs)
    values = resampled_s * MS_PER_S
    if preset.detrend == "smoothness priors":
        values = smoothness_priors(values, preset.smoothness)
        preset = preset._replace(detrend="constant")
    stretches = runs(~np.isnan(values))
    longest = int((stretches[:, 1] - stretches[:, 0]).max(initial=0))
    width = min(round(preset.segment_s * preset.fs), longest)
    if width < 2:
        return bands_of(np.full(3, np.nan))
    hop = width - width // 2
    begin = np.concatenate(
        [np.arange(start, stop - width + 1, hop) for start, stop in stretches], dtype=np.int64
    )
    return bands_of(_band_powers(values, begin, width, preset).mean(axis=0))


def _band_powers(values: np.ndarray, begin: np.ndarray, width: int, preset: Preset) -> np.ndarray:
    """Powers of VLF, LF and HF of the segments that begin at `begin`, shape (segments, 3)."""
    frequency_hz = np.fft.rfftfreq(width, 1.0 / preset.fs)
    used = int(np.searchsorted(frequency_hz, HF_HZ[1])) + 1
    frequency_hz = frequency_hz[:used]
    weights = np.stack([band_weights(frequency_hz, *b) for b in (VLF_HZ, LF_HZ, HF_HZ)], axis=1)
    power = np.empty((len(begin), 3))
    if len(begin) == 0:
        return power
    windows = np.lib.stride_tricks.sliding_window_view(values, width)
    at_once = max(1, SAMPLES_AT_ONCE // width)
    for at in range(0, len(begin), at_once):
        batch = slice(at, at + at_once)
        segments = windows[begin[batch]]
        if preset.detrend == "smoothness priors":
            segments = smoothness_priors(segments, preset.smoothness)
        power[batch] = _density(segments, preset.fs, len(frequency_hz)) @ weights
    return power


def _density(segments: np.ndarray, fs: float, used: int) -> np.ndarray:
    """The first `used` values of the one-sided density of each segment."""
    n = segments.shape[-1]
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)
    centred = segments - segments.mean(axis=-1, keepdims=True)
    centred *= hann
    spectrum = np.fft.rfft(centred, axis=-1)[..., :used]
    density = spectrum.real**2
    density += spectrum.imag**2
    density *= 2.0 / (fs * np.sum(hann**2))
    density[..., 0] *= 0.5
    if n % 2 == 0 and used == n // 2 + 1:
        density[..., -1] *= 0.5
    return np.asarray(density)


def _check_preset(preset: Preset) -> None:
    check_positive("preset.fs", preset.fs, "Hz")
    check_positive("preset.segment_s", preset.segment_s, "s")
    if preset.detrend not in ("constant", "smoothness priors"):
        raise ValueError(
            f"preset.detrend = {preset.detrend!r} must be 'constant' or 'smoothness priors'"
        )
    if preset.fs < 2.0 * HF_HZ[1]:
        raise ValueError(f"preset.fs = {preset.fs} Hz must be at least {2 * HF_HZ[1]} Hz for HF")


def _beat_runs(beat_t_s: np.ndarray, nn_s: np.ndarray) -> np.ndarray:
    """Starts and stops of the unbroken runs of valid beats, shape (runs, 2)."""
    valid = ~np.isnan(nn_s)
    follows = neighbours(beat_t_s, nn_s)
    starts = np.flatnonzero(valid & ~follows)
    ends = np.flatnonzero(valid & ~np.append(follows[1:], False)) + 1
    return np.stack([starts, ends], axis=1)


def _samples_between(t_s: np.ndarray, begin_s: float, end_s: float, fs: float) -> tuple[int, int]:
    """First sample from `begin_s` on, and the first one after `end_s`, to a billionth of one."""
    slack_s = 1e-9 / fs
    return (
        int(np.searchsorted(t_s, begin_s - slack_s, side="left")),
        int(np.searchsorted(t_s, end_s + slack_s, side="right")),
    )


def cubic(knot_s: np.ndarray, values: np.ndarray, t_s: np.ndarray) -> np.ndarray:
    """The not-a-knot cubic spline through values at their knots.

    Parameters
    ----------
    knot_s : ndarray, shape (n,)
        Four knots or more, in seconds, strictly increasing.
    values : ndarray, shape (n,)
        Values at the knots, of any unit, none of them NaN.
    t_s : ndarray, shape (m,)
        Where to evaluate it, in seconds; outside the knots the outermost cubics go on.

    Returns
    -------
    ndarray, shape (m,)
        The spline, in the unit of `values`.

    References
    ----------
    .. [1] de Boor, C. (1978). A practical guide to splines. Springer. Chapter IV.
    """
    length = np.diff(knot_s)
    rate = np.diff(values) / length
    bands = np.zeros((3, len(knot_s)))
    right = np.empty(len(knot_s))
    bands[0, 2:] = length[:-1]
    bands[1, 1:-1] = 2.0 * (length[:-1] + length[1:])
    bands[2, :-2] = length[1:]
    right[1:-1] = 3.0 * (length[1:] * rate[:-1] + length[:-1] * rate[1:])

    # Not-a-knot: the first two intervals share one cubic, and so do the last two.
    for end, inner, side in ((0, 1, 0), (-1, -2, 2)):
        both = length[end] + length[inner]
        bands[1, end], bands[side, inner] = length[inner], both
        right[end] = (
            (length[end] + 2.0 * both) * length[inner] * rate[end] + length[end] ** 2 * rate[inner]
        ) / both
    slope = solve_banded((1, 1), bands, right, check_finite=False)

    at = np.clip(np.searchsorted(knot_s, t_s, side="right") - 1, 0, len(length) - 1)
    step, past_s = length[at], t_s - knot_s[at]
    bend = (slope[at] + slope[at + 1] - 2.0 * rate[at]) / step
    curve = (rate[at] - slope[at]) / step - bend
    return np.asarray(values[at] + past_s * (slope[at] + past_s * (curve + past_s * bend / step)))
