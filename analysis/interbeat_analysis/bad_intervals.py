"""The rule that parts artefacts from breathing, on top of the features of each interval."""

from __future__ import annotations

import numpy as np

from interbeat_analysis.lipponen_tarvainen import Classes, Features, shifted

SHORTEST_S = 0.3
LONGEST_S = 2.0
"""200 and 30 beats a minute: beyond it is no heart at rest or in talk."""

MIN_DEVIATION = 0.08
"""An interval this near to the median of its neighbourhood is never bad."""

SAME_SIDE = 0.15
"""Beside a bad interval, one that is off to the same side may still be a breath unless it is off
by so much; one that is off to the other side makes up for it, and is bad as well."""

SHORT_ALONE = 0.25
LONG_ALONE = 0.5
"""So far off the median an interval is bad without one beside it that is off the other way. A
deep breath makes one or two intervals a third longer; a beat that is missed doubles one."""

SHORT_STEP = 0.75
LONG_STEP = 1.6
"""Nor is it bad then unless it is at most, or at least, so many times the one beside it. A swing
of breathing in a slow heart goes up over several intervals; where a beat is missed or added, the
step is to the double or the half at once."""


def bad_intervals(found: Features, part: np.ndarray, classes: Classes) -> np.ndarray:
    """Intervals that stand out as no breathing makes them, and what they spoil beside them.

    Parameters
    ----------
    found : Features
        Of the intervals.
    part : ndarray of int, shape (n,)
        Number of the unbroken part that each interval belongs to.
    classes : Classes
        Of the intervals.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where bad.

    See Also
    --------
    interbeat_analysis.artifacts.find_artifacts : the rule in words.
    """
    rr_s, median_s = found.rr_s, found.median_s
    off_s = rr_s - median_s
    least_s = MIN_DEVIATION * median_s
    before_s = shifted(rr_s, part, -1) - median_s
    after_s = found.next_s - median_s
    long, short = off_s > least_s, off_s < -least_s
    # The first of two shows by the one after it. The second must change as sharply as it changes
    # back: where a heart goes over to a slower rhythm, the beats before are short as well.
    opposed = (long & (after_s < -least_s)) | (short & (after_s > least_s))
    makes_up = (long & (before_s < -least_s)) | (short & (before_s > least_s))
    opposed |= makes_up & classes.ectopic
    least_beside_s = np.fmin(before_s, after_s) + median_s
    most_beside_s = np.fmax(before_s, after_s) + median_s
    alone = (off_s < -SHORT_ALONE * median_s) & ~(rr_s > SHORT_STEP * most_beside_s)
    alone |= (off_s > LONG_ALONE * median_s) & ~(rr_s < LONG_STEP * least_beside_s)

    odd = (classes.ectopic | classes.long_or_short) & (opposed | alone)
    odd |= (rr_s < SHORTEST_S) | (rr_s > LONGEST_S)
    spoiled = _beside(odd & (off_s < 0), part) & (long | (off_s < -SAME_SIDE * median_s))
    spoiled |= _beside(odd & (off_s > 0), part) & (short | (off_s > SAME_SIDE * median_s))
    return np.asarray(odd | spoiled)


def _beside(marked: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Intervals right before or after a marked one, in its part."""
    same = part[1:] == part[:-1]
    beside = np.zeros(len(marked), dtype=bool)
    beside[1:] = marked[:-1] & same
    beside[:-1] |= marked[1:] & same
    return beside
