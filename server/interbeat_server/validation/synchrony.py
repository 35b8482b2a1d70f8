"""`interbeat validate synchrony`: windowed synchrony on real strangers and planted couplings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interbeat_collector.simulation import DyadSettings

from .core import Progress, Row, joined, run_named, widened
from .real_hours import Stretch
from .synchrony_trials import (
    Verdict,
    pairs_of_strangers,
    planted,
    reference_lag_off_s,
    share_below,
    simulated,
    strangers,
)

AT_ONCE = 22
"""Pairs of one task."""
QUICK_STEP = 5
"""A quick run takes every so many pairs; no divisor of the six stretches of a pair, so that all
of them come up."""
WRONG_PERCENT = 7.5
FOUND_PERCENT = 50.0
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
        _found("planted coupling, p < .05", done["planted"], "p", FOUND_PERCENT),
        _found("planted coupling, in-phase p < .05", done["planted"], "p_in_phase", None),
        _found("planted coupling, any window p < .05", done["planted"], "p_any_window", None),
    ]


def _pairs(quick: bool) -> list[Stretch]:
    return pairs_of_strangers()[:: QUICK_STEP if quick else 1]


def _wrong(
    measure: str, verdicts: list[Verdict], name: str, limit: float | None = WRONG_PERCENT
) -> Row:
    """How many strangers are called synchronous; only the share has a limit, not its interval."""
    return _share(measure, verdicts, name, limit, at_least=False)


def _found(measure: str, verdicts: list[Verdict], name: str, limit: float | None) -> Row:
    return _share(measure, verdicts, name, limit, at_least=True)


def _share(
    measure: str, verdicts: list[Verdict], name: str, limit: float | None, *, at_least: bool
) -> Row:
    return Row(
        f"{measure} ({len(verdicts)})",
        ("share", "from", "to"),
        share_below([getattr(verdict, name) for verdict in verdicts], ALPHA),
        (limit, None, None),
        "%",
        at_least,
        len(verdicts),
    )
