from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interbeat_analysis.artifacts import Artifacts, find_artifacts
from interbeat_analysis.growing import judge_more
from interbeat_server.validation.recordings import recording

INTERVALS = st.one_of(st.floats(0.7, 0.9), st.floats(0.7, 0.9), st.floats(0.2, 3.0))


def assert_same(found: Artifacts, expected: Artifacts, since: int = 0) -> None:
    for values, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(values[since:], wanted[since:])


def whole(beat_t_s: np.ndarray, rr_s: np.ndarray) -> Artifacts:
    return find_artifacts(rr_s, beat_t_s=beat_t_s, causal=True)


@given(
    rr_s=st.lists(INTERVALS, min_size=1, max_size=160),
    holes=st.lists(st.integers(0, 159), max_size=2),
    steps=st.lists(st.integers(1, 40), min_size=1, max_size=12),
)
def test_a_growing_record_is_judged_as_the_whole(rr_s, holes, steps):
    rr_s = np.array(rr_s)
    beat_t_s = np.cumsum(rr_s)
    for hole in holes:
        beat_t_s[hole:] += 2.0
    judged = None
    for stop in np.cumsum(steps):
        judged = judge_more(judged, beat_t_s[:stop], rr_s[:stop])
        assert_same(judged.found, whole(beat_t_s[:stop], rr_s[:stop]))


def spoiled(rr_s: np.ndarray, seed: int) -> np.ndarray:
    """Beats missed, early, and lost for a while, one in fifteen."""
    random = np.random.default_rng(seed)
    rr_s = rr_s.copy()
    at = np.flatnonzero(random.random(len(rr_s)) < 1 / 15)
    rr_s[at] *= random.choice([0.5, 0.7, 1.3, 2.0, np.nan], len(at))
    return rr_s


@pytest.mark.parametrize("seed", [1, 2])
def test_a_record_that_forgets_is_judged_as_if_it_did_not(seed):
    rr_s = spoiled(recording("nsr004_60min")[:900], seed)
    beat_t_s = np.cumsum(np.nan_to_num(rr_s, nan=0.8))
    judged, first = None, 0
    for stop in range(1, len(rr_s), 3):
        start = max(stop - 300, 0)
        # The whole record may move, and each beat a little, as a clock is learnt.
        now_s = beat_t_s[start:stop] * (1.0 + 1e-6 * stop) + 0.01 * (stop % 7)
        judged = judge_more(judged, now_s, rr_s[start:stop], dropped=start - first)
        first = start
    expected = whole(beat_t_s[:stop], rr_s[:stop])
    assert expected.bad.sum() > 20
    assert_same(judged.found, Artifacts(*(said[start:] for said in expected)))


@pytest.mark.parametrize("change", ["interval", "hole"])
def test_what_is_another_record_is_judged_anew(change):
    rr_s = recording("nsr004_60min")[:300]
    beat_t_s = np.cumsum(rr_s)
    other_s, other_t_s = rr_s.copy(), beat_t_s.copy()
    if change == "interval":
        other_s[40] *= 2.0
        other_t_s = np.cumsum(other_s)
    else:
        other_t_s[40:] += 2.0
    judged = judge_more(judge_more(None, other_t_s, other_s), beat_t_s, rr_s)
    assert_same(judged.found, whole(beat_t_s, rr_s))
