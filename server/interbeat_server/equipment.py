"""What straps are reached with: this computer's Bluetooth, or a world made up to try things."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from interbeat_collector.clock import Clock, SessionClock
from interbeat_collector.radio import Radio

if TYPE_CHECKING:
    from interbeat_collector.virtual_radio import Air


class Equipment(NamedTuple):
    """A radio and the clock it goes by."""

    radio: Radio
    clock: Clock
    rate: float = 1.0
    air: Air | None = None
    """Virtual straps; None: real ones."""

    @property
    def virtual(self) -> bool:
        return self.air is not None


def equipment(*, virtual: bool, rate: float = 1.0) -> Equipment:
    """Real Bluetooth, or virtual straps on a clock `rate` times as fast as real time."""
    if not virtual:
        return Equipment(Radio(), SessionClock())
    from .virtual_world import virtual_air

    clock = SessionClock(rate)
    air = virtual_air(clock)
    return Equipment(Radio(air.backend()), clock, rate, air)
