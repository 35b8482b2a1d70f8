"""What a strap says of itself over the standard services: its battery, its maker, its versions."""

from __future__ import annotations

BATTERY_SERVICE_UUID = "0000180f-0000-1000-8000-00805f9b34fb"
BATTERY_LEVEL_UUID = "00002a19-0000-1000-8000-00805f9b34fb"
SERVICE_UUID = "0000180a-0000-1000-8000-00805f9b34fb"
TEXT_UUIDS = {
    "maker": "00002a29-0000-1000-8000-00805f9b34fb",
    "model": "00002a24-0000-1000-8000-00805f9b34fb",
    "serial": "00002a25-0000-1000-8000-00805f9b34fb",
    "hardware": "00002a27-0000-1000-8000-00805f9b34fb",
    "firmware": "00002a26-0000-1000-8000-00805f9b34fb",
    "software": "00002a28-0000-1000-8000-00805f9b34fb",
}
"""The texts of the device information service, under the names of `Device.info`."""


def decode_battery(data: bytes) -> int | None:
    """Percent left, None when the strap says nothing that could be a percentage."""
    return data[0] if data and data[0] <= 100 else None


def encode_battery(percent: int) -> bytes:
    if not 0 <= percent <= 100:
        raise ValueError(f"a battery of {percent} % does not fit: give 0 to 100")
    return bytes([percent])


def decode_text(data: bytes) -> str:
    """The text up to the first zero byte, fit for one line of a report."""
    text = data.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()
