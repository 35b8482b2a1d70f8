"""The Bluetooth Heart Rate Measurement (0x2A37): bytes <-> measurement.

`decode` never raises: a strap that sends nonsense must not stop a recording. Whatever could not
be read is named in `problem`, the rest is used.
"""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

TICKS_PER_S = 1024
"""RR intervals are sent in units of 1/1024 s."""

_WIDE_RATE = 0x01
_IN_CONTACT = 0x02
_CONTACT_SUPPORTED = 0x04
_ENERGY = 0x08
_RR = 0x10
_MAX_UINT16 = 0xFFFF
_CONTACT = (None, None, None, None, False, False, True, True)
"""By the lowest three bits of the flags: looked up, since every packet asks."""


class HeartRateMeasurement(NamedTuple):
    """What one notification says (a tuple: it is made for every packet, and made fastest)."""

    hr_bpm: int | None
    """The strap's own running average; 0 while it searches, None if the packet broke off."""
    rr_ticks: tuple[int, ...]
    """Intervals since the last notification in 1/1024 s, oldest first, exactly as sent."""
    contact: bool | None = None
    """Skin contact; None: the strap does not say."""
    energy_kj: int | None = None
    """Energy since the strap's last reset; None: not sent."""
    problem: str = ""
    """A sentence about bytes that were missing or left over; empty for a sound packet."""


def decode(data: bytes) -> HeartRateMeasurement:
    """Read a notification of any length and with any flags."""
    size = len(data)
    if not size:
        return HeartRateMeasurement(None, (), problem="The packet is empty.")
    flags = data[0]
    contact = _CONTACT[flags & 7]
    rate_end = 3 if flags & _WIDE_RATE else 2
    energy_end = rate_end + 2 if flags & _ENERGY else rate_end
    hr_bpm = int.from_bytes(data[1:rate_end], "little") if size >= rate_end else None
    if size < energy_end:
        problem = f"The packet breaks off: {size} of {energy_end} bytes for flags 0x{flags:02x}."
        return HeartRateMeasurement(hr_bpm, (), contact, None, problem)
    energy_kj = int.from_bytes(data[rate_end:energy_end], "little") if flags & _ENERGY else None
    left = size - energy_end
    if not flags & _RR:
        problem = (
            f"Bytes left over: {left} that the flags 0x{flags:02x} do not announce." if left else ""
        )
        return HeartRateMeasurement(hr_bpm, (), contact, energy_kj, problem)
    rr_ticks = unpack_from(f"<{left // 2}H", data, energy_end)
    problem = "The last RR interval is cut: one odd byte was dropped." if left % 2 else ""
    return HeartRateMeasurement(hr_bpm, rr_ticks, contact, energy_kj, problem)


def encode(measurement: HeartRateMeasurement, *, wide_rate: bool = False) -> bytes:
    """Write a notification that `decode` reads back; `wide_rate` sends a small rate in 16 bits."""
    hr_bpm = _uint16(measurement.hr_bpm, "hr_bpm")
    wide_rate = wide_rate or hr_bpm > 0xFF
    flags = _WIDE_RATE if wide_rate else 0
    if measurement.contact is not None:
        flags |= _CONTACT_SUPPORTED | (_IN_CONTACT if measurement.contact else 0)
    body = hr_bpm.to_bytes(2 if wide_rate else 1, "little")
    if measurement.energy_kj is not None:
        flags |= _ENERGY
        body += _uint16(measurement.energy_kj, "energy_kj").to_bytes(2, "little")
    if measurement.rr_ticks:
        flags |= _RR
        for ticks in measurement.rr_ticks:
            body += _uint16(ticks, "rr_ticks").to_bytes(2, "little")
    return bytes([flags]) + body


def _uint16(value: int | None, name: str) -> int:
    if value is None or not 0 <= value <= _MAX_UINT16:
        raise ValueError(f"{name} {value} does not fit a packet: give 0 to {_MAX_UINT16}")
    return value
