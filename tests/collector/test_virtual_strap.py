"""The virtual strap: what comes out is what the heart did, as a real strap would say it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, count, islice, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interbeat_collector.events import Link, Packet
from interbeat_collector.heart_rate import TICKS_PER_S, decode
from interbeat_collector.virtual_strap import merge, strap_packets, worn


def heart(beats: int, seed: int = 1) -> list[float]:
    random = Random(seed)
    return list(accumulate((random.gauss(0.8, 0.06) for _ in range(beats - 1)), initial=0.37))


def ticks(packets: list[Packet]) -> list[int]:
    return [rr for packet in packets for rr in decode(packet.data).rr_ticks]


@settings(deadline=None)
@given(
    rr_s=st.lists(st.floats(0.25, 3.0), min_size=1, max_size=200),
    drift_ppm=st.floats(-100, 100),
    seed=st.integers(0, 1000),
)
def test_the_sum_of_intervals_stays_within_a_tick_of_the_strap_clock(
    rr_s: list[float], drift_ppm: float, seed: int
) -> None:
    beat_t_s = list(accumulate(rr_s, initial=0.2))
    sent = ticks(list(strap_packets("a", beat_t_s, seed=seed, loss=0, drift_ppm=drift_ppm)))
    assert len(sent) == len(rr_s)
    for t_s, so_far in zip(beat_t_s[1:], accumulate(sent), strict=True):
        elapsed_ticks = (t_s - beat_t_s[0]) * (1 + drift_ppm * 1e-6) * TICKS_PER_S
        assert abs(so_far - elapsed_ticks) <= 1.0 + 1e-6


def test_every_packet_is_sound_and_says_contact_and_the_mean_of_recent_intervals() -> None:
    recent: list[int] = []
    for packet in strap_packets("b", heart(300), seed=3, loss=0):
        assert packet.partner == "b"
        seen = decode(packet.data)
        recent = [*recent, *seen.rr_ticks][-5:]
        assert seen.problem == ""
        assert seen.contact is True
        assert seen.hr_bpm == (round(60 * TICKS_PER_S * len(recent) / sum(recent)) if recent else 0)


@pytest.mark.parametrize("contact", [True, False, None])
def test_contact_is_passed_on(contact: bool | None) -> None:
    packet = next(strap_packets("a", heart(5), seed=1, contact=contact))
    assert decode(packet.data).contact is contact


def test_packets_come_about_once_a_second_and_carry_none_one_or_more_beats() -> None:
    packets = list(strap_packets("a", heart(1000), seed=2, loss=0))
    gaps_s = [later.t_s - earlier.t_s for earlier, later in pairwise(packets)]
    assert sum(gaps_s) / len(gaps_s) == pytest.approx(1.0, abs=0.001)
    assert {len(decode(packet.data).rr_ticks) for packet in packets[2:]} == {1, 2}
    slow = list(strap_packets("a", [1.7 * n for n in range(50)], seed=2, loss=0))
    assert {len(decode(packet.data).rr_ticks) for packet in slow} == {0, 1}


def test_no_beat_is_told_before_it_happened_plus_the_latency_nor_long_after() -> None:
    beat_t_s = heart(500)
    told = iter(beat_t_s[1:])
    for packet in strap_packets("a", beat_t_s, seed=5, loss=0, latency_s=2.6):
        for _ in decode(packet.data).rr_ticks:
            late_s = packet.t_s - next(told)
            assert 2.6 <= late_s < 2.6 + 1.001 + 0.6


def test_arrivals_never_overtake_each_other() -> None:
    packets = list(strap_packets("a", heart(2000), seed=4, interval_s=0.05, jitter_s=0.2))
    assert all(earlier.t_s <= later.t_s for earlier, later in pairwise(packets))
    assert any(earlier.t_s == later.t_s for earlier, later in pairwise(packets))


def test_delays_are_exponential_with_bursts() -> None:
    beats = heart(12_000)
    late = list(strap_packets("a", beats, seed=6, loss=0, drift_ppm=0))
    prompt = list(strap_packets("a", beats, seed=6, loss=0, drift_ppm=0, jitter_s=0))
    delays_s = sorted(p.t_s - q.t_s for p, q in zip(late, prompt, strict=True))
    mean_s = sum(delays_s) / len(delays_s)
    assert mean_s == pytest.approx(0.030 + 0.05 * 0.050, abs=0.002)
    assert delays_s[0] < 0.0001
    assert delays_s[-1] > 0.2


def test_without_jitter_the_timer_shows_the_drift_of_the_strap_clock() -> None:
    packets = list(strap_packets("a", heart(4000), seed=1, loss=0, jitter_s=0, drift_ppm=50))
    elapsed_s = packets[-1].t_s - packets[0].t_s
    assert elapsed_s * (1 + 50e-6) == pytest.approx(len(packets) - 1, abs=1e-6)


def test_loss_takes_whole_packets_and_leaves_the_others_alone() -> None:
    whole = list(strap_packets("a", heart(8000), seed=7, loss=0))
    holed = list(strap_packets("a", heart(8000), seed=7, loss=0.05))
    usual = list(strap_packets("a", heart(8000), seed=7))
    assert set(holed) < set(whole)
    assert len(holed) == pytest.approx(0.95 * len(whole), rel=0.02)
    assert 5 <= len(whole) - len(usual) <= 35
    assert sum(ticks(holed)) < sum(ticks(whole))


def test_the_same_seed_gives_the_same_packets_and_another_one_others() -> None:
    packets = list(strap_packets("a", heart(200), seed=1))
    assert packets == list(strap_packets("a", heart(200), seed=1))
    assert packets != list(strap_packets("a", heart(200), seed=2))


def test_more_beats_than_fit_wait_for_the_next_packet() -> None:
    packets = list(strap_packets("a", heart(100), seed=1, loss=0, interval_s=20))
    counts = [len(decode(packet.data).rr_ticks) for packet in packets]
    assert max(counts) == 9
    assert sum(counts) == 99
    assert all(len(packet.data) <= 20 for packet in packets)


def test_an_endless_heart_is_followed_lazily() -> None:
    taken: list[float] = []

    def watched() -> Iterator[float]:
        for t_s in count(0.5, 0.8):
            taken.append(t_s)
            yield t_s

    packets = list(islice(strap_packets("a", watched(), seed=1, loss=0), 60))
    assert len(packets) == 60
    assert taken[-1] < packets[-1].t_s + 1.0


@pytest.mark.parametrize("beats", [[], [0.1]])
def test_a_heart_without_intervals_sends_no_interval_and_rate_0(beats: list[float]) -> None:
    sent = list(strap_packets("a", beats, seed=1, loss=0))
    assert [decode(packet.data).hr_bpm for packet in sent] == [0]
    assert ticks(sent) == []


def test_a_worn_strap_connects_streams_and_is_lost_when_the_heart_ends() -> None:
    packets = list(strap_packets("b", heart(50), seed=1))
    events = list(worn("b", packets))
    assert events == [
        Link(0.0, "b", "connecting"),
        Link(packets[0].t_s, "b", "streaming"),
        *packets,
        Link(packets[-1].t_s, "b", "lost", "the recording ended"),
    ]


def test_a_strap_without_packets_is_lost_at_once() -> None:
    assert [event.state for event in worn("a", []) if isinstance(event, Link)] == [
        "connecting",
        "lost",
    ]


def test_two_straps_are_merged_in_order_of_time_without_loss() -> None:
    a = list(worn("a", strap_packets("a", heart(100, seed=1), seed=1)))
    b = list(worn("b", strap_packets("b", heart(90, seed=2), seed=2)))
    merged = list(merge(a, b))
    assert [event.t_s for event in merged] == sorted(event.t_s for event in a + b)
    assert [event for event in merged if event in a] == a
    assert [event for event in merged if event in b] == b


def test_merging_endless_straps_is_lazy() -> None:
    endless = [
        worn("a", strap_packets("a", count(0.5, 0.8), seed=1)),
        worn("b", strap_packets("b", count(0.5, 0.9), seed=2)),
    ]
    assert len(list(islice(merge(*endless), 100))) == 100
