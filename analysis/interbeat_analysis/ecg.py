"""R peaks of a single-lead ECG to a fraction of a sample, batch and live by one path.

neurokit2 finds the beats; where exactly they are is decided here. Its detectors answer on the
grid of samples, 7.7 ms at 130 Hz, and some of them 80 ms late.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import median_and_sigma
from interbeat_analysis.series import check_positive, checked_beats

BAND_HZ = (5.0, 25.0)
FILTER_HALF_S = 0.25
SEARCH_BEFORE_S = 0.15
SEARCH_AFTER_S = 0.10
REFRACTORY_S = 0.2
MIN_HEIGHT = 0.3
"""Of the median peak of the chunk: what is lower is no R peak."""

CORE_S = 2.0
BEFORE_S = 8.0
AFTER_S = 2.0
"""Peaks of each 2 s are decided from 8 s before to 2 s after them, whenever that is done."""

METHODS = ("kalidas2017", "pantompkins1985", "neurokit", "hamilton2002", "elgendi2010")

MATCH_S = 0.15
MAX_OFFSET_S = 6.0


class RPeaks(NamedTuple):
    """Where the beats are."""

    position: np.ndarray
    """Samples from the first one, fractional, increasing."""
    height: np.ndarray
    """Height in the band from 5 to 25 Hz, in the unit of the ECG; negative in an inverted one."""


class Agreement(NamedTuple):
    """RR intervals of a strap against those of its own ECG."""

    offset_s: float
    """How much later the strap's beats are than the ECG's; NaN without a match."""
    matched: int
    """Intervals that both have."""
    bias_ms: float
    """Median of strap minus ECG."""
    spread_ms: float
    """1.4826 times the median absolute deviation of strap minus ECG."""
    reason: str
    """Why there is no figure; empty when there is one."""


def sampling_rate(frame_t_s: np.ndarray, frame_samples: np.ndarray) -> float:
    """Samples per second, from the time stamps of frames.

    A strap's clock is its own: a nominal 130 Hz is 130.2 Hz in one and 129.9 Hz in the next.
    Frames that follow a lost one are left out.

    Parameters
    ----------
    frame_t_s : ndarray, shape (n,)
        Time stamp of the last sample of each frame, in seconds, strictly increasing.
    frame_samples : ndarray of int, shape (n,)
        Samples in each frame.

    Returns
    -------
    float
        Sampling rate in Hz; NaN with fewer than two frames.

    Raises
    ------
    ValueError
        If the times do not increase, the shapes differ, or a frame has no samples.
    """
    frame_samples = np.asarray(frame_samples, dtype=np.float64)
    if not (frame_samples > 0).all():
        raise ValueError(f"frame_samples = {frame_samples.min():g} must be above 0 in every frame")
    frame_t_s, _ = checked_beats(frame_t_s, np.ones(frame_samples.shape))
    if len(frame_t_s) < 2:
        return float("nan")
    took_s, samples = np.diff(frame_t_s), frame_samples[1:]
    per_sample_s = took_s / samples
    whole = np.abs(per_sample_s / np.median(per_sample_s) - 1.0) < 0.5
    return float(samples[whole].sum() / took_s[whole].sum())


def r_peaks(ecg: np.ndarray, fs: float, *, method: str = "kalidas2017") -> RPeaks:
    """R peaks of a whole recording.

    Beats are found by neurokit2, moved to the largest deflection of the band from 5 to 25 Hz
    close by, and refined by the parabola through three samples. What is found equals what
    `PeakFinder` finds piece by piece.

    Parameters
    ----------
    ecg : ndarray, shape (n,)
        ECG in any unit, evenly sampled, of either polarity; NaN where samples are lost.
    fs : float
        Samples per second, in Hz: see `sampling_rate`.
    method : str
        One of neurokit2's detectors: see `METHODS`.

    Returns
    -------
    RPeaks
        Positions in samples and heights; empty when there is no beat.

    Raises
    ------
    ValueError
        If `fs` is below 60 Hz, `method` is unknown, or `ecg` is not one-dimensional.

    References
    ----------
    .. [1] Makowski, D., et al. (2021). NeuroKit2: A Python toolbox for neurophysiological
       signal processing. Behavior Research Methods, 53, 1689-1696.
       https://doi.org/10.3758/s13428-020-01516-y
    .. [2] Kalidas, V., & Tamil, L. (2017). Real-time QRS detector using stationary wavelet
       transform for automated ECG analysis. IEEE BIBE, 457-461.
       https://doi.org/10.1109/BIBE.2017.00-12
    """
    finder = PeakFinder(fs, method=method)
    parts = (finder.add(ecg), finder.finish())
    return RPeaks(*(np.concatenate(values) for values in zip(*parts, strict=True)))


class PeakFinder:
    """R peaks of an ECG that arrives in pieces; the pieces' lengths do not matter."""

    def __init__(self, fs: float, *, method: str = "kalidas2017") -> None:
        check_positive("fs", fs, "Hz")
        if fs < 60.0:
            raise ValueError(f"fs = {fs} Hz must be at least 60 Hz to hold the band of R peaks")
        if method not in METHODS:
            raise ValueError(f"method = {method!r} is unknown; known are {', '.join(METHODS)}")
        self.fs = fs
        self.method = method
        self._kept = np.empty(0)
        self._kept_from = 0
        self._core = 0
        self._last = -np.inf

    def add(self, samples: np.ndarray) -> RPeaks:
        """Take the next samples and return the peaks that they settle."""
        samples = np.asarray(samples, dtype=np.float64)
        if samples.ndim != 1:
            raise ValueError(f"ecg has shape {samples.shape}; it must be one lead, (n,)")
        self._kept = np.concatenate([self._kept, samples])
        found = []
        ahead = round((CORE_S + AFTER_S) * self.fs)
        while self._core + ahead <= self._kept_from + len(self._kept):
            found.append(self._decide(self._core + ahead))
        self._forget()
        return _joined(found)

    def finish(self) -> RPeaks:
        """Return the peaks at the end of the recording."""
        stop = self._kept_from + len(self._kept)
        found = []
        while self._core < stop:
            found.append(self._decide(min(stop, self._core + round((CORE_S + AFTER_S) * self.fs))))
        return _joined(found)

    def _decide(self, stop: int) -> RPeaks:
        """Peaks of the next core, from the samples up to `stop`."""
        start = max(0, self._core - round(BEFORE_S * self.fs))
        chunk = self._kept[start - self._kept_from : stop - self._kept_from]
        peaks = _peaks_of_chunk(chunk, self.fs, self.method)
        position = peaks.position + start
        sample = np.rint(position)
        end = self._core + round(CORE_S * self.fs)
        inside = (sample >= self._core) & (sample < end)
        self._core = end
        keep = []
        for at in np.flatnonzero(inside):
            if position[at] - self._last >= REFRACTORY_S * self.fs:
                keep.append(at)
                self._last = position[at]
        return RPeaks(position[keep], peaks.height[keep])

    def _forget(self) -> None:
        needed = max(0, self._core - round(BEFORE_S * self.fs))
        self._kept = self._kept[max(0, needed - self._kept_from) :]
        self._kept_from = max(self._kept_from, needed)


