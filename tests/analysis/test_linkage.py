from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import naive
from interbeat_analysis.linkage import Correlogram, chance_height, correlogram, linkage, shrinkage
from slow_hearts import slow_noise, with_holes


def pair(n: int = 600, seed: int = 1, share: float = 0.0, lag_s: int = 0):
    a, b = slow_noise(n, seed), slow_noise(n, seed + 1000)
    return a, np.roll(a, lag_s) * share + b * np.sqrt(1 - share**2)


@pytest.mark.parametrize("holes", [(), ((0, 3), (100, 130), (401, 412))])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_it_is_what_the_definition_gives_shift_by_shift(holes, share):
    a, b = pair(300, share=share, lag_s=5)
    a, b = with_holes(a, *holes), with_holes(b, *((x + 50, y + 50) for x, y in holes))
    found, slow = correlogram(a, b), naive.linkage(a, b)
    np.testing.assert_allclose(found.r, slow["r"], atol=1e-12)
    assert found.sigma == pytest.approx(slow["sigma"], rel=1e-9)
    assert found.asymmetry_sigma == pytest.approx(slow["asymmetry_sigma"], rel=1e-9)
    assert linkage(found).p == pytest.approx(slow["p"], rel=1e-6)


@pytest.mark.parametrize("lag_s", [-9, 0, 4, 12])
def test_positive_lag_means_b_follows_a(lag_s):
    assert linkage(correlogram(*pair(1200, share=0.7, lag_s=lag_s))).lag_s == pytest.approx(
        lag_s, abs=1.0
    )


def test_swapping_the_two_flips_the_lags_and_nothing_else():
    a, b = pair(700, share=0.5, lag_s=6)
    one, other = correlogram(a, b), correlogram(b, a)
    np.testing.assert_allclose(one.r, other.r[::-1], atol=1e-12)
    here, there = linkage(one), linkage(other)
    assert here.lag_s == pytest.approx(-there.lag_s, abs=1e-6)
    np.testing.assert_allclose(here._replace(lag_s=0.0), there._replace(lag_s=0.0), rtol=1e-9)


def test_strangers_are_linked_as_seldom_as_the_level_says():
    p = np.array([linkage(correlogram(*pair(1200, seed))).p for seed in range(400)])
    assert 0.015 <= np.mean(p <= 0.05) <= 0.075
    assert np.mean(p <= 0.01) <= 0.025


def test_evidence_grows_with_the_linkage():
    p = [linkage(correlogram(*pair(1200, share=share))).p for share in (0.2, 0.4, 0.6, 0.8)]
    assert all(stronger < weaker for weaker, stronger in pairwise(p))
    assert p[-1] < 1e-6


def test_antiphase_is_told_from_in_phase():
    a, b = pair(1200, share=0.7, lag_s=3)
    found = linkage(correlogram(a, -b))
    assert found.p_antiphase < 0.001
    assert found.p > 0.1
    assert found.r_antiphase == pytest.approx(-linkage(correlogram(a, b)).r)


def test_what_chance_gives_is_taken_off():
    lags = np.arange(-15.0, 16.0)
    flat = Correlogram(lags, np.full(31, 0.1), 0.1, 0.01, 100.0, 0.05, 1200.0, 1200.0)
    assert linkage(flat).r_adjusted == 0.0
    assert linkage(flat._replace(r=np.full(31, 0.4))).r_adjusted == pytest.approx(0.4 * 0.875)
    assert linkage(flat._replace(r=np.full(31, -0.4))).r_adjusted == 0.0
    assert shrinkage(0.0) == 0.0


@pytest.mark.parametrize("n", [0, 1, 100, 189])
def test_too_little_to_know_chance_by_is_unknown(n):
    found = correlogram(*pair(n))
    assert np.isnan(linkage(found)).all()
    assert found.joint_s == n


def test_a_constant_band_is_unknown():
    a, _ = pair()
    assert np.isnan(linkage(correlogram(a, np.zeros(len(a))))).all()
    assert np.isnan(linkage(correlogram(a, np.full(len(a), np.nan)))).all()


def test_bands_of_other_seconds_are_refused():
    with pytest.raises(ValueError, match="give two bands of the same seconds"):
        correlogram(np.zeros(300), np.zeros(301))


@pytest.mark.parametrize("p", [0.05, 0.01, 0.5])
def test_the_height_of_chance_is_where_the_peak_has_that_p(p):
    rng = np.random.default_rng(5)
    a, b = (np.convolve(rng.standard_normal(1230), np.hanning(31), "valid") for _ in range(2))
    found = correlogram(a, b)
    height = chance_height(found, p)
    moved = found._replace(r=found.r - found.r.max() + height)
    assert linkage(moved).p == pytest.approx(p, rel=1e-3)
    assert np.isnan(chance_height(found._replace(sigma=np.nan), p))
