from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from interbeat_analysis.nonlinear import dfa_alpha1, sample_entropy
from interbeat_server.validation.recordings import golden, recording

SERIES = golden()["series"]


def rr_of(name: str) -> np.ndarray:
    return recording(name)


@pytest.mark.parametrize("name", SERIES)
def test_real_series_give_their_reference_values(name):
    reference, rr_s = SERIES[name]["reference"], rr_of(name)
    entropy = sample_entropy(rr_s)
    assert entropy == pytest.approx(reference["SampEn_m2_r02sd1_le"], rel=0, abs=1e-12)
    assert sample_entropy(rr_s, r=0.15) == pytest.approx(reference["SampEn_r015"], abs=1e-12)
    assert dfa_alpha1(rr_s) == pytest.approx(reference["DFA_a1_4_16"], rel=0, abs=1e-9)
    assert dfa_alpha1(rr_s, (4, 12)) == pytest.approx(reference["DFA_a1_4_12"], rel=0, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    grid=st.sampled_from([1.0, 8.0, 128.0, 1000.0]),
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(4, 60),
    m=st.integers(1, 3),
    r=st.sampled_from([0.1, 0.2, 0.5, 1.0, 3.0]),
)
def test_entropy_equals_the_pairs_one_by_one(grid, seed, n, m, r):
    rng = np.random.default_rng(seed)
    values = np.rint(grid * rng.uniform(0.5, 1.5, n)) / grid + 0.1  # ties, and none
    if np.ptp(values) > 0:
        expected = naive.sample_entropy(values, m, r)
        np.testing.assert_allclose(sample_entropy(values, m, r), expected, rtol=1e-12, atol=1e-15)


def test_a_value_exactly_at_the_tolerance_agrees():
    # The deviation of 1, 1, 1, 3, 3, 3, ... is such that r makes the tolerance exactly 2.
    values = np.array([1.0, 3.0] * 12)
    r = 2.0 / np.std(values, ddof=1)
    assert r * np.std(values, ddof=1) == 2.0
    assert sample_entropy(values, 2, r) == pytest.approx(0.0, abs=1e-15)
    assert sample_entropy(values, 2, 0.999 * r) == pytest.approx(
        naive.sample_entropy(values, 2, 0.999 * r)
    )


@pytest.mark.parametrize("sizes", [(4, 16), (4, 12), (3, 5)])
def test_the_exponent_equals_a_line_fitted_to_every_block(sizes):
    values = 0.8 + 0.05 * np.random.default_rng(4).standard_normal(150)
    expected = naive.dfa_alpha(values, range(sizes[0], sizes[1] + 1))
    assert dfa_alpha1(values, sizes) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.5, 1.5), shift=st.floats(-0.1, 0.2))
def test_neither_scale_nor_level_matters(seed, scale, shift):
    nn_s = 0.8 + 0.03 * np.random.default_rng(seed).standard_normal(120).clip(-3, 3)
    other = scale * nn_s + shift
    assert dfa_alpha1(other) == pytest.approx(dfa_alpha1(nn_s), abs=1e-9)
    assert sample_entropy(other) == pytest.approx(sample_entropy(nn_s), abs=1e-9, nan_ok=True)


def test_noise_has_an_exponent_of_a_half_and_its_sum_one_of_one_and_a_half():
    noise = np.random.default_rng(8).standard_normal(20_000)
    assert dfa_alpha1(2.0 + 0.1 * noise, (16, 64)) == pytest.approx(0.5, abs=0.06)
    walk = np.cumsum(noise)
    assert dfa_alpha1(2.0 + walk / np.ptp(walk), (16, 64)) == pytest.approx(1.5, abs=0.06)


def test_a_regular_rhythm_has_less_entropy_than_its_shuffle():
    regular = 0.8 + 0.05 * np.sin(np.arange(400) * 0.8)
    shuffled = np.random.default_rng(1).permutation(regular)
    assert sample_entropy(regular) < 0.5 < sample_entropy(shuffled)


def test_nothing_is_compared_or_fitted_across_a_rejected_interval():
    rng = np.random.default_rng(2)
    left, right = 0.8 + 0.05 * rng.standard_normal((2, 100))
    broken = np.concatenate([left, [np.nan], right])
    assert dfa_alpha1(broken) != dfa_alpha1(np.concatenate([left, right]))
    stuffed = np.concatenate([left, [np.nan, np.nan, 0.8, np.nan], right])
    assert dfa_alpha1(stuffed) == pytest.approx(dfa_alpha1(broken), abs=0.02)
    # Two equal halves: each pair within a half exists twice, and every stretch meets its twin.
    twice = np.concatenate([left, [np.nan], left])
    tolerance = 0.2 * np.std(twice[~np.isnan(twice)], ddof=1)
    shorter = longer = 0
    starts = [*range(98), *range(101, 199)]
    for i in starts:
        for j in starts:
            alike = [abs(twice[i + k] - twice[j + k]) <= tolerance for k in range(3)]
            shorter += i < j and all(alike[:2])
            longer += i < j and all(alike)
    assert sample_entropy(twice) == pytest.approx(-np.log(longer / shorter), abs=1e-12)


@pytest.mark.parametrize("nn_s", [np.empty(0), np.full(1, 0.8), np.full(3, np.nan)])
def test_too_few_intervals_are_nan(nn_s):
    assert np.isnan(sample_entropy(nn_s))
    assert np.isnan(dfa_alpha1(nn_s))


def test_an_even_heart_is_nan():
    assert np.isnan(sample_entropy(np.full(300, 0.7)))
    assert np.isnan(dfa_alpha1(np.full(300, 0.7)))


def test_four_longest_blocks_are_needed():
    nn_s = 0.8 + 0.05 * np.random.default_rng(3).standard_normal(64)
    assert np.isfinite(dfa_alpha1(nn_s))
    assert np.isnan(dfa_alpha1(nn_s[:63]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: sample_entropy(x, m=0), "m = 0 intervals; at least 1"),
        (lambda x: sample_entropy(x, r=0.0), r"r = 0.0 standard deviations must be above 0"),
        (lambda x: sample_entropy(1000.0 * x), "pass seconds, not milliseconds"),
        (lambda x: dfa_alpha1(1000.0 * x), "pass seconds, not milliseconds"),
        (lambda x: dfa_alpha1(x, (16, 4)), r"sizes = \(16, 4\) intervals"),
        (lambda x: dfa_alpha1(x, (2, 8)), r"sizes = \(2, 8\) intervals"),
        (lambda x: dfa_alpha1(x[np.newaxis]), r"shape \(1, 100\)"),
        (lambda x: sample_entropy(x[np.newaxis]), r"shape \(1, 100\)"),
    ],
)
def test_a_wrong_call_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.full(100, 0.8))
