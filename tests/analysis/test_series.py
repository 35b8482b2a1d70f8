from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from interbeat_analysis.series import (
    CONFIRMED_BEATS,
    PROVISIONAL_BEATS,
    grid,
    heart_rate,
    known_until,
    neighbours,
)
from interbeat_server.validation.series_trials import modulated


def beats(rr_s: np.ndarray, opening_s: float = 0.0) -> np.ndarray:
    return opening_s + np.cumsum(rr_s)


def random_rr(n: int, seed: int = 1) -> np.ndarray:
    return 0.8 + 0.06 * np.random.default_rng(seed).standard_normal(n)


@pytest.mark.parametrize("intervals", [3, 4, 5, 60])
def test_an_unbroken_run_is_the_cubic_spline_through_beat_times_and_counts(intervals):
    rr_s = random_rr(intervals)
    t_s = beats(rr_s, 10.0)
    knots = np.concatenate([[10.0], t_s])
    asked_s = np.linspace(10.0, t_s[-1], 500)
    spline = CubicSpline(knots, np.arange(len(knots))).derivative()
    np.testing.assert_allclose(
        heart_rate(t_s, rr_s, asked_s), 60.0 * spline(asked_s), rtol=0, atol=1e-9
    )


def test_every_run_of_a_broken_record_is_a_spline_of_its_own():
    rr_s = random_rr(40)
    t_s = beats(rr_s)
    t_s[15:] += 4.0
    rr_s[27] = np.nan
    asked_s = np.linspace(-1.0, t_s[-1] + 1.0, 4001)
    found = heart_rate(t_s, rr_s, asked_s)
    expected = np.full(len(asked_s), np.nan)
    for run in (slice(0, 15), slice(15, 27), slice(28, 40)):
        knots = np.concatenate([[t_s[run][0] - rr_s[run][0]], t_s[run]])
        inside = (asked_s >= knots[0]) & (asked_s <= knots[-1])
        spline = CubicSpline(knots, np.arange(len(knots))).derivative()
        expected[inside] = 60.0 * spline(asked_s[inside])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_knots_are_the_beat_times_when_intervals_differ_a_little_from_them():
    rr_s = random_rr(30)
    t_s = beats(rr_s)
    asked_s = np.linspace(t_s[0], t_s[-1], 200)
    wobbly_s = rr_s + 0.004 * np.where(np.arange(30) % 2, 1, -1)
    wobbly_s[0] = rr_s[0]
    np.testing.assert_array_equal(
        heart_rate(t_s, wobbly_s, asked_s), heart_rate(t_s, rr_s, asked_s)
    )


@pytest.mark.parametrize(
    ("bpm", "hz", "worst"), [(75, 0.1, 0.01), (75, 0.25, 0.02), (60, 0.25, 0.05)]
)
def test_the_rate_that_made_the_beats_is_recovered(bpm, hz, worst):
    heart, fine_s, rate_bpm = modulated(bpm, {hz: 0.05}, 120.0, seed=1)
    t_s = grid(10.0, 110.0, 4.0)
    error = heart_rate(heart.beat_t_s, heart.rr_s, t_s) - np.interp(t_s, fine_s, rate_bpm)
    assert np.sqrt(np.mean(error**2)) < worst * bpm * 0.05 / np.sqrt(2)


def test_a_gap_is_never_bridged():
    rr_s = random_rr(40)
    t_s = beats(rr_s)
    t_s[20:] += 3.0
    inside_s = np.linspace(t_s[19] + 1e-6, t_s[20] - rr_s[20] - 1e-6, 50)
    assert np.isnan(heart_rate(t_s, rr_s, inside_s)).all()


def test_a_rejected_interval_is_never_bridged():
    rr_s = random_rr(40)
    t_s = beats(rr_s)
    rr_s[20] = np.nan
    inside_s = np.linspace(t_s[19] + 1e-6, t_s[20] - 1e-6, 50)
    assert np.isnan(heart_rate(t_s, rr_s, inside_s)).all()
    assert not np.isnan(heart_rate(t_s, rr_s, t_s)).any()


def test_nothing_is_known_before_the_first_beat_or_after_the_last():
    rr_s = random_rr(10)
    t_s = beats(rr_s, 5.0)
    found = heart_rate(t_s, rr_s, np.array([-np.inf, 4.999, 5.0, t_s[-1], t_s[-1] + 0.001, np.inf]))
    np.testing.assert_array_equal(np.isnan(found), [True, True, False, False, True, True])


@pytest.mark.parametrize("intervals", [0, 1, 2])
def test_a_run_of_fewer_than_three_intervals_is_not_known(intervals):
    rr_s = random_rr(intervals)
    assert np.isnan(heart_rate(beats(rr_s), rr_s, np.linspace(0.0, 2.0, 9))).all()


def test_a_break_far_away_changes_no_value():
    rr_s = random_rr(200)
    t_s = beats(rr_s)
    broken_s = rr_s.copy()
    broken_s[100] = np.nan
    asked_s = np.linspace(t_s[130], t_s[-1], 300)
    np.testing.assert_allclose(
        heart_rate(t_s, broken_s, asked_s), heart_rate(t_s, rr_s, asked_s), rtol=1e-12
    )


