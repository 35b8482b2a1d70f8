from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from interbeat_analysis.hrv import HRV, hrv, windowed_hrv

DATA = Path(__file__).parents[1] / "data"
GOLDEN = json.loads((DATA / "golden_time_domain.json").read_text())["series"]


def rr_of(name: str) -> np.ndarray:
    return np.loadtxt(DATA / "rr" / f"{name}.txt") / 1000.0


def broken_hour() -> tuple[np.ndarray, np.ndarray]:
    """An hour of a drifting heart with artefacts and gaps."""
    rng = np.random.default_rng(7)
    n = 4400
    rr_s = 0.8 + 0.15 * np.sin(np.arange(n) / 700) + 0.02 * rng.standard_normal(n)
    t_s = np.cumsum(rr_s)
    for hole in (900, 2500, 2503):
        t_s[hole:] += 20.0
    return t_s, np.where(rng.random(n) < 0.03, np.nan, rr_s)


def assert_same(found: HRV, expected: HRV, rtol: float) -> None:
    for name in HRV._fields:
        np.testing.assert_allclose(
            getattr(found, name), getattr(expected, name), rtol=rtol, atol=0, err_msg=name
        )


def naive_windows(t_s: np.ndarray, nn_s: np.ndarray, end_s: np.ndarray, window_s: float) -> HRV:
    rows = [naive.hrv_of_window(t_s, nn_s, end, window_s) for end in end_s]
    return HRV(*(np.array(column) for column in zip(*rows, strict=True)))


@pytest.mark.parametrize("name", GOLDEN)
def test_real_series_give_their_reference_values(name):
    rr_s = rr_of(name)
    assert_same(hrv(np.cumsum(rr_s), rr_s), HRV(**GOLDEN[name]), rtol=1e-9)


@pytest.mark.parametrize("window_s", [10.0, 60.0, 300.0])
def test_windows_equal_the_obvious_loop(window_s):
    t_s, nn_s = broken_hour()
    end_s = np.linspace(-5.0, t_s[-1] + 400.0, 60)
    assert_same(
        windowed_hrv(t_s, nn_s, end_s, window_s),
        naive_windows(t_s, nn_s, end_s, window_s),
        rtol=1e-12,
    )


@given(
    rr_s=st.lists(st.one_of(st.floats(0.3, 2.0), st.just(float("nan"))), min_size=1, max_size=40),
    holes=st.lists(st.integers(0, 39), max_size=3),
    window_s=st.floats(0.5, 40.0),
)
def test_any_record_equals_the_obvious_loop(rr_s, holes, window_s):
    nn_s = np.array(rr_s)
    t_s = np.cumsum(np.nan_to_num(nn_s, nan=0.8))
    for hole in holes:
        t_s[hole:] += 1.5
    end_s = np.linspace(0.0, t_s[-1] + 1.0, 7)
    found = windowed_hrv(t_s, nn_s, end_s, window_s)
    for values, expected in zip(found, naive_windows(t_s, nn_s, end_s, window_s), strict=True):
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-12)


def test_the_tail_of_a_record_gives_what_the_whole_record_gives():
    t_s, nn_s = broken_hour()
    end_s = t_s[-1] - np.arange(10.0)
    tail = t_s > t_s[-1] - 75.0
    whole = windowed_hrv(t_s, nn_s, end_s, 60.0)
    for part, values in zip(windowed_hrv(t_s[tail], nn_s[tail], end_s, 60.0), whole, strict=True):
        np.testing.assert_array_equal(part, values)


def test_a_quiet_minute_late_in_a_restless_record_keeps_its_digits():
    rng = np.random.default_rng(5)
    rr_s = np.concatenate(
        [0.5 + 0.1 * rng.standard_normal(5000).clip(-2, 2), 1.5 + 1e-4 * rng.standard_normal(40)]
    )
    t_s = np.cumsum(rr_s)
    found = windowed_hrv(t_s, rr_s, t_s[-1:], 50.0)
    assert_same(found, naive_windows(t_s, rr_s, t_s[-1:], 50.0), rtol=1e-12)


def test_a_window_holds_the_beat_at_its_end_and_not_the_one_at_its_begin():
    t_s, nn_s = np.array([1.0, 2.0, 3.0]), np.full(3, 1.0)
    found = windowed_hrv(t_s, nn_s, np.array([2.0, 2.5, 3.0, 3.5]), 1.0)
    np.testing.assert_array_equal(found.beats, [1, 1, 1, 1])
    assert windowed_hrv(t_s, nn_s, np.array([3.0]), 2.0).beats == 2


def test_no_difference_is_taken_across_a_gap_or_a_rejected_interval():
    nn_s = np.array([0.8, 0.8, np.nan, 1.2, 1.2, 0.6, 0.6])
    t_s = np.array([0.8, 1.6, 2.4, 3.6, 4.8, 9.0, 9.6])
    found = hrv(t_s, nn_s)
    assert found.beats == 6
    assert found.rmssd_ms == 0.0
    assert found.sdnn_ms > 200.0


def test_no_difference_reaches_out_of_the_window():
    nn_s = np.array([0.5, 1.0, 1.0])
    t_s = np.cumsum(nn_s)
    assert windowed_hrv(t_s, nn_s, t_s[-1:], 2.0).rmssd_ms == 0.0
    assert windowed_hrv(t_s, nn_s, t_s[-1:], 2.1).rmssd_ms > 0.0


def test_too_few_beats_are_nan():
    nothing = hrv(np.empty(0), np.empty(0))
    assert nothing.beats == 0
    assert np.isnan([nothing.mean_hr_bpm, nothing.sdnn_ms, nothing.rmssd_ms]).all()
    one = hrv(np.array([1.0]), np.array([0.8]))
    assert one.mean_hr_bpm == 75.0
    assert np.isnan([one.sdnn_ms, one.rmssd_ms]).all()
    rejected = hrv(np.array([1.0, 2.0]), np.full(2, np.nan))
    assert rejected.beats == 0
    assert np.isnan(rejected.mean_hr_bpm)


def test_an_even_heart_has_no_variability_at_all():
    found = hrv(np.arange(1.0, 100.0) * 0.7, np.full(99, 0.7))
    assert found.sdnn_ms == 0.0
    assert found.rmssd_ms == 0.0


def test_figures_have_the_shape_of_the_windows():
    t_s, nn_s = broken_hour()
    for values in windowed_hrv(t_s, nn_s, np.full((2, 3), 100.0), 60.0):
        assert values.shape == (2, 3)
    for values in hrv(t_s, nn_s):
        assert values.shape == ()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: windowed_hrv([1.0], [0.8], [1.0], 0.0), "window_s = 0.0 s must be above 0"),
        (lambda: windowed_hrv([1.0], [0.8], [1.0], -60.0), "window_s = -60.0 s"),
        (lambda: hrv([1.0], [800.0]), "pass seconds, not milliseconds"),
        (lambda: hrv([2.0, 1.0], [0.8, 0.8]), "must increase"),
        (lambda: hrv([2.0, 3.0], [0.8]), "shapes"),
    ],
)
def test_a_wrong_call_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
