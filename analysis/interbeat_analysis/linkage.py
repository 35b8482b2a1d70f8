"""Linkage: do two slow heart rates rise and fall together more than chance has it?

The whole-record cross-correlation of two arousal bands, judged against the same two records
where they cannot belong together: shifted against each other, and with one of them reversed.
`lag_s > 0` means that b follows a, so a leads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import fft, special

MAX_LAG_S = 15
"""Largest lag of the linkage, in whole seconds either way."""
GUARD_S = 30
"""How far beyond the largest lag a shift must be to count as chance."""
CORRELATION_S = 20.0
"""Neighbouring shifts are alike: so many of them count as one."""
SIGMA_INFLATION = 1.04
"""The bands of one record are not quite a sample of all; found on simulated strangers."""
LINKED_P = 0.05
"""From this p down two are called linked."""
CHANCE_Z = 1.645
"""Nine of ten chance correlations at one lag lie within so many of their deviations."""
SHRINK = 2.0
HALVINGS = 16
FEWEST_SURROGATES = 100
"""With fewer chance pairings than these nobody can say what chance does."""


class Correlogram(NamedTuple):
    """Correlation at every lag, and what chance does to it in the same two records."""

    lag_s: np.ndarray
    """Shape (31,): -15 to 15 s; above 0, b follows a."""
    r: np.ndarray
    """Shape (31,): correlation of the two bands, NaN where nothing overlaps."""
    sigma: float
    """Standard deviation of the correlation of chance pairings; NaN without enough of them."""
    roughness: float
    """Mean squared change of a chance correlation from one lag to the next, in sigma^2."""
    df: float
    """Degrees of freedom of sigma."""
    asymmetry_sigma: float
    """The same for the mean over positive minus the mean over negative lags; NaN if pooled."""
    joint_s: float
    """Seconds in which both bands are known."""
    lasted_s: float
    """Seconds of the stretch."""
    sessions: int = 1

    @property
    def chance_band(self) -> float:
        """Height of the band, either side of 0, that holds nine of ten chance correlations."""
        return CHANCE_Z * self.sigma


class Linkage(NamedTuple):
    """How far two records rise and fall together, and how rare that is by chance."""

    p: float
    """Probability that chance pairings of these records reach such a peak; NaN if unknown."""
    r: float
    """Highest correlation within the lags."""
    r_adjusted: float
    """The same without what the best of 31 lags has by chance; 0 if that is all."""
    lag_s: float
    """Where it is highest: the answer of the heart, good to some seconds; > 0: b follows a."""
    p_antiphase: float
    """As `p`, for the deepest correlation: one up while the other is down."""
    r_antiphase: float
    """Deepest correlation within the lags."""
    own_share: float
    """Share of the slow rise and fall that is not the partner's, 0 to 1."""
    own_low: float
    own_high: float
    """90 % range of the own share; it holds the own share."""


UNKNOWN = Linkage(*[np.nan] * 9)


def correlogram(a: np.ndarray, b: np.ndarray) -> Correlogram:
    """Circular cross-correlation of two arousal bands, with its null from the same records.

    C(l) = sum a(t) b(t + l) / sqrt(sum a(t)^2 v_b(t + l) sum v_a(t) b(t + l)^2), v being 1 where
    a band is known. Chance is every shift beyond 45 s, and every shift of a against b reversed
    in time: about twice the length of the record of surrogates that share both spectra.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        Arousal bands at 1 Hz on the same seconds, NaN where unknown.

    Returns
    -------
    Correlogram
        `sigma` is NaN with less than about three minutes.

    Raises
    ------
    ValueError
        If the bands differ in shape or are no series.

    References
    ----------
    .. [1] Harris, K. D. (2020). A shift test for independence in generic time series.
       https://doi.org/10.48550/arXiv.2012.06862
    """
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"a has shape {a.shape} and b {b.shape}: give two bands of the same seconds, (n,)"
        )
    lags = np.arange(-MAX_LAG_S, MAX_LAG_S + 1)
    n, away = len(a), MAX_LAG_S + GUARD_S
    joint_s = float(np.count_nonzero(np.isfinite(a) & np.isfinite(b)))
    if n < 2 * away + FEWEST_SURROGATES:
        nothing = np.full(len(lags), np.nan)
        return Correlogram(
            lags.astype(float), nothing, np.nan, np.nan, np.nan, np.nan, joint_s, float(n)
        )
    shifted, backward = _correlations(a, b)
    far = shifted[away + 1 : n - away]
    apart = (_asymmetries(far), _asymmetries(np.append(backward, backward[: 2 * MAX_LAG_S])))
    sigma = SIGMA_INFLATION * _root_mean_square(far, backward)
    steps = _root_mean_square(np.diff(far), np.diff(backward))
    return Correlogram(
        lag_s=lags.astype(float),
        r=shifted[lags],
        sigma=sigma,
        roughness=(steps / sigma) ** 2 if sigma > 0 else np.nan,
        df=_known(far, backward) / CORRELATION_S - 1.0,
        asymmetry_sigma=SIGMA_INFLATION * _root_mean_square(*apart),
        joint_s=joint_s,
        lasted_s=float(n),
    )


