"""Rises of simulated people whose arousal is known, beside those that their beats show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import FS_HZ, arousal_band
from interbeat_analysis.recovery import episodes, recovery
from interbeat_collector.events import PARTNERS
from interbeat_collector.simulation import DyadSettings, sessions

from .index_trials import BLOCK_S, series_of

NEAR_S = 15.0
"""A rise of the heart follows one of arousal within so many seconds."""


class Recovered(NamedTuple):
    """What is found of one person in 20 minutes."""

    true_rises: int
    found_rises: int
    true_found: int
    """True rises near one that was found."""
    found_true: int
    """Found rises near a true one."""
    true_half_s: float
    """Median recovery of the latent arousal; NaN with fewer than five rises."""
    half_s: float
    low_s: float
    high_s: float


def recovered(seeds: Sequence[int], settings: DyadSettings) -> list[Recovered]:
    """Look for rises in both partners of each couple."""
    told: list[Recovered] = []
    for session in sessions(seeds, settings, BLOCK_S):
        for p, band in zip(PARTNERS, series_of(session).band_bpm, strict=True):
            latent = session.arousal_bpm[p][:: int(FS_HZ)]
            true, found = episodes(arousal_band(latent).band_bpm), episodes(band)
            middle = recovery([found])
            told.append(
                Recovered(
                    len(true.peak_s),
                    len(found.peak_s),
                    _near(true.peak_s, found.peak_s),
                    _near(found.peak_s, true.peak_s),
                    recovery([true]).half_s,
                    middle.half_s,
                    middle.low_s,
                    middle.high_s,
                )
            )
    return told


def _near(these_s: np.ndarray, others_s: np.ndarray) -> int:
    """How many of these have one of the others near."""
    apart = np.abs(these_s[:, None] - others_s)
    return int(np.count_nonzero((apart <= NEAR_S).any(axis=-1)))
