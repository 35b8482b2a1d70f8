"""What a virtual pod measures: every sample once, at its rate, of the heart it is worn by."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from interbeat_collector import polar
from interbeat_collector.virtual_body import Body
from interbeat_collector.virtual_frames import MOST_WAITING, Frames

BEGIN_S = 3.0
HEART_S = 0.8


def heart() -> Body:
    return Body(HEART_S * n for n in count())


def read(frames: Frames, now_s: float) -> list[polar.Frame]:
    found = [polar.decode_frame(data) for data in frames.due(now_s)]
    assert not any(frame.problem for frame in found)
    return found


@pytest.mark.parametrize(("kind", "rate_hz"), [("ecg", 130.0), ("acc", 50.0)])
def test_frames_come_whole_in_order_and_never_before_their_last_sample(
    kind: polar.Kind, rate_hz: float
) -> None:
    frames, stamps_s, samples = Frames(kind, heart(), BEGIN_S, rate_hz), [], 0
    for now_s in np.arange(BEGIN_S, BEGIN_S + 60.0, 0.97):
        for frame in read(frames, float(now_s)):
            assert frame.stamp_ns is not None
            stamps_s.append(frame.stamp_ns / 1e9)
            samples += len(frame.samples)
            assert now_s - 1.0 < stamps_s[-1] <= now_s + 1e-9
    assert samples / rate_hz == pytest.approx(stamps_s[-1] - BEGIN_S + 1 / rate_hz, abs=1e-6)
    assert np.ptp(np.diff(stamps_s)) < 1e-6


def test_the_peaks_of_the_ecg_are_the_beats_of_the_heart() -> None:
    frames = read(Frames("ecg", heart(), 0.0, 130.0), 2.0)
    ecg_uv = np.concatenate([frame.samples for frame in frames])
    np.testing.assert_array_equal(np.flatnonzero(ecg_uv > 1000), [0, 104, 208])


def test_what_nobody_took_for_long_is_gone_and_the_rest_keeps_its_time() -> None:
    frames = Frames("ecg", heart(), BEGIN_S, 130.0)
    late = read(frames, BEGIN_S + 60.0)
    assert len(late) == MOST_WAITING
    assert late[-1].stamp_ns is not None
    assert BEGIN_S + 59.0 < late[-1].stamp_ns / 1e9 <= BEGIN_S + 60.0
