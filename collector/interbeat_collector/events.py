"""What happens in a session, in the order in which it is recorded.

Every event carries `t_s`, the moment it reached this program, in seconds of session time
(monotonic, 0 at the start of the session). Packets are the record; beats and every figure
are derived from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Partner = Literal["a", "b"]
PARTNERS: tuple[Partner, Partner] = ("a", "b")

PacketKind = Literal["heart_rate", "battery", "polar", "polar_control"]
"""`heart_rate`: 0x2A37; `battery`: 0x2A19; `polar`: a frame of Polar's measurement data (ECG,
acceleration); `polar_control`: an answer of Polar's control point."""

LinkState = Literal["scanning", "connecting", "streaming", "stale", "lost", "backoff"]
SessionKind = Literal["recorded", "simulated"]


@dataclass(frozen=True, slots=True)
class Packet:
    """One notification of a strap, byte for byte."""

    t_s: float
    partner: Partner
    kind: PacketKind
    data: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A change of the connection to a strap."""

    t_s: float
    partner: Partner
    state: LinkState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """What a strap says of itself, read at each connection."""

    t_s: float
    partner: Partner
    info: dict[str, str]
    """`id`, `name`, `maker`, `model`, `serial`, `hardware`, `firmware`, `software`: those known."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment someone marked; `at_s` is the moment itself, `t_s` when we learned of it."""

    t_s: float
    at_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Speech:
    """A partner begins or stops speaking; `at_s` is the moment itself, `t_s` when we learned of it.

    A partner is taken to speak from a beginning to the next stop, or to the end of the session.
    """

    t_s: float
    partner: Partner
    at_s: float
    on: bool
    source: str
    """Who says so: `key` (someone held a key), `simulated`, a voice detector, ..."""


@dataclass(frozen=True, slots=True)
class End:
    """The last event of a session that was closed properly."""

    t_s: float
    reason: str


Event = Packet | Link | Device | Marker | Speech | End


@dataclass(frozen=True, slots=True)
class Session:
    """The header of a session: who, when, with what. Written once, before the first event."""

    id: str
    kind: SessionKind
    started_utc: str
    """Wall-clock start, ISO 8601, UTC: the only wall time in a session."""
    labels: dict[Partner, str]
    straps: dict[Partner, dict[str, str]]
    """Per partner what is known of the strap: `model`, `id`, `firmware`, ..."""
    software: str
    settings: dict[str, object] = field(default_factory=dict)
