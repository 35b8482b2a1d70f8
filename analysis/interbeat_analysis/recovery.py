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
FEWEST_EACH = 10
"""Rises while the partner was calm, and as many while the partner was up, to compare the two."""
FEWEST_SESSIONS = 2
"""One talk is not enough to compare them, however many rises it has."""
RANGE_Z = 1.96
"""Rises of one talk are more alike than those of four hours: with 1.645 the range of 20 minutes
held what four hours of the same simulated person give in 84 %, with this, of others, in 85 to
87 %."""


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
    other_bpm: np.ndarray
    """Shape (k,): the partner's band at the peak; NaN where it is not known."""


class Recovery(NamedTuple):
    """Median time to half-recovery over episodes."""

    half_s: float
    """Kaplan-Meier median in seconds; NaN with fewer than five episodes, or if fewer than half
    of them recover within view."""
    low_s: float
    high_s: float
    """90 % range of the median; NaN where it is open on that side."""
    episodes: int


class Contrast(NamedTuple):
    """Recovery from rises that came while the partner was calm, and while the partner was up."""

    calm: Recovery
    up: Recovery


def episodes(band: np.ndarray, other: np.ndarray | None = None) -> Episodes:
    """Find rises of arousal, and how long each took to come half-way back.

    Peaks are local maxima more than 1.5 robust standard deviations above the median of the
    band, the highest of any closer than 20 s, with 90 % of the seconds around them known.

    Parameters
    ----------
    band : ndarray, shape (n,)
        Arousal band at 1 Hz, NaN where unknown.
    other : ndarray, shape (n,), optional
        The partner's, on the same seconds.

    Returns
    -------
    Episodes
        Empty arrays where there is none.
    """
    known = np.isfinite(band)
    if np.count_nonzero(known) < 3:
        none = np.empty(0)
        return Episodes(none, none, none, np.empty(0, dtype=bool), none)
    middle, sigma = median_and_sigma(band[known])
    above = np.where(known, band - middle, -np.inf)
    peaks = _peaks(above, known, RISE_SIGMAS * sigma)
    lasted = np.empty(len(peaks))
    recovered = np.zeros(len(peaks), dtype=bool)
    for number, at in enumerate(peaks):
        end = peaks[number + 1] if number + 1 < len(peaks) else len(band)
        end = min(end, at + LONGEST_S + 1, len(band))
        lasted[number], recovered[number] = _way_back(above[at:end], known[at:end])
    others = np.full(len(peaks), np.nan) if other is None else other[peaks]
    return Episodes(peaks.astype(float), above[peaks], lasted, recovered, others)


def recovery(found: Sequence[Episodes]) -> Recovery:
    """Median time to half-recovery, from the episodes of one or more sessions.

    Parameters
    ----------
    found : sequence of Episodes
        Of one person.

    Returns
    -------
    Recovery
        The range is where the survival function may be one half, by Greenwood's deviation.

    References
    ----------
    .. [1] Kaplan, E. L., & Meier, P. (1958). Nonparametric estimation from incomplete
       observations. Journal of the American Statistical Association, 53(282), 457-481.
       https://doi.org/10.1080/01621459.1958.10501452
    .. [2] Brookmeyer, R., & Crowley, J. (1982). A confidence interval for the median survival
       time. Biometrics, 38(1), 29-41. https://doi.org/10.2307/2530286
    """
    count = sum(len(e.peak_s) for e in found)
    if count < FEWEST_EPISODES:
        return Recovery(np.nan, np.nan, np.nan, count)
    lasted = np.concatenate([e.lasted_s for e in found])
    recovered = np.concatenate([e.recovered for e in found])
    return Recovery(*median_of_censored(lasted, recovered), count)


def contrast(found: Sequence[Episodes]) -> Contrast | None:
    """Recovery while the partner was calm (band below 0 at the peak) beside recovery while up.

    Parameters
    ----------
    found : sequence of Episodes
        Of one person, one for each session, with what the partner's band was.

    Returns
    -------
    Contrast or None
        None with one session, or with fewer than ten rises of either kind.
    """
    if len(found) < FEWEST_SESSIONS:
        return None
    calm = [_chosen(each, each.other_bpm < 0) for each in found]
    up = [_chosen(each, each.other_bpm >= 0) for each in found]
    if any(sum(len(e.peak_s) for e in kind) < FEWEST_EACH for kind in (calm, up)):
        return None
    return Contrast(recovery(calm), recovery(up))


def _chosen(found: Episodes, which: np.ndarray) -> Episodes:
    return Episodes(*(each[which] for each in found))


def median_of_censored(lasted_s: np.ndarray, ended: np.ndarray) -> tuple[float, float, float]:
    """Kaplan-Meier median, with its 90 % range, of durations that were not all seen to end.

    Parameters
    ----------
    lasted_s : ndarray, shape (k,)
        Durations in seconds.
    ended : ndarray of bool, shape (k,)
        False where the view ended first.

    Returns
    -------
    median, low, high : float
        First duration at which no more than half go on; NaN if it is never reached. The range
        holds each duration at which the share that goes on is within 1.96 of its deviations of
        one half.
    """
    times = np.unique(lasted_s[ended])
    at_risk = (lasted_s[None, :] >= times[:, None]).sum(axis=-1)
    events = ((lasted_s[None, :] == times[:, None]) & ended).sum(axis=-1)
    remaining = np.cumprod(1.0 - events / np.maximum(at_risk, 1))
    going_on = np.maximum(at_risk - events, 1)
    reach = RANGE_Z * remaining * np.sqrt(np.cumsum(events / (at_risk * going_on)))
    first = [remaining <= 0.5 + 1e-12, remaining - reach <= 0.5, remaining + reach < 0.5]
    median, low, high = (float(times[np.argmax(at)]) if at.any() else np.nan for at in first)
    return median, low, high


def _peaks(above: np.ndarray, known: np.ndarray, least: float) -> np.ndarray:
    """Places of the peaks, highest first choice, in order of time."""
    inner = above[1:-1]
    rising = (inner > above[:-2]) & (inner >= above[2:]) & (inner > least)
    candidates = np.flatnonzero(rising) + 1
    begin = np.maximum(candidates - APART_S, 0)
    end = np.minimum(candidates + APART_S + 1, len(known))
    so_far = np.concatenate([[0], np.cumsum(known)])
    clean = so_far[end] - so_far[begin] >= MIN_KNOWN_SHARE * (end - begin)
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
