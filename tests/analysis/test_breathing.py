from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

import naive
from interbeat_analysis.arousal import arousal_band, slow_heart_rate
from interbeat_analysis.breathing import breathing_band, breathing_check, vagal_comodulation
from interbeat_analysis.linkage import correlogram, linkage
from slow_hearts import STRANGERS, rates, slow_noise


def band(hr_bpm: np.ndarray) -> np.ndarray:
    return breathing_band(hr_bpm, slow_heart_rate(hr_bpm))


def check(hr_bpm: np.ndarray):
    return breathing_check(hr_bpm, slow_heart_rate(hr_bpm))


def test_it_is_the_butterworth_filter_forwards_and_backwards():
    hr_bpm = rates(STRANGERS)[0][8:-8]
    slow = slow_heart_rate(hr_bpm)
    above = hr_bpm - np.interp(np.arange(len(hr_bpm)) / 4, np.arange(len(slow)), slow)
    for kind, hz in (("high", 0.12), ("low", 0.45)):
        above = signal.sosfiltfilt(signal.butter(4, hz, kind, fs=4.0, output="sos"), above)
    inside = slice(200, -200)
    np.testing.assert_allclose(
        band(hr_bpm[None])[0][inside], above[inside], atol=0.05 * np.std(above)
    )


def test_breathing_in_step_is_flagged_and_breathing_alone_is_not():
    step = replace(STRANGERS, locked_breathing=1.0)
    assert all(check(rates(step, seed)).locked for seed in range(1, 6))
    assert not any(check(rates(STRANGERS, seed)).locked for seed in range(1, 6))


def test_the_pace_of_breathing_is_told():
    t_s = np.arange(0, 600, 0.25)
    hr_bpm = 70 + np.stack([np.sin(2 * np.pi * 0.2 * t_s), np.sin(2 * np.pi * 0.3 * t_s)])
    found = check(hr_bpm)
    assert found.rate_a_hz == pytest.approx(0.2, abs=0.01)
    assert found.rate_b_hz == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("hr_bpm", [np.full((2, 4800), 70.0), np.full((2, 4800), np.nan),
                                    np.full((2, 100), 70.0), np.empty((2, 0))])  # fmt: skip
def test_no_breathing_is_not_locked(hr_bpm):
    found = check(hr_bpm)
    assert np.isnan(found.z)
    assert not found.locked


def test_depth_is_half_the_logarithm_of_the_smoothed_power():
    hf = np.random.default_rng(1).standard_normal((2, 2400)) * np.exp(
        np.repeat(slow_noise(600, 1, 20), 4)
    )
    hf[0, 800:1000] = np.nan
    power = np.stack([naive.gaussian_smoothing(x, 40.0)[::4] for x in hf**2])
    power[np.isnan(hf[:, ::4])] = np.nan
    expected = correlogram(*arousal_band(0.5 * np.log(power)).band_bpm)
    np.testing.assert_allclose(vagal_comodulation(hf).r, expected.r, atol=1e-3)


def test_depth_that_rises_together_is_comodulation():
    t_s = np.arange(0, 1200, 0.25)
    depth = np.exp(0.5 * np.repeat(slow_noise(1200, 1, 20), 4) / 5)
    hr_bpm = 70 + np.stack([2 * depth * np.sin(2 * np.pi * hz * t_s) for hz in (0.22, 0.31)])
    assert linkage(vagal_comodulation(band(hr_bpm))).p < 0.001
    other = np.roll(hr_bpm[1], 2000)
    assert linkage(vagal_comodulation(band(np.stack([hr_bpm[0], other])))).p > 0.05
