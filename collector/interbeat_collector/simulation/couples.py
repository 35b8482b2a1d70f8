"""Couples in time: all parts of all couples together, in blocks of half a minute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np

from .arousal import STEP_S, Arousal, own_noise_scale
from .heart import (
    HR_MAX_BPM,
    HR_MIN_BPM,
    SPEECH_S,
    Beats,
    BothBreathing,
    Drift,
    Likeness,
    MayerWaves,
    first_order,
)
from .people import BOTH, people, source, sources
from .settings import DyadSettings
from .spans import Span, Spans, add_pulses, events, mark, talk

BLOCK_STEPS = 120
"""Always computed whole, so that it does not matter who reads how far."""
BLOCK_S = BLOCK_STEPS * STEP_S

_WARM_UP_BLOCKS = 4
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


class Simulation:
    """All parts of all couples, one block after another."""

    def __init__(self, seeds: Sequence[int], settings: DyadSettings) -> None:
        self._settings = settings
        self._start_s = -_WARM_UP_BLOCKS * BLOCK_S
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
            Spans(talk_of(seed, partner, settings)) for seed in seeds for partner in (0, 1)
        ]
        self._answer = np.zeros(shape)
        self._voice = np.zeros(shape)
        self._drift = Drift(seeds, who, session)
        self._mayer = MayerWaves(who)
        self._breathing = BothBreathing(seeds, who, settings)
        self._likeness = Likeness(seeds, settings)
        self._beats = Beats(seeds, session)
        for _ in range(_WARM_UP_BLOCKS):  # Nobody begins at rest.
            self.advance()

    def advance(self) -> Block:
        """Simulate the next block."""
        start_s = self._start_s
        t_s = start_s + np.arange(BLOCK_STEPS) * STEP_S
        spoken = [spans.within(start_s, start_s + BLOCK_S) for spans in self._talk]
        spoke = np.zeros((BLOCK_STEPS, len(spoken)), bool)
        for person, spans in enumerate(spoken):
            mark(spoke[:, person], t_s, spans)
        speaking = spoke.reshape(BLOCK_STEPS, *self._answer.shape)
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
        slow = first_order((1 - decay) * arousal, decay, self._answer)
        slow += self._likeness.advance(len(t_s))
        voice = np.exp(np.array(-STEP_S / SPEECH_S))
        spoken = first_order((1 - voice) * speaking, voice, self._voice) * self._who.speech_bpm
        rsa = self._who.rsa_bpm * self._breathing.advance(speaking)
        rsa *= np.exp(-_RSA_LOSS_PER_BPM * arousal)
        parts = slow + spoken + self._drift.at(t_s) + self._mayer.advance(mayer_noise) + rsa
        parts += self._who.baseline_bpm + self._trend(t_s)[:, None, None]
        return np.asarray(np.clip(parts, HR_MIN_BPM, HR_MAX_BPM))

    def _trend(self, t_s: np.ndarray) -> np.ndarray:
        since_s = np.maximum(t_s, 0)
        wave = np.exp(-since_s / _TREND_DECAY_S) + 0.5 * np.sin(2 * pi * since_s / _TREND_PERIOD_S)
        return np.asarray(self._settings.shared_trend_bpm * wave)


def talk_of(seed: int, partner: int, settings: DyadSettings) -> Iterator[Span]:
    own, shared = (source(seed, settings.session, who, "talk") for who in (partner, BOTH))
    return talk(own, shared, partner, settings)
