from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.lead import lead
from interbeat_analysis.linkage import Correlogram, correlogram, linkage
from slow_hearts import slow_noise


def following(lag_s: int, n: int = 1200, share: float = 0.8) -> Correlogram:
    a, b = slow_noise(n, 1), slow_noise(n, 2)
    return correlogram(a, np.roll(a, lag_s) * share + b * np.sqrt(1 - share**2))


def found(correlation: Correlogram):
    return lead(correlation, linkage(correlation))


@pytest.mark.parametrize(("lag_s", "first"), [(9, "a"), (-9, "b")])
def test_the_one_seen_first_is_named(lag_s, first):
    said = found(following(lag_s))
    assert said.claim == first
    assert np.sign(said.asymmetry_z) == np.sign(said.lead) == np.sign(lag_s)
    assert said.balance < 0.5


def test_together_at_once_is_mutual():
    said = found(following(0))
    assert said.claim is None
    assert said.balance == pytest.approx(1.0, abs=0.1)


def test_less_than_twenty_minutes_makes_no_claim():
    assert found(following(9, n=1199)).claim is None
    assert abs(found(following(9, n=1199)).asymmetry_z) > 2.58


def test_without_linkage_there_is_no_claim():
    tilted = following(9)
    assert lead(tilted, linkage(tilted)._replace(p=0.06)).claim is None


def test_several_sessions_have_no_lead():
    several = following(9)._replace(sessions=3)
    with pytest.raises(ValueError, match="3 pooled sessions"):
        lead(several, linkage(several))


def test_nothing_known_is_nan_without_a_claim():
    said = found(following(9, n=100))
    assert said.claim is None
    assert np.isnan(said[:4]).all()
