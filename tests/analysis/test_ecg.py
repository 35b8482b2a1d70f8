from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.ecg import METHODS, PeakFinder, r_peaks, rr_agreement, sampling_rate
from interbeat_analysis.respiration import respiration

WAVES = (
    (0.12, -0.18, 0.025),
    (-0.12, -0.035, 0.011),
    (1.0, 0.0, 0.011),
    (-0.22, 0.035, 0.012),
    (0.28, 0.28, 0.05),
)
BREATH_HZ = 0.27


def heart(seconds: float, seed: int = 5) -> np.ndarray:
    """Beat times of a heart that breathes."""
    rng = np.random.default_rng(seed)
    times = [0.6]
    while times[-1] < seconds - 1.0:
        breath = np.sin(2 * np.pi * BREATH_HZ * times[-1])
        times.append(times[-1] + 0.85 + 0.05 * breath + 0.01 * rng.standard_normal())
    return np.array(times)


def ecg_of(beat_t_s: np.ndarray, t_s: np.ndarray, noise: float = 0.005) -> np.ndarray:
    """P, Q, R, S and T waves at known times; breathing moves the height and the baseline."""
    lead = 0.1 * np.sin(2 * np.pi * BREATH_HZ * t_s)
    for beat in beat_t_s:
        near = slice(*np.searchsorted(t_s, [beat - 0.5, beat + 0.6]))
        height = 1.0 + 0.1 * np.sin(2 * np.pi * BREATH_HZ * beat + 1.0)
        for size, centre, width in WAVES:
            lead[near] += height * size * np.exp(-0.5 * ((t_s[near] - beat - centre) / width) ** 2)
    return lead + noise * np.random.default_rng(9).standard_normal(len(t_s))


def sampled(fs: float, seconds: float = 120.0) -> tuple[np.ndarray, np.ndarray]:
    truth = heart(seconds)
    return truth, ecg_of(truth, np.arange(0.0, seconds, 1.0 / fs))


def found_of(truth_s: np.ndarray, t_s: np.ndarray) -> np.ndarray:
    """The found peak nearest to each true one; each must be there, and no other."""
    apart = np.abs(t_s - truth_s[:, np.newaxis])
    assert (apart.min(axis=1) < 0.03).all(), "a beat was missed"
    assert (apart.min(axis=0) < 0.03).all(), "a beat was invented"
    return t_s[np.argmin(apart, axis=1)]


def test_intervals_at_130_hz_are_within_half_a_millisecond():
    truth, lead = sampled(130.0)
    full_truth, full = sampled(1000.0)
    found = found_of(truth[3:-3], _inner(r_peaks(lead, 130.0).position / 130.0, truth))
    reference = found_of(full_truth[3:-3], _inner(r_peaks(full, 1000.0).position / 1000.0, truth))
    assert 1000 * np.std(np.diff(found) - np.diff(truth[3:-3])) < 0.5
    assert 1000 * np.std(np.diff(found) - np.diff(reference)) < 0.5
    grid = np.rint(130.0 * truth) / 130.0
    assert 1000 * np.std(np.diff(grid) - np.diff(truth)) > 2.5, "what the grid alone would do"


