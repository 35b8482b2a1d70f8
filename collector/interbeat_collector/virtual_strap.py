"""Straps without a radio: heart beats in, notifications out, as they would arrive.

A strap has a clock of its own, counts intervals in 1/1024 s and sends about once a second,
whether or not the heart has beaten. Then the radio delays, and now and then loses, what it sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from heapq import merge as merge_sorted
from itertools import count
from random import Random

from .events import Event, Link, Packet, Partner
from .heart_rate import TICKS_PER_S, HeartRateMeasurement, encode

MAX_RR_IN_PACKET = 9
"""All that fits the 20 bytes of a default Bluetooth connection; the rest waits for the next."""
USUAL_LOSS = 1 / 400

_AVERAGED_INTERVALS = 5
_MAX_DRIFT_PPM = 50.0
_BURST_SHARE = 0.05
_BURST_PACKETS = 10
_BURST_JITTER = 5 / 3
"""In a burst a packet is late by this many times the usual jitter, in addition."""


def strap_packets(
    partner: Partner,
    beat_t_s: Iterable[float],
    *,
    seed: int,
    interval_s: float = 1.0,
    loss: float = USUAL_LOSS,
    jitter_s: float = 0.03,
    drift_ppm: float | None = None,
    latency_s: float = 0.0,
    contact: bool | None = True,
) -> Iterator[Packet]:
    """Yield the notifications of a strap in the order of their arrival.

    The first beat opens the first interval. `drift_ppm` > 0 is a strap clock that runs fast (None:
    drawn from the seed), `latency_s` how long the strap ponders over a beat. The notifications end
    with the one that carries the last beat.
    """
    random = Random(seed)
    # Each effect draws from its own generator: what is lost does not change what is late.
    radio, losses = Random(random.random()), Random(random.random())
    drift = random.uniform(-_MAX_DRIFT_PPM, _MAX_DRIFT_PPM) if drift_ppm is None else drift_ppm
    clock_rate = 1 + drift * 1e-6
    phase_s = random.uniform(0, interval_s)
    sends_s = ((phase_s + n * interval_s) / clock_rate for n in count())
    delays_s = _delays(radio, jitter_s)
    arrival_s = 0.0
    for send_s, data in _sent(beat_t_s, sends_s, clock_rate, latency_s, contact):
        arrival_s = max(arrival_s, send_s + next(delays_s))
        if losses.random() >= loss:
            yield Packet(arrival_s, partner, "heart_rate", data)


def worn(partner: Partner, packets: Iterable[Packet]) -> Iterator[Event]:
    """Put the life of a connection around the packets of one strap."""
    yield Link(0.0, partner, "connecting")
    t_s = 0.0
    for number, packet in enumerate(packets):
        t_s = packet.t_s
        if number == 0:
            yield Link(t_s, partner, "streaming")
        yield packet
    yield Link(t_s, partner, "lost", "the recording ended")


def merge(*events: Iterable[Event]) -> Iterator[Event]:
    """Interleave streams that are each in order of time."""
    return merge_sorted(*events, key=lambda event: event.t_s)


def _sent(
    beat_t_s: Iterable[float],
    sends_s: Iterable[float],
    clock_rate: float,
    latency_s: float,
    contact: bool | None,
) -> Iterator[tuple[float, bytes]]:
    """What the strap sends at each stroke of its timer, until the beats are used up."""
    intervals = _intervals(beat_t_s, clock_rate)
    recent: deque[int] = deque(maxlen=_AVERAGED_INTERVALS)
    waiting: deque[int] = deque()
    coming = next(intervals, None)
    for send_s in sends_s:
        while coming and coming[0] + latency_s <= send_s:
            if rr_ticks := coming[1]:
                waiting.append(rr_ticks)
                recent.append(rr_ticks)
            coming = next(intervals, None)
        sent = tuple(waiting.popleft() for _ in range(min(len(waiting), MAX_RR_IN_PACKET)))
        yield send_s, encode(HeartRateMeasurement(_mean_bpm(recent), sent, contact))
        if not coming and not waiting:
            return


def _intervals(beat_t_s: Iterable[float], clock_rate: float) -> Iterator[tuple[float, int]]:
    """Each beat with the interval it ended; 0 for the first, which only opens one."""
    before: int | None = None
    for t_s in beat_t_s:
        # Beats are rounded, not intervals: so errors never add up.
        tick = round(t_s * clock_rate * TICKS_PER_S)
        yield t_s, 0 if before is None else tick - before
        before = tick


def _mean_bpm(rr_ticks: deque[int]) -> int:
    if not rr_ticks:
        return 0
    return min(255, round(60 * TICKS_PER_S * len(rr_ticks) / sum(rr_ticks)))


def _delays(radio: Random, jitter_s: float) -> Iterator[float]:
    in_burst = False
    ends, begins = 1 / _BURST_PACKETS, _BURST_SHARE / (1 - _BURST_SHARE) / _BURST_PACKETS
    while True:
        if radio.random() < (ends if in_burst else begins):
            in_burst = not in_burst
        delay_s = radio.expovariate(1.0) * jitter_s
        if in_burst:
            delay_s += radio.expovariate(1.0) * jitter_s * _BURST_JITTER
        yield delay_s
