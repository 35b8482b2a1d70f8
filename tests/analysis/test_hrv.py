from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from interbeat_analysis.hrv import (
    HRV,
    hrv,
    triangular_index,
    windowed_hrv,
    windowed_share,
    windowed_triangular_index,
)
from interbeat_server.validation.recordings import golden, recording

GOLDEN = golden()["series"]
GOLDEN_NAMES = {
    "mean_hr_bpm": "MeanHR_ratio",
    "sdnn_ms": "SDNN",
    "rmssd_ms": "RMSSD",
    "sdsd_ms": "SDSD",
    "pnn50_percent": "pNN50",
    "pnn20_percent": "pNN20",
    "sd1_ms": "SD1",
    "sd2_ms": "SD2",
    "sd2_identity_ms": "SD2_identity",
}
COUNTS = ("beats", "differences")


def rr_of(name: str) -> np.ndarray:
    return recording(name)


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
    return HRV(**{name: np.array([row[name] for row in rows]) for name in HRV._fields})


@pytest.mark.parametrize("name", GOLDEN)
def test_real_series_give_their_reference_values(name):
    rr_s = rr_of(name)
    found = hrv(np.cumsum(rr_s), rr_s)
    expected = GOLDEN[name]["reference"]
    for ours, theirs in GOLDEN_NAMES.items():
        assert getattr(found, ours) == pytest.approx(expected[theirs], rel=1e-12), ours
    assert (found.beats, found.differences) == (len(rr_s), len(rr_s) - 1)


@pytest.mark.parametrize("name", [name for name in GOLDEN if not name.startswith("nsr")])
def test_the_triangular_index_is_neurokits(name):
    # The series on a grid of 1/128 s are left out: their milliseconds, rounded to six digits,
    # fall to either side of a bin's edge, and neurokit2 halves the highest bin for it.
    expected = GOLDEN[name]["neurokit2"]["HTI"]
    assert triangular_index(rr_of(name)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["nsr004_60min", "nsr009_5min"])
def test_rounded_milliseconds_stay_in_their_bin_of_128_hz(name):
    rounded_s = rr_of(name)
    exact_s = np.rint(rounded_s * 128.0) / 128.0
    assert triangular_index(rounded_s) == triangular_index(exact_s)


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
    slow = naive_windows(t_s, nn_s, end_s, window_s)
    for name, values, expected in zip(found._fields, found, slow, strict=True):
        if name == "sd2_identity_ms":
            # The root of a difference: where the two squares are equal it is 0, NaN or the root
            # of their last bit.
            values, expected = np.nan_to_num(values), np.nan_to_num(expected)
            np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-4)
            continue
        # A difference of the last bit of two intervals is 1e-13 ms, and no digit of it is sure.
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-11)


def test_the_tail_of_a_record_gives_what_the_whole_record_gives():
    t_s, nn_s = broken_hour()
    end_s = t_s[-1] - np.arange(10.0)
    tail = t_s > t_s[-1] - 75.0
    whole = windowed_hrv(t_s, nn_s, end_s, 60.0)
    assert_same(windowed_hrv(t_s[tail], nn_s[tail], end_s, 60.0), whole, rtol=1e-14)


def test_a_quiet_minute_late_in_a_restless_record_keeps_its_digits():
    rng = np.random.default_rng(5)
    rr_s = np.concatenate(
        [0.5 + 0.1 * rng.standard_normal(5000).clip(-2, 2), 1.5 + 1e-4 * rng.standard_normal(40)]
    )
    t_s = np.cumsum(rr_s)
    found = windowed_hrv(t_s, rr_s, t_s[-1:], 50.0)
    assert_same(found, naive_windows(t_s, rr_s, t_s[-1:], 50.0), rtol=1e-12)


def test_an_hour_that_drifts_keeps_its_digits_in_every_minute():
    rng = np.random.default_rng(11)
    n = 4500
    rr_s = 0.4 + 1.2 * np.arange(n) / n + 1e-3 * rng.standard_normal(n)
    t_s = np.cumsum(rr_s)
    end_s = np.linspace(60.0, t_s[-1], 40)
    assert_same(
        windowed_hrv(t_s, rr_s, end_s, 60.0), naive_windows(t_s, rr_s, end_s, 60.0), rtol=1e-12
    )


