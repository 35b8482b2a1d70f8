"""All indices with their states: one path for whole recordings and windows."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.artifacts import find_artifacts
from interbeat_analysis.gates import IRREGULAR, NEEDS
from interbeat_analysis.hrv import hrv, windowed_hrv
from interbeat_analysis.indices import (
    AS_RECORDED,
    FREQUENCY_DOMAIN,
    LOMB,
    TIME_DOMAIN,
    as_recorded,
    cleaned,
    differences_method,
    whole_indices,
    windowed_indices,
)
from interbeat_analysis.nonlinear import dfa_alpha1
from interbeat_analysis.spectra import KUBIOS_LIKE, TASK_FORCE, bands, windowed_bands
from interbeat_server.validation.recordings import golden, recording

SERIES = golden()["series"]
CLEAN = "nsr009_5min"


def beats_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    rr_s = recording(name)
    return np.cumsum(rr_s), rr_s


def with_missed_beats(rr_s: np.ndarray, every: int) -> np.ndarray:
    """Each `every`th pair of intervals summed."""
    found = rr_s.tolist()
    for at in range(len(found) - every, 5, -every):
        found[at : at + 2] = [found[at] + found[at + 1]]
    return np.array(found)


@pytest.mark.parametrize("name", [n for n, s in SERIES.items() if "reference" in s])
def test_as_recorded_gives_the_reference_values(name: str) -> None:
    found = whole_indices(as_recorded(*beats_of(name)))
    reference = SERIES[name]["reference"]
    for index, key in {
        "mean_hr_bpm": "MeanHR_ratio",
        "sdnn_ms": "SDNN",
        "rmssd_ms": "RMSSD",
        "sdsd_ms": "SDSD",
        "pnn50_percent": "pNN50",
        "sd1_ms": "SD1",
        "sd2_ms": "SD2",
    }.items():
        assert found[index].value == pytest.approx(reference[key], rel=1e-9), index
    assert found["dfa_alpha1"].value == pytest.approx(reference["DFA_a1_4_16"], abs=1e-9)


def test_a_whole_recording_has_every_index_and_each_has_a_state() -> None:
    found = whole_indices(cleaned(*beats_of(CLEAN)))
    assert set(found) == (set(NEEDS) - {"lf_hf"}) | set(LOMB)
    for name, index in found.items():
        assert (index.reason == "") == (index.state == "ok"), name
        assert 298 < index.window_s < 299, name
        assert (index.beats, index.corrected_percent) == (386, 0.0)
        if name != "respiration_per_min":
            assert index.state == "ok", f"five minutes lack no more than the cut beats: {name}"


def test_windows_are_what_the_functions_give() -> None:
    t_s, rr_s = beats_of(CLEAN)
    end_s = np.arange(70.0, 290.0, 20.0)
    found = windowed_indices(cleaned(t_s, rr_s), end_s, 60.0)
    in_time, in_bands = windowed_hrv(t_s, rr_s, end_s, 60.0), windowed_bands(t_s, rr_s, end_s, 60.0)
    assert len(found) == len(end_s)
    for at, indices in enumerate(found):
        for name in TIME_DOMAIN:
            assert indices[name].value == pytest.approx(getattr(in_time, name)[at], rel=1e-12)
        for name in FREQUENCY_DOMAIN:
            assert indices[name].value == getattr(in_bands, name)[at]
        assert indices["rmssd_ms"].state == "ok"
        assert indices["sdnn_ms"].state == "off"


def test_a_live_window_is_whole_while_its_newest_beats_are_on_their_way() -> None:
    t_s, rr_s = beats_of(CLEAN)
    states = []
    for late_s in (0.0, 2.5, 10.0, 40.0):
        known = t_s <= 200.0 - late_s
        heart = cleaned(t_s[known], rr_s[known], causal=True)
        (found,) = windowed_indices(heart, np.array([200.0]), 60.0, live=True)
        states.append(found["rmssd_ms"].state)
        assert found["rmssd_ms"].window_s == pytest.approx(60.0 - late_s, abs=2.0)
    assert states == ["ok", "ok", "grey", "off"]


def live_states(t_s: np.ndarray, rr_s: np.ndarray, at_s: np.ndarray, late_s: float) -> list[str]:
    """State of RMSSD of the last minute at each instant, when beats come `late_s` late."""
    states = []
    for now_s in at_s:
        known = t_s <= now_s - late_s
        heart = cleaned(t_s[known], rr_s[known], causal=True)
        states.append(windowed_indices(heart, np.array([now_s]), 60.0, live=True)[0]["rmssd_ms"][4])
    return states


def test_a_minute_is_a_minute_and_then_stays_one() -> None:
    t_s, rr_s = beats_of(CLEAN)
    at_s = np.arange(1.0, 280.0)
    opening = live_states(t_s, rr_s, at_s, 2.0)
    assert opening == ["off"] * 29 + ["grey"] * 30 + ["ok"] * (len(at_s) - 59)


def test_one_lost_packet_does_not_put_a_minute_in_doubt() -> None:
    t_s, rr_s = beats_of(CLEAN)
    kept = np.flatnonzero((t_s < 100.0) | (t_s > 101.6))
    at_s = np.arange(90.0, 200.0)
    assert set(live_states(t_s[kept], rr_s[kept], at_s, 2.0)) == {"ok"}
    kept = np.flatnonzero((t_s < 100.0) | (t_s > 115.0))
    assert "grey" in live_states(t_s[kept], rr_s[kept], at_s, 2.0)


@pytest.mark.parametrize(("beats", "state"), [(385, "off"), (386, "ok")])
def test_five_minutes_are_five_minutes(beats: int, state: str) -> None:
    """385 beats and the cut intervals at both edges last 299.7 s, one more makes 300.4 s."""
    t_s, rr_s = beats_of(CLEAN)
    found = whole_indices(cleaned(t_s[:beats], rr_s[:beats]))
    assert {found[name].state for name in ("lf_nu", "dfa_alpha1", "triangular_index")} == {state}


def test_spectra_that_nobody_asks_for_are_not_made() -> None:
    (found,) = windowed_indices(
        cleaned(*beats_of(CLEAN)), np.array([100.0]), 60.0, names=["rmssd_ms"]
    )
    assert list(found) == ["rmssd_ms"]
    with pytest.raises(ValueError, match="names = 'stress' is no index of windows"):
        windowed_indices(cleaned(*beats_of(CLEAN)), np.array([100.0]), 60.0, names=["stress"])


def test_few_bad_beats_are_replaced_and_many_are_left_out() -> None:
    _, rr_s = beats_of(CLEAN)
    whole = hrv(np.cumsum(rr_s), rr_s).rmssd_ms
    for every, method, state in ((50, "redistributed", "ok"), (12, "masked", "grey")):
        damaged = with_missed_beats(rr_s, every)
        heart = cleaned(np.cumsum(damaged), damaged)
        found = whole_indices(heart)["rmssd_ms"]
        assert differences_method(heart) == method
        assert found.state == state
        assert found.value == pytest.approx(float(whole), rel=0.15)
        assert found.corrected_percent == pytest.approx(100.0 * find_artifacts(damaged).bad.mean())
        untouched = as_recorded(np.cumsum(damaged), damaged)
        assert differences_method(untouched) == AS_RECORDED
        assert whole_indices(untouched)["rmssd_ms"].value > 3 * whole


def test_an_irregular_heart_is_off_and_told_so_in_plain_words() -> None:
    for heart in (cleaned(*beats_of("h10_pvc_10min")), as_recorded(*beats_of("h10_pvc_10min"))):
        found = whole_indices(heart)
        assert {index.state for index in found.values()} == {"off"}
        assert found["rmssd_ms"].reason.startswith(IRREGULAR)
    (last,) = windowed_indices(
        cleaned(*beats_of("h10_pvc_10min"), causal=True), np.array([400.0]), 60.0, live=True
    )
    assert last["rmssd_ms"].state == "off"


def test_a_hole_shortens_what_a_spectrum_rests_on_but_not_rmssd() -> None:
    t_s, rr_s = beats_of("bartels_rest_16min")
    later = t_s > 480.0
    found = whole_indices(cleaned(np.where(later, t_s + 30.0, t_s), rr_s))
    assert found["rmssd_ms"].window_s == pytest.approx(rr_s.sum(), abs=3.0)
    assert found["lf_ms2"].window_s == pytest.approx(483.0, abs=3.0)
    assert found["lf_ms2"].state == "ok"


def test_the_preset_changes_the_spectrum_and_dfa_and_nothing_else() -> None:
    t_s, rr_s = beats_of(CLEAN)
    usual, kubios = (whole_indices(cleaned(t_s, rr_s), p) for p in (TASK_FORCE, KUBIOS_LIKE))
    changed = {name for name in usual if usual[name].value != kubios[name].value}
    assert changed == {*FREQUENCY_DOMAIN, "dfa_alpha1"}
    assert kubios["dfa_alpha1"].value == dfa_alpha1(rr_s, (4, 12))
    assert kubios["lf_ms2"].value == float(bands(t_s, rr_s, KUBIOS_LIKE).lf_ms2)


@pytest.mark.parametrize("beats", [0, 1, 2, 5])
def test_too_few_beats_are_off_with_a_reason_and_no_error(beats: int) -> None:
    t_s, rr_s = beats_of(CLEAN)
    found = whole_indices(cleaned(t_s[:beats], rr_s[:beats]))
    for index in found.values():
        assert index.state == "off"
        assert index.reason


def test_a_constant_heart_has_no_entropy_and_no_warning() -> None:
    rr_s = np.full(500, 0.8)
    found = whole_indices(cleaned(np.cumsum(rr_s), rr_s))
    assert found["rmssd_ms"].value == pytest.approx(0.0, abs=1e-9)
    assert found["sample_entropy"].state == "off"
    assert np.isnan(found["lf_nu"].value)


@pytest.mark.parametrize("call", [cleaned, as_recorded])
def test_milliseconds_are_refused(call) -> None:
    t_s, rr_s = beats_of(CLEAN)
    with pytest.raises(ValueError, match="pass seconds, not milliseconds"):
        call(t_s, 1000.0 * rr_s)
