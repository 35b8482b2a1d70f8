from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from interbeat_analysis.arousal import clean_heart_rate
from interbeat_analysis.dyad import Dyad, details, measured, rejected_shares, series
from interbeat_analysis.settling import Reference
from interbeat_collector.simulation import Damage, DyadSettings
from slow_hearts import LINKED, STRANGERS, rates, session, with_holes

REFERENCES = (Reference(13.0, 2400.0, talk=True), Reference(12.0, 2400.0, talk=True))


def judged(hr_bpm: np.ndarray, **settings) -> Dyad:
    return measured(series(hr_bpm, **settings), REFERENCES)


def test_linked_people_are_linked_and_strangers_are_not():
    linked, strangers = judged(rates(LINKED)), judged(rates(STRANGERS))
    assert (linked.state, strangers.state) == ("linked", "no_linkage")
    assert (linked.evidence, strangers.evidence) == ("clear", "none")
    assert "shared_or_linked" in linked.flags
    assert "shared_or_linked" not in strangers.flags
    assert linked.linkage.lag_s > 0  # a leads


def test_swapping_a_and_b_flips_lag_and_lead_and_changes_nothing_else():
    hr_bpm = rates(LINKED)
    one, other = judged(hr_bpm), measured(series(hr_bpm[::-1]), REFERENCES[::-1])
    assert one.linkage.lag_s == pytest.approx(-other.linkage.lag_s, abs=1e-6)
    assert one.lead.asymmetry_z == pytest.approx(-other.lead.asymmetry_z)
    assert (one.lead.claim, other.lead.claim) == ("a", "b")
    for here, there in (
        (one.linkage._replace(lag_s=0.0), other.linkage._replace(lag_s=0.0)),
        (one.coregulation[:3], other.coregulation[:3]),
        (one.lead.balance, other.lead.balance),
        (one.settling.half_decay_s, other.settling.half_decay_s),
        (one.settling.z, other.settling.z),
        (one.breathing.z, other.breathing.z),
    ):
        np.testing.assert_allclose(here, there, rtol=1e-6)
    assert (one.state, one.flags, one.coregulation.state) == (
        other.state, other.flags, other.coregulation.state
    )  # fmt: skip


def test_faster_or_wider_swinging_hearts_are_linked_as_much():
    hr_bpm = rates(LINKED)
    r = judged(hr_bpm).linkage.r
    faster, wider = hr_bpm.copy(), hr_bpm.copy()
    faster[0] += 25
    wider[1] = np.nanmean(wider[1]) + 3 * (wider[1] - np.nanmean(wider[1]))
    assert judged(faster).linkage.r == pytest.approx(r, abs=1e-9)
    assert judged(wider).linkage.r == pytest.approx(r, abs=1e-9)


@pytest.mark.parametrize("seed", [4, 10])
def test_beats_that_are_25_bpm_faster_are_linked_as_much(seed):
    held = session(LINKED, seed)
    r = []
    for more in (0, 25):
        beat_t_s = _beats_at(held.hr_bpm["b"] + more)
        faster = clean_heart_rate(beat_t_s[1:], np.diff(beat_t_s), 0.0, 1200.0)
        r.append(judged(np.stack([rates(LINKED, seed)[0], faster])).linkage.r)
    assert r[1] == pytest.approx(r[0], abs=0.02)


def _beats_at(hr_bpm: np.ndarray) -> np.ndarray:
    """Beats where the integral of a rate at 4 Hz passes whole numbers."""
    turned = np.concatenate([[0.0], np.cumsum(hr_bpm / 240)])
    return np.interp(np.arange(1, int(turned[-1])), turned, np.arange(len(turned)) / 4)


def test_reversing_time_flips_the_lead_and_keeps_r():
    hr_bpm = rates(LINKED)[:, 8:-8]
    forth, back = judged(hr_bpm), judged(hr_bpm[:, ::-1])
    assert back.linkage.r == pytest.approx(forth.linkage.r, abs=0.02)
    assert back.linkage.lag_s == pytest.approx(-forth.linkage.lag_s, abs=0.5)
    assert back.lead.asymmetry_z == pytest.approx(-forth.lead.asymmetry_z, rel=0.05)


