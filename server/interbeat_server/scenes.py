"""Scenes of the demo: simulated couples that were chosen so that each shows one state.

Nothing of what they show is written down here. Each is simulated, sent as packets, and judged like
anybody's session; the choice is only of which two people meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from interbeat_collector.events import Event, Partner, Session
from interbeat_collector.simulation import Damage

from .sources import demo_settings, simulated_session

MINUTES_BEHIND = 21.0
"""The trailing window is full then."""
REFERENCE_MINUTES = 45.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A demo and what it is called on the page."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    minutes_behind: float = MINUTES_BEHIND
    reference_minutes: float = REFERENCE_MINUTES
    same_heart: bool = False


SCENES: dict[str, Scene] = {
    "alike": Scene("Two hearts with a rhythm in common"),
    "begin": Scene("Just begun: the first minutes", minutes_behind=7.5, reference_minutes=0.0),
    "strangers": Scene(
        "Two strangers", {"mode": "none", "turns": "shared"}, reference_minutes=28.0
    ),
    "calming": Scene(
        "Two who calm each other",
        {"mode": "coregulate", "gain": 2.0, "turns": "shared", "seed": 20},
    ),
    "stirring": Scene(
        "Two who stir each other up",
        {"mode": "amplify", "gain": 0.95, "turns": "shared", "seed": 7},
    ),
    "one_first": Scene(
        "Two of whom one is seen first",
        {"mode": "a_leads", "gain": 3.5, "turns": "shared", "seed": 10},
    ),
    "in_step": Scene(
        "Two who breathe in step",
        {"mode": "mutual", "gain": 1.5, "turns": "shared", "locked_breathing": 1.0, "seed": 3},
    ),
    "poor_contact": Scene(
        "Two straps with poor contact",
        {"mode": "mutual", "turns": "shared", "damage": Damage(missed=0.15)},
        reference_minutes=0.0,
    ),
    "same_heart": Scene("One heart on both straps", {}, reference_minutes=0.0, same_heart=True),
}


def scene_session(
    name: str, labels: dict[Partner, str] | None = None
) -> tuple[Session, Iterator[Event]]:
    """A new session of a scene; ValueError if there is none of that name."""
    if name not in SCENES:
        raise ValueError(f"There is no scene {name[:40]!r}; there are {', '.join(SCENES)}.")
    scene = SCENES[name]
    return simulated_session(
        demo_settings(**scene.settings),
        labels,
        minutes_behind=scene.minutes_behind,
        reference_minutes=scene.reference_minutes,
        same_heart=scene.same_heart,
        scene=name,
    )
