"""One heart of the live engine: its strap, its beats, and what of them was handed out already."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from interbeat_analysis.artifacts import Artifacts
from interbeat_analysis.gates import Index
from interbeat_analysis.growing import Judged, judge_more
from interbeat_analysis.indices import Cleaned, windowed_indices
from interbeat_analysis.series import (
    CONFIRMED_BEATS,
    PROVISIONAL_BEATS,
    grid,
    heart_rate,
    known_until,
)
from interbeat_collector.beats import BeatClock, Beats
from interbeat_collector.events import Link, Packet, Partner
from interbeat_collector.feed import Feed
from interbeat_collector.polar import Kind, frame_kind
from interbeat_collector.straps import Raw

FS_HZ = 4.0
ROUNDING = 1e-9
HRV_WINDOW_S = 60.0
SHOWN_LIVE = ("mean_hr_bpm", "rmssd_ms")
"""What a minute of a conversation can tell of one heart."""
STALE_AFTER_S = 3.0
RAW_FRESH_S = 5.0
"""A raw signal of which nothing came for so long is not being recorded."""
PATIENCE_S = 10.0
"""How long a silent strap may still hand in beats before its silence is drawn as a gap."""
MEMORY_S = 270.0
"""Beats this far back cannot change what a frame says any more: the oldest beat of a minute of
variability is judged by the hundred before it, which take 200 s in the slowest heart."""

RAW_NAMES: dict[Kind, Raw] = {"ecg": "ecg", "acc": "acceleration"}

SPLINE_BEATS = 60
"""A spline has forgotten where it began long before: of a change, 0.27 is left a beat later."""


class Series(NamedTuple):
    """Values of one partner that became known with a frame, oldest first."""

    t_s: np.ndarray
    values: np.ndarray


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
    raw: tuple[Raw, ...]
    """What is recorded raw beside the intervals."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time without beats.

    `to_s` is None while it lasts, and `from_s` where the beats were only late.
    """

    partner: Partner
    from_s: float
    to_s: float | None
    reason: str


@dataclass(slots=True)
class Heart:
    """One partner: the beat clock and what was already handed out."""

    partner: Partner
    latency_s: float = 0.0
    feed: Feed = field(init=False)
    link: Link | None = None
    arrival_s: float | None = None
    contact: bool | None = None
    hr_bpm: int | None = None
    battery_percent: int | None = None
    raw_s: dict[Raw, float] = field(default_factory=dict)
    """When the newest frame of each raw signal arrived."""
    packets: int = 0
    bad_packets: int = 0
    problem: str = ""
    beats_out: int = 0
    stretches_out: int = 1
    known_s: float | None = None
    told: Known | None = None
    """What the clock said since the newest packet; None when it has to be asked."""
    judged: Judged | None = None
    judged_from: int = 0
    """What the remembered beats are, the first of them counted from the start."""
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

    def take_raw(self, packet: Packet) -> None:
        if kind := frame_kind(packet.data):
            self.raw_s[RAW_NAMES[kind]] = packet.t_s

    def known(self, t_s: float) -> Known:
        """What the strap told; inferred beats are in no figure and on no screen."""
        if self.told is None:
            beats = self.clock.told(t_s - MEMORY_S)
            found = self._judge(beats)
            self.told = Known(
                beats, found, np.where(found.bad, np.nan, beats.rr_s), self.clock.end_s()
            )
        return self.told

    def _judge(self, beats: Beats) -> Artifacts:
        first = self.clock.count - len(beats.t_s)
        dropped = first - self.judged_from
        before = self.judged if dropped >= 0 else None
        self.judged = judge_more(before, beats.t_s, beats.rr_s, dropped=dropped)
        self.judged_from = first
        return self.judged.found

    def horizon_s(self, t_s: float, known: Known) -> float:
        """Up to where the heart rate is settled at `t_s`, be it as a gap."""
        settled_s = known_until(known.beats.t_s, CONFIRMED_BEATS)
        return max(settled_s, t_s - self.latency_s - PATIENCE_S)

    def new_samples(self, t_s: float, known: Known) -> tuple[Series, Series]:
        """The samples that became settled, and those after them that may still move."""
        if not self.clock.count:
            return nothing(), nothing()
        settled_s = self.horizon_s(t_s, known)
        start_s = opening_s(known, settled_s) if self.known_s is None else self.known_s
        if self.tail is not None and not _holds_sample(start_s, settled_s):
            return nothing(), self.tail
        newest_s = known_until(known.beats.t_s, PROVISIONAL_BEATS)
        samples_s = grid(start_s, max(settled_s, newest_s), FS_HZ)
        samples_s = samples_s[samples_s > start_s]
        settled = int(np.searchsorted(samples_s, settled_s + ROUNDING / FS_HZ, side="right"))
        bpm = heart_rate_at(known, samples_s)
        if settled:
            self.known_s = float(samples_s[settled - 1])
        self.tail = Series(samples_s[settled:], bpm[settled:])
        return Series(samples_s[:settled], bpm[:settled]), self.tail

    def skip_to(self, t_s: float, known: Known) -> list[Gap]:
        """Count everything up to `t_s` as handed out; return the gap that lasts."""
        self.beats_out = self.clock.count
        self.stretches_out = max(self.clock.stretches, 1)
        horizon_s = self.horizon_s(t_s, known)
        if self.clock.count and horizon_s > opening_s(known, -np.inf):
            self.known_s = float(np.floor(horizon_s * FS_HZ + ROUNDING) / FS_HZ)
        return self.new_gaps(t_s, known)

    def new_beats(self, beats: Beats) -> Series:
        fresh = self.clock.count - self.beats_out
        self.beats_out += fresh
        if not fresh:
            return nothing()
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
            raw=tuple(
                name
                for name in RAW_NAMES.values()
                if t_s - self.raw_s.get(name, -np.inf) <= RAW_FRESH_S
            ),
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


def opening_s(known: Known, otherwise_s: float) -> float:
    """The beat that opens the first interval."""
    beats = known.beats
    return float(beats.t_s[0] - beats.rr_s[0]) if len(beats.t_s) else otherwise_s


def _holds_sample(after_s: float, until_s: float) -> bool:
    """Whether a sample lies after one instant and up to another."""
    return bool(np.floor(until_s * FS_HZ + ROUNDING) > np.floor(after_s * FS_HZ + ROUNDING))


def heart_rate_at(known: Known, t_s: np.ndarray) -> np.ndarray:
    """Heart rate at increasing instants."""
    if not len(t_s):
        return np.empty(0)
    beat_t_s = known.beats.t_s
    first = max(int(np.searchsorted(beat_t_s, t_s[0])) - SPLINE_BEATS, 0)
    return heart_rate(beat_t_s[first:], known.nn_s[first:], t_s)


def nothing() -> Series:
    return Series(np.empty(0), np.empty(0))
