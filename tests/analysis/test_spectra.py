from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import interpolate, signal

import naive
from interbeat_analysis.frequency_bands import Bands, band_power
from interbeat_analysis.lomb import lomb_bands, lomb_density, windowed_lomb_bands
from interbeat_analysis.spectra import (
    KUBIOS_LIKE,
    PRESETS,
    TASK_FORCE,
    Preset,
    bands,
    power_density,
    tachogram,
    windowed_bands,
)
from interbeat_server.validation.recordings import golden, recording

GOLDEN = golden()
SERIES = GOLDEN["series"]
EC57 = {name: p for name, p in GOLDEN["ec57"]["patterns"].items() if name in ("TP2", "TP3")}
ESTIMATORS = {
    "welch": bands,
    "lomb": lomb_bands,
    "window": lambda t_s, nn_s: windowed_bands(t_s, nn_s, t_s[-1], 300.0),
    "window of lomb": lambda t_s, nn_s: windowed_lomb_bands(t_s, nn_s, t_s[-1], 300.0),
}


def beats_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    rr_s = recording(name)
    return np.cumsum(rr_s) - rr_s[0], rr_s


def drifting_hour() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(21)
    n = 4400
    rr_s = 0.6 + 0.5 * np.arange(n) / n + 0.01 * rng.standard_normal(n)
    return np.cumsum(rr_s), rr_s


@pytest.mark.parametrize("pattern", EC57)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_test_tones_of_ec57_have_their_power(pattern, estimator):
    tone = EC57[pattern]
    beat = np.arange(int(330.0 / tone["base_s"]))
    nn_s = tone["base_s"] + tone["A_ms"] / 1000.0 * np.sin(
        2 * np.pi * tone["f_hz"] * tone["base_s"] * beat
    )
    found = ESTIMATORS[estimator](np.cumsum(nn_s), nn_s)
    power = {"LF": found.lf_ms2, "HF": found.hf_ms2}[tone["band"]]
    assert power == pytest.approx(tone["expected_ms2"], rel=0.015)


@pytest.mark.parametrize("name", SERIES)
def test_real_series_give_their_reference_powers(name):
    reference = SERIES[name]["reference"]
    beats = beats_of(name)
    for found, key, rel in (
        (bands(*beats), "W_300s_4Hz_const", 1e-12),
        (bands(*beats, KUBIOS_LIKE), "W_300s_4Hz_SP500", 1e-9),
    ):
        assert found.lf_ms2 == pytest.approx(reference[f"{key}.LF_edge"], rel=rel)
        assert found.hf_ms2 == pytest.approx(reference[f"{key}.HF_edge"], rel=rel)


@pytest.mark.parametrize("name", ["nsr009_5min", "bartels_rest_16min", "healthy013_5min"])
def test_real_series_give_their_reference_powers_by_lomb(name):
    found, reference = lomb_bands(*beats_of(name)), SERIES[name]["reference"]
    assert found.lf_ms2 == pytest.approx(reference["LS_psd.LF_edge"], rel=1e-10)
    assert found.hf_ms2 == pytest.approx(reference["LS_psd.HF_edge"], rel=1e-10)


@pytest.mark.parametrize("window_s", [30.0, 60.0, 300.0])
@pytest.mark.parametrize("beats", [beats_of("nsr004_60min"), drifting_hour()])
def test_windows_equal_scipys_welch_one_by_one(beats, window_s):
    t_s, values_s = tachogram(*beats)
    end_s = np.linspace(t_s[0] + window_s, t_s[-1], 25)
    found = windowed_bands(*beats, end_s, window_s)
    for i, end in enumerate(end_s):
        after = int(np.searchsorted(t_s, end + 1e-9, side="right"))
        segment_ms = 1000.0 * values_s[after - round(4 * window_s) : after]
        expected = naive.welch_bands(segment_ms, 4.0)
        np.testing.assert_allclose([x[i] for x in found[:3]], expected, rtol=1e-12)


@pytest.mark.parametrize("window_s", [60.0, 300.0])
@pytest.mark.parametrize("beats", [beats_of("nsr004_60min"), drifting_hour()])
def test_windows_equal_scipys_lombscargle_one_by_one(beats, window_s):
    t_s, nn_s = beats
    rejected = np.random.default_rng(1).random(len(nn_s)) < 0.03
    nn_s = np.where(rejected, np.nan, nn_s)
    end_s = np.linspace(window_s, t_s[-1] + 10.0, 12)
    found = windowed_lomb_bands(t_s, nn_s, end_s, window_s)
    for i, end in enumerate(end_s):
        inside = (t_s > end - window_s) & (t_s <= end) & ~rejected
        expected = naive.lomb_bands(t_s[inside], 1000.0 * nn_s[inside], 0.25 / window_s)
        np.testing.assert_allclose([x[i] for x in found[:3]], expected, rtol=1e-10)


