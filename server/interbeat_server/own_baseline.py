"""Each person's own baseline in a running session: which stretch it is, and when it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from interbeat_analysis.baseline import (
    MINUTE_S,
    MOST_S,
    Baseline,
    Comparison,
    baseline,
    clean_s,
    compare,
)
from interbeat_analysis.gates import Index
from interbeat_analysis.indices import Cleaned, cleaned
from interbeat_collector.beats import BeatClock
from interbeat_collector.events import PARTNERS, Marker, Partner

LABEL = "baseline"
"""The marker that begins a quiet stretch; the next marker, whatever it says, ends it."""

CONTEXT_S = 200.0
"""How far back beats decide what the first of a stretch is: a hundred of the slowest heart."""


class Span(NamedTuple):
    """A stretch of session time that somebody marked as a baseline."""

    from_s: float
    to_s: float

    @property
    def due_s(self) -> float:
        """When the first minute is over that holds none of it."""
        return self.to_s + MINUTE_S


class Shown(NamedTuple):
    """What is known of a partner's baseline at a frame."""

    from_s: float
    to_s: float
    state: str
    """`gathering`; `waiting`: for the first minute after it; or the state of the `Baseline`."""
    clean_s: float
    reason: str
    figures: Mapping[str, Index]
    """Those of the baseline, empty until it is settled."""
    comparisons: Mapping[str, Comparison]
    """Of the last minute, empty unless the state is ok."""


def spans(markers: Iterable[Marker]) -> list[Span]:
    """The stretches that markers begin and end, oldest first."""
    by_moment = sorted(markers, key=lambda marker: marker.at_s)
    moments_s = [marker.at_s for marker in by_moment]
    found = []
    for marker in by_moment:
        if marker.label.strip().casefold() == LABEL:
            later_s = [at_s for at_s in moments_s if at_s > marker.at_s]
            found.append(Span(marker.at_s, min([marker.at_s + MOST_S, *later_s[:1]])))
    return found


def newest(heart: Cleaned, stretches: Iterable[Span]) -> Baseline | None:
    """The newest stretch that may serve; the newest of all when none may, None without any."""
    found = None
    for stretch in stretches:
        found = _newer(found, baseline(heart, *stretch))
    return found


def _newer(known: Baseline | None, found: Baseline) -> Baseline:
    return known if known and known.state == "ok" and found.state != "ok" else found


class BaselineWatch:
    """Follows markers, and settles each stretch at one moment of session time.

    What is settled depends on nothing but the events up to `due_s`, so that frames, replays and
    jumps agree whichever of them asks.
    """

    def __init__(self) -> None:
        self._markers: list[Marker] = []
        self._waiting: list[Span] = []
        self._settled_from_s: set[float] = set()
        self._own: dict[Partner, Baseline] = {}

    def hear(self, marker: Marker) -> None:
        """Take in a marker, which may begin a stretch, end one, or both."""
        self._markers.append(marker)
        self._waiting = [s for s in spans(self._markers) if s.from_s not in self._settled_from_s]

    @property
    def due_s(self) -> float:
        """When `settle` is to be called next: after the events up to then, before any later."""
        return min((span.due_s for span in self._waiting), default=np.inf)

    def settle(self, clocks: Mapping[Partner, BeatClock]) -> None:
        """Keep what the stretch that is due says of each heart."""
        span = min(self._waiting, key=lambda each: each.due_s)
        self._waiting.remove(span)
        self._settled_from_s.add(span.from_s)
        for p in PARTNERS:
            found = baseline(_heart(clocks[p], span.from_s), *span)
            self._own[p] = _newer(self._own.get(p), found)

    def shown(
        self, t_s: float, partner: Partner, clock: BeatClock, minute: Mapping[str, Index]
    ) -> Shown | None:
        """What is known at `t_s`; None before anybody marked a baseline."""
        own = self._own.get(partner)
        if own and own.state == "ok":
            return Shown(*own[:2], "ok", own.clean_s, "", own.figures, compare(own, minute))
        if self._waiting:
            span = self._waiting[-1]
            seen_s = clean_s(_heart(clock, span.from_s), span.from_s, min(t_s, span.to_s))
            state = "gathering" if t_s < span.to_s else "waiting"
            return Shown(*span, state, seen_s, "", {}, {})
        return own and Shown(*own[:2], own.state, own.clean_s, own.reason, own.figures, {})


def _heart(clock: BeatClock, from_s: float) -> Cleaned:
    """The beats of a stretch, and those before it that tell what they are, as known now."""
    beats = clock.beats(from_s - CONTEXT_S).real()
    return cleaned(beats.t_s, beats.rr_s, causal=True)
