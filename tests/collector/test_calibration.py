"""Two straps on one heart: the difference of their delays comes out, or the reason why not."""

from __future__ import annotations

from itertools import takewhile

import numpy as np
import pytest

from interbeat_collector.beats import BeatClock
from interbeat_collector.calibration import fill_each_other, same_heart_offset
from interbeat_collector.events import Partner
from interbeat_collector.heart_rate import decode
from interbeat_collector.simulation import DyadSettings, dyad
from interbeat_collector.virtual_strap import strap_packets, strap_sends


def worn(beat_t_s: list[float], seed: int, latency_s: float) -> BeatClock:
    clock = BeatClock()
    for packet in strap_packets("a", beat_t_s, seed=seed, loss=0.02, latency_s=latency_s):
        clock.add(packet.t_s, decode(packet.data).rr_ticks)
    return clock


def heart(seed: int, partner: Partner = "a", duration_s: float = 120.0) -> list[float]:
    return list(takewhile(lambda t_s: t_s < duration_s, dyad(DyadSettings(seed))[partner]))


@pytest.mark.parametrize("seed", range(1, 7))
def test_the_offset_of_two_straps_on_one_heart_is_found(seed: int) -> None:
    beat_t_s = heart(seed)
    found = same_heart_offset(worn(beat_t_s, 2 * seed, 2.6), worn(beat_t_s, 2 * seed + 1, 0.4))
    assert found.reason == ""
    assert found.offset_s == pytest.approx(-2.2, abs=0.025)
    assert abs(found.offset_s + 2.2) < 3 * found.sigma_s
    assert found.matched > 70


def test_exchanged_straps_give_the_opposite_offset() -> None:
    beat_t_s = heart(1)
    one, other = worn(beat_t_s, 1, 0.7), worn(beat_t_s, 2, 0.4)
    there, back = same_heart_offset(one, other), same_heart_offset(other, one)
    assert there.offset_s == pytest.approx(-back.offset_s, abs=0.002)


def test_two_hearts_are_told_apart() -> None:
    found = same_heart_offset(worn(heart(1), 1, 0.4), worn(heart(1, "b"), 2, 0.4))
    assert "not on the same heart" in found.reason
    assert np.isnan(found.offset_s)


def test_a_heart_like_a_metronome_cannot_be_matched() -> None:
    even = [0.3 + 0.8 * n for n in range(150)]
    found = same_heart_offset(worn(even, 1, 0.4), worn(even, 2, 0.4))
    assert "too evenly" in found.reason


@pytest.mark.parametrize("duration_s", [0.0, 30.0])
def test_too_little_is_said_with_what_is_needed(duration_s: float) -> None:
    beat_t_s = heart(1, duration_s=duration_s)
    found = same_heart_offset(worn(beat_t_s, 1, 0.4), worn(beat_t_s, 2, 0.4))
    assert "60 s are needed" in found.reason


def without(
    beat_t_s: list[float], lost: set[int], latency_s: float, reconnect_at: int = -1
) -> BeatClock:
    """A strap some of whose packets, by number, are lost."""
    clock = BeatClock()
    sends = strap_sends(beat_t_s, seed=1, loss=0.0, drift_ppm=0.0, latency_s=latency_s)
    for number, sent in enumerate(sends):
        if number == reconnect_at:
            clock.reconnect()
        if number not in lost:
            clock.add(sent.arrival_s, decode(sent.data).rr_ticks)
    return clock


def filled_by(clock: BeatClock, other: BeatClock, offset_s: float) -> BeatClock:
    return fill_each_other(clock, other, offset_s)[0]


def test_what_one_strap_lost_is_filled_with_what_the_other_told() -> None:
    beat_t_s = heart(3)
    whole = without(beat_t_s, set(), 0.4)
    holed = without(beat_t_s, {30, 31, 60, 90}, 0.4)
    filled = filled_by(holed, without(beat_t_s, {75}, 2.6), 2.2)
    assert (holed.stretches, filled.stretches) == (4, 1)
    assert filled.beats().rr_ticks.tolist() == whole.beats().rr_ticks.tolist()
    assert np.abs(filled.beats().t_s - whole.beats().t_s).max() < 0.01
    assert holed.count < whole.count, "the clock itself stays as it was"


def test_what_both_straps_lost_stays_a_hole() -> None:
    beat_t_s = heart(3)
    holed = without(beat_t_s, {30, 60}, 0.4)
    filled = filled_by(holed, without(beat_t_s, {60}, 0.4), 0.0)
    assert (holed.stretches, filled.stretches) == (3, 2)


def test_a_hole_between_two_connections_stays() -> None:
    beat_t_s = heart(3)
    holed = without(beat_t_s, {30, 60}, 0.4, reconnect_at=60)
    filled = filled_by(holed, without(beat_t_s, set(), 0.4), 0.0)
    assert (holed.stretches, filled.stretches) == (3, 2)


@pytest.mark.parametrize("seed", range(1, 7))
def test_beats_that_were_filled_in_were_not_told_by_both(seed: int) -> None:
    beat_t_s = heart(seed)
    holed = without(beat_t_s, {20, 40, 60, 80, 100}, 0.4)
    found = same_heart_offset(holed, without(beat_t_s, set(), 2.6))
    assert found.offset_s == pytest.approx(2.2, abs=0.02)
    # A stretch that lies too far off to be recognised is told by one alone.
    assert holed.count / 2 < found.matched <= holed.count
