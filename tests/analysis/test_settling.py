from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import naive
from interbeat_analysis.settling import (
    Reference,
    checked_reference,
    half_decays,
    pooled_settling,
    reference,
    settling,
)
from slow_hearts import slow_noise, with_holes

USUAL = Reference(8.0, 2400.0, talk=True)


@pytest.mark.parametrize("holes", [(), ((0, 5), (200, 260), (590, 600))])
def test_half_decay_is_what_the_definition_gives_lag_by_lag(holes):
    bands = np.stack([with_holes(slow_noise(600, seed), *holes) for seed in (1, 2)])
    slow = [naive.half_decay(band) for band in bands]
    np.testing.assert_allclose(half_decays(bands), slow, rtol=1e-9)


def test_slower_rhythms_decay_later():
    t_s = [half_decays(slow_noise(1200, 1, width_s)) for width_s in (4, 8, 16)]
    assert t_s[0] < t_s[1] / 1.5 < t_s[2] / 3


def test_too_little_or_constant_is_unknown():
    assert np.isnan(half_decays(with_holes(slow_noise(600, 1), (119, 600))))
    assert np.isnan(half_decays(np.zeros(600)))
    assert np.isnan(half_decays(np.linspace(1, 2, 600)))


def test_faster_than_usual_is_told_from_slower():
    quick, slow = slow_noise(1200, 1, 5), slow_noise(1200, 1, 20)
    assert settling(quick, quick, USUAL, USUAL).state == "faster"
    assert settling(quick, quick, USUAL, USUAL).d > 0.9
    assert settling(slow, slow, USUAL, USUAL).state == "slower"
    assert settling(slow, slow, USUAL, USUAL).d < -0.9


def test_z_is_the_log_ratio_in_what_is_known_of_it():
    band = slow_noise(1200, 3)
    found = settling(band, band, USUAL, USUAL)
    assert found.half_decay_s == pytest.approx(found.half_decay_a_s)
    ratio = np.log(8.0 / found.half_decay_s)
    assert found.log_ratio == pytest.approx(ratio)
    assert found.z == pytest.approx(ratio / np.sqrt(0.21**2 + 0.15**2))
    assert found.d == pytest.approx(2 * stats.norm.cdf(found.z) - 1)


@pytest.mark.parametrize(
    "references", [(None, None), (USUAL, None), (USUAL, USUAL._replace(known_s=1200.0))]
)
def test_without_enough_reference_nothing_is_judged(references):
    band = slow_noise(1200, 3)
    found = settling(band, band, *references)
    assert found.state == "no_reference"
    assert np.isnan([found.log_ratio, found.z, found.d]).all()
    assert np.isfinite(found.half_decay_s)


def test_a_reference_is_the_geometric_mean_by_length():
    bands = [slow_noise(600, 1, 5), slow_noise(1800, 2, 12)]
    found = reference(bands, talk=True, person="Ada")
    t_s = [naive.half_decay(band) for band in bands]
    assert found.half_decay_s == pytest.approx(np.exp(np.average(np.log(t_s), weights=[1, 3])))
    assert found.known_s == 2400.0
    assert np.isnan(reference([np.full(600, np.nan)], talk=True).half_decay_s)


def test_a_reference_of_someone_else_is_refused():
    theirs = USUAL._replace(person="Ada")
    assert checked_reference(theirs, "Ada") is theirs
    assert checked_reference(USUAL, "Ben") is USUAL
    with pytest.raises(ValueError, match="the reference is of Ada, the session of Ben"):
        checked_reference(theirs, "Ben")


def test_several_sessions_scatter_less_than_one():
    held = [settling(x, x, USUAL, USUAL) for x in (slow_noise(1200, 5), slow_noise(1200, 6))]
    both = pooled_settling(held)
    assert both.log_ratio == pytest.approx(np.mean([s.log_ratio for s in held]))
    assert both.log_sigma == pytest.approx(held[0].log_sigma / np.sqrt(2))
    unknown = held[0]._replace(half_decay_s=np.nan)
    assert pooled_settling([unknown]).state == "not_enough_data"
    assert pooled_settling([unknown, held[1]]).half_decay_s == pytest.approx(held[1].half_decay_s)
