"""ECG of a session: frames as a strap sends them, with losses, to R peaks and agreement."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_collector.events import Link, Packet, Session
from interbeat_collector.polar import encode_frame
from interbeat_collector.session_file import Recording
from interbeat_collector.virtual_body import Body
from interbeat_server.ecg_record import ecg_document, ecg_of

FS_HZ = 130.9
"""What the strap really samples at; it says 130."""
FRAME = 73


@pytest.fixture(scope="module")
def beat_t_s() -> np.ndarray:
    """A heart that breathes, from 1 s to 121 s."""
    rng = np.random.default_rng(4)
    number = np.arange(150)
    rr_s = 0.8 + 0.04 * np.sin(2 * np.pi * number / 5) + 0.01 * rng.standard_normal(150)
    return 1.0 + np.cumsum(rr_s)


def recorded(beat_t_s: np.ndarray, lost: tuple[int, ...] = (), cut: int | None = None) -> Recording:
    """Frames of 120 s without those in `lost`; at `cut` the strap starts its clock anew."""
    rng = np.random.default_rng(2)
    t_s = np.arange(int(120 * FS_HZ)) / FS_HZ
    uv = Body(iter(beat_t_s.tolist())).ecg_uv(t_s)
    events: list[Packet | Link] = []
    for number, start in enumerate(range(0, len(t_s) - FRAME, FRAME)):
        last_s = t_s[start + FRAME - 1]
        arrival_s = last_s + 0.05 + rng.exponential(0.02)
        stamp_s = last_s + (1000.0 if cut is None or number < cut else 5.0)
        if number == cut:
            events.append(Link(arrival_s - 0.3, "a", "lost"))
        if number not in lost:
            data = encode_frame("ecg", round(stamp_s * 1e9), uv[start : start + FRAME])
            events.append(Packet(arrival_s, "a", "polar", data))
    header = Session("x", "recorded", "", {"a": "A", "b": "B"}, {"a": {}, "b": {}}, "interbeat")
    return Recording(header, tuple(events))


def document_of(recording: Recording, beat_t_s: np.ndarray) -> dict[str, object]:
    rr_s = np.diff(beat_t_s)
    late_s = beat_t_s[1:] + 1.4
    document = ecg_document(recording, "a", late_s, rr_s, beats=True)
    assert document is not None
    return document


def test_intervals_of_the_strap_agree_with_its_ecg(beat_t_s: np.ndarray) -> None:
    found = document_of(recorded(beat_t_s), beat_t_s)
    assert found["fs_hz"] == pytest.approx(FS_HZ, rel=1e-3)
    assert found["lost_samples"] == 0
    assert found["rr_matched"] > 120
    assert abs(found["rr_bias_ms"]) < 0.5
    assert found["rr_spread_ms"] < 1.5
    assert found["rr_later_s"] == pytest.approx(1.4, abs=0.15)
    assert found["reason"] is None


def test_lost_frames_cost_their_beats_and_shift_no_other(beat_t_s: np.ndarray) -> None:
    found = document_of(recorded(beat_t_s, lost=(40, 41, 42, 100)), beat_t_s)
    peak_t_s = np.array(found["r_peak_t_s"])
    apart_s = np.abs(peak_t_s[:, np.newaxis] - beat_t_s).min(axis=1)
    assert found["lost_samples"] == 4 * FRAME
    assert np.ptp(apart_s) < 0.02, "no peak is invented and none is moved"
    assert found["rr_spread_ms"] < 1.5


def test_a_strap_that_starts_its_clock_anew_has_two_runs(beat_t_s: np.ndarray) -> None:
    recording = recorded(beat_t_s, cut=100)
    assert len(ecg_of(recording, "a")) == 2
    assert document_of(recording, beat_t_s)["rr_matched"] > 110


def test_without_ecg_there_is_nothing(beat_t_s: np.ndarray) -> None:
    recording = recorded(beat_t_s)
    assert ecg_of(recording, "b") == []
    assert ecg_document(recording, "b", beat_t_s[1:], np.diff(beat_t_s), beats=False) is None
