"""Own baselines: what a minute has to leave before it is called higher or lower."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interbeat_analysis.baseline import (
    COMPARED,
    LEAST_S,
    MINUTE_S,
    OWN_SD,
    SCATTER,
    Baseline,
    baseline,
    clean_s,
    compare,
)
from interbeat_analysis.indices import Cleaned, cleaned, windowed_indices
from interbeat_server.validation.real_hours import hours
from interbeat_server.validation.recordings import IRREGULAR, recording, recordings


def heart(rr_s: np.ndarray, opening_s: float = 0.0) -> Cleaned:
    return cleaned(opening_s + np.cumsum(rr_s), rr_s)


def steady(bpm: float, rmssd_ms: float, length_s: float, seed: int = 1) -> np.ndarray:
    """Intervals whose mean and RMSSD are what is asked for, within a few percent."""
    count = round(length_s * bpm / 60.0)
    noise = np.random.default_rng(seed).standard_normal(count)
    return 60.0 / bpm + rmssd_ms / 1000.0 / math.sqrt(2.0) * np.clip(noise, -2.5, 2.5)


def minute(of: Cleaned, end_s: float) -> dict:
    return windowed_indices(of, np.array([end_s]), MINUTE_S, names=COMPARED)[0]


def standing(of: Cleaned, own: Baseline, end_s: float) -> dict[str, str]:
    return {name: each.standing for name, each in compare(own, minute(of, end_s)).items()}


def test_the_figures_of_a_baseline_are_those_of_its_intervals() -> None:
    rr_s = recording("bartels_rest_16min")
    whole = heart(rr_s)
    own = baseline(whole, 100.0, 340.0)
    inside = (whole.beat_t_s > 100.0) & (whole.beat_t_s <= 340.0)
    assert not whole.found.bad[inside].any()
    differences_s = np.diff(rr_s[inside])
    assert own.figures["mean_hr_bpm"].value == pytest.approx(60.0 / rr_s[inside].mean(), rel=1e-12)
    rmssd_ms = 1000.0 * math.sqrt(np.mean(differences_s**2))
    assert own.figures["rmssd_ms"].value == pytest.approx(rmssd_ms, rel=0.01)
    assert own.clean_s == pytest.approx(rr_s[inside].sum(), rel=1e-12)
    assert own.state == "ok"


@settings(max_examples=25, deadline=None)
@given(
    faster=st.floats(0.75, 1.3),
    livelier=st.floats(0.4, 2.2),
    seed=st.integers(0, 1000),
    opening_s=st.floats(0.0, 5000.0),
)
def test_a_minute_is_called_by_its_ratio_whenever_it_is_recorded(
    faster: float, livelier: float, seed: int, opening_s: float
) -> None:
    quiet = steady(65.0, 30.0, 200.0, seed)
    later = steady(65.0 * faster, 30.0 * livelier, 80.0, seed + 1)
    both = heart(np.concatenate([quiet, later]), opening_s)
    to_s = opening_s + 190.0
    own = baseline(both, opening_s, to_s)
    found = compare(own, minute(both, float(both.beat_t_s[-1])))
    for name, each in found.items():
        figure, usual = minute(both, float(both.beat_t_s[-1]))[name], own.figures[name]
        low, high = SCATTER[name]
        if figure.state != "ok":
            assert each.standing == "unknown"
            assert each.reason == figure.reason
            continue
        ratio = figure.value / usual.value
        expected = "lower" if ratio < low else "higher" if ratio > high else "about"
        assert each.standing == expected
        assert each.ratio == pytest.approx(ratio)
        assert each.difference == pytest.approx(figure.value - usual.value)


def test_a_faster_and_a_livelier_heart_is_told_from_its_own_baseline() -> None:
    parts = [
        steady(65.0, 30.0, 190.0, 1),
        steady(65.0, 30.0, 70.0, 2),
        steady(80.0, 30.0, 70.0, 3),
        steady(65.0, 60.0, 70.0, 4),
        steady(55.0, 12.0, 70.0, 5),
    ]
    ends_s = np.cumsum([part.sum() for part in parts])
    whole = heart(np.concatenate(parts))
    own = baseline(whole, 0.0, 185.0)
    found = [standing(whole, own, float(end_s)) for end_s in ends_s[1:]]
    assert [each["mean_hr_bpm"] for each in found] == ["about", "higher", "about", "lower"]
    assert [each["rmssd_ms"] for each in found] == ["about", "about", "higher", "lower"]


def test_less_than_two_clean_minutes_are_no_baseline_and_say_how_far_they_are() -> None:
    whole = heart(steady(65.0, 30.0, 400.0))
    own = baseline(whole, 10.0, 100.0)
    assert own.state == "too_short"
    assert own.reason in (
        "90 s of clean signal, 120 s needed",
        "89 s of clean signal, 120 s needed",
    )
    assert own.clean_s == clean_s(whole, 10.0, 100.0) == pytest.approx(90.0, abs=1.0)
    for each in compare(own, minute(whole, 300.0)).values():
        assert (each.standing, each.reason) == ("unknown", own.reason)
        assert math.isnan(each.ratio)
    assert baseline(whole, 10.0, 10.0 + LEAST_S).state == "ok"


def test_what_is_lost_does_not_count_as_clean() -> None:
    rr_s = steady(65.0, 30.0, 400.0)
    whole = heart(rr_s)
    kept = (whole.beat_t_s < 60.0) | (whole.beat_t_s > 120.0)
    holed = cleaned(whole.beat_t_s[kept], rr_s[kept])
    own = baseline(holed, 0.0, 170.0)
    assert own.state == "too_short"
    assert own.clean_s == pytest.approx(110.0, abs=2.0)


def test_a_heart_without_a_beat_has_no_baseline() -> None:
    own = baseline(heart(np.empty(0)), 0.0, 150.0)
    assert (own.state, own.clean_s) == ("too_short", 0.0)


def test_irregular_beats_are_no_baseline_and_nothing_is_compared_with_them() -> None:
    whole = heart(recording(IRREGULAR))
    own = baseline(whole, 200.0, 500.0)
    assert own.state in ("too_short", "noisy")
    assert {each.standing for each in compare(own, minute(whole, 580.0)).values()} == {"unknown"}


def test_a_minute_in_doubt_is_not_compared() -> None:
    rr_s = steady(65.0, 30.0, 400.0)
    rr_s[280:340:6] *= 0.6
    whole = heart(rr_s)
    own = baseline(whole, 0.0, 200.0)
    found = compare(own, minute(whole, float(whole.beat_t_s[345])))
    assert found["rmssd_ms"].standing == "unknown"
    assert "of the beats corrected" in found["rmssd_ms"].reason


def test_a_heart_that_scatters_at_rest_is_given_more_room_and_none_is_given_less() -> None:
    wave = 1.0 + 0.12 * np.sin(2.0 * np.pi * np.arange(400) / 250.0)
    assert baseline(heart(steady(65.0, 30.0, 400.0)), 0.0, 300.0).about == SCATTER
    swinging = heart(np.resize(wave, 400) * steady(65.0, 30.0, 400.0)[:400])
    own = baseline(swinging, 0.0, 300.0)
    low, high = own.about["mean_hr_bpm"]
    assert low < SCATTER["mean_hr_bpm"][0]
    assert high > SCATTER["mean_hr_bpm"][1]
    ends_s = np.arange(60.0, 300.0, 5.0)
    logs = [np.log(minute(swinging, end_s)["mean_hr_bpm"].value) for end_s in ends_s]
    away = np.array(logs) - np.log(own.figures["mean_hr_bpm"].value)
    assert high == pytest.approx(np.exp(OWN_SD * np.sqrt(np.mean(away**2))), rel=1e-9)
    assert low == pytest.approx(1.0 / high, rel=1e-12)
    assert baseline(swinging, 0.0, 230.0).about == SCATTER, "too short to tell its own scatter"


@pytest.mark.parametrize(
    ("from_s", "to_s"), [(10.0, 10.0), (20.0, 10.0), (0.0, 301.0), (0.0, math.nan)]
)
def test_a_stretch_that_is_none_is_refused_with_its_limit(from_s: float, to_s: float) -> None:
    with pytest.raises(ValueError, match="at most 300 s"):
        baseline(heart(steady(65.0, 30.0, 400.0)), from_s, to_s)


def outside_percent(series: list[np.ndarray], length_s: float) -> dict[str, float]:
    """How many of the minutes right after each stretch are called higher or lower."""
    found: dict[str, list[str]] = {name: [] for name in COMPARED}
    for rr_s in series:
        whole = heart(rr_s)
        for to_s in np.arange(length_s, whole.beat_t_s[-1] - MINUTE_S, MINUTE_S):
            own = baseline(whole, to_s - length_s, to_s)
            for name, each in standing(whole, own, to_s + MINUTE_S).items():
                found[name].append(each)
    known = {name: [s for s in each if s != "unknown"] for name, each in found.items()}
    assert all(len(each) > 200 for each in known.values())
    return {n: 100.0 * np.mean([s != "about" for s in each]) for n, each in known.items()}


LONG = ("healthy000_60min", "mitdb103_30min", "mitdb115_30min", "mitdb122_30min", "pyhrv_60min")


@pytest.mark.parametrize("length_s", [120.0, 180.0, 300.0])
def test_of_the_minutes_right_after_a_stretch_few_are_told_from_it(length_s: float) -> None:
    hearts = [*hours().values(), *(recordings()[name] for name in (*LONG, "bartels_rest_16min"))]
    for name, percent in outside_percent(hearts, length_s).items():
        print(f"{length_s:.0f} s, {name}: {percent:.1f} %")
        assert percent < 6.0
