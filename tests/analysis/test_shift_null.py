from __future__ import annotations

import numpy as np
import pytest

import naive
from interbeat_analysis.shift_null import shift_null
from interbeat_analysis.summaries import summary
from interbeat_analysis.windowed import windowed_cross_correlation
from references import dyad

SMALL = {"window_s": 5.0, "hop_s": 1.0, "max_lag_s": 1.5}


def rough_and_smooth(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, whose windows stay, and a smoother series that moves."""
    rough, smooth = np.random.default_rng(seed).standard_normal((2, n))
    return rough, np.convolve(smooth, np.ones(3), mode="same")


@pytest.mark.parametrize("gaps", ["none", "staying", "moving", "both"])
def test_every_shift_equals_the_obvious_loop(gaps: str) -> None:
    a, b = rough_and_smooth(120, 1)
    if gaps in ("staying", "both"):
        a[40:47] = np.nan
    if gaps in ("moving", "both"):
        b[70:73] = np.nan
        b[100] = np.nan
    found = shift_null(a, b, 4.0, **SMALL)
    slow = naive.shift_null(a, b, width=20, hop=4, max_lag=6)
    np.testing.assert_allclose(found.shifted_abs_z, slow["abs_z"], rtol=0, atol=2e-6)
    np.testing.assert_allclose(found.shifted_z, slow["z"], rtol=0, atol=2e-6)
    assert found.chance_abs_z == pytest.approx(np.mean(slow["abs_z"]), abs=2e-6)
    for name in ("p", "p_in_phase", "p_any_window"):
        assert getattr(found, name) == pytest.approx(slow[name]), name
    np.testing.assert_allclose(found.p_window, slow["p_window"])
    assert found.null == "circular shift, all 120 shifts"


def test_shift_0_is_the_windowed_cross_correlation() -> None:
    a, b = rough_and_smooth(2000, 2)
    a[300:340] = np.nan
    found = shift_null(a, b, 4.0)
    wcc = windowed_cross_correlation(a, b, 4.0, anchor="fixed")
    assert found.mean_abs_z == pytest.approx(float(summary(wcc).mean_abs_z), abs=1e-6)
    assert found.mean_z == pytest.approx(float(summary(wcc).mean_z), abs=1e-6)
    np.testing.assert_array_equal(found.t_s, wcc.t_s)


def test_swapping_the_partners_changes_no_p_value() -> None:
    a, b = dyad()
    forth, back = shift_null(a, b, 4.0), shift_null(b, a, 4.0)
    assert forth[:8] == back[:8]
    np.testing.assert_array_equal(forth.p_window, back.p_window)


def test_level_and_size_of_a_series_change_no_p_value() -> None:
    a, b = dyad()
    plain, moved = shift_null(a, b, 4.0), shift_null(3.0 * a + 25.0, b, 4.0)
    assert moved.p == pytest.approx(plain.p, abs=2 / 2400)
    assert moved.mean_abs_z == pytest.approx(plain.mean_abs_z, abs=1e-5)


def test_a_shifted_copy_is_found_and_noise_is_not() -> None:
    random = np.random.default_rng(3)
    a = np.convolve(random.standard_normal(1208), np.ones(4), mode="same")
    found = shift_null(a[8:], a[:-8] + 0.2 * random.standard_normal(1200), 4.0)
    assert found.p < 0.05
    assert found.p_in_phase < 0.05
    assert found.p_any_window < 0.05
    against = shift_null(a[8:], -a[:-8], 4.0)
    assert against.p < 0.05
    assert against.p_in_phase > 0.5
    stranger = shift_null(a[8:], np.convolve(random.standard_normal(1200), np.ones(4), "same"), 4.0)
    assert stranger.p > 0.05
    assert stranger.mean_abs_z == pytest.approx(stranger.chance_abs_z, rel=0.3)


def test_the_smallest_p_of_a_window_is_that_of_any() -> None:
    found = shift_null(*dyad(), 4.0)
    assert found.p_any_window == np.nanmin(found.p_window)
    assert found.p >= 1 / 2400


@pytest.mark.parametrize(
    ("n", "level", "reason"),
    [
        (100, None, "25 s is too short: one window takes 40 s"),
        (400, np.nan, "no window in which enough of both is known and moves"),
        (400, 71.0, "no window in which enough of both is known and moves"),
    ],
)
def test_data_that_cannot_be_judged_are_nan_with_a_reason(
    n: int, level: float | None, reason: str
) -> None:
    a, b = np.random.default_rng(1).standard_normal((2, n))
    if level is not None:
        a[:] = level
    found = shift_null(a, b, 4.0)
    assert (found.null, found.reason) == ("none", reason)
    assert np.isnan(found[2:8]).all()


def test_two_of_the_same_period_are_no_likelier_at_one_shift_than_at_another() -> None:
    t = np.arange(960)
    found = shift_null(np.sin(2 * np.pi * t / 20), np.sin(2 * np.pi * t / 20 + 1.0), 4.0)
    # 41 lags hold two periods and one lag more: the shifts differ by little, and come again.
    assert found.p >= 1 / 20
    alike = shift_null(np.tile([0.0, 1.0], 480), np.tile([1.0, 0.0], 480), 4.0)
    assert alike.p == alike.p_any_window == 1.0


def test_one_constant_window_is_left_out_and_the_rest_judged() -> None:
    a, b = dyad()
    a[400:600] = 70.0
    found = shift_null(a, b, 4.0)
    flat = (found.t_s - 15.0 >= 100.0) & (found.t_s + 15.0 <= 150.0)
    assert np.isfinite(found.p)
    staying_is_a = np.isnan(found.p_window[flat]).all()
    assert staying_is_a or np.isfinite(found.p_window).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fs": 0.0}, "fs = 0.0 Hz must be above 0"),
        ({"window_s": 10.1}, "choose a multiple of 0.25 s"),
        ({"min_valid": 0.0}, "min_valid = 0.0 must be above 0"),
        ({"b": np.zeros(199)}, r"shapes \(200,\) and \(199,\)"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(changed: dict[str, object], message: str) -> None:
    call = {"a": np.zeros(200), "b": np.zeros(200), "fs": 4.0, **changed}
    with pytest.raises(ValueError, match=message) as refused:
        shift_null(**call)
    assert "\n" not in str(refused.value)