def test_a_difference_of_exactly_the_limit_is_not_above_it():
    nn_s = np.cumsum([0.70, 0.05, -0.05, 0.05, 0.02, -0.02, 0.051])
    found = hrv(np.cumsum(nn_s), nn_s)
    assert found.pnn50_percent == pytest.approx(100 / 6)
    assert found.pnn20_percent == pytest.approx(400 / 6)


@given(
    rr_s=st.lists(st.floats(0.4, 1.5), min_size=5, max_size=60),
    longer=st.floats(0.5, 1.2),
)
def test_a_slower_heart_of_the_same_shape_varies_in_proportion(rr_s, longer):
    nn_s = np.array(rr_s)
    base, scaled = hrv(np.cumsum(nn_s), nn_s), hrv(longer * np.cumsum(nn_s), longer * nn_s)
    for name in ("sdnn_ms", "rmssd_ms", "sdsd_ms", "sd1_ms", "sd2_ms"):
        np.testing.assert_allclose(
            getattr(scaled, name), longer * getattr(base, name), rtol=1e-9, atol=1e-9
        )


@given(rr_s=st.lists(st.floats(0.4, 1.5), min_size=3, max_size=60))
def test_a_series_run_backwards_varies_alike(rr_s):
    nn_s = np.array(rr_s)
    there, back = hrv(np.cumsum(nn_s), nn_s), hrv(np.cumsum(nn_s[::-1]), nn_s[::-1])
    assert_same(back._replace(mean_hr_bpm=there.mean_hr_bpm), there, rtol=1e-6)


@given(
    rr_s=st.lists(st.floats(0.3, 2.0), min_size=1, max_size=60),
    window_s=st.floats(1.0, 60.0),
)
def test_the_triangular_index_of_a_window_is_that_of_its_beats(rr_s, window_s):
    nn_s = np.array(rr_s)
    t_s = np.cumsum(nn_s)
    ends_s = t_s[[0, len(t_s) // 2, -1]]
    found = windowed_triangular_index(t_s, nn_s, ends_s, window_s)
    for index, end in zip(found, ends_s, strict=True):
        inside = (t_s > end - window_s) & (t_s <= end)
        np.testing.assert_allclose(index, naive.triangular_index(1000.0 * nn_s[inside]))


def test_the_share_of_marked_beats_is_of_each_window():
    t_s = np.arange(1.0, 11.0)
    marked = np.arange(10) < 3
    found = windowed_share(t_s, marked, np.array([4.0, 5.0, 10.0, 30.0]), 4.0)
    np.testing.assert_array_equal(found, [75.0, 50.0, 0.0, np.nan])


def test_windows_before_and_after_the_record_are_empty():
    t_s, nn_s = broken_hour()
    found = windowed_hrv(t_s, nn_s, np.array([-50.0, t_s[-1] + 500.0]), 60.0)
    np.testing.assert_array_equal(found.beats, 0)
    np.testing.assert_array_equal(found.differences, 0)
    assert np.isnan(found.rmssd_ms).all()


def test_a_window_longer_than_the_record_holds_all_of_it():
    t_s, nn_s = broken_hour()
    assert_same(
        windowed_hrv(t_s, nn_s, t_s[-1], 1e6),
        hrv(t_s, nn_s),
        rtol=1e-14,
    )


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
    assert nothing.differences == 0
    assert all(np.isnan(x) for name, x in nothing._asdict().items() if name not in COUNTS)
    assert np.isnan(triangular_index(np.empty(0)))
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
        (lambda: triangular_index([800.0, 810.0]), "pass seconds, not milliseconds"),
        (lambda: windowed_share([1.0], [True], [1.0], 0.0), "window_s = 0.0 s"),
        (lambda: windowed_share([2.0, 1.0], [True, True], [1.0], 9.0), "must increase"),
    ],
)
def test_a_wrong_call_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
