"""What is asked of two simulated people."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from typing import Literal, get_args

from .damage import Damage, check_range

Mode = Literal["none", "a_leads", "b_leads", "mutual", "amplify", "coregulate", "counter"]
"""How one partner's arousal moves the other's; `gain` is relative to how fast each settles alone.

a_leads, b_leads   the other is drawn towards the leader's arousal, up and down
mutual             both are drawn towards each other
amplify            arousal spreads both ways, calm does not; from gain 1 on the two never settle
coregulate         the calmer one brings the aroused one down, and is stirred a quarter as much
counter            the arousal of one lowers the other's
"""
Turns = Literal["none", "independent", "shared"]
"""Nobody speaks; each speaks without minding the other; the two take turns."""

MODES: tuple[Mode, ...] = get_args(Mode)
TURNS: tuple[Turns, ...] = get_args(Turns)
MAX_SEED = 2**32 - 1
MAX_LAG_S = 5.0
MAX_DELAY_S = 60.0
MAX_GAIN = 5.0


@dataclass(frozen=True)
class DyadSettings:
    """Everything that shapes a simulated couple; the defaults are two silent strangers."""

    seed: int = 1
    """Which two people."""
    session: int = 0
    """Which meeting of these two: the same people, other moments."""

    mode: Mode = "none"
    gain: float = 1.0
    delay_s: float = 3.0
    """How long one partner's arousal takes to reach the other, in whole steps of 0.25 s."""
    coupled_s: tuple[tuple[float, float], ...] | None = None
    """When `mode` holds, as (from, to); None: always."""

    coupling: float = 0.0
    """A planted likeness: the size of a wave that both hearts have in common, 0 to 1. It is no
    influence of arousal on arousal, and quick enough for windows of 30 s to see its lag."""
    lag_s: float = 2.0
    """> 0: the wave reaches b so many seconds after a; < 0: a after b."""

    turns: Turns = "none"
    turn_s: float = 9.0
    speech_bpm: float = 2.5
    """How much speaking raises the heart rate of the average person."""
    drift_bpm: float = 1.8
    """How far the heart rate of the average person drifts within minutes (SD)."""

    shared_event_every_s: float | None = None
    """Something stirs both, so often on average; None: never."""
    shared_event_lag_s: float = 0.0
    """So much later it reaches b."""
    shared_trend_bpm: float = 0.0
    """Both calm down from here, and sway together with a period of 700 s."""
    locked_breathing: float = 0.0
    """Share of the breathing that both have in common, 0 to 1."""
    breath_hz: float | None = None
    """The pace at which both breathe; None: each as they like."""

    damage: Damage = field(default_factory=Damage)

    def __post_init__(self) -> None:
        _check_whole("seed", self.seed)
        _check_whole("session", self.session)
        _check_word("mode", self.mode, MODES)
        _check_word("turns", self.turns, TURNS)
        check_range("gain", self.gain, 0.0, MAX_GAIN)
        check_range("delay_s", self.delay_s, 0.25, MAX_DELAY_S)
        check_range("coupling", self.coupling, 0.0, 1.0)
        check_range("lag_s", self.lag_s, -MAX_LAG_S, MAX_LAG_S)
        check_range("turn_s", self.turn_s, 1.0, 600.0)
        check_range("speech_bpm", self.speech_bpm, 0.0, 20.0)
        check_range("drift_bpm", self.drift_bpm, 0.0, 20.0)
        if self.shared_event_every_s is not None:
            check_range("shared_event_every_s", self.shared_event_every_s, 5.0, 3600.0)
        check_range("shared_event_lag_s", self.shared_event_lag_s, 0.0, 60.0)
        check_range("shared_trend_bpm", self.shared_trend_bpm, -20.0, 20.0)
        check_range("locked_breathing", self.locked_breathing, 0.0, 1.0)
        if self.breath_hz is not None:
            check_range("breath_hz", self.breath_hz, 0.05, 0.5)
        _check_schedule(self.coupled_s or ())


def _check_whole(name: str, value: object) -> None:
    if not isinstance(value, int) or not 0 <= value <= MAX_SEED:
        raise ValueError(f"{name} {value!r} must be a whole number from 0 to {MAX_SEED}")


def _check_word(name: str, value: str, words: tuple[str, ...]) -> None:
    if value not in words:
        raise ValueError(f"{name} {value!r} must be one of {', '.join(words)}")


def _check_schedule(spans: tuple[tuple[float, float], ...]) -> None:
    for start_s, stop_s in spans:
        if not (isfinite(start_s) and start_s < stop_s):
            raise ValueError(
                f"coupled_s has ({start_s}, {stop_s}): a span must end after it begins"
            )
    for before, after in pairwise(spans):
        if after[0] < before[1]:
            raise ValueError(
                f"coupled_s has {after} after {before}: put the spans in order, without overlap"
            )
