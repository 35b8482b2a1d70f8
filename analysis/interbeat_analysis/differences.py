"""Figures of the successive differences of NN intervals, for one window or thousands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.series import joined
from interbeat_analysis.window_sums import counts_inside, sums_inside

MS_PER_S = 1000.0
US_PER_S = 1e6
SQRT_2 = np.sqrt(2.0)


class Differences(NamedTuple):
    """What successive differences tell, one value per window; the fields are those of `HRV`."""

    rmssd_ms: np.ndarray
    sdsd_ms: np.ndarray
    pnn50_percent: np.ndarray
    pnn20_percent: np.ndarray
    sd1_ms: np.ndarray
    sd2_ms: np.ndarray
    differences: np.ndarray


def differences_inside(
    beat_t_s: np.ndarray, nn_s: np.ndarray, first: np.ndarray, after: np.ndarray
) -> Differences:
    """Figures of the differences between the intervals of each window.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    nn_s : ndarray, shape (n,)
        NN intervals in seconds, NaN where one was rejected.
    first, after : ndarray of int, shape (w,)
        First interval of each window, and the first one after it.

    Returns
    -------
    Differences
        Arrays of shape (w,), NaN where a window holds too few differences.

    See Also
    --------
    interbeat_analysis.hrv.windowed_hrv : the definitions, and a reference.
    """
    off_s = off_centre(nn_s)[0]
    # Difference i lies between intervals i and i + 1, so a window has one fewer of them.
    follows = joined(beat_t_s, nn_s)[1:]
    # One below the other, how far two intervals differ and what they sum up to.
    both_s = np.empty((2, len(follows)))
    np.subtract(off_s[1:], off_s[:-1], out=both_s[0])
    np.add(off_s[1:], off_s[:-1], out=both_s[1])
    both_s *= follows
    stop = np.maximum(after - 1, 0)
    begin = np.minimum(first, stop)
    steps = counts_inside(follows, begin, stop)
    _, (squares, _), (spread, pair_spread) = sums_inside(both_s, steps, begin, stop)
    step_us = np.abs(both_s[0])
    step_us *= US_PER_S
    np.rint(step_us, out=step_us)

    n = steps.astype(np.float64)
    freedom = n - 1.0
    freedom[steps < 2] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        sdsd_ms = MS_PER_S * np.sqrt(spread / freedom)
        return Differences(
            rmssd_ms=MS_PER_S * np.sqrt(squares / n),
            sdsd_ms=sdsd_ms,
            pnn50_percent=100.0 * counts_inside(step_us > 50_000, begin, stop) / n,
            pnn20_percent=100.0 * counts_inside(step_us > 20_000, begin, stop) / n,
            sd1_ms=sdsd_ms / SQRT_2,
            sd2_ms=MS_PER_S / SQRT_2 * np.sqrt(pair_spread / freedom),
            differences=steps,
        )


def off_centre(nn_s: np.ndarray) -> tuple[np.ndarray, float]:
    """Intervals less one of them, since small numbers add well.

    Parameters
    ----------
    nn_s : ndarray, shape (n,)
        NN intervals in seconds, NaN where one was rejected.

    Returns
    -------
    off_s : ndarray, shape (n,)
        Intervals less the first valid one, in seconds; 0 where one was rejected.
    centre_s : float
        The first valid interval in seconds; 0 without one.
    """
    valid = ~np.isnan(nn_s)
    centre_s = float(nn_s[np.argmax(valid)]) if valid.any() else 0.0
    return np.where(valid, nn_s - centre_s, 0.0), centre_s
