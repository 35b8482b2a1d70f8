"""Frames, headers and states as the messages of the page (`docs/messages.md`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from interbeat_analysis.baseline import LEAST_S, Comparison
from interbeat_analysis.corrected import MOST_REDISTRIBUTED_PERCENT
from interbeat_analysis.gates import Index
from interbeat_collector.events import PARTNERS, Marker, Partner, Session, Speech

from . import __version__, live, words
from .live import Columns, Frame, Passed, Told
from .live_heart import FS_HZ, HRV_WINDOW_S, STALE_AFTER_S, Gap, Series, Signal
from .own_baseline import Shown
from .together_message import SETTINGS, connection_message, linkage_message, meanings

Message = dict[str, Any]

PROTOCOL = 1
DROPPABLE = frozenset({"tick", "col", "quality", "linkage"})
"""Messages that a slow viewer may miss: newer ones of the same kind follow."""
LABEL_LIMIT = 200


class Encoded(NamedTuple):
    """A message as it is kept: not numbered yet, and what the queues need to know of it."""

    text: str
    droppable: bool

    def numbered(self, seq: int) -> str:
        return f'{self.text[:-1]},"seq":{seq}}}'


def encoded(message: Message) -> Encoded:
    return Encoded(encode(message), message["type"] in DROPPABLE)


def encode(message: Mapping[str, object]) -> str:
    """One message as JSON; every NaN must have become null before."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False)


def batch(encoded: Sequence[str]) -> str:
    """Encoded messages as one text frame."""
    return f"[{','.join(encoded)}]"


def frame_messages(
    frame: Frame, recording: Mapping[str, object], labels: Mapping[Partner, str]
) -> list[Message]:
    """All messages of a frame, in the order in which they are sent."""
    messages = [_told(frame.t_s, event) for event in frame.told]
    messages += [_gap(frame.t_s, gap) for gap in frame.gaps]
    messages.append(_tick(frame))
    if frame.columns is not None and frame.indices and frame.baselines:
        messages.append(_col(frame.t_s, frame.columns, frame.indices, frame.baselines))
    if frame.signals is not None:
        messages.append(_quality(frame.t_s, frame.signals, recording))
    if frame.together is not None:
        messages.append(linkage_message(frame.together, frame.silent, labels))
        messages.append(connection_message(frame.t_s, [frame.together]))
    return messages


def passed(t_s: float, way: Passed) -> list[Message]:
    """What must be known of the way to `t_s` that was not shown."""
    return [
        *(_told(t_s, event) for event in way.told),
        *(_gap(t_s, gap) for gap in way.gaps),
        *([connection_message(t_s, way.together)] if way.together else []),
    ]


def state(
    t_s: float,
    name: str,
    *,
    rate: float,
    to_s: float | None = None,
    message: str | None = None,
    file: str | None = None,
) -> Message:
    return {
        "type": "state",
        "t_s": t_s,
        "state": name,
        "rate": rate,
        "to_s": to_s,
        "message": message,
        "file": file,
    }


def hello(
    session: Session,
    *,
    epoch: int,
    resumed: bool,
    mode: str,
    duration_s: float | None,
    current: Message,
) -> Message:
    return {
        "type": "hello",
        "protocol": PROTOCOL,
        "version": __version__,
        "epoch": epoch,
        "resumed": resumed,
        "mode": mode,
        "session": {
            "id": session.id,
            "kind": session.kind,
            "hearts": hearts(session),
            "labels": session.labels,
            "started_utc": session.started_utc,
            "straps": session.straps,
            "warning": session.settings.get("strap_warning"),
            "before": _before(session),
            "scene": session.settings.get("scene"),
        },
        "duration_s": duration_s,
        "settings": _settings(),
        "words": meanings(),
        "scenes": _scenes(session, mode),
        "state": current,
    }


def _scenes(session: Session, mode: str) -> list[Message]:
    """Which other demos there are; none beside people and in a replay."""
    from .scenes import SCENES

    if mode != "live" or hearts(session) != "simulated":
        return []
    return [{"id": name, "name": scene.name} for name, scene in SCENES.items()]


def _before(session: Session) -> str | None:
    """What a demo with minutes behind it says of them."""
    minutes = minutes_behind(session)
    return words.before_you_came(minutes, hearts(session)) if minutes else None


def minutes_behind(session: Session) -> float:
    """How many minutes of a demo had passed when it began to be shown."""
    value = session.settings.get("minutes_behind", 0.0)
    return float(value) if isinstance(value, int | float) else 0.0


def hearts(session: Session) -> str:
    """Whose hearts the straps wore: `people`, or `simulated` or `recorded` ones."""
    return str(session.settings.get("hearts", "people"))


