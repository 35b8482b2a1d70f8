from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from interbeat_analysis.artifacts import artifacts, mask_artifacts


def steady(n: int = 40) -> np.ndarray:
    return 0.8 + 0.02 * np.random.default_rng(3).standard_normal(n)


def test_a_quiet_record_keeps_every_interval():
    assert not artifacts(steady()).any()


@pytest.mark.parametrize("rr_s", [0.299, 2.001])
def test_intervals_no_heart_has_are_rejected_even_in_a_row(rr_s):
    assert artifacts(np.full(20, rr_s)).all()


@pytest.mark.parametrize("rr_s", [0.3, 2.0])
def test_the_limits_themselves_are_kept(rr_s):
    assert not artifacts(np.full(20, rr_s)).any()


def test_a_missed_beat_is_rejected_alone():
    rr_s = steady()
    rr_s[20] *= 2
    assert list(np.flatnonzero(artifacts(rr_s))) == [20]


def test_both_halves_of_an_extra_beat_are_rejected():
    rr_s = steady()
    rr_s = np.insert(rr_s, 20, 0.3)
    rr_s[21] -= 0.3
    assert list(np.flatnonzero(artifacts(rr_s))) == [20, 21]


def test_the_mild_half_of_an_early_beat_is_rejected_beside_the_other():
    rr_s = np.full(40, 0.8)
    rr_s[20], rr_s[21] = 0.55, 0.95
    assert list(np.flatnonzero(artifacts(rr_s))) == [20, 21]
    rr_s[20] = 0.8
    assert not artifacts(rr_s).any()


def test_a_beat_at_the_very_end_is_judged():
    rr_s = steady()
    rr_s[[0, -1]] = 0.5
    assert list(np.flatnonzero(artifacts(rr_s))) == [0, 39]


def test_nan_is_rejected_and_disturbs_no_median():
    rr_s = steady()
    rr_s[10:14] = np.nan
    assert list(np.flatnonzero(artifacts(rr_s))) == [10, 11, 12, 13]
    assert artifacts(np.full(5, np.nan)).all()


@given(
    st.lists(
        st.one_of(st.floats(0.6, 1.0), st.floats(0.2, 3.0), st.just(float("nan"))), max_size=60
    )
)
def test_artifacts_equal_the_obvious_loop(rr_s):
    assert artifacts(np.array(rr_s)).tolist() == naive.artifacts(np.array(rr_s))


def test_no_interval_gives_no_verdict():
    assert artifacts(np.empty(0)).shape == (0,)


def test_masking_replaces_what_was_rejected_and_nothing_else():
    rr_s = steady()
    rr_s[20] = 1.9
    before = rr_s.copy()
    nn_s = mask_artifacts(rr_s)
    np.testing.assert_array_equal(np.isnan(nn_s), artifacts(rr_s))
    np.testing.assert_array_equal(np.delete(nn_s, 20), np.delete(rr_s, 20))
    np.testing.assert_array_equal(rr_s, before)


def test_milliseconds_are_refused():
    with pytest.raises(ValueError, match="pass seconds, not milliseconds"):
        artifacts(1000 * steady())
