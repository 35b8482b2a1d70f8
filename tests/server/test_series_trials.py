"""How well the series meet hearts whose rate is known."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.series import CONFIRMED_BEATS, PROVISIONAL_BEATS, grid, heart_rate
from interbeat_server.validation.series_trials import (
    apparent_lag,
    heart_rate_trial,
    live_heart_rate,
    modulated,
    rsa_trial,
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_beats_of_delay_give_the_rate_and_three_give_it_better(seed: int) -> None:
    swings = {0.1: 0.04, 0.25: 0.04}
    shown = heart_rate_trial(75.0, swings, PROVISIONAL_BEATS, seed)
    kept = heart_rate_trial(75.0, swings, CONFIRMED_BEATS, seed)
    assert shown.error_percent <= 6.0
    assert kept.error_percent <= 3.0
    assert shown.max_delay_s < 2.0
    assert kept.mean_delay_s - shown.mean_delay_s == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("hz", [0.1, 0.25])
def test_partners_with_one_modulation_show_no_lag_however_different_their_rates(hz: float) -> None:
    spline_s, ended_s = apparent_lag(55.0, 95.0, hz, seed=1)
    assert abs(spline_s) <= 0.02
    assert ended_s > 0.2, "an interval at its last beat is half of itself late"


@pytest.mark.parametrize("window_s", [20.0, 30.0])
@pytest.mark.parametrize("seed", range(6))
def test_the_depth_of_breathing_is_followed_at_a_lag_that_is_known(
    seed: int, window_s: float
) -> None:
    trial = rsa_trial(seed, window_s)
    assert trial.r >= 0.99
    assert trial.lag_s == window_s / 2


@pytest.mark.parametrize("look_ahead", [PROVISIONAL_BEATS, CONFIRMED_BEATS])
def test_a_live_value_is_the_series_of_the_beats_known_then(look_ahead: int) -> None:
    heart, _, _ = modulated(70.0, {0.1: 0.03, 0.25: 0.05}, 90.0, seed=4)
    t_s = grid(0.0, 90.0, 4.0)
    found, known_at_s = live_heart_rate(heart.beat_t_s, heart.rr_s, t_s, look_ahead)
    for at in np.flatnonzero(~np.isnan(found)):
        known = heart.beat_t_s <= known_at_s[at]
        assert np.count_nonzero(heart.beat_t_s[known] >= t_s[at]) == look_ahead
        then = heart_rate(heart.beat_t_s[known], heart.rr_s[known], t_s[at])
        np.testing.assert_allclose(found[at], then, rtol=1e-12)
    assert np.isnan(found[t_s > heart.beat_t_s[-look_ahead]]).all()
    assert np.isnan(known_at_s).sum() < 4 * 5
