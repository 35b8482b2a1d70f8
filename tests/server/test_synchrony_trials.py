"""Windowed synchrony on real strangers: how often it is wrong, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.arousal import FS_HZ
from interbeat_server.validation import synchrony
from interbeat_server.validation.real_hours import heart_rate_of, hours
from interbeat_server.validation.synchrony_trials import (
    pairs_of_strangers,
    share_below,
    with_coupling,
)


def test_twelve_hours_make_396_pairs_of_strangers() -> None:
    assert len(hours()) == 12
    assert all(abs(rr_s.sum() - 3600.0) < 1.0 for rr_s in hours().values())
    assert all(np.isnan(heart_rate_of(name)).mean() < 0.01 for name in hours())
    found = pairs_of_strangers()
    assert len(found) == 396
    assert all(pair.a != pair.b for pair in found)


def test_the_coupling_is_put_where_it_is_said_to_be() -> None:
    a, b = (heart_rate_of(name)[4:2396] for name in sorted(hours())[:2])
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


def test_the_quick_run_meets_its_widened_limits_and_says_how_many_pairs() -> None:
    found = synchrony.rows(quick=True, progress=lambda text: None, workers=1)
    assert all(row.met for row in found)
    assert all(row.count == 80 for row in found)
    assert "80 pairs of 12 real people" in synchrony.title(quick=True)
