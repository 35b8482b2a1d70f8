"""Heart-rate variability in the frequency domain, in ms^2 that can be checked.

Power is the power of the intervals (a tachogram in ms), so it is in ms^2; a sine of amplitude A
has A^2 / 2. Two estimators: Welch's on an even tachogram, which needs unbroken beats, and
Lomb's on the beats themselves, which does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from scipy.linalg import solve_banded

from interbeat_analysis.detrend import smoothness_priors
from interbeat_analysis.holes import runs
from interbeat_analysis.series import check_positive, checked_beats, grid, neighbours

MS_PER_S = 1000.0

VLF_HZ = (0.0033, 0.04)
LF_HZ = (0.04, 0.15)
HF_HZ = (0.15, 0.40)
"""The Task Force's bands; neighbouring bands share their edge, so they add up to the total."""

MIN_KNOTS = 4
"""Fewer beats than this do not determine a not-a-knot cubic."""

LOMB_OVERSAMPLING = 4
"""Frequencies of Lomb's periodogram per 1 / (length of the window)."""

SAMPLES_AT_ONCE = 2**17
FREQUENCIES_AT_ONCE = 16
"""Batches that stay in the cache of a processor."""


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


class Bands(NamedTuple):
    """Power in the Task Force's bands, one value per window."""

    vlf_ms2: np.ndarray
    """Power from 0.0033 to 0.04 Hz."""
    lf_ms2: np.ndarray
    """Power from 0.04 to 0.15 Hz."""
    hf_ms2: np.ndarray
    """Power from 0.15 to 0.40 Hz."""
    total_ms2: np.ndarray
    """Power from 0.0033 to 0.40 Hz."""
    lf_nu: np.ndarray
    """LF in percent of LF + HF (normalised units); NaN when both are 0."""
    hf_nu: np.ndarray
    """HF in percent of LF + HF."""
    lf_hf: np.ndarray
    """LF over HF; NaN when HF is 0."""


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


def band_power(
    frequency_hz: np.ndarray, density: np.ndarray, low_hz: float, high_hz: float
) -> np.ndarray:
    """Integral of a density over a band, with the density interpolated at the band's edges.

    Summing the frequencies that happen to lie inside the band loses up to a whole step: 8 % of LF
    in two minutes.

    Parameters
    ----------
    frequency_hz : ndarray, shape (f,)
        Increasing frequencies in Hz.
    density : ndarray, shape (..., f)
        Power per Hz.
    low_hz, high_hz : float
        The edges of the band in Hz. What lies outside `frequency_hz` counts as nothing.

    Returns
    -------
    ndarray, shape (...)
        Power in the band, in the unit of `density` times Hz.

    Raises
    ------
    ValueError
        If `high_hz` is not above `low_hz`, or the shapes do not fit.
    """
    if not low_hz < high_hz:
        raise ValueError(f"high_hz = {high_hz} Hz must be above low_hz = {low_hz} Hz")
    density = np.asarray(density, dtype=np.float64)
    if density.shape[-1:] != np.shape(frequency_hz) or len(frequency_hz) < 2:
        raise ValueError(
            f"density has shape {density.shape} and frequency_hz {np.shape(frequency_hz)}; "
            "the last axis of density must be the frequencies, two or more"
        )
    return np.asarray(density @ _band_weights(np.asarray(frequency_hz), low_hz, high_hz))


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
    return _bands(power.reshape(*end_s.shape, 3))


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
        return _bands(np.full(3, np.nan))
    hop = width - width // 2
    begin = np.concatenate(
        [np.arange(start, stop - width + 1, hop) for start, stop in stretches], dtype=np.int64
    )
    return _bands(_band_powers(values, begin, width, preset).mean(axis=0))


