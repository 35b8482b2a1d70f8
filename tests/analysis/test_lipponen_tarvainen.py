from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.lipponen_tarvainen import (
    CAP,
    FLOOR_S,
    RANKED_FROM,
    features,
    moving_quantiles,
    shifted,
)
from interbeat_server.validation.recordings import recording


def hour() -> np.ndarray:
    return recording("nsr004_60min")


def slow_quantiles(
    values: np.ndarray, part: np.ndarray, reach: tuple[int, int], share: float
) -> list[float]:
    back, ahead = reach
    found = []
    for i in range(len(values)):
        around = range(max(0, i - back), min(len(values), i + ahead + 1))
        known = [values[k] for k in around if part[k] == part[i] and not np.isnan(values[k])]
        found.append(float(np.quantile(known, share)) if known else np.nan)
    return found


@pytest.mark.parametrize("reach", [(45, 45), (90, 0), (8, 2)])
@pytest.mark.parametrize("share", [0.25, 0.5])
def test_quantiles_of_a_long_record_with_gaps_equal_the_obvious_loop(reach, share):
    values = np.abs(np.diff(hour()))[: RANKED_FROM + 200]
    values[[0, 700, 701, 1500]] = np.nan
    part = np.searchsorted([300, 304, 1900], np.arange(len(values)), side="right")
    (found,) = moving_quantiles(values, part, reach, (share,))
    np.testing.assert_allclose(found, slow_quantiles(values, part, reach, share), rtol=1e-14)


@pytest.mark.parametrize("causal", [False, True])
def test_a_long_record_has_the_features_of_its_short_stretches(causal):
    # Long records go another way than short ones; far from its ends a stretch must not tell.
    rr_s = hour()
    stretch = slice(1000, 1000 + RANKED_FROM // 2)
    whole = features(rr_s, np.zeros(len(rr_s), dtype=int), causal=causal)
    alone = features(rr_s[stretch], np.zeros(RANKED_FROM // 2, dtype=int), causal=causal)
    for one, other in zip(whole, alone, strict=True):
        np.testing.assert_allclose(one[stretch][110:-60], other[110:-60], rtol=1e-12)


def test_thresholds_stay_within_floor_and_cap():
    rng = np.random.default_rng(2)
    for spread_s in (0.0, 0.001, 0.05, 0.4):
        rr_s = 0.9 + spread_s * rng.standard_normal(300).clip(-1.2, 1.2)
        found = features(rr_s, np.zeros(300, dtype=int))
        assert (found.off_threshold_s >= FLOOR_S).all()
        assert (found.off_threshold_s <= np.maximum(CAP * found.median_s, FLOOR_S)).all()


def test_nothing_is_shifted_over_the_border_of_a_part():
    values, part = np.arange(5.0), np.array([1, 1, 2, 2, 2])
    np.testing.assert_array_equal(shifted(values, part, 1), [1, np.nan, 3, 4, np.nan])
    np.testing.assert_array_equal(shifted(values, part, -2), [np.nan] * 4 + [2])
    np.testing.assert_array_equal(shifted(values, part, 7), [np.nan] * 5)
