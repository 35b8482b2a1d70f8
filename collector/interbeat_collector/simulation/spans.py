"""What begins, lasts and ends: events that stir arousal, and turns at speaking."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, pi

import numpy as np

from .settings import DyadSettings

Span = tuple[float, float, float]
"""start_s, stop_s and a value."""

_EVENT_MIN_S = 4.0
_TURN_SHAPE = 1.6
_TURN_MIN_S = 0.5
_GAP_S, _GAP_SD_S = 0.3, 0.5
_KEPT_TURNS = 0.08
"""Share of turns after which the same person goes on."""


class Spans:
    """Reads a stream of spans, ordered by their start, as time goes on."""

    def __init__(self, stream: Iterator[Span]) -> None:
        self._stream = stream
        self._next = next(stream, (inf, inf, 0.0))
        self._open: list[Span] = []

    def within(self, from_s: float, to_s: float) -> list[Span]:
        """Return the spans that touch the time from `from_s` to `to_s`, which only moves on."""
        while self._next[0] < to_s:
            self._open.append(self._next)
            self._next = next(self._stream, (inf, inf, 0.0))
        self._open = [span for span in self._open if span[1] > from_s]
        return self._open


def events(
    own: np.random.Generator, start_s: float, every_s: float, mean_bpm: float, mean_s: float
) -> Iterator[Span]:
    """Events at random moments; the value is their peak in bpm."""
    t_s = start_s
    while True:
        t_s += own.exponential(every_s)
        length_s = max(own.gamma(6) * mean_s / 6, _EVENT_MIN_S)
        yield t_s, t_s + length_s, own.gamma(3) * mean_bpm / 3


def add_pulses(push: np.ndarray, t_s: np.ndarray, spans: list[Span], later_s: float = 0.0) -> None:
    """Add half-sine pulses to `push`, in bpm/s; each alone lifts what it pushes by its peak."""
    for start_s, stop_s, peak_bpm in spans:
        length_s = stop_s - start_s
        low, high = np.searchsorted(t_s, [start_s + later_s, stop_s + later_s])
        phase = pi * (t_s[low:high] - start_s - later_s) / length_s
        push[low:high] += peak_bpm * pi / (2 * length_s) * np.sin(phase)


def talk(
    own: np.random.Generator, shared: np.random.Generator, partner: int, settings: DyadSettings
) -> Iterator[Span]:
    """When one partner speaks."""
    if settings.turns == "independent":
        return _alone(own, settings.turn_s)
    if settings.turns == "shared":
        return (span for span in _turns(shared, settings.turn_s) if span[2] == partner)
    return iter(())


def _alone(own: np.random.Generator, turn_s: float) -> Iterator[Span]:
    t_s = 0.0
    while True:
        start_s = t_s + _turn(own, turn_s)
        t_s = start_s + _turn(own, turn_s)
        yield start_s, t_s, 0.0


def _turns(shared: np.random.Generator, turn_s: float) -> Iterator[Span]:
    """Turns of both; the value is who speaks."""
    silent_since_s = [-inf, -inf]
    who = int(shared.integers(2))
    start_s = 0.0
    while True:
        stop_s = start_s + _turn(shared, turn_s)
        yield start_s, stop_s, who
        silent_since_s[who] = stop_s
        if shared.random() >= _KEPT_TURNS:
            who = 1 - who
        # Turns may overlap, but nobody speaks twice at once or before the one who came before.
        earliest_s = max(start_s, silent_since_s[who]) + 0.1
        start_s = max(stop_s + shared.normal(_GAP_S, _GAP_SD_S), earliest_s)


def _turn(own: np.random.Generator, mean_s: float) -> float:
    return max(own.gamma(_TURN_SHAPE) * mean_s / _TURN_SHAPE, _TURN_MIN_S)


def mark(out: np.ndarray, t_s: np.ndarray, spans: list[Span]) -> None:
    """Set `out` to true within the spans."""
    for start_s, stop_s, _ in spans:
        low, high = np.searchsorted(t_s, [start_s, stop_s])
        out[low:high] = True
