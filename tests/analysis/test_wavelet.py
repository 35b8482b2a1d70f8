from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import naive
from interbeat_analysis.morlet import transforms
from interbeat_analysis.wavelet import band_coherence, wavelet_coherence, wavelet_null
from references import assert_equal, dyad, reference

LF_HZ, HF_HZ = (0.04, 0.15), (0.15, 0.40)


def noise(seed: int, n: int = 2400) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((2, n))


def at_period(found: Any, period_s: float) -> int:
    return int(np.argmin(np.abs(found.period_s - period_s)))


def test_it_equals_hypyp() -> None:
    expected, found = reference("hypyp")["wtc"], wavelet_coherence(*dyad(), 4.0, hop_s=0.25)
    np.testing.assert_allclose(found.period_s, expected["periods"], rtol=0, atol=1e-9)
    means = found.coherence.mean(axis=0)
    assert_equal("HyPyP, wavelet coherence, means over time", means, expected["row_means"])
    assert_equal("HyPyP, wavelet coherence, mean", found.coherence.mean(), expected["mean"])
    # Its figure for a session is the mean inside the cone.
    outside = (~found.inside).mean()
    assert_equal("HyPyP, share outside the cone", outside, expected["coherence_masked"])
    inside = found.coherence[found.inside].mean()
    assert_equal("HyPyP, mean inside the cone", inside, expected["coherence_metric"])


def test_it_equals_sums_one_by_one() -> None:
    a, b = noise(1, 300)
    b[20:] += a[:-20]
    found = wavelet_coherence(a, b, 4.0, period_s=(2.0, 8.0), hop_s=0.25)
    together, phase = naive.wavelet_coherence(a, b, found.period_s * 4.0)
    np.testing.assert_allclose(found.coherence, together.T, rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.exp(1j * (found.lead_rad - phase.T)), 1.0, rtol=0, atol=1e-9)


def test_transforms_equal_pywavelets() -> None:
    pywt = pytest.importorskip("pywt")
    x, scales = noise(2, 999), np.array([4.0, 9.3, 50.0, 257.1, 400.0])
    expected, _ = pywt.cwt(x, scales, "cmor2,1", method="fft")
    blocks = [waves for _, waves in transforms(x, scales)]
    found = np.concatenate(blocks, axis=1) * np.sqrt(scales)[:, np.newaxis]
    np.testing.assert_allclose(found, expected.swapaxes(0, 1), rtol=0, atol=1e-12)


def test_a_step_between_results_leaves_values_as_they_are() -> None:
    each = wavelet_coherence(*dyad(), 4.0, hop_s=0.25)
    for hop_s, step in ((1.0, 4), (2.5, 10), (0.75, 3)):
        some = wavelet_coherence(*dyad(), 4.0, hop_s=hop_s, start_s=7.0)
        np.testing.assert_allclose(some.t_s, 7.0 + each.t_s[::step])
        np.testing.assert_array_equal(some.inside, each.inside[::step])
        # Where the room behind the series is longer its far end reaches in less.
        inside = some.inside
        np.testing.assert_allclose(
            some.coherence[inside], each.coherence[::step][inside], rtol=0, atol=1e-6
        )


def test_a_shared_tone_is_found_at_its_time_and_period_with_its_lag() -> None:
    t_s = np.arange(4800) / 4.0
    own_a, own_b = noise(3, 4800)
    shared = (t_s >= 600.0) * 2.0
    a = own_a + shared * np.sin(2 * np.pi * t_s / 20.0)
    b = own_b + shared * np.sin(2 * np.pi * (t_s - 3.0) / 20.0)
    found = wavelet_coherence(a, b, 4.0)
    late, row = found.t_s > 660.0, at_period(found, 20.0)
    late &= found.inside[:, row]
    assert found.coherence[late, row].min() > 0.95
    np.testing.assert_allclose(found.lead_rad[late, row], 2 * np.pi * 3.0 / 20.0, atol=0.15)
    assert found.coherence[found.t_s < 540.0, row].mean() < 0.6
    assert found.coherence[late, at_period(found, 5.0)].mean() < 0.6


def test_swapping_turns_the_phase_and_scaling_changes_nothing() -> None:
    a, b = dyad()
    forth, back = wavelet_coherence(a, b, 4.0), wavelet_coherence(b, 3.0 * a + 25.0, 4.0)
    np.testing.assert_allclose(forth.coherence, back.coherence, rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.exp(1j * (forth.lead_rad + back.lead_rad)), 1.0, atol=1e-6)


