"""How fast packets become beats on the session clock: a whole session at once, and live."""

from __future__ import annotations

from itertools import accumulate
from random import Random

import numpy as np

from harness import Benchmark, Case
from interbeat_collector.beats import BeatClock
from interbeat_collector.heart_rate import TICKS_PER_S, decode
from interbeat_collector.virtual_strap import strap_packets

PEERS: list[str] = []
HOUR_S = 3600.0
LIVE_S = 600.0
RR_S = 0.8
SHOWN_S = 60.0
"""What a live page asks for, about once a second."""
BEATS_PER_S = 2 / RR_S

Arrivals = list[tuple[float, tuple[int, ...]]]


def benchmarks(size: float) -> list[Benchmark]:
    hour, minutes = (arrivals(max(60.0, s * size)) for s in (HOUR_S, LIVE_S))
    return [at_once(hour), live(minutes)]


def at_once(packets: Arrivals) -> Benchmark:
    return Benchmark(
        "An hour of one strap, asked once at its end",
        "beats",
        beats_in(packets),
        Case("interbeat", lambda: fed(packets).beats()),
        [back_counted(packets)],
        least(packets),
        BEATS_PER_S,
    )


def live(packets: Arrivals) -> Benchmark:
    return Benchmark(
        "Ten minutes of one strap, the last minute asked for at every packet",
        "beats",
        beats_in(packets),
        Case("interbeat", lambda: asked_live(packets)),
        [back_counted(packets)],
        least(packets),
        BEATS_PER_S,
    )


def arrivals(duration_s: float) -> Arrivals:
    random = Random(1)
    beats = int(duration_s / RR_S)
    beat_t_s = accumulate((random.gauss(RR_S, 0.05) for _ in range(beats)), initial=0.5)
    sent = strap_packets("a", beat_t_s, seed=1, loss=0.02)
    return [(packet.t_s, decode(packet.data).rr_ticks) for packet in sent]


def beats_in(packets: Arrivals) -> int:
    return sum(len(rr_ticks) for _, rr_ticks in packets)


def fed(packets: Arrivals) -> BeatClock:
    clock = BeatClock()
    for arrival_s, rr_ticks in packets:
        clock.add(arrival_s, rr_ticks)
    return clock


def asked_live(packets: Arrivals) -> None:
    clock = BeatClock()
    for arrival_s, rr_ticks in packets:
        clock.add(arrival_s, rr_ticks)
        clock.beats(arrival_s - SHOWN_S)


def back_counted(packets: Arrivals) -> Case:
    def run() -> list[float]:
        t_s: list[float] = []
        for arrival_s, rr_ticks in packets:
            later = 0
            for ticks in reversed(rr_ticks):
                t_s.append(arrival_s - later / TICKS_PER_S)
                later += ticks
        return t_s

    return Case("arrival, counted back", run, "what most programs do; off by a third of a second")


def least(packets: Arrivals) -> Case:
    ticks = np.array([ticks for _, rr_ticks in packets for ticks in rr_ticks])
    return Case(
        "physical estimate",
        lambda: np.cumsum(ticks) / TICKS_PER_S,
        "adds up intervals that already lie in an array",
    )
