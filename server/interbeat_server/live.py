"""The live engine: events in, frames out, no I/O and no clock.

A frame at time T depends on nothing but the events that had arrived by T. It is what the
functions of `interbeat_analysis` give for the beats known at that moment, so live, replay and
batch agree; tests hold them together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from interbeat_analysis.artifacts import Artifacts, find_artifacts
from interbeat_analysis.gates import Index
from interbeat_analysis.indices import Cleaned, windowed_indices
from interbeat_analysis.series import (
    CONFIRMED_BEATS,
    PROVISIONAL_BEATS,
    grid,
    heart_rate,
    known_until,
)
from interbeat_analysis.windowed import windowed_cross_correlation
from interbeat_collector.beats import BeatClock, Beats
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
from interbeat_collector.feed import Feed

from .own_baseline import BaselineWatch, Shown

FS_HZ = 4.0
TICK_S = 1.0 / FS_HZ
WINDOW_S = 30.0
HOP_S = 1.0
MAX_LAG_S = 5.0
WINDOW_SPAN_S = WINDOW_S + MAX_LAG_S - TICK_S
"""From the first to the last sample that a window needs at its largest lag."""
ROUNDING = 1e-9
HRV_WINDOW_S = 60.0
SHOWN_LIVE = ("mean_hr_bpm", "rmssd_ms")
"""What a minute of a conversation can tell of one heart."""
STALE_AFTER_S = 3.0
PATIENCE_S = 10.0
"""How long a silent strap may still hand in beats before its silence is drawn as a gap."""
MEMORY_S = 270.0
"""Beats this far back cannot change what a frame says any more: the oldest beat of a minute of
variability is judged by the hundred before it, which take 200 s in the slowest heart."""

SPLINE_BEATS = 60
"""A spline has forgotten where it began long before: of a change, 0.27 is left a beat later."""


Told = Marker | Speech
"""What people say of the session while it runs."""


class Series(NamedTuple):
    """Values of one partner that became known with a frame, oldest first."""

    t_s: np.ndarray
    values: np.ndarray


class Columns(NamedTuple):
    """Windowed cross-correlation that became known: centres (w,) and r (w, lags)."""

    t_s: np.ndarray
    r: np.ndarray


class Known(NamedTuple):
    """The beats of one partner that are remembered, and what they are."""

    beats: Beats
    found: Artifacts
    nn_s: np.ndarray
    """The intervals, NaN where one is bad."""
    end_s: float
    """The newest beat, also when it is no longer remembered; -inf before the first."""


@dataclass(frozen=True, slots=True)
class Signal:
    """State of one strap at a frame."""

    state: str
    reason: str
    age_s: float | None
    contact: bool | None
    battery_percent: int | None
    packets: int
    gaps: int
    bad_packets: int
    problem: str
    """What was wrong with the newest bad packet."""
    duplicates: int
    """Packets that came twice and were counted once."""
    inferred: int
    """Beats in holes, as many as the intervals around them suggest."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time without beats.

    `to_s` is None while it lasts, and `from_s` where the beats were only late.
    """

    partner: Partner
    from_s: float
    to_s: float | None
    reason: str


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


@dataclass(slots=True)
class _Heart:
    """One partner: the beat clock and what was already handed out."""

    partner: Partner
    latency_s: float = 0.0
    feed: Feed = field(init=False)
    link: Link | None = None
    arrival_s: float | None = None
    contact: bool | None = None
    hr_bpm: int | None = None
    battery_percent: int | None = None
    packets: int = 0
    bad_packets: int = 0
    problem: str = ""
    beats_out: int = 0
    stretches_out: int = 1
    known_s: float | None = None
    told: Known | None = None
    """What the clock said since the newest packet; None when it has to be asked."""
    tail: Series | None = None
    """The provisional samples since the newest packet, None when they have to be made."""
    silence: Gap | None = None

    def __post_init__(self) -> None:
        self.feed = Feed(self.latency_s)

    @property
    def clock(self) -> BeatClock:
        return self.feed.clock

    def connect(self, link: Link) -> None:
        self.link = link
        self.feed.link(link)
        self.told = self.tail = None

    def take(self, packet: Packet) -> None:
        measurement = self.feed.packet(packet)
        self.told = self.tail = None
        self.packets += 1
        if measurement.problem:
            self.bad_packets += 1
            self.problem = measurement.problem
        self.arrival_s = packet.t_s
        self.contact = measurement.contact
        self.hr_bpm = measurement.hr_bpm

    def known(self, t_s: float) -> Known:
        """What the strap told; inferred beats are in no figure and on no screen."""
        if self.told is None:
            beats = self.clock.beats(t_s - MEMORY_S).real()
            found = find_artifacts(beats.rr_s, beat_t_s=beats.t_s, causal=True)
            self.told = Known(
                beats, found, np.where(found.bad, np.nan, beats.rr_s), self.clock.end_s()
            )
        return self.told

    def horizon_s(self, t_s: float, known: Known) -> float:
        """Up to where the heart rate is settled at `t_s`, be it as a gap."""
        settled_s = known_until(known.beats.t_s, CONFIRMED_BEATS)
        return max(settled_s, t_s - self.latency_s - PATIENCE_S)

    def new_samples(self, t_s: float, known: Known) -> tuple[Series, Series]:
        """The samples that became settled, and those after them that may still move."""
        if not self.clock.count:
            return _nothing(), _nothing()
        settled_s = self.horizon_s(t_s, known)
        start_s = _opening_s(known, settled_s) if self.known_s is None else self.known_s
        if self.tail is not None and not _holds_sample(start_s, settled_s):
            return _nothing(), self.tail
        newest_s = known_until(known.beats.t_s, PROVISIONAL_BEATS)
        samples_s = grid(start_s, max(settled_s, newest_s), FS_HZ)
        samples_s = samples_s[samples_s > start_s]
        settled = int(np.searchsorted(samples_s, settled_s + ROUNDING / FS_HZ, side="right"))
        bpm = _heart_rate(known, samples_s)
        if settled:
            self.known_s = float(samples_s[settled - 1])
        self.tail = Series(samples_s[settled:], bpm[settled:])
        return Series(samples_s[:settled], bpm[:settled]), self.tail

    def skip_to(self, t_s: float, known: Known) -> list[Gap]:
        """Count everything up to `t_s` as handed out; return the gap that lasts."""
        self.beats_out = self.clock.count
        self.stretches_out = max(self.clock.stretches, 1)
        horizon_s = self.horizon_s(t_s, known)
        if self.clock.count and horizon_s > _opening_s(known, -np.inf):
            self.known_s = float(np.floor(horizon_s * FS_HZ + ROUNDING) / FS_HZ)
        return self.new_gaps(t_s, known)

    def new_beats(self, beats: Beats) -> Series:
        fresh = self.clock.count - self.beats_out
        self.beats_out += fresh
        if not fresh:
            return _nothing()
        return Series(beats.t_s[-fresh:], beats.rr_s[-fresh:])

    def new_gaps(self, t_s: float, known: Known) -> list[Gap]:
        gaps = []
        silent = self._silent_s(t_s, known) > STALE_AFTER_S
        if self.clock.stretches > self.stretches_out:
            self.stretches_out = self.clock.stretches
            reason = self.silence.reason if self.silence else "packets were lost"
            gaps.append(Gap(self.partner, *self.clock.last_hole(), reason))
            self.silence = None
        elif self.silence and not silent:
            # The beats came after all, only late: a gap without length is none.
            gaps.append(replace(self.silence, to_s=self.silence.from_s))
            self.silence = None
        if silent and self.silence is None:
            self.silence = Gap(self.partner, known.end_s, None, self._why_silent())
            gaps.append(self.silence)
        return gaps

    def _why_silent(self) -> str:
        if self.link and self.link.state not in ("streaming", "stale") and self.link.reason:
            # Sentences stand in the strap's row; beside a gap there is room for two words.
            return "connection lost" if self.link.reason.endswith(".") else self.link.reason
        if self.contact is False:
            return "no contact"
        return "no pulse" if self.hr_bpm == 0 else "no signal"

    def _silent_s(self, t_s: float, known: Known) -> float:
        """Seconds without a beat beyond what a send period explains."""
        waited_s = t_s - self.latency_s - known.end_s
        return waited_s - 1.0 if self.clock.count else 0.0

    def signal(self, t_s: float) -> Signal:
        state, reason = self._state(t_s)
        return Signal(
            state=state,
            reason=reason,
            age_s=None if self.arrival_s is None else t_s - self.arrival_s,
            contact=self.contact,
            battery_percent=self.battery_percent,
            packets=self.packets,
            gaps=max(self.clock.stretches - 1, 0),
            bad_packets=self.bad_packets,
            problem=self.problem,
            duplicates=self.clock.duplicates,
            inferred=self.clock.inferred,
        )

    def _state(self, t_s: float) -> tuple[str, str]:
        if self.link is None or self.link.state != "streaming":
            return (self.link.state, self.link.reason) if self.link else ("scanning", "")
        if self.arrival_s is None or t_s - self.arrival_s > STALE_AFTER_S:
            return "stale", ""
        if self.contact is False:
            return "no_contact", ""
        # A strap that searches tells a heart rate of 0 and stays connected.
        return ("no_pulse", "") if self.hr_bpm == 0 else ("streaming", self.link.reason)

    def indices(self, t_s: float, known: Known) -> dict[str, Index]:
        heart = Cleaned(known.beats.t_s, known.beats.rr_s, known.found, corrected=True)
        end_s = np.array([t_s])
        return windowed_indices(heart, end_s, HRV_WINDOW_S, names=SHOWN_LIVE, live=True)[0]


class Engine:
    """Turns the events of a session into one frame every `TICK_S` of session time."""

    def __init__(self, latency_s: Mapping[Partner, float] | None = None) -> None:
        self._pending: deque[Event] = deque()
        latency_s = latency_s or {}
        self._hearts: dict[Partner, _Heart] = {
            p: _Heart(p, latency_s.get(p, 0.0)) for p in PARTNERS
        }
        self._baselines = BaselineWatch()
        self._next_window_s: float | None = None

    def push(self, event: Event) -> None:
        """Hand in an event; the first frame at or after its `t_s` takes it in."""
        self._pending.append(event)

    def skip_to(self, t_s: float) -> tuple[tuple[Told, ...], tuple[Gap, ...]]:
        """Take in everything up to `t_s`, a whole second, as already shown.

        What was told on the way is returned, and the gaps that last.
        """
        told = self._take_in(t_s)
        known = self._known(t_s)
        gaps = [gap for p in PARTNERS for gap in self._hearts[p].skip_to(t_s, known[p])]
        if (start_s := self._first_window_s(t_s, known)) is not None:
            horizon_s = self._horizon_s(t_s, known)
            over = np.floor((horizon_s - WINDOW_SPAN_S - start_s) / HOP_S + ROUNDING) + 1
            self._next_window_s = start_s + max(over, 0.0) * HOP_S
        return told, tuple(gaps)

    def frame(self, t_s: float) -> Frame:
        """What became known at `t_s`, a multiple of `TICK_S` later than the last frame's."""
        told = self._take_in(t_s)
        known = self._known(t_s)
        hearts = self._hearts
        samples = {p: hearts[p].new_samples(t_s, known[p]) for p in PARTNERS}
        on_the_second = t_s % HOP_S == 0
        indices = {p: hearts[p].indices(t_s, known[p]) for p in PARTNERS} if on_the_second else None
        return Frame(
            t_s=t_s,
            heart_rate={p: samples[p][0] for p in PARTNERS},
            provisional={p: samples[p][1] for p in PARTNERS},
            beats={p: hearts[p].new_beats(known[p].beats) for p in PARTNERS},
            told=told,
            gaps=tuple(gap for p in PARTNERS for gap in hearts[p].new_gaps(t_s, known[p])),
            columns=self._new_columns(t_s, known) if on_the_second else None,
            indices=indices,
            baselines=self._own_baselines(t_s, indices) if indices else None,
            signals={p: hearts[p].signal(t_s) for p in PARTNERS} if on_the_second else None,
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
                case Link() as link:
                    self._hearts[link.partner].connect(link)
                case Marker() as marker:
                    self._baselines.hear(marker)
                    told.append(marker)
                case Speech() as speech:
                    told.append(speech)
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
            _heart_rate(known["a"], samples_s),
            _heart_rate(known["b"], samples_s),
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
        opening_s = max(_opening_s(each, horizon_s) for each in known.values())
        return float(np.ceil(opening_s / HOP_S) * HOP_S)

    def _horizon_s(self, t_s: float, known: dict[Partner, Known]) -> float:
        """Up to where both heart rates are settled."""
        return min(self._hearts[p].horizon_s(t_s, known[p]) for p in PARTNERS)


def latencies(session: Session) -> dict[Partner, float]:
    """Seconds from a beat to its interval per partner, as the session's header says."""
    return {p: float(session.straps[p].get("latency_s", 0.0)) for p in PARTNERS}


def _opening_s(known: Known, otherwise_s: float) -> float:
    """The beat that opens the first interval."""
    beats = known.beats
    return float(beats.t_s[0] - beats.rr_s[0]) if len(beats.t_s) else otherwise_s


def _holds_sample(after_s: float, until_s: float) -> bool:
    """Whether a sample lies after one instant and up to another."""
    return bool(np.floor(until_s * FS_HZ + ROUNDING) > np.floor(after_s * FS_HZ + ROUNDING))


def _heart_rate(known: Known, t_s: np.ndarray) -> np.ndarray:
    """Heart rate at increasing instants."""
    if not len(t_s):
        return np.empty(0)
    beat_t_s = known.beats.t_s
    first = max(int(np.searchsorted(beat_t_s, t_s[0])) - SPLINE_BEATS, 0)
    return heart_rate(beat_t_s[first:], known.nn_s[first:], t_s)


def _nothing() -> Series:
    return Series(np.empty(0), np.empty(0))


def _no_columns() -> Columns:
    lags = 2 * round(MAX_LAG_S * FS_HZ) + 1
    return Columns(np.empty(0), np.empty((0, lags)))
