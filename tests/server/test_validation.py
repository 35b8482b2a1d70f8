"""The validation of the clock: its figures, its limits and its exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import ModuleType

import numpy as np
import pytest

from interbeat_collector.events import PARTNERS
from interbeat_collector.virtual_strap import strap_sends
from interbeat_server import cli
from interbeat_server.validation import clock, core, index, synchrony
from interbeat_server.validation.clock_trials import (
    StrapTrial,
    heart,
    middle_of_bounds,
    strap_trial,
)
from interbeat_server.validation.core import Row, percentiles


def test_a_missed_limit_and_a_missing_figure_are_not_met() -> None:
    assert Row("x", ("p50",), (1.0,), (1.0,)).met
    assert not Row("x", ("p50",), (1.1,), (1.0,)).met
    assert not Row("x", ("p50",), (np.nan,), (1.0,)).met
    assert Row("x", ("share",), (99.0,), (98.0,), at_least=True).met
    assert not Row("x", ("share",), (97.0,), (98.0,), at_least=True).met
    assert not percentiles("x", np.empty(0), (1, None, None)).met


def test_a_quick_run_widens_limits_by_what_few_cases_scatter() -> None:
    share = Row("x", ("share",), (95.0,), (98.0,), at_least=True, count=100)
    assert core.widened(share).limits == (pytest.approx(98 - 2.6 * 1.4, abs=0.05),)
    assert core.widened(share).met
    assert not share.met
    assert core.widened(percentiles("y", np.array([0.1]), (10, None, 110))).limits == (
        15,
        None,
        165,
    )


def test_a_share_has_an_interval_and_leaves_out_what_is_not_known() -> None:
    row = core.share("x", core.up_to([0.01, 0.2, np.nan, 0.3, 0.4], 0.05), 30.0)
    assert row.measure == "x (4)"
    assert row.figures == pytest.approx((25, 4.56, 69.94), abs=0.01)
    assert row.met
    assert not core.share("x", core.up_to([np.nan], 0.05), 30.0).met


def test_the_limit_stands_beside_the_figure() -> None:
    row = percentiles("live", np.array([0.001, 0.002]), (10, 60, 110))
    assert "≤ 10 / 60 / 110" in core.table("Title", [row])
    found = core.document("Title", [row])
    assert found["rows"][0]["limits"] == {"p50": 10, "p95": 60, "p99": 110}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.fixture(scope="module")
def ten_minutes() -> list[StrapTrial]:
    """Both straps of ten couples, the first ten there are."""
    return [strap_trial(seed, p, 600.0, 0.02) for seed in range(1, 11) for p in PARTNERS]


def test_ten_minutes_keep_the_limits_of_the_hour(ten_minutes: list[StrapTrial]) -> None:
    live = percentiles("live", pooled(trial.live_s for trial in ten_minutes), (10, 60, 110))
    offline = percentiles("offline", pooled(t.offline_s for t in ten_minutes), (6, 30, 65))
    naive = percentiles("naive", pooled(trial.naive_s for trial in ten_minutes))
    assert live.met, live.figures
    assert offline.met, offline.figures
    assert naive.figures[1] > 10 * live.figures[1]


def test_no_couple_of_the_ten_is_worse_off_than_by_arrival(ten_minutes: list[StrapTrial]) -> None:
    for trial in ten_minutes:
        live, naive = percentiles("live", trial.live_s), percentiles("naive", trial.naive_s)
        assert naive.figures[1] > 5 * live.figures[1]


def pooled(errors_s: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(errors_s))


def test_known_sendings_leave_the_latencies_that_would_send_the_same_packets() -> None:
    sends = list(strap_sends(heart(3, "a", 60.0), seed=3, loss=0.0, latency_s=0.4))
    candidates_s = np.arange(0.3, 0.5, 0.0005)
    strokes_s = np.array([sent.send_s for sent in sends])
    carried_by = [n for n, sent in enumerate(sends) for _ in sent.beat_t_s]
    beats_s = np.array([t_s for sent in sends for t_s in sent.beat_t_s])
    possible_s = [
        latency_s
        for latency_s in candidates_s
        if (np.searchsorted(strokes_s, beats_s + latency_s) == carried_by).all()
    ]
    middle_s = middle_of_bounds(sends, np.inf)
    assert 3 < len(possible_s) < 200
    assert possible_s[0] < 0.4 < possible_s[-1]
    assert middle_s == pytest.approx((possible_s[0] + possible_s[-1]) / 2, abs=0.001)


@pytest.mark.parametrize("what", [clock, synchrony, index])
def test_the_exit_code_says_whether_every_limit_was_met(
    what: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = what.__name__.rpartition(".")[2]
    for figure, code in ((1.0, 0), (3.0, 1)):
        row = Row("live", ("p50",), (figure,), (2.0,))
        monkeypatch.setattr(what, "rows", lambda row=row, **_: [row])
        assert cli.main(["validate", name, "--quick"]) == code
        assert ("MISSED" in capsys.readouterr().out) == bool(code)
        assert cli.main(["validate", name, "--json"]) == code
        assert json.loads(capsys.readouterr().out)["met"] == (not code)
