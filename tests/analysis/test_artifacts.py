from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from interbeat_analysis.artifacts import (
    LOOK_AHEAD_BEATS,
    Artifacts,
    Kind,
    State,
    find_artifacts,
    mask_artifacts,
    redistribute,
)
from interbeat_server.validation.recordings import FOLDER

RR = FOLDER / "rr"

INTERVALS = st.one_of(st.floats(0.7, 0.9), st.floats(0.2, 3.0))


def steady(n: int = 40) -> np.ndarray:
    return 0.8 + 0.02 * np.random.default_rng(3).standard_normal(n)


def bad(rr_s: np.ndarray, **settings: bool) -> list[int]:
    return np.flatnonzero(find_artifacts(rr_s, **settings).bad).tolist()


def kinds(rr_s: np.ndarray) -> list[Kind]:
    found = find_artifacts(rr_s)
    return [Kind(kind) for kind in found.kind[found.bad]]


def missed(rr_s: np.ndarray) -> np.ndarray:
    return np.concatenate([rr_s[:20], [rr_s[20] + rr_s[21]], rr_s[22:]])


def extra(rr_s: np.ndarray) -> np.ndarray:
    return np.concatenate([rr_s[:20], [0.45 * rr_s[20], 0.55 * rr_s[20]], rr_s[21:]])


def moved(rr_s: np.ndarray, by_s: float) -> np.ndarray:
    rr_s = rr_s.copy()
    rr_s[20] += by_s
    rr_s[21] -= by_s
    return rr_s


@pytest.mark.parametrize("causal", [False, True])
def test_a_quiet_record_keeps_every_interval(causal):
    assert bad(steady(), causal=causal) == []


@pytest.mark.parametrize("rr_s", [0.299, 2.001])
def test_intervals_no_heart_has_are_bad_even_in_a_row(rr_s):
    assert find_artifacts(np.full(20, rr_s)).bad.all()


@pytest.mark.parametrize("rr_s", [0.3, 2.0])
def test_the_limits_themselves_are_kept(rr_s):
    assert not find_artifacts(np.full(20, rr_s)).bad.any()


@pytest.mark.parametrize(
    ("rr_s", "where", "kind"),
    [
        (missed(steady()), [20], Kind.MISSED),
        (extra(steady()), [20, 21], Kind.EXTRA),
        (moved(steady(), -0.25), [20, 21], Kind.ECTOPIC),
        (moved(steady(), 0.12), [20, 21], Kind.MISPLACED),
    ],
    ids=["missed", "extra", "ectopic", "misplaced"],
)
def test_each_kind_of_artefact_is_found_where_it_is_named_and_corrected(rr_s, where, kind):
    found = find_artifacts(rr_s)
    assert bad(rr_s) == bad(rr_s, causal=True) == where
    assert set(kinds(rr_s)) == {kind}
    assert set(found.state[where]) == {State.CORRECTED}


def test_a_deep_breath_is_no_artefact():
    breath = 1.0 + 0.22 * np.maximum(np.sin(np.arange(120) * 2 * np.pi / 5), 0.0)
    assert bad(breath) == []


@pytest.mark.parametrize("causal", [False, True])
def test_the_swings_of_a_slow_heart_are_no_artefacts(causal):
    # Ten breaths of a heart between 45 and 115 bpm: its short beats outnumber its long ones.
    breath = [0.64, 0.55, 0.53, 0.57, 0.68, 0.91, 1.22, 1.29, 0.86]
    assert bad(np.tile(breath, 10), causal=causal) == []


@pytest.mark.parametrize("causal", [False, True])
def test_a_missed_beat_is_told_from_such_a_swing(causal):
    breath = np.array([0.9, 0.8, 0.75, 0.8, 0.95, 1.1, 1.15, 1.0])
    rr_s = np.tile(breath, 10)
    rr_s = np.concatenate([rr_s[:41], [rr_s[41] + rr_s[42]], rr_s[43:]])
    assert 41 in bad(rr_s, causal=causal)


def test_two_missed_beats_in_a_row_are_still_found():
    rr_s = np.concatenate([steady(20), [1.6, 1.62], steady(20)])
    assert bad(rr_s) == bad(rr_s, causal=True) == [20, 21]


def test_frequent_ectopic_beats_do_not_hide_one_another():
    # Every second beat early: uncapped thresholds follow the changes and find nothing.
    rr_s = steady(200)
    rr_s[1::2] -= 0.3
    rr_s[2::2] += 0.3
    assert find_artifacts(rr_s).bad.mean() > 0.95


def test_a_beat_at_the_very_end_is_judged():
    rr_s = steady()
    rr_s[[0, -1]] = 0.5
    assert bad(rr_s) == [0, 39]
    assert set(find_artifacts(rr_s).state[[0, -1]]) == {State.INVALID}


def test_nan_is_invalid_without_a_kind_and_disturbs_nothing_else():
    rr_s = steady()
    rr_s[10:14] = np.nan
    found = find_artifacts(rr_s)
    assert bad(rr_s) == [10, 11, 12, 13]
    assert set(found.state[10:14]) == {State.INVALID}
    assert not found.kind.any()
    assert find_artifacts(np.full(5, np.nan)).bad.all()


@pytest.mark.parametrize("causal", [False, True])
@given(rr_s=st.lists(INTERVALS, min_size=1, max_size=130))
@settings(max_examples=60, deadline=None)
def test_bad_intervals_equal_the_obvious_loop(causal, rr_s):
    found = find_artifacts(np.array(rr_s), causal=causal).bad
    assert found.tolist() == naive.bad_intervals(np.array(rr_s), causal=causal)


