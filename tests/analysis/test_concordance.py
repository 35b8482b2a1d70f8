from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.concordance import concordance
from references import assert_equal, dyad, reference


@pytest.mark.parametrize("slope", ["ols", "endpoint"])
def test_the_reference_dyad_gives_what_plain_loops_give(slope: str) -> None:
    a, b = dyad()
    expected = reference("marci_concordance")["variants"][slope]
    found = concordance(a, b, 4.0, slope=slope)
    assert_equal(f"plain loops, {slope}, r", found.r, expected["r"])
    assert_equal(f"plain loops, {slope}, index", found.session_index, expected["index_ln"])
    assert found.t_s[0] == 9.5
    assert len(found.t_s) == expected["n_windows"]


def test_swapping_changes_nothing_and_a_gap_only_what_it_touches() -> None:
    a, b = np.random.default_rng(1).standard_normal((2, 2, 800)).cumsum(axis=-1)
    found = concordance(a, b, 4.0)
    np.testing.assert_allclose(concordance(b, a, 4.0).session_index, found.session_index)
    a[0, 400:440] = np.nan
    holed = concordance(a, b, 4.0)
    apart = np.abs(found.t_s - 105.0) > 5.0 + 9.5
    np.testing.assert_allclose(holed.r[0, apart], found.r[0, apart], rtol=0, atol=1e-12)
    assert np.isnan(holed.r[0]).any()
    np.testing.assert_allclose(holed.r[1], found.r[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("lost", "known"), [(3, True), (4, False)])
def test_a_correlation_needs_12_of_its_15_slopes(lost: int, known: bool) -> None:
    a, b = np.random.default_rng(1).standard_normal((2, 77))
    # A slope spans 5 s, so without the first samples the first slopes are lost.
    a[: 4 * lost - 1] = np.inf if lost == 3 else np.nan
    found = concordance(a, b, 4.0)
    assert found.r.shape == (1,)
    assert np.isfinite(found.r[0]) == known


def test_a_value_stands_at_the_middle_of_its_slopes() -> None:
    a, b = np.random.default_rng(1).standard_normal((2, 400))
    found = concordance(a, b, 4.0, slope_s=3.0, hop_s=2.0, slopes=10, start_s=50.0)
    np.testing.assert_array_equal(found.t_s, 50.0 + (9 * 2 + 3) / 2 + 2.0 * np.arange(len(found.r)))
    begins = np.arange(4, 4 + 10)  # of the slopes of the fifth value
    one, two = (
        [np.polyfit(np.arange(13), x[8 * k : 8 * k + 13], 1)[0] for k in begins] for x in (a, b)
    )
    assert found.r[4] == pytest.approx(np.corrcoef(one, two)[0, 1])


def test_without_both_signs_there_is_no_index() -> None:
    a = np.sin(np.arange(400) / 10.0)
    assert np.isnan(concordance(a, 2 * a + 1, 4.0).session_index)
    assert np.isnan(concordance(a[:60], a[:60], 4.0).session_index)
    assert concordance(a[:10], a[:10], 4.0).r.shape == (0,)
    with pytest.raises(ValueError, match=r"fs = 0\.0 Hz must be above 0"):
        concordance(a, a, 0.0)
    with pytest.raises(ValueError, match="slope = 'mean' must be 'ols' or 'endpoint'"):
        concordance(a, a, 4.0, slope="mean")