def test_heart_rate_keeps_the_shape_of_the_instants():
    rr_s = random_rr(10)
    t_s = beats(rr_s)
    assert heart_rate(t_s, rr_s, np.float64(3.0)).shape == ()
    assert heart_rate(t_s, rr_s, np.full((2, 3), 3.0)).shape == (2, 3)
    assert heart_rate(t_s, rr_s, np.empty(0)).shape == (0,)


@given(
    breaks=st.lists(st.integers(0, 59), max_size=12),
    holes=st.lists(st.integers(1, 59), max_size=4),
)
def test_a_value_is_known_exactly_within_runs_of_three_intervals_or_more(breaks, holes):
    rr_s = random_rr(60)
    t_s = beats(rr_s)
    for hole in holes:
        t_s[hole:] += 2.0
    rr_s[breaks] = np.nan
    follows = neighbours(t_s, rr_s)
    middle_s = t_s - 0.3
    known = ~np.isnan(heart_rate(t_s, rr_s, middle_s))
    run: list[int] = []
    for i in range(61):
        if i == 60 or not follows[i]:
            assert all(known[j] == (len(run) >= 3) for j in run)
            run = []
        if i < 60 and not np.isnan(rr_s[i]):
            run.append(i)
    assert not known[np.isnan(rr_s)].any()


def test_neighbours_follow_without_a_gap_and_are_both_valid():
    rr_s = np.array([0.8, 0.8, 0.8, np.nan, 0.8, 0.8, 0.8])
    t_s = np.array([0.8, 1.6, 2.409, 3.2, 4.0, 4.8, 5.62])
    np.testing.assert_array_equal(
        neighbours(t_s, rr_s), [False, True, True, False, False, True, False]
    )


def test_the_grid_is_the_same_wherever_it_begins():
    whole = grid(0.0, 100.0, 10.0)
    np.testing.assert_array_equal(whole, np.arange(1001) / 10.0)
    np.testing.assert_array_equal(grid(33.33, 66.6, 10.0), whole[334:667])


@given(
    k=st.integers(-(10**6), 10**6),
    n=st.integers(0, 50),
    fs=st.sampled_from([1.0, 3.0, 4.0, 7.0, 10.0, 130.0]),
)
def test_the_grid_holds_both_of_its_ends_despite_rounding(k, n, fs):
    found = grid(k * (1.0 / fs), (k + n) * (1.0 / fs), fs)
    np.testing.assert_array_equal(found, np.arange(k, k + n + 1) / fs)


def test_a_grid_that_ends_before_it_begins_is_empty():
    assert len(grid(1.0, 0.99, 4.0)) == 0
    assert len(grid(1.0, -np.inf, 4.0)) == 0
    assert len(grid(0.1, 0.2, 4.0)) == 0


def test_known_until_waits_for_enough_beats():
    t_s = np.array([1.0, 2.0, 3.0])
    assert known_until(t_s, PROVISIONAL_BEATS) == 2.0
    assert known_until(t_s, CONFIRMED_BEATS) == 1.0
    assert known_until(t_s[:1], PROVISIONAL_BEATS) == -np.inf
    assert known_until(t_s[:0], PROVISIONAL_BEATS) == -np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: heart_rate([1.0, 2.0], [800.0, 800.0], 1.5), "median interval is 800, above 10 s"),
        (lambda: heart_rate([2.0, 1.0], [0.8, 0.8], 1.5), "1 s comes after 2 s"),
        (lambda: heart_rate([1.0, 1.0], [0.8, 0.8], 1.5), "must increase"),
        (
            lambda: heart_rate([1.0, np.nan], [0.8, 0.8], 1.5),
            r"beat_t_s\[1\] = nan s must be a number",
        ),
        (lambda: heart_rate([1.0, 2.0], [0.8], 1.5), r"shapes \(2,\) and \(1,\)"),
        (lambda: neighbours([2.0, 1.0], [0.8, 0.8]), "must increase"),
        (lambda: grid(0.0, 1.0, 0.0), "fs = 0.0 Hz must be above 0"),
        (lambda: grid(0.0, np.inf, 4.0), "must be finite"),
        (lambda: known_until(np.arange(3.0), look_ahead=0), "look_ahead = 0"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError, match=message) as refused:
        call()
    assert "\n" not in str(refused.value)


def test_intervals_that_are_not_positive_count_as_rejected():
    rr_s = random_rr(20)
    t_s = beats(rr_s)
    rr_s[[5, 12]] = 0.0, -1.0
    rejected_s = rr_s.copy()
    rejected_s[[5, 12]] = np.nan
    asked_s = np.linspace(0.0, t_s[-1], 100)
    np.testing.assert_array_equal(
        heart_rate(t_s, rr_s, asked_s), heart_rate(t_s, rejected_s, asked_s)
    )
