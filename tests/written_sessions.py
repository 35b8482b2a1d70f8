"""Session files of simulated couples, written without waiting for a clock."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from interbeat_collector.events import PARTNERS, End, Event, Partner, Session, Speech
from interbeat_collector.session_file import Recording, SessionWriter
from interbeat_collector.simulation import DyadSettings, SimulatedSession, sessions
from interbeat_collector.virtual_strap import strap_packets
from interbeat_server import people

ANA_AND_BEN: dict[Partner, str] = {"a": "Ana", "b": "Ben"}


def simulated(settings: DyadSettings, duration_s: float) -> SimulatedSession:
    (found,) = sessions([settings.seed], settings, duration_s)
    return found


def written(
    folder: Path,
    name: str,
    settings: DyadSettings,
    duration_s: float,
    *,
    labels: dict[Partner, str] = ANA_AND_BEN,
    recorded: tuple[Partner, ...] = PARTNERS,
    speech: bool = True,
    judged_by: list[Recording] | None = None,
) -> Path:
    """A session in which the straps of `recorded` partners sent what their hearts did."""
    found = simulated(settings, duration_s)
    header = Session(
        name, "simulated", "2026-01-01T00:00:00Z", dict(labels), {"a": {}, "b": {}}, "interbeat",
        {"hearts": "simulated", **asdict(settings)},
    )  # fmt: skip
    if judged_by:
        header = people.judged_by(header, judged_by)
    events: list[Event] = []
    for p in recorded:
        events += strap_packets(p, found.beat_t_s[p], seed=settings.seed)
    for p in PARTNERS if speech else ():
        for start_s, stop_s in found.spoken_s[p].tolist():
            events.append(Speech(start_s, p, start_s, True, "simulated"))
            events.append(Speech(stop_s, p, stop_s, False, "simulated"))
    writer = SessionWriter(folder, header)
    for event in sorted(events, key=lambda event: event.t_s):
        writer.put(event)
    writer.put(End(max(duration_s, writer.saved_s), "done"))
    writer.close()
    return writer.path


def rr_file(path: Path, beat_t_s: np.ndarray) -> str:
    """Intervals between beats as a list that `analyze` takes."""
    path.write_text("rr_s\n" + "\n".join(repr(float(rr_s)) for rr_s in np.diff(beat_t_s)))
    return str(path)
