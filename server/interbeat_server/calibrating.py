"""Same-heart calibration: one person wears both straps, and their delays are compared.

A state machine without I/O and without a clock, like `pairing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from interbeat_collector.calibration import Offset, same_heart_offset
from interbeat_collector.events import PARTNERS, Device, Link, Packet, Partner
from interbeat_collector.feed import Feed

from .finding import Finding, FittingError

NEEDED_S = 120.0
SURE_S = 0.010
"""With a larger uncertainty both are listened to for longer, if that has not been long enough."""
MORE_S = 30.0
LONGEST_S = 240.0

Estimate = Callable[[Mapping[Partner, Sequence[Packet | Link]]], Offset]
"""From what both straps have sent to how much later b reports than a."""


class Calibration(Finding):
    """From two straps on one person to the difference of their delays."""

    def __init__(self, estimate: Estimate, remembered: Mapping[Partner, str] | None = None) -> None:
        super().__init__(remembered)
        self._estimate = estimate
        self._events: dict[Partner, list[Packet | Link]] = {p: [] for p in PARTNERS}
        self._clean_s = 0.0
        self._needed_s = NEEDED_S
        self._seen_s: float | None = None
        """The last moment at which both signals were whole."""
        self.result: Offset | None = None
        self.accepted = False

    @property
    def step(self) -> Literal["find", "listen", "result"]:
        if not self.straps:
            return "find"
        return "result" if self.result else "listen"

    def reset(self, t_s: float) -> None:
        super().reset(t_s)
        self.listen_again()

    def listen_again(self) -> None:
        """Forget the result and what led to it."""
        self._events = {p: [] for p in PARTNERS}
        self._clean_s, self._needed_s = 0.0, NEEDED_S
        self._seen_s = None
        self.result, self.accepted = None, False

    def push(self, strap_id: str, event: Packet | Link | Device) -> None:
        for partner, strap in self.straps.items():
            if strap.id == strap_id and self.result is None and not isinstance(event, Device):
                self._events[partner].append(event)
        super().push(strap_id, event)

    def advance(self, t_s: float) -> None:
        super().advance(t_s)
        if self.step != "listen":
            return
        if self.problem or any(strap.interruption(t_s) for strap in self.straps.values()):
            self._seen_s = None
            return
        if self._seen_s is not None:
            self._clean_s += t_s - self._seen_s
        self._seen_s = t_s
        if self._clean_s >= self._needed_s:
            found = self._estimate(self._events)
            if goes_on(found, self._needed_s):
                self._needed_s += MORE_S
            else:
                self.result = found

    def accept(self) -> Offset:
        """Agree to the result, which is to be stored."""
        if self.result is None or self.result.reason:
            raise FittingError("There is no result to keep yet.")
        self.accepted = True
        return self.result

    def document(self, t_s: float) -> dict[str, Any]:
        """All that the page shows at this moment."""
        known = super().document(t_s)
        return {
            "step": self.step,
            **known,
            "clean_s": round(min(self._clean_s, self._needed_s), 1),
            "needed_s": self._needed_s,
            "result": _told(self.result) if self.result else None,
            "accepted": self.accepted,
        }


def goes_on(found: Offset, heard_s: float) -> bool:
    """Whether what was found in so many seconds is worth making surer by hearing more."""
    return not found.reason and found.sigma_s > SURE_S and heard_s < LONGEST_S


def _told(found: Offset) -> dict[str, Any]:
    known = not found.reason
    return {
        "offset_ms": round(1000 * found.offset_s, 1) if known else None,
        "sigma_ms": round(1000 * found.sigma_s, 1) if known else None,
        "matched": found.matched,
        "reason": found.reason or None,
    }


def estimate_offset(events: Mapping[Partner, Sequence[Packet | Link]]) -> Offset:
    """How much later b reports than a, by the beats that both have heard."""
    feeds = {p: Feed() for p in PARTNERS}
    for partner, feed in feeds.items():
        for event in events[partner]:
            match event:
                case Packet(kind="heart_rate"):
                    feed.packet(event)
                case Link():
                    feed.link(event)
                case _:
                    pass
    return same_heart_offset(feeds["a"].clock, feeds["b"].clock)
