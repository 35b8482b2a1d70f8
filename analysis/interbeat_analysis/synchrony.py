"""How two heart-rate series move together, and who moves first.

One convention throughout: `lag_s > 0` means that b follows a, so a leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from math import gcd, prod
from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from interbeat_analysis.series import check_positive

Anchor = Literal["lead", "trail", "fixed"]

LARGEST_R = 1.0 - 1e-12
"""Correlations are held below this before Fisher's z, which is infinite at 1."""

FLAT_SHARE = 1e-6
FLAT_ROUNDING = 1e-12
"""A window counts as constant when its standard deviation is below this share of the whole
series', or of its largest distance from zero: what is left there is rounding, not signal."""

VALUES_AT_ONCE = 65536
"""Products handled together: few calls for a single window, within the cache for an hour."""


class WindowedCrossCorrelation(NamedTuple):
    """Correlation of two series for every window and lag."""

    t_s: np.ndarray
    """Shape (w,): centre of the window that stays, in seconds."""
    lag_s: np.ndarray
    """Shape (l,): by how much b is read later than a; above 0, b follows a."""
    r: np.ndarray
    """Shape (..., w, l): Pearson correlation, NaN where it is not known."""
    n_valid: np.ndarray
    """Shape (..., w, l): pairs of samples in which both are known."""


class SynchronySummary(NamedTuple):
    """What a windowed cross-correlation comes to, in Fisher's z; NaN without a window."""

    mean_z: np.ndarray
    """Mean over windows and lags of signed z: below 0 when the two move against each other."""
    mean_abs_z: np.ndarray
    """Mean over windows and lags of |z|. Far from 0 even for strangers: compare, never read."""
    zero_lag_z: np.ndarray
    """Mean over windows at lag 0."""
    a_leads_z: np.ndarray
    """Mean over windows and the lags above 0, where b follows a."""
    b_leads_z: np.ndarray
    """Mean over windows and the lags below 0, where a follows b."""
    best_lag_s: np.ndarray
    """Lag at which the mean over windows of signed z is highest."""
    windows: np.ndarray
    """Number of windows known for at least one lag."""


