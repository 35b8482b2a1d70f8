"""The beat timeline against straps whose true beats are known."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_collector.beats import HOLE_S, BeatClock, Flag

TICKS = 1024


def beat_times(n: int, rng: np.random.Generator, rr_s: float = 0.8) -> np.ndarray:
    t = np.arange(n) * rr_s
    wander = 0.05 * np.sin(2 * np.pi * 0.25 * t) + 0.04 * np.sin(2 * np.pi * 0.1 * t)
    return 0.3 + np.cumsum(rr_s + wander + rng.normal(0, 0.004, n))


def sent_by_timer(
    true_s: np.ndarray, rng: np.random.Generator, jitter_s: float = 0.03, drift: float = 0.0
) -> list[tuple[float, list[int]]]:
    """What a strap with a one-second timer sends: (arrival, ticks of each interval)."""
    on_strap = np.round(true_s * (1 + drift) * TICKS).astype(int)
    ticks = np.diff(on_strap)
    sends = np.arange(true_s[0] + rng.uniform(), true_s[-1] + 2, 1.0)
    packets, done, arrival = [], 0, 0.0
    for send in sends:
        upto = int(np.searchsorted(true_s[1:], send))
        arrival = max(arrival, send + rng.exponential(jitter_s))
        packets.append((arrival, ticks[done:upto].tolist()))
        done = upto
    return packets


def fed(packets: list[tuple[float, list[int]]]) -> BeatClock:
    timeline = BeatClock()
    for arrival_s, ticks in packets:
        timeline.add(arrival_s, ticks)
    return timeline


@pytest.mark.parametrize("seed", range(5))
def test_beats_are_placed_close_after_the_truth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true_s = beat_times(600, rng)
    beats = fed(sent_by_timer(true_s, rng)).beats()
    error_s = beats.t_s - true_s[1:]
    assert abs(np.median(error_s)) < 0.05
    assert np.ptp(error_s) < 0.1


def test_a_drifting_strap_clock_is_followed_over_an_hour() -> None:
    rng = np.random.default_rng(3)
    true_s = beat_times(4500, rng)
    beats = fed(sent_by_timer(true_s, rng, drift=50e-6)).beats()
    error_s = beats.t_s - true_s[1:]
    assert np.abs(error_s).max() < 0.06, "50 ppm of an hour would be 180 ms"


def test_intervals_come_out_tick_for_tick() -> None:
    packets = [(1.0, [800, 1]), (2.0, []), (3.0, [2047])]
    beats = fed(packets).beats()
    assert beats.rr_ticks.tolist() == [800, 1, 2047]
    assert (beats.rr_s == beats.rr_ticks / TICKS).all()


def test_a_beat_is_never_later_than_its_packet() -> None:
    rng = np.random.default_rng(1)
    timeline = BeatClock()
    for arrival_s, ticks in sent_by_timer(beat_times(300, rng), rng, jitter_s=0.2):
        timeline.add(arrival_s, ticks)
        assert timeline.end_s() <= arrival_s + 1e-9


def test_a_lost_packet_opens_a_new_stretch_and_leaves_a_hole() -> None:
    rng = np.random.default_rng(2)
    true_s = beat_times(300, rng)
    packets = sent_by_timer(true_s, rng)
    lost = packets.pop(120)
    timeline = fed(packets)
    beats = timeline.beats().real()
    assert timeline.stretches == 2
    assert len(beats.t_s) == len(true_s) - 1 - len(lost[1])
    second = int(np.flatnonzero(beats.flag == Flag.EDGE)[1])
    opening_s = beats.t_s[second] - beats.rr_s[second]
    assert opening_s - beats.t_s[second - 1] == pytest.approx(sum(lost[1]) / TICKS, abs=0.15)
    assert timeline.last_hole() == pytest.approx((beats.t_s[second - 1], opening_s), abs=0.1)


def test_beats_lost_inside_the_strap_are_noticed_by_the_clock() -> None:
    rng = np.random.default_rng(4)
    packets = sent_by_timer(beat_times(300, rng), rng)
    for i in (100, 101):
        packets[i] = (packets[i][0], [])
    assert fed(packets).stretches == 2


@pytest.mark.parametrize("rr_s", [0.4, 0.8, 1.5])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_noticed_where_nothing_was_lost(rr_s: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    timeline = fed(sent_by_timer(beat_times(900, rng, rr_s), rng))
    assert timeline.stretches == 1


def test_stretches_never_overlap_however_poorly_they_are_placed() -> None:
    timeline = fed([(0.9, [800]), (2.5, [820]), (4.1, [810]), (20.0, [790]), (20.2, [800] * 12)])
    assert (np.diff(timeline.beats().t_s) > 0).all()
    beats = timeline.beats().real()
    starts = beats.t_s - beats.rr_s
    edges = np.flatnonzero(beats.flag == Flag.EDGE)[1:]
    assert (starts[edges] - beats.t_s[edges - 1] >= HOLE_S - 1e-9).all()


def test_a_tail_is_the_end_of_the_whole() -> None:
    rng = np.random.default_rng(5)
    packets = sent_by_timer(beat_times(400, rng), rng)
    del packets[60], packets[130]
    timeline = fed(packets)
    whole = timeline.beats()
    for since_s in (-5.0, 0.0, 57.3, 150.0, float(whole.t_s[-1])):
        tail = timeline.beats(since_s)
        for part, all_of_it in zip(tail, whole, strict=True):
            assert np.array_equal(part, all_of_it[-len(part) :], equal_nan=part.dtype == float)
        assert tail.t_s[0] <= max(since_s, whole.t_s[0]) + 2.0
        assert (whole.t_s[: len(whole.t_s) - len(tail.t_s)] < since_s).all()
    assert not len(timeline.beats(1e6).t_s)


def test_latency_of_the_model_moves_all_beats_earlier() -> None:
    packets = [(1.0, [800]), (2.0, [800, 810]), (3.0, [790])]
    late = BeatClock(latency_s=2.6)
    for arrival_s, ticks in packets:
        late.add(arrival_s, ticks)
    assert late.beats().t_s == pytest.approx(fed(packets).beats().t_s - 2.6)
    assert late.end_s() == pytest.approx(fed(packets).end_s() - 2.6)


def test_uncertainty_shrinks_as_packets_come_in() -> None:
    rng = np.random.default_rng(1)
    packets = sent_by_timer(beat_times(200, rng), rng)
    assert fed(packets[:3]).beats().sigma_s[-1] > 0.04
    assert fed(packets).beats().sigma_s[-1] < 0.02


@pytest.mark.parametrize("ticks", [[65535], [65535] * 20, [800, 65535, 810], [1] * 9, [10240]])
def test_absurd_intervals_never_put_beats_out_of_order(ticks: list[int]) -> None:
    packets = [(float(i), [800]) for i in range(1, 20)]
    packets += [(20.0, ticks), (21.0, [800]), (22.0, ticks), (23.0, [800])]
    beats = fed(packets).beats()
    assert (np.diff(beats.t_s) > 0).all()
    assert np.nanmax(beats.rr_s) <= 10
    assert beats.t_s[-1] <= 23


def test_no_packets_are_no_beats() -> None:
    empty = BeatClock().beats()
    assert all(len(column) == 0 for column in empty)
    silent = fed([(1.0, []), (2.0, [0])])
    assert silent.count == 0
    assert silent.end_s() == -np.inf
