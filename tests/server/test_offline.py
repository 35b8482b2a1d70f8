"""Measures of two hearts that are for after a session: what analyze prints of them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interbeat_analysis.coherence import coherence
from interbeat_analysis.concordance import concordance
from interbeat_analysis.frequency_bands import LF_HZ
from interbeat_analysis.peaks import peaks
from interbeat_analysis.phase import analytic_signal, circular_correlation, phase_locking
from interbeat_analysis.recurrence import cross_recurrence, recurrence_nearby
from interbeat_analysis.wavelet import wavelet_coherence
from interbeat_analysis.windowed import windowed_cross_correlation
from interbeat_collector.rr_file import read_rr
from interbeat_server import cli
from interbeat_server.offline_document import MEASURES, offline_measures
from interbeat_server.validation.recordings import FOLDER
from references import dyad

RR_B = FOLDER / "rr" / "bartels_rest_16min.txt"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return offline_measures(*dyad(), 4.0, shifts=39)


def figures(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for measure in MEASURES:
        yield from (x for x in document[measure].values() if isinstance(x, dict))


def test_the_figures_are_those_of_the_functions(
    document: dict[str, Any],
) -> None:
    a, b = dyad()
    found = coherence(a, b, 4.0, window_s=300.0)
    lf = (found.f_hz >= 0.04) & (found.f_hz < 0.15)
    assert document["coherence"]["lf"]["value"] == pytest.approx(found.coherence[:, lf].mean())
    one, two = (analytic_signal(x, 4.0, LF_HZ) for x in (a, b))
    plv = phase_locking(one, two, 4.0).plv.mean()
    assert document["phase_locking"]["lf"]["value"] == pytest.approx(plv)
    index = concordance(a, b, 4.0).session_index
    assert document["concordance"]["index"]["value"] == pytest.approx(float(index))
    r = circular_correlation(one, two, 4.0).r.mean()
    assert document["circular_correlation"]["lf"]["value"] == pytest.approx(r)
    first = np.nanmean(peaks(windowed_cross_correlation(a, b, 4.0)).r)
    assert document["peaks"]["r"]["value"] == pytest.approx(first)
    bands = {"slow": [0.01, 0.04], "lf": [0.04, 0.15], "hf": [0.15, 0.4]}
    assert document["bands_hz"] == bands
    waves = wavelet_coherence(a, b, 4.0)
    slow = waves.inside & (1 / waves.period_s >= 0.01) & (1 / waves.period_s < 0.04)
    expected = waves.coherence[slow].mean()
    assert document["wavelet_coherence"]["slow"]["value"] == pytest.approx(expected)
    seconds = [x.reshape(-1, 4).mean(axis=-1) for x in (a, b)]
    assert document["recurrence"]["whole_rate"] == cross_recurrence(*seconds).recurrence_rate


def test_the_settings_told_are_those_of_the_functions(document: dict[str, Any]) -> None:
    told = document["settings"]
    assert told == {
        "coherence_window_s": 300.0,
        "coherence_segment_s": default(coherence, "segment_s"),
        "phase_window_s": default(phase_locking, "window_s"),
        "recurrence_radius_sd": default(recurrence_nearby, "radius"),
        "recurrence_nearby_s": 5.0,
        "concordance_slope_s": default(concordance, "slope_s"),
        "concordance_slopes": default(concordance, "slopes"),
        "peaks_window_s": default(windowed_cross_correlation, "window_s"),
        "peaks_max_lag_s": default(windowed_cross_correlation, "max_lag_s"),
    }
    assert default(circular_correlation, "window_s") == told["phase_window_s"]
    assert default(cross_recurrence, "radius") == told["recurrence_radius_sd"]
    near = recurrence_nearby(*dyad(), round(told["recurrence_nearby_s"] * 4.0))
    assert document["recurrence"]["nearby_rate"]["value"] == pytest.approx(near)


def default(function: Callable[..., Any], name: str) -> Any:
    return inspect.signature(function).parameters[name].default


def test_each_figure_has_its_chance_and_each_measure_names_it(document: dict[str, Any]) -> None:
    json.dumps(document, allow_nan=False)
    assert all(
        document[measure]["null"] == "39 random circular shifts of b, seed 1"
        for measure in MEASURES
    )
    assert "turning b leaves" in document["recurrence"]["whole_null"]
    assert len(list(figures(document))) == 12
    for figure in figures(document):
        assert 1 / 40 <= figure["p"] <= 1.0
        assert abs(figure["chance"]) < 1.0


def test_what_b_copies_from_a_is_found_and_breathing_of_their_own_is_not(
    document: dict[str, Any],
) -> None:
    for measure, name in (("coherence", "lf"), ("wavelet_coherence", "slow"), ("peaks", "r")):
        assert document[measure][name]["p"] == 1 / 40
    assert document["wavelet_coherence"]["hf"]["p"] > 0.1
    assert document["phase_locking"]["hf"]["p"] > 0.1


def test_less_than_five_minutes_or_a_heart_that_stands_still_give_no_figure() -> None:
    a, b = dyad()
    short = offline_measures(a[:1000], b[:1000], 4.0)
    assert short["reason"] == "250 s are known of both hearts: it takes 300 s"
    assert all(short[measure] is None for measure in MEASURES)
    holed = b.copy()
    holed[400:] = np.nan
    assert "100 s are known" in offline_measures(a, holed, 4.0)["reason"]
    still = offline_measures(a, np.full_like(b, 70.0), 4.0, shifts=2)
    assert all(figure["p"] is None for figure in figures(still))


def test_a_hole_leaves_every_figure_known() -> None:
    a, b = dyad()
    a[900:940] = np.nan
    found = offline_measures(a, b, 4.0, shifts=3)
    assert all(figure["value"] is not None for figure in figures(found))


def test_analyze_adds_them_when_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    intervals = read_rr(RR_B)
    files = []
    for name, part in (("a", intervals[:500]), ("b", intervals[500:])):
        (tmp_path / name).write_text("\n".join(f"{1000 * x:.3f}" for x in part), "utf-8")
        files += [f"--rr-{name}", str(tmp_path / name)]
    assert cli.main(["analyze", *files, "--offline-measures", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["offline"]["reason"] is None
    assert document["offline"]["wavelet_coherence"]["lf"]["p"] >= 0.01
    assert cli.main(["analyze", *files, "--offline-measures"]) == 0
    table = capsys.readouterr().out
    shown = document["offline"]["wavelet_coherence"]["lf"]
    expected = [f"{shown[name]:.3f}" for name in ("value", "chance", "p")]
    (line,) = [x for x in table.splitlines() if x.startswith("Wavelet coherence, LF")]
    assert line.split()[3:] == expected
    assert "99 random circular shifts" in table
    assert cli.main(["analyze", *files, "--json"]) == 0
    assert "offline" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--rr-a", str(RR_B)], "of two hearts"), (["x", "--rows", "y.csv"], "--rows")],
)
def test_what_cannot_be_is_said_in_a_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["analyze", *arguments, "--offline-measures"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
