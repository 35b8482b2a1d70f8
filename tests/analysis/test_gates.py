from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interbeat_analysis.gates import IRREGULAR, NEEDS, gate, rated

ORDER = ("off", "grey", "ok")


@pytest.mark.parametrize(
    ("index", "window_s", "state"),
    [
        ("mean_hr_bpm", 9.0, "off"),
        ("mean_hr_bpm", 10.0, "ok"),
        ("rmssd_ms", 29.0, "off"),
        ("rmssd_ms", 30.0, "grey"),
        ("rmssd_ms", 60.0, "ok"),
        ("hf_ms2", 59.0, "off"),
        ("hf_ms2", 60.0, "ok"),
        ("sdnn_ms", 119.0, "off"),
        ("sdnn_ms", 120.0, "grey"),
        ("lf_ms2", 299.0, "grey"),
        ("lf_ms2", 300.0, "ok"),
        ("dfa_alpha1", 299.0, "off"),
        ("sample_entropy", 300.0, "ok"),
    ],
)
def test_an_index_waits_for_its_length(index, window_s, state):
    found = gate(index, window_s, 0.0)
    assert found.state == state
    assert (found.reason == "") == (state == "ok")


@pytest.mark.parametrize("index", NEEDS)
@pytest.mark.parametrize(
    ("percent", "state"), [(0.0, "ok"), (5.0, "ok"), (5.1, "grey"), (20.0, "grey"), (20.1, "off")]
)
def test_corrected_beats_bring_doubt_and_then_silence(index, percent, state):
    assert gate(index, 600.0, percent).state == state


@pytest.mark.parametrize(
    "index", ["lf_hf", "vlf_ms2", "dfa_alpha1", "sample_entropy", "lf_nu", "hf_nu"]
)
def test_what_needs_rest_is_never_shown_live(index):
    found = gate(index, 3600.0, 0.0, live=True)
    assert found == ("off", "meant for a whole recording, not for live use")
    assert gate("rmssd_ms", 60.0, 0.0, live=True).state == "ok"


@given(
    index=st.sampled_from(sorted(NEEDS)),
    window_s=st.floats(0.0, 1000.0),
    longer_s=st.floats(0.0, 1000.0),
    percent=st.floats(0.0, 100.0),
    cleaner=st.floats(0.0, 1.0),
    live=st.booleans(),
)
def test_more_and_cleaner_signal_never_makes_it_worse(
    index, window_s, longer_s, percent, cleaner, live
):
    before = gate(index, window_s, percent, live=live)
    after = gate(index, window_s + longer_s, percent * cleaner, live=live)
    assert ORDER.index(after.state) >= ORDER.index(before.state)


def test_the_reason_names_what_is_missing():
    assert gate("sdnn_ms", 60.0, 0.0).reason == "60 s seen, 120 s needed"
    assert "25 % of the beats" in gate("rmssd_ms", 60.0, 25.0).reason
    both = gate("rmssd_ms", 45.0, 7.5).reason
    assert "7.5 % of the beats corrected" in both
    assert "45 s seen" in both
    assert gate("rmssd_ms", 60.0, np.nan) == ("off", "no beats")


def test_a_slow_heart_leaves_hf_in_doubt():
    assert gate("hf_ms2", 300.0, 0.0, mean_hr_bpm=45.0).state == "grey"
    assert gate("hf_ms2", 300.0, 0.0, mean_hr_bpm=50.0).state == "ok"
    assert gate("rmssd_ms", 300.0, 0.0, mean_hr_bpm=45.0).state == "ok"


def test_an_estimate_without_confidence_is_not_shown():
    states = [gate("respiration_per_min", 60.0, 0.0, confidence=c).state for c in (0.2, 0.4, 0.8)]
    assert states == ["off", "grey", "ok"]


def test_a_figure_carries_what_it_rests_on():
    found = rated("rmssd_ms", 31.0, 60.0, 74, 2.0)
    assert found == (31.0, 60.0, 74, 2.0, "ok", "")
    nothing = rated("sample_entropy", np.nan, 400.0, 3, 0.0)
    assert nothing.state == "off"
    assert nothing.reason == "too few beats in a row, or none that differ"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gate("stress", 60.0, 0.0), "index = 'stress' is unknown; known are mean_hr_bpm"),
        (lambda: gate("rmssd_ms", -1.0, 0.0), "window_s = -1.0 s must be 0 or more"),
        (lambda: gate("rmssd_ms", np.nan, 0.0), "window_s = nan s"),
        (lambda: gate("rmssd_ms", 60.0, 101.0), "corrected_percent = 101.0 must be from 0 to 100"),
        (lambda: gate("rmssd_ms", 60.0, -1.0), "corrected_percent = -1.0"),
        (lambda: gate("rmssd_ms", 60.0, 0.0, confidence=1.5), "confidence = 1.5 must be from 0"),
    ],
)
def test_a_wrong_call_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_counts_may_be_longer_and_the_reason_tells_what_was_seen():
    assert gate("rmssd_ms", 57.5, 0.0, counted_s=60.0).state == "ok"
    assert gate("rmssd_ms", 57.5, 0.0, counted_s=59.9).state == "grey"
    found = gate("rmssd_ms", 45.9, 0.0, counted_s=50.0)
    assert found == ("grey", "45 s seen, 60 s needed to be sure")
    assert gate("lf_nu", 299.9, 0.0).reason == "299 s seen, 300 s needed"


def test_irregular_beats_are_told_from_a_noisy_signal():
    assert gate("rmssd_ms", 60.0, 40.0).reason.startswith("signal too noisy to say")
    irregular = gate("rmssd_ms", 60.0, 40.0, irregular=True, handled="in doubt")
    assert irregular.reason == f"{IRREGULAR}: 40 % of the beats in doubt"
