"""Chance by drawing: segments in another order, or other phases.

The exact comparison is `shift_null`; these are for comparison with the literature. Draws come
from a seed that is given, and a p value counts the observed one among them, (m + 1) / (n + 1), so
that it is never 0.
"""

from __future__ import annotations

from typing import NamedTuple, TypedDict, Unpack

import numpy as np
from scipy import fft

from interbeat_analysis.checks import check_lag_within, checked_pair, window_samples
from interbeat_analysis.holes import filled
from interbeat_analysis.segments import lagged_correlations, unit_segments
from interbeat_analysis.summaries import known_mean
from interbeat_analysis.windowed import fisher_z, windowed_cross_correlation


class Windows(TypedDict, total=False):
    """Settings of `windowed_cross_correlation`."""

    window_s: float
    hop_s: float
    max_lag_s: float
    min_valid: float


class RandomNull(NamedTuple):
    """Windowed synchrony beside draws in which the two have nothing to do with each other."""

    null: str
    """What the p values compare with, with the number of draws and the seed."""
    reason: str
    """Why there is none; empty when there is."""
    mean_abs_z: float
    """Mean |z| over windows and lags, as observed."""
    mean_z: float
    """Mean signed z over windows and lags, as observed."""
    p: float
    """(draws with a mean |z| at least as large + 1) / (draws + 1)."""
    p_in_phase: float
    """The same of mean signed z: one-sided."""
    drawn_abs_z: np.ndarray
    """Shape (draws,)."""
    drawn_z: np.ndarray
    """Shape (draws,)."""


