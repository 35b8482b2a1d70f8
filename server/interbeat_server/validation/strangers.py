"""What is found in pairs of strangers, and in strangers with influence put into them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.dyad import measured, series
from interbeat_analysis.linkage import correlogram, linkage
from interbeat_analysis.settling import Reference, reference

from .index_trials import Figures, figures
from .real_hours import Stretch, heart_rate_of, pair_of

INJECTED_LAG_S = 8
INJECTED_GAIN = 0.5
"""r = k / sqrt(1 + k^2) = .45 between what is put in and what becomes of it."""


class Peak(NamedTuple):
    """Linkage of a pair with influence put in."""

    p: float
    lag_s: float


def strangers(
    pairs: Sequence[Stretch], lasts_s: float, *, with_reference: bool = False
) -> list[Figures]:
    """Judge pairs of strangers; the rest of each one's hour may be their reference."""
    found = []
    for pair in pairs:
        known = (
            (_rest(pair.a, pair.start_a_s, lasts_s), _rest(pair.b, pair.start_b_s, lasts_s))
            if with_reference
            else None
        )
        found.append(figures(measured(series(pair_of(pair, lasts_s)), known)))
    return found


def influenced(pairs: Sequence[Stretch], lasts_s: float) -> list[Peak]:
    """Put a's arousal into b's, 8 s later, and look for it."""
    found = []
    for pair in pairs:
        a, b = series(pair_of(pair, lasts_s)).band_bpm
        later = np.concatenate([np.full(INJECTED_LAG_S, np.nan), a[:-INJECTED_LAG_S]])
        gain = INJECTED_GAIN * np.nanstd(b) / np.nanstd(a)
        judged = linkage(correlogram(a, b + gain * np.nan_to_num(later)))
        found.append(Peak(judged.p, judged.lag_s))
    return found


def _rest(name: str, start_s: float, lasts_s: float) -> Reference:
    """How a person settles in the hour outside of a stretch."""
    hr_bpm = heart_rate_of(name).copy()
    first = round(start_s * FS_HZ)
    hr_bpm[first : first + round(lasts_s * FS_HZ)] = np.nan
    band = series(np.stack([hr_bpm, hr_bpm])).band_bpm[0]
    return reference([band], talk=True, person=name)