def _inner(t_s: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return t_s[(t_s > truth[3] - 0.3) & (t_s < truth[-4] + 0.3)]


@pytest.mark.parametrize("method", METHODS)
def test_every_detector_ends_at_the_same_peaks(method):
    truth, lead = sampled(130.0, 60.0)
    position = r_peaks(lead, 130.0, method=method).position / 130.0
    found = found_of(truth[3:-3], _inner(position, truth))
    assert np.abs(np.median(found - truth[3:-3])) < 0.002


@pytest.mark.parametrize("piece", [73, 500, 3001])
def test_a_stream_gives_what_the_whole_gives(piece):
    _, lead = sampled(130.0, 40.0)
    whole = r_peaks(lead, 130.0)
    finder = PeakFinder(130.0)
    parts = [finder.add(lead[at : at + piece]) for at in range(0, len(lead), piece)]
    parts.append(finder.finish())
    for index, values in enumerate(whole):
        np.testing.assert_array_equal(np.concatenate([part[index] for part in parts]), values)


def test_a_live_peak_waits_at_most_four_seconds():
    truth, lead = sampled(130.0, 40.0)
    finder = PeakFinder(130.0)
    found = finder.add(lead[: 30 * 130]).position / 130.0
    assert found[-1] == pytest.approx(truth[truth < 28.0][-1], abs=0.02)


def test_an_inverted_lead_has_its_peaks_at_the_same_place_downwards():
    _, lead = sampled(130.0, 40.0)
    upright, inverted = r_peaks(lead, 130.0), r_peaks(-lead, 130.0, method="pantompkins1985")
    common = found_of(
        upright.position[3:-3] / 130.0, _inner(inverted.position / 130.0, upright[0] / 130.0)
    )
    np.testing.assert_allclose(common, upright.position[3:-3] / 130.0, atol=1e-9)
    assert (inverted.height < 0).all()


def test_lost_samples_hide_their_beats_and_no_other():
    truth, lead = sampled(130.0, 60.0)
    lead[30 * 130 : 33 * 130] = np.nan
    found = r_peaks(lead, 130.0).position / 130.0
    assert not ((found > 30.0) & (found < 33.0)).any()
    for part in (truth[(truth > 4) & (truth < 29.5)], truth[(truth > 33.5) & (truth < 56)]):
        inside = found[(found > part[0] - 0.3) & (found < part[-1] + 0.3)]
        found_of(part, inside)


@pytest.mark.parametrize("lead", [np.zeros(2000), np.full(2000, np.nan), np.empty(0), np.ones(50)])
def test_nothing_is_found_in_nothing(lead):
    assert len(r_peaks(lead, 130.0).position) == 0


def test_the_sampling_rate_comes_from_the_time_stamps():
    rng = np.random.default_rng(1)
    t_s = np.cumsum(np.full(1000, 73 / 130.16)) + 0.001 * rng.standard_normal(1000)
    lost = np.delete(np.arange(1000), [100, 101, 500])
    assert sampling_rate(t_s[lost], np.full(997, 73)) == pytest.approx(130.16, rel=2e-4)
    assert np.isnan(sampling_rate(np.array([1.0]), np.array([73])))


def test_a_straps_intervals_are_compared_with_its_ecg():
    truth = heart(300.0)
    rng = np.random.default_rng(2)
    beats = np.delete(truth[1:], [50, 51]) + 2.1
    rr_s = np.delete(np.diff(truth), [50, 51]) + 0.001 * rng.standard_normal(len(beats))
    found = rr_agreement(truth, beats, rr_s)
    assert found.offset_s == pytest.approx(2.1, abs=0.01)
    assert found.matched == len(beats)
    assert found.spread_ms == pytest.approx(1.0, rel=0.25)
    assert abs(found.bias_ms) < 0.3
    nothing = rr_agreement(truth[:5], beats[:5], rr_s[:5])
    assert np.isnan(nothing.offset_s)
    assert nothing.reason == "fewer than ten beats match"


def test_breathing_is_read_from_the_height_of_r_and_from_rr():
    _, lead = sampled(130.0)
    peaks = r_peaks(lead, 130.0)
    t_s = peaks.position / 130.0
    for found in (respiration(t_s, peaks.height), respiration(t_s[1:], np.diff(t_s))):
        assert found.rate_per_min == pytest.approx(60 * BREATH_HZ, abs=0.5)
        assert found.confidence > 0.8


def test_noise_gives_little_confidence_and_too_little_gives_none():
    confidences = []
    for seed in range(20):
        t_s = np.cumsum(0.8 + 0.02 * np.random.default_rng(seed).standard_normal(75))
        confidences.append(respiration(t_s, np.random.default_rng(seed + 50).random(75)).confidence)
    assert np.median(confidences) < 0.4
    t_s = heart(60.0)
    for few in (t_s[:10], np.empty(0), np.append(t_s, t_s[-1] + 5.0)):
        found = respiration(few, np.arange(len(few)) % 3.0)
        assert np.isnan(found.rate_per_min)
        assert found.confidence == 0.0
    assert respiration(t_s, np.ones(len(t_s))).confidence == 0.0, "constant"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: r_peaks(np.zeros(9), 0.0), "fs = 0.0 Hz must be above 0"),
        (lambda: r_peaks(np.zeros(9), 30.0), "fs = 30.0 Hz must be at least 60 Hz"),
        (lambda: r_peaks(np.zeros(9), 130.0, method="magic"), "method = 'magic' is unknown"),
        (lambda: r_peaks(np.zeros((2, 9)), 130.0), r"shape \(2, 9\)"),
        (lambda: sampling_rate([1.0, 2.0], [73, 0]), "frame_samples = 0 must be above 0"),
        (lambda: sampling_rate([2.0, 1.0], [73, 73]), "must increase"),
        (lambda: rr_agreement([1.0, 2.0], [1.0, 2.0], [800.0, 800.0]), "not milliseconds"),
        (lambda: respiration([2.0, 1.0], [0.0, 1.0]), "must increase"),
        (lambda: respiration([1.0, 2.0], [0.0]), "shapes"),
    ],
)
def test_a_wrong_call_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