def segment_permutation(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    seed: int,
    draws: int = 999,
    window_s: float = 30.0,
    max_lag_s: float = 5.0,
) -> RandomNull:
    """Compare segments as they were met with the same segments in random order.

    As in SUSY, segments do not overlap and every lag uses what of a segment is left, divided by
    all of it. A segment in which anything is unknown is left out on both sides.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        The series, NaN where unknown.
    fs : float
        Samples per second, in Hz.
    seed : int
        Of the draws.
    draws : int
        How many orders are drawn.
    window_s, max_lag_s : float
        Length of a segment and largest lag, in seconds.

    Returns
    -------
    RandomNull
        NaN and a reason with fewer than 4 whole segments, which can be ordered in too few ways.

    Raises
    ------
    ValueError
        If a setting is no whole number of samples, the largest lag not shorter than a segment,
        `draws` below 1, or the series differ in length.

    References
    ----------
    .. [1] Tschacher, W., & Haken, H. (2019). The process of psychotherapy. Springer.
       https://doi.org/10.1007/978-3-030-12748-0
    """
    a, b = checked_pair(a, b)
    _at_least_one(draws)
    width = window_samples("window_s", window_s, fs, least=2)
    max_lag = window_samples("max_lag_s", max_lag_s, fs, least=0)
    check_lag_within(max_lag_s, window_s)
    one, two = (x[: len(x) // width * width].reshape(-1, width) for x in (a, b))
    whole = np.isfinite(one).all(axis=-1) & np.isfinite(two).all(axis=-1)
    if (segments := np.count_nonzero(whole)) < 4:
        return _nothing(f"{segments} whole segments of {window_s:g} s: it takes 4")
    one, two = unit_segments(one[whole]), unit_segments(two[whole])
    abs_z, z = np.zeros((2, segments, segments))
    for r in lagged_correlations(one, two, np.arange(-max_lag, max_lag + 1)):
        of_lag = fisher_z(r)
        z += of_lag
        abs_z += np.abs(of_lag)
    rows, random = np.arange(segments), np.random.default_rng(seed)
    orders = np.stack([random.permutation(segments) for _ in range(draws)])
    of_pairs = [
        (table[rows, rows].mean(), table[rows, orders].mean(axis=-1))
        for table in (abs_z / (2 * max_lag + 1), z / (2 * max_lag + 1))
    ]
    return _among(of_pairs, f"{draws} orders of {segments} segments, seed {seed}")


def fourier_surrogates(x: np.ndarray, draws: int, *, seed: int) -> np.ndarray:
    """Series with the spectrum of another and random phases.

    Parameters
    ----------
    x : ndarray, shape (n,)
        The series; where it is NaN the line between its neighbours is used, and the surrogates
        are NaN.
    draws : int
        How many.
    seed : int
        Of the phases.

    Returns
    -------
    ndarray, shape (draws, n)
        All NaN where nothing of `x` is known.

    References
    ----------
    .. [1] Theiler, J., Eubank, S., Longtin, A., Galdrikian, B., & Farmer, J. D. (1992). Testing
       for nonlinearity in time series: the method of surrogate data. Physica D, 58, 77-94.
       https://doi.org/10.1016/0167-2789(92)90102-S
    """
    x = np.asarray(x, dtype=np.float64)
    _at_least_one(draws)
    known = np.isfinite(x)
    if not known.any():
        return np.full((draws, len(x)), np.nan)
    spectrum = fft.rfft(filled(x))
    phases = np.random.default_rng(seed).uniform(0.0, 2 * np.pi, (draws, len(spectrum)))
    turned = spectrum * np.exp(1j * phases)
    turned[:, 0] = spectrum[0]
    if len(x) % 2 == 0:
        turned[:, -1] = spectrum[-1]
    return np.where(known, fft.irfft(turned, len(x), axis=-1), np.nan)


def fourier_null(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    seed: int,
    draws: int = 199,
    **layout: Unpack[Windows],
) -> RandomNull:
    """Compare the windowed synchrony of two series with that of `a` and surrogates of `b`.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        The series, NaN where unknown.
    fs : float
        Samples per second, in Hz.
    seed, draws
        As for `fourier_surrogates`.
    **layout
        `window_s`, `hop_s`, `max_lag_s`, `min_valid` of `windowed_cross_correlation`.

    Returns
    -------
    RandomNull
        NaN and a reason when no window is known. It finds less than the exact shifts do.

    Raises
    ------
    ValueError
        If a setting is out of its range or the series differ in length.
    """
    a, b = checked_pair(a, b)
    observed = mean_abs_and_signed_z(a, b, fs, layout)
    if np.isnan(observed[0]):
        return _nothing("no window in which enough of both is known and moves")
    drawn = np.array(
        [
            mean_abs_and_signed_z(a, other, fs, layout)
            for other in fourier_surrogates(b, draws, seed=seed)
        ]
    )
    of_pairs = [(observed[i], drawn[:, i]) for i in range(2)]
    return _among(of_pairs, f"{draws} surrogates of b with random phases, seed {seed}")


def mean_abs_and_signed_z(
    a: np.ndarray, b: np.ndarray, fs: float, layout: Windows
) -> tuple[float, float]:
    """The two figures that nulls compare: means over windows and lags of |z| and of z.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        The series, NaN where unknown.
    fs : float
        Samples per second, in Hz.
    layout : Windows
        `window_s`, `hop_s`, `max_lag_s`, `min_valid` of `windowed_cross_correlation`, those that
        are not its defaults.

    Returns
    -------
    abs_z, z : float
        Without unit; NaN when no window is known.

    Raises
    ------
    ValueError
        If a setting is out of its range or the series differ in length.
    """
    z = fisher_z(windowed_cross_correlation(a, b, fs, **layout).r)
    return float(known_mean(np.abs(z), (0, 1))), float(known_mean(z, (0, 1)))


def _among(of_pairs: list[tuple[float, np.ndarray]], null: str) -> RandomNull:
    (abs_z, drawn_abs_z), (z, drawn_z) = of_pairs
    p, p_in_phase = (
        float((np.count_nonzero(drawn >= seen) + 1) / (len(drawn) + 1)) for seen, drawn in of_pairs
    )
    return RandomNull(null, "", float(abs_z), float(z), p, p_in_phase, drawn_abs_z, drawn_z)


def _nothing(reason: str) -> RandomNull:
    nan = np.nan
    return RandomNull("none", reason, nan, nan, nan, nan, np.empty(0), np.empty(0))


def _at_least_one(draws: int) -> None:
    if draws < 1:
        raise ValueError(f"draws = {draws} must be at least 1")
