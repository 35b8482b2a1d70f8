from __future__ import annotations

import numpy as np
import pytest

import naive
from interbeat_analysis.arousal import (
    arousal_band,
    baseline,
    clean_heart_rate,
    slow_heart_rate,
    smoothed,
)
from interbeat_collector.simulation import Damage, DyadSettings
from slow_hearts import rates, session, with_holes


def band(hr_bpm: np.ndarray) -> np.ndarray:
    return arousal_band(slow_heart_rate(hr_bpm)).band_bpm


def test_it_is_what_the_definition_gives_sample_by_sample():
    hr_bpm = rates(DyadSettings(), duration_s=300.0)[0]
    holed = with_holes(hr_bpm, (0, 9), (200, 210), (400, 470), (1190, 1201))
    for x in (hr_bpm[8:-8], holed):
        np.testing.assert_allclose(band(x), naive.arousal_band(x, 4), atol=1e-9)


def test_both_ways_of_smoothing_agree_where_nothing_is_missing():
    x = np.random.default_rng(1).standard_normal((2, 700))
    holed = x.copy()
    holed[:, 350] = np.nan
    far = np.abs(np.arange(700) - 350) > 9
    np.testing.assert_allclose(
        smoothed(x, 3.0, 1.0)[:, far], smoothed(holed, 3.0, 1.0)[:, far], atol=1e-12
    )


@pytest.mark.parametrize(
    ("hz", "low", "high"), [(0.0015, 0, 0.05), (0.0041, 0.6, 0.8), (0.015, 0.9, 1.0),
                            (0.044, 0.65, 0.75), (0.1, 0, 0.2), (0.25, 0, 2e-3)]
)  # fmt: skip
def test_it_passes_the_band_and_little_else(hz, low, high):
    t_s = np.arange(0, 7200, 0.25)
    found = band(70 + 5 * np.sin(2 * np.pi * hz * t_s))[2400:4800]
    assert low <= np.std(found) * np.sqrt(2) / 5 <= high


def test_a_constant_added_changes_nothing_and_a_factor_only_scales():
    hr_bpm = rates(DyadSettings())[0]
    np.testing.assert_allclose(band(hr_bpm + 25), band(hr_bpm), atol=1e-9)
    np.testing.assert_allclose(band(3 * hr_bpm), 3 * band(hr_bpm), atol=1e-9)


def test_reversing_time_reverses_it():
    hr_bpm = rates(DyadSettings())[0][8:-8]
    np.testing.assert_allclose(band(hr_bpm[::-1]), band(hr_bpm)[::-1], atol=1e-9)


def test_holes_up_to_four_seconds_are_bridged_and_longer_ones_are_not():
    hr_bpm = rates(DyadSettings())[0][8:-8]
    found = band(with_holes(hr_bpm, (1001, 1016), (2001, 2017)))
    missing = np.flatnonzero(np.isnan(found))
    assert list(missing) == [501, 502, 503, 504]


def test_what_a_hole_hides_does_not_matter():
    hr_bpm = rates(DyadSettings())[0][8:-8]
    wild = hr_bpm.copy()
    wild[2000:2040] += 60
    holed = band(with_holes(wild, (2000, 2040)))
    np.testing.assert_array_equal(holed, band(with_holes(hr_bpm, (2000, 2040))))
    far = np.abs(np.arange(len(holed)) - 505) > 300
    assert np.abs(holed - band(hr_bpm))[far].max() < 0.05


def test_no_beat_is_no_band():
    assert np.isnan(band(np.full(2400, np.nan))).all()
    assert band(np.empty((2, 0))).shape == (2, 0)


def test_leading_axes_are_a_batch():
    both = rates(DyadSettings())
    both[1, 3000:3050] = np.nan
    np.testing.assert_allclose(band(both), np.stack([band(both[0]), band(both[1])]), atol=1e-9)
    np.testing.assert_allclose(
        baseline(slow_heart_rate(both))[0], baseline(slow_heart_rate(both[0])), atol=1e-9
    )


def test_a_rate_that_misses_the_seconds_is_refused():
    with pytest.raises(ValueError, match=r"fs = 2\.5 Hz must be a whole number"):
        slow_heart_rate(np.zeros(100), 2.5)


def test_five_percent_bad_beats_barely_move_the_band():
    bad = Damage(missed=0.05 / 3, extra=0.05 / 3, ectopic=0.05 / 3)
    r = []
    for seed in range(1, 6):
        clean, harmed = session(DyadSettings(), seed), session(DyadSettings(damage=bad), seed)
        truth = band(clean.hr_bpm["a"])
        found = band(clean_heart_rate(harmed.beat_t_s["a"], harmed.rr_s["a"], 0.0, 1200.0))
        r.append(naive.masked_correlation(truth, found[: len(truth)]))
    assert np.median(r) > 0.98
