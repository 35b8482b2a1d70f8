"""`interbeat doctor`: what a helper needs to know about a computer and two straps."""

from __future__ import annotations

import asyncio
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from interbeat_collector.clock import Clock
from interbeat_collector.device_info import decode_battery
from interbeat_collector.envelope import line_under
from interbeat_collector.events import Device, Event, Link, Packet
from interbeat_collector.heart_rate import decode
from interbeat_collector.radio import LOOK_S, Found, Radio, RadioError
from interbeat_collector.strap import Strap
from interbeat_collector.straps import model_of

from . import __version__
from .messages import number
from .strap_watch import heard, told_share

LISTEN_S = 15.0
SETTLE_S = 10.0
"""After being heard a strap must be connected within so long."""
SAME_PACKET_S = 0.02
"""Identical notifications so close together are one that came twice."""
REGULAR = 0.15
"""A timer strap's packets are apart by one period, give or take this share."""
MIN_PACKETS = 5

Report = dict[str, Any]


async def examine(
    radio: Radio, clock: Clock, ids: Sequence[str] = (), listen_s: float = LISTEN_S
) -> Report:
    """Look at the computer and at the straps within reach; listen to those that were named."""
    report: Report = {"version": 1, "software": software(), "bluetooth": "ok"}
    found: list[Found] = []
    try:
        found = await radio.scan()
    except RadioError as error:
        report["bluetooth"] = str(error)
    report["straps"] = [_found(strap) for strap in found]
    if report["bluetooth"] == "ok":
        heard = await asyncio.gather(*(_listened(radio, clock, i, listen_s) for i in ids))
        report["listened_s"] = listen_s
        report["checks"] = list(heard)
    return report


def software() -> dict[str, str | None]:
    """Versions of what takes part."""
    return {
        "interbeat": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "bleak": _package("bleak"),
        "bluez": _bluez() if sys.platform == "linux" else None,
    }


def told(report: Report) -> str:
    """The report as text to paste."""
    lines = [
        f"{name:<10}{value}" for name, value in report["software"].items() if value is not None
    ]
    lines.append(f"{'bluetooth':<10}{report['bluetooth']}")
    if report["bluetooth"] == "ok":
        lines += ["", f"Straps within reach: {len(report['straps']) or 'none'}"]
        lines += [f"  {_found_line(strap)}" for strap in report["straps"]]
        for check in report["checks"]:
            lines += ["", *_check_lines(check, report["listened_s"])]
    return "\n".join(lines)


async def _listened(radio: Radio, clock: Clock, strap_id: str, listen_s: float) -> Report:
    """Wear one connection for a while and describe what came."""
    events: list[Event] = []
    strap = Strap("a", strap_id, radio, clock, events.append)
    strap.start()
    try:
        limit_s = clock.now_s() + LOOK_S + SETTLE_S
        while strap.state != "streaming" and clock.now_s() < limit_s:
            await clock.sleep_until(clock.now_s() + 0.25)
        await clock.sleep_until(clock.now_s() + (listen_s if strap.state == "streaming" else 0.0))
    finally:
        await strap.stop()
    return described(strap_id, strap.name, events)


def described(strap_id: str, name: str, events: Iterable[Event]) -> Report:
    """What the events of one strap say of it."""
    events = list(events)
    packets = [e for e in events if isinstance(e, Packet) and e.kind == "heart_rate"]
    twice = _repeated(packets)
    once = [packet for i, packet in enumerate(packets) if i not in twice]
    read = [decode(packet.data) for packet in once]
    arrivals_s = np.array([packet.t_s for packet in once])
    info = next((e.info for e in events if isinstance(e, Device)), {})
    batteries = [e.data for e in events if isinstance(e, Packet) and e.kind == "battery"]
    links = [e for e in events if isinstance(e, Link)]
    reasons = [link.reason for link in links if link.reason]
    return {
        "id": strap_id,
        "name": name,
        "model": model_of(name, info).name,
        "info": {key: value for key, value in info.items() if key not in ("id", "name")},
        "battery_percent": decode_battery(batteries[-1]) if batteries else None,
        "packets": len(packets),
        "intervals": sum(len(m.rr_ticks) for m in read),
        "rr": any(m.rr_ticks for m in read),
        "told_share": number(
            told_share([heard(p.t_s, m) for p, m in zip(once, read, strict=True)]), 3
        ),
        "heart_rate_bpm": next((m.hr_bpm for m in reversed(read) if m.hr_bpm), None),
        "contact": read[-1].contact if read else None,
        "packets_per_s": _rate(arrivals_s),
        "duplicates": len(twice),
        "bad_packets": sum(bool(m.problem) for m in read),
        "jitter_ms": jitter_ms(arrivals_s),
        "drops": sum(link.state == "lost" for link in links),
        "problem": None if packets else (reasons[-1] if reasons else "It sent nothing."),
    }