def test_a_ten_second_dropout_hardly_matters():
    hr_bpm = rates(LINKED)
    holed = hr_bpm.copy()
    holed[0] = with_holes(hr_bpm[0], (2000, 2040))
    whole, less = judged(hr_bpm), judged(holed)
    assert whole.joint_s - less.joint_s == pytest.approx(10, abs=1)
    assert less.linkage.r == pytest.approx(whole.linkage.r, abs=0.03)


@pytest.mark.parametrize(("clean_s", "state"), [(470.0, "not_enough_data"), (484.0, "linked")])
def test_seven_minutes_fifty_give_nothing_and_eight_give_figures(clean_s, state):
    # 484 s, as a recording is clean only from its first beats to its last
    found = judged(rates(LINKED, seed=4)[:, : int(4 * clean_s)])
    assert found.state == state
    assert (found.coregulation.state == "locked") == (state == "not_enough_data")
    assert np.isnan(found.linkage.p) == (state == "not_enough_data")
    if state == "not_enough_data":
        assert found.coregulation.reason == "not_enough_data"
        assert np.isnan([*found.linkage, *found.lead[:4], *found.settling[:3]]).all()
        assert np.isnan(found.coregulation[:3]).all()


def test_a_quarter_lost_gives_nothing():
    hr_bpm = rates(LINKED)
    holed = hr_bpm.copy()
    for at in range(0, 4800, 400):
        holed[0, at : at + 120] = np.nan
    assert judged(holed).state == "not_enough_data"


@pytest.mark.parametrize("late_s", [0.0, 0.5, 2.2, 4.6])
def test_the_same_strap_twice_gives_none(late_s):
    held = session(STRANGERS)
    straps = [
        clean_heart_rate(held.beat_t_s["a"] + late, held.rr_s["a"], 0.0, 1200.0)
        for late in (0.0, late_s)
    ]
    found = judged(np.stack(straps))
    assert found.state == "same_source"
    assert found.flags[0] == "same_source"
    assert (found.coregulation.state, found.coregulation.reason) == ("locked", "same_source")
    assert np.isnan(found.linkage).all()


def test_live_is_batch_on_the_same_window():
    """The last twenty minutes, from the beats known then, are those of the whole record."""
    held = session(LINKED, seed=2, duration_s=1800.0)
    until_s = 1500.0
    whole, known = [], []
    for p in ("a", "b"):
        t_s, rr_s = held.beat_t_s[p], held.rr_s[p]
        whole.append(clean_heart_rate(t_s, rr_s, until_s - 1200.0, until_s))
        near = (t_s > until_s - 1300.0) & (t_s <= until_s + 100.0)
        known.append(clean_heart_rate(t_s[near], rr_s[near], until_s - 1200.0, until_s))
    batch, live = judged(np.stack(whole)), judged(np.stack(known))
    np.testing.assert_allclose(live.linkage, batch.linkage, rtol=1e-9)
    np.testing.assert_allclose(live.coregulation[:3], batch.coregulation[:3], rtol=1e-9)
    assert (live.state, live.flags, live.lead.claim) == (batch.state, batch.flags, batch.lead.claim)


@pytest.mark.parametrize(
    ("references", "talk", "reason"),
    [
        (None, True, "no_reference"),
        ((REFERENCES[0], REFERENCES[1]._replace(known_s=1200.0)), True, "reference_too_short"),
        ((REFERENCES[0], REFERENCES[1]._replace(talk=False)), True, "reference_not_matched"),
        (REFERENCES, False, "reference_not_matched"),
        ((REFERENCES[0]._replace(speech_known=True), REFERENCES[1]), True, "reference_not_matched"),
    ],
)
def test_the_index_is_locked_without_a_fitting_reference(references, talk, reason):
    found = measured(series(rates(LINKED)), references, talk=talk)
    assert (found.coregulation.state, found.coregulation.reason) == ("locked", reason)
    assert found.settling.state == "no_reference"
    assert np.isfinite(found.settling.half_decay_s)
    assert found.state == "linked"


