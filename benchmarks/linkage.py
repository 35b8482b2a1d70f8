"""How fast two heart rates are judged: linkage with its null, an hour after it, and live."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft

from harness import Benchmark, Case
from interbeat_analysis.arousal import clean_heart_rate
from interbeat_analysis.dyad import Series, details, measured, series
from interbeat_analysis.linkage import MAX_LAG_S, correlogram, linkage
from interbeat_analysis.settling import Reference
from interbeat_collector.simulation import DyadSettings, SimulatedSession, sessions

PEERS: list[str] = ["scipy"]
HOUR_S = 3600.0
LIVE_S = 1200.0
EVERY_S = 5.0
TIMES = 20
REFERENCES = (
    Reference(13.0, 2400.0, talk=True, speech_known=True),
    Reference(12.0, 2400.0, talk=True, speech_known=True),
)


def benchmarks(size: float) -> list[Benchmark]:
    times = max(1, round(TIMES * size))
    held = sessions([1], DyadSettings(mode="mutual", turns="shared"), HOUR_S)[0]
    hour = of(held, rates(held))
    return [null(hour, times), whole(held, times), live(held, times)]


def null(hour: Series, times: int) -> Benchmark:
    a, b = (np.nan_to_num(band) for band in hour.band_bpm)
    return Benchmark(
        "Linkage of an hour with its null: all shifts, and all of the reversed record",
        "linkages",
        times,
        Case(
            "interbeat",
            repeated(times, lambda: linkage(correlogram(a, b))),
            "the rest: root mean squares of the null, of its steps and its asymmetries",
        ),
        [
            Case("product by product", repeated(times, lambda: shift_by_shift(a, b)), "same null"),
            Case(
                "rank among 99 random shifts",
                repeated(times, lambda: rank(a, b)),
                "np.corrcoef; says yes to strangers in 7 to 13 %",
            ),
        ],
        Case("physical estimate", repeated(times, lambda: transforms(a, b)), "its transforms"),
        1 / EVERY_S,
        goal_per_s=1000.0,
    )


def whole(held: SimulatedSession, times: int) -> Benchmark:
    """From beats to every figure; artefacts and the spline of both hearts take most of it."""
    hr_bpm = rates(held)
    return Benchmark(
        "All figures of an hour, from the beats of both with their speaking turns",
        "hours",
        times,
        Case(
            "interbeat",
            repeated(times, lambda: everything(held)),
            "the rest: influence at 80 shifts, heart rates from beats, bands, speaking",
        ),
        [Case("the same without beats", repeated(times, lambda: figures(held, hr_bpm)))],
        Case("physical estimate", repeated(times, lambda: transforms(*hr_bpm)), "two transforms"),
        1 / HOUR_S,
        goal_per_s=1 / 0.060,
    )


def live(held: SimulatedSession, times: int) -> Benchmark:
    hr_bpm = rates(held)
    # As in a talk, each update sees a stretch that has moved on, up to what is settled.
    starts_s = (HOUR_S - LIVE_S) - EVERY_S * np.arange(1, times + 1, dtype=float)
    windows = [(hr_bpm[:, int(4 * s) : int(4 * (s + LIVE_S))], float(s)) for s in starts_s]
    holed = [(with_holes(window), start_s) for window, start_s in windows]
    return Benchmark(
        "Live update on the trailing 20 minutes of heart rate, with speaking turns",
        "updates",
        times,
        Case(
            "interbeat",
            lambda: [updated(held, window, start_s) for window, start_s in windows],
            "the rest: regression on speaking, smoothing, the null, 400 draws of the range",
        ),
        [
            Case(
                "without speaking turns",
                lambda: [measured(series(window)) for window, _ in windows],
                "and without reference",
            ),
            Case(
                "a tenth of both missing",
                lambda: [updated(held, window, start_s) for window, start_s in holed],
                "in 25 holes of up to 10 s each",
            ),
        ],
        Case(
            "physical estimate",
            lambda: [transforms(*window) for window, _ in windows],
            "two transforms",
        ),
        1 / EVERY_S,
        goal_per_s=500.0,
    )


def with_holes(window: np.ndarray) -> np.ndarray:
    random, holed = np.random.default_rng(1), window.copy()
    for row in holed:
        for first in random.integers(0, row.size, 25).tolist():
            row[first : first + int(random.integers(3, 40))] = np.nan
    return holed


def repeated(times: int, step: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            step()

    return run


def rates(held: SimulatedSession) -> np.ndarray:
    return np.stack(
        [clean_heart_rate(held.beat_t_s[p], held.rr_s[p], 0.0, HOUR_S) for p in ("a", "b")]
    )


def of(held: SimulatedSession, hr_bpm: np.ndarray, start_s: float = 0.0) -> Series:
    return series(hr_bpm, turns_s=(held.spoken_s["a"], held.spoken_s["b"]), start_s=start_s)


def updated(held: SimulatedSession, window: np.ndarray, start_s: float) -> object:
    return measured(of(held, window, start_s), REFERENCES)


def figures(held: SimulatedSession, hr_bpm: np.ndarray) -> object:
    both = of(held, hr_bpm)
    return measured(both, REFERENCES), details(both)


def everything(held: SimulatedSession) -> object:
    return figures(held, rates(held))


def shift_by_shift(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    twice, back = np.concatenate([b, b]), np.concatenate([b[::-1], b[::-1]])
    n = len(a)
    return np.array([[a @ x[s : s + n] for s in range(n)] for x in (twice, back)])


def rank(a: np.ndarray, b: np.ndarray) -> int:
    far = np.random.default_rng(1).integers(45, len(a) - 45, 99)
    return sum(peak(a, np.roll(b, int(s))) >= peak(a, b) for s in far)


def peak(a: np.ndarray, b: np.ndarray) -> float:
    inner = slice(MAX_LAG_S, -MAX_LAG_S)
    lags = range(-MAX_LAG_S, MAX_LAG_S + 1)
    return max(float(np.corrcoef(a[inner], np.roll(b, lag)[inner])[0, 1]) for lag in lags)


def transforms(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    one, two = fft.rfft(np.stack([a, b]))
    return np.asarray(fft.irfft(np.stack([one * two, one.conj() * two]), len(a)))
