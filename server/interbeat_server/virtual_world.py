"""Virtual straps to try the pages with: two simulated people, and a strap of each kind.

One of the two wears a second strap of another model, so that two straps of one heart can be
compared. The Polar H10s offer ECG and acceleration, as real ones do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import tee

from interbeat_collector.clock import Clock
from interbeat_collector.events import Packet
from interbeat_collector.heart_rate import decode, encode
from interbeat_collector.polar_stream import kinds
from interbeat_collector.simulation import DyadSettings, dyad
from interbeat_collector.straps import model_of
from interbeat_collector.virtual_body import Body
from interbeat_collector.virtual_radio import Air, VirtualStrap
from interbeat_collector.virtual_strap import strap_packets

from .sources import demo_settings


def virtual_air(clock: Clock, settings: DyadSettings | None = None) -> Air:
    """Everything within reach: two straps on two people, a second on one, and one without RR."""
    hearts = dyad(settings or demo_settings())
    first, again, armband = tee(hearts["a"], 3)
    return Air(
        clock,
        [
            _strap(1, "Polar H10 virtual 1", first, -55, 78, "Polar Electro Oy", wearer="a"),
            _strap(2, "Polar H10 virtual 2", hearts["b"], -63, 14, "Polar Electro Oy", wearer="b"),
            _strap(3, "Movesense virtual 3", again, -72, 91, "Suunto", wearer="a"),
            _strap(4, "Polar Sense virtual 4", armband, -84, 60, "Polar Electro Oy"),
        ],
    )


def _strap(
    number: int,
    name: str,
    beats_s: Iterable[float],
    rssi_dbm: int,
    battery_percent: int,
    maker: str,
    *,
    wearer: str = "",
) -> VirtualStrap:
    model = model_of(name)
    worn, seen = tee(beats_s)
    packets = strap_packets("a", worn, seed=number, latency_s=model.latency_s or 0.0, contact=None)
    return VirtualStrap(
        f"F0:00:00:00:00:{number:02X}",
        name,
        _without_rr(packets) if model.rr == "no" else packets,
        battery_percent=battery_percent,
        rssi_dbm=rssi_dbm,
        info={"maker": maker, "serial": f"VIRTUAL{number}", "firmware": "virtual"},
        when_lifted="heart_rate_0",
        measures=kinds(ecg=model.ecg, acceleration=model.acceleration),
        body=Body(seen),
        wearer=wearer,
    )


def _without_rr(packets: Iterable[Packet]) -> Iterator[Packet]:
    for packet in packets:
        yield replace(packet, data=encode(decode(packet.data)._replace(rr_ticks=())))