STRONG_TALK = DyadSettings(turns="shared", turn_s=20.0, speech_bpm=6.0)


def test_turn_taking_is_not_taken_for_antiphase_once_the_turns_are_known():
    held = session(STRONG_TALK, seed=2)
    turns = (held.spoken_s["a"], held.spoken_s["b"])
    blind, told = judged(rates(STRONG_TALK, 2)), judged(rates(STRONG_TALK, 2), turns_s=turns)
    assert np.isnan(blind.linkage.p_antiphase)
    assert "speech_unknown" in blind.flags
    assert "speech_unknown" not in told.flags
    assert told.linkage.p_antiphase > 0.05
    untold = series(rates(STRONG_TALK, 2), turns_s=(np.empty((0, 2)), np.empty((0, 2))))
    assert measured(untold).linkage.p_antiphase < 0.01  # what it would have said


def test_influence_is_told_only_with_speaking_turns():
    talk = replace(LINKED, gain=2.5)
    held = session(talk)
    assert details(series(rates(talk))).influence_a_to_b is None
    found = details(series(rates(talk), turns_s=(held.spoken_s["a"], held.spoken_s["b"])))
    assert found.influence_a_to_b.p < 0.1
    assert found.influence_a_to_b.z > found.influence_b_to_a.z


def test_rejected_beats_are_flagged_when_they_are_too_many():
    bad = replace(STRANGERS, damage=Damage(missed=0.05, extra=0.05, ectopic=0.05))
    assert "too_many_artifacts" in judged(rates(bad)).flags
    assert "too_many_artifacts" not in judged(rates(STRANGERS)).flags
    assert max(rejected_shares(series(rates(bad)))) > 0.2


def test_breathing_in_step_is_flagged():
    assert "locked_breathing" in judged(rates(replace(STRANGERS, locked_breathing=1.0))).flags


@pytest.mark.parametrize(
    "hr_bpm", [np.full((2, 4000), np.nan), np.empty((2, 0)), np.full((2, 4000), 70.0)]
)
def test_nothing_to_judge_is_a_state_and_no_error(hr_bpm):
    found = judged(hr_bpm)
    assert found.state == "not_enough_data"
    assert found.coregulation.state == "locked"
    details(series(hr_bpm))


def test_partners_who_do_not_overlap_are_a_state():
    hr_bpm = rates(STRANGERS)
    hr_bpm[0, 2400:] = np.nan
    hr_bpm[1, :2400] = np.nan
    assert judged(hr_bpm).state == "not_enough_data"
    assert judged(hr_bpm).joint_s == 0


def test_the_range_of_r_holds_r_and_stays_a_correlation():
    found = judged(rates(LINKED)[:, : 4 * 500])
    low, high = found.r_range
    assert -1 <= low < found.linkage.r < high <= 1
    wide = found._replace(correlogram=found.correlogram._replace(sigma=0.9))
    assert wide.r_range == (-1.0, 1.0)
    assert np.isnan(judged(rates(LINKED)[:, :400]).r_range).all()


def test_one_partner_alone_is_refused():
    with pytest.raises(ValueError, match="give a and b on one grid"):
        series(rates(STRANGERS)[:1])


@pytest.mark.parametrize(
    ("turns_s", "complaint"),
    [
        (([[5, 9], [1, 2]], []), "turns_s of a: turn 2 begins at 1 s, before turn 1 ends"),
        (([], [[3, 2]]), "turns_s of b: turn 1 goes from 3 to 2 s"),
        (([[1, 2]],), "turns_s has 1 parts: give the turns of a and those of b"),
    ],
)
def test_turns_of_one_alone_or_out_of_order_are_refused(turns_s, complaint):
    with pytest.raises(ValueError, match=complaint):
        series(rates(STRANGERS), turns_s=tuple(map(np.array, turns_s)))
