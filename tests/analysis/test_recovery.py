from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from interbeat_analysis.arousal import arousal_band
from interbeat_analysis.recovery import contrast, episodes, median_of_censored, recovery
from interbeat_collector.simulation import DyadSettings, sessions
from interbeat_server.validation.index_trials import series_of
from slow_hearts import with_holes


def rises(*peaks: tuple[int, float, float], n: int = 600) -> np.ndarray:
    """A small wander, with rises that are half gone after a given time and gone after twice."""
    t_s = np.arange(n)
    band = 0.3 * np.sin(t_s / 3.0)
    for at, height, half_s in peaks:
        left = height * (1.0 - (t_s - at) / (2.0 * half_s))
        band = band + np.where(t_s >= at, np.maximum(left, 0.0), 0.0)
    return band


def test_a_rise_is_found_where_it_is_with_its_half_time():
    found = episodes(rises((100, 10.0, 12.0), (300, 8.0, 5.0)))
    np.testing.assert_allclose(found.peak_s, [100, 300], atol=2)
    np.testing.assert_allclose(found.lasted_s, [12.0, 5.0], atol=1.5)
    assert found.recovered.all()


def test_the_next_rise_or_the_end_or_a_hole_ends_the_view():
    found = episodes(rises((100, 10.0, 29.0), (125, 12.0, 5.0), (590, 10.0, 29.0)))
    assert list(found.recovered) == [False, True, False]
    holed = episodes(with_holes(rises((100, 10.0, 12.0)), (108, 112)))
    assert list(holed.recovered) == [False]
    assert holed.lasted_s[0] == pytest.approx(7, abs=2)


def test_of_two_rises_close_together_the_higher_counts():
    band = rises((100, 6.0, 3.0), (112, 12.0, 3.0))
    np.testing.assert_allclose(episodes(band).peak_s, [112], atol=2)


def test_a_rise_in_a_hole_does_not_count():
    assert not len(episodes(with_holes(rises((100, 10.0, 12.0)), (80, 97), (103, 120))).peak_s)


@given(
    st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=30)
)  # fmt: skip
def test_the_median_is_that_of_kaplan_and_meier(cases):
    lasted = np.array([float(t) for t, _ in cases])
    ended = np.array([e for _, e in cases])
    slow = naive.kaplan_meier_median(lasted.tolist(), ended.tolist())
    median, low, high = median_of_censored(lasted, ended)
    np.testing.assert_equal(median, slow)
    assert not low > median
    assert not high < median


@pytest.mark.parametrize("count", [8, 20, 60])
def test_the_range_of_the_median_holds_the_true_one(count):
    source = np.random.default_rng(5)
    inside = []
    for _ in range(400):
        true_s, view_s = source.exponential(10.0, count), source.uniform(4.0, 60.0, count)
        _, low, high = median_of_censored(np.minimum(true_s, view_s), true_s <= view_s)
        inside.append(not low > 10.0 * np.log(2) and not high < 10.0 * np.log(2))
    assert 0.85 <= np.mean(inside) <= 0.98


def test_calm_and_stirred_partners_are_told_apart_over_sessions_only():
    quick, slow = (rises(*((at, 10.0, half_s) for at in range(50, 590, 60))) for half_s in (4, 14))
    calm, stirred = episodes(quick, np.full(600, -1.0)), episodes(slow, np.full(600, 1.0))
    found = contrast([calm, stirred, calm, stirred])
    assert found is not None
    assert (found.calm.episodes, found.up.episodes) == (18, 18)
    assert found.calm.half_s == pytest.approx(4.0, abs=1.5)
    assert found.up.half_s == pytest.approx(14.0, abs=1.5)
    assert contrast([calm, stirred]) is None, "nine of each are too few"
    both = episodes(np.tile(quick, 4), np.tile([-1.0, 1.0], 1200))
    assert len(both.peak_s) >= 20
    assert contrast([both]) is None, "one session is not enough"
    unknown = calm._replace(other_bpm=np.full(len(calm.peak_s), np.nan))
    assert contrast([unknown] * 4) is None


def test_simulated_hearts_recover_in_the_order_of_the_truth():
    """Six of ten rises of arousal are found, and medians over people tell quick from slow."""
    told, true, hit, rose = {}, {}, 0, 0
    for mode in ("coregulate", "amplify"):
        settings = DyadSettings(mode=mode, gain=0.9, turns="shared")
        seen, latent = [], []
        for session in sessions(range(300, 312), settings, 1200.0):
            for p, band in zip("ab", series_of(session).band_bpm, strict=True):
                seen.append(episodes(band))
                latent.append(episodes(arousal_band(session.arousal_bpm[p][::4]).band_bpm))
                apart = np.abs(latent[-1].peak_s[:, None] - seen[-1].peak_s).min(axis=-1)
                hit, rose = hit + np.count_nonzero(apart <= 15.0), rose + len(apart)
        told[mode], true[mode] = recovery(seen), recovery(latent)
    assert hit / rose > 0.4
    assert true["coregulate"].half_s < true["amplify"].half_s
    assert told["coregulate"].high_s < told["amplify"].low_s
    for mode in told:
        assert told[mode].half_s == pytest.approx(true[mode].half_s, abs=2.5)


def test_sessions_are_joined_and_few_episodes_say_nothing():
    one = episodes(rises((100, 10.0, 12.0), (250, 10.0, 12.0), (400, 10.0, 12.0)))
    assert np.isnan(recovery([one]).half_s)
    assert recovery([one]).episodes == 3
    assert recovery([one, one]).half_s == pytest.approx(12.0, abs=1.5)
    assert recovery([]).episodes == 0


def test_nothing_known_has_no_episodes():
    assert not len(episodes(np.full(600, np.nan)).peak_s)
    assert not len(episodes(np.empty(0)).peak_s)
