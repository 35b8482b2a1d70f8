from __future__ import annotations

import numpy as np
import pytest

from interbeat_collector.simulation import DyadSettings
from interbeat_server.validation import index
from interbeat_server.validation.index_trials import couples, coverage
from interbeat_server.validation.strangers import hours, influenced, strangers, stretches


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


def test_no_two_rows_hang_on_the_same_couples():
    used = [
        seed
        for name, (_, arguments) in index.tasks(quick=False)
        if not name.startswith("real")
        for seed in arguments[0]
    ]
    assert len(used) == len(set(used))
