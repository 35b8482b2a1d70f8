from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.random_shifts import random_shifts


def test_p_counts_the_shifts_with_as_much_and_the_observed_one() -> None:
    values = np.array([5.0, 1.0, 9.0, 5.0, np.nan, 3.0])
    found = random_shifts(lambda step: values[[step]], 6, seed=1)
    # 9, the other 5 and the unknown one are not below 5.
    assert found.p == (3 + 1) / (5 + 1)
    assert found.chance == (1.0 + 9.0 + 5.0 + 3.0) / 4
    assert found.null == "5 random circular shifts of b, seed 1"


def test_each_shift_is_drawn_once_and_by_the_seed_alone() -> None:
    def drawn(seed: int) -> list[int]:
        steps: list[int] = []
        random_shifts(lambda step: np.array([steps.append(step) or 0.0]), 50, seed=seed, shifts=20)
        return steps[1:]

    assert len(set(drawn(1))) == 20
    assert 0 not in drawn(1)
    assert drawn(1) == drawn(1) != drawn(2)


def test_p_of_strangers_is_spread_evenly() -> None:
    a, b = np.random.default_rng(1).standard_normal((2, 300, 64))
    p = np.array(
        [
            random_shifts(lambda k, x=x, y=y: np.array([x @ np.roll(y, k)]), 64, seed=1).p[0]
            for x, y in zip(a, b, strict=True)
        ]
    )
    for level in (0.05, 0.25, 0.5, 0.75):
        assert np.mean(p <= level) == pytest.approx(level, abs=3 * np.sqrt(level / 300))


def test_what_is_not_known_has_no_p_and_no_shift_is_refused() -> None:
    found = random_shifts(lambda step: np.array([np.nan, 1.0]), 1, seed=1)
    np.testing.assert_array_equal(found.p, [np.nan, 1.0])
    np.testing.assert_array_equal(found.chance, [np.nan, np.nan])
    with pytest.raises(ValueError, match="shifts = 0 must be at least 1"):
        random_shifts(lambda step: np.zeros(1), 5, seed=1, shifts=0)
