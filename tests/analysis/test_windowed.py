from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from interbeat_analysis.series import grid, heart_rate
from interbeat_analysis.summaries import highest_lag_s, leadership, summary
from interbeat_analysis.windowed import (
    WindowedCrossCorrelation,
    fisher_z,
    windowed_cross_correlation,
)
from references import dyad

DATA = Path(__file__).parents[1] / "data"
ANCHORS = ["lead", "trail", "fixed"]
SMALL = {"window_s": 5.0, "hop_s": 1.0, "max_lag_s": 1.5}


def noise(n: int, *rows: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((*rows, n))


def drifting(n: int, seed: int) -> np.ndarray:
    """Noise on a slow course of much larger size, as in a heart rate."""
    return 70.0 + 10.0 * np.sin(np.arange(n) / 300.0) + noise(n, seed=seed)


def with_gaps(x: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = x.copy()
    for begin in rng.integers(0, x.shape[-1], 6):
        x[..., begin : begin + rng.integers(1, 25)] = np.nan
    return x


def assert_equals_naive(found, a, b, *, width, hop, max_lag, anchor, fs=4.0, atol=1e-12):
    stays, r, n_valid = naive.windowed_cross_correlation(
        a, b, width=width, hop=hop, max_lag=max_lag, anchor=anchor
    )
    np.testing.assert_allclose(found.r, r, rtol=0, atol=atol)
    np.testing.assert_array_equal(found.n_valid, n_valid)
    np.testing.assert_allclose(found.t_s, np.array(stays) / fs + width / fs / 2)
    np.testing.assert_array_equal(found.lag_s, np.arange(-max_lag, max_lag + 1) / fs)


@pytest.mark.parametrize("anchor", ANCHORS)
@pytest.mark.parametrize("hop_s", [0.25, 1.0, 1.75, 5.0])
def test_every_window_equals_corrcoef(anchor, hop_s):
    a, b = drifting(203, 1), drifting(203, 2)
    found = windowed_cross_correlation(
        a, b, 4.0, window_s=5.0, hop_s=hop_s, max_lag_s=1.5, anchor=anchor
    )
    assert_equals_naive(found, a, b, width=20, hop=round(hop_s * 4), max_lag=6, anchor=anchor)


@pytest.mark.parametrize("anchor", ANCHORS)
@pytest.mark.parametrize("hop_s", [0.25, 1.0, 1.75])
def test_every_window_with_unknown_samples_equals_corrcoef_of_the_known(anchor, hop_s):
    a, b = with_gaps(drifting(203, 1), 3), with_gaps(drifting(203, 2), 4)
    found = windowed_cross_correlation(
        a, b, 4.0, window_s=5.0, hop_s=hop_s, max_lag_s=1.5, anchor=anchor
    )
    assert np.isnan(found.r).any()
    assert not np.isnan(found.r).all()
    assert_equals_naive(found, a, b, width=20, hop=round(hop_s * 4), max_lag=6, anchor=anchor)


def test_the_usual_settings_over_half_an_hour_equal_corrcoef():
    a, b = drifting(7200, 1), drifting(7200, 2)
    found = windowed_cross_correlation(a, b, 4.0)
    rows = slice(None, None, 97)
    for w in range(len(found.t_s))[rows]:
        s = 4 * w
        lone = windowed_cross_correlation(a[s : s + 140], b[s : s + 140], 4.0)
        _, r, _ = naive.windowed_cross_correlation(
            a[s : s + 140], b[s : s + 140], width=120, hop=4, max_lag=20, anchor="lead"
        )
        np.testing.assert_allclose(found.r[w], r[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(lone.r[0], r[0], rtol=0, atol=1e-12)


@given(
    n=st.integers(1, 80),
    width=st.integers(3, 30),
    hop=st.integers(1, 12),
    max_lag=st.integers(0, 8),
    anchor=st.sampled_from(ANCHORS),
    gaps=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_layout_equals_the_obvious_loop(n, width, hop, max_lag, anchor, gaps):
    a, b = noise(n, seed=1), noise(n, seed=2)
    if gaps:
        a, b = with_gaps(a, 3), with_gaps(b, 4)
    found = windowed_cross_correlation(
        a, b, 1.0, window_s=width, hop_s=hop, max_lag_s=max_lag, anchor=anchor
    )
    assert_equals_naive(found, a, b, width=width, hop=hop, max_lag=max_lag, anchor=anchor, fs=1.0)


@pytest.mark.parametrize("gaps", [False, True])
def test_leading_axes_are_batch(gaps):
    a, b = noise(120, 2, 3, seed=1), noise(120, 3, seed=2)
    if gaps:
        a, b = with_gaps(a, 3), with_gaps(b, 4)
    found = windowed_cross_correlation(a, b, 4.0, **SMALL)
    assert found.r.shape == found.n_valid.shape == (2, 3, len(found.t_s), len(found.lag_s))
    sums = summary(found)
    for i in range(2):
        for j in range(3):
            one = windowed_cross_correlation(a[i, j], b[j], 4.0, **SMALL)
            np.testing.assert_allclose(found.r[i, j], one.r, rtol=0, atol=1e-13)
            for values, expected in zip(sums, summary(one), strict=True):
                np.testing.assert_allclose(values[i, j], expected, rtol=1e-9)


@pytest.mark.parametrize("anchor", ANCHORS)
def test_positive_lag_means_b_follows_a(anchor):
    source = noise(408)
    a, b = source[8:], source[:-8]
    found = windowed_cross_correlation(a, b, 4.0, anchor=anchor)
    best = found.lag_s[np.argmax(found.r, axis=-1)]
    np.testing.assert_array_equal(best, 2.0)
    np.testing.assert_allclose(found.r.max(axis=-1), 1.0)
    sums = summary(found)
    assert sums.best_lag_s == 2.0
    assert sums.a_leads_z > sums.b_leads_z


@pytest.mark.parametrize("anchor", ["lead", "trail"])
@pytest.mark.parametrize("gaps", [False, True])
def test_swapping_the_partners_flips_the_lags(anchor, gaps):
    a, b = noise(200, seed=1), noise(200, seed=2)
    if gaps:
        a = with_gaps(a, 3)
    forth = windowed_cross_correlation(a, b, 4.0, anchor=anchor, **SMALL)
    back = windowed_cross_correlation(b, a, 4.0, anchor=anchor, **SMALL)
    np.testing.assert_allclose(forth.r, back.r[:, ::-1], rtol=0, atol=1e-13)
    one, two = summary(forth), summary(back)
    assert np.isclose(one.a_leads_z, two.b_leads_z)
    assert one.best_lag_s == -two.best_lag_s
    assert one.leadership == -two.leadership
    for name in ("mean_z", "mean_abs_z", "zero_lag_z", "windows"):
        assert np.isclose(getattr(one, name), getattr(two, name), rtol=0, atol=1e-12)


@given(
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-200.0, 200.0),
    gaps=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_scale_and_shift_change_nothing(scale, shift, gaps):
    a, b = noise(120, seed=1), noise(120, seed=2)
    if gaps:
        a = with_gaps(a, 3)
    plain = windowed_cross_correlation(a, b, 4.0, **SMALL).r
    moved = windowed_cross_correlation(scale * a + shift, b, 4.0, **SMALL).r
    np.testing.assert_allclose(moved, plain, rtol=0, atol=1e-8)
    mirrored = windowed_cross_correlation(-a, b, 4.0, **SMALL).r
    np.testing.assert_allclose(mirrored, -plain, rtol=0, atol=1e-12)


def test_a_dropout_changes_no_window_outside_it():
    a, b = drifting(800, 1), drifting(800, 2)
    before = windowed_cross_correlation(a, b, 4.0)
    a[400:440] = np.nan
    after = windowed_cross_correlation(a, b, 4.0)
    outside = after.n_valid == 120
    assert outside.any()
    assert not outside.all()
    np.testing.assert_allclose(after.r[outside], before.r[outside], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(np.isnan(after.r), after.n_valid < 96)


@pytest.mark.parametrize("anchor", ANCHORS)
def test_reversing_time_flips_the_lead(anchor):
    a, b = dyad()
    forth = summary(windowed_cross_correlation(a, b, 4.0, anchor=anchor))
    back = summary(windowed_cross_correlation(a[::-1], b[::-1], 4.0, anchor=anchor))
    assert back.best_lag_s == -forth.best_lag_s
    assert back.mean_z == pytest.approx(forth.mean_z, abs=0.02)
    assert back.a_leads_z == pytest.approx(forth.b_leads_z, abs=0.02)
    assert np.sign(back.leadership) == -np.sign(forth.leadership)


def test_another_level_or_size_of_one_partner_moves_no_r():
    a, b = dyad()
    plain = windowed_cross_correlation(a, b, 4.0).r
    for changed in (a + 25.0, a.mean() + 3.0 * (a - a.mean())):
        found = windowed_cross_correlation(changed, b, 4.0).r
        np.testing.assert_allclose(found, plain, rtol=0, atol=1e-9)


def test_a_faster_heart_with_the_same_modulation_moves_r_by_little():
    rows = np.genfromtxt(
        DATA / "dyad_ref_rr.csv", delimiter=",", skip_header=1, dtype=None, encoding="utf-8"
    )
    t_s = grid(2.0, 598.0, 4.0)
    beats = {p: (rows["f1"][rows["f0"] == p], rows["f2"][rows["f0"] == p] / 1e3) for p in "ab"}
    b = heart_rate(*beats["b"], t_s)
    plain = summary(windowed_cross_correlation(heart_rate(*beats["a"], t_s), b, 4.0))
    faster = summary(windowed_cross_correlation(_faster(*beats["a"], 25.0, t_s), b, 4.0))
    assert faster.mean_z == pytest.approx(plain.mean_z, abs=0.02)
    assert faster.best_lag_s == pytest.approx(plain.best_lag_s, abs=0.25)


def _faster(beat_t_s, rr_s, by_bpm, t_s):
    """The heart rate, read again from the beats of a heart that is so much faster."""
    fine_s = np.arange(beat_t_s[0] - rr_s[0], beat_t_s[-1], 0.001)
    bpm = heart_rate(beat_t_s, rr_s, fine_s) + by_bpm
    counted = np.nancumsum(bpm / 60.0) * 0.001
    new_t_s = np.interp(np.arange(1.0, counted[-1]), counted, fine_s)
    return heart_rate(new_t_s[1:], np.diff(new_t_s), t_s)


def test_the_share_of_valid_pairs_decides():
    a, b = noise(20, seed=1), noise(20, seed=2)
    a[:4] = np.nan
    settings_ = {"window_s": 20.0, "hop_s": 1.0, "max_lag_s": 0.0}
    assert not np.isnan(windowed_cross_correlation(a, b, 1.0, **settings_).r).any()
    assert np.isnan(windowed_cross_correlation(a, b, 1.0, min_valid=0.81, **settings_).r).all()
    b[4] = np.nan
    short = windowed_cross_correlation(a, b, 1.0, **settings_)
    assert short.n_valid == 15
    assert np.isnan(short.r).all()


@pytest.mark.parametrize("level", [0.0, 0.1, 71.3])
@pytest.mark.parametrize("unknown", [0, 3])
def test_a_constant_window_has_no_correlation(level, unknown):
    a, b = noise(300, seed=1), noise(300, seed=2)
    a[100:150] = level
    a[120 : 120 + unknown] = np.nan
    found = windowed_cross_correlation(a, b, 4.0, window_s=10.0, max_lag_s=0.0)
    starts = np.round((found.t_s - 5.0) * 4.0).astype(int)
    flat = (starts >= 100) & (starts + 40 <= 150)
    assert flat.any()
    np.testing.assert_array_equal(np.isnan(found.r[:, 0]), flat)
    a[:] = level
    assert np.isnan(windowed_cross_correlation(a, b, 4.0, window_s=10.0).r).all()


def test_a_series_against_itself_is_never_above_one():
    a = drifting(400, 1)
    found = windowed_cross_correlation(a, a, 4.0, **SMALL)
    assert np.nanmax(found.r) <= 1.0
    np.testing.assert_allclose(found.r[:, found.lag_s == 0], 1.0)
    assert np.isfinite(fisher_z(found.r)).all()


def test_the_caller_s_arrays_are_left_alone():
    a, b = with_gaps(noise(200, seed=1), 3), noise(200, seed=2)
    kept = a.copy(), b.copy()
    windowed_cross_correlation(a, b, 4.0, **SMALL)
    np.testing.assert_array_equal(a, kept[0])
    np.testing.assert_array_equal(b, kept[1])


def test_windows_are_stamped_at_their_centre_on_the_session_clock():
    a, b = noise(160, seed=1), noise(160, seed=2)
    for anchor, first_s in (("lead", 1015.0), ("trail", 1020.0)):
        found = windowed_cross_correlation(a, b, 4.0, anchor=anchor, start_s=1000.0)
        np.testing.assert_array_equal(found.t_s, first_s + np.arange(6))
    found = windowed_cross_correlation(a, b, 4.0, anchor="fixed", start_s=1000.0)
    np.testing.assert_array_equal(found.t_s, [1020.0])


def test_less_data_than_one_window_is_an_empty_result():
    found = windowed_cross_correlation(noise(139, 2), noise(139), 4.0)
    assert found.r.shape == found.n_valid.shape == (2, 0, 41)
    assert found.t_s.shape == (0,)
    sums = summary(found)
    np.testing.assert_array_equal(sums.windows, [0, 0])
    for values in sums[:-1]:
        assert np.isnan(values).all()
        assert values.shape == (2,)


def test_nothing_known_is_nan_without_a_warning():
    found = windowed_cross_correlation(np.full(200, np.nan), noise(200), 4.0)
    assert np.isnan(found.r).all()
    assert not found.n_valid.any()
    sums = summary(found)
    assert sums.windows == 0
    assert np.isnan(sums.best_lag_s)


def test_the_summary_is_the_mean_of_what_is_known():
    r = np.array([[0.1, 0.5, -0.3], [np.nan, np.nan, 0.9], [np.nan] * 3])
    lag_s = np.array([-1.0, 0.0, 1.0])
    found = summary(WindowedCrossCorrelation(np.arange(3.0), lag_s, r, np.ones_like(r)))
    z = np.arctanh(r)
    assert found.mean_z == pytest.approx(np.nanmean(z))
    assert found.mean_abs_z == pytest.approx(np.nanmean(abs(z)))
    assert found.zero_lag_z == pytest.approx(z[0, 1])
    assert found.a_leads_z == pytest.approx(np.nanmean(z[:, 2]))
    assert found.b_leads_z == pytest.approx(z[0, 0])
    assert found.best_lag_s == 1.0
    assert found.leadership == 1.0
    assert found.windows == 2


def test_the_best_lag_is_where_both_move_alike_and_not_where_they_move_most_against() -> None:
    r = np.array([[-0.8, 0.1, 0.3], [-0.7, 0.2, 0.4]])
    wcc = WindowedCrossCorrelation(np.arange(2.0), np.array([-1.0, 0.0, 1.0]), r, np.ones_like(r))
    assert summary(wcc).best_lag_s == 1.0
    np.testing.assert_array_equal(highest_lag_s(wcc), 1.0)


def test_leadership_counts_windows_by_their_highest_r_and_not_those_that_tie():
    r = np.array([[0.1, 0.2, 0.6], [0.7, 0.2, 0.6], [0.0, 0.5, 0.1], [0.4, 0.1, 0.4]])
    wcc = WindowedCrossCorrelation(np.arange(4.0), np.array([-1.0, 0.0, 1.0]), r, np.ones_like(r))
    np.testing.assert_array_equal(highest_lag_s(wcc), [1.0, -1.0, 0.0, 0.0])
    assert summary(wcc).leadership == 0.0
    assert leadership(np.array([2.0, 1.0, -1.0, np.nan])) == pytest.approx(1 / 3)
    assert np.isnan(leadership(np.array([np.nan])))
    assert leadership(np.zeros(3)) == 0.0


def test_fisher_z_is_finite_at_one_and_undoes_tanh():
    assert np.isfinite(fisher_z(np.array([-1.0, 1.0]))).all()
    np.testing.assert_allclose(fisher_z(np.tanh([-2.0, 0.0, 0.5])), [-2.0, 0.0, 0.5])
    assert np.isnan(fisher_z(np.array([np.nan]))).all()


@pytest.mark.parametrize("anchor", ANCHORS)
def test_the_reference_dyad_is_led_by_a_by_two_seconds(anchor):
    found = summary(windowed_cross_correlation(*dyad(), 4.0, anchor=anchor))
    assert found.best_lag_s == pytest.approx(2.0, abs=0.25)
    assert found.a_leads_z > found.b_leads_z


def test_the_reference_dyad_gives_what_other_programs_give():
    # rMEA 1.3.0 (lagSec 5, winSec 30, incSec 1) keeps the leader's window, and the script of
    # Behrens & Boker (120, 4, 20, 1) the follower's.
    rmea = windowed_cross_correlation(*dyad(), 4.0, anchor="lead")
    assert rmea.r.shape == (566, 41)
    assert rmea.r.mean() == pytest.approx(0.14795531181579, abs=1e-12)
    assert rmea.r[0, 19:22] == pytest.approx(
        [0.10216883088413, 0.10209223672182, 0.127096370365135], abs=1e-12
    )
    sums = summary(rmea)
    assert sums.mean_z == pytest.approx(0.166626525019615, abs=1e-12)
    assert sums.mean_abs_z == pytest.approx(0.263247821063238, abs=1e-12)
    assert sums.zero_lag_z == pytest.approx(0.208958336527752, abs=1e-12)
    assert sums.a_leads_z == pytest.approx(0.222073595733579, abs=1e-12)
    assert sums.b_leads_z == pytest.approx(0.109062863730244, abs=1e-12)
    boker = windowed_cross_correlation(*dyad(), 4.0, anchor="trail")
    assert boker.r[0, 19:22] == pytest.approx(
        [0.147483539401525, 0.188692862324155, 0.239140156059105], abs=1e-12
    )


def test_the_lead_of_the_reference_dyad_shows_from_its_beats():
    rows = np.genfromtxt(
        DATA / "dyad_ref_rr.csv", delimiter=",", skip_header=1, dtype=None, encoding="utf-8"
    )
    t_s = grid(2.0, 598.0, 4.0)
    series = []
    for person in "ab":
        own = rows[rows["f0"] == person]
        series.append(heart_rate(own["f1"], own["f2"] / 1000.0, t_s))
    for from_beats, given_ in zip(series, dyad(), strict=True):
        assert np.nanstd(from_beats - given_[8 : 8 + len(t_s)]) < 0.15 * np.std(given_)
    found = summary(windowed_cross_correlation(*series, 4.0, start_s=2.0))
    assert found.best_lag_s == pytest.approx(2.0, abs=0.25)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fs": 0.0}, "fs = 0.0 Hz must be above 0"),
        ({"window_s": 0.0}, "window_s = 0.0 s must be at least 0.5 s"),
        ({"window_s": np.inf}, "window_s = inf s"),
        ({"window_s": 10.1}, "10.1 s is 40.4 samples at 4 Hz; choose a multiple of 0.25 s"),
        ({"hop_s": 0.0}, "hop_s = 0.0 s must be at least 0.25 s"),
        ({"hop_s": -1.0}, "hop_s = -1.0 s"),
        ({"max_lag_s": -1.0}, "max_lag_s = -1.0 s must be at least 0 s"),
        ({"min_valid": 0.0}, "min_valid = 0.0 must be above 0"),
        ({"min_valid": 80.0}, "min_valid = 80.0"),
        ({"anchor": "middle"}, "anchor = 'middle' must be"),
        ({"b": np.zeros(199)}, r"shapes \(200,\) and \(199,\)"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(changed, message):
    call = {"a": noise(200), "b": noise(200), "fs": 4.0, **changed}
    with pytest.raises(ValueError, match=message) as refused:
        windowed_cross_correlation(**call)
    assert "\n" not in str(refused.value)
