"""Two simulated people whose hearts share as much slow arousal as asked for.

A person's heart rate is a baseline plus slow arousal (wandering, and stirred by events), drift,
Mayer waves and respiratory sinus arrhythmia, at 4 Hz; its integral makes a beat each time it
passes a whole number. The partner who follows takes over part of the other's arousal some seconds
later; breathing and everything else stays their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise, tee
from math import cos, exp, pi, sin, sqrt
from random import Random

from .events import Partner

MAX_LAG_S = 5.0
MAX_SEED = 2**32 - 1

STEP_S = 0.25
_WARM_UP_STEPS = 800

_WANDER_SD_BPM, _WANDER_TAU_S, _WANDER_INPUT_TAU_S = 4.5, 4.0, 2.0
_EVENT_EVERY_S, _EVENT_PEAK_BPM, _EVENT_S, _EVENT_MIN_S = 25.0, 10.0, 8.0, 4.0
_EFFECTOR_TAU_S = 2.0
_DRIFT_SD_BPM, _DRIFT_TAU_S = 1.8, 120.0
_MAYER_SD_BPM, _MAYER_HZ, _MAYER_HALF_WIDTH_HZ = 1.2, 0.095, 0.012
_BREATH_HZ, _BREATH_WANDER, _BREATH_TAU_S = 0.25, 0.12, 20.0
_RSA_BPM, _RSA_WANDER = 2.6, 0.2
_RSA_LOSS_PER_BPM = 0.05
"""Arousal flattens the breathing out of the heart rate."""
_BEAT_JITTER_S = 0.004


@dataclass(frozen=True)
class DyadSettings:
    """What is asked of two simulated people."""

    seed: int = 1
    coupling: float = 0.6
    """Correlation of the slow arousal of the two, 0 to 1."""
    lag_s: float = 2.0
    """> 0: b follows a by so many seconds; < 0: a follows b."""

    def __post_init__(self) -> None:
        if not isinstance(self.seed, int) or not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed {self.seed!r} must be a whole number from 0 to {MAX_SEED}")
        _check_range("coupling", self.coupling, 0.0, 1.0)
        _check_range("lag_s", self.lag_s, -MAX_LAG_S, MAX_LAG_S)


def _check_range(name: str, value: object, low: float, high: float) -> None:
    if not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} {value!r} must be a number from {low:g} to {high:g}")


def dyad(settings: DyadSettings) -> dict[Partner, Iterator[float]]:
    """Beat times of both partners in seconds, without end; each may run ahead of the other."""
    leader: Partner = "a" if settings.lag_s >= 0 else "b"
    follower: Partner = "b" if settings.lag_s >= 0 else "a"
    felt, taken_over = tee(_arousal(_source(settings, leader, "arousal")))
    led = _mixed(settings.coupling, taken_over, _arousal(_source(settings, follower, "arousal")))
    return {
        leader: _beats(settings, leader, _ahead(felt, abs(settings.lag_s))),
        follower: _beats(settings, follower, led),
    }


def _source(settings: DyadSettings, partner: Partner, part: str) -> Random:
    """One generator for each part, so that no part shifts the draws of another."""
    return Random(f"{settings.seed} {partner} {part}")


def _mixed(share: float, other: Iterator[float], own: Iterator[float]) -> Iterator[float]:
    rest = sqrt(1 - share**2)
    return (share * x + rest * y for x, y in zip(other, own, strict=True))


def _ahead(values: Iterator[float], lead_s: float) -> Iterator[float]:
    """The same signal `lead_s` earlier, interpolated between steps."""
    steps, fraction = divmod(lead_s / STEP_S, 1)
    coming = pairwise(islice(values, int(steps), None))
    return (now + fraction * (then - now) for now, then in coming)


def _beats(settings: DyadSettings, partner: Partner, arousal: Iterator[float]) -> Iterator[float]:
    """Integral pulse frequency modulation; the rate is constant within a step."""
    source = _source(settings, partner, "heart")
    cycles = source.uniform(0.3, 0.9)
    for step, hr_bpm in enumerate(_heart_rate(settings, partner, arousal)):
        rate_hz = hr_bpm / 60
        cycles += rate_hz * STEP_S
        if cycles >= 1:
            cycles -= 1
            t_s = (step + 1) * STEP_S - cycles / rate_hz + source.gauss(0, _BEAT_JITTER_S)
            # To the microsecond, where the sines of all platforms agree.
            yield round(t_s, 6)


def _heart_rate(
    settings: DyadSettings, partner: Partner, arousal: Iterator[float]
) -> Iterator[float]:
    person = _source(settings, partner, "person")
    baseline_bpm = min(max(person.gauss(72, 6), 63), 82)
    parts = zip(
        _effector(arousal),
        _wander(_source(settings, partner, "drift"), _DRIFT_SD_BPM, _DRIFT_TAU_S),
        _mayer_waves(_source(settings, partner, "mayer")),
        _breathing(_source(settings, partner, "breath")),
        strict=True,
    )
    for aroused, drift, mayer, breath in islice(parts, _WARM_UP_STEPS, None):
        rsa = _RSA_BPM * breath * exp(-_RSA_LOSS_PER_BPM * aroused)
        yield min(max(baseline_bpm + aroused + drift + mayer + rsa, 40.0), 180.0)


def _arousal(source: Random) -> Iterator[float]:
    """Slow arousal in bpm above the own baseline: a smooth wander, and events."""
    decay = exp(-STEP_S / _WANDER_TAU_S)
    # Stationary SD of a wander that is driven by another, quicker one.
    input_sd = _WANDER_SD_BPM * sqrt(1 + _WANDER_TAU_S / _WANDER_INPUT_TAU_S)
    driven = 0.0
    events = _events(source)
    for driving in _wander(source, input_sd, _WANDER_INPUT_TAU_S):
        driven += (1 - decay) * (driving - driven)
        yield driven + next(events)


def _events(source: Random) -> Iterator[float]:
    """Half-sine pulses at random moments."""
    while True:
        for _ in range(round(source.expovariate(1 / _EVENT_EVERY_S) / STEP_S)):
            yield 0.0
        peak_bpm = source.gammavariate(3, _EVENT_PEAK_BPM / 3)
        steps = round(max(_EVENT_MIN_S, source.gammavariate(6, _EVENT_S / 6)) / STEP_S)
        for step in range(steps):
            yield peak_bpm * sin(pi * step / steps)


def _effector(arousal: Iterator[float]) -> Iterator[float]:
    """The heart answers arousal with the delay of a first-order lag."""
    share = 1 - exp(-STEP_S / _EFFECTOR_TAU_S)
    answer = 0.0
    for value in arousal:
        answer += share * (value - answer)
        yield answer


def _wander(source: Random, sd: float, tau_s: float) -> Iterator[float]:
    """An Ornstein-Uhlenbeck process around 0."""
    decay = exp(-STEP_S / tau_s)
    kick = sd * sqrt(1 - decay**2)
    value = source.gauss(0, sd)
    while True:
        yield value
        value = decay * value + source.gauss(0, kick)


def _mayer_waves(source: Random) -> Iterator[float]:
    """Noise through a resonator at about 0.1 Hz."""
    radius = exp(-2 * pi * _MAYER_HALF_WIDTH_HZ * STEP_S)
    first, second = 2 * radius * cos(2 * pi * _MAYER_HZ * STEP_S), -(radius**2)
    gain = (1 - second) / ((1 + second) * ((1 - second) ** 2 - first**2))
    kick = _MAYER_SD_BPM / sqrt(gain)
    now = before = 0.0
    while True:
        yield now
        now, before = first * now + second * before + source.gauss(0, kick), now


def _breathing(source: Random) -> Iterator[float]:
    """A breath of about unit depth, whose pace and depth wander."""
    hz = min(max(source.gauss(_BREATH_HZ, 0.035), 0.18), 0.33)
    pace = _wander(source, _BREATH_WANDER, _BREATH_TAU_S)
    depth = _wander(source, _RSA_WANDER, _BREATH_TAU_S)
    phase = source.uniform(0, 2 * pi)
    while True:
        yield (1 + next(depth)) * sin(phase)
        phase += 2 * pi * hz * max(0.5, 1 + next(pace)) * STEP_S
