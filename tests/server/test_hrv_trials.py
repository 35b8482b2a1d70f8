"""Artefacts put into real records, and what remains of them in RMSSD."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.artifacts import find_artifacts
from interbeat_server.validation.hrv_trials import (
    APART,
    AS_THEY_ARE,
    CLEANED_FIRST,
    INJECTIONS,
    Bias,
    Injection,
    bias_table,
    cleaned,
    injected,
    trial_series,
)
from interbeat_server.validation.recordings import FOLDER

RR = FOLDER / "rr"
LIMITS = {"clean": 0.5, "missed": 5.0, "extra": 5.0, "ectopic": 5.0, "mixed": 10.0}


def rr_of(name: str) -> np.ndarray:
    return np.asarray(np.loadtxt(RR / f"{name}.txt") / 1000.0)


@pytest.fixture(scope="module")
def series() -> dict[str, np.ndarray]:
    return trial_series({name: rr_of(name) for name in (*AS_THEY_ARE, *CLEANED_FIRST)})


@pytest.fixture(scope="module", params=[False, True], ids=["offline", "causal"])
def table(series: dict[str, np.ndarray], request: pytest.FixtureRequest) -> dict[str, Bias]:
    return bias_table(series, causal=request.param)


@pytest.mark.parametrize(("kind", "limit"), LIMITS.items())
def test_rmssd_comes_back_from_one_artefact_in_twenty_beats(
    table: dict[str, Bias], kind: str, limit: float
) -> None:
    assert abs(table[kind].mean) <= limit


def test_seven_records_are_tried(series: dict[str, np.ndarray]) -> None:
    assert len(series) == 7
    assert all(find_artifacts(rr_s).bad.mean() < 0.005 for rr_s in series.values())


@pytest.mark.parametrize("kind", INJECTIONS)
def test_an_injection_spoils_what_it_says_and_keeps_the_time(kind: Injection) -> None:
    rr_s = np.full(400, 0.8)
    made = injected(rr_s, kind, np.random.default_rng(1))
    change = len(made) - len(rr_s)
    assert made.sum() == pytest.approx(rr_s.sum(), rel=1e-12)
    spoiled = int(np.count_nonzero(~np.isclose(made, 0.8)))
    expected = {"missed": (-20, 20), "extra": (20, 40), "ectopic": (0, 40), "misplaced": (0, 40)}
    if kind in expected:
        assert (change, spoiled) == expected[kind]
    else:
        assert -20 < change < 20
        assert 20 < spoiled < 40


def test_injected_artefacts_stay_apart() -> None:
    for seed in range(20):
        made = injected(np.full(200, 0.8), "missed", np.random.default_rng(seed))
        places = np.cumsum(np.rint(made / 0.8))[made > 1.2]  # in beats of the true record
        assert np.diff(places).min() >= APART


def test_the_same_seed_gives_the_same_artefacts() -> None:
    rr_s = rr_of("nsr009_5min")
    one, other = (injected(rr_s, "mixed", np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_cleaning_takes_out_what_the_detector_finds() -> None:
    rr_s = rr_of("nsr004_60min")
    assert find_artifacts(rr_s).bad.sum() > 5
    assert find_artifacts(cleaned(rr_s)).bad.sum() <= 1


def test_a_record_too_short_for_its_artefacts_is_refused() -> None:
    with pytest.raises(ValueError, match="no room for 10 artefacts"):
        injected(np.full(20, 0.8), "extra", np.random.default_rng(1), share=0.5)
