"""What one strap has sent while it is being fitted, and what that says of its signal.

No I/O and no clock: events and moments in, plain values out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from interbeat_analysis.artifacts import State, find_artifacts
from interbeat_analysis.bad_intervals import LONGEST_S, SHORTEST_S
from interbeat_collector.events import Device, Link, Packet
from interbeat_collector.heart_rate import TICKS_PER_S, HeartRateMeasurement, decode
from interbeat_collector.straps import StrapModel, model_of

MEMORY_S = 60.0
SILENT_S = 3.0
"""Straps send about once a second: so much silence is three packets in a row."""
SEND_S = 1.0
"""How long a beat may wait for the next stroke of the strap's timer."""
NO_RR_S = 3.0
"""No interval for so long is told, unless the heart is so slow that it may have missed a beat."""
MISSED_BEAT = 2.4
"""As many usual intervals last from the beat before a missed one to the one after it, at most: one
that is longer than usual by a fifth is breathing."""
USUAL_INTERVALS = 10
RR_PATIENCE_S = 12.0
"""A strap with a pulse and without one RR interval for so long does not send them."""
WILD_S = 5.0
WILD_INTERVALS = 5
"""An extra or early beat spoils two or three intervals, two early beats in a row four, and the
next good one shows what it was; a strap off the skin goes on."""

Trouble = Literal["link", "silent", "contact", "pulse", "rr", "wild"]
"""Why a signal is not whole: no connection, no packets, no skin contact, a heart rate of 0, no
RR intervals, or intervals no heart makes."""


class Heard(NamedTuple):
    """One heart-rate packet as it arrived."""

    t_s: float
    hr_bpm: int | None
    contact: bool | None
    rr_s: tuple[float, ...]


def heard(t_s: float, told: HeartRateMeasurement) -> Heard:
    rr_s = tuple(ticks / TICKS_PER_S for ticks in told.rr_ticks)
    return Heard(t_s, told.hr_bpm, told.contact, rr_s)


class Quality(NamedTuple):
    """Figures of a stretch of time."""

    packets: int
    lost: int
    intervals: int
    artifact_share: float
    """NaN without intervals."""
    mean_bpm: float
    """From the intervals, not from the strap's own average; NaN without intervals."""
    told_share: float
    """How much of the time the intervals add up to; NaN for less than two packets with some."""

    @property
    def loss_share(self) -> float:
        return self.lost / (self.packets + self.lost) if self.packets else 0.0