def windowed_cross_correlation(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    window_s: float = 30.0,
    hop_s: float = 1.0,
    max_lag_s: float = 5.0,
    anchor: Anchor = "lead",
    min_valid: float = 0.8,
    start_s: float = 0.0,
) -> WindowedCrossCorrelation:
    """Pearson correlation of two series in sliding windows, at every lag.

    At a lag of k samples `a[t]` is paired with `b[t + k]`, and mean and standard deviation are
    those of the paired samples. One of the two windows stays at samples `[s, s + W)` for all
    lags while the other moves:

    - ``"lead"``: the window of the one who leads stays, the follower's is read later;
    - ``"trail"``: the window of the one who follows stays, the leader's is read earlier;
    - ``"fixed"``: the window of `a` stays, that of `b` moves both ways.

    `s` advances by `hop_s` from the first sample at which the data cover every lag; only
    windows that they cover for every lag are there.

    Parameters
    ----------
    a, b : ndarray, shape (..., n)
        The series, NaN where unknown; leading axes broadcast. Sample i is at
        `start_s + i / fs`.
    fs : float
        Samples per second, in Hz.
    window_s, hop_s, max_lag_s : float
        Length of a window, step between windows, and largest lag either way, in seconds; each
        a whole number of samples.
    anchor : {"lead", "trail", "fixed"}
        Which window stays.
    min_valid : float
        Share of a window's pairs that must be known, above 0 up to 1.
    start_s : float
        Time of the first sample, in seconds.

    Returns
    -------
    WindowedCrossCorrelation
        `t_s` is `start_s + s / fs + window_s / 2`. `r` is NaN where fewer than `min_valid` of
        the pairs are known or either series is constant. With less data than one window there
        are none: w is 0.

    Raises
    ------
    ValueError
        If a setting is out of its range or no whole number of samples, or the series differ in
        length.

    References
    ----------
    .. [1] Boker, S. M., Rotondo, J. L., Xu, M., & King, K. (2002). Windowed cross-correlation
       and peak picking for the analysis of variability in the association between behavioral
       time series. Psychological Methods, 7(3), 338-355.
       https://doi.org/10.1037/1082-989X.7.3.338
    """
    a = np.asarray(a, dtype=np.float64)
    b = np.asarray(b, dtype=np.float64)
    if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-1]:
        raise ValueError(f"a and b have shapes {a.shape} and {b.shape}; the last axes must agree")
    check_positive("fs", fs, "Hz")
    width = _samples("window_s", window_s, fs, least=2)
    hop = _samples("hop_s", hop_s, fs, least=1)
    max_lag = _samples("max_lag_s", max_lag_s, fs, least=0)
    if not 0 < min_valid <= 1:
        raise ValueError(f"min_valid = {min_valid} must be above 0 and at most 1")

    lags = np.arange(-max_lag, max_lag + 1)
    stay, a_from, b_from = _window_starts(lags, max_lag, anchor)
    reach = int(max(a_from.max(), b_from.max())) + width
    windows = max(0, (a.shape[-1] - reach) // hop + 1)
    pairs = _Pairs(a_from, b_from, windows, width, hop)
    r, n_valid = _correlate(a, b, pairs, min_valid) if windows else _nothing(a, b, len(lags))
    return WindowedCrossCorrelation(
        t_s=start_s + (stay + hop * np.arange(windows)) / fs + window_s / 2.0,
        lag_s=lags / fs,
        r=r,
        n_valid=n_valid,
    )


def fisher_z(r: np.ndarray) -> np.ndarray:
    """Fisher's z of a correlation: its inverse hyperbolic tangent.

    Parameters
    ----------
    r : ndarray, shape (...)
        Correlations; held within 1 - 1e-12 either way, so that z stays finite.

    Returns
    -------
    ndarray, shape (...)
        z, NaN where `r` is NaN.

    References
    ----------
    .. [1] Fisher, R. A. (1915). Frequency distribution of the values of the correlation
       coefficient in samples from an indefinitely large population. Biometrika, 10(4),
       507-521. https://doi.org/10.1093/biomet/10.4.507
    """
    return np.asarray(np.arctanh(np.clip(r, -LARGEST_R, LARGEST_R)))


def summary(wcc: WindowedCrossCorrelation) -> SynchronySummary:
    """Sum up a windowed cross-correlation.

    Overlapping windows are not independent, so none of these numbers is evidence by itself.

    Parameters
    ----------
    wcc : WindowedCrossCorrelation
        With `r` of shape (..., w, l); what is NaN is left out.

    Returns
    -------
    SynchronySummary
        Arrays of shape (...), NaN where there is nothing to average.
    """
    z = fisher_z(wcc.r)
    both = (-2, -1)
    profile = _known_mean(z, -2)
    known = ~np.isnan(profile)
    best = np.argmax(np.where(known, profile, -np.inf), axis=-1)
    return SynchronySummary(
        mean_z=_known_mean(z, both),
        mean_abs_z=_known_mean(np.abs(z), both),
        zero_lag_z=_known_mean(z[..., wcc.lag_s == 0], both),
        a_leads_z=_known_mean(z[..., wcc.lag_s > 0], both),
        b_leads_z=_known_mean(z[..., wcc.lag_s < 0], both),
        best_lag_s=np.where(known.any(axis=-1), wcc.lag_s[best], np.nan),
        windows=np.asarray(np.count_nonzero((~np.isnan(z)).any(axis=-1), axis=-1)),
    )


class _Pairs(NamedTuple):
    """Which samples are paired: where each lag's first windows begin, and how they go on."""

    a_from: np.ndarray
    b_from: np.ndarray
    windows: int
    width: int
    hop: int

    @property
    def span(self) -> int:
        """Samples from the begin of the first window to the end of the last."""
        return (self.windows - 1) * self.hop + self.width

    def chunks(self, rows: int) -> Iterator[slice]:
        """Lags to handle together, for `rows` pairs of series."""
        step = max(1, VALUES_AT_ONCE // max(1, self.span * rows))
        return (slice(at, at + step) for at in range(0, len(self.a_from), step))


def _samples(name: str, seconds: float, fs: float, *, least: int) -> int:
    """A setting in whole samples."""
    samples = round(seconds * fs) if np.isfinite(seconds) else -1
    if samples < least:
        raise ValueError(f"{name} = {seconds} s must be at least {least / fs:g} s at {fs:g} Hz")
    if abs(samples - seconds * fs) > 1e-6:
        raise ValueError(
            f"{name} = {seconds} s is {seconds * fs:g} samples at {fs:g} Hz; "
            f"choose a multiple of {1 / fs:g} s"
        )
    return samples


def _window_starts(
    lags: np.ndarray, max_lag: int, anchor: Anchor
) -> tuple[int, np.ndarray, np.ndarray]:
    """First sample of the first window that stays, and of a's and b's windows at each lag."""
    match anchor:
        case "lead":
            return 0, np.maximum(-lags, 0), np.maximum(lags, 0)
        case "trail":
            return max_lag, max_lag - np.maximum(lags, 0), max_lag - np.maximum(-lags, 0)
        case "fixed":
            return max_lag, np.full_like(lags, max_lag), max_lag + lags
        case _:
            raise ValueError(f"anchor = {anchor!r} must be 'lead', 'trail' or 'fixed'")


def _correlate(
    a: np.ndarray, b: np.ndarray, pairs: _Pairs, min_valid: float
) -> tuple[np.ndarray, np.ndarray]:
    """r and the number of known pairs, each of shape (..., w, l)."""
    a_known, b_known = np.isfinite(a), np.isfinite(b)
    a, a_flat = _centred(a, a_known)
    b, b_flat = _centred(b, b_known)
    if a_known.all() and b_known.all():
        r = _r_of_whole(a, b, a_flat, b_flat, pairs)
        n_valid = np.full(r.shape, pairs.width)
    else:
        r, n_valid = _r_of_known(a, b, a_known, b_known, a_flat, b_flat, pairs)
        r[n_valid < min_valid * pairs.width - 1e-9] = np.nan
    np.clip(r, -1.0, 1.0, out=r)
    return np.ascontiguousarray(np.swapaxes(r, -1, -2)), np.swapaxes(n_valid, -1, -2)


def _centred(x: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`x` without its mean, 0 where unknown, and the variance at which a window is constant.

    Sums of squares about the mean of the series, not about 0, keep the digits that the
    difference in a variance would otherwise cancel.
    """
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    x = np.where(known, x, 0.0)
    mean = x.sum(axis=-1, keepdims=True) / count
    largest = np.abs(x).max(axis=-1, keepdims=True, initial=0.0)
    x = np.where(known, x - mean, 0.0)
    variance = (x**2).sum(axis=-1, keepdims=True) / count
    return x, FLAT_SHARE**2 * variance + (FLAT_ROUNDING * largest) ** 2


def _r_of_whole(
    a: np.ndarray, b: np.ndarray, a_flat: np.ndarray, b_flat: np.ndarray, pairs: _Pairs
) -> np.ndarray:
    """r of shape (..., l, w) where every sample is known: one product and its sums per lag."""
    a_mean, a_scale = _standard(a, a_flat, pairs.width)
    b_mean, b_scale = _standard(b, b_flat, pairs.width)
    last = pairs.span - pairs.width + 1
    rows = _rows(a, b)
    r = np.empty((*rows, len(pairs.a_from), pairs.windows))
    for lags in pairs.chunks(prod(rows)):
        a_from, b_from = pairs.a_from[lags], pairs.b_from[lags]
        product = _stretches(a, a_from, pairs.span) * _stretches(b, b_from, pairs.span)
        found = _sliding_sum(product, pairs.width, pairs.hop)
        found *= _stretches(a_scale, a_from, last, pairs.hop)
        found *= _stretches(b_scale, b_from, last, pairs.hop)
        np.subtract(
            found,
            _stretches(a_mean, a_from, last, pairs.hop)
            * _stretches(b_mean, b_from, last, pairs.hop),
            out=r[..., lags, :],
        )
    return r


def _standard(x: np.ndarray, flat: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean in standard deviations, and 1 / norm, of the window at every sample.

    NaN where the window is constant.
    """
    mean = _sliding_sum(x, width, 1) / width
    variance = _sliding_sum(x**2, width, 1) / width - mean**2
    deviation = np.sqrt(np.where(variance > flat, variance, np.nan))
    return mean / deviation, 1.0 / (deviation * np.sqrt(width))


def _r_of_known(
    a: np.ndarray,
    b: np.ndarray,
    a_known: np.ndarray,
    b_known: np.ndarray,
    a_flat: np.ndarray,
    b_flat: np.ndarray,
    pairs: _Pairs,
) -> tuple[np.ndarray, np.ndarray]:
    """r and number of pairs, (..., l, w), over the samples that are known in both."""
    rows = _rows(a, b)
    r = np.empty((*rows, len(pairs.a_from), pairs.windows))
    n_valid = np.empty(r.shape, dtype=np.int64)
    # unknown samples are 0, so weights of 0 and 1 leave them out of every sum
    of_a = np.stack([a, a**2, a_known.astype(np.float64)])
    of_b = np.stack([b, b**2, b_known.astype(np.float64)])
    for lags in pairs.chunks(6 * prod(rows)):
        one, one_squared, one_known = _stretches(of_a, pairs.a_from[lags], pairs.span)
        two, two_squared, two_known = _stretches(of_b, pairs.b_from[lags], pairs.span)
        sums = _sliding_sum(
            np.stack(
                [
                    one_known * two_known,
                    one * two_known,
                    one_known * two,
                    one_squared * two_known,
                    one_known * two_squared,
                    one * two,
                ]
            ),
            pairs.width,
            pairs.hop,
        )
        n_valid[..., lags, :] = np.rint(sums[0])
        a_mean, b_mean, a_square, b_square, product = sums[1:] / np.maximum(sums[0], 1.0)
        a_variance = a_square - a_mean**2
        b_variance = b_square - b_mean**2
        moves = (a_variance > a_flat[..., None]) & (b_variance > b_flat[..., None])
        scale = np.where(moves, a_variance * b_variance, np.nan)
        r[..., lags, :] = (product - a_mean * b_mean) / np.sqrt(scale)
    return r, n_valid


def _stretches(x: np.ndarray, begins: np.ndarray, length: int, step: int = 1) -> np.ndarray:
    """`x[begin : begin + length : step]` for every begin: (..., n) to (..., l, m).

    With one begin for all, as for the window that stays, l is 1 and nothing is copied.
    """
    if (begins == begins[0]).all():
        return x[..., None, begins[0] : begins[0] + length : step]
    return sliding_window_view(x, length, axis=-1)[..., begins, ::step]


def _sliding_sum(x: np.ndarray, width: int, hop: int) -> np.ndarray:
    """Sums of the windows of `width` samples that begin every `hop` samples.

    Stretches of 1, 2, 4, ... blocks are added up to the width, so a sum holds its own window
    and nothing else; in a running sum every window would carry the rounding of the whole
    record before it.
    """
    block = gcd(width, hop)
    if block > 1:
        x = x.reshape(*x.shape[:-1], -1, block) @ np.ones(block)
    width, hop = width // block, hop // block
    windows = x.shape[-1] - width + 1
    parts, done, size = [], 0, 1
    while size <= width:
        if half := size // 2:
            x = x[..., :-half] + x[..., half:]
        if width & size:
            parts.append(x[..., done : done + windows])
            done += size
        size *= 2
    return np.asarray(reduce(np.add, parts)[..., ::hop])


def _rows(a: np.ndarray, b: np.ndarray) -> tuple[int, ...]:
    return np.broadcast_shapes(a.shape[:-1], b.shape[:-1])


def _nothing(a: np.ndarray, b: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray]:
    shape = (*_rows(a, b), 0, lags)
    return np.empty(shape), np.empty(shape, dtype=np.int64)


def _known_mean(z: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Mean of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(z)
    count = known.sum(axis=axis)
    total = np.where(known, z, 0.0).sum(axis=axis)
    return np.asarray(total / np.where(count > 0, count, np.nan))
