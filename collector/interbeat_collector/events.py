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

LinkState = Literal["searching", "connecting", "streaming", "lost"]
SessionKind = Literal["recorded", "simulated"]


@dataclass(frozen=True, slots=True)
class Packet:
    """One notification of a strap, byte for byte."""

    t_s: float
    partner: Partner
    kind: Literal["heart_rate"]
    data: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A change of the connection to a strap."""

    t_s: float
    partner: Partner
    state: LinkState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment someone marked; `at_s` is the moment itself, `t_s` when we learned of it."""

    t_s: float
    at_s: float
    label: str


@dataclass(frozen=True, slots=True)
class End:
    """The last event of a session that was closed properly."""

    t_s: float
    reason: str


Event = Packet | Link | Marker | End


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
