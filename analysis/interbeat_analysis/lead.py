"""Who is seen first: the lean of a correlogram, and when it may be spoken of.

A partner whose heart answers faster is seen first by construction. So this is never pooled, is
claimed seldom, and says nothing about who influences whom.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from interbeat_analysis.linkage import CHANCE_Z, LINKED_P, Correlogram, Linkage, shrinkage

CLAIM_Z = 2.58
CLAIM_LASTED_S = 1200.0


class Lead(NamedTuple):
    """How far the shared rise and fall leans to one side."""

    asymmetry: float
    """Mean correlation at the lags above 0 minus below; > 0: a first. NaN if unknown."""
    asymmetry_z: float
    """The same in its chance deviations."""
    lead: float
    """-1 (all of it b first) to 1 (all of it a first); near 0 until shown otherwise."""
    balance: float
    """1 - |lead|: 1 is mutual."""
    balance_low: float
    balance_high: float
    """90 % range of the balance; it holds the balance."""
    claim: Literal["a", "b"] | None
    """Who was seen first, where the evidence lets one say so."""


UNKNOWN = Lead(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, None)


def lead(found: Correlogram, judged: Linkage) -> Lead:
    """Lean of the correlogram of one session.

    With P and N the mean correlations at 1 to 15 s and at -15 to -1 s, lead is
    (P+ - N+) / (P+ + N+), + meaning where above 0, shrunk by the chance part of P - N. It is
    claimed only where the two are linked (p <= .05), |z| > 2.58, from 20 min together. The range of
    the balance is what lead is with P+ - N+ moved by 1.645 chance deviations either way.

    Parameters
    ----------
    found : Correlogram
        Of one session.
    judged : Linkage
        What `linkage.linkage` says of it.

    Returns
    -------
    Lead
        NaN and no claim where the correlogram has no null.

    Raises
    ------
    ValueError
        If the correlogram is of several sessions.
    """
    if found.sessions > 1:
        raise ValueError(
            f"a lead of {found.sessions} pooled sessions would only show whose heart is faster; "
            "ask for it in each session"
        )
    if not found.asymmetry_sigma > 0 or np.isnan(judged.p):
        return UNKNOWN
    ahead = float(found.r[found.lag_s > 0].mean())
    behind = float(found.r[found.lag_s < 0].mean())
    asymmetry = ahead - behind
    z = asymmetry / found.asymmetry_sigma
    ahead, behind = max(ahead, 0.0), max(behind, 0.0)
    leaning = _share(ahead - behind, ahead + behind) * shrinkage(z)
    reach = CHANCE_Z * found.asymmetry_sigma
    ends = [_share(ahead - behind + moved, ahead + behind) for moved in (-reach, reach)]
    least = 0.0 if ends[0] <= 0 <= ends[1] else min(map(abs, ends))
    may_say = judged.p <= LINKED_P and abs(z) > CLAIM_Z and found.lasted_s >= CLAIM_LASTED_S
    claim: Literal["a", "b"] = "a" if z > 0 else "b"
    return Lead(
        asymmetry=asymmetry,
        asymmetry_z=z,
        lead=leaning,
        balance=1.0 - abs(leaning),
        balance_low=1.0 - max(map(abs, ends)),
        balance_high=1.0 - least,
        claim=claim if may_say else None,
    )


def _share(difference: float, both: float) -> float:
    """From -1 to 1; of nothing, as far as the difference goes."""
    if both > 0:
        return min(max(difference / both, -1.0), 1.0)
    return float(np.sign(difference))