def rr_agreement(peak_t_s: np.ndarray, beat_t_s: np.ndarray, rr_s: np.ndarray) -> Agreement:
    """Compare the RR intervals a strap reports with those of its ECG.

    Of the offsets up to 6 s that bring beats of both together, the one whose intervals agree
    best; then interval by interval. With an even rhythm every offset agrees, and the figures
    hold while the offset does not.

    Parameters
    ----------
    peak_t_s : ndarray, shape (m,)
        Times of the ECG's R peaks in seconds, strictly increasing.
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each of the strap's intervals, strictly increasing.
    rr_s : ndarray, shape (n,)
        The strap's intervals in seconds; NaN (or not positive) where there is none.

    Returns
    -------
    Agreement
        NaN with a reason when fewer than ten intervals match.

    Raises
    ------
    ValueError
        If times do not increase, the shapes differ, or `rr_s` is not in seconds (median above
        10).
    """
    peak_t_s, _ = checked_beats(peak_t_s, np.ones(np.shape(peak_t_s)))
    beat_t_s, rr_s = checked_beats(beat_t_s, rr_s)
    nothing = Agreement(float("nan"), 0, float("nan"), float("nan"), "fewer than ten beats match")
    if len(peak_t_s) < 11 or len(beat_t_s) < 10:
        return nothing
    own_s, own_rr_s = peak_t_s[1:], np.diff(peak_t_s)
    middle = own_s[len(own_s) // 2]
    near = beat_t_s[np.abs(beat_t_s - middle) <= MAX_OFFSET_S]
    best, best_error = None, np.inf
    for offset_s in near - middle:
        at = np.clip(np.searchsorted(beat_t_s, own_s + offset_s - MATCH_S), 0, len(beat_t_s) - 1)
        apart_s = beat_t_s[at] - own_s - offset_s
        match = (np.abs(apart_s) <= MATCH_S) & np.isfinite(rr_s[at])
        if match.sum() < max(10, 0.5 * min(len(own_s), len(beat_t_s))):
            continue
        error_s = rr_s[at][match] - own_rr_s[match]
        if np.median(np.abs(error_s)) < best_error:
            best_error = float(np.median(np.abs(error_s)))
            best = (offset_s + float(np.median(apart_s[match])), error_s)
    if best is None:
        return nothing
    offset_s, error_s = best
    bias_s, spread_s = median_and_sigma(error_s)
    return Agreement(float(offset_s), len(error_s), 1000 * bias_s, 1000 * spread_s, "")


def _joined(parts: list[RPeaks]) -> RPeaks:
    empty = RPeaks(np.empty(0), np.empty(0))
    return RPeaks(*(np.concatenate(values) for values in zip(empty, *parts, strict=True)))


def _peaks_of_chunk(chunk: np.ndarray, fs: float, method: str) -> RPeaks:
    """Refined peaks of one piece of ECG."""
    nothing = RPeaks(np.empty(0), np.empty(0))
    lost = ~np.isfinite(chunk)
    if len(chunk) < 2.0 * fs or lost.mean() > 0.5:
        return nothing
    if lost.any():
        known = np.flatnonzero(~lost)
        chunk = np.interp(np.arange(len(chunk)), known, chunk[known])
    if np.ptp(chunk) == 0.0:
        return nothing
    rough = _detected(chunk, fs, method)
    band = _band_passed(chunk, fs)
    before, after = round(SEARCH_BEFORE_S * fs), round(SEARCH_AFTER_S * fs)
    rough = rough[(rough >= before + 1) & (rough < len(chunk) - after - 1)]
    if len(rough) == 0:
        return nothing
    around = rough[:, np.newaxis] + np.arange(-before, after + 1)
    sign = (
        1.0 if np.median(band[around].max(axis=1)) >= np.median(-band[around].min(axis=1)) else -1.0
    )
    band = sign * band
    at = np.unique(around[np.arange(len(rough)), np.argmax(band[around], axis=1)])
    left, top, right = band[at - 1], band[at], band[at + 1]
    real = (top >= left) & (top > right) & (top >= MIN_HEIGHT * np.median(top))
    if lost.any():
        nearest = np.abs(at[:, np.newaxis] - np.flatnonzero(lost)).min(axis=1)
        real &= nearest > FILTER_HALF_S * fs
    at, left, top, right = at[real], left[real], top[real], right[real]
    shift = 0.5 * (left - right) / (left - 2.0 * top + right)
    return RPeaks(at + shift, sign * (top - 0.25 * (left - right) * shift))


def _detected(chunk: np.ndarray, fs: float, method: str) -> np.ndarray:
    import neurokit2  # 200 MB and seconds: only for those who have an ECG

    cleaned = neurokit2.ecg_clean(chunk, sampling_rate=round(fs), method=method)
    try:
        found = neurokit2.ecg_findpeaks(cleaned, sampling_rate=round(fs), method=method)
    except (IndexError, ValueError):  # neurokit2 fails on pieces that hold no beat
        return np.empty(0, dtype=np.int64)
    return np.asarray(found["ECG_R_Peaks"], dtype=np.int64)


def _band_passed(values: np.ndarray, fs: float) -> np.ndarray:
    """Values from 5 to 25 Hz by a symmetric filter, which shifts nothing and ends."""
    half = round(FILTER_HALF_S * fs)
    t_s = np.arange(-half, half + 1) / fs
    low, high = BAND_HZ
    kernel = 2.0 * high * np.sinc(2.0 * high * t_s) - 2.0 * low * np.sinc(2.0 * low * t_s)
    kernel *= (0.5 + 0.5 * np.cos(np.pi * t_s / (t_s[-1] + 1.0 / fs))) / fs
    kernel -= kernel.mean()
    return np.convolve(np.pad(values, half, mode="edge"), kernel, mode="valid")
