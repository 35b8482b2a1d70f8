"""Sessions without a radio: simulated or recorded hearts under virtual straps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from typing import Any

from interbeat_collector.events import PARTNERS, Event, Partner, Session, Speech
from interbeat_collector.rr_file import read_rr
from interbeat_collector.simulation import DyadSettings, dyad, spoken
from interbeat_collector.virtual_strap import merge, strap_packets, worn

from .desk import new_session

SIMULATED_MODEL = "Simulated strap"
DEMO_COUPLING = 0.6


def demo_settings(**given: Any) -> DyadSettings:
    """Two people for a demo: alike in what a window of 30 s can see, unless a mode is asked for."""
    alike = {} if "mode" in given else {"coupling": DEMO_COUPLING}
    return DyadSettings(**{**alike, **given})


def simulated_session(
    settings: DyadSettings, labels: dict[Partner, str] | None = None
) -> tuple[Session, Iterator[Event]]:
    """Two simulated people, with no end."""
    models: dict[Partner, str] = dict.fromkeys(PARTNERS, SIMULATED_MODEL)
    header = new_session(_straps(models), labels, {"hearts": "simulated", **asdict(settings)})
    talk = (_talk(partner, turns) for partner, turns in spoken(settings).items())
    return header, merge(_worn(dyad(settings), settings.seed), *talk)


def _talk(partner: Partner, turns: Iterable[tuple[float, float]]) -> Iterator[Event]:
    for start_s, stop_s in turns:
        yield Speech(start_s, partner, start_s, True, "simulated")
        yield Speech(stop_s, partner, stop_s, False, "simulated")


def recorded_hearts_session(
    rr_a: Path, rr_b: Path, seed: int = 1, offset_s: float = 0.0
) -> tuple[Session, Iterator[Event]]:
    """Two RR recordings played by virtual straps, until both have ended."""
    recordings: dict[Partner, Path] = {"a": rr_a, "b": rr_b}
    models: dict[Partner, str] = {p: f"Recorded heart {f.name}" for p, f in recordings.items()}
    start_s: dict[Partner, float] = {"a": max(-offset_s, 0.0), "b": max(offset_s, 0.0)}
    beats = {p: accumulate(read_rr(recordings[p]), initial=start_s[p]) for p in PARTNERS}
    header = new_session(
        _straps(models), settings={"hearts": "recorded", "offset_s": offset_s, "seed": seed}
    )
    return header, _worn(beats, seed)


def _straps(models: Mapping[Partner, str]) -> dict[Partner, dict[str, str]]:
    return {p: {"model": models[p]} for p in PARTNERS}


def _worn(beats: Mapping[Partner, Iterable[float]], seed: int) -> Iterator[Event]:
    return merge(
        *(worn(p, strap_packets(p, beats[p], seed=2 * seed + i)) for i, p in enumerate(PARTNERS))
    )
