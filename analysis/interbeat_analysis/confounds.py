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
"""Share of the time between clean beats that is lost to rejected ones. The linkage of simulated
sessions was sound with 10 % bad beats, which spoil about twice as much time."""


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


def rejected_share(hr_bpm: np.ndarray, slow_bpm: np.ndarray) -> float:
    """Share of the seconds seen in which a rejected beat left the heart rate unknown.

    Parameters
    ----------
    hr_bpm : ndarray, shape (n,)
        Heart rate of one partner at every whole second, NaN where unknown.
    slow_bpm : ndarray, shape (n,)
        Its slow heart rate, which bridges rejected beats and not longer holes.

    Returns
    -------
    float
        0 to 1; NaN if nothing was seen.
    """
    seen = np.isfinite(slow_bpm)
    return float(np.isnan(hr_bpm[seen]).mean()) if seen.any() else np.nan
