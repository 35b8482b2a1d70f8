"""The live engine: events in, frames out, no I/O and no clock.

A frame at time T depends on nothing but the events that had arrived by T. It is what the
functions of `interbeat_analysis` give for the beats known at that moment, so live, replay and
batch agree; tests hold them together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from interbeat_analysis.gates import Index
from interbeat_analysis.series import grid
from interbeat_analysis.windowed import windowed_cross_correlation
from interbeat_collector.events import (
    PARTNERS,
    Device,
    End,
    Event,
    Link,
    Marker,
    Packet,
    Partner,
    Session,
    Speech,
)
from interbeat_collector.session_file import DamagedSession

from .live_heart import (
    FS_HZ,
    ROUNDING,
    Gap,
    Heart,
    Known,
    Series,
    Signal,
    heart_rate_at,
    opening_s,
)
from .live_together import EVERY_S, Newest, Together, Watch
from .own_baseline import BaselineWatch, Shown
from .reference_header import Pairs, references_in, talked

TICK_S = 1.0 / FS_HZ
WINDOW_S = 30.0
HOP_S = 1.0
MAX_LAG_S = 5.0
WINDOW_SPAN_S = WINDOW_S + MAX_LAG_S - TICK_S
"""From the first to the last sample that a window needs at its largest lag."""
MOST_LOOKS = 120
"""How often at most a session is judged where nothing of it is shown."""
Told = Marker | Speech
"""What people say of the session while it runs."""


class Columns(NamedTuple):
    """Windowed cross-correlation that became known: centres (w,) and r (w, lags)."""

    t_s: np.ndarray
    r: np.ndarray


@dataclass(frozen=True, slots=True)
class Frame:
    """What became known at `t_s`. The once-a-second parts are None in between."""

    t_s: float
    heart_rate: dict[Partner, Series]
    """Samples that will stay, each handed out once."""
    provisional: dict[Partner, Series]
    """The samples after those, as they are now; the next frame has them anew."""
    beats: dict[Partner, Series]
    told: tuple[Told, ...]
    gaps: tuple[Gap, ...]
    columns: Columns | None
    indices: dict[Partner, dict[str, Index]] | None
    """Of the last `HRV_WINDOW_S` seconds, those of `SHOWN_LIVE`, each with its state."""
    baselines: dict[Partner, Shown | None] | None
    """The own baseline, and how those indices stand to it."""
    signals: dict[Partner, Signal] | None
    together: Together | None
    """What the last twenty minutes say of both, every `EVERY_S` seconds."""
    silent: tuple[Gap, ...]
    """The gaps that last."""


class Passed(NamedTuple):
    """What must be known of a stretch that was not shown."""

    told: tuple[Told, ...]
    gaps: tuple[Gap, ...]
    """Those that last."""
    together: tuple[Together, ...]
    """Judgements on the way."""


class Engine:
    """Turns the events of a session into one frame every `TICK_S` of session time."""

    def __init__(
        self,
        latency_s: Mapping[Partner, float] | None = None,
        references: Pairs = (),
        *,
        talk: bool = True,
    ) -> None:
        self._pending: deque[Event] = deque()
        latency_s = latency_s or {}
        self._hearts: dict[Partner, Heart] = {p: Heart(p, latency_s.get(p, 0.0)) for p in PARTNERS}
        self._watch = Watch(references, talk=talk)
        self._baselines = BaselineWatch()
        self._next_window_s: float | None = None

    def push(self, event: Event) -> None:
        """Hand in an event; the first frame at or after its `t_s` takes it in."""
        self._pending.append(event)

    def pass_over(self, t_s: float) -> None:
        """Take in everything up to `t_s` where nothing is shown."""
        self._take_in(t_s)

    def look(self, t_s: float) -> Together:
        """Judge both hearts at `t_s`, to which all was passed over."""
        return self._together(t_s, self._known(t_s))

    def skip_to(self, t_s: float) -> tuple[Gap, ...]:
        """Count everything up to `t_s`, a whole second, as shown; return the gaps that last."""
        self.pass_over(t_s)
        known = self._known(t_s)
        gaps = tuple(gap for p in PARTNERS for gap in self._hearts[p].skip_to(t_s, known[p]))
        if (start_s := self._first_window_s(t_s, known)) is not None:
            horizon_s = self._horizon_s(t_s, known)
            over = np.floor((horizon_s - WINDOW_SPAN_S - start_s) / HOP_S + ROUNDING) + 1
            self._next_window_s = start_s + max(over, 0.0) * HOP_S
        return gaps

    def frame(self, t_s: float) -> Frame:
        """What became known at `t_s`, a multiple of `TICK_S` later than the last frame's."""
        told = self._take_in(t_s)
        known = self._known(t_s)
        hearts = self._hearts
        samples = {p: hearts[p].new_samples(t_s, known[p]) for p in PARTNERS}
        gaps = tuple(gap for p in PARTNERS for gap in hearts[p].new_gaps(t_s, known[p]))
        on_the_second = t_s % HOP_S == 0
        indices = {p: hearts[p].indices(t_s, known[p]) for p in PARTNERS} if on_the_second else None
        return Frame(
            t_s=t_s,
            heart_rate={p: samples[p][0] for p in PARTNERS},
            provisional={p: samples[p][1] for p in PARTNERS},
            beats={p: hearts[p].new_beats(known[p].beats) for p in PARTNERS},
            told=told,
            gaps=gaps,
            columns=self._new_columns(t_s, known) if on_the_second else None,
            indices=indices,
            baselines=self._own_baselines(t_s, indices) if indices else None,
            signals={p: hearts[p].signal(t_s) for p in PARTNERS} if on_the_second else None,
            together=self._together(t_s, known) if t_s and t_s % EVERY_S == 0 else None,
            silent=tuple(gap for p in PARTNERS if (gap := hearts[p].silence)),
        )

    def _together(self, t_s: float, known: dict[Partner, Known]) -> Together:
        both_beat = all(heart.clock.count for heart in self._hearts.values())
        return self._watch.judge(
            t_s,
            {p: self._hearts[p].clock for p in PARTNERS},
            {p: Newest(known[p].beats.t_s, known[p].found.bad) for p in PARTNERS},
            self._horizon_s(t_s, known) if both_beat else -np.inf,
        )

    def _known(self, t_s: float) -> dict[Partner, Known]:
        return {p: self._hearts[p].known(t_s) for p in PARTNERS}

    def _own_baselines(
        self, t_s: float, indices: Mapping[Partner, dict[str, Index]]
    ) -> dict[Partner, Shown | None]:
        clocks = {p: self._hearts[p].clock for p in PARTNERS}
        return {p: self._baselines.shown(t_s, p, clocks[p], indices[p]) for p in PARTNERS}

    def _settle_baselines(self, until_s: float) -> None:
        while self._baselines.due_s <= until_s:
            self._baselines.settle({p: self._hearts[p].clock for p in PARTNERS})

    def _take_in(self, t_s: float) -> tuple[Told, ...]:
        told: list[Told] = []
        while self._pending and self._pending[0].t_s <= t_s:
            # However far we reach, a baseline is settled with the events up to its moment.
            self._settle_baselines(np.nextafter(self._pending[0].t_s, -np.inf))
            match self._pending.popleft():
                case Packet(kind="heart_rate") as packet:
                    self._hearts[packet.partner].take(packet)
                case Packet(kind="battery", data=data) as packet if data:
                    self._hearts[packet.partner].battery_percent = min(data[0], 100)
                case Packet(kind="polar") as packet:
                    self._hearts[packet.partner].take_raw(packet)
                case Link() as link:
                    self._hearts[link.partner].connect(link)
                case Marker() as event:
                    self._baselines.hear(event)
                    told.append(event)
                case Speech() as event:
                    self._watch.hear(event)
                    told.append(event)
                case Packet() | Device() | End():
                    pass
        self._settle_baselines(t_s)
        return tuple(told)

    def _new_columns(self, t_s: float, known: dict[Partner, Known]) -> Columns:
        """Windows that became complete: both hearts settled to the end of the largest lag."""
        start_s = self._first_window_s(t_s, known)
        if start_s is None:
            return _no_columns()
        samples_s = grid(start_s, self._horizon_s(t_s, known), FS_HZ)
        found = windowed_cross_correlation(
            heart_rate_at(known["a"], samples_s),
            heart_rate_at(known["b"], samples_s),
            FS_HZ,
            window_s=WINDOW_S,
            hop_s=HOP_S,
            max_lag_s=MAX_LAG_S,
            start_s=start_s,
        )
        self._next_window_s = start_s + len(found.t_s) * HOP_S
        return Columns(found.t_s, found.r)

    def _first_window_s(self, t_s: float, known: dict[Partner, Known]) -> float | None:
        """Where the first window begins that was not handed out; None before both hearts beat."""
        if not all(heart.clock.count for heart in self._hearts.values()):
            return None
        if self._next_window_s is not None:
            return self._next_window_s
        horizon_s = self._horizon_s(t_s, known)
        first_s = max(opening_s(each, horizon_s) for each in known.values())
        return float(np.ceil(first_s / HOP_S) * HOP_S)

    def _horizon_s(self, t_s: float, known: dict[Partner, Known]) -> float:
        """Up to where both heart rates are settled."""
        return min(self._hearts[p].horizon_s(t_s, known[p]) for p in PARTNERS)


