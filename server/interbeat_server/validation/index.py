"""`interbeat validate index`: linkage, lead, settling and the index against known truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from interbeat_analysis.coregulation import NOTHING
from interbeat_analysis.dyad import CLEAR_P
from interbeat_analysis.linkage import LINKED_P
from interbeat_collector.simulation import Damage, DyadSettings, Mode

from . import laws
from .core import Progress, Row, joined, run_named, share, up_to, widened
from .index_trials import Covered, Figures, couples, coverage
from .live_trials import live_off_batch
from .real_hours import stretches
from .recovery_trials import Recovered, recovered
from .strangers import Peak, influenced, strangers

FIRST_SEED = 1
QUICK_PART = 8
"""A quick run has so many times fewer couples."""
AT_ONCE = 20
"""Couples of one task."""
MINUTE_S = 60.0
STRETCH_S = 598.0
"""Of a real hour; six fit into the shortest."""
QUICK_STEP = 5
"""A quick run takes every so many real pairs; it divides the stretches of no two hours."""
LEAVES = 10.0
"""How far from 50 the index of strangers should stay."""

TALK = DyadSettings(turns="shared")
STRONG_TALK = DyadSettings(turns="shared", turn_s=20.0, speech_bpm=6.0)
BAD_BEATS = Damage(missed=0.05 / 3, extra=0.05 / 3, ectopic=0.05 / 3)

_Task = tuple[Callable[..., Any], tuple[Any, ...]]


class Scenario(NamedTuple):
    """Couples of one kind, all judged in one way."""

    settings: DyadSettings
    n: int
    minutes: float = 20.0
    meetings: int = 1
    turns_given: bool = False
    with_reference: bool = False


def _coupled(mode: Mode, gain: float) -> DyadSettings:
    return DyadSettings(turns="shared", mode=mode, gain=gain)


SCENARIOS = {
    "strangers 10": Scenario(DyadSettings(), 400, 10.0),
    "strangers 20": Scenario(DyadSettings(), 400, with_reference=True),
    "strangers 30": Scenario(DyadSettings(), 400, 30.0),
    "drift": Scenario(DyadSettings(drift_bpm=5.0), 400, with_reference=True),
    "trend": Scenario(DyadSettings(shared_trend_bpm=8.0), 400),
    "turns": Scenario(TALK, 400),
    "bad beats": Scenario(DyadSettings(damage=BAD_BEATS), 400),
    "pooled strangers": Scenario(DyadSettings(), 200, meetings=5),
    "shared events": Scenario(DyadSettings(shared_event_every_s=75.0), 100),
    "a leads 2.5": Scenario(_coupled("a_leads", 2.5), 100, 30.0),
    "mutual 1.5": Scenario(_coupled("mutual", 1.5), 100, 30.0),
    "mutual 1": Scenario(_coupled("mutual", 1.0), 100),
    "pooled 3": Scenario(_coupled("mutual", 1.0), 100, meetings=3),
    "pooled 5": Scenario(_coupled("mutual", 1.0), 100, meetings=5),
    "a leads 1.5": Scenario(_coupled("a_leads", 1.5), 400),
    "truly mutual": Scenario(_coupled("mutual", 1.5), 200),
    "amplify": Scenario(_coupled("amplify", 0.8), 120, 30.0, with_reference=True),
    "coregulate": Scenario(_coupled("coregulate", 1.2), 120, 30.0, with_reference=True),
    "amplify pooled": Scenario(_coupled("amplify", 0.8), 80, meetings=5, with_reference=True),
    "coregulate pooled": Scenario(_coupled("coregulate", 1.2), 80, meetings=5, with_reference=True),
    "strong talk": Scenario(STRONG_TALK, 200, turns_given=True),
    "strong talk, mutual": Scenario(
        DyadSettings(turns="shared", turn_s=20.0, speech_bpm=6.0, mode="mutual"),
        100,
        turns_given=True,
    ),
    "in step": Scenario(DyadSettings(locked_breathing=1.0), 100),
}
"""Each has seeds of its own, so that no two rows hang on the same couples. Turns are shared
wherever two are coupled."""
LONG_COUPLES: dict[Mode, float] = {
    "none": 0.0,
    "mutual": 1.0,
    "a_leads": 1.0,
    "amplify": 0.8,
    "coregulate": 1.2,
}
LONG_N = 6
RANGES = {
    "r": "r at its lag",
    "half_decay": "ln T",
    "own_share": "own share",
    "balance": "balance",
    "value": "index",
}
BOUNDED = ("own_share", "balance")
"""Most couples are near the end of these scales, which a range that reaches it holds by itself."""
RECOVERY_N = 40
"""Couples of each kind whose rises are looked for."""
RECOVERY_COUPLES: dict[Mode, float] = {"coregulate": 1.2, "none": 0.0, "amplify": 0.8}
LAWS_N = 40
LIVE_N = 4


def title(*, quick: bool) -> str:
    extent = f"{100 // QUICK_PART} % of the couples, wider limits" if quick else "full size"
    return f"Linkage, lead, settling and index on simulated couples and real strangers ({extent})"


def rows(*, quick: bool, progress: Progress, workers: int) -> list[Row]:
    """Simulate and judge, and compare with the limits."""
    found: dict[str, list[Any]] = joined(run_named(tasks(quick), progress, workers))
    shown = judged(found)
    shown = [widened(row) for row in shown] if quick else shown
    return [*shown, *laws.rows(found["laws"], found["live"])]


def judged(found: dict[str, list[Any]]) -> list[Row]:
    """The table, from what was found for each kind of couples."""
    return [
        *_null_rows(found),
        *_power_rows(found),
        *_settling_rows(found),
        *_recovery_rows(found),
        *_other_rows(found),
    ]


def tasks(quick: bool) -> list[tuple[str, _Task]]:
    """What has to be simulated, in pieces that can run side by side."""
    found: list[tuple[str, _Task]] = []
    for number, (name, scenario) in enumerate(SCENARIOS.items()):
        n = max(scenario.n // QUICK_PART, 20) if quick else scenario.n
        judge = partial(
            couples,
            meetings=scenario.meetings,
            turns_given=scenario.turns_given,
            with_reference=scenario.with_reference,
        )
        for at in range(0, n, AT_ONCE):
            first = FIRST_SEED + 10_000 * number + at
            seeds = range(first, first + min(AT_ONCE, n - at))
            arguments = (seeds, scenario.settings, scenario.minutes * MINUTE_S)
            found.append((name, (judge, arguments)))
    for number, (mode, gain) in enumerate(LONG_COUPLES.items()):
        first = FIRST_SEED + 500_000 + 1000 * number
        seeds = range(first, first + (2 if quick else LONG_N))
        found.append(("long", (coverage, (seeds, _coupled(mode, gain)))))
    for number, (mode, gain) in enumerate(RECOVERY_COUPLES.items()):
        for at in range(0, 10 if quick else RECOVERY_N, 10):
            first = FIRST_SEED + 700_000 + 1000 * number + at
            task = (recovered, (range(first, first + 10), _coupled(mode, gain)))
            found.append((f"recovery {mode}", task))
    first = FIRST_SEED + 900_000
    for at in range(0, 10 if quick else LAWS_N, 10):
        found.append(("laws", (laws.kept, (range(first + at, first + at + 10),))))
    first = FIRST_SEED + 950_000
    for seed in range(first, first + (1 if quick else LIVE_N)):
        found.append(("live", (live_off_batch, ([seed],))))
    every = QUICK_STEP if quick else 1
    for parts, turns in ((1, 2), (2, 3), (3, 2)):
        some = stretches(parts * STRETCH_S, turns)[::every]
        found.append((f"real {10 * parts}", (strangers, (some, parts * STRETCH_S))))
    twenty = stretches(2 * STRETCH_S)[::every]
    judge_index = partial(strangers, with_reference=True)
    found.append(("real index", (judge_index, (twenty, 2 * STRETCH_S))))
    found.append(("real influenced", (influenced, (twenty, 2 * STRETCH_S))))
    return found


def _null_rows(found: dict[str, list[Any]]) -> list[Row]:
    shown: list[Row] = []
    for kind, label in (("strangers", "simulated strangers"), ("real", "real strangers")):
        for minutes in (10, 20, 30):
            these = found[f"{kind} {minutes}"]
            name = f"linkage of {label}, {minutes} min"
            shown += [
                share(f"{name}: p ≤ .05", _linked(these), 7.5),
                share(f"{name}: p ≤ .05, not below", _linked(these), 1.5, at_least=True),
                share(f"{name}: p ≤ .01", _linked(these, CLEAR_P), 2.5),
            ]
    limits = {"trend": 9.0, "turns": 8.5, "bad beats": 8.5, "pooled strangers": 9.0}
    labels = {
        "trend": "linkage with a shared trend of 8 bpm",
        "turns": "linkage with shared turn-taking",
        "bad beats": "linkage with 5 % bad beats",
        "pooled strangers": "linkage of strangers, 5 sessions pooled",
    }
    shown += [share(labels[name], _linked(found[name]), limits[name]) for name in limits]
    return [
        *shown,
        share("shared events, no influence: shared or linked", _linked(found["shared events"])),
        share("index of strangers beyond 50 ± 10", _leaves(found["strangers 20"]), 6.0),
        share("index of real strangers beyond 50 ± 10", _leaves(found["real index"]), 6.0),
        share("index of strangers who drift by 5 bpm, beyond 50 ± 10", _leaves(found["drift"])),
    ]


def _power_rows(found: dict[str, list[Any]]) -> list[Row]:
    labels = {
        "a leads 2.5": ("power, a leads 2.5, 30 min", 80.0),
        "mutual 1.5": ("power, mutual 1.5, 30 min", 62.0),
        "mutual 1": ("power, mutual 1, 20 min", None),
        "pooled 3": ("power, mutual 1, 3 × 20 min pooled", 80.0),
        "pooled 5": ("power, mutual 1, 5 × 20 min pooled", 90.0),
    }
    shown = [
        share(label, _linked(found[name]), limit, at_least=True)
        for name, (label, limit) in labels.items()
    ]
    peaks: list[Peak] = found["real influenced"]
    put_in = up_to([peak.p for peak in peaks], LINKED_P)
    led: list[Figures] = found["a leads 1.5"]
    claimed = [x.claim is not None for x in found["truly mutual"]]
    return [
        *shown,
        share("power, real strangers with r .45 put in, 20 min", put_in, 85.0, at_least=True),
        share(
            "lead: right sign, gain 1.5",
            1.0 - up_to([x.asymmetry_z for x in led], 0.0),
            90.0,
            at_least=True,
        ),
        share("lead: wrong claims", np.array([x.claim == "b" for x in led]), 1.0),
        share("lead: claims, gain 1.5", np.array([x.claim == "a" for x in led])),
        share("lead: claims in truly mutual pairs", np.array(claimed), 8.0),
    ]


def _settling_rows(found: dict[str, list[Any]]) -> list[Row]:
    slow = np.array([x.half_decay_s for x in found["amplify"]])
    fast = np.array([x.half_decay_s for x in found["coregulate"]])
    return [
        _auc(
            "index: coregulate above amplify, 30 min", found["coregulate"], found["amplify"], 80.0
        ),
        Row(
            "half-decay, median amplify over coregulate",
            ("ratio",),
            (100 * float(np.nanmedian(slow) / np.nanmedian(fast)),),
            (115.0,),
            unit="%",
            at_least=True,
        ),
        _auc(
            "the same, 5 × 20 min pooled",
            found["coregulate pooled"],
            found["amplify pooled"],
            85.0,
        ),
    ]


def _recovery_rows(found: dict[str, list[Any]]) -> list[Row]:
    """A description, without limits: how many rises are found, and how well they are timed."""
    kinds: dict[str, list[Recovered]] = {
        mode: found[f"recovery {mode}"] for mode in RECOVERY_COUPLES
    }
    people = [each for kind in kinds.values() for each in kind]
    both = [x for x in people if np.isfinite([x.true_half_s, x.half_s]).all()]
    inside = [x.low_s <= x.true_half_s and not x.high_s < x.true_half_s for x in both]
    alike = np.corrcoef([(x.true_half_s, x.half_s) for x in both], rowvar=False)[0, 1]
    held = [one for block in found["long"] for one in block.recovery]
    shown = [
        _counted("recovery: true rises found", people, "true_found", "true_rises"),
        _counted("recovery: found rises that are true", people, "found_true", "found_rises"),
        Row("recovery in one talk, found and true", ("r",), (float(alike),), unit="", digits=2),
        share("90 % range of recovery holds the 4 h value", np.array(held)),
        share("90 % range of recovery holds that of the latent arousal", np.array(inside)),
    ]
    for mode, kind in kinds.items():
        medians = tuple(
            float(np.nanmedian([getattr(x, key) for x in kind]))
            for key in ("true_half_s", "half_s")
        )
        shown.append(Row(f"recovery, median, {mode}", ("true", "found"), medians, unit="s"))
    return shown


def _counted(measure: str, people: Sequence[Recovered], part: str, whole: str) -> Row:
    parts, wholes = (sum(getattr(x, key) for x in people) for key in (part, whole))
    return share(measure, np.repeat([1.0, 0.0], [parts, wholes - parts]))


def _other_rows(found: dict[str, list[Any]]) -> list[Row]:
    talk: list[Figures] = found["strong talk"]
    antiphase = up_to([x.p_antiphase for x in talk], LINKED_P)
    linked = _linked(found["strong talk, mutual"])
    locked = np.array([x.locked_breathing for x in found["in step"]])
    free = np.array([x.locked_breathing for x in found["strangers 20"]])
    long: list[Covered] = found["long"]
    shown = [
        share("strong turn-taking, turns given: anti-phase", antiphase, 11.0),
        share("strong turn-taking, turns given: in-phase", _linked(talk), 10.0),
        share("strong turn-taking, turns given: power, mutual 1", linked, 35.0, at_least=True),
        share("locked breathing flagged", locked, 95.0, at_least=True),
        share("free breathing flagged", free),
    ]
    for name, label in RANGES.items():
        inside = np.array([getattr(x, name) for x in long])
        measure = f"90 % range of {label} holds the 4 h value"
        shown.append(share(measure, inside, 85.0, at_least=True))
        if name not in BOUNDED:
            shown.append(share(f"{measure}, not above", inside, 99.0))
    return shown


def _linked(found: Sequence[Figures], most: float = LINKED_P) -> np.ndarray:
    return up_to([x.p for x in found], most)


def _leaves(found: Sequence[Figures]) -> np.ndarray:
    return 1.0 - up_to([abs(x.value - NOTHING) for x in found], LEAVES)


def _auc(measure: str, above: Sequence[Figures], below: Sequence[Figures], limit: float) -> Row:
    """How often one of the first lies above one of the second, ties halved."""
    high = np.array([x.value for x in above])[:, None]
    low = np.array([x.value for x in below])[None, :]
    auc = 100 * float(np.mean((high > low) + 0.5 * (high == low)))
    n = min(len(above), len(below))
    return Row(
        f"{measure} (AUC, {n} each)", ("AUC",), (auc,), (limit,), "%", at_least=True, count=n
    )