@dataclass(slots=True)
class StrapWatch:
    """One strap under observation."""

    id: str
    name: str
    info: dict[str, str] = field(default_factory=dict)
    link: Link | None = None
    battery_percent: int | None = None
    rr_seen: bool = False
    pulse_since_s: float | None = None
    """Since when it has told a heart rate without a break."""
    heard: deque[Heard] = field(default_factory=deque)

    @property
    def model(self) -> StrapModel:
        return model_of(self.name, self.info)

    @property
    def identity(self) -> dict[str, str]:
        """What is known of the device, for the header of a session."""
        return {**self.info, "id": self.id, "name": self.name}

    @property
    def last(self) -> Heard | None:
        return self.heard[-1] if self.heard else None

    def take(self, event: Packet | Link | Device) -> None:
        match event:
            case Packet(kind="heart_rate"):
                self._hear(event)
            case Packet(kind="battery", data=data) if data:
                self.battery_percent = min(data[0], 100)
            case Link():
                self.link = event
            case Device():
                self.info = {**self.info, **event.info}
            case _:
                pass

    def trouble(self, t_s: float) -> Trouble | None:
        """What is wrong with the signal at this moment, the gravest first."""
        return self.interruption(t_s) or ("wild" if self._wild(t_s) else None)

    def interruption(self, t_s: float) -> Trouble | None:
        """Trouble that leaves no beats to look at."""
        last = self.last
        if self.link is None or self.link.state not in ("streaming", "stale") or last is None:
            return "link"
        if t_s - last.t_s > SILENT_S:
            return "silent"
        if last.contact is False:
            return "contact"
        if not last.hr_bpm:
            return "pulse"
        if self.rr_seen and t_s - self._rr_told_s() > self._rr_due_s():
            return "rr"
        return None

    def sends_no_rr(self, t_s: float) -> bool:
        """True once it is clear that this strap tells no time between beats."""
        if self.model.rr == "no":
            return True
        since_s = self.pulse_since_s
        return not self.rr_seen and since_s is not None and t_s - since_s > RR_PATIENCE_S

    def rr_s(self, from_s: float, to_s: float) -> np.ndarray:
        """The intervals that arrived within this time, in order."""
        return np.array([rr for h in self.heard if from_s <= h.t_s <= to_s for rr in h.rr_s])

    def quality(self, from_s: float, to_s: float) -> Quality:
        rr_s = self.rr_s(from_s, to_s)
        arrivals_s = np.array([h.t_s for h in self.heard if from_s <= h.t_s <= to_s])
        return Quality(
            packets=len(arrivals_s),
            lost=_lost(arrivals_s),
            intervals=len(rr_s),
            artifact_share=float(find_artifacts(rr_s).bad.mean()) if len(rr_s) else np.nan,
            mean_bpm=60.0 / float(np.median(rr_s)) if len(rr_s) else np.nan,
            told_share=told_share([h for h in self.heard if from_s <= h.t_s <= to_s]),
        )

    def trace(self, t_s: float, span_s: float) -> dict[str, list[float]]:
        """The last heart rates for a small picture: seconds ago and beats per minute."""
        ago_s: list[float] = []
        bpm: list[float] = []
        beat_s = np.inf
        for heard in reversed(self.heard):
            # Beats stand one interval apart; where packets are missing they are earlier than that.
            if beat_s > heard.t_s + SEND_S:
                beat_s = heard.t_s
            for rr_s in reversed(heard.rr_s):
                if t_s - beat_s <= span_s and SHORTEST_S <= rr_s <= LONGEST_S:
                    ago_s.append(round(t_s - beat_s, 2))
                    bpm.append(round(60.0 / rr_s, 1))
                beat_s -= rr_s
        return {"ago_s": ago_s[::-1], "bpm": bpm[::-1]}

    def _hear(self, packet: Packet) -> None:
        found = heard(packet.t_s, decode(packet.data))
        self.heard.append(found)
        self.rr_seen = self.rr_seen or bool(found.rr_s)
        if not found.hr_bpm or found.contact is False:
            self.pulse_since_s = None
        elif self.pulse_since_s is None:
            self.pulse_since_s = packet.t_s
        while self.heard[0].t_s < packet.t_s - MEMORY_S:
            self.heard.popleft()

    def _rr_told_s(self) -> float:
        """When the newest interval came, -inf if none is remembered."""
        return next((h.t_s for h in reversed(self.heard) if h.rr_s), -np.inf)

    def _rr_due_s(self) -> float:
        """Within so long the next interval comes, also when the strap misses a beat."""
        recent = [rr_s for heard in self.heard for rr_s in heard.rr_s][-USUAL_INTERVALS:]
        usual_s = float(np.median(recent)) if recent else 0.0
        return max(NO_RR_S, MISSED_BEAT * usual_s + SEND_S)

    def _wild(self, t_s: float) -> bool:
        """Whether there is lasting nonsense: what can be put right was a beat, and is over."""
        before, recent = self.rr_s(-np.inf, t_s - WILD_S), self.rr_s(t_s - WILD_S, t_s)
        found = find_artifacts(np.append(before, recent))
        nonsense = found.state[len(before) :] == State.INVALID
        return int(nonsense.sum()) >= WILD_INTERVALS


def told_share(packets: Sequence[Heard]) -> float:
    """The sum of the intervals over the time in which they came.

    About 1; each end errs by what a beat waits for its packet, `SEND_S` at most.
    """
    with_rr = [h for h in packets if h.rr_s]
    lasted_s = with_rr[-1].t_s - with_rr[0].t_s if with_rr else 0.0
    return sum(sum(h.rr_s) for h in with_rr[1:]) / lasted_s if lasted_s > 0 else np.nan


def _lost(arrivals_s: np.ndarray) -> int:
    """Packets that are missing between the others, by the usual distance of two."""
    gaps_s = np.diff(arrivals_s)
    gaps_s = gaps_s[gaps_s > 0.2]  # a burst after a delay is no period
    if len(gaps_s) < 3:
        return 0
    return int(np.sum(np.maximum(np.round(gaps_s / np.median(gaps_s)) - 1, 0)))


SAME_HEART_BEATS = 20
SAME_HEART_CORRELATION = 0.9
_SHIFTS = range(-6, 7)


def same_heart(rr_a_s: np.ndarray, rr_b_s: np.ndarray) -> bool:
    """Whether two straps hear one heart: the changes from beat to beat are the same.

    Straps may be some beats apart in what they have sent.
    """
    return any(_alike(rr_a_s[max(k, 0) :], rr_b_s[max(-k, 0) :]) for k in _SHIFTS)


def _alike(one_s: np.ndarray, other_s: np.ndarray) -> bool:
    n = min(len(one_s), len(other_s))
    if n < SAME_HEART_BEATS:
        return False
    changes = np.diff(one_s[:n]), np.diff(other_s[:n])
    if min(np.std(c) for c in changes) < 1e-6:
        return False
    return bool(np.corrcoef(*changes)[0, 1] >= SAME_HEART_CORRELATION)


def first_known(info: Mapping[str, str], *keys: str) -> str | None:
    """The first of these that a strap told of itself."""
    return next((info[key] for key in keys if info.get(key)), None)
