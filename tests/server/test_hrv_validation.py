"""The validation of variability: its rows, its limits, and what it does without peers."""

from __future__ import annotations

import json
from importlib import metadata

import numpy as np
import pytest

from interbeat_server import cli
from interbeat_server.validation import core, hrv, hrv_reference, hrv_straps
from interbeat_server.validation.hrv_trials import INJECTIONS, Bias
from interbeat_server.validation.recordings import golden


def test_reference_values_are_met_and_a_wrong_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = {row.measure: row for row in hrv_reference.entropy_and_dfa()}
    assert all(row.met for row in exact.values())
    monkeypatch.setattr(hrv_reference, "sample_entropy", lambda rr_s: 1.0)
    (entropy, alpha) = hrv_reference.entropy_and_dfa()
    assert (entropy.met, alpha.met) == (False, True)


def test_our_figures_agree_with_the_reference_and_peers_are_told_beside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def half(rr_ms: np.ndarray) -> dict[str, float]:
        return {"RMSSD": 0.5 * float(np.sqrt(np.mean(np.diff(rr_ms) ** 2)))}

    peers = {"half": hrv_reference.Peer("1", half), "absent": hrv_reference.Peer(None, half)}
    monkeypatch.setattr(hrv_reference, "peers", lambda: peers)
    found = hrv_reference.agreement()
    assert set(found) == {"interbeat", "half"}
    assert found["half"]["RMSSD"] == pytest.approx(50.0)
    rows = {row.measure.split(",")[0]: row for row in hrv._agreement_rows(found)}
    assert all(rows[index].met for index in hrv.TIME_DOMAIN_AGREED)
    assert rows["RMSSD"].names == ("interbeat", "half")
    assert rows["LF"].figures[0] < 1e-6
    assert rows["LF"].limits == (), "estimators differ; only shown"


def test_a_peer_that_cannot_be_imported_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(rr_ms: np.ndarray) -> dict[str, float]:
        raise ImportError("one of its own dependencies is too new")

    monkeypatch.setattr(hrv_reference, "peers", lambda: {"broken": hrv_reference.Peer("1", broken)})
    short = {"nsr009_5min": golden()["series"]["nsr009_5min"]}
    monkeypatch.setattr(hrv_reference, "golden", lambda: {"series": short})
    assert set(hrv_reference.agreement()) == {"interbeat"}


def test_the_title_names_versions_and_what_is_not_installed() -> None:
    title = hrv.title(quick=True)
    assert f"neurokit2 {metadata.version('neurokit2')}" in title
    assert "quick" in title


def test_test_tones_and_batches_meet_their_limits() -> None:
    rows = [*hrv_reference.test_tones(), *hrv_reference.batched_spectra(quick=True)]
    assert len(rows) == 4
    for row in rows:
        assert row.met, row


def test_bias_is_held_against_its_limit_without_its_sign() -> None:
    table = {kind: Bias(-1.0, -9.0, 2.0, 5.0) for kind in ("clean", *INJECTIONS)}
    rows = {row.measure: row for row in hrv._bias_rows(table, "")}
    assert not rows["RMSSD of clean records"].met, "1 % is above 0.5 %"
    assert rows["RMSSD, 5 % of beats missed"].met
    assert rows["RMSSD, 5 % of beats misplaced"].limits == (None,)
    table["extra"] = Bias(-5.1, -9.0, 2.0, 5.0)
    assert not {row.measure: row for row in hrv._bias_rows(table, "")}[
        "RMSSD, 5 % of beats extra"
    ].met


def test_no_false_clock_event_in_series_without_a_loss() -> None:
    (row,) = hrv_straps.false_clock_events()
    assert row.figures == (0.0, 0.0, 0.0)
    assert row.met


def test_an_irregular_heart_never_has_an_rmssd() -> None:
    assert all(row.met for row in hrv_straps.irregular_windows())


def test_intervals_of_a_generated_ecg_are_within_half_a_millisecond() -> None:
    errors_ms = hrv_straps.ecg_rr_errors_ms(1)
    assert errors_ms is not None
    fine, grid = errors_ms
    assert fine <= 0.5
    assert grid > 2.5, "what the grid of samples alone would give"


def test_without_neurokit2_the_ecg_is_told_as_missing_and_misses_no_limit() -> None:
    (row,) = hrv._ecg_rows([None, None])
    assert "not installed" in row.measure
    assert row.met


@pytest.mark.parametrize(("figure", "code"), [(1.0, 0), (3.0, 1)])
def test_the_exit_code_says_whether_every_limit_was_met(
    figure: float,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = core.Row("RMSSD", ("|mean|",), (figure,), (2.0,), "%")
    monkeypatch.setattr(hrv, "rows", lambda **_: [row])
    assert cli.main(["validate", "hrv", "--quick"]) == code
    out = capsys.readouterr().out
    assert "≤ 2" in out
    assert cli.main(["validate", "hrv", "--quick", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["met"] == (not code)
