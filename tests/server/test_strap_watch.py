"""One strap under observation: what counts as trouble and what does not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import pytest

from interbeat_collector.events import Link, Packet
from interbeat_collector.heart_rate import decode, encode
from interbeat_collector.virtual_strap import strap_packets
from interbeat_server.strap_watch import StrapWatch, Trouble


def heart(bpm: float, seconds: float) -> list[float]:
    """Beats of someone who breathes every five seconds, which moves each by up to a tenth."""
    beats_s, t_s = [], 1.0
    while t_s < seconds:
        beats_s.append(t_s)
        t_s += 60 / bpm * (1 + 0.1 * math.sin(2 * math.pi * t_s / 5))
    return beats_s


def watched(packets: Iterable[Packet]) -> Iterator[tuple[float, Trouble | None]]:
    """What the watch says ten times a second, from when the heart is known."""
    watch = StrapWatch("01", "Polar H10 AAAA", link=Link(0.0, "a", "streaming"))
    t_s = 0.0
    for packet in packets:
        while t_s < packet.t_s:
            if t_s > 20.0:
                yield t_s, watch.interruption(t_s)
            t_s += 0.1
        watch.take(packet)


def sent(beats_s: Iterable[float], seed: int) -> Iterator[Packet]:
    return strap_packets("a", beats_s, seed=seed, loss=0.0, contact=None)


@pytest.mark.parametrize("bpm", [38, 48, 60, 80, 120])
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_missed_beat_is_no_trouble_however_slow_the_heart(bpm: float, seed: int) -> None:
    beats_s = heart(bpm, 60.0)
    missed = len(beats_s) // 2 + seed % 5
    told = list(watched(sent(beats_s[:missed] + beats_s[missed + 1 :], seed)))
    assert [(t_s, trouble) for t_s, trouble in told if trouble] == []


@pytest.mark.parametrize("bpm", [38, 48, 60, 80, 120])
def test_a_strap_that_goes_on_without_intervals_is_in_trouble_within_six_seconds(
    bpm: float,
) -> None:
    def mute(packet: Packet) -> Packet:
        silent = encode(decode(packet.data)._replace(rr_ticks=()))
        return Packet(packet.t_s, "a", "heart_rate", silent)

    packets = [mute(p) if p.t_s > 30 else p for p in sent(heart(bpm, 60.0), 1)]
    first_s = next(t_s for t_s, trouble in watched(packets) if trouble)
    assert 30 < first_s <= 36
