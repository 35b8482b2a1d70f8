"""Sessions without a radio: simulated or recorded hearts under virtual straps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import accumulate, takewhile, tee
from pathlib import Path
from typing import Any

from interbeat_collector.events import PARTNERS, Event, Partner, Session, Speech
from interbeat_collector.rr_file import read_rr
from interbeat_collector.session_file import Recording
from interbeat_collector.simulation import DyadSettings, dyad, spoken
from interbeat_collector.virtual_strap import merge, strap_packets, worn

from .desk import new_session
from .reference_header import SETTING, Pairs, described
from .references import references_of

SIMULATED_MODEL = "Simulated strap"
DEMO_COUPLING = 0.6


def demo_settings(**given: Any) -> DyadSettings:
    """Two people for a demo: alike in what a window of 30 s can see, unless a mode is asked for."""
    alike = {} if "mode" in given else {"coupling": DEMO_COUPLING}
    return DyadSettings(**{**alike, **given})


def simulated_session(
    settings: DyadSettings,
    labels: dict[Partner, str] | None = None,
    *,
    minutes_behind: float = 0.0,
    reference_minutes: float = 0.0,
    same_heart: bool = False,
    scene: str | None = None,
) -> tuple[Session, Iterator[Event]]:
    """Two simulated people, with no end.

    `reference_minutes` of another meeting of theirs, in which neither moves the other, are
    simulated for a reference; with `same_heart` both straps hear that of a.
    """
    models: dict[Partner, str] = dict.fromkeys(PARTNERS, SIMULATED_MODEL)
    shape: dict[str, object] = {"hearts": "simulated", **asdict(settings)}
    if minutes_behind:
        shape["minutes_behind"] = minutes_behind
    if same_heart:
        shape["same_heart"] = True
    if scene:
        shape["scene"] = scene
    if reference_minutes:
        shape[SETTING] = described(_references(settings, labels, reference_minutes))
    header = new_session(_straps(models), labels, shape)
    return header, _simulated(settings, same_heart=same_heart)


def _simulated(settings: DyadSettings, *, same_heart: bool = False) -> Iterator[Event]:
    talk = (_talk(partner, turns) for partner, turns in spoken(settings).items())
    beats = dyad(settings)
    if same_heart:
        a, b = tee(beats["a"])
        beats = {"a": a, "b": b}
    return merge(_worn(beats, settings.seed), *talk)


def _references(settings: DyadSettings, labels: dict[Partner, str] | None, minutes: float) -> Pairs:
    """How these two settle when neither moves the other: from packets, as with anybody."""
    apart = replace(settings, mode="none", session=settings.session + 1)
    header, events = simulated_session(apart, labels)
    told = takewhile(lambda event: event.t_s <= 60.0 * minutes, events)
    return references_of([Recording(header, tuple(told))])


def _talk(partner: Partner, turns: Iterable[tuple[float, float]]) -> Iterator[Event]:
    for start_s, stop_s in turns:
        yield Speech(start_s, partner, start_s, True, "simulated")
        yield Speech(stop_s, partner, stop_s, False, "simulated")


def recorded_hearts_session(
    rr_a: Path,
    rr_b: Path,
    seed: int = 1,
    offset_s: float = 0.0,
    *,
    minutes_behind: float = 0.0,
) -> tuple[Session, Iterator[Event]]:
    """Two RR recordings played by virtual straps, until both have ended."""
    recordings: dict[Partner, Path] = {"a": rr_a, "b": rr_b}
    models: dict[Partner, str] = {p: f"Recorded heart {f.name}" for p, f in recordings.items()}
    start_s: dict[Partner, float] = {"a": max(-offset_s, 0.0), "b": max(offset_s, 0.0)}
    beats = {p: accumulate(read_rr(recordings[p]), initial=start_s[p]) for p in PARTNERS}
    shape: dict[str, object] = {"hearts": "recorded", "offset_s": offset_s, "seed": seed}
    if minutes_behind:
        shape["minutes_behind"] = minutes_behind
    header = new_session(_straps(models), settings=shape)
    return header, _worn(beats, seed)


def _straps(models: Mapping[Partner, str]) -> dict[Partner, dict[str, str]]:
    return {p: {"model": models[p]} for p in PARTNERS}


def _worn(beats: Mapping[Partner, Iterable[float]], seed: int) -> Iterator[Event]:
    return merge(
        *(worn(p, strap_packets(p, beats[p], seed=2 * seed + i)) for i, p in enumerate(PARTNERS))
    )
