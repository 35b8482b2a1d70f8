"""Who the simulated people are: what differs from person to person and stays in every session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .settings import DyadSettings

Part = Literal["person", "events", "noise", "drift", "breath", "beats", "damage", "holes", "talk"]
_PARTS: tuple[Part, ...] = (
    "person", "events", "noise", "drift", "breath", "beats", "damage", "holes", "talk",
)  # fmt: skip
BOTH = 2
"""In the place of a partner: what the two have in common."""

_SPEECH_SD = 1.2 / 2.5
"""People differ by this much of the average answer to speaking."""


@dataclass(frozen=True)
class People:
    """One value per person, shape (sessions, 2): a and b."""

    settling_s: np.ndarray
    """Time constant with which arousal returns to the own baseline."""
    noise_sd_bpm: np.ndarray
    event_every_s: np.ndarray
    event_bpm: np.ndarray
    event_s: np.ndarray
    effector_s: np.ndarray
    drift_sd_bpm: np.ndarray
    mayer_sd_bpm: np.ndarray
    rsa_bpm: np.ndarray
    speech_bpm: np.ndarray
    mayer_hz: np.ndarray
    breath_hz: np.ndarray
    baseline_bpm: np.ndarray


def source(seed: int, session: int, partner: int, part: Part) -> np.random.Generator:
    """One generator for each part, so that no part shifts the draws of another."""
    key = [seed, partner, _PARTS.index(part), 0 if part == "person" else session]
    return np.random.Generator(np.random.PCG64(key))


def sources(seeds: Sequence[int], session: int, part: Part) -> list[np.random.Generator]:
    """Generators of all persons in the order of a flat (sessions, 2)."""
    return [source(seed, session, partner, part) for seed in seeds for partner in (0, 1)]


def people(seeds: Sequence[int], settings: DyadSettings) -> People:
    """Draw the two people of each seed."""
    drawn = [_person(own, settings) for own in sources(seeds, 0, "person")]
    columns = np.array(drawn).T.reshape(-1, len(seeds), 2)
    return People(*np.ascontiguousarray(columns))


def _person(own: np.random.Generator, settings: DyadSettings) -> tuple[float, ...]:
    def about(mean: float, cv: float) -> float:
        """Around a mean, never below 0."""
        return mean * own.gamma(1 / cv**2) * cv**2

    return (
        about(22.0, 0.30),
        about(1.6, 0.30),
        about(75.0, 0.35),
        about(5.0, 0.30),
        about(10.0, 0.25),
        about(4.0, 0.25),
        about(settings.drift_bpm, 0.40),
        about(1.2, 0.40),
        about(4.4, 0.55),
        max(settings.speech_bpm * own.normal(1.0, _SPEECH_SD), 0.0),
        own.normal(0.095, 0.008),
        min(max(own.normal(0.25, 0.035), 0.12), 0.4),
        min(max(own.normal(71.0, 9.0), 52.0), 105.0),
    )
