from __future__ import annotations

import numpy as np
import pytest

import naive
from interbeat_analysis.frequency_bands import LF_HZ
from interbeat_analysis.phase import analytic_signal, circular_correlation, phase_locking
from references import assert_equal, dyad, reference


@pytest.fixture(scope="module")
def analytic() -> tuple[np.ndarray, np.ndarray]:
    a, b = dyad()
    return analytic_signal(a, 4.0, (0.04, 0.4)), analytic_signal(b, 4.0, (0.04, 0.4))


def test_phase_locking_of_the_reference_dyad(analytic: tuple[np.ndarray, np.ndarray]) -> None:
    expected = reference("plv_formula")
    found = phase_locking(*analytic, 4.0)
    assert_equal("plain formula, phase locking", found.plv, expected["plv_30s_step1s"])
    whole = phase_locking(*analytic, 4.0, window_s=600.0)
    assert_equal("plain formula, of the whole", whole.plv[0], expected["plv_whole"])
    assert_equal("plain formula, phase", whole.lead_rad[0], expected["mean_phase_diff_rad"])


def test_both_equal_hypyp_on_the_whole_and_in_epochs(
    analytic: tuple[np.ndarray, np.ndarray],
) -> None:
    expected = reference("hypyp")["sync"]
    for key, window_s in (("whole", 600.0), ("epochs20x30s", 30.0)):
        layout = {"window_s": window_s, "hop_s": window_s}
        plv = phase_locking(*analytic, 4.0, **layout).plv
        assert_equal(f"HyPyP, phase locking, {key}", plv, expected[key]["plv"]["values"])
        r = circular_correlation(*analytic, 4.0, **layout).r
        # HyPyP takes the absolute value.
        values = expected[key]["ccorr"]["values"]
        assert_equal(f"HyPyP, circular correlation, {key}", abs(r), values)


@pytest.mark.parametrize("gaps", [False, True])
def test_windows_equal_the_obvious_loop(gaps: bool) -> None:
    random = np.random.default_rng(1)
    a, b = random.standard_normal((2, 2, 203)) + 1j * random.standard_normal((2, 2, 203))
    if gaps:
        a[0, 30:45] = complex(np.nan, np.nan)
        b[0, 100] = complex(np.nan, np.nan)
    layout = {"window_s": 10.0, "hop_s": 1.5}
    plv, r = phase_locking(a, b, 4.0, **layout), circular_correlation(a, b, 4.0, **layout)
    for row in range(2):
        rows = naive.phase_windows(a[row], b[row], width=40, hop=6)
        np.testing.assert_allclose(plv.plv[row], [x["plv"] for x in rows], atol=1e-12)
        np.testing.assert_allclose(r.r[row], [x["circular_r"] for x in rows], atol=1e-12)
        np.testing.assert_array_equal(r.n_valid[row], [x["n_valid"] for x in rows])
        np.testing.assert_array_equal(plv.n_valid[row], [x["n_valid"] for x in rows])
    np.testing.assert_allclose(plv.t_s, 5.0 + 1.5 * np.arange(len(plv.t_s)))


def test_a_phase_that_follows_is_locked_and_behind() -> None:
    t_s = np.arange(2400) / 4.0
    a, b = (np.sin(2 * np.pi * 0.1 * (t_s - lag_s)) for lag_s in (0.0, 1.0))
    found = phase_locking(*(analytic_signal(x, 4.0, LF_HZ) for x in (a, b)), 4.0)
    inside = slice(60, -60)
    np.testing.assert_allclose(found.plv[inside], 1.0, atol=1e-3)
    np.testing.assert_allclose(found.lead_rad[inside], 2 * np.pi * 0.1, atol=0.01)


def test_the_filter_bridges_a_gap_and_leaves_it_unknown() -> None:
    t_s = np.arange(2400) / 4.0
    whole = np.sin(2 * np.pi * 0.1 * t_s)
    holed = whole.copy()
    holed[1000:1008] = np.nan
    found = analytic_signal(holed, 4.0, LF_HZ)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(holed))
    far = np.abs(np.arange(2400) - 1004) > 300
    difference = np.abs(found - analytic_signal(whole, 4.0, LF_HZ))
    assert difference[far].max() < 0.01


def test_too_little_is_nan_and_never_an_error() -> None:
    assert np.isnan(analytic_signal(np.arange(10.0), 4.0, LF_HZ)).all()
    nothing = analytic_signal(np.full(400, np.nan), 4.0, LF_HZ)
    assert np.isnan(nothing).all()
    assert np.isnan(phase_locking(nothing, nothing, 4.0).plv).all()
    assert np.isnan(circular_correlation(nothing, nothing, 4.0).r).all()
    assert phase_locking(nothing[:100], nothing[:100], 4.0).plv.shape == (0,)
    assert circular_correlation(nothing[:100], nothing[:100], 4.0).r.shape == (0,)


def test_a_band_beyond_the_sampling_rate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"band_hz = \(0.5, 2.0\) must rise .* below half of fs"):
        analytic_signal(np.zeros(400), 4.0, (0.5, 2.0))


def test_a_heart_that_stands_still_has_no_phase() -> None:
    still = analytic_signal(np.full(2400, 70.0), 4.0, LF_HZ)
    assert np.isnan(still).all()
    moving = np.exp(1j * np.arange(2400) / 9.0)
    assert np.isnan(phase_locking(still, moving, 4.0).plv).all()
