"""Two simulated people as an endless stream of beats, and many couples as whole sessions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..events import PARTNERS, Partner
from .arousal import STEP_S
from .couples import BLOCK_S, Block, Simulation, talk_of
from .damage import Harm, dropouts, received
from .people import sources
from .settings import DyadSettings


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


def spoken(settings: DyadSettings) -> dict[Partner, Iterator[tuple[float, float]]]:
    """When each partner of `dyad` speaks, from and to in seconds, without end."""
    return {
        p: (span[:2] for span in talk_of(settings.seed, i, settings))
        for i, p in enumerate(PARTNERS)
    }


def sessions(
    seeds: Sequence[int], settings: DyadSettings, duration_s: float
) -> list[SimulatedSession]:
    """Simulate one session for each seed, all at once; `settings.seed` is not looked at."""
    if not 0 < duration_s <= 86_400:
        raise ValueError(f"duration_s {duration_s!r} must be a number above 0, up to 86400")
    simulation = Simulation(seeds, settings)
    blocks = [simulation.advance() for _ in range(-int(-duration_s // BLOCK_S))]
    steps = round(duration_s / STEP_S)
    arousal_bpm = np.concatenate([block.arousal_bpm for block in blocks])[:steps]
    hr_bpm = np.concatenate([block.hr_bpm for block in blocks])[:steps]
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
                settings=replace(settings, seed=seed),
                duration_s=duration_s,
                t_s=np.arange(steps) * STEP_S,
                arousal_bpm=_by_partner(arousal_bpm[:, couple]),
                hr_bpm=_by_partner(hr_bpm[:, couple]),
                spoken_s={p: _spoken_s(blocks, own[p], duration_s) for p in PARTNERS},
                true_beat_t_s=true_s,
                beat_t_s={p: reported[p][0] for p in PARTNERS},
                rr_s={p: reported[p][1] for p in PARTNERS},
            )
        )
    return found


def _harms(seeds: Sequence[int], settings: DyadSettings) -> list[Harm]:
    return [Harm(settings.damage, own) for own in sources(seeds, settings.session, "damage")]


def _by_partner(values: np.ndarray) -> dict[Partner, np.ndarray]:
    return {p: values[:, i].copy() for i, p in enumerate(PARTNERS)}


def _beats_until(blocks: list[Block], person: int, duration_s: float) -> np.ndarray:
    beats = np.concatenate([block.beat_t_s[person] for block in blocks])
    return beats[beats < duration_s]


def _spoken_s(blocks: list[Block], person: int, duration_s: float) -> np.ndarray:
    spans = {span[:2] for block in blocks for span in block.spoken[person]}
    inside = sorted((max(a, 0.0), min(b, duration_s)) for a, b in spans if a < duration_s and b > 0)
    return np.array(inside, float).reshape(-1, 2)