def test_a_hole_is_bridged_at_long_periods_and_an_edge_at_short_ones() -> None:
    a, b = dyad()
    holed = a.copy()
    holed[1200:1240] = np.nan
    whole, found = wavelet_coherence(a, b, 4.0), wavelet_coherence(holed, b, 4.0)
    short, long = found.period_s < 39.0, found.period_s > 41.0
    hole = (found.t_s >= 300.0) & (found.t_s < 310.0)
    assert np.isnan(found.coherence[np.ix_(hole, short)]).all()
    assert np.isfinite(found.coherence[np.ix_(~hole, short)]).all()
    np.testing.assert_array_equal(found.inside[:, long], whole.inside[:, long])
    row = at_period(found, 10.0)
    out = np.flatnonzero(whole.inside[:, row] & ~found.inside[:, row])
    reach_s = np.sqrt(2) * found.period_s[row]
    assert found.t_s[out[0]] == np.ceil(300.0 - reach_s)
    assert found.t_s[out[-1]] == pytest.approx(310.0 + reach_s, abs=1.0)
    # Nearer to the ends the mean tells, which is another one with a hole.
    far = (np.abs(found.t_s - 305.0) > 150.0) & (np.abs(found.t_s - 300.0) < 200.0)
    np.testing.assert_allclose(found.coherence[far, row], whole.coherence[far, row], atol=1e-6)


def test_what_does_not_move_or_is_not_known_has_none() -> None:
    a, b = dyad()
    for other in (np.full_like(b, 70.0), b * np.nan):
        assert np.isnan(wavelet_coherence(a[:80], other[:80], 4.0).coherence).all()
        found = wavelet_coherence(a, other, 4.0)
        assert np.isnan(found.coherence).all()
        assert not found.inside.any()
        assert np.isnan(wavelet_null(a, other, 4.0, [LF_HZ], seed=1, shifts=9).p).all()
    assert wavelet_coherence(a[:0], b[:0], 4.0).coherence.shape == (0, 68)
    assert np.isnan(wavelet_null(a[:0], b[:0], 4.0, [LF_HZ], seed=1).p).all()


def test_the_mean_of_a_band_is_of_what_is_inside() -> None:
    found = wavelet_coherence(*dyad(), 4.0)
    over_time = band_coherence(found, LF_HZ)
    rows = (1 / found.period_s >= 0.04) & (1 / found.period_s < 0.15)
    assert over_time[300] == pytest.approx(found.coherence[300, rows].mean())
    assert np.isnan(over_time[0])
    assert np.isnan(band_coherence(found, (1.0, 2.0))).all()


def test_chance_tells_a_band_with_something_shared_from_one_without() -> None:
    found = wavelet_null(*dyad(), 4.0, [LF_HZ, HF_HZ], seed=1)
    assert found.p[0] <= 0.03
    assert found.p[1] > 0.1
    assert found.null == "99 random circular shifts of b, seed 1"
    whole = wavelet_coherence(*dyad(), 4.0)
    rows = (1 / whole.period_s >= 0.04) & (1 / whole.period_s < 0.15)
    used = whole.inside & rows
    assert found.observed[0] == pytest.approx(whole.coherence[used].mean())
    assert (found.chance > 0.15).all()


def test_strangers_are_called_alike_as_rarely_as_p_says() -> None:
    smooth = np.ones(8) / 8
    p = np.concatenate(
        [
            wavelet_null(
                *(np.convolve(x, smooth, "same") for x in noise(seed, 1200)),
                4.0,
                [LF_HZ, HF_HZ],
                seed=seed,
                shifts=19,
                period_s=(2.0, 26.0),
            ).p
            for seed in range(40)
        ]
    )
    assert 0 < np.mean(p <= 0.05) < 0.12
    assert 0.4 < np.mean(p) < 0.65


def test_a_wrong_call_is_refused() -> None:
    a, b = dyad()
    with pytest.raises(ValueError, match=r"period_s = \(0\.5, 100\.0\) must rise, from at least 1"):
        wavelet_coherence(a, b, 4.0, period_s=(0.5, 100.0))
    with pytest.raises(ValueError, match=r"both must be \(n,\)"):
        wavelet_coherence(a, b[1:], 4.0)
    with pytest.raises(ValueError, match=r"band_hz = \(0\.4, 0\.1\) must rise"):
        wavelet_null(a, b, 4.0, [(0.4, 0.1)], seed=1)
    with pytest.raises(ValueError, match="shifts = 0 must be at least 1"):
        wavelet_null(a, b, 4.0, [LF_HZ], seed=1, shifts=0)
