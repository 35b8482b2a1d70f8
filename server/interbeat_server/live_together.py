"""What two hearts say of each other while they beat: the last twenty minutes, every five seconds.

A judgement at time T is what `dyad.measured` gives for the beats and the speaking turns known at
T, so live, replay and batch agree, and it does not matter how T was reached. Only what has changed
since the judgement before is computed anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.artifacts import find_artifacts
from interbeat_analysis.dyad import Dyad, measured, series
from interbeat_analysis.recovery import Recovery, episodes, recovery
from interbeat_analysis.series import heart_rate
from interbeat_collector.beats import BeatClock
from interbeat_collector.events import PARTNERS, Partner, Speech
from interbeat_collector.speech import spoken

from .reference_header import Pair, Pairs, fitting

EVERY_S = 5.0
SPAN_S = 1200.0
ROUNDING_S = 1e-9
SPLINE_BEATS = 60
"""Of a change, 0.27 is left a beat later: so many beats on, nothing."""
LEAD_IN_S = 60.0
"""Beats before the first sample that bend its spline."""
JUDGED_BY_S = 200.0
"""Whether a beat is bad is told from the hundred before it, in the slowest heart so long."""
SPEECH_BEFORE_S = 60.0
"""Speaking so long before the first sample no longer reaches it."""


class Newest(NamedTuple):
    """The newest beats of one partner and which are bad, told with those before in sight."""

    t_s: np.ndarray
    bad: np.ndarray


@dataclass(frozen=True, slots=True)
class Together:
    """The judgement of one moment."""

    t_s: float
    from_s: float
    to_s: float
    """The stretch that is judged: whole seconds, the last one not included."""
    dyad: Dyad
    recovery: Mapping[Partner, Recovery]
    """Of the stretch; as much of a description as in `details`."""
    clean_s: Mapping[Partner, int]
    """Seconds of the stretch in which each band is known."""
    references: Pair | None
    """What settling was held against."""


class Watch:
    """Follows two hearts and judges them when asked; holds no more than the last minutes."""

    def __init__(self, references: Pairs = (), *, talk: bool = True) -> None:
        self._references = references
        self._talk = talk
        self._trails: dict[Partner, _Trail] = {p: _Trail() for p in PARTNERS}
        self._speech: dict[Partner, list[Speech]] = {p: [] for p in PARTNERS}

    def hear(self, event: Speech) -> None:
        """A partner begins or stops speaking."""
        self._speech[event.partner].append(event)

    def judge(
        self,
        t_s: float,
        clocks: Mapping[Partner, BeatClock],
        newest: Mapping[Partner, Newest],
        horizon_s: float,
    ) -> Together:
        """The judgement at `t_s`, of what is settled by then (-inf before both hearts beat)."""
        to_s = float(np.floor(horizon_s + ROUNDING_S)) if horizon_s > 0 else 0.0
        since_s = to_s - SPAN_S - LEAD_IN_S
        trails = [self._trails[p] for p in PARTNERS]
        openings_s = [
            trail.follow(since_s, clocks[p], newest[p])
            for p, trail in zip(PARTNERS, trails, strict=True)
        ]
        from_s = min(max(float(np.ceil(max(openings_s))), to_s - SPAN_S), to_s)
        hr_bpm = np.stack([trail.heart_rate(from_s, to_s) for trail in trails])
        turns_s = self._turns(t_s, from_s)
        both = series(hr_bpm, FS_HZ, turns_s=turns_s, start_s=from_s)
        references = fitting(self._references, both.speech_known)
        dyad = measured(both, references, talk=self._talk)
        known = np.isfinite(both.band_bpm).sum(axis=-1).tolist()
        clean_s = dict(zip(PARTNERS, known, strict=True))
        recovered = {
            p: recovery([episodes(band)]) for p, band in zip(PARTNERS, both.band_bpm, strict=True)
        }
        return Together(t_s, from_s, to_s, dyad, recovered, clean_s, references)

    def _turns(self, t_s: float, from_s: float) -> tuple[np.ndarray, np.ndarray] | None:
        """Speaking turns as they are known at `t_s`; None while nothing was told of speaking."""
        if not any(self._speech.values()):
            return None
        before_s = from_s - SPEECH_BEFORE_S
        self._speech = {p: _in_reach(told, before_s) for p, told in self._speech.items()}
        a, b = (
            np.array(spoken(self._speech[p], p, t_s) or [], dtype=np.float64).reshape(-1, 2)
            for p in PARTNERS
        )
        return a, b


def _in_reach(told: list[Speech], before_s: float) -> list[Speech]:
    """What one partner's speaking was told since an instant, and the newest of each source before.

    Of two that were told for the same time the one heard later counts.
    """
    old = sorted((event for event in told if event.at_s < before_s), key=lambda event: event.at_s)
    newest = {event.source: event for event in old}
    return [e for e in told if e.at_s >= before_s or newest[e.source] is e]


class _Beats(NamedTuple):
    """Consecutive beats of one partner, counted from `first`."""

    first: int
    t_s: np.ndarray
    nn_s: np.ndarray
    """Intervals, NaN where one is bad."""
    bad: np.ndarray


class _Samples(NamedTuple):
    """Heart rate at 4 Hz from sample number `first` on, 0 being the start of the session."""

    first: int
    bpm: np.ndarray


_NO_BEATS = _Beats(0, np.empty(0), np.empty(0), np.empty(0, dtype=bool))
_NO_SAMPLES = _Samples(0, np.empty(0))


class _Trail:
    """The last twenty minutes of one heart."""

    def __init__(self) -> None:
        self._beats = _NO_BEATS
        self._samples = _NO_SAMPLES
        self._sure_s = np.inf
        """Samples before this are as they were at the judgement before."""

    def follow(self, since_s: float, clock: BeatClock, newest: Newest) -> float:
        """Take over the beats from about `since_s` on; return where the record begins."""
        told = clock.told(since_s)
        first = clock.count - len(told.t_s)
        bad = self._judged(first, told.t_s, clock, newest)
        before = self._beats
        self._beats = _Beats(first, told.t_s, np.where(bad, np.nan, told.rr_s), bad)
        self._sure_s = _same_until_s(before, self._beats)
        if not clock.count:
            return np.inf
        return float(told.t_s[0] - told.rr_s[0]) if not first else -np.inf

    def heart_rate(self, from_s: float, to_s: float) -> np.ndarray:
        """Samples from `from_s` on and before `to_s`, both whole seconds."""
        first, after = round(from_s * FS_HZ), round(to_s * FS_HZ)
        kept = self._samples.bpm[max(first - self._samples.first, 0) :]
        sure = np.ceil(self._sure_s * FS_HZ) - first if first >= self._samples.first else 0
        kept = kept[: int(min(max(sure, 0), after - first, len(kept)))]
        asked_s = np.arange(first + len(kept), after) / FS_HZ
        bpm = np.concatenate([kept, self._sampled(asked_s)])
        self._samples = _Samples(first, bpm)
        return bpm

    def _sampled(self, t_s: np.ndarray) -> np.ndarray:
        if not len(t_s):
            return np.empty(0)
        beats = self._beats
        start = max(int(np.searchsorted(beats.t_s, t_s[0])) - SPLINE_BEATS, 0)
        return heart_rate(beats.t_s[start:], beats.nn_s[start:], t_s)

    def _judged(self, first: int, t_s: np.ndarray, clock: BeatClock, newest: Newest) -> np.ndarray:
        """Which beats are bad: as the newest judgement says, before that as was known."""
        count = first + len(t_s)
        opening = clock.count - len(newest.t_s)
        seen_s = newest.t_s[0] + JUDGED_BY_S if opening and len(newest.t_s) else -np.inf
        exact = opening + int(np.searchsorted(newest.t_s, seen_s))
        known = self._beats.first + len(self._beats.bad)
        if exact <= first:
            return newest.bad[first - opening :]
        if exact > known or first < self._beats.first:
            return self._judged_anew(count - first, t_s, clock)
        old = self._beats.bad[first - self._beats.first : exact - self._beats.first]
        return np.concatenate([old, newest.bad[exact - opening :]])

    @staticmethod
    def _judged_anew(count: int, t_s: np.ndarray, clock: BeatClock) -> np.ndarray:
        if not count:
            return np.empty(0, dtype=bool)
        told = clock.told(float(t_s[0]) - JUDGED_BY_S)
        found = find_artifacts(told.rr_s, beat_t_s=told.t_s, causal=True)
        return found.bad[len(told.t_s) - count :]


def _same_until_s(before: _Beats, now: _Beats) -> float:
    """Up to where a heart rate made of either is the same; -inf if nowhere."""
    skip = now.first - before.first
    shared = min(len(before.t_s) - skip, len(now.t_s))
    if skip < 0 or shared <= 0:
        return -np.inf
    old = slice(skip, skip + shared)
    differs = (before.t_s[old] != now.t_s[:shared]) | (before.bad[old] != now.bad[:shared])
    change = int(np.argmax(differs)) if differs.any() else shared
    return float(now.t_s[change - SPLINE_BEATS]) if change >= SPLINE_BEATS else -np.inf
