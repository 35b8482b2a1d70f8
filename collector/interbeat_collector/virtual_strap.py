"""Straps without a radio: heart beats in, notifications out, as they would arrive.

A strap has a clock of its own, counts intervals in 1/1024 s and sends about once a second,
whether or not the heart has beaten (some straps send at every beat instead). Then the radio delays,
and now and then loses, what it sent. `strap_sends` tells the truth beside what arrives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge as merge_sorted
from itertools import tee
from random import Random
from typing import Literal, NamedTuple

from .events import Event, Link, Packet, Partner
from .heart_rate import TICKS_PER_S, HeartRateMeasurement, encode

MAX_RR_IN_PACKET = 9
"""All that fits the 20 bytes of a default Bluetooth connection; the rest waits for the next."""
USUAL_LOSS = 1 / 400

Sending = Literal["timer", "irregular", "changing", "beat"]
"""At a steady pace, up to a fifth early or late each time, at a pace that changes every ten
minutes, or at every beat."""

_AVERAGED_INTERVALS = 5
_IRREGULARITY = 0.2
_CHANGE_AFTER_SENDS = 600
_CHANGED_INTERVALS_S = (0.8, 0.95, 1.0, 1.1, 1.25)
_MAX_DRIFT_PPM = 50.0
_BURST_SHARE = 0.05
_BURST_PACKETS = 10
_BURST_JITTER = 5 / 3
"""In a burst a packet is late by this many times the usual jitter, in addition."""


class Sent(NamedTuple):
    """One notification as the strap sent it, and what the radio made of it: the truth."""

    send_s: float
    arrival_s: float
    lost: bool
    data: bytes
    beat_t_s: tuple[float, ...]
    """When the beats happened that end the intervals in `data`."""


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
    sending: Sending = "timer",
    dropouts: Sequence[tuple[float, float]] = (),
) -> Iterator[Packet]:
    """Yield the notifications of a strap that arrived, in the order of their arrival.

    The settings are those of `strap_sends`.
    """
    sends = strap_sends(
        beat_t_s,
        seed=seed,
        interval_s=interval_s,
        loss=loss,
        jitter_s=jitter_s,
        drift_ppm=drift_ppm,
        latency_s=latency_s,
        contact=contact,
        sending=sending,
        dropouts=dropouts,
    )
    return (Packet(s.arrival_s, partner, "heart_rate", s.data) for s in sends if not s.lost)


def strap_sends(
    beat_t_s: Iterable[float],
    *,
    seed: int,
    interval_s: float = 1.0,
    loss: float = USUAL_LOSS,
    jitter_s: float = 0.03,
    drift_ppm: float | None = None,
    latency_s: float = 0.0,
    contact: bool | None = True,
    sending: Sending = "timer",
    dropouts: Sequence[tuple[float, float]] = (),
) -> Iterator[Sent]:
    """Yield everything a strap sends, in order, with the truth about it.

    The first beat opens the first interval. `drift_ppm` > 0 is a strap clock that runs fast (None:
    drawn from the seed), `latency_s` how long the strap ponders over a beat. What is sent during a
    dropout `(from_s, to_s)` is lost, and afterwards the timer starts anew. The notifications end
    with the one that carries the last beat.
    """
    random = Random(seed)
    # Each effect draws from its own generator: what is lost does not change what is late.
    radio, losses = Random(random.random()), Random(random.random())
    drift = random.uniform(-_MAX_DRIFT_PPM, _MAX_DRIFT_PPM) if drift_ppm is None else drift_ppm
    clock_rate = 1 + drift * 1e-6
    beats = iter(beat_t_s)
    sends_s: Iterator[float]
    if sending == "beat":
        # Only here: a copy that nobody reads would keep every beat of a session.
        beats, beats_again = tee(beats)
        sends_s = (t_s + latency_s for t_s in beats_again)
    else:
        sends_s = _strokes(random, interval_s, clock_rate, sending, dropouts)
    delays_s = _delays(radio, jitter_s)
    arrival_s = 0.0
    for send_s, data, told_s in _sent(beats, sends_s, clock_rate, latency_s, contact):
        arrival_s = max(arrival_s, send_s + next(delays_s))
        lost = losses.random() < loss
        lost = lost or any(from_s <= send_s < to_s for from_s, to_s in dropouts)
        yield Sent(send_s, arrival_s, lost, data, told_s)


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


def _strokes(
    random: Random,
    interval_s: float,
    clock_rate: float,
    sending: Sending,
    dropouts: Sequence[tuple[float, float]],
) -> Iterator[float]:
    """When the timer strikes."""
    origin_s, n = random.uniform(0, interval_s) / clock_rate, 0
    ahead = sorted(dropouts)
    while True:
        send_s = origin_s + n * interval_s / clock_rate
        if ahead and send_s >= ahead[0][1]:
            # A strap that was out of range connects again, and its timer starts anew.
            origin_s, n = ahead.pop(0)[1] + random.uniform(0, interval_s), 0
            continue
        yield send_s
        n += 1
        if sending == "irregular":
            stretched = random.uniform(1 - _IRREGULARITY, 1 + _IRREGULARITY)
            origin_s, n = send_s + interval_s * stretched / clock_rate, 0
        elif sending == "changing" and n >= _CHANGE_AFTER_SENDS:
            origin_s, n = send_s + interval_s / clock_rate, 0
            interval_s = random.choice(_CHANGED_INTERVALS_S)


def _sent(
    beat_t_s: Iterable[float],
    sends_s: Iterable[float],
    clock_rate: float,
    latency_s: float,
    contact: bool | None,
) -> Iterator[tuple[float, bytes, tuple[float, ...]]]:
    """What the strap sends at each stroke of its timer, until the beats are used up."""
    intervals = _intervals(beat_t_s, clock_rate)
    recent: deque[int] = deque(maxlen=_AVERAGED_INTERVALS)
    waiting: deque[tuple[float, int]] = deque()
    coming = next(intervals, None)
    for send_s in sends_s:
        while coming and coming[0] + latency_s <= send_s:
            if coming[1]:
                waiting.append(coming)
                recent.append(coming[1])
            coming = next(intervals, None)
        now = [waiting.popleft() for _ in range(min(len(waiting), MAX_RR_IN_PACKET))]
        rr_ticks = tuple(ticks for _, ticks in now)
        data = encode(HeartRateMeasurement(_mean_bpm(recent), rr_ticks, contact))
        yield send_s, data, tuple(t_s for t_s, _ in now)
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
