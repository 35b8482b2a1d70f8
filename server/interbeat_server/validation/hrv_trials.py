"""Artefacts put into real records on purpose, and what becomes of the variability.

Pure functions: records and a seeded generator in, records and figures out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, get_args

import numpy as np

from interbeat_analysis.artifacts import find_artifacts, redistribute
from interbeat_analysis.corrected import corrected_hrv
from interbeat_analysis.hrv import hrv

Injection = Literal["missed", "extra", "ectopic", "misplaced", "mixed"]
INJECTIONS: tuple[Injection, ...] = get_args(Injection)

AS_THEY_ARE = ("mitdb115_30min", "mitdb122_30min", "nsr009_5min", "healthy013_5min")
CLEANED_FIRST = ("nsr004_60min", "mitdb103_30min", "healthy000_60min")
"""These hold early beats of their own; they are corrected before anything is put in."""

SHARE = 0.05
SEEDS = range(4)
APART = 3
"""Beats from one injected artefact to the next, at least."""
AT_ENDS = 2
"""Intervals at either end that are left alone: none can be told there."""

EXTRA_AT = (0.3, 0.7)
EARLY_BY = (0.2, 0.4)
MISPLACED_BY_S = (0.06, 0.15)


class Bias(NamedTuple):
    """How far RMSSD is off after correction, over all records and seeds, in percent."""

    mean: float
    least: float
    most: float
    bad: float
    """Percent of the intervals that were called bad, mean."""


def injected(
    rr_s: np.ndarray, kind: Injection, rng: np.random.Generator, *, share: float = SHARE
) -> np.ndarray:
    """A record with artefacts at random places, as many as `share` of its intervals.

    Missed: a beat is taken away. Extra: one is added at 0.3 to 0.7 of an interval. Ectopic: a
    beat comes 20 to 40 % of its interval early, and the pause makes up for it. Misplaced: a beat
    is moved by 60 to 150 ms, to either side. Mixed: each of the four with equal chance.
    """
    count = round(share * len(rr_s))
    beat_t_s = np.concatenate([[0.0], np.cumsum(rr_s)])
    at = _places(len(rr_s), count, rng)
    kinds = INJECTIONS[:4] if kind == "mixed" else (kind,)
    which = rng.integers(len(kinds), size=count)
    part, side = rng.random(count), rng.choice([-1.0, 1.0], size=count)

    def of(name: Injection) -> np.ndarray:
        return np.asarray(which == (kinds.index(name) if name in kinds else -1))

    # Interval i ends at beat i + 1.
    made_s = beat_t_s.copy()
    early, off = of("ectopic"), of("misplaced")
    made_s[at[early] + 1] -= _between(EARLY_BY, part[early]) * rr_s[at[early]]
    made_s[at[off] + 1] += side[off] * _between(MISPLACED_BY_S, part[off])
    more = of("extra")
    added_s = beat_t_s[at[more]] + _between(EXTRA_AT, part[more]) * rr_s[at[more]]
    left_s = np.delete(made_s, at[of("missed")] + 1)
    return np.diff(np.sort(np.concatenate([left_s, added_s])))


def cleaned(rr_s: np.ndarray) -> np.ndarray:
    """A record with its own artefacts corrected, and what could not be corrected left out."""
    nn_s = redistribute(np.cumsum(rr_s), rr_s, find_artifacts(rr_s)).nn_s
    return np.asarray(nn_s[~np.isnan(nn_s)])


def trial_series(records: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The seven records that trials are made with, of all that are given by name."""
    as_they_are = {name: records[name] for name in AS_THEY_ARE}
    return as_they_are | {f"{name}, cleaned": cleaned(records[name]) for name in CLEANED_FIRST}


def bias_table(
    series: Mapping[str, np.ndarray],
    *,
    share: float = SHARE,
    seeds: Iterable[int] = SEEDS,
    causal: bool = False,
) -> dict[str, Bias]:
    """Error of the corrected RMSSD for clean records and for every kind of injection."""
    seeds = tuple(seeds)
    table = {"clean": _bias([(rr_s, rr_s) for rr_s in series.values()], causal=causal)}
    for kind in INJECTIONS:
        pairs = [
            (rr_s, injected(rr_s, kind, np.random.default_rng(seed), share=share))
            for rr_s in series.values()
            for seed in seeds
        ]
        table[kind] = _bias(pairs, causal=causal)
    return table


def _bias(pairs: Iterable[tuple[np.ndarray, np.ndarray]], *, causal: bool) -> Bias:
    errors, bad = [], []
    for true_s, rr_s in pairs:
        beat_t_s = np.cumsum(rr_s)
        found = corrected_hrv(beat_t_s, rr_s, find_artifacts(rr_s, causal=causal))
        true_ms = float(hrv(np.cumsum(true_s), true_s).rmssd_ms)
        errors.append(100.0 * (float(found.hrv.rmssd_ms) / true_ms - 1.0))
        bad.append(float(found.bad_percent))
    return Bias(float(np.mean(errors)), min(errors), max(errors), float(np.mean(bad)))


def _places(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Intervals to spoil, increasing: at least `APART` beats between two, and none at the ends."""
    free = n - 2 * AT_ENDS - (count - 1) * (APART - 1)
    if free < count:
        raise ValueError(f"{n} intervals have no room for {count} artefacts {APART} beats apart")
    chosen = np.sort(rng.choice(free, size=count, replace=False))
    return np.asarray(AT_ENDS + chosen + np.arange(count) * (APART - 1))


def _between(limits: tuple[float, float], part: np.ndarray) -> np.ndarray:
    low, high = limits
    return np.asarray(low + (high - low) * part)
