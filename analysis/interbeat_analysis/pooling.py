"""Several sessions of the same couple as one: a single talk says little, three to five much.

Correlograms are pooled, never p values: a session without linkage has p near 1 however much it
knows, and several such would drown what the others saw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interbeat_analysis.linkage import Correlogram


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
