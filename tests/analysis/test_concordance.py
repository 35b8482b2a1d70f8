from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.concordance import concordance
from references import dyad, reference


@pytest.mark.parametrize("slope", ["ols", "endpoint"])
def test_the_reference_dyad_gives_what_plain_loops_give(slope: str) -> None:
    a, b = dyad()
    expected = reference("marci_concordance")["variants"][slope]
    found = concordance(a, b, 4.0, slope=slope)
    np.testing.assert_allclose(found.r, expected["r"], rtol=0, atol=1e-9)
    assert found.session_index == pytest.approx(expected["index_ln"], abs=1e-9)
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


def test_without_both_signs_there_is_no_index() -> None:
    a = np.sin(np.arange(400) / 10.0)
    assert np.isnan(concordance(a, 2 * a + 1, 4.0).session_index)
    assert np.isnan(concordance(a[:60], a[:60], 4.0).session_index)
    assert concordance(a[:10], a[:10], 4.0).r.shape == (0,)
    with pytest.raises(ValueError, match="slope = 'mean' must be 'ols' or 'endpoint'"):
        concordance(a, a, 4.0, slope="mean")
