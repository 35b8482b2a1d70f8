"""Simulated couples of known truth, real strangers, and what the index analysis says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import clean_heart_rate
from interbeat_analysis.dyad import Dyad, Series, measured, series
from interbeat_analysis.holes import runs
from interbeat_analysis.pooling import together
from interbeat_analysis.recovery import episodes, recovery
from interbeat_analysis.settling import Reference, reference
from interbeat_collector.events import PARTNERS
from interbeat_collector.simulation import DyadSettings, SimulatedSession, sessions

REFERENCE_S = 2400.0
REFERENCE_SESSION = 1000
"""A meeting of the same two people in which nobody moves the other; far from those that are
judged, so that nothing in it is drawn twice."""
LABEL_RUN_S = 2.0
LABEL_ERROR = 0.1
"""Runs of speaking labels, and the share of runs that are the wrong way round."""


class Figures(NamedTuple):
    """What is said of one couple, of one session or of several together."""

    p: float
    r: float
    lag_s: float
    p_antiphase: float
    asymmetry_z: float
    claim: str | None
    half_decay_s: float
    log_sigma: float
    sigma: float
    value: float
    low: float
    high: float
    locked_breathing: bool
    state: str


def figures(dyad: Dyad) -> Figures:
    """The figures that the tables are made of."""
    return Figures(
        dyad.linkage.p,
        dyad.linkage.r,
        dyad.linkage.lag_s,
        dyad.linkage.p_antiphase,
        dyad.lead.asymmetry_z,
        dyad.lead.claim,
        dyad.settling.half_decay_s,
        dyad.settling.log_sigma,
        dyad.correlogram.sigma,
        dyad.coregulation.value,
        dyad.coregulation.low,
        dyad.coregulation.high,
        dyad.breathing.locked,
        dyad.state,
    )


def couples(
    seeds: Sequence[int],
    settings: DyadSettings,
    duration_s: float,
    *,
    meetings: int = 1,
    turns_given: bool = False,
    with_reference: bool = False,
) -> list[Figures]:
    """Judge one couple for each seed, over one meeting or several together."""
    known = _references(seeds, settings) if with_reference else [None] * len(seeds)
    found: list[list[Dyad]] = [[] for _ in seeds]
    for meeting in range(meetings):
        held = sessions(seeds, replace(settings, session=meeting), duration_s)
        for judged, session, references in zip(found, held, known, strict=True):
            judged.append(measured(series_of(session, turns_given=turns_given), references))
    return [figures(together(judged)) for judged in found]


def series_of(session: SimulatedSession, *, turns_given: bool = False) -> Series:
    """The bands of a simulated session, from the beats that a strap would have reported."""
    hr_bpm = np.stack(
        [
            clean_heart_rate(session.beat_t_s[p], session.rr_s[p], 0.0, session.duration_s)
            for p in PARTNERS
        ]
    )
    turns = (_labelled(session, 0), _labelled(session, 1)) if turns_given else None
    return series(hr_bpm, turns_s=turns)


def _references(
    seeds: Sequence[int], settings: DyadSettings
) -> list[tuple[Reference, Reference] | None]:
    """How each of them settles in 40 minutes of the same kind of talk, unmoved by the other.

    On a usual day: a drift that is asked for is that of the sessions, not of the reference.
    """
    alone = DyadSettings(
        session=REFERENCE_SESSION,
        turns=settings.turns,
        turn_s=settings.turn_s,
        speech_bpm=settings.speech_bpm,
    )
    found: list[tuple[Reference, Reference] | None] = []
    for session in sessions(seeds, alone, REFERENCE_S):
        a, b = series_of(session).band_bpm
        found.append((reference([a], talk=True), reference([b], talk=True)))
    return found


def _labelled(session: SimulatedSession, partner: int) -> np.ndarray:
    """Speaking turns as a person with a key would mark them: each 2 s run may be wrong."""
    source = np.random.default_rng([session.settings.seed, session.settings.session, partner])
    spoken = session.spoken_s[PARTNERS[partner]]
    at_s = np.arange(0.0, session.duration_s, 0.25)
    spoke = np.searchsorted(spoken.ravel(), at_s, side="right") % 2 == 1
    run = (at_s // LABEL_RUN_S).astype(int)
    spoke ^= (source.random(run[-1] + 1) < LABEL_ERROR)[run]
    return np.asarray(np.append(at_s, session.duration_s)[runs(spoke)])


class Covered(NamedTuple):
    """Whether the 90 % ranges of one 20 min block hold what the couple's 4 h session gives."""

    r: bool
    half_decay: bool
    own_share: bool
    balance: bool
    value: bool
    recovery: tuple[bool, ...]
    """Of each partner with enough rises in the block."""


BLOCK_S = 1200
LONG_S = 14_400.0
RANGE_SIGMAS = 1.645


def coverage(seeds: Sequence[int], settings: DyadSettings) -> list[Covered]:
    """Judge four hours of each couple, and every 20 minutes of them."""
    found = []
    references = _references(seeds, settings)
    for session, known in zip(sessions(seeds, settings, LONG_S), references, strict=True):
        whole = series_of(session)
        truth = measured(whole, known)
        at = int(np.argmax(truth.correlogram.r))
        per_block = round(BLOCK_S * whole.fs)
        for start in range(0, whole.hr_bpm.shape[-1] - per_block + 1, per_block):
            part = series(whole.hr_bpm[:, start : start + per_block])
            held = _recovery_held(whole, part)
            found.append(_covered(truth, at, measured(part, known), held))
    return found


def _recovery_held(whole: Series, part: Series) -> tuple[bool, ...]:
    pairs = [
        (recovery([episodes(long)]), recovery([episodes(short)]))
        for long, short in zip(whole.band_bpm, part.band_bpm, strict=True)
    ]
    return tuple(
        short.low_s <= long.half_s and not short.high_s < long.half_s
        for long, short in pairs
        if np.isfinite(short.half_s)
    )


def _covered(truth: Dyad, at: int, block: Dyad, recovery_held: tuple[bool, ...]) -> Covered:
    own, leaning = truth.linkage.own_share, truth.lead.balance
    off_r = abs(block.correlogram.r[at] - truth.correlogram.r[at])
    off_log = abs(np.log(block.settling.half_decay_s / truth.settling.half_decay_s))
    return Covered(
        bool(off_r <= RANGE_SIGMAS * block.correlogram.sigma),
        bool(off_log <= RANGE_SIGMAS * block.settling.log_sigma),
        bool(block.linkage.own_low <= own <= block.linkage.own_high),
        bool(block.lead.balance_low <= leaning <= block.lead.balance_high),
        bool(block.coregulation.low <= truth.coregulation.value <= block.coregulation.high),
        recovery_held,
    )
