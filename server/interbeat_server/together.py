"""Two hearts of a recording on one grid, and all that is judged of them afterwards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis import dyad
from interbeat_analysis.arousal import FS_HZ, clean_heart_rate
from interbeat_analysis.confounds import MAX_HELD_SHARE, held_share
from interbeat_analysis.coregulation import MIN_CLEAN_SHARE, MIN_JOINT_S
from interbeat_analysis.linkage import Linkage, correlogram, linkage
from interbeat_analysis.settling import Reference
from interbeat_collector.events import PARTNERS, Partner

from .heart_document import Heart

TurnsOfBoth = tuple[np.ndarray, np.ndarray]
"""Speaking turns of a and of b, shape (k, 2) each, in seconds."""


class Together(NamedTuple):
    """Both heart rates where both were recorded."""

    start_s: float
    """First sample, at a whole second."""
    hr_bpm: np.ndarray
    """Shape (2, m): a and b at 4 Hz, NaN where unknown."""


class Judged(NamedTuple):
    """What two hearts of one recording say about each other."""

    dyad: dyad.Dyad
    details: dyad.Details
    with_speech: Linkage | None
    """Linkage with the effect of speaking left in, where it was taken out: taking it out may also
    take what one hears of the other."""
    references: tuple[Reference, Reference] | None
    talk: bool
    rejected_shares: tuple[float, float]
    reason: str
    """Why there is no figure; empty where there is."""
    both: Together
    turns_s: TurnsOfBoth | None
    band_bpm: np.ndarray
    """Shape (2, n): arousal bands, one value a second from `both.start_s` on."""


def on_one_grid(a: Heart, b: Heart) -> Together:
    """Both heart rates between the later first beat and the earlier last one."""
    start_s = max(opening_s(a), opening_s(b))
    stop_s = min(end_s(a), end_s(b))
    start_s = float(np.ceil(start_s)) if np.isfinite(start_s) else 0.0
    if not stop_s >= start_s:
        return Together(start_s, np.empty((2, 0)))
    hr_bpm = [clean_heart_rate(*heart, start_s, stop_s) for heart in (a, b)]
    return Together(start_s, np.stack(hr_bpm))


def judged(
    hearts: dict[Partner, Heart],
    both: Together,
    turns_s: TurnsOfBoth | None = None,
    references: tuple[Reference, Reference] | None = None,
    *,
    talk: bool = True,
) -> Judged:
    """Linkage and what follows from it, of a whole recording."""
    found = dyad.series(both.hr_bpm, FS_HZ, turns_s=turns_s, start_s=both.start_s)
    measured = dyad.measured(found, references, talk=talk)
    return Judged(
        dyad=measured,
        details=dyad.details(found),
        with_speech=_with_speech(both) if turns_s is not None else None,
        references=references,
        talk=talk,
        rejected_shares=dyad.rejected_shares(found),
        reason=_reason(hearts, both, measured),
        both=both,
        turns_s=turns_s,
        band_bpm=found.band_bpm,
    )


def _with_speech(both: Together) -> Linkage:
    return linkage(correlogram(*dyad.series(both.hr_bpm, FS_HZ, start_s=both.start_s).band_bpm))


def opening_s(heart: Heart) -> float:
    """The beat that opens the first interval; NaN without one."""
    return float(heart.t_s[0] - heart.rr_s[0]) if len(heart.t_s) else np.nan


def end_s(heart: Heart) -> float:
    """The last beat; NaN without one."""
    return float(heart.t_s[-1]) if len(heart.t_s) else np.nan


def _reason(hearts: dict[Partner, Heart], both: Together, found: dyad.Dyad) -> str:
    """Why the data give no figure, in words for whoever recorded them."""
    if found.state != "not_enough_data":
        return ""
    for p in PARTNERS:
        if not len(hearts[p].t_s):
            return f"no beats of {p.upper()} were recorded"
    if not both.hr_bpm.shape[-1]:
        spans = (
            f"{p.upper()} from {opening_s(hearts[p]):.0f} to {end_s(hearts[p]):.0f} s"
            for p in PARTNERS
        )
        return f"the two were never recorded at the same time: {' and '.join(spans)}"
    for p, hr_bpm in zip(PARTNERS, both.hr_bpm, strict=True):
        if (share := held_share(hr_bpm)) > MAX_HELD_SHARE:
            return f"the heart rate of {p.upper()} does not move in {100 * share:.0f} % of the time"
    if found.joint_s < MIN_JOINT_S:
        clean = f"{found.joint_s // 60:.0f} min {found.joint_s % 60:02.0f} s"
        return f"{clean} of clean time together; {MIN_JOINT_S / 60:.0f} min are needed"
    if found.clean_share < MIN_CLEAN_SHARE:
        return (
            f"{100 * found.clean_share:.0f} % of the time together is clean; "
            f"{100 * MIN_CLEAN_SHARE:.0f} % are needed"
        )
    return "too little to compare with chance"