def linkage(found: Correlogram) -> Linkage:
    """Judge the peak of a correlogram, of one session or pooled over several.

    With u = r / sigma, z the normal quantile of Student's distribution at u with `df` degrees,
    and lambda2 the roughness, p = 1 - Phi(z) + (2 L / 2 pi) sqrt(lambda2) exp(-z^2 / 2): the
    bound of Davies for the maximum over the lags -L to L. The range of the own share goes
    from r and 1.645 sigma more to r_adjusted and as much less, for how much of r is chance is not
    known.

    Parameters
    ----------
    found : Correlogram
        Of one session or pooled.

    Returns
    -------
    Linkage
        All NaN where the correlogram has no null, as with too short or constant series.

    References
    ----------
    .. [1] Davies, R. B. (1977). Hypothesis testing when a nuisance parameter is present only
       under the alternative. Biometrika, 64(2), 247-254. https://doi.org/10.1093/biomet/64.2.247
    .. [2] Levenson, R. W., & Gottman, J. M. (1983). Marital interaction: physiological linkage
       and affective exchange. Journal of Personality and Social Psychology, 45(3), 587-597.
       https://doi.org/10.1037/0022-3514.45.3.587
    """
    if not found.sigma > 0 or np.isnan(found.r).any():
        return UNKNOWN
    peak = int(np.argmax(found.r))
    r, r_antiphase = float(found.r[peak]), float(found.r.min())
    r_adjusted = max(r, 0.0) * shrinkage(r / found.sigma)
    return Linkage(
        p=_peak_p(r, found),
        r=r,
        r_adjusted=r_adjusted,
        lag_s=float(found.lag_s[peak]) + _vertex(found.r, peak),
        p_antiphase=_peak_p(-r_antiphase, found),
        r_antiphase=r_antiphase,
        own_share=1.0 - r_adjusted**2,
        own_low=1.0 - min(max(r, 0.0) + found.chance_band, 1.0) ** 2,
        own_high=1.0 - max(r_adjusted - found.chance_band, 0.0) ** 2,
    )


def chance_height(found: Correlogram, p: float) -> float:
    """The peak that chance reaches with a probability: what `linkage` gives this p.

    Parameters
    ----------
    found : Correlogram
        Of one session or pooled.
    p : float
        Above 0 and below 1.

    Returns
    -------
    float
        A correlation, good to a ten-thousandth of sigma; above 1 where there are too few
        surrogates to say. NaN without a null.
    """
    if not found.sigma > 0:
        return np.nan
    low, high = 0.0, 4.0 * found.sigma
    while _peak_p(high, found) > p:
        low, high = high, 2.0 * high
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if _peak_p(middle, found) <= p else (middle, high)
    return high


def shrinkage(u: float) -> float:
    """Share of an estimate that remains when chance has so much part in it (James and Stein).

    Parameters
    ----------
    u : float
        The estimate in its chance deviations.

    Returns
    -------
    float
        max(0, 1 - 2 / u^2), from 0 to 1.
    """
    return max(0.0, 1.0 - SHRINK / u**2) if u else 0.0


def _correlations(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """C at every circular lag, shape (n,), and that of a with b reversed; lag -k at place -k."""
    a_known, b_known = np.isfinite(a), np.isfinite(b)
    n = len(a)
    if a_known.all() and b_known.all():
        one, two = fft.rfft(np.stack([a, b]))
        sums = fft.irfft(np.stack([one.conj() * two, one * two]), n)
        scale = np.sqrt(np.dot(a, a) * np.dot(b, b))
        return _ratio(sums[0], scale), _ratio(sums[1], scale)
    a, b = np.where(a_known, a, 0.0), np.where(b_known, b, 0.0)
    one = fft.rfft(np.stack([a, a**2, a_known]))
    two = fft.rfft(np.stack([b, b_known, b**2]))
    sums = fft.irfft(np.concatenate([one.conj() * two, one * two]), n)
    scale = np.sqrt(np.maximum(sums[1::3] * sums[2::3], 0.0))
    return _ratio(sums[0], scale[0]), _ratio(sums[3], scale[1])


def _ratio(total: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
    return np.asarray(total / np.where(scale > 1e-9 * np.max(scale), scale, np.nan))


def _asymmetries(r: np.ndarray) -> np.ndarray:
    """Mean over the lags ahead minus mean over those behind, around every place it fits."""
    total = np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(r), r, 0.0))])
    sums = total[MAX_LAG_S:] - total[:-MAX_LAG_S]
    return np.asarray((sums[MAX_LAG_S + 1 :] - sums[: -MAX_LAG_S - 1]) / MAX_LAG_S)


def _root_mean_square(*parts: np.ndarray) -> float:
    squares = np.concatenate(parts) ** 2
    known = squares[np.isfinite(squares)]
    return float(np.sqrt(known.mean())) if len(known) >= FEWEST_SURROGATES else np.nan


def _known(*parts: np.ndarray) -> int:
    return sum(int(np.count_nonzero(np.isfinite(part))) for part in parts)


def _peak_p(height: float, found: Correlogram) -> float:
    """Probability that chance reaches such a height anywhere within the lags."""
    z = -float(special.ndtri(special.stdtr(found.df, -height / found.sigma)))
    if not np.isfinite(z):
        return 0.0 if z > 0 else 1.0
    crossings = 2 * MAX_LAG_S / (2 * np.pi) * np.sqrt(found.roughness)
    return min(1.0, float(special.ndtr(-z) + crossings * np.exp(-0.5 * z**2)))


def _vertex(r: np.ndarray, peak: int) -> float:
    """From the highest lag to the vertex of the parabola through it and its neighbours."""
    if not 0 < peak < len(r) - 1:
        return 0.0
    before, top, after = r[peak - 1 : peak + 2]
    bend = before - 2.0 * top + after
    return float(0.5 * (before - after) / bend) if bend < 0 else 0.0
