"""Windowed synchrony on real strangers: how often it is wrong, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_server.validation.real_hours import FS_HZ, heart_rate_of, hours
from interbeat_server.validation.synchrony_trials import (
    planted,
    share_below,
    strangers,
    stretches,
    with_coupling,
)


def test_twelve_hours_make_396_pairs_of_strangers() -> None:
    assert len(hours()) == 12
    assert all(abs(rr_s.sum() - 3600.0) < 1.0 for rr_s in hours().values())
    assert all(np.isnan(heart_rate_of(name)).mean() < 0.01 for name in hours())
    found = stretches()
    assert len(found) == 396
    assert all(pair.a != pair.b for pair in found)


def test_few_strangers_are_called_synchronous_and_planted_coupling_is_found() -> None:
    # Every 5th; the limits of all 396, widened by 2.6 standard errors of 80.
    pairs = stretches()[::5]
    met = strangers(pairs)
    for name in ("p", "p_any_window"):
        share, low, high = share_below([getattr(verdict, name) for verdict in met], 0.05)
        assert share <= 7.5 + 2.6 * 100 * np.sqrt(0.075 * 0.925 / 80), name
        assert 0 <= low <= share < high
    power, _, _ = share_below([verdict.p for verdict in planted(pairs)], 0.05)
    assert power >= 50 - 2.6 * 100 * np.sqrt(0.25 / 80)


def test_the_coupling_is_put_where_it_is_said_to_be() -> None:
    a, b = (heart_rate_of(name)[:2392] for name in sorted(hours())[:2])
    added = with_coupling(a, b, np.random.default_rng(1)) - b
    touched = np.flatnonzero(np.nan_to_num(added) != 0)
    assert touched[-1] - touched[0] < len(b) // 2
    assert np.nanstd(added[touched]) == pytest.approx(0.42 * np.nanstd(b), rel=0.5)
    lags = range(-40, 41)
    inside = slice(touched[0] + 40, touched[-1] - 40)
    r = [np.corrcoef(np.roll(a, lag)[inside], added[inside])[0, 1] for lag in lags]
    assert lags[int(np.argmax(r))] / FS_HZ == pytest.approx(2.0, abs=0.5)


def test_shares_have_an_interval() -> None:
    assert share_below([0.01, 0.2, np.nan, 0.3, 0.4], 0.05) == pytest.approx(
        (25, 4.56, 69.94), abs=0.01
    )