def jitter_ms(arrivals_s: np.ndarray) -> dict[str, float] | None:
    """How late packets were against the steadiest clock under them; None: no steady clock."""
    if len(arrivals_s) < MIN_PACKETS:
        return None
    gaps_s = np.diff(arrivals_s)
    period_s = float(np.median(gaps_s))
    if np.median(np.abs(gaps_s - period_s)) > REGULAR * period_s:
        return None
    number = np.concatenate([[0.0], np.cumsum(np.maximum(np.round(gaps_s / period_s), 0))])
    line = line_under(number, arrivals_s, 0.9 * period_s, 1.1 * period_s)
    late_ms = 1000 * (arrivals_s - line.offset - line.slope * number)
    return {
        "median": round(float(np.median(late_ms)), 1),
        "p95": round(float(np.quantile(late_ms, 0.95)), 1),
    }


def _repeated(packets: Sequence[Packet]) -> set[int]:
    return {
        i
        for i in range(1, len(packets))
        if packets[i].data == packets[i - 1].data
        and packets[i].t_s - packets[i - 1].t_s <= SAME_PACKET_S
    }


def _rate(arrivals_s: np.ndarray) -> float | None:
    if len(arrivals_s) < 2 or arrivals_s[-1] <= arrivals_s[0]:
        return None
    return round((len(arrivals_s) - 1) / float(arrivals_s[-1] - arrivals_s[0]), 2)


def _found(strap: Found) -> Report:
    return {
        "id": strap.id,
        "name": strap.name,
        "model": model_of(strap.name).name,
        "rssi_dbm": strap.rssi_dbm,
        "held": strap.held,
    }


def _found_line(strap: Report) -> str:
    signal = f"{strap['rssi_dbm']} dBm" if strap["rssi_dbm"] is not None else "not advertising"
    held = ", held by this computer" if strap["held"] else ""
    return f"{strap['name'] or 'unnamed'}  {strap['id']}  {signal}{held}"


def _check_lines(check: Report, listened_s: float) -> list[str]:
    lines = [f"{check['name']} ({check['model']}), {listened_s:g} s"]
    if check["problem"]:
        return [*lines, f"  {check['problem']}"]
    jitter = check["jitter_ms"]
    battery = check["battery_percent"]
    facts = {
        "says of itself": ", ".join(f"{k} {v}" for k, v in check["info"].items()) or "nothing",
        "battery": "not told" if battery is None else f"{battery} %",
        "heart rate": f"{check['heart_rate_bpm'] or 0} bpm",
        "contact": {True: "yes", False: "no", None: "not told"}[check["contact"]],
        "RR intervals": f"{check['intervals']}" if check["rr"] else "none: it cannot be used",
        "they add up to": (
            "not known" if check["told_share"] is None else f"{check['told_share']:.0%} of the time"
        ),
        "packets": f"{check['packets']}, {check['packets_per_s']} a second",
        "came twice": str(check["duplicates"]),
        "damaged": str(check["bad_packets"]),
        "drops": str(check["drops"]),
        "jitter": (
            f"median {jitter['median']} ms, 95 % within {jitter['p95']} ms"
            if jitter
            else "not known (no steady period)"
        ),
    }
    return lines + [f"  {name:<16}{fact}" for name, fact in facts.items()]


def _package(name: str) -> str | None:
    with suppress(PackageNotFoundError):
        return version(name)
    return None


def _bluez() -> str | None:
    """The version of BlueZ, if its tool is installed."""
    tool = shutil.which("bluetoothctl")
    if tool is None:
        return "not found"
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            [tool, "--version"], capture_output=True, text=True, timeout=5, check=False
        )
        return said.stdout.strip().removeprefix("bluetoothctl: ") or "not found"
    return "not found"
