"""Several sessions of the same couple as one: a single talk says little, three to five much.

Correlograms are pooled, never p values: a session without linkage has p near 1 however much it
knows, and several such would drown what the others saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from interbeat_analysis.confounds import Flag
from interbeat_analysis.coregulation import index
from interbeat_analysis.dyad import Dyad, LinkageState
from interbeat_analysis.lead import UNKNOWN
from interbeat_analysis.linkage import LINKED_P, Correlogram, linkage
from interbeat_analysis.settling import pooled_settling


def pooled(sessions: Sequence[Correlogram]) -> Correlogram:
    """One correlogram of several sessions, each with the weight of what it knows.

    C = sum of w C_k with w as 1 / sigma_k^2 and adding up to 1; sigma^2 = sum of (w sigma_k)^2;
    the roughness is averaged with the same weights, the degrees of freedom are added. It is
    judged by `linkage.linkage` like one session. Who was seen first is never pooled: a faster
    heart comes first in every session, and with eight of them a third of truly mutual couples
    would seem to have a leader. So `asymmetry_sigma` is NaN.

    Parameters
    ----------
    sessions : sequence of Correlogram
        Of the same two people, in the same roles.

    Returns
    -------
    Correlogram
        All NaN when no session has a null.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not sessions:
        raise ValueError("there is no session to pool; give at least one correlogram")
    telling = [c for c in sessions if c.sigma > 0 and not np.isnan(c.r).any()]
    if not telling:
        return sessions[0]._replace(asymmetry_sigma=np.nan)
    sigma = np.array([c.sigma for c in telling])
    weight = sigma**-2.0
    weight /= weight.sum()
    return Correlogram(
        lag_s=telling[0].lag_s,
        r=weight @ np.stack([c.r for c in telling]),
        sigma=float(np.sqrt(((weight * sigma) ** 2).sum())),
        roughness=float(weight @ np.array([c.roughness for c in telling])),
        df=float(sum(c.df for c in telling)),
        asymmetry_sigma=np.nan,
        joint_s=float(sum(c.joint_s for c in telling)),
        lasted_s=float(sum(c.lasted_s for c in telling)),
        sessions=sum(c.sessions for c in telling),
    )


def together(sessions: Sequence[Dyad]) -> Dyad:
    """Several sessions of the same two people as one result.

    Sessions without enough data, or with one heart on both straps, are left out. There is no
    lead: it is never pooled.

    Parameters
    ----------
    sessions : sequence of Dyad
        Of the same two people, in the same roles.

    Returns
    -------
    Dyad
        The only session that counts as it is; that of the first if none does.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not sessions:
        raise ValueError("there is no session to pool; give at least one")
    telling = [s for s in sessions if s.state in ("no_linkage", "linked")]
    if len(telling) < 2:
        return telling[0] if telling else sessions[0]
    found = pooled([s.correlogram for s in telling])
    speech_known = all(s.speech_known for s in telling)
    judged = linkage(found)
    if not speech_known:
        judged = judged._replace(p_antiphase=np.nan, r_antiphase=np.nan)
    settled = pooled_settling([s.settling for s in telling])
    balance = float(np.mean([s.lead.balance for s in telling]))
    shut = [s.coregulation for s in telling if s.coregulation.state == "locked"]
    whole = shut[0] if shut else index(found, judged, balance, settled)
    state: LinkageState = "linked" if judged.p <= LINKED_P else "no_linkage"
    worst = max((s.breathing for s in telling), key=lambda check: np.nan_to_num(check.z, nan=-9.0))
    flags = {flag for s in telling for flag in s.flags} - {"shared_or_linked"}
    if state == "linked":
        flags.add("shared_or_linked")
    return Dyad(
        found.joint_s,
        found.joint_s / found.lasted_s,
        speech_known,
        state,
        found,
        judged,
        UNKNOWN,
        settled,
        whole,
        worst,
        tuple(flag for flag in get_args(Flag) if flag in flags),
    )