def test_a_density_equals_scipys_lombscargle_scaled_by_two_t_over_n():
    t_s, nn_s = beats_of("nsr009_5min")
    frequency_hz = np.linspace(0.01, 0.5, 100)
    power = signal.lombscargle(t_s, nn_s - nn_s.mean(), 2 * np.pi * frequency_hz)
    expected = 2.0 * power * (t_s[-1] - t_s[0]) / len(t_s)
    found = lomb_density(t_s, nn_s, frequency_hz)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * expected.max())


@pytest.mark.parametrize("n", [2, 3, 240, 241])
def test_a_density_equals_scipys_welch(n):
    values = np.random.default_rng(n).standard_normal((3, n))
    frequency_hz, density = power_density(values, 4.0)
    expected_hz, expected = signal.welch(values, 4.0, "hann", nperseg=n)
    np.testing.assert_allclose(frequency_hz, expected_hz, rtol=1e-15)
    np.testing.assert_allclose(density, expected, rtol=1e-12, atol=1e-14)


def test_the_last_live_window_is_the_last_window_of_the_record_known_by_then():
    t_s, nn_s = beats_of("bartels_rest_16min")
    known = slice(0, 500)
    grid_s, _ = tachogram(t_s[known], nn_s[known])
    for preset in PRESETS.values():
        live = windowed_bands(t_s[known], nn_s[known], grid_s[-1], 60.0, preset)
        batch = windowed_bands(t_s[known], nn_s[known], grid_s, 60.0, preset)
        np.testing.assert_allclose(live, [values[-1] for values in batch], rtol=1e-12)


def test_the_tachogram_is_scipys_cubic_spline():
    t_s, nn_s = beats_of("pyhrv_5min")
    grid_s, found = tachogram(t_s, nn_s)
    np.testing.assert_allclose(found, interpolate.CubicSpline(t_s, nn_s)(grid_s), rtol=1e-13)
    np.testing.assert_array_equal(grid_s * 4.0, np.arange(len(grid_s)))


def test_the_tachogram_bridges_no_gap():
    t_s, nn_s = beats_of("pyhrv_5min")
    t_s = t_s + np.where(np.arange(len(t_s)) >= 100, 20.0, 0.0)
    nn_s[[200, 203]] = np.nan  # leaves two beats on their own
    grid_s, found = tachogram(t_s, nn_s)
    for low, high in ((t_s[99], t_s[100]), (t_s[199], t_s[204])):
        assert np.isnan(found[(grid_s > low) & (grid_s < high)]).all()
    outside = (grid_s > t_s[100]) & (grid_s < t_s[199])
    expected = interpolate.CubicSpline(t_s[100:200], nn_s[100:200])(grid_s[outside])
    np.testing.assert_allclose(found[outside], expected, rtol=1e-13)


def test_a_window_with_a_hole_is_unknown_by_welch_and_known_by_lomb():
    t_s, nn_s = beats_of("bartels_rest_16min")
    whole = windowed_lomb_bands(t_s, nn_s, 400.0, 300.0)
    nn_s[300] = np.nan
    end_s = np.array([200.0, 400.0, 800.0])
    found = windowed_bands(t_s, nn_s, end_s, 100.0)
    np.testing.assert_array_equal(np.isnan(found.hf_ms2), [False, True, False])
    assert windowed_lomb_bands(t_s, nn_s, 400.0, 300.0).hf_ms2 == pytest.approx(
        whole.hf_ms2, rel=0.05
    )


def test_a_whole_recording_uses_the_segments_of_its_unbroken_stretches():
    t_s, nn_s = beats_of("nsr004_60min")
    nn_s[2000] = np.nan
    _, values_s = tachogram(t_s, nn_s)
    edges = np.flatnonzero(np.diff(np.isnan(values_s), prepend=True, append=True))
    expected = []
    for start, stop in edges.reshape(-1, 2):
        for at in range(start, stop - 1200 + 1, 600):
            expected.append(naive.welch_bands(1000.0 * values_s[at : at + 1200], 4.0))
    np.testing.assert_allclose(bands(t_s, nn_s)[:3], np.mean(expected, axis=0), rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), longer=st.floats(0.1, 10.0))
