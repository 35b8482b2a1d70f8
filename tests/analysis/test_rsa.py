from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import detrend, get_window, periodogram

from interbeat_analysis.frequency_bands import HF_HZ, band_power
from interbeat_analysis.rsa import rsa_amplitude

FS = 4.0


def sine(hz: float, amplitude: float, duration_s: float = 120.0) -> np.ndarray:
    t_s = np.arange(round(duration_s * FS)) / FS
    return amplitude * np.sin(2 * np.pi * hz * t_s + 0.7)


@pytest.mark.parametrize("window_s", [20.0, 30.0, 40.25])
def test_a_window_is_the_band_of_scipys_periodogram(window_s):
    series = 70.0 + np.cumsum(np.random.default_rng(2).standard_normal(400))
    found = rsa_amplitude(series, FS, window_s=window_s, hop_s=2.0)
    width = round(window_s * FS)
    for at, amplitude in enumerate(found.amplitude):
        window = detrend(series[8 * at : 8 * at + width])
        hann = get_window("hann", width)
        frequency_hz, density = periodogram(window, FS, window=hann, detrend=False)
        expected = np.sqrt(2.0 * band_power(frequency_hz, density, *HF_HZ))
        np.testing.assert_allclose(amplitude, expected, rtol=1e-12)
    assert len(found.t_s) == (400 - width) // 8 + 1


@given(hz=st.floats(0.22, 0.33), amplitude=st.floats(0.1, 20.0))
def test_a_sine_within_the_band_gives_its_amplitude(hz, amplitude):
    found = rsa_amplitude(70.0 + sine(hz, amplitude), FS)
    np.testing.assert_allclose(found.amplitude, amplitude, rtol=0.02)


def test_slow_drift_and_slower_rhythms_stay_outside():
    drift = 60.0 + np.linspace(0.0, 30.0, 480)
    found = rsa_amplitude(drift + sine(0.08, 5.0), FS)
    assert found.amplitude.max() < 0.25


def test_a_breath_that_deepens_once_is_seen_at_the_moment_it_does():
    t_s = np.arange(480) / FS
    bump = np.exp(-(((t_s - 61.5) / 12.0) ** 2))
    found = rsa_amplitude(bump * np.sin(2 * np.pi * 0.25 * t_s), FS, hop_s=0.25)
    peak = np.sum(found.t_s * found.amplitude**4) / np.sum(found.amplitude**4)
    assert peak == pytest.approx(61.5, abs=0.02)
    assert found.lag_s == 15.0


def test_the_last_live_value_is_that_of_the_whole_record():
    series = 70.0 + np.random.default_rng(4).standard_normal(600)
    whole = rsa_amplitude(series, FS, start_s=3.0)
    for at in (0, 31, 120):
        live = rsa_amplitude(series[: 4 * at + 120], FS, start_s=3.0)
        np.testing.assert_allclose(live.amplitude[-1], whole.amplitude[at], rtol=1e-12)
        assert live.t_s[-1] == whole.t_s[at]


def test_a_gap_is_nan_in_every_window_that_touches_it_and_in_no_other():
    series = sine(0.25, 3.0)
    series[200:203] = np.nan
    found = rsa_amplitude(series, FS, window_s=20.0)
    start = np.arange(len(found.t_s)) * 4
    touched = (start <= 202) & (start + 80 > 200)
    np.testing.assert_array_equal(np.isnan(found.amplitude), touched)


def test_a_batch_gives_what_its_series_give():
    batch = np.random.default_rng(1).standard_normal((2, 3, 300))
    found = rsa_amplitude(batch, FS).amplitude
    for at in np.ndindex(2, 3):
        np.testing.assert_allclose(found[at], rsa_amplitude(batch[at], FS).amplitude, rtol=1e-12)


def test_less_than_a_window_gives_none():
    found = rsa_amplitude(np.ones(119), FS)
    assert found.t_s.shape == found.amplitude.shape == (0,)
    assert rsa_amplitude(np.ones((5, 0)), FS).amplitude.shape == (5, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fs": 0.0}, "fs = 0.0 Hz must be above 0"),
        ({"window_s": -1.0}, "window_s = -1.0 s must be above 0"),
        ({"hop_s": 0.0}, "hop_s = 0.0 s must be above 0"),
        ({"window_s": 10.0}, r"window_s = 10.0 s is too short for 0.15 Hz: at least 13.3 s"),
        ({"band_hz": (0.4, 0.15)}, "must rise from above 0 to at most 2.0 Hz"),
        ({"band_hz": (0.15, 3.0)}, "must rise from above 0 to at most 2.0 Hz"),
        ({"values": 1.0}, "last axis"),
    ],
)
def test_a_wrong_call_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        rsa_amplitude(**{"values": np.ones(200), "fs": FS, **settings})
