"""Influence in each direction, as the stability-influence literature has it. A detail for experts.

Where one partner is a few seconds on follows from where they were and from where the other was.
Turn-taking alone makes such influence out of nothing in 9 to 18 % of sessions, so it is for
recordings whose speaking turns are known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.linkage import GUARD_S, MAX_LAG_S

BIN_S = 4
STEPS_BACK = 3
SHIFTS = 40
MIN_KNOWN_SHARE = 0.5
"""Of the samples of a bin."""
FEWEST_ROWS = 60
"""Four minutes of bins; fewer do not determine seven coefficients."""


class Influence(NamedTuple):
    """What one partner's past says of the other's present, beyond the other's own past."""

    beta: float
    """Sum of the coefficients of the one over three bins; > 0: in the same direction."""
    z: float
    """The same in its standard errors, held against shifted pairings."""
    p: float
    """Two-sided, from Student's distribution with 39 degrees of freedom."""
    inertia: float
    """Sum of the other's own coefficients: how much of a state is still there 4 s on."""


def influence(
    hr_from_bpm: np.ndarray, hr_to_bpm: np.ndarray, levels_bpm: np.ndarray, fs: float = FS_HZ
) -> Influence:
    """Cross-lagged regression of one heart rate on its own past and on the other's.

    Means over 4 s of heart rate minus its level, standardised; y_t = c + sum a_j y_{t-j} +
    sum b_j x_{t-j} + e over three bins each, by least squares; beta = sum b_j, z = beta / SE.
    The same z for 40 circular shifts of x beyond 45 s tells how wide z is by chance, and it is
    divided by that where it is wider than 1. Nothing is filtered: a filter would leak what
    comes into what was.

    Parameters
    ----------
    hr_from_bpm, hr_to_bpm : ndarray, shape (m,)
        Heart rate of the one who may influence (x) and of the other (y), in bpm, NaN where
        unknown; the first sample at a whole second.
    levels_bpm : ndarray, shape (2, n)
        What is not to count, at 1 Hz, of x and of y: the baseline (`arousal.arousal_band`) and
        the effect of speaking (`speech.SpeechEffect.quick_bpm`).
    fs : float
        Samples per second, in Hz; a whole number.

    Returns
    -------
    Influence
        NaN with fewer than 60 complete rows of bins, or a constant series.

    References
    ----------
    .. [1] Thorson, K. R., West, T. V., & Mendes, W. B. (2018). Measuring physiological influence
       in dyads: A guide to designing, implementing, and analyzing dyadic physiological studies.
       Psychological Methods, 23(4), 595-616. https://doi.org/10.1037/met0000166
    """
    x = _bins(hr_from_bpm, levels_bpm[0], fs)
    y = _bins(hr_to_bpm, levels_bpm[1], fs)
    away = -(-(MAX_LAG_S + GUARD_S) // BIN_S)
    if len(y) < max(2 * away + SHIFTS, FEWEST_ROWS + STEPS_BACK):
        return Influence(np.nan, np.nan, np.nan, np.nan)
    shifts = np.linspace(away, len(x) - away, SHIFTS).astype(int)
    shifted = np.stack([x, *(np.roll(x, shift) for shift in shifts)])
    beta, z, inertia = _regressions(shifted, y)
    chance = z[1:][np.isfinite(z[1:])]
    if not np.isfinite(z[0]) or len(chance) < SHIFTS // 2:
        return Influence(np.nan, np.nan, np.nan, np.nan)
    calibrated = float(z[0] / max(1.0, np.sqrt(np.mean(chance**2))))
    p = 2.0 * float(special.stdtr(SHIFTS - 1, -abs(calibrated)))
    return Influence(float(beta[0]), calibrated, p, float(inertia[0]))


def _bins(hr_bpm: np.ndarray, level_bpm: np.ndarray, fs: float) -> np.ndarray:
    """Standardised means of 4 s of heart rate above its level, NaN where half is missing."""
    each = int(BIN_S * fs)
    bins = min(len(hr_bpm) // each, len(level_bpm) // BIN_S)
    known = np.isfinite(hr_bpm[: bins * each]).reshape(bins, each)
    values = np.where(known, hr_bpm[: bins * each].reshape(bins, each), 0.0)
    count = known.sum(axis=-1)
    level = level_bpm[: bins * BIN_S].reshape(bins, BIN_S).mean(axis=-1)
    mean = values.sum(axis=-1) / np.where(count >= MIN_KNOWN_SHARE * each, count, np.nan) - level
    seen = mean[np.isfinite(mean)]
    deviation = seen.std() if len(seen) else 0.0
    return np.asarray((mean - seen.mean()) / deviation if deviation > 0 else mean * np.nan)


def _regressions(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """beta, z and inertia of the regressions of y on each row of x, shape (k,) each."""
    own = sliding_window_view(y, STEPS_BACK)[:-1]
    others = sliding_window_view(x, STEPS_BACK, axis=-1)[:, :-1]
    now = y[STEPS_BACK:]
    rows = np.concatenate(
        [np.broadcast_to(np.ones((len(now), 1)), (len(x), len(now), 1)),
         np.broadcast_to(own, others.shape), others], axis=-1
    )  # fmt: skip
    complete = np.isfinite(rows).all(axis=-1) & np.isfinite(now)
    rows = np.where(complete[..., None], rows, 0.0)
    target = np.where(complete, now, 0.0)
    square = np.swapaxes(rows, -1, -2) @ rows
    count = complete.sum(axis=-1)
    enough = (count >= FEWEST_ROWS) & (np.linalg.matrix_rank(square) == rows.shape[-1])
    square[~enough] = np.eye(rows.shape[-1])
    inverse = np.linalg.inv(square)
    gain = inverse @ (np.swapaxes(rows, -1, -2) @ target[..., None])
    rest = target - (rows @ gain)[..., 0]
    variance = (rest**2).sum(axis=-1) / np.maximum(count - rows.shape[-1], 1)
    of_other = slice(1 + STEPS_BACK, None)
    beta = gain[:, of_other, 0].sum(axis=-1)
    error = np.sqrt(variance * inverse[:, of_other, of_other].sum(axis=(-2, -1)))
    z = np.where(enough, beta / np.where(error > 0, error, np.nan), np.nan)
    return beta, z, gain[:, 1 : 1 + STEPS_BACK, 0].sum(axis=-1)