@pytest.mark.parametrize("causal", [False, True])
@given(parts=st.lists(st.lists(INTERVALS, min_size=1, max_size=60), min_size=1, max_size=4))
def test_parts_give_joined_what_they_give_alone(causal, parts):
    alone = [find_artifacts(np.array(part), causal=causal) for part in parts]
    rr_s = np.concatenate(parts)
    beat_t_s = np.cumsum(rr_s) + np.repeat(np.arange(len(parts)) * 5.0, [len(p) for p in parts])
    by_times = find_artifacts(rr_s, beat_t_s=beat_t_s, causal=causal)
    with_nan = np.concatenate([np.append(part, np.nan) for part in parts])
    by_nan = find_artifacts(with_nan, causal=causal)
    for name in Artifacts._fields:
        expected = np.concatenate([getattr(found, name) for found in alone])
        np.testing.assert_array_equal(getattr(by_times, name), expected)
        np.testing.assert_array_equal(getattr(by_nan, name)[~np.isnan(with_nan)], expected)


@given(rr_s=st.lists(INTERVALS, min_size=1, max_size=150), cut=st.integers(1, 150))
def test_three_beats_later_a_causal_verdict_stays(rr_s, cut):
    whole = find_artifacts(np.array(rr_s), causal=True).bad
    known = find_artifacts(np.array(rr_s[:cut]), causal=True).bad
    settled = max(len(known) - LOOK_AHEAD_BEATS, 0)
    np.testing.assert_array_equal(known[:settled], whole[:settled])


@pytest.mark.parametrize("name", ["nk_rest_5min", "nsr004_60min", "healthy000_60min"])
def test_causal_and_offline_agree_on_nearly_all_beats_of_real_hearts(name):
    rr_s = np.loadtxt(RR / f"{name}.txt") / 1000.0
    apart = find_artifacts(rr_s).bad != find_artifacts(rr_s, causal=True).bad
    assert apart.mean() < 0.004


@pytest.mark.parametrize("name", ["healthy013_5min", "mitdb122_30min", "nsr009_5min", "pyhrv_5min"])
def test_strong_breathing_and_quiet_hearts_are_left_alone(name):
    rr_s = np.loadtxt(RR / f"{name}.txt") / 1000.0
    assert bad(rr_s) == []


@given(rr_s=st.lists(INTERVALS, min_size=1, max_size=80), hole=st.integers(0, 79))
def test_redistribution_moves_nothing_but_the_beats_it_names(rr_s, hole):
    rr_s = np.array(rr_s)
    beat_t_s = np.cumsum(rr_s)
    beat_t_s[hole:] += 7.0
    found = find_artifacts(rr_s, beat_t_s=beat_t_s)
    made = redistribute(beat_t_s, rr_s, found)
    kept = ~made.corrected
    ok = found.state == State.OK
    invalid = found.state == State.INVALID
    np.testing.assert_array_equal(made.beat_t_s[kept & ~np.isnan(made.nn_s)], beat_t_s[ok])
    np.testing.assert_array_equal(made.nn_s[kept & ~np.isnan(made.nn_s)], rr_s[ok])
    np.testing.assert_array_equal(made.beat_t_s[np.isnan(made.nn_s)], beat_t_s[invalid])
    assert (np.diff(made.beat_t_s) > 0).all()
    assert np.nansum(made.nn_s) == pytest.approx(rr_s[~invalid].sum(), rel=1e-12)
    filled = made.corrected[1:] | made.corrected[:-1]
    np.testing.assert_allclose(
        np.diff(made.beat_t_s)[filled], made.nn_s[1:][filled], rtol=0, atol=1e-9
    )


def test_missed_and_extra_beats_are_counted_back():
    for rr_s in (missed(steady()), extra(steady())):
        made = redistribute(np.cumsum(rr_s), rr_s, find_artifacts(rr_s))
        assert len(made.nn_s) == 40
        assert np.abs(made.nn_s - 0.8).max() < 0.07


def test_a_long_run_is_left_out_and_not_made_up():
    rr_s = steady()
    rr_s[12:26] = np.tile([0.35, 1.25], 7)
    found = find_artifacts(rr_s)
    assert found.bad[12:26].all()
    assert set(found.state[12:26]) == {State.INVALID}
    made = redistribute(np.cumsum(rr_s), rr_s, found)
    assert np.isnan(made.nn_s).sum() == found.bad.sum()


def test_no_interval_gives_no_verdict():
    found = find_artifacts(np.empty(0))
    assert found.bad.shape == (0,)
    assert redistribute(np.empty(0), np.empty(0), found).nn_s.shape == (0,)


def test_masking_replaces_what_is_bad_and_nothing_else():
    rr_s = steady()
    rr_s[20] = 1.9
    before = rr_s.copy()
    nn_s = mask_artifacts(rr_s)
    np.testing.assert_array_equal(np.isnan(nn_s), find_artifacts(rr_s).bad)
    np.testing.assert_array_equal(np.delete(nn_s, 20), np.delete(rr_s, 20))
    np.testing.assert_array_equal(rr_s, before)


def test_milliseconds_are_refused():
    with pytest.raises(ValueError, match="pass seconds, not milliseconds"):
        find_artifacts(1000 * steady())


def test_verdicts_on_another_record_are_refused():
    with pytest.raises(ValueError, match="found is of 40 intervals and rr_s of 39"):
        redistribute(np.cumsum(steady(39)), steady(39), find_artifacts(steady()))
