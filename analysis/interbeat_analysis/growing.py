"""Artefacts of a record that grows: what was settled stays, and only the newest are judged."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.artifacts import Artifacts, find_artifacts
from interbeat_analysis.series import joined

SETTLED_AFTER = 8
"""Later intervals after which nothing that is said of one can change, unless its run goes on."""

JUDGED_BY = 104
"""Earlier intervals that have a say: 91 make a threshold, each of them stands against the median
of the 8 before it, and what the neighbours are counts, too."""

NEIGHBOURS = 4
"""Earlier intervals of which that is asked."""


class Judged(NamedTuple):
    """A record and what its intervals are, arrays of shape (n,)."""

    beat_t_s: np.ndarray
    """Beat that ends each interval, in seconds."""
    rr_s: np.ndarray
    """The intervals, in seconds."""
    found: Artifacts
    """What each interval is, as `find_artifacts` says with `causal`."""


def judge_more(
    before: Judged | None, beat_t_s: np.ndarray, rr_s: np.ndarray, *, dropped: int = 0
) -> Judged:
    """Artefacts of a record that has grown, at the cost of what is new.

    Beats may have moved together, as the clock of a strap becomes better known. Where an interval
    that was judged is another one now, or no longer follows the one before it as it did, the
    whole record is judged anew.

    Parameters
    ----------
    before : Judged or None
        What this function gave for the shorter record; None where there was none.
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    rr_s : ndarray, shape (n,)
        RR intervals in seconds; NaN (or not positive) where there is none.
    dropped : int
        How many intervals at the begin of the shorter record are no longer there.

    Returns
    -------
    Judged
        What `find_artifacts` says of the record with `causal`; of intervals that were settled,
        what it said when the dropped ones were still there.

    Raises
    ------
    ValueError
        As `find_artifacts`.
    """
    kept = _settled(before, beat_t_s, rr_s, dropped) if before else 0
    since = max(kept - JUDGED_BY, 0)
    found = find_artifacts(
        rr_s[since:],
        beat_t_s=beat_t_s[since:],
        causal=True,
        since=max(kept - NEIGHBOURS - since, 0),
    )
    if before and kept:
        old, new = slice(dropped, dropped + kept), slice(kept - since, None)
        found = Artifacts(
            *(
                np.concatenate([said[old], says[new]])
                for said, says in zip(before.found, found, strict=True)
            )
        )
    return Judged(beat_t_s, rr_s, found)


def _settled(before: Judged, beat_t_s: np.ndarray, rr_s: np.ndarray, dropped: int) -> int:
    """How many intervals of the record now are as they were, and settled; 0 if they differ."""
    shared = len(before.rr_s) - dropped
    if not 0 < shared <= len(rr_s):
        return 0
    were_s, are_s = before.rr_s[dropped:], rr_s[:shared]
    if not np.array_equal(were_s, are_s, equal_nan=True):
        return 0
    followed = joined(before.beat_t_s[dropped:], were_s)
    if not np.array_equal(followed, joined(beat_t_s[:shared], are_s)):
        return 0
    settled = max(shared - SETTLED_AFTER, 0)
    bad = before.found.bad[dropped : dropped + settled]
    # A run of bad intervals is judged as one, once it has ended.
    good = np.flatnonzero(~bad)
    return int(good[-1]) + 1 if len(good) else 0
