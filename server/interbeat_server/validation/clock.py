"""`interbeat validate clock`: the beat clock, the frame clock and the calibration."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from interbeat_collector.events import PARTNERS
from interbeat_collector.virtual_strap import Sending

from .clock_trials import (
    CalibrationTrial,
    EcgTrial,
    StrapTrial,
    between,
    calibration_trial,
    ecg_trial,
    strap_trial,
)
from .core import Progress, Row, percentiles, run_named, widened

SEEDS = range(1, 11)
DURATION_S = 3600.0
CALIBRATIONS = range(1, 301)
QUICK_SEEDS = range(1, 3)
QUICK_DURATION_S = 1200.0
ECG_DURATION_S = 1800.0
RATE_OFF = 0.02
OTHER_SENDINGS: tuple[Sending, ...] = ("irregular", "beat", "changing")

_Task = tuple[Callable[..., Any], tuple[Any, ...]]


def title(*, quick: bool) -> str:
    seeds, duration_s = _extent(quick)
    return (
        f"Beat clock: {len(seeds)} seeds of {duration_s / 60:g} min, 2 % loss, 30 ms jitter, "
        f"bursts, 50 ppm, one 20 s dropout{'  (quick: wider limits)' if quick else ''}"
    )


def rows(*, quick: bool, progress: Progress, workers: int) -> list[Row]:
    """Simulate, and compare with the limits of the method."""
    results = run_named(_tasks(quick), progress, workers)
    found = _beat_rows(results["a"], results["b"], results["no loss"], results["5 %"])
    found += [_ecg_row(results["ecg"]), *_calibration_rows(results["calibration"])]
    found += _restless_rows(results["restless"])
    found += [row for name in OTHER_SENDINGS for row in _other_rows(name, results[name])]
    return [widened(row) for row in found] if quick else found


def _extent(quick: bool) -> tuple[range, float]:
    return (QUICK_SEEDS, QUICK_DURATION_S) if quick else (SEEDS, DURATION_S)


def _tasks(quick: bool) -> list[tuple[str, _Task]]:
    seeds, duration_s = _extent(quick)
    ecg_s = min(duration_s, ECG_DURATION_S)
    tasks: list[tuple[str, _Task]] = []
    for seed in seeds:
        tasks += [(p, (strap_trial, (seed, p, duration_s, 0.02))) for p in PARTNERS]
        tasks.append(("no loss", (strap_trial, (seed, "a", duration_s, 0.0))))
        counting = partial(strap_trial, live=False)
        tasks.append(("5 %", (counting, (seed, "a", duration_s, 0.05))))
        rate_off = RATE_OFF if seed % 2 else -RATE_OFF
        tasks.append(("ecg", (ecg_trial, (seed, ecg_s, rate_off))))
    restless = partial(strap_trial, restless=True)
    tasks += [("restless", (restless, (seed, "a", duration_s, 0.02))) for seed in seeds[:3]]
    for sending in OTHER_SENDINGS:
        other = partial(strap_trial, sending=sending)
        some = seeds[:3]
        tasks += [(sending, (other, (seed, "a", duration_s, 0.02))) for seed in some]
    calibrations = CALIBRATIONS[:20] if quick else CALIBRATIONS
    tasks += [("calibration", (calibration_trial, (seed,))) for seed in calibrations]
    return tasks


def _beat_rows(
    a: list[StrapTrial], b: list[StrapTrial], whole: list[StrapTrial], holed: list[StrapTrial]
) -> list[Row]:
    both = [*a, *b]
    pairs = list(zip(a, b, strict=True))
    return [
        percentiles("live, 10 s after the packet", _pool(both, "live_s"), (10, 60, 110)),
        percentiles("live, as first published", _pool(both, "first_s")),
        percentiles("offline", _pool(both, "offline_s"), (6, 30, 65)),
        percentiles("beats counted back from arrivals", _pool(both, "naive_s")),
        percentiles("live, no loss", _pool(whole, "live_s"), (None, 20, None)),
        percentiles("offline, no loss", _pool(whole, "offline_s")),
        percentiles("A minus B, offline", _apart(pairs, "beat_t_s", "offline_s"), (None, 45, None)),
        percentiles("A minus B, live", _apart(pairs, "live_t_s", "live_s"), (None, 45, None)),
        percentiles("A minus B, from arrivals", _apart(pairs, "beat_t_s", "naive_s")),
        _exact("holes up to 25 s counted exactly, 2 % loss", both),
        _exact("holes up to 25 s counted exactly, 5 % loss", holed),
        _within("beats within 2 sigma of the truth, offline", both),
    ]


def _restless_rows(trials: list[StrapTrial]) -> list[Row]:
    return [
        percentiles("restless hearts, live", _pool(trials, "live_s"), (10, 60, 110)),
        percentiles("restless hearts, offline", _pool(trials, "offline_s"), (6, 30, 65)),
    ]


def _other_rows(sending: str, trials: list[StrapTrial]) -> list[Row]:
    names = {
        "irregular": "irregular timer (±20 %)",
        "beat": "sent at every beat",
        "changing": "period that changes",
    }
    limits: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
        "irregular": ((40, 120), (30, 100)),
        "beat": ((10, 30), (10, 20)),
        "changing": ((15, 90), (10, 60)),
    }
    live, offline = limits[sending]
    return [
        percentiles(f"{names[sending]}, live", _pool(trials, "live_s"), (*live, None)),
        percentiles(f"{names[sending]}, offline", _pool(trials, "offline_s"), (*offline, None)),
    ]


def _ecg_row(trials: list[EcgTrial]) -> Row:
    live_s = np.concatenate([trial.live_s for trial in trials])
    return percentiles("ECG sample time, live, rate off by 2 %", live_s, (None, 2, 4))


def _calibration_rows(trials: list[CalibrationTrial]) -> list[Row]:
    errors_ms, bounds_ms, surer_ms = (
        1000 * np.abs([getattr(trial, column) for trial in trials])
        for column in ("error_s", "bound_s", "surer_error_s")
    )
    heard_s = np.array([trial.heard_s for trial in trials])
    usual = 100 * float(np.mean(heard_s == heard_s.min()))
    excess = float(np.percentile(errors_ms, 95) / np.percentile(bounds_ms, 95))
    return [
        _calibration_row("same-heart calibration from 120 s", errors_ms, (15,)),
        _calibration_row("… were the moment of every sending known", bounds_ms),
        Row("… p95 as a multiple of that", ("ratio",), (excess,), (1.1,), unit="", digits=2),
        _calibration_row("… heard on until sure, at most 240 s", surer_ms, (15, None, 15)),
        Row("… of which 120 s were enough", ("share",), (usual,), unit="%"),
    ]


def _calibration_row(
    measure: str, error_ms: np.ndarray, limits_ms: tuple[float | None, ...] = ()
) -> Row:
    rms = np.sqrt(np.mean(error_ms**2))
    figures = (rms, *np.percentile(error_ms, (50, 95)), error_ms.max())
    names = ("rms", "p50", "p95", "max")
    return Row(measure, names, tuple(float(figure) for figure in figures), limits_ms)


def _exact(measure: str, trials: list[StrapTrial]) -> Row:
    holes, exact = sum(t.holes for t in trials), sum(t.exact for t in trials)
    share = 100 * exact / holes if holes else np.nan
    return Row(
        f"{measure} ({holes})", ("share",), (share,), (98,), unit="%", at_least=True, count=holes
    )


def _within(measure: str, trials: list[StrapTrial]) -> Row:
    inside = np.abs(_pool(trials, "offline_s")) <= 2 * _pool(trials, "sigma_s")
    return Row(measure, ("share",), (100 * float(inside.mean()),), (95,), unit="%", at_least=True)


def _pool(trials: list[StrapTrial], column: str) -> np.ndarray:
    return np.concatenate([getattr(trial, column) for trial in trials])


def _apart(pairs: list[tuple[StrapTrial, StrapTrial]], times: str, errors: str) -> np.ndarray:
    return np.concatenate(
        [
            between(getattr(a, times), getattr(a, errors), getattr(b, times), getattr(b, errors))
            for a, b in pairs
        ]
    )