def engine_of(session: Session) -> Engine:
    """The engine for a session, with what its header says."""
    return Engine(latencies(session), references_in(session), talk=talked(session))


def look_every_s(length_s: float) -> float:
    """How often to judge where nothing is shown: a multiple of `EVERY_S`, not too often."""
    return float(EVERY_S * max(np.ceil(length_s / (MOST_LOOKS * EVERY_S)), 1.0))


def slices_s(from_s: float, to_s: float) -> Iterator[float]:
    """Where to pause on the way from one moment to another, so that others have their turn."""
    at_s = from_s
    while at_s < to_s:
        at_s = min(at_s + EVERY_S, to_s)
        yield at_s


def told_by(events: Iterable[Event]) -> tuple[Told, ...]:
    """What people said of the session."""
    return tuple(event for event in events if isinstance(event, Told))


def latencies(session: Session) -> dict[Partner, float]:
    """Seconds from a beat to its interval per partner, as the session's header says."""
    try:
        told = {p: float(session.straps[p].get("latency_s", 0.0)) for p in PARTNERS}
    except (TypeError, ValueError) as error:
        raise DamagedSession(
            f"Session {session.id} is damaged: the delays of straps in its header are no numbers. "
            "Use a copy of it if you have one."
        ) from error
    return told


def _no_columns() -> Columns:
    lags = 2 * round(MAX_LAG_S * FS_HZ) + 1
    return Columns(np.empty(0), np.empty((0, lags)))
