"""`interbeat validate hrv`: variability against reference values, test tones and known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from .core import Progress, Row, run_named, widened
from .hrv_reference import (
    AGREED,
    agreement,
    batched_spectra,
    entropy_and_dfa,
    peers,
    test_tones,
)
from .hrv_straps import ecg_rr_errors_ms, false_clock_events, irregular_windows
from .hrv_trials import INJECTIONS, SEEDS, Bias, bias_table, trial_series
from .recordings import recordings
from .series_trials import apparent_lag, heart_rate_trial, rsa_trial

BIAS_LIMITS = {"clean": 0.5, "missed": 5.0, "extra": 5.0, "ectopic": 5.0, "mixed": 10.0}
"""In percent of RMSSD. Misplaced beats alone are shown: every method is weak there."""

BIAS_NAMES = ("|mean|", "least", "most", "found bad")

LAG_HZ = (0.1, 0.25)
SWINGS = {
    "75 bpm": (75.0, {0.1: 0.04, 0.25: 0.04}, 6.0),
    "75 bpm, breathing at 0.35 Hz": (75.0, {0.1: 0.04, 0.35: 0.04}, None),
    "60 bpm": (60.0, {0.1: 0.04, 0.25: 0.04}, None),
    "60 bpm, breathing at 0.35 Hz": (60.0, {0.1: 0.04, 0.35: 0.04}, None),
}
TRIAL_SEEDS = range(6)
QUICK_TRIAL_SEEDS = range(1, 3)
RSA_WINDOWS_S = (20.0, 30.0)

_Task = tuple[Callable[..., Any], tuple[Any, ...]]


def title(*, quick: bool) -> str:
    found = peers()
    versions = ", ".join(
        f"{name} {peer.version or 'not installed'}" for name, peer in found.items()
    )
    seeds = QUICK_TRIAL_SEEDS if quick else TRIAL_SEEDS
    injections = SEEDS[:1] if quick else SEEDS
    return (
        f"Heart-rate variability: 12 recordings, {len(injections)} seeds of artefacts, "
        f"{len(seeds)} simulated hearts{'  (quick: wider limits)' if quick else ''}\n{versions}"
    )


def rows(*, quick: bool, progress: Progress, workers: int) -> list[Row]:
    """Compute, simulate, and compare with the limits."""
    results = run_named(_tasks(quick), progress, workers)
    exact = [*_agreement_rows(results["agreement"][0]), *results["exact"][0], *results["tones"][0]]
    exact += results["spectra"][0]
    scattered = [*_bias_rows(results["bias"][0], ""), *_lag_rows(results), *_rate_rows(results)]
    scattered += [*_rsa_rows(results), *_ecg_rows(results["ecg"])]
    scattered = [widened(row) for row in scattered] if quick else scattered
    causal = _bias_rows(results["causal"][0], ", live")
    return [*exact, *scattered, *causal, *results["irregular"][0], *results["clock"][0]]


def _tasks(quick: bool) -> list[tuple[str, _Task]]:
    seeds = QUICK_TRIAL_SEEDS if quick else TRIAL_SEEDS
    injections = tuple(SEEDS[:1] if quick else SEEDS)
    tasks: list[tuple[str, _Task]] = [
        ("bias", (_biases, (injections, False))),
        ("causal", (_biases, (injections, True))),
        ("agreement", (agreement, ())),
        ("exact", (entropy_and_dfa, ())),
        ("tones", (test_tones, ())),
        ("spectra", (batched_spectra, (quick,))),
        ("irregular", (irregular_windows, ())),
        ("clock", (false_clock_events, ())),
    ]
    for seed in seeds:
        tasks += [(f"lag {hz:g}", (apparent_lag, (55.0, 95.0, hz, seed))) for hz in LAG_HZ]
        for name, (bpm, swings, _) in SWINGS.items():
            tasks += [
                (f"{name}/{beats}", (heart_rate_trial, (bpm, swings, beats, seed)))
                for beats in (2, 3)
            ]
        tasks += [
            (f"rsa {window_s:g}", (rsa_trial, (seed, window_s))) for window_s in RSA_WINDOWS_S
        ]
        tasks.append(("ecg", (partial(ecg_rr_errors_ms, seed), ())))
    return tasks


def _biases(seeds: tuple[int, ...], causal: bool) -> dict[str, Bias]:
    return bias_table(trial_series(recordings()), seeds=seeds, causal=causal)


def _agreement_rows(found: dict[str, dict[str, float]]) -> Iterable[Row]:
    """Largest deviation from the reference values, ours first and the only one with a limit."""
    for index in AGREED:
        names = tuple(name for name in found if index in found[name])
        figures = tuple(found[name][index] for name in names)
        limits = (1e-7, *(None for _ in names[1:])) if index in TIME_DOMAIN_AGREED else ()
        yield Row(f"{index}, most off the reference", names, figures, limits, unit="%")


TIME_DOMAIN_AGREED = ("mean HR", "SDNN", "RMSSD", "SDSD", "pNN50", "SD1", "SD2")
"""Those whose definition leaves nothing open: 1e-9 of the value, 1e-7 %."""


def _bias_rows(table: dict[str, Bias], how: str) -> Iterable[Row]:
    for kind in ("clean", *INJECTIONS):
        bias = table[kind]
        measure = "RMSSD of clean records" if kind == "clean" else f"RMSSD, 5 % of beats {kind}"
        figures = (abs(bias.mean), bias.least, bias.most, bias.bad)
        limits = (BIAS_LIMITS.get(kind),) if not how else ()
        yield Row(f"{measure}{how}", BIAS_NAMES, figures, limits, "%", digits=2)


def _lag_rows(results: dict[str, list[Any]]) -> Iterable[Row]:
    for hz in LAG_HZ:
        found = np.abs(results[f"lag {hz:g}"]).max(axis=0) * 1000.0
        yield Row(
            f"apparent lag, 55 and 95 bpm at {hz:g} Hz",
            ("spline", "at the last beat"),
            tuple(found.tolist()),
            (20.0, None),
            digits=2,
        )


def _rate_rows(results: dict[str, list[Any]]) -> Iterable[Row]:
    for name, (_, _, limit) in SWINGS.items():
        trials = [results[f"{name}/{beats}"] for beats in (2, 3)]
        errors = tuple(max(trial.error_percent for trial in found) for found in trials)
        yield Row(f"heart rate, {name}", ("2 beats", "3 beats later"), errors, (limit, None), "%")
    shown = results["75 bpm/2"]
    delay = (float(np.mean([t.mean_delay_s for t in shown])), max(t.max_delay_s for t in shown))
    yield Row("known after 2 beats, 75 bpm", ("mean", "max"), delay, unit="s")


def _rsa_rows(results: dict[str, list[Any]]) -> Iterable[Row]:
    for window_s in RSA_WINDOWS_S:
        trials = results[f"rsa {window_s:g}"]
        yield Row(
            f"RSA amplitude, windows of {window_s:g} s, least r",
            ("r",),
            (min(trial.r for trial in trials),),
            (0.99,),
            unit=f"at {trials[0].lag_s:g} s of lag",
            at_least=True,
            digits=4,
        )


def _ecg_rows(found: list[tuple[float, float] | None]) -> Iterable[Row]:
    known = [errors for errors in found if errors is not None]
    if not known:
        yield Row("ECG at 130 Hz (neurokit2 is not installed)", (), ())
        return
    fine, grid = np.max(known, axis=0)
    yield Row(
        "RR from ECG at 130 Hz, SD of the error",
        ("refined", "on the grid of samples"),
        (float(fine), float(grid)),
        (0.5, None),
        digits=2,
    )
