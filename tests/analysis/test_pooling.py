from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.dyad import measured, series
from interbeat_analysis.linkage import correlogram, linkage
from interbeat_analysis.pooling import pooled, together
from interbeat_analysis.settling import Reference
from slow_hearts import LINKED, STRANGERS, rates, slow_noise

REFERENCES = (Reference(13.0, 2400.0, talk=True), Reference(12.0, 2400.0, talk=True))


def weakly_linked(seed: int, n: int = 1200):
    a, b = slow_noise(n, seed), slow_noise(n, seed + 500)
    return correlogram(a, 0.35 * np.roll(a, 3) + b)


def test_one_session_pooled_is_itself():
    one = weakly_linked(1)
    assert linkage(pooled([one])).p == pytest.approx(linkage(one).p)


def test_five_weak_sessions_say_what_none_says():
    held = [weakly_linked(seed) for seed in range(1, 6)]
    alone = [linkage(c).p for c in held]
    assert linkage(pooled(held)).p < min(0.001, *alone)


def test_five_sessions_of_strangers_say_nothing_more_often_than_one():
    p = []
    for couple in range(120):
        held = [
            correlogram(slow_noise(600, 100 * couple + k), slow_noise(600, 100 * couple + k + 50))
            for k in range(5)
        ]
        p.append(linkage(pooled(held)).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.09


def test_longer_sessions_weigh_more():
    short, long = weakly_linked(1, n=400), weakly_linked(2, n=3000)
    both = pooled([short, long])
    share = short.sigma**-2 / (short.sigma**-2 + long.sigma**-2)
    np.testing.assert_allclose(both.r, share * short.r + (1 - share) * long.r)
    assert both.sigma == pytest.approx((short.sigma**-2 + long.sigma**-2) ** -0.5)
    assert both.df == pytest.approx(short.df + long.df)


def test_sessions_without_a_null_are_left_out():
    nothing = correlogram(np.zeros(100), np.zeros(100))
    assert linkage(pooled([nothing, weakly_linked(1)])).p == linkage(weakly_linked(1)).p
    assert np.isnan(linkage(pooled([nothing])).p)
    with pytest.raises(ValueError, match="no session to pool"):
        pooled([])


def test_sessions_together_are_judged_as_one_without_a_lead():
    held = [measured(series(rates(LINKED, seed)), REFERENCES) for seed in (1, 2, 3)]
    found = together(held)
    assert found.state == "linked"
    assert found.lead.claim is None
    assert np.isnan(found.lead.asymmetry_z)
    assert found.joint_s == sum(s.joint_s for s in held)
    assert found.coregulation.state in ("undecided", "shown")
    assert "shared_or_linked" in found.flags


def test_a_session_that_gives_nothing_adds_nothing():
    good = measured(series(rates(STRANGERS)), REFERENCES)
    short = measured(series(rates(STRANGERS)[:, :1000]), REFERENCES)
    assert together([short, good]) is good
    assert together([short]) is short
    with pytest.raises(ValueError, match="no session to pool"):
        together([])


def test_one_session_without_reference_locks_the_index_of_all():
    held = [measured(series(rates(STRANGERS, seed)), REFERENCES) for seed in (1, 2)]
    bare = measured(series(rates(STRANGERS, 3)))
    assert together([*held, bare]).coregulation.reason == "no_reference"
    assert together([*held, bare]).settling.state == "no_reference"
