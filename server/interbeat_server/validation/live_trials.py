"""What the live engine says of two hearts, beside the analysis of the same stretch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.artifacts import mask_artifacts
from interbeat_analysis.dyad import Dyad, measured, series
from interbeat_analysis.series import heart_rate
from interbeat_analysis.settling import Reference
from interbeat_collector.events import PARTNERS
from interbeat_collector.session_file import Recording
from interbeat_collector.simulation import DyadSettings
from interbeat_collector.speech import spoken

from ..live import Engine, slices_s
from ..live_together import Together
from ..recorded import hearts_of
from ..reference_header import Pair
from ..sources import simulated_session

COUPLE = DyadSettings(turns="shared", mode="mutual", gain=1.5)
LASTS_S = 1500.0
"""Long enough that the beginning has left the stretch that is judged."""
REFERENCES = Pair(
    Reference(13.0, 2400.0, talk=True, speech_known=True),
    Reference(12.0, 2400.0, talk=True, speech_known=True),
)


def live_off_batch(seeds: Sequence[int]) -> list[float]:
    """The largest difference of any figure of each couple; infinite where a word differs.

    The engine hears packet after packet through virtual straps and judges every five seconds;
    the batch gets all beats and turns known at its last judgement.
    """
    found = []
    for seed in seeds:
        header, endless = simulated_session(replace(COUPLE, seed=seed))
        events = [*takewhile(lambda event: event.t_s <= LASTS_S, endless)]
        engine = Engine(references=(REFERENCES,))
        for event in events:
            engine.push(event)
        for t_s in slices_s(0.0, LASTS_S):
            engine.pass_over(t_s)
            live = engine.look(t_s)
        known = tuple(event for event in events if event.t_s <= live.t_s)
        found.append(_off(live.dyad, _batch(Recording(header, known), live)))
    return found


def _batch(recording: Recording, live: Together) -> Dyad:
    hearts = hearts_of(recording)
    at_s = np.arange(live.from_s, live.to_s, 1 / FS_HZ)
    hr_bpm = [
        heart_rate(t_s, mask_artifacts(rr_s, beat_t_s=t_s, causal=True), at_s)
        for t_s, rr_s in (hearts[p] for p in PARTNERS)
    ]
    a, b = (np.reshape(spoken(recording.events, p, live.t_s) or [], (-1, 2)) for p in PARTNERS)
    both = series(np.stack(hr_bpm), FS_HZ, turns_s=(a, b), start_s=live.from_s)
    return measured(both, REFERENCES)


def _off(one: Dyad, other: Dyad) -> float:
    words = [(d.state, d.flags, d.lead.claim, d.settling.state, *d.coregulation[3:])
             for d in (one, other)]  # fmt: skip
    here, there = (
        np.concatenate(
            [
                d.correlogram.r,
                [d.joint_s, d.correlogram.sigma, d.breathing.z],
                d.linkage,
                d.lead[:4],
                d.settling[:7],
                d.coregulation[:3],
            ]
        )
        for d in (one, other)
    )
    same = words[0] == words[1] and np.isfinite(here).all()
    return float(np.abs(here - there).max()) if same else np.inf
