"""Sample times of Polar's frames against a sensor whose clock is known."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_collector.frame_clock import FrameClock

SAMPLES = 73
ORIGIN_NS = 800_000_000_000_000_000


def frames(n: int, fs_hz: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """When the last samples were taken, when their frames arrived, and what their stamps say."""
    rng = np.random.default_rng(seed)
    taken_s = 5.0 + np.arange(1, n + 1) * SAMPLES / fs_hz
    arrival_s = np.maximum.accumulate(taken_s + rng.exponential(0.03, n))
    return taken_s, arrival_s, [ORIGIN_NS + round(t * (1 + 50e-6) * 1e9) for t in taken_s]


def true_times(taken_s: np.ndarray, fs_hz: float) -> np.ndarray:
    return np.asarray((taken_s[:, None] - np.arange(SAMPLES - 1, -1, -1) / fs_hz).ravel())


@pytest.mark.parametrize("rate_off", [-0.02, 0.02, 0.05])
def test_the_rate_is_taken_from_the_stamps(rate_off: float) -> None:
    fs_hz = 130 * (1 + rate_off)
    taken_s, arrival_s, stamps = frames(1000, fs_hz)
    clock = FrameClock(130)
    for arrival, stamp in zip(arrival_s, stamps, strict=True):
        clock.add(float(arrival), stamp, SAMPLES)
    found_s = clock.sample_times()
    error_s = np.abs(found_s - true_times(taken_s, fs_hz))[SAMPLES:]
    assert np.percentile(error_s, 99) < 0.003
    assert (np.diff(found_s) > 0).all()


def test_later_frames_do_not_change_what_was_said_before() -> None:
    _, arrival_s, stamps = frames(300, 131)
    growing = FrameClock(130)
    for n, (arrival, stamp) in enumerate(zip(arrival_s, stamps, strict=True)):
        growing.add(float(arrival), stamp, SAMPLES)
        if n % 60 == 0:
            growing.sample_times(n)
            fresh = FrameClock(130)
            for a, s in zip(arrival_s[: n + 1], stamps[: n + 1], strict=True):
                fresh.add(float(a), s, SAMPLES)
            np.testing.assert_array_equal(growing.sample_times(), fresh.sample_times())
            np.testing.assert_allclose(
                growing.sample_times(n), growing.sample_times()[-SAMPLES:], rtol=0, atol=1e-9
            )


def test_a_clock_that_is_set_begins_a_new_epoch() -> None:
    taken_s, arrival_s, stamps = frames(200, 130)
    clock = FrameClock(130)
    for n, (arrival, stamp) in enumerate(zip(arrival_s, stamps, strict=True)):
        clock.add(float(arrival), stamp - (ORIGIN_NS // 2 if n >= 100 else 0), SAMPLES)
    assert clock.epochs == (0, 100)
    assert np.abs(clock.sample_times() - true_times(taken_s, 130)).max() < 0.06


def test_a_lost_frame_does_not_stretch_the_next() -> None:
    _taken_s, arrival_s, stamps = frames(200, 130)
    kept = [n for n in range(200) if n != 150]
    clock = FrameClock(130)
    for n in kept:
        clock.add(float(arrival_s[n]), stamps[n], SAMPLES)
    spacing_s = np.diff(clock.sample_times())
    assert np.sort(spacing_s)[-1] == pytest.approx((SAMPLES + 1) / 130, abs=0.002)
    assert np.sort(spacing_s)[-2] < 0.009


def test_no_frames_are_no_samples() -> None:
    clock = FrameClock(130)
    clock.add(1.0, ORIGIN_NS, 0)
    assert len(clock.sample_times()) == 0
