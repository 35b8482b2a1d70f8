"""All that two heart rates say about each other in the arousal band, with states and reasons.

`measured` judges one stretch: live the last 20 minutes, in batch a whole session; both are the
same function of the same samples. `details` adds what is only read afterwards;
`pooling.together` makes one result of several sessions.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from interbeat_analysis import linkage as linkages
from interbeat_analysis.arousal import FS_HZ, arousal_band, baseline_weight, slow_heart_rate
from interbeat_analysis.breathing import (
    BreathingCheck,
    breathing_band,
    breathing_check,
    vagal_comodulation,
)
from interbeat_analysis.confounds import (
    MAX_HELD_SHARE,
    MAX_REJECTED_SHARE,
    Flag,
    held_share,
    rejected_share,
    same_heart,
)
from interbeat_analysis.coregulation import Index, Reason, enough, index, locked
from interbeat_analysis.influence import Influence, influence
from interbeat_analysis.lead import UNKNOWN, Lead, lead
from interbeat_analysis.linkage import LINKED_P, Correlogram, Linkage, correlogram, linkage
from interbeat_analysis.recovery import Episodes, episodes
from interbeat_analysis.settling import (
    Reference,
    Settling,
    settling,
    sufficient,
)
from interbeat_analysis.speech import checked_turns, speech_effect

CLEAR_P = 0.01

LinkageState = Literal["not_enough_data", "same_source", "no_linkage", "linked"]
Evidence = Literal["none", "some", "clear"]

NO_SETTLING = Settling(np.nan, np.nan, np.nan, 0.0, np.nan, np.nan, np.nan, "not_enough_data")


class Series(NamedTuple):
    """Two heart rates as they are judged, the speaking taken out where it is known."""

    hr_bpm: np.ndarray
    """Shape (2, m): heart rate of a and b as measured, NaN where unknown."""
    fs: float
    slow_bpm: np.ndarray
    """Shape (2, n): the same without what is quick, one value a second from the first sample."""
    band_bpm: np.ndarray
    """Shape (2, n): arousal band, without the effect of speaking where that is known."""
    level_bpm: np.ndarray
    """Shape (2, n): what the band does not hold: baseline, and effect of speaking."""
    speech_known: bool


class Dyad(NamedTuple):
    """One stretch of two people, or several sessions of theirs as one."""

    joint_s: float
    """Clean seconds together."""
    clean_share: float
    """Of the stretch, 0 to 1."""
    speech_known: bool
    state: LinkageState
    correlogram: Correlogram
    """Kept in every state, for the chart and for pooling; no figure before the state allows."""
    linkage: Linkage
    """NaN unless state is "no_linkage" or "linked"; anti-phase NaN without speaking turns."""
    lead: Lead
    settling: Settling
    coregulation: Index
    breathing: BreathingCheck
    """NaN and not locked where there are not enough data; of several sessions the worst."""
    flags: tuple[Flag, ...]

    @property
    def r_range(self) -> tuple[float, float]:
        """90 % range of r; NaN where there is no r."""
        r, reach = self.linkage.r, self.correlogram.chance_band
        return float(np.maximum(r - reach, -1.0)), float(np.minimum(r + reach, 1.0))

    @property
    def evidence(self) -> Evidence:
        """How sure linkage is: p <= .01 is clear, p <= .05 some."""
        if not self.linkage.p <= LINKED_P:
            return "none"
        return "clear" if self.linkage.p <= CLEAR_P else "some"


class Details(NamedTuple):
    """What is read after a talk, not in it."""

    influence_a_to_b: Influence | None
    influence_b_to_a: Influence | None
    """None without speaking turns: turn-taking alone would make it."""
    episodes_a: Episodes
    episodes_b: Episodes
    """To be joined over sessions by `recovery.recovery`."""
    vagal: Correlogram
    """To be judged by `linkage.linkage`, from 15 min and rather pooled."""


def series(
    hr_bpm: np.ndarray,
    fs: float = FS_HZ,
    *,
    turns_s: tuple[np.ndarray, np.ndarray] | None = None,
    start_s: float = 0.0,
) -> Series:
    """Arousal bands of two heart rates, without what each one's own speaking does.

    Parameters
    ----------
    hr_bpm : ndarray, shape (2, m)
        Heart rate of a and b on the same instants (`arousal.clean_heart_rate`), NaN where
        unknown. The first sample is at a whole second.
    fs : float
        Samples per second, in Hz; a whole number.
    turns_s : pair of ndarray, shape (k, 2), optional
        Speaking turns of a and of b in seconds (`speech.checked_turns`).
    start_s : float
        Time of the first sample, in seconds.

    Returns
    -------
    Series

    Raises
    ------
    ValueError
        If there are not two series, `fs` is not a whole number, or the turns are not those of two
        people, in order.
    """
    if hr_bpm.ndim != 2 or len(hr_bpm) != 2:
        raise ValueError(f"hr_bpm has shape {hr_bpm.shape}: give a and b on one grid, (2, m)")
    slow = slow_heart_rate(hr_bpm, fs)
    if turns_s is None or not slow.shape[-1]:
        found = arousal_band(slow)
        return Series(hr_bpm, fs, slow, found.band_bpm, found.baseline_bpm, turns_s is not None)
    if len(turns_s) != 2:
        raise ValueError(f"turns_s has {len(turns_s)} parts: give the turns of a and those of b")
    turns = [
        checked_turns(each, np.inf, f"turns_s of {p}")
        for p, each in zip("ab", turns_s, strict=True)
    ]
    weight = baseline_weight(slow)
    effect = speech_effect(slow, turns, start_s, weight)
    found = arousal_band(slow - effect.slow_bpm, weight)
    return Series(hr_bpm, fs, slow, found.band_bpm, found.baseline_bpm + effect.quick_bpm, True)


def measured(
    both: Series, references: tuple[Reference, Reference] | None = None, *, talk: bool = True
) -> Dyad:
    """Judge one stretch of two people.

    Parameters
    ----------
    both : Series
        Of the stretch.
    references : pair of Reference, optional
        Of a and of b; without them settling is not judged and the index stays locked.
    talk : bool
        Whether the two talked. The references must be of the same kind, also in whether the
        effect of speaking was taken out.

    Returns
    -------
    Dyad
    """
    a, b = both.band_bpm
    found = correlogram(a, b)
    clean_share = found.joint_s / found.lasted_s if found.lasted_s else 0.0
    held = any(held_share(hr) > MAX_HELD_SHARE for hr in both.hr_bpm)
    if held or not enough(found.joint_s, found.lasted_s) or not found.sigma > 0:
        return _nothing(both, found, clean_share, "not_enough_data")
    if same_heart(found):
        return _nothing(both, found, clean_share, "same_source")
    judged = linkage(found)
    if not both.speech_known:
        judged = judged._replace(p_antiphase=np.nan, r_antiphase=np.nan)
    state: LinkageState = "linked" if judged.p <= LINKED_P else "no_linkage"
    leaning = lead(found, judged)
    problem = _problem(references, talk, both.speech_known)
    usable = references if references is not None and not problem else (None, None)
    settled = settling(a, b, *usable)
    whole = locked(problem) if problem else index(found, judged, leaning.balance, settled)
    breathing = breathing_check(both.hr_bpm, both.slow_bpm, both.fs)
    flags = _flags(both, state, breathing)
    return Dyad(
        found.joint_s,
        clean_share,
        both.speech_known,
        state,
        found,
        judged,
        leaning,
        settled,
        whole,
        breathing,
        flags,
    )


def details(both: Series) -> Details:
    """What is read after a talk: influence, recovery, vagal co-modulation.

    Parameters
    ----------
    both : Series
        Of the whole session.

    Returns
    -------
    Details
    """
    a, b = both.band_bpm
    level = both.level_bpm
    hr_a, hr_b = both.hr_bpm
    known = both.speech_known
    return Details(
        influence_a_to_b=influence(hr_a, hr_b, level, both.fs) if known else None,
        influence_b_to_a=influence(hr_b, hr_a, level[::-1], both.fs) if known else None,
        episodes_a=episodes(a, b),
        episodes_b=episodes(b, a),
        vagal=vagal_comodulation(breathing_band(both.hr_bpm, both.slow_bpm, both.fs), both.fs),
    )


def rejected_shares(both: Series) -> tuple[float, float]:
    """Share of each one's seconds in which rejected beats leave the heart rate unknown.

    Parameters
    ----------
    both : Series
        Of the stretch.

    Returns
    -------
    pair of float
        Of a and of b, 0 to 1; NaN if nothing was seen.
    """
    at_seconds = both.hr_bpm[:, :: int(both.fs)]
    return rejected_share(at_seconds[0]), rejected_share(at_seconds[1])


def _nothing(
    both: Series,
    found: Correlogram,
    clean_share: float,
    state: Literal["not_enough_data", "same_source"],
) -> Dyad:
    """No figure, and why."""
    unchecked = BreathingCheck(np.nan, False, np.nan, np.nan)
    return Dyad(
        found.joint_s,
        clean_share,
        both.speech_known,
        state,
        found,
        linkages.UNKNOWN,
        UNKNOWN,
        NO_SETTLING,
        locked(state),
        unchecked,
        _flags(both, state, unchecked),
    )


def _problem(
    references: tuple[Reference, Reference] | None, talk: bool, speech_known: bool
) -> Reason:
    """Why settling cannot be judged, or nothing."""
    if references is None:
        return "no_reference"
    if not all(map(sufficient, references)):
        return "reference_too_short"
    alike = all(r.talk == talk and r.speech_known == speech_known for r in references)
    return "" if alike else "reference_not_matched"


def _flags(both: Series, state: LinkageState, breathing: BreathingCheck) -> tuple[Flag, ...]:
    raised: list[Flag] = []
    if state == "same_source":
        raised.append("same_source")
    if any(share > MAX_REJECTED_SHARE for share in rejected_shares(both)):
        raised.append("too_many_artifacts")
    if breathing.locked:
        raised.append("locked_breathing")
    if not both.speech_known:
        raised.append("speech_unknown")
    if state == "linked":
        raised.append("shared_or_linked")
    return tuple(raised)
