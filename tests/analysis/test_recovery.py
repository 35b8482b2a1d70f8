from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from interbeat_analysis.recovery import episodes, median_of_censored, recovery
from slow_hearts import with_holes


def rises(*peaks: tuple[int, float, float], n: int = 600) -> np.ndarray:
    """A small wander, with rises that are half gone after a given time and gone after twice."""
    t_s = np.arange(n)
    band = 0.3 * np.sin(t_s / 3.0)
    for at, height, half_s in peaks:
        left = height * (1.0 - (t_s - at) / (2.0 * half_s))
        band = band + np.where(t_s >= at, np.maximum(left, 0.0), 0.0)
    return band


def test_a_rise_is_found_where_it_is_with_its_half_time():
    found = episodes(rises((100, 10.0, 12.0), (300, 8.0, 5.0)))
    np.testing.assert_allclose(found.peak_s, [100, 300], atol=2)
    np.testing.assert_allclose(found.lasted_s, [12.0, 5.0], atol=1.5)
    assert found.recovered.all()


def test_the_next_rise_or_the_end_or_a_hole_ends_the_view():
    found = episodes(rises((100, 10.0, 29.0), (125, 12.0, 5.0), (590, 10.0, 29.0)))
    assert list(found.recovered) == [False, True, False]
    holed = episodes(with_holes(rises((100, 10.0, 12.0)), (108, 112)))
    assert list(holed.recovered) == [False]
    assert holed.lasted_s[0] == pytest.approx(7, abs=2)


def test_of_two_rises_close_together_the_higher_counts():
    band = rises((100, 6.0, 3.0), (112, 12.0, 3.0))
    np.testing.assert_allclose(episodes(band).peak_s, [112], atol=2)


def test_a_rise_in_a_hole_does_not_count():
    assert not len(episodes(with_holes(rises((100, 10.0, 12.0)), (80, 97), (103, 120))).peak_s)


@given(
    st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=30)
)  # fmt: skip
def test_the_median_is_that_of_kaplan_and_meier(cases):
    lasted = np.array([float(t) for t, _ in cases])
    ended = np.array([e for _, e in cases])
    slow = naive.kaplan_meier_median(lasted.tolist(), ended.tolist())
    np.testing.assert_equal(median_of_censored(lasted, ended), slow)


def test_sessions_are_joined_and_few_episodes_say_nothing():
    one = episodes(rises((100, 10.0, 12.0), (250, 10.0, 12.0), (400, 10.0, 12.0)))
    assert np.isnan(recovery([one]).half_s)
    assert recovery([one]).episodes == 3
    assert recovery([one, one]).half_s == pytest.approx(12.0, abs=1.5)
    assert recovery([]).episodes == 0


def test_nothing_known_has_no_episodes():
    assert not len(episodes(np.full(600, np.nan)).peak_s)
    assert not len(episodes(np.empty(0)).peak_s)
