"""What a second of a running session costs: one heart's variability, and the whole engine."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

import numpy as np

from harness import Benchmark, Case
from hrv import FEW_WINDOWS, RECORD, neurokit2_time, quiet
from interbeat_analysis.growing import judge_more
from interbeat_analysis.indices import Cleaned, windowed_indices
from interbeat_analysis.series import heart_rate
from interbeat_collector.simulation import DyadSettings
from interbeat_server.live import TICK_S, Engine
from interbeat_server.live_heart import MEMORY_S, SHOWN_LIVE, SPLINE_BEATS
from interbeat_server.sources import simulated_session
from interbeat_server.validation.recordings import recording

PEERS = ["neurokit2"]
UPDATE_GOAL_S = 2e-3
LIVE_S = 1200.0
MINUTE_BYTES = 75 * 8


def benchmarks(size: float) -> list[Benchmark]:
    lasts_s = max(60.0, LIVE_S * size)
    return [live_update(recording(RECORD), int(lasts_s)), live_session(lasts_s)]


def live_update(rr_s: np.ndarray, seconds: int) -> Benchmark:
    """What a second of one heart costs: artefacts, the newest heart rate, and the indices."""
    beat_t_s = np.cumsum(rr_s)
    first_s = min(MEMORY_S, float(beat_t_s[-1]) - seconds - 1.0)
    moments_s = first_s + np.arange(seconds)

    def run() -> None:
        judged, first = None, 0
        for t_s in moments_s:
            start, stop = np.searchsorted(beat_t_s, [t_s - MEMORY_S, t_s]).tolist()
            known = slice(start, stop)
            judged = judge_more(judged, beat_t_s[known], rr_s[known], dropped=start - first)
            first = start
            heart = Cleaned(*judged, corrected=True)
            recent = slice(-SPLINE_BEATS, None)
            asked_s = t_s - 1.0 - np.arange(12) / 4.0
            heart_rate(heart.beat_t_s[recent], heart.nn_s[recent], asked_s)
            windowed_indices(heart, np.array([t_s]), 60.0, names=SHOWN_LIVE, live=True)

    minute_s = rr_s[:75]
    return Benchmark(
        "Live, variability of one person each second",
        "updates",
        seconds,
        Case("interbeat", run, f"from {MEMORY_S:g} s of beats, as the page has it"),
        [few_calls("neurokit2", lambda: neurokit2_time(minute_s), seconds)],
        Case(
            "physical estimate",
            lambda: [np.cumsum(minute_s) for _ in range(seconds)],
            f"one running sum of a minute of beats: {MINUTE_BYTES} bytes read",
        ),
        2.0,
        1.0 / UPDATE_GOAL_S,
    )


def live_session(duration_s: float) -> Benchmark:
    """Everything a second of a session costs: packets to beats, series, correlation, indices."""
    _, endless = simulated_session(DyadSettings(seed=1))
    events = list(takewhile(lambda event: event.t_s <= duration_s, endless))
    ticks = np.arange(TICK_S, duration_s, TICK_S).tolist()

    def run() -> None:
        engine = Engine()
        coming = iter(events)
        event = next(coming, None)
        for t_s in ticks:
            while event is not None and event.t_s <= t_s:
                engine.push(event)
                event = next(coming, None)
            engine.frame(t_s)

    minute_s = recording(RECORD)[:75]
    seconds = 2 * int(duration_s)
    return Benchmark(
        "Live, a whole session",
        "seconds of a person",
        seconds,
        Case("interbeat", run, "decoding, beat clock, heart rate, correlation and indices"),
        [few_calls("neurokit2", lambda: neurokit2_time(minute_s), seconds)],
        Case(
            "physical estimate",
            lambda: [np.cumsum(minute_s) for _ in range(seconds)],
            f"one running sum of a minute of beats: {MINUTE_BYTES} bytes read",
        ),
        2.0,
        1.0 / UPDATE_GOAL_S,
    )


def few_calls(name: str, call: Callable[[], object], wanted: int) -> Case:
    """A peer's time domain of one minute, called a few times for many."""

    def run() -> None:
        for _ in range(FEW_WINDOWS):
            call()

    return Case(name, quiet(run), "time domain of one minute alone, scaled", FEW_WINDOWS / wanted)