def lomb_density(t_s: np.ndarray, values: np.ndarray, frequency_hz: np.ndarray) -> np.ndarray:
    """Lomb's periodogram of uneven samples, scaled to a density.

    Lomb's power P (as `scipy.signal.lombscargle` gives it without normalising) times 2 T / N,
    T being the time from the first to the last sample and N their number: the integral over
    frequency is then the variance. Other programs leave T / N out, or turn it over, which is
    wrong by the mean interval in seconds, or by its inverse.

    Parameters
    ----------
    t_s : ndarray, shape (n,)
        Times in seconds, strictly increasing.
    values : ndarray, shape (n,)
        Samples; their mean is removed. NaN is left out.
    frequency_hz : ndarray, shape (f,)
        Frequencies above 0, in Hz.

    Returns
    -------
    ndarray, shape (f,)
        Density in the unit of `values` squared per Hz; NaN with fewer than four samples.

    Raises
    ------
    ValueError
        If the times do not increase, the shapes differ, or a frequency is not above 0.

    References
    ----------
    .. [1] Lomb, N. R. (1976). Least-squares frequency analysis of unequally spaced data.
       Astrophysics and Space Science, 39, 447-462. https://doi.org/10.1007/BF00648343
    .. [2] Laguna, P., Moody, G. B., & Mark, R. G. (1998). Power spectral density of unevenly
       sampled data by least-square analysis. IEEE Transactions on Biomedical Engineering, 45(6),
       698-715. https://doi.org/10.1109/10.678605
    """
    frequency_hz = np.asarray(frequency_hz, dtype=np.float64)
    values = np.asarray(values, dtype=np.float64)
    t_s, _ = checked_beats(t_s, np.ones(values.shape))
    if not (frequency_hz > 0).all():
        raise ValueError(f"frequency_hz = {frequency_hz.min()} Hz must be above 0")
    known = np.isfinite(values)
    t_s, values = t_s[known], values[known]
    parts = _lomb(t_s, values, np.array([0]), np.array([len(t_s)]), frequency_hz)
    return np.concatenate([density[0] for _, density in parts] or [np.empty(0)])


def windowed_lomb_bands(
    beat_t_s: np.ndarray, nn_s: np.ndarray, end_s: np.ndarray, window_s: float
) -> Bands:
    """Power in the windows `(end_s - window_s, end_s]`, from the beats as they are.

    Lomb's density on a grid of 1 / (4 window_s), each interval at the beat that ended it, its
    mean removed. It needs no even grid, so rejected intervals and gaps cost samples, not the
    window; what remains has to stand for what is missing.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.
    end_s : ndarray, shape (...)
        Ends of the windows in seconds, in any order.
    window_s : float
        Length of the windows in seconds.

    Returns
    -------
    Bands
        Arrays of shape (...), in ms^2; NaN with fewer than four beats.

    Raises
    ------
    ValueError
        If `window_s` is not positive, the beat times do not increase, the shapes differ, or
        `nn_s` is not in seconds (median above 10).

    See Also
    --------
    lomb_density : the scaling, and references.
    """
    check_positive("window_s", window_s, "s")
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    end_s = np.asarray(end_s, dtype=np.float64)
    valid = ~np.isnan(nn_s)
    t_s, values = beat_t_s[valid], nn_s[valid] * MS_PER_S
    first = np.searchsorted(t_s, end_s.ravel() - window_s, side="right")
    after = np.searchsorted(t_s, end_s.ravel(), side="right")
    power = _lomb_powers(t_s, values, first, after, window_s)
    return _bands(power.reshape(*end_s.shape, 3))


def lomb_bands(beat_t_s: np.ndarray, nn_s: np.ndarray) -> Bands:
    """Power of a whole recording from the beats as they are: one window over everything.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds; NaN (or not positive) where one was rejected.

    Returns
    -------
    Bands
        Arrays of shape (), in ms^2; NaN with fewer than four beats.

    Raises
    ------
    ValueError
        As `windowed_lomb_bands`.

    See Also
    --------
    lomb_density : the scaling, and references.
    """
    beat_t_s, nn_s = checked_beats(beat_t_s, nn_s)
    valid = ~np.isnan(nn_s)
    t_s, values = beat_t_s[valid], nn_s[valid] * MS_PER_S
    if len(t_s) < MIN_KNOTS:
        return _bands(np.full(3, np.nan))
    begin, stop = np.array([0]), np.array([len(t_s)])
    return _bands(_lomb_powers(t_s, values, begin, stop, t_s[-1] - t_s[0])[0])


def _bands(power: np.ndarray) -> Bands:
    """Bands from the powers of VLF, LF and HF along the last axis."""
    vlf, lf, hf = np.moveaxis(power, -1, 0)
    both = lf + hf
    with np.errstate(divide="ignore", invalid="ignore"):
        return Bands(
            vlf_ms2=vlf,
            lf_ms2=lf,
            hf_ms2=hf,
            total_ms2=vlf + both,
            lf_nu=100.0 * lf / np.where(both > 0, both, np.nan),
            hf_nu=100.0 * hf / np.where(both > 0, both, np.nan),
            lf_hf=lf / np.where(hf > 0, hf, np.nan),
        )


