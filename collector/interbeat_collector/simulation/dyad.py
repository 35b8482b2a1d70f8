"""Couples in time: simulated in blocks, read as an endless stream or as whole sessions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import pi

import numpy as np

from ..events import PARTNERS, Partner
from .arousal import STEP_S, Arousal, own_noise_scale
from .damage import Harm, dropouts, received
from .heart import (
    HR_MAX_BPM,
    HR_MIN_BPM,
    SPEECH_S,
    Beats,
    BothBreathing,
    Drift,
    Echo,
    MayerWaves,
    first_order,
)
from .people import BOTH, people, source, sources
from .settings import DyadSettings
from .spans import Span, Spans, add_pulses, events, mark, talk

BLOCK_STEPS = 480
"""Always computed whole, so that it does not matter who reads how far."""
BLOCK_S = BLOCK_STEPS * STEP_S

_NOISE_INPUT_S = 2.0
_RSA_LOSS_PER_BPM = 0.05
"""Arousal flattens the breathing out of the heart rate."""
_SHARED_EVENT_BPM, _SHARED_EVENT_S = 5.0, 10.0
_TREND_DECAY_S, _TREND_PERIOD_S = 240.0, 700.0


@dataclass(frozen=True)
class Block:
    """A stretch of all couples; arrays of shape (steps, couples, 2)."""

    start_s: float
    arousal_bpm: np.ndarray
    hr_bpm: np.ndarray
    beat_t_s: list[np.ndarray]
    """Per person, in the order of a flat (couples, 2)."""
    spoken: list[list[Span]]
    """Per person the turns at speaking that touch this stretch."""


@dataclass(frozen=True)
class SimulatedSession:
    """One session with its truth; arrays at 4 Hz have shape (4 duration_s,)."""

    settings: DyadSettings
    duration_s: float
    t_s: np.ndarray
    arousal_bpm: dict[Partner, np.ndarray]
    """Latent, above the own baseline."""
    hr_bpm: dict[Partner, np.ndarray]
    spoken_s: dict[Partner, np.ndarray]
    """Turns at speaking, shape (n, 2): from and to."""
    true_beat_t_s: dict[Partner, np.ndarray]
    beat_t_s: dict[Partner, np.ndarray]
    """The beats a strap would have reported, after damage and outside of dropouts."""
    rr_s: dict[Partner, np.ndarray]
    """The interval that ends at each beat, in whole 1/1024 s; NaN at the first of a stretch."""


def dyad(settings: DyadSettings) -> dict[Partner, Iterator[float]]:
    """Beat times of both partners in seconds, without end; each may run ahead of the other.

    A start with minutes behind it is a stream of which these minutes are read at once. Dropouts
    happen between strap and computer: `strap_packets` makes them.
    """
    if settings.damage.dropout_every_s is not None:
        raise ValueError("a stream of beats has no dropouts: give them to strap_packets instead")
    simulation = Simulation([settings.seed], settings)
    harms = _harms([settings.seed], settings)
    waiting: list[deque[float]] = [deque(), deque()]

    def read(partner: int) -> Iterator[float]:
        while True:
            while not waiting[partner]:
                for queue, harm, beats in zip(
                    waiting, harms, simulation.advance().beat_t_s, strict=True
                ):
                    queue.extend(harm.apply(beats).tolist())
            yield waiting[partner].popleft()

    return {"a": read(0), "b": read(1)}


def sessions(
    seeds: Sequence[int], settings: DyadSettings, duration_s: float
) -> list[SimulatedSession]:
    """Simulate one session for each seed, all at once; `settings.seed` is not looked at."""
    if not 0 < duration_s <= 86_400:
        raise ValueError(f"duration_s {duration_s!r} must be a number above 0, up to 86400")
    simulation = Simulation(seeds, settings)
    blocks = [simulation.advance() for _ in range(-int(-duration_s // BLOCK_S))]
    steps = round(duration_s / STEP_S)
    arousal_bpm = np.concatenate([b.arousal_bpm for b in blocks])[:steps]
    hr_bpm = np.concatenate([b.hr_bpm for b in blocks])[:steps]
    harms = _harms(seeds, settings)
    holes = sources(seeds, settings.session, "holes")
    found = []
    for couple, seed in enumerate(seeds):
        own = {p: 2 * couple + i for i, p in enumerate(PARTNERS)}
        true_s = {p: _beats_until(blocks, own[p], duration_s) for p in PARTNERS}
        reported = {
            p: received(
                harms[own[p]].apply(true_s[p]),
                dropouts(settings.damage, holes[own[p]], duration_s),
            )
            for p in PARTNERS
        }
        found.append(
            SimulatedSession(
                replace(settings, seed=seed),
                duration_s,
                np.arange(steps) * STEP_S,
                _per_partner(lambda i, c=couple: arousal_bpm[:, c, i].copy()),
                _per_partner(lambda i, c=couple: hr_bpm[:, c, i].copy()),
                {p: _spoken(blocks, own[p], duration_s) for p in PARTNERS},
                true_s,
                {p: reported[p][0] for p in PARTNERS},
                {p: reported[p][1] for p in PARTNERS},
            )
        )
    return found


class Simulation:
    """All parts of all couples, one block after another."""

    def __init__(self, seeds: Sequence[int], settings: DyadSettings) -> None:
        self._settings = settings
        self._start_s = -BLOCK_S
        who = people(seeds, settings)
        shape = who.baseline_bpm.shape
        session = settings.session
        self._who = who
        self._noise = sources(seeds, session, "noise")
        self._arousal = Arousal(who, settings)
        self._push_sd = own_noise_scale(who, _NOISE_INPUT_S)
        self._noise_input = np.zeros(shape)
        self._own_events = [
            Spans(events(own, self._start_s, *means))
            for own, *means in zip(
                sources(seeds, session, "events"),
                who.event_every_s.ravel(),
                who.event_bpm.ravel(),
                who.event_s.ravel(),
                strict=True,
            )
        ]
        self._shared_events = self._stirring(seeds)
        self._talk = [
            Spans(
                talk(
                    source(seed, session, partner, "talk"),
                    source(seed, session, BOTH, "talk"),
                    partner,
                    settings,
                )
            )
            for seed in seeds
            for partner in (0, 1)
        ]
        self._answer = np.zeros(shape)
        self._voice = np.zeros(shape)
        self._drift = Drift(seeds, who, session)
        self._mayer = MayerWaves(who)
        self._breathing = BothBreathing(seeds, who, settings)
        self._echo = Echo(len(seeds), settings)
        self._beats = Beats(seeds, session)
        self.advance()  # Nobody begins at rest: the first block warms up.

    def advance(self) -> Block:
        """Simulate the next block."""
        start_s = self._start_s
        t_s = start_s + np.arange(BLOCK_STEPS) * STEP_S
        spoken = [spans.within(start_s, start_s + BLOCK_S) for spans in self._talk]
        speaking = np.zeros((BLOCK_STEPS, len(spoken)), bool)
        for person, spans in enumerate(spoken):
            mark(speaking[:, person], t_s, spans)
        speaking = speaking.reshape(BLOCK_STEPS, *self._answer.shape)
        own, mayer_noise = self._noises()
        arousal_bpm = self._arousal.advance(self._push(t_s, own), self._coupled(t_s))
        hr_bpm = self._heart_rate(t_s, arousal_bpm, speaking, mayer_noise)
        beats = [b[b >= max(start_s - 1, 0)] for b in self._beats.advance(start_s, hr_bpm)]
        self._start_s += BLOCK_S
        return Block(start_s, arousal_bpm, hr_bpm, beats, [list(spans) for spans in spoken])

    def _stirring(self, seeds: Sequence[int]) -> list[Spans]:
        every_s = self._settings.shared_event_every_s
        if every_s is None:
            return []
        shared = (source(seed, self._settings.session, BOTH, "events") for seed in seeds)
        means = (every_s, _SHARED_EVENT_BPM, _SHARED_EVENT_S)
        return [Spans(events(each, self._start_s, *means)) for each in shared]

    def _noises(self) -> tuple[np.ndarray, np.ndarray]:
        """Noise for arousal, and complex noise for the Mayer waves, each (steps, couples, 2)."""
        drawn = np.array([own.standard_normal((3, BLOCK_STEPS)) for own in self._noise])
        own, real, imaginary = np.ascontiguousarray(drawn.transpose(1, 2, 0)).reshape(
            3, BLOCK_STEPS, *self._answer.shape
        )
        return own, real + 1j * imaginary

    def _push(self, t_s: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """What moves arousal from within and by events, in bpm per step."""
        decay = np.exp(np.array(-STEP_S / _NOISE_INPUT_S))
        kicks = noise * (self._push_sd * np.sqrt(1 - decay**2))
        push = first_order(kicks, decay, self._noise_input)
        flat = push.reshape(len(t_s), -1)
        stop_s = t_s[0] + BLOCK_S
        for person, spans in enumerate(self._own_events):
            add_pulses(flat[:, person], t_s, spans.within(t_s[0], stop_s))
        later_s = self._settings.shared_event_lag_s
        for couple, spans in enumerate(self._shared_events):
            stirring = spans.within(t_s[0] - later_s, stop_s)
            add_pulses(push[:, couple, 0], t_s, stirring)
            add_pulses(push[:, couple, 1], t_s, stirring, later_s)
        return push * STEP_S

    def _coupled(self, t_s: np.ndarray) -> np.ndarray:
        if self._settings.coupled_s is None:
            return np.ones(len(t_s), bool)
        on = np.zeros(len(t_s), bool)
        mark(on, t_s, [(*span, 1.0) for span in self._settings.coupled_s])
        return on

    def _heart_rate(
        self, t_s: np.ndarray, arousal: np.ndarray, speaking: np.ndarray, mayer_noise: np.ndarray
    ) -> np.ndarray:
        decay = np.exp(-STEP_S / self._who.effector_s)
        slow = self._echo.advance(first_order((1 - decay) * arousal, decay, self._answer))
        voice = np.exp(np.array(-STEP_S / SPEECH_S))
        spoken = first_order((1 - voice) * speaking, voice, self._voice) * self._who.speech_bpm
        rsa = self._who.rsa_bpm * self._breathing.advance(speaking)
        rsa *= np.exp(-_RSA_LOSS_PER_BPM * arousal)
        parts = slow + spoken + self._drift.at(t_s) + self._mayer.advance(mayer_noise) + rsa
        parts += self._who.baseline_bpm + self._trend(t_s)[:, None, None]
        return np.clip(parts, HR_MIN_BPM, HR_MAX_BPM)

    def _trend(self, t_s: np.ndarray) -> np.ndarray:
        since_s = np.maximum(t_s, 0)
        wave = np.exp(-since_s / _TREND_DECAY_S) + 0.5 * np.sin(2 * pi * since_s / _TREND_PERIOD_S)
        return np.asarray(self._settings.shared_trend_bpm * wave)


def _harms(seeds: Sequence[int], settings: DyadSettings) -> list[Harm]:
    return [Harm(settings.damage, own) for own in sources(seeds, settings.session, "damage")]


def _per_partner(of: Callable[[int], np.ndarray]) -> dict[Partner, np.ndarray]:
    return {p: of(i) for i, p in enumerate(PARTNERS)}


def _beats_until(blocks: list[Block], person: int, duration_s: float) -> np.ndarray:
    beats = np.concatenate([block.beat_t_s[person] for block in blocks])
    return beats[beats < duration_s]


def _spoken(blocks: list[Block], person: int, duration_s: float) -> np.ndarray:
    spans = {span[:2] for block in blocks for span in block.spoken[person]}
    inside = sorted((max(a, 0.0), min(b, duration_s)) for a, b in spans if a < duration_s and b > 0)
    return np.array(inside, float).reshape(-1, 2)
