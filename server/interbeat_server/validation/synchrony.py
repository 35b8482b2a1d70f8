"""`interbeat validate synchrony`: windowed synchrony on real strangers and planted couplings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from interbeat_collector.simulation import DyadSettings

from .core import Progress, Row, joined, run_named, share, up_to, widened
from .real_hours import Stretch
from .synchrony_trials import (
    Verdict,
    pairs_of_strangers,
    planted,
    reference_lag_off_s,
    simulated,
    strangers,
)

AT_ONCE = 22
"""Pairs of one task."""
QUICK_STEP = 5
"""A quick run takes every so many pairs; no divisor of the six stretches of a pair, so that all
of them come up."""
WRONG_PERCENT = 7.5
TIMID_PERCENT = 1.5
"""A p that calls fewer strangers synchronous says so; it may be one that never speaks."""
FOUND_PERCENT = {"p": 50.0, "p_in_phase": 50.0, "p_any_window": 15.0}
"""Of planted couplings. The first is the goal; the others are our own, twice and more of what is
allowed for strangers, so that a p that is stuck cannot pass by never being wrong."""
ALPHA = 0.05
LAG_OFF_S = 0.25
FIRST_SEED = 700_001
MINUTES = (5, 10, 30)
SIMULATED_N, TALKING_N = 500, 200
QUICK_PART = 8
NAMES = {"p": "p", "p_in_phase": "in-phase p", "p_any_window": "any window p"}
TALK = DyadSettings(turns="shared")
STRONG_TALK = DyadSettings(turns="shared", turn_s=20.0, speech_bpm=6.0)

_Task = tuple[Callable[..., list[Verdict]], tuple[Any, ...]]


def title(*, quick: bool) -> str:
    pairs = len(_pairs(quick))
    people = SIMULATED_N // QUICK_PART if quick else SIMULATED_N
    return (
        f"Windowed synchrony: {pairs} pairs of 12 real people who never met, 598 s each, and "
        f"3 × {people} simulated ones, against all circular shifts"
        f"{'  (quick: wider limits)' if quick else ''}"
    )


def rows(*, quick: bool, progress: Progress, workers: int) -> list[Row]:
    """Judge strangers as they are and with a coupling planted, and hold it against the limits."""
    found = judged(joined(run_named(tasks(quick=quick), progress, workers)))
    found = [widened(row) for row in found] if quick else found
    off_s = reference_lag_off_s()
    lag = Row("best lag of the reference dyad, off by", ("lag",), (off_s,), (LAG_OFF_S,), "s")
    return [*found, lag]


def tasks(*, quick: bool) -> list[tuple[str, _Task]]:
    """What has to be judged, in pieces that can run side by side."""
    pairs = _pairs(quick)
    parts = [pairs[at : at + AT_ONCE] for at in range(0, len(pairs), AT_ONCE)]
    found: list[tuple[str, _Task]] = [
        (name, (trial, (part,)))
        for name, trial in (("real", strangers), ("planted", planted))
        for part in parts
    ]
    wanted = [(f"simulated {m}", DyadSettings(), m, SIMULATED_N) for m in MINUTES]
    wanted.append(("talk", TALK, 10, TALKING_N))
    wanted.append(("strong talk", STRONG_TALK, 10, TALKING_N))
    for number, (name, settings, minutes, n) in enumerate(wanted):
        n = n // QUICK_PART if quick else n
        for at in range(0, n, AT_ONCE):
            first = FIRST_SEED + 10_000 * number + at
            seeds = range(first, first + min(AT_ONCE, n - at))
            found.append((name, (simulated, (seeds, settings, 60.0 * minutes))))
    return found


def judged(done: dict[str, list[Verdict]]) -> list[Row]:
    """The table, from what was said of each kind of pairs."""
    kinds = {"real": "strangers"}
    kinds |= {f"simulated {m}": f"simulated strangers, {m} min" for m in MINUTES}
    wrong = [
        _wrong(f"{label}, {words} < .05", done[kind], name)
        for kind, label in kinds.items()
        for name, words in NAMES.items()
    ]
    return [
        *wrong,
        _wrong("strangers who take turns, 10 min, p < .05", done["talk"], "p", None),
        _wrong("the same with turns of 20 s that add 6 bpm", done["strong talk"], "p", None),
        *(
            _found(f"planted coupling, {words} < .05", done["planted"], name, FOUND_PERCENT[name])
            for name, words in NAMES.items()
        ),
    ]


def _pairs(quick: bool) -> list[Stretch]:
    return pairs_of_strangers()[:: QUICK_STEP if quick else 1]


def _wrong(
    measure: str, verdicts: list[Verdict], name: str, limit: float | None = WRONG_PERCENT
) -> Row:
    """How many strangers are called synchronous; where they are very few, why."""
    row = share(measure, _called(verdicts, name), limit)
    percent, _, most = row.figures
    if not percent < TIMID_PERCENT:
        return row
    by_luck = most >= 100 * ALPHA
    return replace(row, remark="so few by luck: 5 % is in the interval" if by_luck else "timid")


def _found(measure: str, verdicts: list[Verdict], name: str, limit: float) -> Row:
    return share(measure, _called(verdicts, name), limit, at_least=True)


def _called(verdicts: list[Verdict], name: str) -> np.ndarray:
    """Who is called synchronous: p < .05."""
    return up_to([getattr(verdict, name) for verdict in verdicts], np.nextafter(ALPHA, 0.0))
