from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from interbeat_analysis.detrend import smoothness_priors


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
    scale = np.abs(line).max()
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


@pytest.mark.parametrize("smoothness", [0.0, -1.0, np.inf, np.nan])
def test_a_smoothness_that_smooths_nothing_is_refused(smoothness):
    with pytest.raises(ValueError, match=r"smoothness = .* must be above 0 and finite"):
        smoothness_priors(np.ones(9), smoothness)


def test_a_single_number_is_refused():
    with pytest.raises(ValueError, match="last axis"):
        smoothness_priors(np.float64(1.0))
