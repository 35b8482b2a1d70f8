"""Windowed synchrony on real strangers: how often it is wrong, and what it finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.coherence import coherence
from interbeat_analysis.concordance import concordance
from interbeat_analysis.frequency_bands import HF_HZ, LF_HZ
from interbeat_analysis.peaks import peaks
from interbeat_analysis.phase import analytic_signal, circular_correlation, phase_locking
from interbeat_analysis.summaries import known_mean, summary
from interbeat_analysis.wavelet import band_coherence, wavelet_coherence
from interbeat_analysis.windowed import fisher_z, windowed_cross_correlation
from interbeat_server.validation import core, synchrony
from interbeat_server.validation.real_hours import heart_rate_of, hours, pair_of
from interbeat_server.validation.synchrony_trials import (
    STRETCH_S,
    Verdict,
    pairs_of_strangers,
    reference_lag_off_s,
    simulated,
    verdict,
    with_coupling,
)

ROOT = Path(__file__).parents[2]


def test_twelve_hours_make_396_pairs_of_strangers() -> None:
    assert len(hours()) == 12
    assert all(abs(rr_s.sum() - 3600.0) < 1.0 for rr_s in hours().values())
    assert all(np.isnan(heart_rate_of(name)).mean() < 0.01 for name in hours())
    found = pairs_of_strangers()
    assert len(found) == 396
    assert all(pair.a != pair.b for pair in found)


def test_the_coupling_is_put_where_it_is_said_to_be() -> None:
    a, b = (heart_rate_of(name)[4:2396] for name in sorted(hours())[:2])
    added = with_coupling(a, b, np.random.default_rng(1)) - b
    touched = np.flatnonzero(np.nan_to_num(added) != 0)
    assert touched[-1] - touched[0] < len(b) // 2
    assert np.nanstd(added[touched]) == pytest.approx(0.42 * np.nanstd(b), rel=0.5)
    lags = range(-40, 41)
    inside = slice(touched[0] + 40, touched[-1] - 40)
    r = [np.corrcoef(np.roll(a, lag)[inside], added[inside])[0, 1] for lag in lags]
    assert lags[int(np.argmax(r))] / FS_HZ == pytest.approx(2.0, abs=0.5)


def test_textbook_p_values_call_most_strangers_synchronous() -> None:
    called = {name: [] for name in ("Pearson", "peak of 41 lags", "t over windows", "Rayleigh")}
    abs_z = []
    for pair in pairs_of_strangers()[::3]:
        a, b = pair_of(pair, STRETCH_S)
        found = windowed_cross_correlation(a, b, FS_HZ)
        abs_z.append(float(summary(found).mean_abs_z))
        of_lag = [pearson_p(np.roll(a, lag)[20:-20], b[20:-20]) for lag in range(-20, 21)]
        z = known_mean(fisher_z(found.r), -1)
        one, two = (analytic_signal(x, FS_HZ, LF_HZ) for x in (a, b))
        whole = phase_locking(one, two, FS_HZ, window_s=STRETCH_S)
        called["Pearson"].append(pearson_p(a, b))
        called["peak of 41 lags"].append(min(of_lag))
        called["t over windows"].append(float(stats.ttest_1samp(z[np.isfinite(z)], 0.0).pvalue))
        called["Rayleigh"].append(float(np.exp(-whole.n_valid[0] * whole.plv[0] ** 2)))
    for name, p in called.items():
        share = np.mean(np.array(p) < 0.05)
        print(f"{name}: {share:.0%} of {len(p)} pairs of strangers at p < .05")
        assert share > 0.5
    print(f"mean |z| {np.mean(abs_z):.2f}")
    assert np.mean(abs_z) > 0.2


def pearson_p(x: np.ndarray, y: np.ndarray) -> float:
    known = np.isfinite(x) & np.isfinite(y)
    return float(stats.pearsonr(x[known], y[known]).pvalue)


def test_strangers_have_much_of_every_measure() -> None:
    found: dict[str, list[float]] = {}
    for pair in pairs_of_strangers()[::3]:
        a, b = pair_of(pair, STRETCH_S)
        wcc = windowed_cross_correlation(a, b, FS_HZ)
        first = peaks(wcc).r
        index = concordance(a, b, FS_HZ).session_index
        told = {
            "windows with a peak": np.isfinite(first).mean(),
            "r at the first peak": np.nanmean(first),
            "highest r of a window": np.nanmean(np.nanmax(wcc.r, axis=-1)),
            "concordance above 0": float(index > 0),
            "size of concordance": abs(float(index)),
        }
        whole = coherence(a, b, FS_HZ, window_s=300.0)
        waves = wavelet_coherence(a, b, FS_HZ)
        for name, band in (("LF", LF_HZ), ("HF", HF_HZ)):
            one, two = (analytic_signal(x, FS_HZ, band) for x in (a, b))
            inside = (whole.f_hz >= band[0]) & (whole.f_hz < band[1])
            told |= {
                f"phase locking {name}": np.nanmean(phase_locking(one, two, FS_HZ).plv),
                f"|circular r| {name}": np.nanmean(abs(circular_correlation(one, two, FS_HZ).r)),
                f"coherence {name}": np.nanmean(whole.coherence[:, inside]),
                f"wavelet coherence {name}": np.nanmean(band_coherence(waves, band)),
            }
        for name, value in told.items():
            found.setdefault(name, []).append(float(value))
    for name, values in found.items():
        print(f"{name}: {np.nanmean(values):.2f}")
        assert np.nanmean(values) > 0.1


def test_in_five_minutes_most_planted_couplings_are_missed() -> None:
    half = round(STRETCH_S * FS_HZ) // 2
    found = []
    for number, pair in enumerate(pairs_of_strangers()[::3]):
        a, b = pair_of(pair, STRETCH_S)[:, :half]
        found.append(verdict(a, with_coupling(a, b, np.random.default_rng(number))))
    for name in ("p", "p_in_phase"):
        below = core.up_to([getattr(each, name) for each in found], 0.05)
        share, low, high = core.share(name, below).figures
        print(f"{name} <= .05: {share:.0f} % of {len(found)} pairs, {low:.0f} to {high:.0f} %")
        assert 20 < share < 60


def test_the_reference_dyad_is_2_s_apart() -> None:
    assert reference_lag_off_s() <= 0.25


def test_no_two_rows_hang_on_the_same_simulated_people() -> None:
    tasks = synchrony.tasks(quick=False)
    seeds = [list(part[0]) for _, (trial, part) in tasks if trial is simulated]
    used = [seed for part in seeds for seed in part]
    assert len(used) == len(set(used)) == 3 * 500 + 2 * 200


def as_hoped() -> dict[str, list[Verdict]]:
    """3 of 100 strangers are called synchronous, 60 of 100 couplings are found."""
    alone, called = Verdict(0.5, 0.5, 0.5), Verdict(0.01, 0.01, 0.01)
    strangers = {name for name, _ in synchrony.tasks(quick=True)} - {"planted"}
    return {
        **{name: [called] * 3 + [alone] * 97 for name in strangers},
        "planted": [called] * 60 + [alone] * 40,
    }


@pytest.mark.parametrize(
    ("name", "off", "missed"),
    [
        ("real", {"p": 0.01}, "strangers, p < .05"),
        ("simulated 30", {"p_any_window": 0.01}, "simulated strangers, 30 min, any window p < .05"),
        ("simulated 5", {"p_in_phase": 0.01}, "simulated strangers, 5 min, in-phase p < .05"),
        ("planted", {"p": 0.05}, "planted coupling, p < .05"),
        ("planted", {"p_in_phase": 1.0}, "planted coupling, in-phase p < .05"),
        ("planted", {"p_any_window": 1.0}, "planted coupling, any window p < .05"),
        ("planted", {"p": np.nan}, "planted coupling, p < .05"),
        ("real", {"p_any_window": np.nan}, "strangers, any window p < .05"),
    ],
)
def test_a_result_beyond_a_limit_misses_its_row(
    name: str, off: dict[str, float], missed: str
) -> None:
    found = as_hoped()
    assert all(row.met for row in synchrony.judged(found))
    found[name] = [verdict._replace(**off) for verdict in found[name]]
    bad = [row.measure.partition(" (")[0] for row in synchrony.judged(found) if not row.met]
    assert bad == [missed]


@pytest.mark.parametrize(("n", "why"), [(62, "so few by luck"), (396, "timid")])
def test_strangers_who_are_called_synchronous_too_seldom_are_explained(n: int, why: str) -> None:
    found = as_hoped()
    found["real"] = [found["planted"][-1]] * n
    row = synchrony.judged(found)[0]
    assert row.figures[0] == 0.0
    assert row.met
    assert row.remark.startswith(why)
    assert f"met; {why}" in core.table("", [row])
    assert core.document("", [row])["rows"][0]["remark"] == row.remark


def test_the_printed_table_has_these_rows_and_limits() -> None:
    printed = (ROOT / "docs" / "validation.md").read_text("utf-8").splitlines()
    for row in synchrony.judged(as_hoped()):
        name = row.measure.rpartition(" (")[0]
        (line,) = [line for line in printed if line.startswith(f"{name} (")]
        limit = row.limits[0]
        sign = "≥" if row.at_least else "≤"
        assert f" {sign} {limit:g} / " in line if limit is not None else line.endswith("shown")


def test_the_quick_run_meets_its_widened_limits_and_says_how_many_pairs() -> None:
    found = synchrony.rows(quick=True, progress=lambda text: None, workers=1)
    assert [row.measure for row in found if not row.met] == []
    assert {row.count for row in found} == {80, 62, 25, None}
    assert "80 pairs of 12 real people" in synchrony.title(quick=True)
    assert "3 × 62 simulated ones" in synchrony.title(quick=True)
    wide = {row.measure: row.limits[0] for row in found if row.count == 62}
    assert set(wide.values()) == {16.2}, "7.5 % and 2.6 standard errors of 62 pairs"