def test_power_grows_with_the_square_and_shares_stay(seed, longer):
    rng = np.random.default_rng(seed)
    nn_s = 0.8 + 0.05 * rng.standard_normal(120).clip(-3, 3)
    t_s = np.cumsum(nn_s)
    scaled = 0.8 + longer * (nn_s - 0.8) / 10.0
    base, other = (windowed_lomb_bands(t_s, x, t_s[-1], 60.0) for x in (nn_s, scaled))
    np.testing.assert_allclose(other.hf_ms2, base.hf_ms2 * (longer / 10.0) ** 2, rtol=1e-6)
    np.testing.assert_allclose(other.lf_nu, base.lf_nu, rtol=1e-6)
    assert base.lf_nu + base.hf_nu == pytest.approx(100.0)
    assert base.total_ms2 == pytest.approx(base.vlf_ms2 + base.lf_ms2 + base.hf_ms2)
    assert base.lf_hf == pytest.approx(base.lf_nu / base.hf_nu)


@given(
    edges=st.lists(st.floats(0.0, 2.0), min_size=3, max_size=3, unique=True).map(sorted),
    seed=st.integers(0, 99),
)
def test_neighbouring_bands_add_up(edges, seed):
    frequency_hz = np.linspace(0.0, 2.0, 33)
    density = np.random.default_rng(seed).random(33)
    low, middle, high = edges
    left = band_power(frequency_hz, density, low, middle)
    right = band_power(frequency_hz, density, middle, high)
    both = band_power(frequency_hz, density, low, high)
    assert left + right == pytest.approx(both, rel=1e-9, abs=1e-12)
    assert both == pytest.approx(naive.power_between(frequency_hz, density, low, high), abs=1e-9)


def test_an_even_heart_has_no_power_and_no_shares():
    nn_s = np.full(500, 0.75)
    for found in (bands(np.cumsum(nn_s), nn_s), bands(np.cumsum(nn_s), nn_s, KUBIOS_LIKE)):
        assert found.total_ms2 == pytest.approx(0.0, abs=1e-12)
    found = lomb_bands(np.cumsum(nn_s), nn_s)
    assert found.total_ms2 == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_beats_are_nan(n):
    nn_s = np.full(n, 0.8)
    t_s = np.cumsum(nn_s)
    windows = windowed_bands(t_s, nn_s, np.array([1.0, 2.0]), 60.0)
    assert windows.lf_ms2.shape == (2,)
    lombs = windowed_lomb_bands(t_s, nn_s, np.array([1.0, 2.0]), 60.0)
    for found in (bands(t_s, nn_s), lomb_bands(t_s, nn_s), windows, lombs):
        assert isinstance(found, Bands)
        assert all(np.isnan(values).all() for values in found)


def test_windows_that_reach_out_of_the_record_are_nan():
    t_s, nn_s = beats_of("nsr009_5min")
    end_s = np.array([[-5.0, 59.0], [t_s[-1] + 0.3, 1e6]])
    found = windowed_bands(t_s, nn_s, end_s, 60.0)
    assert found.hf_ms2.shape == (2, 2)
    assert np.isnan(found.hf_ms2).all()
    assert np.isnan(windowed_bands(t_s, nn_s, t_s[-1], 400.0).hf_ms2), "longer than the record"
    assert bands(t_s, nn_s, Preset("long", segment_s=400.0)).hf_ms2 > 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: tachogram(*b, fs=0.0), "fs = 0.0 Hz must be above 0"),
        (lambda b: bands(b[0], 1000.0 * b[1]), "pass seconds, not milliseconds"),
        (lambda b: lomb_bands(b[0], 1000.0 * b[1]), "pass seconds, not milliseconds"),
        (lambda b: bands(b[0][::-1], b[1]), "must increase"),
        (lambda b: bands(b[0][1:], b[1]), "shapes"),
        (lambda b: windowed_bands(*b, 60.0, 0.0), "window_s = 0.0 s must be above 0"),
        (lambda b: windowed_bands(*b, 60.0, 0.2), "window_s = 0.2 s holds 1 samples"),
        (lambda b: windowed_lomb_bands(*b, 60.0, -1.0), "window_s = -1.0 s must be above 0"),
        (lambda b: bands(*b, TASK_FORCE._replace(fs=0.5)), "fs = 0.5 Hz must be at least 0.8"),
        (lambda b: bands(*b, TASK_FORCE._replace(detrend="linear")), "detrend = 'linear' must be"),
        (lambda b: bands(*b, TASK_FORCE._replace(segment_s=0.0)), "segment_s = 0.0 s must be"),
        (lambda b: lomb_density(*b, np.array([0.0])), "frequency_hz = 0.0 Hz must be above 0"),
        (lambda b: power_density(b[1], 0.0), "fs = 0.0 Hz must be above 0"),
        (lambda b: power_density(b[1][:1], 4.0), "1 samples; at least 2"),
        (lambda b: band_power(*b, 0.4, 0.15), "high_hz = 0.15 Hz must be above"),
        (lambda b: band_power(b[0][1:], b[1], 0.1, 0.2), "shape"),
    ],
)
def test_a_wrong_call_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(beats_of("nsr009_5min"))
