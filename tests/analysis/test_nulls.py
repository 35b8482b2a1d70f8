from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.compat import published
from interbeat_analysis.nulls import (
    fourier_null,
    fourier_surrogates,
    segment_permutation,
)
from interbeat_analysis.pseudo_dyads import pseudo_dyads
from interbeat_analysis.summaries import summary
from interbeat_analysis.windowed import windowed_cross_correlation
from references import dyad

SMALL = {"window_s": 10.0, "hop_s": 2.0, "max_lag_s": 2.0}


def smooth_noise(n: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(n)
    return np.convolve(noise, np.ones(6), mode="same")


def test_segments_in_order_are_what_susy_calls_z() -> None:
    susy = published(*dyad(), 4.0, "susy").summary
    found = segment_permutation(*dyad(), 4.0, seed=1)
    assert found.mean_abs_z == pytest.approx(susy["Z"], abs=1e-12)
    assert found.mean_z == pytest.approx(susy["Z(noAbs)"], abs=1e-12)
    # Orders put a segment beside its own partner now and then, which SUSY's surrogates never do.
    others = (19 * susy["Z-Pseudo"] + susy["Z"]) / 20
    assert found.drawn_abs_z.mean() == pytest.approx(others, abs=0.002)
    assert found.null == "999 orders of 20 segments, seed 1"


def test_the_reference_dyad_stands_where_another_permutation_put_it() -> None:
    # A permutation of the same segments by another program gave p = .059.
    found = segment_permutation(*dyad(), 4.0, seed=2, draws=9999)
    assert found.p == pytest.approx(0.059, abs=0.01)


def test_a_segment_with_a_gap_is_left_out_on_both_sides() -> None:
    a, b = dyad()
    holed = a.copy()
    holed[130] = np.nan
    rest = [np.delete(x, np.s_[120:240]) for x in (a, b)]
    expected = segment_permutation(*rest, 4.0, seed=1)
    for pair, other in (((holed, b), (a, b)), ((b, holed), (b, a))):
        found = segment_permutation(*pair, 4.0, seed=1)
        assert found.mean_abs_z != segment_permutation(*other, 4.0, seed=1).mean_abs_z
        assert found.null == expected.null
    assert segment_permutation(holed, b, 4.0, seed=1).mean_abs_z == pytest.approx(
        expected.mean_abs_z
    )


def test_surrogates_keep_spectrum_level_and_gaps_and_nothing_else() -> None:
    for n in (400, 401):
        x = 70.0 + smooth_noise(n, 1)
        found = fourier_surrogates(x, 5, seed=1)
        power = np.abs(np.fft.rfft(found, axis=-1))
        np.testing.assert_allclose(power, np.tile(np.abs(np.fft.rfft(x)), (5, 1)), atol=1e-8)
        assert np.abs(np.corrcoef([x, *found])[0, 1:]).max() < 0.9
    x[50:60] = np.nan
    np.testing.assert_array_equal(np.isnan(fourier_surrogates(x, 3, seed=1)[2]), np.isnan(x))
    assert np.isnan(fourier_surrogates(np.full(10, np.nan), 2, seed=1)).all()


@pytest.mark.parametrize("null", [segment_permutation, fourier_null])
def test_draws_repeat_with_their_seed_and_count_the_observed_one(null: object) -> None:
    a = smooth_noise(1208, 3)
    pair = a[8:], a[:-8]
    found = null(*pair, 4.0, seed=5, draws=49)
    again, other = (null(*pair, 4.0, seed=seed, draws=49) for seed in (5, 6))
    np.testing.assert_array_equal(found.drawn_abs_z, again.drawn_abs_z)
    assert not np.array_equal(found.drawn_abs_z, other.drawn_abs_z)
    assert found.p == found.p_in_phase == 1 / 50
    against = null(a[8:], -a[:-8], 4.0, seed=5, draws=49)
    assert against.p == 1 / 50
    assert against.p_in_phase == 1.0
    assert "seed 5" in found.null


def test_true_pairs_stand_out_from_pseudo_dyads() -> None:
    a = np.array([smooth_noise(400, seed) for seed in range(6)])
    found = pseudo_dyads(a, np.roll(a, 4, axis=-1), 4.0, **SMALL)
    assert found.mean_abs_z.shape == (6, 6)
    np.testing.assert_array_equal(found.p, 1 / 11)
    np.testing.assert_array_equal(found.p_in_phase, 1 / 11)
    strangers = pseudo_dyads(a, a[::-1] * np.nan, 4.0, **SMALL)
    assert np.isnan(strangers.p).all()


def test_a_true_pair_is_ranked_among_all_pairs_of_either_with_somebody_else() -> None:
    a, b = (np.array([smooth_noise(400, seed) for seed in seeds]) for seeds in ((1, 2), (3, 4)))
    a[1, 100:150] = np.nan
    found = pseudo_dyads(a, b, 4.0, **SMALL)
    for i in range(2):
        for j in range(2):
            z = summary(windowed_cross_correlation(a[i], b[j], 4.0, **SMALL))
            assert found.mean_abs_z[i, j] == pytest.approx(float(z.mean_abs_z))
            assert found.mean_z[i, j] == pytest.approx(float(z.mean_z))
    for table, p in ((found.mean_abs_z, found.p), (found.mean_z, found.p_in_phase)):
        for i in range(2):
            others = [table[i, 1 - i], table[1 - i, i]]
            assert p[i] == (1 + sum(x >= table[i, i] for x in others)) / 3


def test_data_that_cannot_be_judged_are_nan_with_a_reason() -> None:
    a, b = np.random.default_rng(1).standard_normal((2, 400))
    found = segment_permutation(a, b, 4.0, seed=1)
    assert found.reason == "3 whole segments of 30 s: it takes 4"
    assert np.isnan(found.p)
    found = fourier_null(a, b * np.nan, 4.0, seed=1)
    assert found.reason.startswith("no window")
    assert found.null == "none"


def test_a_wrong_call_is_refused_in_one_line() -> None:
    a = np.zeros(400)
    with pytest.raises(ValueError, match="draws = 0 must be at least 1"):
        segment_permutation(a, a, 4.0, seed=1, draws=0)
    with pytest.raises(ValueError, match=r"fs = 0\.0 Hz must be above 0"):
        segment_permutation(a, a, 0.0, seed=1)
    with pytest.raises(ValueError, match=r"max_lag_s = 30\.0 s must be below window_s = 30\.0 s"):
        segment_permutation(a, a, 4.0, seed=1, max_lag_s=30.0)
    with pytest.raises(ValueError, match=r"both must be \(m, n\) with m at least 2"):
        pseudo_dyads(a[None], a[None], 4.0)
    with pytest.raises(ValueError, match=r"both must be \(n,\)"):
        fourier_null(a, a[1:], 4.0, seed=1)
