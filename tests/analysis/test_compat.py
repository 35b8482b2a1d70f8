from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interbeat_analysis.compat import published
from references import assert_equal, dyad, reference

DATA = Path(__file__).parents[1] / "data"


def column(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def test_susy_prints_the_same_21_figures_and_8_profiles() -> None:
    expected = reference("susy_30s_5s")
    found = published(*dyad(), 4.0, "susy")
    names = [name for name in expected["summary"] if not name.startswith("Var")]
    assert list(found.summary) == names
    assert_equal(
        "SUSY, figures",
        [found.summary[name] for name in names],
        column([expected["summary"][name] for name in names]),
    )
    columns = {**expected["lag_profile"], **expected["segment_profile"]}
    assert set(found.profiles) == set(columns)
    for name, values in columns.items():
        assert_equal(f"SUSY, {name}", found.profiles[name], values)


def test_susy_counts_lags_the_other_way_round() -> None:
    source = np.random.default_rng(1).standard_normal(1208)
    found = published(source[8:], source[:-8], 4.0, "susy")
    np.testing.assert_allclose(found.wcc.lag_s, np.linspace(5.0, -5.0, 41))
    np.testing.assert_array_equal(found.wcc.t_s, 15.0 + 30.0 * np.arange(10))
    assert found.wcc.lag_s[np.argmax(found.wcc.r.mean(axis=0))] == 2.0
    assert found.summary["Z(lead1)"] > found.summary["Z(lead2)"]


def test_susy_joins_what_is_left_of_a_series_with_a_gap() -> None:
    a, b = dyad()
    a[1000:1040] = np.nan
    joined = [np.delete(x, np.s_[1000:1040]) for x in (a, b)]
    with_gap, without = published(a, b, 4.0, "susy"), published(*joined, 4.0, "susy")
    assert with_gap.summary == pytest.approx(without.summary, nan_ok=True)


def test_susy_of_what_is_the_same_or_stands_still_is_known_or_nan_without_a_warning() -> None:
    a, _ = dyad()
    segments = np.tile(a[:120], 6)
    same = published(segments, segments, 4.0, "susy").summary
    assert same["Z"] == pytest.approx(same["Z-Pseudo"])
    assert np.isnan(same["ES"]) == (same["SD(Z-Pseudo)"] == 0)
    assert np.isfinite(published(a, a, 4.0, "susy").summary["Z"])
    still = published(np.full_like(a, 70.0), a, 4.0, "susy").summary
    assert (still["Z"], still["Z-Pseudo"]) == (0.0, 0.0)
    assert np.isnan(still["ES"])
    assert np.isnan(published(a, a[::-1], 1.0, "susy", max_lag_s=1.0).summary["ES(lead1)"])


def test_rmea_returns_the_same_table_and_means() -> None:
    expected = reference("rmea_wlcc_30s_1s_5s")
    found = published(*dyad(), 4.0, "rmea")
    table = np.loadtxt(DATA / "reference" / "rmea_wlcc_raw.csv", delimiter=",", skiprows=1)
    assert_equal("rMEA, table", found.wcc.r, table)
    for kind in ("raw", "z", "absz"):
        names = [name.removeprefix(f"{kind}.") for name in found.summary if name.startswith(kind)]
        assert names == ["grandAver", "s1_lead_mean", "s2_lead_mean", "lag_zero_mean"]
        means = [found.summary[f"{kind}.{name}"] for name in names]
        assert_equal(f"rMEA, {kind}, means", means, [expected[kind][name] for name in names])
        for name in ("all_lags", "bestLag"):
            values = found.profiles[f"{kind}.{name}"]
            assert_equal(f"rMEA, {kind}, {name}", values, expected[kind][name])


def test_rmea_holds_z_within_10_and_knows_no_lag_of_a_window_without_r() -> None:
    a, _ = dyad()
    b = 2 * a + 3
    b[:400] = np.nan
    found = published(a, b, 4.0, "rmea")
    assert found.summary["z.lag_zero_mean"] == pytest.approx(10.0)
    unknown = np.isnan(found.wcc.r).all(axis=-1)
    assert unknown.any()
    np.testing.assert_array_equal(np.isnan(found.profiles["raw.bestLag"]), unknown)
    assert not np.any(found.profiles["raw.bestLag"][~np.isnan(found.wcc.r).any(axis=-1)])


def test_boker_returns_the_same_rows_and_the_same_smoothed_peaks() -> None:
    expected = reference("boker_wcc_peakpick")
    found = published(*dyad(), 4.0, "boker")
    assert found.wcc.r.shape == (expected["n_rows"], 41)
    for row, name in ((0, "row_1"), (149, "row_150"), (-1, "row_last")):
        assert_equal(f"Boker, {name}", found.wcc.r[row], expected[name])
    assert_equal("Boker, means of lags", found.wcc.r.mean(axis=0), expected["column_mean"])
    for name in ("mean", "mean_abs_z", "n_peaks_found"):
        assert_equal(f"Boker, {name}", found.summary[name], expected[name])
    np.testing.assert_array_equal(
        found.profiles["maxIndex"], column(expected["peak_index_half_lags"])
    )
    assert_equal("Boker, peaks", found.profiles["maxValue"], column(expected["peak_value"]))


def test_bsync_returns_the_same_rows_optima_and_leadership() -> None:
    expected = reference("bsync_wcc")
    found = published(*dyad(), 4.0, "bsync")
    assert len(found.wcc.t_s) == expected["n_windows"]
    for row, name in ((0, "row_1"), (99, "row_100")):
        assert_equal(f"bsync, {name}", found.wcc.r[row], expected[name]["wcc"])
        np.testing.assert_array_equal(4 * found.wcc.lag_s, expected[name]["tau"])
    # Its windows begin at i, counted from 1, and hold 121 samples.
    begins = 1 + 4 * (found.wcc.t_s - 121 / 8)
    np.testing.assert_array_equal(begins, expected["optima_local"]["i"])
    for name in ("fisher_z", "leadership_mean"):
        assert_equal(f"bsync, {name}", found.summary[name], expected[name])
    lags = column(expected["optima_local"]["optimum_lag"])
    np.testing.assert_array_equal(found.profiles["optimum_lag"], lags)
    values = column(expected["optima_local"]["optimum_value"])
    assert_equal("bsync, optima", found.profiles["optimum_value"], values)


def test_bsync_counts_a_correlation_of_one_as_99_hundredths() -> None:
    a, _ = dyad()
    found = published(a, 2 * a + 3, 4.0, "bsync", max_lag_s=1.0)
    assert (found.wcc.r[:, 4] == 1.0).any()
    rest = np.arctanh(np.delete(found.wcc.r, 4, axis=1))
    expected = np.mean(np.column_stack([abs(rest), np.full(len(rest), np.arctanh(0.99))]))
    assert found.summary["fisher_z"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"compat": "syncpy"}, "compat = 'syncpy' must be one of susy, rmea, boker, bsync"),
        ({"fs": 4.5}, "fs = 4.5: SUSY takes whole Hz and seconds and would cut it to 4"),
        ({"a": np.zeros(200), "b": np.zeros(200)}, "50 s of both series is too short"),
        ({"fs": 0.0, "compat": "bsync"}, "fs = 0.0 Hz must be above 0"),
        ({"max_lag_s": 31.0}, "max_lag_s = 31.0 s must be below window_s = 30.0 s"),
        ({"a": np.zeros(2399)}, r"shapes \(2399,\) and \(2400,\)"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(changed: dict[str, Any], message: str) -> None:
    a, b = dyad()
    with pytest.raises(ValueError, match=message) as refused:
        published(**{"a": a, "b": b, "fs": 4.0, "compat": "susy", **changed})
    assert "\n" not in str(refused.value)
