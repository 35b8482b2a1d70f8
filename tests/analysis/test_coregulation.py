from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.coregulation import enough, index
from interbeat_analysis.linkage import Correlogram, linkage
from interbeat_analysis.settling import Reference, Settling, pooled_settling, settling
from slow_hearts import slow_noise

LAGS = np.arange(-15.0, 16.0)


def linked(r: float, sigma: float = 0.05) -> Correlogram:
    return Correlogram(
        LAGS, r * np.exp(-((LAGS / 10) ** 2)), sigma, 0.02, 110.0, 0.02, 1200.0, 1200.0
    )


def settled(log_ratio: float) -> Settling:
    plain = settling(slow_noise(1200, 1), slow_noise(1200, 2))
    usual = Reference(plain.half_decay_s * np.exp(log_ratio), 2400.0, talk=True)
    return settling(slow_noise(1200, 1), slow_noise(1200, 2), usual, usual)


def of(r: float, log_ratio: float, balance: float = 1.0):
    found = linked(r)
    return index(found, linkage(found), balance, settled(log_ratio))


@pytest.mark.parametrize("log_ratio", [-0.6, 0.0, 0.6])
def test_without_linkage_it_is_fifty_whatever_the_settling(log_ratio):
    found = of(0.06, log_ratio)
    assert found.value == 50.0
    assert found.state == "undecided"


def test_linkage_alone_never_raises_it():
    for r in (0.2, 0.5, 0.9):
        assert of(r, 0.0).value == pytest.approx(50.0)
        assert of(r, 0.0).state == "undecided"


def test_linked_and_faster_is_above_linked_and_slower_below():
    above, below = of(0.5, 0.6), of(0.5, -0.6)
    assert 50 < above.low <= above.value <= above.high <= 100
    assert 0 <= below.low <= below.value <= below.high < 50
    assert above.state == below.state == "shown"


def test_more_synchrony_is_not_better():
    """Beyond .40 it adds nothing, and beyond half of a rhythm it takes away."""
    assert of(0.45, 0.6).value == pytest.approx(of(0.65, 0.6).value, abs=0.3)
    assert of(0.95, 0.6).value < of(0.80, 0.6).value < of(0.65, 0.6).value


@pytest.mark.parametrize("log_ratio", [-0.3, 0.3])
def test_it_is_the_formula(log_ratio):
    found, settled_so = linked(0.30), settled(log_ratio)
    judged = linkage(found)
    assert judged.r_adjusted == pytest.approx(0.30 * (1 - 2 / 6**2))
    above = 0.8 if log_ratio > 0 else 1.0  # r is small enough for own = 1
    expected = 50 + 50 * judged.r_adjusted / 0.40 * settled_so.d * above
    assert index(found, judged, 0.8, settled_so).value == pytest.approx(expected)


def test_one_sidedness_takes_from_above_and_not_from_below():
    assert of(0.5, 0.6, balance=0.5).value < of(0.5, 0.6).value
    assert of(0.5, -0.6, balance=0.5).value == of(0.5, -0.6).value


def test_the_range_narrows_with_more_sessions():
    found, one = linked(0.5), settled(0.2)
    single = index(found, linkage(found), 1.0, one)
    several = found._replace(sigma=found.sigma / np.sqrt(5), df=5 * found.df, sessions=5)
    pooled = index(several, linkage(several), 1.0, pooled_settling([one] * 5))
    assert pooled.high - pooled.low < 0.7 * (single.high - single.low)


def test_the_same_data_have_the_same_range():
    assert of(0.5, 0.2) == of(0.5, 0.2)


@pytest.mark.parametrize(
    ("joint_s", "lasted_s", "is_enough"),
    [(480, 480, True), (470, 470, False), (480, 640, True), (480, 641, False), (0, 0, False)],
)
def test_nothing_is_shown_before_eight_clean_minutes(joint_s, lasted_s, is_enough):
    assert enough(joint_s, lasted_s) is is_enough


def test_without_a_reference_it_is_locked():
    found = linked(0.5)
    plain = settling(slow_noise(1200, 1), slow_noise(1200, 2))
    shut = index(found, linkage(found), 1.0, plain)
    assert (shut.state, shut.reason) == ("locked", "no_reference")
    assert np.isnan([shut.value, shut.low, shut.high]).all()
