"""From the events of one strap to its beat clock: what live and whole-session analysis share."""

from __future__ import annotations

from collections import deque

from .beats import BeatClock
from .events import Link, Packet
from .heart_rate import HeartRateMeasurement, decode

REPEAT_WITHIN_S = 0.02
"""Copies of one notification come within milliseconds; the next one takes a second."""


class Repeats:
    """Notices packets with the bytes of one shortly before."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, bytes]] = deque()

    def seen(self, arrival_s: float, data: bytes) -> bool:
        """True if the same bytes came at most `REPEAT_WITHIN_S` before."""
        recent = self._recent
        while recent and arrival_s - recent[0][0] > REPEAT_WITHIN_S:
            recent.popleft()
        repeated = any(data == earlier for _, earlier in recent)
        recent.append((arrival_s, data))
        return repeated


class Feed:
    """Decodes a strap's heart-rate packets into its `clock`."""

    def __init__(self, latency_s: float = 0.0) -> None:
        self.clock = BeatClock(latency_s)
        self._repeats = Repeats()
        self._interrupted = False

    def packet(self, packet: Packet) -> HeartRateMeasurement:
        """Take in a heart-rate packet, in the order of arrival; return what it says."""
        measurement = decode(packet.data)
        repeated = self._repeats.seen(packet.t_s, packet.data)
        self.clock.add(packet.t_s, measurement.rr_ticks, repeated=repeated)
        return measurement

    def link(self, link: Link) -> None:
        """Take in a change of the connection: after an interruption the clock begins anew."""
        if link.state in ("lost", "connecting"):
            self._interrupted = True
        elif link.state == "streaming" and self._interrupted:
            self._interrupted = False
            self.clock.reconnect()
