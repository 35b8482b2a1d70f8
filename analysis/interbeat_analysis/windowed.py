"""Correlation of two heart-rate series in sliding windows, at every lag: the one kernel.

One convention throughout: `lag_s > 0` means that b follows a, so a leads.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np

from interbeat_analysis.checks import check_length, check_min_valid, window_samples
from interbeat_analysis.sliding import Blocks, Layout, centred, window_means, window_sums

Anchor = Literal["lead", "trail", "fixed"]

LARGEST_R = 1.0 - 1e-12
"""Correlations are held below this before Fisher's z, which is infinite at 1."""


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
    check_length(a, b)
    width = window_samples("window_s", window_s, fs, least=2)
    hop = window_samples("hop_s", hop_s, fs, least=1)
    max_lag = window_samples("max_lag_s", max_lag_s, fs, least=0)
    check_min_valid(min_valid)

    lags = np.arange(-max_lag, max_lag + 1)
    stay, a_from, b_from = _window_starts(lags, max_lag, anchor)
    reach = int(max(a_from.max(), b_from.max())) + width
    windows = max(0, (a.shape[-1] - reach) // hop + 1)
    if windows:
        r, n_valid = _correlate(a, b, (a_from, b_from), Layout(windows, width, hop), min_valid)
    else:
        r, n_valid = _nothing(a, b, len(lags))
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


_Begins = tuple[np.ndarray, np.ndarray]
"""First samples of a and of b at each lag."""


class _Side(NamedTuple):
    """One series, ready to be summed."""

    blocks: Blocks
    flat: np.ndarray
    """Variance at which a window is constant."""


def _correlate(
    a: np.ndarray,
    b: np.ndarray,
    begins: _Begins,
    layout: Layout,
    min_valid: float,
) -> tuple[np.ndarray, np.ndarray]:
    """r and the number of known pairs, (..., w, l); `begins` are those of a and b at each lag."""
    a_known, b_known = np.isfinite(a), np.isfinite(b)
    rows = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    if a_known.all() and b_known.all():
        sides = [_whole(x, known, layout) for x, known in ((a, a_known), (b, b_known))]
        r = _r_of_whole(sides, begins, layout, rows)
        n_valid = np.broadcast_to(np.int32(layout.width), r.shape)
    else:
        sides = [_with_gaps(x, known, layout) for x, known in ((a, a_known), (b, b_known))]
        r, n_valid = _r_of_known(sides, begins, layout, rows)
        r[n_valid < min_valid * layout.width - 1e-9] = np.nan
    np.clip(r, -1.0, 1.0, out=r)
    # Lag by lag is how it was computed; a turned view costs nothing, a turned copy does.
    return np.swapaxes(r, -1, -2), np.swapaxes(n_valid, -1, -2)


def _whole(x: np.ndarray, known: np.ndarray, layout: Layout) -> _Side:
    x, flat = centred(x, known)
    return _Side(Blocks(x, layout), flat)


def _with_gaps(x: np.ndarray, known: np.ndarray, layout: Layout) -> _Side:
    """Unknown samples are 0, so weights of 0 and 1 leave them out of every sum."""
    x, flat = centred(x, known)
    return _Side(Blocks(np.stack([known, x, x**2]), layout), flat)


def _r_of_whole(
    sides: list[_Side], begins: _Begins, layout: Layout, rows: tuple[int, ...]
) -> np.ndarray:
    """r, (..., l, w), where every sample is known: one product and its sums per lag."""
    a, b = (side.blocks for side in sides)
    (a_mean, a_scale), (b_mean, b_scale) = (_standard(side) for side in sides)
    # The large result comes after the scratch, or the memory of both is asked for at once.
    r = np.empty((*rows, len(begins[0]), layout.windows))
    for lags in layout.lags_at_once(r.shape[-2], math.prod(rows)):
        a_at, b_at = (of_lags[lags] for of_lags in begins)
        found = r[..., lags, :]
        product = np.einsum("...jp,...jp->...p", a.at(a_at), b.at(b_at))
        np.multiply(window_sums(product, layout), layout.of_windows(a_scale, a_at), out=found)
        found *= layout.of_windows(b_scale, b_at)
        found -= layout.of_windows(a_mean, a_at) * layout.of_windows(b_mean, b_at)
    return r


def _standard(side: _Side) -> tuple[np.ndarray, np.ndarray]:
    """Mean in standard deviations, and 1 / norm, of the window at every sample, in blocks.

    NaN where the window is constant.
    """
    table, layout = side.blocks.table, side.blocks.layout
    mean = window_means(table, layout)
    deviation = window_means(table**2, layout)
    deviation -= mean**2
    deviation[deviation <= side.flat[..., None]] = np.nan
    np.sqrt(deviation, out=deviation)
    mean /= deviation
    return mean, 1.0 / (deviation * np.sqrt(layout.width))


def _r_of_known(
    sides: list[_Side], begins: _Begins, layout: Layout, rows: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """r and number of pairs, (..., l, w), over the samples that are known in both."""
    a, b = sides
    r = np.empty((*rows, len(begins[0]), layout.windows))
    n_valid = np.empty(r.shape, dtype=np.int32)
    for lags in layout.lags_at_once(r.shape[-2], math.prod(rows)):
        a_at, b_at = (of_lags[lags] for of_lags in begins)
        products = np.empty((6, *rows, len(a_at), layout.blocks))
        one, two = a.blocks.at(a_at), b.blocks.at(b_at)
        np.einsum("c...jp,...jp->c...p", one, two[0], out=products[:3])
        np.einsum("...jp,c...jp->c...p", one[0], two[1:], out=products[3:5])
        np.einsum("...jp,...jp->...p", one[1], two[1], out=products[5])
        sums = window_sums(products, layout)
        n_valid[..., lags, :] = np.rint(sums[0])
        means = sums[1:] / np.maximum(sums[0], 1.0)
        a_mean, a_variance, b_mean, b_variance, found = means
        a_variance -= a_mean**2
        b_variance -= b_mean**2
        moves = (a_variance > a.flat[..., None]) & (b_variance > b.flat[..., None])
        found -= a_mean * b_mean
        np.divide(
            found, np.sqrt(np.where(moves, a_variance * b_variance, np.nan)), out=r[..., lags, :]
        )
    return r, n_valid


def _nothing(a: np.ndarray, b: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray]:
    shape = (*np.broadcast_shapes(a.shape[:-1], b.shape[:-1]), 0, lags)
    return np.empty(shape), np.empty(shape, dtype=np.int32)
