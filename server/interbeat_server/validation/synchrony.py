"""`interbeat validate synchrony`: windowed synchrony on real strangers and planted couplings."""

from __future__ import annotations

from .core import Progress, Row, run_all, widened
from .real_hours import Stretch
from .synchrony_trials import Verdict, pairs_of_strangers, planted, share_below, strangers

AT_ONCE = 22
"""Pairs of one task."""
QUICK_STEP = 5
"""A quick run takes every so many pairs; no divisor of the six stretches of a pair, so that all
of them come up."""
WRONG_PERCENT = 7.5
FOUND_PERCENT = 50.0
ALPHA = 0.05


def title(*, quick: bool) -> str:
    pairs = len(_pairs(quick))
    return (
        f"Windowed synchrony: {pairs} pairs of 12 real people who never met, 598 s each, "
        f"against all circular shifts{'  (quick: wider limits)' if quick else ''}"
    )


def rows(*, quick: bool, progress: Progress, workers: int) -> list[Row]:
    """Judge strangers as they are and with a coupling planted, and hold it against the limits."""
    pairs = _pairs(quick)
    parts = [pairs[at : at + AT_ONCE] for at in range(0, len(pairs), AT_ONCE)]
    tasks = [(trial, (part,)) for trial in (strangers, planted) for part in parts]
    done = dict(run_all(tasks, progress, workers))
    met, coupled = (
        [verdict for number in numbers for verdict in done[number]]
        for numbers in (range(len(parts)), range(len(parts), 2 * len(parts)))
    )
    found = [
        _wrong("strangers, p < .05", met, "p"),
        _wrong("strangers, in-phase p < .05", met, "p_in_phase"),
        _wrong("strangers, any window p < .05", met, "p_any_window"),
        _found("planted coupling, p < .05", coupled, "p", FOUND_PERCENT),
        _found("planted coupling, in-phase p < .05", coupled, "p_in_phase", None),
        _found("planted coupling, any window p < .05", coupled, "p_any_window", None),
    ]
    return [widened(row) for row in found] if quick else found


def _pairs(quick: bool) -> list[Stretch]:
    return pairs_of_strangers()[:: QUICK_STEP if quick else 1]


def _wrong(measure: str, verdicts: list[Verdict], name: str) -> Row:
    """How many strangers are called synchronous; only the share has a limit, not its interval."""
    return _share(measure, verdicts, name, WRONG_PERCENT, at_least=False)


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
