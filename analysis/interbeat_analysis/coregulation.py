"""The co-regulation index: linked, and settling faster or slower than usual.

50 is nothing beyond chance. Linkage alone never raises it, and more of it than half a rhythm
lowers it: the index rewards no synchrony. It compares a couple with itself, never with another.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from scipy import special

from interbeat_analysis.linkage import LINKED_P, Correlogram, Linkage
from interbeat_analysis.settling import REFERENCE_SIGMA, Settling

FULL_R = 0.40
"""Beyond this more linkage adds nothing."""
DRAWS = 400
PERCENTILES = np.linspace(0.0, 100.0, DRAWS)
SEED = 20260101
RANGE = (5.0, 95.0)
NOTHING = 50.0

MIN_JOINT_S = 480.0
MIN_CLEAN_SHARE = 0.75
"""Before this nothing is shown: the test would be fair, and would see 7 % of linked couples."""

State = Literal["locked", "undecided", "shown"]
Reason = Literal[
    "not_enough_data",
    "same_source",
    "no_reference",
    "reference_too_short",
    "reference_not_matched",
    "no_half_decay",
    "range_holds_50",
    "",
]


class Index(NamedTuple):
    """The index with its 90 % range, or why there is none."""

    value: float
    """0 to 100; NaN while locked."""
    low: float
    high: float
    """90 % range, which holds the value."""
    state: State
    """"undecided" when the range holds 50."""
    reason: Reason


def locked(reason: Reason) -> Index:
    """No index, and why."""
    return Index(np.nan, np.nan, np.nan, "locked", reason)


def enough(joint_s: float, lasted_s: float) -> bool:
    """Whether two records hold enough clean time together for any figure.

    Parameters
    ----------
    joint_s : float
        Seconds in which both bands are known.
    lasted_s : float
        Seconds of the stretch.

    Returns
    -------
    bool
        True from 8 clean minutes that are 75 % of the stretch.
    """
    return joint_s >= MIN_JOINT_S and joint_s >= MIN_CLEAN_SHARE * lasted_s


def index(found: Correlogram, judged: Linkage, balance: float, settled: Settling) -> Index:
    """Composite of linkage and settling, of one session or pooled over several.

    CRI = 50 + 50 c d (balance own if d > 0, else 1), with c = r_adjusted / .40 within 0 and 1,
    own = min(1, 2 (1 - r_adjusted^2)), and d of the settling. Its 90 % range comes from 400
    draws of a fixed seed: r' = max(0, N(r, sigma)), ln ratio' = N(ln ratio, its deviation), and
    the same formula without shrinking; it is widened to hold the value, and 50 too unless the two
    are linked (p <= .05): what may not be called linked may as well be nothing.

    Parameters
    ----------
    found : Correlogram
        Of one session or pooled.
    judged : Linkage
        What `linkage.linkage` says of it.
    balance : float
        Of `lead.lead`, 0 to 1; of several sessions the mean of theirs, each by itself mutual
        until shown otherwise.
    settled : Settling
        With sufficient references.

    Returns
    -------
    Index
        Locked where linkage or settling is not known.
    """
    if np.isnan(judged.p):
        return locked("not_enough_data")
    if np.isnan(settled.half_decay_s):
        return locked("no_half_decay")
    if np.isnan(settled.log_ratio):
        return locked("no_reference")
    value = float(_composite(np.array(judged.r_adjusted), np.array(settled.d), balance))
    draws = _draws()
    r = np.maximum(0.0, judged.r + found.sigma * draws[0])
    log_ratio = settled.log_ratio + settled.log_sigma * draws[1]
    d = 2.0 * special.ndtr(log_ratio / REFERENCE_SIGMA) - 1.0
    ordered = np.sort(_composite(r, d, balance))
    low, high = np.interp(RANGE, PERCENTILES, ordered)
    held = [value] if judged.p <= LINKED_P else [value, NOTHING]
    low, high = min(float(low), *held), max(float(high), *held)
    if low <= NOTHING <= high:
        return Index(value, low, high, "undecided", "range_holds_50")
    return Index(value, low, high, "shown", "")


def _composite(r: np.ndarray, d: np.ndarray, balance: float) -> np.ndarray:
    linked = np.minimum(r / FULL_R, 1.0)
    own = np.minimum(1.0, 2.0 * (1.0 - r**2))
    return np.asarray(NOTHING + 50.0 * linked * d * np.where(d > 0, balance * own, 1.0))


@lru_cache(maxsize=1)
def _draws() -> np.ndarray:
    return np.random.default_rng(SEED).standard_normal((2, DRAWS))
