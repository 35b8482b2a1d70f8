"""`interbeat scan`: the straps within reach as a table or as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from interbeat_collector.radio import Found, Radio, RadioError
from interbeat_collector.straps import StrapModel, model_of

BATTERY_S = 8.0
"""A strap that has not told its battery by then is listed without it."""


class Listed(NamedTuple):
    """A strap with what is known of its kind."""

    found: Found
    model: StrapModel
    battery_percent: int | None
    """None: not asked for, or not told."""


async def look(radio: Radio, seconds: float, *, battery: bool = False) -> list[Listed]:
    """Scan; with `battery` connect briefly to each strap, one after the other.

    Not to those that the system holds: to let go of them would end somebody's recording.
    """
    return [
        Listed(
            strap,
            model_of(strap.name),
            await _battery(radio, strap.id) if battery and not strap.held else None,
        )
        for strap in await radio.scan(seconds)
    ]


async def _battery(radio: Radio, strap_id: str) -> int | None:
    # A strap that keeps silent is listed all the same.
    with suppress(RadioError, TimeoutError):
        async with asyncio.timeout(BATTERY_S):
            return await radio.battery_percent(strap_id)
    return None


def as_json(straps: Sequence[Listed]) -> dict[str, Any]:
    return {
        "version": 1,
        "straps": [
            {
                "id": strap.found.id,
                "name": strap.found.name,
                "model": strap.model.name,
                "rr": strap.model.rr,
                "rssi_dbm": strap.found.rssi_dbm,
                "held": strap.found.held,
                "battery_percent": strap.battery_percent,
            }
            for strap in straps
        ],
    }


def told(straps: Sequence[Listed], record: str) -> str:
    """The list for people, with the next step: `record` is the command that records."""
    if not straps:
        return (
            "No strap was found. Moisten the electrodes, wear it, and close phone apps that hold "
            "it."
        )
    rows = [("name", "id", "signal", "battery", ""), *(_row(strap) for strap in straps)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(r, (*widths, 0), strict=True)) for r in rows
    ]
    ids = [strap.found.id for strap in straps if strap.model.rr != "no"]
    if len(ids) >= 2:
        lines += ["", f"Record two: {record} --strap a={ids[0]} --strap b={ids[1]}"]
    return "\n".join(line.rstrip() for line in lines)


def _row(strap: Listed) -> tuple[str, str, str, str, str]:
    found = strap.found
    return (
        found.name or "unnamed",
        found.id,
        "-" if found.rssi_dbm is None else f"{found.rssi_dbm} dBm",
        "-" if strap.battery_percent is None else f"{strap.battery_percent} %",
        "; ".join(_remarks(strap)),
    )


def _remarks(strap: Listed) -> list[str]:
    remarks = ["held by this computer"] if strap.found.held else []
    if strap.model.rr == "no":
        remarks.append("sends no RR intervals")
    return remarks
