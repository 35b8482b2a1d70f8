from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from interbeat_analysis.detrend import settled_smoothness_priors, smoothness_priors
from interbeat_analysis.series import grid, heart_rate
from interbeat_server.validation.recordings import FOLDER

RR = FOLDER / "rr"


def wandering(n: int, seed: int = 3) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).standard_normal(n))


@pytest.mark.parametrize("n", [3, 4, 5, 50, 400])
def test_the_bands_solve_the_full_system(n):
    values = wandering(n)
    expected = naive.smoothness_priors(values, 500.0)
    scale = np.abs(values).max()
    np.testing.assert_allclose(smoothness_priors(values), expected, rtol=0, atol=1e-9 * scale)


@given(level=st.floats(-1e3, 1e3), slope=st.floats(-10.0, 10.0), smoothness=st.floats(1.0, 1000.0))
def test_a_straight_line_is_all_trend(level, slope, smoothness):
    line = level + slope * np.arange(200.0)
    scale = max(np.abs(line).max(), 1e-300)  # below, float64 itself has no digits
    np.testing.assert_allclose(smoothness_priors(line, smoothness), 0.0, atol=1e-9 * scale)


def test_breathing_stays_and_drift_goes_to_the_very_end():
    t_s = np.arange(240 * 4) / 4.0
    breathing = np.sin(2 * np.pi * 0.25 * t_s)
    found = smoothness_priors(breathing + 5.0 * np.sin(2 * np.pi * 0.002 * t_s))
    np.testing.assert_allclose(found[40:-40], breathing[40:-40], atol=0.02)
    assert np.std(found[-40:]) == pytest.approx(np.std(found[40:80]), rel=0.1)


def test_a_batch_gives_what_its_series_give():
    batch = np.stack([wandering(100, seed) for seed in range(6)]).reshape(2, 3, 100)
    found = smoothness_priors(batch)
    for at in np.ndindex(2, 3):
        np.testing.assert_allclose(found[at], smoothness_priors(batch[at]), atol=1e-9)


def test_each_run_between_missing_samples_stands_alone():
    values = wandering(120)
    values[[50, 53]] = np.nan
    found = smoothness_priors(values)
    np.testing.assert_allclose(found[:50], smoothness_priors(values[:50]), atol=1e-9)
    np.testing.assert_allclose(found[54:], smoothness_priors(values[54:]), atol=1e-9)
    assert np.isnan(found[50:54]).all(), "two samples carry no trend"


def test_two_samples_and_none_are_nan_and_empty():
    assert np.isnan(smoothness_priors(np.array([1.0, 2.0]))).all()
    assert smoothness_priors(np.empty(0)).shape == (0,)
    assert smoothness_priors(np.empty((0, 9))).shape == (0, 9)


def minutes_of(name: str) -> np.ndarray:
    """Five minutes of a real heart rate at 4 Hz, in bpm."""
    rr_s = np.loadtxt(RR / f"{name}.txt") / 1000.0
    t_s = np.cumsum(rr_s)
    return heart_rate(t_s, rr_s, grid(1.0, min(t_s[-1] - 1.0, 300.0), 4.0))


@pytest.mark.parametrize("name", ["healthy013_5min", "nsr009_5min"])
def test_a_settled_sample_hardly_moves_with_what_comes_later(name: str) -> None:
    series = minutes_of(name)
    whole = smoothness_priors(series)
    settled_off, newest_off = [], []
    for known in range(240, len(series) - 80, 7):
        upto_now = series[known - 240 : known]
        settled_off.append(settled_smoothness_priors(upto_now, 4.0)[-41] - whole[known - 41])
        newest_off.append(smoothness_priors(upto_now)[-1] - whole[known - 1])
    assert np.std(settled_off) < 0.12 * np.std(whole)
    assert np.std(newest_off) > 0.4 * np.std(whole), "the newest sample cannot be had live"


@pytest.mark.parametrize("fs", [4.0, 3.3])
def test_nothing_younger_than_ten_seconds_is_handed_out(fs: float) -> None:
    values = np.stack([wandering(100, seed) for seed in (1, 2)])
    found = settled_smoothness_priors(values, fs)
    young = (len(values[0]) - 1 - np.arange(100)) / fs < 10.0
    np.testing.assert_array_equal(np.isnan(found), [young, young])
    np.testing.assert_array_equal(found[:, ~young], smoothness_priors(values)[:, ~young])
    assert np.isnan(settled_smoothness_priors(wandering(20), fs)).all()


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match=r"fs = 0.0 Hz must be above 0"):
        settled_smoothness_priors(np.ones(50), 0.0)


@pytest.mark.parametrize("smoothness", [0.0, -1.0, np.inf, np.nan])
def test_a_smoothness_that_smooths_nothing_is_refused(smoothness):
    with pytest.raises(ValueError, match=r"smoothness = .* must be above 0 and finite"):
        smoothness_priors(np.ones(9), smoothness)


def test_a_single_number_is_refused():
    with pytest.raises(ValueError, match="last axis"):
        smoothness_priors(np.float64(1.0))
