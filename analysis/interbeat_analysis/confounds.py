"""What else can make two hearts move together: told beside the figures, not left to the reader."""

from __future__ import annotations

from typing import Literal

import numpy as np

from interbeat_analysis.linkage import Correlogram

Flag = Literal[
    "same_source",
    "too_many_artifacts",
    "locked_breathing",
    "speech_unknown",
    "shared_or_linked",
]
"""In the order in which they weigh."""

SAME_R = 0.95
SAME_LAG_S = 5.0
"""Two straps on one chest differ in latency by up to some seconds."""
MAX_REJECTED_SHARE = 0.20
"""Share of the time in which rejected beats leave the heart rate unknown. One bad beat in ten
costs as much, and linkage was sound up to there (`interbeat validate index`)."""
SILENT_S = 10.0
"""A longer hole is a strap that sent nothing, not a row of rejected beats."""
MAX_HELD_SHARE = 0.25
"""Of the known time; a heart that stands still for longer was not measured in it."""
HELD_STEP_BPM = 1e-6
"""No heart beats so evenly; a value that is held, at a limit or by a device, does."""


def same_heart(found: Correlogram) -> bool:
    """Whether both straps seem to hear one heart.

    Parameters
    ----------
    found : Correlogram
        Of the two arousal bands.

    Returns
    -------
    bool
        True if r is above .95 at any lag within 5 s.
    """
    near = found.r[np.abs(found.lag_s) <= SAME_LAG_S]
    return bool((near > SAME_R).any())


def rejected_share(hr_bpm: np.ndarray) -> float:
    """Share of the seconds seen in which rejected beats leave the heart rate unknown.

    Parameters
    ----------
    hr_bpm : ndarray, shape (n,)
        Heart rate of one partner at every whole second, NaN where unknown.

    Returns
    -------
    float
        0 to 1; holes of more than 10 s do not count. NaN if nothing was seen.
    """
    known = np.flatnonzero(np.isfinite(hr_bpm))
    steps = np.diff(known)
    seen = len(known) + int((steps[steps <= SILENT_S] - 1).sum())
    return 1.0 - len(known) / seen if seen else np.nan


def held_share(hr_bpm: np.ndarray) -> float:
    """Share of the known time in which a heart rate does not move at all.

    Parameters
    ----------
    hr_bpm : ndarray, shape (m,)
        Heart rate of one partner, NaN where unknown.

    Returns
    -------
    float
        0 to 1: 1 for a constant series; NaN with less than two neighbouring samples.
    """
    steps = np.abs(np.diff(hr_bpm))
    count = np.count_nonzero(np.isfinite(steps))
    return float(np.count_nonzero(steps < HELD_STEP_BPM)) / count if count else np.nan
