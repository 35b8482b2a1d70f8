from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from interbeat_analysis import dyad
from interbeat_analysis.linkage import correlogram
from interbeat_collector.simulation import DyadSettings
from interbeat_server import live_together
from interbeat_server.validation import index, laws
from interbeat_server.validation.index_trials import Covered, Figures, couples, coverage
from interbeat_server.validation.live_trials import live_off_batch
from interbeat_server.validation.real_hours import hours, stretches
from interbeat_server.validation.recovery_trials import Recovered, recovered
from interbeat_server.validation.strangers import Peak, influenced, strangers

ROOT = Path(__file__).parents[2]


def test_twelve_hours_of_real_people_come_with_the_program():
    found = hours()
    assert len(found) == 12
    for rr_s in found.values():
        assert 3590 < rr_s.sum() < 3610
        assert 0.3 < np.median(rr_s) < 1.5
    assert len(stretches(index.STRETCH_S)) == 396
    assert not [pair for pair in stretches(index.STRETCH_S) if pair.a == pair.b]


def test_real_strangers_seem_linked_as_seldom_as_the_level_says():
    found = strangers(stretches(1196.0)[::4], 1196.0)
    p = np.array([x.p for x in found])
    assert np.mean(p <= 0.05) <= 0.075 + 2.6 * np.sqrt(0.075 * 0.925 / len(p))


def test_influence_put_into_real_strangers_is_found_where_it_is():
    found = influenced(stretches(1196.0)[::6], 1196.0)
    assert np.mean([x.p <= 0.05 for x in found]) >= 0.85
    assert np.median([x.lag_s for x in found]) == pytest.approx(8.0, abs=1.0)


def test_a_trial_depends_on_its_seed_and_not_on_its_neighbours():
    settings = DyadSettings(mode="mutual", turns="shared")
    both = couples([5, 6], settings, 600.0)
    np.testing.assert_array_equal(both[1].r, couples([6], settings, 600.0)[0].r)
    assert both[0].r != both[1].r


def test_several_meetings_of_a_couple_are_one_result():
    one, three = (couples([3], DyadSettings(), 600.0, meetings=k)[0] for k in (1, 3))
    assert three.sigma < 0.7 * one.sigma
    assert np.isnan(three.asymmetry_z)


def test_a_reference_unlocks_the_index():
    with_it = couples([1], DyadSettings(turns="shared"), 1200.0, with_reference=True)[0]
    assert with_it.low <= with_it.value <= with_it.high
    assert np.isnan(couples([1], DyadSettings(turns="shared"), 1200.0)[0].value)


def test_four_hours_are_held_against_their_parts():
    found = coverage([1], DyadSettings(turns="shared"))
    assert len(found) == 12
    assert np.mean([x.half_decay for x in found]) >= 0.5


def test_rises_are_held_against_those_of_the_latent_arousal():
    found = recovered([1, 2], DyadSettings(turns="shared"))
    assert len(found) == 4
    for each in found:
        assert 0 < each.true_found <= each.true_rises
        assert 0 < each.found_true <= each.found_rises
        assert each.low_s <= each.half_s


def test_no_two_rows_hang_on_the_same_couples():
    used = [
        seed
        for name, (_, arguments) in index.tasks(quick=False)
        if not name.startswith("real")
        for seed in arguments[0]
    ]
    assert len(used) == len(set(used))


def as_hoped() -> dict[str, list]:
    """Results that meet every limit: 3 of 100 strangers linked, all couples found."""
    stranger = Figures(
        p=0.5, r=0.1, lag_s=0.0, p_antiphase=0.5, asymmetry_z=1.0, claim=None, half_decay_s=12.0,
        log_sigma=0.21, sigma=0.07, value=50.0, low=40.0, high=60.0, locked_breathing=False,
        state="no_linkage",
    )  # fmt: skip
    linked = stranger._replace(p=0.02, state="linked")
    found: dict[str, list] = {
        name: [linked] * 3 + [stranger] * 97
        for name in [*index.SCENARIOS, "real 10", "real 20", "real 30", "real index"]
    }
    for name in ("a leads 2.5", "mutual 1.5", "mutual 1", "pooled 3", "pooled 5", "a leads 1.5",
                 "strong talk, mutual"):  # fmt: skip
        found[name] = [linked] * 100
    for name in ("amplify", "amplify pooled"):
        found[name] = [linked._replace(value=40.0, half_decay_s=15.0)] * 20
    for name in ("coregulate", "coregulate pooled"):
        found[name] = [linked._replace(value=60.0)] * 20
    found["in step"] = [stranger._replace(locked_breathing=True)] * 100
    found["long"] = [Covered(*[True] * 5, (True, True))] * 95
    found["long"] += [Covered(*[False] * 5, (False,))] * 5
    rises = Recovered(10, 9, 6, 6, 9.0, 10.0, 7.0, 12.0)
    for mode in index.RECOVERY_COUPLES:
        found[f"recovery {mode}"] = [rises, rises._replace(true_half_s=8.0, half_s=8.5)] * 10
    found["real influenced"] = [Peak(0.001, 8.0)] * 100
    return found


