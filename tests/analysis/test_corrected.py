from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from interbeat_analysis.artifacts import Artifacts, find_artifacts, redistribute
from interbeat_analysis.corrected import CorrectedHRV, corrected_hrv, windowed_corrected_hrv
from interbeat_analysis.differences import Differences
from interbeat_analysis.gates import gate
from interbeat_analysis.hrv import HRV, hrv
from interbeat_server.validation.recordings import FOLDER

RR = FOLDER / "rr"


def spoiled_hour() -> tuple[np.ndarray, np.ndarray]:
    """A drifting heart with a few early beats, a restless stretch and a gap."""
    rng = np.random.default_rng(4)
    n = 4400
    rr_s = 0.8 + 0.1 * np.sin(np.arange(n) / 700) + 0.02 * rng.standard_normal(n)
    early = np.concatenate([np.arange(50, n - 2, 60), np.arange(2000, 2200, 7)])
    rr_s[early] -= 0.25
    rr_s[early + 1] += 0.25
    rr_s[[300, 3000]] *= 2.0
    t_s = np.cumsum(rr_s)
    t_s[1000:] += 20.0
    return t_s, rr_s


def assert_windows_are_as_defined(
    t_s: np.ndarray, rr_s: np.ndarray, found: Artifacts, end_s: np.ndarray, window_s: float
) -> CorrectedHRV:
    made = windowed_corrected_hrv(t_s, rr_s, found, end_s, window_s)
    nn_s = np.where(found.bad, np.nan, rr_s)
    filled = redistribute(t_s, rr_s, found)
    for i, end in enumerate(end_s):
        inside = (t_s > end - window_s) & (t_s <= end)
        bad_percent = 100.0 * np.mean(found.bad[inside]) if inside.any() else np.nan
        np.testing.assert_allclose(made.bad_percent[i], bad_percent, rtol=1e-12)
        expected = naive.hrv_of_window(t_s, nn_s, end, window_s)
        method = "masked"
        if bad_percent <= 5.0:
            method = "redistributed"
            of_filled = naive.hrv_of_window(filled.beat_t_s, filled.nn_s, end, window_s)
            expected |= {name: of_filled[name] for name in Differences._fields}
        assert made.method[i] == method
        for name in set(HRV._fields) - {"sd2_identity_ms"}:
            value = getattr(made.hrv, name)[i]
            np.testing.assert_allclose(value, expected[name], rtol=1e-10, atol=1e-9, err_msg=name)
    return made


@pytest.mark.parametrize("window_s", [30.0, 60.0, 300.0])
def test_windows_equal_the_obvious_loop(window_s):
    t_s, rr_s = spoiled_hour()
    end_s = np.linspace(-5.0, t_s[-1] + 100.0, 50)
    found = find_artifacts(rr_s, beat_t_s=t_s)
    made = assert_windows_are_as_defined(t_s, rr_s, found, end_s, window_s)
    assert set(made.method) == {"redistributed", "masked"}


@given(
    rr_s=st.lists(st.one_of(st.floats(0.7, 0.9), st.floats(0.3, 2.5)), min_size=1, max_size=60),
    hole=st.integers(0, 59),
    window_s=st.floats(0.5, 60.0),
)
def test_any_record_equals_the_obvious_loop(rr_s, hole, window_s):
    rr_s = np.array(rr_s)
    t_s = np.cumsum(rr_s)
    t_s[hole:] += 1.5
    found = find_artifacts(rr_s, beat_t_s=t_s)
    assert_windows_are_as_defined(t_s, rr_s, found, np.linspace(0.0, t_s[-1] + 1.0, 7), window_s)


@pytest.mark.parametrize("part", [slice(0, 900), slice(2000, 2300)])
def test_a_whole_record_is_one_window_that_holds_everything(part):
    t_s, rr_s = (column[part] for column in spoiled_hour())
    found = find_artifacts(rr_s, beat_t_s=t_s)
    whole = corrected_hrv(t_s, rr_s, found)
    window = windowed_corrected_hrv(t_s, rr_s, found, t_s[-1:], 4000.0)
    for value, expected in zip(whole.hrv, window.hrv, strict=True):
        np.testing.assert_array_equal(value, expected[0])
    assert whole.method == window.method[0]
    assert whole.bad_percent == window.bad_percent[0]


def test_a_record_without_artefacts_keeps_its_figures():
    rr_s = np.loadtxt(RR / "pyhrv_5min.txt") / 1000.0
    t_s = np.cumsum(rr_s)
    made = corrected_hrv(t_s, rr_s, find_artifacts(rr_s))
    assert made.hrv == hrv(t_s, rr_s)
    assert made.bad_percent == 0.0


@pytest.mark.parametrize("causal", [False, True])
def test_frequent_ectopic_beats_end_as_off_in_every_minute(causal):
    rr_s = np.loadtxt(RR / "h10_pvc_10min.txt") / 1000.0
    t_s = np.cumsum(rr_s)
    found = find_artifacts(rr_s, causal=causal)
    minutes = windowed_corrected_hrv(t_s, rr_s, found, np.arange(60.0, t_s[-1]), 60.0)
    states = {gate("rmssd_ms", 60.0, percent).state for percent in minutes.bad_percent.tolist()}
    assert states == {"off"}
    whole = float(corrected_hrv(t_s, rr_s, found).bad_percent)
    assert gate("rmssd_ms", float(t_s[-1]), whole).state == "off"


def test_a_window_without_a_beat_has_no_figure():
    t_s, rr_s = spoiled_hour()
    made = windowed_corrected_hrv(t_s, rr_s, find_artifacts(rr_s), np.array([-100.0]), 60.0)
    assert np.isnan(made.hrv.rmssd_ms[0])
    assert np.isnan(made.bad_percent[0])
    assert made.method[0] == "masked"


def test_a_window_without_length_is_refused():
    t_s, rr_s = spoiled_hour()
    with pytest.raises(ValueError, match="window_s = 0 s must be above 0"):
        windowed_corrected_hrv(t_s, rr_s, find_artifacts(rr_s), t_s[-1:], 0)
