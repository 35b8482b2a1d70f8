from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.peaks import peaks
from interbeat_analysis.summaries import highest_lag_s
from interbeat_analysis.windowed import WindowedCrossCorrelation, windowed_cross_correlation
from references import assert_equal, dyad, reference


def dyad_wcc() -> WindowedCrossCorrelation:
    a, b = dyad()
    return windowed_cross_correlation(a, b, 4.0, anchor="trail")


def of_rows(r: np.ndarray) -> WindowedCrossCorrelation:
    lags = r.shape[-1] // 2
    return WindowedCrossCorrelation(
        np.arange(float(len(r))), np.arange(-lags, lags + 1) / 4.0, r, np.ones(r.shape, int)
    )


def hill(at: float, lags: int = 20) -> np.ndarray:
    return np.exp(-(((np.arange(-lags, lags + 1) - at) / 4.0) ** 2))


def test_plain_peaks_of_the_reference_dyad_are_those_of_plain_loops() -> None:
    expected = reference("peak_picking_plain")
    found = peaks(dyad_wcc())
    rows = expected["n_windows"]
    for values, name, scale in ((found.lag_s, "peak_lag_samples", 4.0), (found.r, "peak_value", 1)):
        column = np.array([np.nan if x is None else x for x in expected[name]], float)
        assert_equal(f"plain loops, {name}", scale * values[:rows], column)


def test_the_highest_of_each_window_is_where_plain_loops_find_it() -> None:
    expected = reference("peak_picking_plain")
    found = highest_lag_s(dyad_wcc())[: expected["n_windows"]]
    np.testing.assert_array_equal(4.0 * found, expected["max_lag_argmax"])


@pytest.mark.parametrize("smooth", [False, True])
def test_a_hill_is_found_at_its_lag_and_mirrored_at_the_opposite(smooth: bool) -> None:
    r = np.stack([hill(at) for at in (-10.0, -3.0, 0.0, 5.0, 12.0)])
    found = peaks(of_rows(r), smooth=smooth)
    np.testing.assert_allclose(found.lag_s, np.array([-10.0, -3.0, 0.0, 5.0, 12.0]) / 4.0)
    mirrored = peaks(of_rows(r[:, ::-1]), smooth=smooth)
    np.testing.assert_allclose(mirrored.lag_s, -found.lag_s)


def test_the_nearer_of_two_hills_is_met_first() -> None:
    r = 0.6 * hill(-5.0) + hill(15.0)
    assert peaks(of_rows(r[None])).lag_s == -1.25
    assert peaks(of_rows((0.6 * hill(-5.0) + hill(9.0))[None])).lag_s == 2.25


def test_no_peak_at_the_edge_nor_with_anything_unknown() -> None:
    holed = hill(3.0)
    holed[0] = np.nan
    found = peaks(of_rows(np.stack([hill(20.0), hill(-18.0), holed])))
    assert np.isnan(found.lag_s).all()
    assert np.isnan(found.r).all()


@pytest.mark.parametrize(
    ("reach_s", "message"),
    [
        (0.0, "reach_s = 0.0 s must be at least 0.25 s"),
        (5.0, "reach_s = 5.0 s must be below the largest lag, 5 s"),
        (5.25, "reach_s = 5.25 s must be below the largest lag, 5 s"),
        (0.3, "choose a multiple of 0.25 s"),
    ],
)
def test_a_wrong_reach_is_refused(reach_s: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        peaks(dyad_wcc(), reach_s=reach_s)