def test_results_as_hoped_meet_every_limit():
    rows = index.judged(as_hoped())
    assert [row.measure for row in rows if not row.met] == []


@pytest.mark.parametrize(
    ("name", "off", "missed"),
    [
        ("strangers 20", {"p": 0.02}, "linkage of simulated strangers, 20 min: p ≤ .05"),
        ("strangers 20", {"p": 0.9}, "linkage of simulated strangers, 20 min: p ≤ .05, not below"),
        ("real 30", {"p": 0.001}, "linkage of real strangers, 30 min: p ≤ .01"),
        ("pooled 5", {"p": 0.06}, "power, mutual 1, 5 × 20 min pooled"),
        ("real index", {"value": 61.0}, "index of real strangers beyond 50 ± 10"),
        ("a leads 1.5", {"claim": "b"}, "lead: wrong claims"),
        ("amplify", {"value": 65.0}, "index: coregulate above amplify, 30 min"),
        ("coregulate", {"half_decay_s": 14.0}, "half-decay, median amplify over coregulate"),
        ("strong talk", {"p_antiphase": 0.01}, "strong turn-taking, turns given: anti-phase"),
        ("in step", {"locked_breathing": False}, "locked breathing flagged"),
        ("real index", {"value": np.nan}, "index of real strangers beyond 50 ± 10"),
        ("strong talk", {"p_antiphase": np.nan}, "strong turn-taking, turns given: anti-phase"),
    ],
)  # fmt: skip
def test_a_result_beyond_a_limit_misses_its_row(name, off, missed):
    found = as_hoped()
    found[name] = [each._replace(**off) for each in found[name]]
    bad = [row.measure.partition(" (")[0] for row in index.judged(found) if not row.met]
    assert missed in bad


def test_the_printed_table_has_these_rows_and_limits():
    printed = (ROOT / "docs" / "validation.md").read_text("utf-8").splitlines()
    laws_kept = laws.rows([laws.Kept(*[0.0] * len(laws.Kept._fields))], [0.0])
    for row in [*index.judged(as_hoped()), *laws_kept]:
        name = row.measure.rpartition(" (")[0] or row.measure
        (line,) = [line for line in printed if re.match(re.escape(name) + r" ( |\(\d|\(AUC)", line)]
        limit = row.limits[0] if row.limits else None
        sign = "≥" if row.at_least else "≤"
        assert f" {sign} {limit:g} " in line if limit is not None else line.endswith("shown")


def test_the_exact_laws_hold():
    found = laws.kept(range(900_001, 900_004))
    rows = laws.rows(found, live_off_batch([950_001]))
    assert [row.measure for row in rows if not row.met] == []


def test_a_correlogram_that_is_a_second_off_breaks_a_law(monkeypatch):
    def off(a, b):
        found = correlogram(a, b)
        return found._replace(r=np.roll(found.r, 1))

    monkeypatch.setattr(dyad, "correlogram", off)
    rows = laws.rows(laws.kept([900_001]), [0.0])
    assert not rows[0].met


def test_a_live_engine_that_forgets_how_a_spline_bends_is_noticed(monkeypatch):
    monkeypatch.setattr(live_together, "SPLINE_BEATS", 1)
    rows = laws.rows(laws.kept([900_001]), live_off_batch([950_001]))
    assert [row.measure for row in rows if not row.met] == [
        "law: live as batch on the same window (1)"
    ]


@pytest.mark.parametrize("name", laws.Kept._fields)
def test_a_broken_law_misses_its_row(name):
    found = laws.kept([900_001])
    broken = [found[0]._replace(**{name: 0.5})]
    missed = [row.measure for row in laws.rows(broken, [0.0]) if not row.met]
    assert len(missed) == 1


def test_an_index_before_eight_minutes_or_of_one_heart_twice_breaks_its_law(monkeypatch):
    monkeypatch.setattr(dyad, "enough", lambda joint_s, lasted_s: True)
    monkeypatch.setattr(dyad, "same_heart", lambda found: False)
    missed = [row.measure for row in laws.rows(laws.kept([900_001]), [0.0]) if not row.met]
    assert [name.partition(" (")[0] for name in missed] == [
        "law: 7:50 of clean minutes give a figure",
        "law: the same strap twice, up to 4.5 s apart, gives one",
    ]
