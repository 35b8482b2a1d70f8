"""Two straps on one heart: the difference of their delays comes out, or the reason why not."""

from __future__ import annotations

from itertools import takewhile

import numpy as np
import pytest

from interbeat_collector.beats import BeatClock
from interbeat_collector.calibration import same_heart_offset
from interbeat_collector.events import Partner
from interbeat_collector.heart_rate import decode
from interbeat_collector.simulation import DyadSettings, dyad
from interbeat_collector.virtual_strap import strap_packets


def worn(beat_t_s: list[float], seed: int, latency_s: float) -> BeatClock:
    clock = BeatClock()
    for packet in strap_packets("a", beat_t_s, seed=seed, loss=0.02, latency_s=latency_s):
        clock.add(packet.t_s, decode(packet.data).rr_ticks)
    return clock


def heart(seed: int, partner: Partner = "a", duration_s: float = 120.0) -> list[float]:
    return list(takewhile(lambda t_s: t_s < duration_s, dyad(DyadSettings(seed=seed))[partner]))


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
