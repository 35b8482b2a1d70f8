"""Recovery: after a rise of arousal, how long until half of it is gone.

Every single rise is judged roughly (about six of ten true ones are found, and six of ten found
are true), so this is a description, and gains from several sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import median_and_sigma

RISE_SIGMAS = 1.5
APART_S = 20
LONGEST_S = 90
MIN_KNOWN_SHARE = 0.9
FEWEST_EPISODES = 5


class Episodes(NamedTuple):
    """Rises of arousal of one person, in order."""

    peak_s: np.ndarray
    """Shape (k,): seconds from the first of the band."""
    height_bpm: np.ndarray
    """Shape (k,): height of the peak above the median of the band."""
    lasted_s: np.ndarray
    """Shape (k,): seconds to half of the height, or to where the view ended."""
    recovered: np.ndarray
    """Shape (k,), bool: False where the next rise, 90 s or a hole came first."""


class Recovery(NamedTuple):
    """Median time to half-recovery over episodes."""

    half_s: float
    """Kaplan-Meier median in seconds; NaN with fewer than five episodes, or if fewer than half
    of them recover within view."""
    episodes: int


def episodes(band: np.ndarray) -> Episodes:
    """Find rises of arousal, and how long each took to come half-way back.

    Peaks are local maxima more than 1.5 robust standard deviations above the median of the
    band, the highest of any closer than 20 s, with 90 % of the seconds around them known.

    Parameters
    ----------
    band : ndarray, shape (n,)
        Arousal band at 1 Hz, NaN where unknown.

    Returns
    -------
    Episodes
        Empty arrays where there is none.
    """
    known = np.isfinite(band)
    if np.count_nonzero(known) < 3:
        return Episodes(np.empty(0), np.empty(0), np.empty(0), np.empty(0, dtype=bool))
    middle, sigma = median_and_sigma(band[known])
    above = np.where(known, band - middle, -np.inf)
    peaks = _peaks(above, known, RISE_SIGMAS * sigma)
    lasted = np.empty(len(peaks))
    recovered = np.zeros(len(peaks), dtype=bool)
    for number, at in enumerate(peaks):
        end = peaks[number + 1] if number + 1 < len(peaks) else len(band)
        end = min(end, at + LONGEST_S + 1, len(band))
        lasted[number], recovered[number] = _way_back(above[at:end], known[at:end])
    return Episodes(peaks.astype(float), above[peaks], lasted, recovered)


def recovery(found: Sequence[Episodes]) -> Recovery:
    """Median time to half-recovery, from the episodes of one or more sessions.

    Parameters
    ----------
    found : sequence of Episodes
        Of one person.

    Returns
    -------
    Recovery

    References
    ----------
    .. [1] Kaplan, E. L., & Meier, P. (1958). Nonparametric estimation from incomplete
       observations. Journal of the American Statistical Association, 53(282), 457-481.
       https://doi.org/10.1080/01621459.1958.10501452
    """
    count = sum(len(e.peak_s) for e in found)
    if count < FEWEST_EPISODES:
        return Recovery(np.nan, count)
    lasted = np.concatenate([e.lasted_s for e in found])
    recovered = np.concatenate([e.recovered for e in found])
    return Recovery(median_of_censored(lasted, recovered), count)


def median_of_censored(lasted_s: np.ndarray, ended: np.ndarray) -> float:
    """Kaplan-Meier median of durations of which some were only seen to last so long.

    Parameters
    ----------
    lasted_s : ndarray, shape (k,)
        Durations in seconds.
    ended : ndarray of bool, shape (k,)
        False where the view ended first.

    Returns
    -------
    float
        First duration at which no more than half go on; NaN if it is never reached.
    """
    times = np.unique(lasted_s[ended])
    at_risk = (lasted_s[None, :] >= times[:, None]).sum(axis=-1)
    events = ((lasted_s[None, :] == times[:, None]) & ended).sum(axis=-1)
    remaining = np.cumprod(1.0 - events / np.maximum(at_risk, 1))
    reached = np.flatnonzero(remaining <= 0.5 + 1e-12)
    return float(times[reached[0]]) if len(reached) else np.nan


def _peaks(above: np.ndarray, known: np.ndarray, least: float) -> np.ndarray:
    """Places of the peaks, highest first choice, in order of time."""
    inner = above[1:-1]
    rising = (inner > above[:-2]) & (inner >= above[2:]) & (inner > least)
    candidates = np.flatnonzero(rising) + 1
    around = np.convolve(known, np.ones(2 * APART_S + 1), "same")
    reachable = np.convolve(np.ones(len(known)), np.ones(2 * APART_S + 1), "same")
    clean = around[candidates] >= MIN_KNOWN_SHARE * reachable[candidates]
    kept: list[int] = []
    candidates = candidates[clean]
    for at in candidates[np.argsort(-above[candidates], kind="stable")].tolist():
        if all(abs(at - other) >= APART_S for other in kept):
            kept.append(at)
    return np.array(sorted(kept), dtype=int)


def _way_back(above: np.ndarray, known: np.ndarray) -> tuple[float, bool]:
    """Seconds from the peak to half of its height, and whether it got there in view."""
    seen = len(above) if known.all() else int(np.argmin(known))
    below = np.flatnonzero(above[:seen] <= 0.5 * above[0])
    if not len(below):
        return float(seen - 1), False
    at = int(below[0])
    before, after = above[at - 1], above[at]
    return float(at - 1 + (before - 0.5 * above[0]) / (before - after)), True