def _band_powers(values: np.ndarray, begin: np.ndarray, width: int, preset: Preset) -> np.ndarray:
    """Powers of VLF, LF and HF of the segments that begin at `begin`, shape (segments, 3)."""
    frequency_hz = np.fft.rfftfreq(width, 1.0 / preset.fs)
    used = int(np.searchsorted(frequency_hz, HF_HZ[1])) + 1
    frequency_hz = frequency_hz[:used]
    weights = np.stack([_band_weights(frequency_hz, *b) for b in (VLF_HZ, LF_HZ, HF_HZ)], axis=1)
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


def _band_weights(frequency_hz: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """Weights whose sum with a density is the integral of its straight lines over the band."""
    left, right = frequency_hz[:-1], frequency_hz[1:]
    begin, end = np.clip(low_hz, left, right), np.clip(high_hz, left, right)
    part = (0.5 * (begin + end) - left) / (right - left)
    weights = np.zeros(len(frequency_hz))
    weights[:-1] += (end - begin) * (1.0 - part)
    weights[1:] += (end - begin) * part
    return weights


def _lomb_powers(
    t_s: np.ndarray, values: np.ndarray, first: np.ndarray, after: np.ndarray, window_s: float
) -> np.ndarray:
    """Powers of VLF, LF and HF of the samples `first` to `after`, shape (windows, 3)."""
    step_hz = 1.0 / (LOMB_OVERSAMPLING * window_s)
    frequency_hz = step_hz * np.arange(1, int(np.ceil(HF_HZ[1] / step_hz)) + 2)
    weights = np.stack([_band_weights(frequency_hz, *b) for b in (VLF_HZ, LF_HZ, HF_HZ)], axis=1)
    power = np.zeros((len(first), 3))
    for part, density in _lomb(t_s, values, first, after, frequency_hz):
        power += density @ weights[part]
    return power


def _lomb(
    t_s: np.ndarray,
    values: np.ndarray,
    first: np.ndarray,
    after: np.ndarray,
    frequency_hz: np.ndarray,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Density of the samples `first` to `after` of each window, some frequencies at a time.

    Lomb's power is half of what least squares by a cosine and a sine explain. Its sums over a
    window are differences of running sums over the record, so windows share the sines.
    """
    n = (after - first)[:, np.newaxis].astype(np.float64)
    short = n < MIN_KNOTS
    n[short] = np.nan
    if len(t_s) == 0:
        yield slice(0, len(frequency_hz)), np.full((len(first), len(frequency_hz)), np.nan)
        return
    off = values - values.mean()
    total = np.concatenate([[0.0], np.cumsum(off)])
    mean = (total[after] - total[first])[:, np.newaxis] / n
    last = len(t_s) - 1
    span_s = (t_s[np.clip(after - 1, 0, last)] - t_s[np.minimum(first, last)])[:, np.newaxis]

    for at in range(0, len(frequency_hz), FREQUENCIES_AT_ONCE):
        part = slice(at, at + FREQUENCIES_AT_ONCE)
        phase = 2.0 * np.pi * (t_s - t_s[0])[:, np.newaxis] * frequency_hz[part]
        cos, sin = np.cos(phase), np.sin(phase)

        def over(terms: np.ndarray) -> np.ndarray:
            if len(first) == 1:
                return np.asarray(terms[first[0] : after[0]].sum(axis=0, keepdims=True))
            upto = np.zeros((len(terms) + 1, terms.shape[1]))
            np.cumsum(terms, axis=0, out=upto[1:])
            return np.asarray(upto[after] - upto[first])

        cos_cos, cos_sin = over(cos * cos), over(cos * sin)
        sin_sin = n - cos_cos
        with_cos = over(off[:, np.newaxis] * cos) - mean * over(cos)
        with_sin = over(off[:, np.newaxis] * sin) - mean * over(sin)
        explained = (
            with_cos**2 * sin_sin - 2.0 * with_cos * with_sin * cos_sin + with_sin**2 * cos_cos
        ) / (cos_cos * sin_sin - cos_sin**2)
        yield part, explained * (span_s / n)


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
    """The not-a-knot cubic spline through `values` at `knot_s` (four or more), at `t_s`."""
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