def _settings() -> Message:
    steps = round(live.MAX_LAG_S * FS_HZ)
    return {
        "fs_hz": FS_HZ,
        "window_s": live.WINDOW_S,
        "hop_s": live.HOP_S,
        "max_lag_s": live.MAX_LAG_S,
        "lag_s": [step / FS_HZ for step in range(-steps, steps + 1)],
        "hrv_window_s": HRV_WINDOW_S,
        "stale_after_s": STALE_AFTER_S,
        **SETTINGS,
    }


def _tick(frame: Frame) -> Message:
    return {
        "type": "tick",
        "t_s": frame.t_s,
        "hr": {
            p: {
                **_samples(frame.heart_rate[p]),
                "provisional": _samples(frame.provisional[p]),
            }
            for p in PARTNERS
        },
        "beats": {p: _beats(frame.beats[p]) for p in PARTNERS},
    }


def _samples(series: Series) -> Message:
    return {"t_s": series.t_s.tolist(), "bpm": _rounded(series.values, 3)}


def _beats(series: Series) -> Message:
    return {"t_s": _rounded(series.t_s, 4), "rr_ms": _rounded(series.values * 1000.0, 3)}


def _col(
    t_s: float,
    columns: Columns,
    indices: Mapping[Partner, Mapping[str, Index]],
    baselines: Mapping[Partner, Shown | None],
) -> Message:
    return {
        "type": "col",
        "t_s": t_s,
        "columns": [
            {"t_s": centre_s, "r": _rounded(r, 3)}
            for centre_s, r in zip(columns.t_s.tolist(), columns.r, strict=True)
        ],
        "hrv": {p: {**_indices(indices[p]), "baseline": _baseline(baselines[p])} for p in PARTNERS},
    }


def _indices(found: Mapping[str, Index]) -> Message:
    """What is shown of one heart; a figure that is off is not even told."""
    basis = found["mean_hr_bpm"]
    few = basis.corrected_percent <= MOST_REDISTRIBUTED_PERCENT
    return {
        **{
            name: None if index.state == "off" else number(index.value, 2)
            for name, index in found.items()
        },
        "states": {
            name: {"state": index.state, "reason": index.reason or None}
            for name, index in found.items()
        },
        "differences": "redistributed" if few else "masked",
        "beats": basis.beats,
        "artifact_share": number(basis.corrected_percent / 100.0, 4),
        "clean_s": number(basis.window_s, 1),
    }


def _baseline(shown: Shown | None) -> Message | None:
    """The own baseline of one heart, and how the figures of its last minute stand to it."""
    if shown is None:
        return None
    compared = {
        name: {"baseline": number(shown.figures[name].value, 2), **comparison(each)}
        for name, each in shown.comparisons.items()
    }
    return {
        "from_s": number(shown.from_s, 3),
        "to_s": number(shown.to_s, 3),
        "state": shown.state,
        "reason": shown.reason or None,
        "clean_s": number(shown.clean_s, 1),
        "needed_s": LEAST_S,
        "compared": compared or None,
    }


def comparison(found: Comparison) -> Message:
    return {
        "standing": found.standing,
        "ratio": number(found.ratio, 3),
        "difference": number(found.difference, 2),
        "reason": found.reason or None,
    }


def _quality(t_s: float, signals: Mapping[Any, Signal], recording: Mapping[str, object]) -> Message:
    return {
        "type": "quality",
        "t_s": t_s,
        "partners": {
            p: {
                "state": signals[p].state,
                "reason": signals[p].reason,
                "age_s": number(signals[p].age_s, 3),
                "contact": signals[p].contact,
                "battery_percent": signals[p].battery_percent,
                "packets": signals[p].packets,
                "gaps": signals[p].gaps,
                "bad_packets": signals[p].bad_packets,
                "problem": signals[p].problem or None,
                "duplicates": signals[p].duplicates,
                "inferred": signals[p].inferred,
                "raw": list(signals[p].raw),
            }
            for p in PARTNERS
        },
        "recording": dict(recording),
    }


def _told(t_s: float, event: Told) -> Message:
    match event:
        case Marker():
            return {"type": "mark", "t_s": t_s, "at_s": event.at_s, "label": event.label}
        case Speech(partner=partner, at_s=at_s, on=on):
            return {"type": "speech", "t_s": t_s, "partner": partner, "at_s": at_s, "on": on}


def _gap(t_s: float, gap: Gap) -> Message:
    return {
        "type": "gap",
        "t_s": t_s,
        "partner": gap.partner,
        "from_s": number(gap.from_s, 3),
        "to_s": number(gap.to_s, 3),
        "reason": gap.reason,
    }


def number(value: float | np.ndarray | None, digits: int | None = None) -> float | None:
    """A JSON number; None for None and NaN."""
    if value is None or not np.isfinite(value):
        return None
    return float(value) if digits is None else round(float(value), digits)


def _rounded(values: np.ndarray, digits: int) -> list[float | None]:
    return [
        value if known else None
        for value, known in zip(
            np.round(values, digits).tolist(), np.isfinite(values).tolist(), strict=True
        )
    ]
