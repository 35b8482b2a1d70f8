"""Which RR intervals are not from one heart beat to its next, and what can stand for them.

Nothing is moved: the record stays as it is, `find_artifacts` says of each interval what it is,
`mask_artifacts` leaves out what is no beat to beat, and `redistribute` gives a second record in
which short runs of bad intervals are replaced by as many plausible ones as fill the same time.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from interbeat_analysis.bad_intervals import (
    LONG_ALONE,
    LONGEST_S,
    SHORT_ALONE,
    SHORTEST_S,
    bad_intervals,
)
from interbeat_analysis.lipponen_tarvainen import Classes, classify, features, shifted
from interbeat_analysis.series import checked_beats, checked_intervals, neighbours

LOOK_AHEAD_BEATS = 3
"""Later beats that settle whether an interval is bad, in the causal version."""

MOST_REPLACED = 8
"""Longer runs are left out, not filled: what happened in them is not known."""

FIT = 0.2
"""How far the replacements may be off the intervals beside them, as a part of these."""

ECTOPIC_DEVIATION = 0.2
"""A beat moved by less than this part of an interval counts as misplaced."""


class State(IntEnum):
    """What becomes of an interval."""

    OK = 0
    CORRECTED = 1
    """Bad, and its run can be replaced."""
    INVALID = 2
    """Bad, and left out."""


class Kind(IntEnum):
    """What is wrong with a bad interval."""

    NONE = 0
    MISSED = 1
    EXTRA = 2
    ECTOPIC = 3
    MISPLACED = 4


class Artifacts(NamedTuple):
    """What each interval of a record is, arrays of shape (n,)."""

    state: np.ndarray
    """A `State` each, int8."""
    kind: np.ndarray
    """A `Kind` each, int8; NONE where the state is ok or the interval is no number."""
    stands_for: np.ndarray
    """How many intervals take the place of each: 1 where it stays, and for a corrected run all
    of its replacements at its first interval and 0 at the others."""

    @property
    def bad(self) -> np.ndarray:
        """True where an interval is not from one heart beat to its next, shape (n,)."""
        return np.asarray(self.state != State.OK)


class Redistributed(NamedTuple):
    """A record in which short runs of bad intervals were replaced, arrays of shape (m,)."""

    beat_t_s: np.ndarray
    """Beats in seconds; those outside of the replaced runs are where they were."""
    nn_s: np.ndarray
    """Intervals in seconds, NaN where a bad one could not be replaced."""
    corrected: np.ndarray
    """True where an interval is a replacement, with no heart beat behind it."""


class _Runs(NamedTuple):
    """Runs of bad intervals, one entry each."""

    first: np.ndarray
    after: np.ndarray
    usual_s: np.ndarray
    """Mean of the two good intervals beside it; NaN where the record does not have both."""
    replacements: np.ndarray
    """How many intervals fill the run best; 0 where it cannot be replaced."""

    @property
    def intervals(self) -> np.ndarray:
        return np.asarray(self.after - self.first)


def find_artifacts(
    rr_s: np.ndarray,
    *,
    beat_t_s: np.ndarray | None = None,
    causal: bool = False,
    since: int = 0,
) -> Artifacts:
    """Say of each interval whether it is from one heart beat to its next.

    An interval is bad when it is shorter than 0.3 s or longer than 2.0 s. It is bad, too, when
    the features of Lipponen and Tarvainen set it apart and it is off the median of the 11 around
    it by more than 8 %, with a neighbour that is off by as much to the other side, as a beat
    that comes early or late leaves them; without such a neighbour, when it is more than 25 %
    shorter or 50 % longer. Right beside a bad interval, one that is off by 8 % to the other side
    or by 15 % to the same side is bad as well. Thresholds are at least 30 ms and at most a
    quarter of the local median.

    The neighbour is what tells an artefact from breathing: a deep breath makes one or two
    intervals up to a third longer, and none shorter beside them.

    A run of at most 8 bad intervals between two good ones is corrected when a whole number of
    intervals within 20 % of these two fills its time; otherwise it is invalid. Its kind is told
    from the numbers: more replacements than intervals are missed beats, fewer are extra ones,
    as many are an ectopic beat, or a misplaced one where no interval is off by 20 %. These are
    names of patterns in the intervals, not findings about a heart. In a run that cannot be
    corrected, each interval has the class its own features give it.

    Nothing reaches over a gap, so a record gives what its unbroken parts give one by one.

    Parameters
    ----------
    rr_s : ndarray, shape (n,)
        RR intervals in seconds, in order. NaN (or not positive) is invalid and parts the record.
    beat_t_s : ndarray, shape (n,), optional
        Time of the beat that ends each interval, in seconds, strictly increasing. Where an
        interval does not begin at the beat before it, the record is parted. Without it, the
        intervals are taken to follow one another.
    causal : bool
        Whether an interval is judged by what came before and three beats after it, as a live
        program must. Whether an interval is bad then never changes once three more are known;
        whether its run is corrected is settled when the run has ended.
    since : int
        The first interval that is asked about; what is said of earlier ones is not to be used.

    Returns
    -------
    Artifacts
        State, kind and number of replacements of each interval.

    Raises
    ------
    ValueError
        If `rr_s` is not in seconds (median above 10), the beat times do not increase, or the
        shapes differ.

    References
    ----------
    .. [1] Lipponen, J. A., & Tarvainen, M. P. (2019). A robust algorithm for heart rate
       variability time series artefact correction using novel beat classification. Journal of
       Medical Engineering & Technology, 43(3), 173-181.
       https://doi.org/10.1080/03091902.2019.1640306
    """
    rr_s = checked_intervals(rr_s)
    told = ~np.isnan(rr_s)
    state = np.where(told, State.OK, State.INVALID).astype(np.int8)
    kind = np.zeros(len(rr_s), dtype=np.int8)
    stands_for = np.ones(len(rr_s), dtype=np.int64)
    part = _parts(rr_s, told, beat_t_s)[told]
    state[told], kind[told], stands_for[told] = _judged(
        rr_s[told], part, causal=causal, since=int(np.count_nonzero(told[:since]))
    )
    return Artifacts(state, kind, stands_for)


def mask_artifacts(
    rr_s: np.ndarray, *, beat_t_s: np.ndarray | None = None, causal: bool = False
) -> np.ndarray:
    """NN intervals: RR with NaN in place of what `find_artifacts` calls bad.

    Parameters
    ----------
    rr_s, beat_t_s, causal
        As `find_artifacts`.

    Returns
    -------
    ndarray, shape (n,)
        The same intervals in seconds, NaN where bad.

    Raises
    ------
    ValueError
        As `find_artifacts`.
    """
    found = find_artifacts(rr_s, beat_t_s=beat_t_s, causal=causal)
    return np.where(found.bad, np.nan, rr_s)


def redistribute(beat_t_s: np.ndarray, rr_s: np.ndarray, found: Artifacts) -> Redistributed:
    """A record in which corrected runs are replaced by plausible intervals of the same sum.

    The replacements of a run go in a straight line from the good interval before it to the one
    after it, all longer or shorter by the same time so that the run begins and ends where it
    did. No other beat moves.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    rr_s : ndarray, shape (n,)
        RR intervals in seconds.
    found : Artifacts
        What `find_artifacts` says of them.

    Returns
    -------
    Redistributed
        Of m intervals; m differs from n where beats were missed or too many.

    Raises
    ------
    ValueError
        If the beat times do not increase, the shapes differ, or `rr_s` is not in seconds
        (median above 10).
    """
    beat_t_s, rr_s = checked_beats(beat_t_s, rr_s)
    check_found(found, rr_s)
    corrected = found.state == State.CORRECTED
    new = np.repeat(corrected, found.stands_for)
    nn_s = np.repeat(np.where(found.state == State.INVALID, np.nan, rr_s), found.stands_for)
    t_s = np.repeat(beat_t_s, found.stands_for)
    first = np.flatnonzero(corrected & (found.stands_for > 0))
    if len(first):
        filled_s, since_s = _replacements(rr_s, first, corrected, found.stands_for[first])
        nn_s[new] = filled_s
        t_s[new] = np.repeat(beat_t_s[first - 1], found.stands_for[first]) + since_s
    return Redistributed(t_s, nn_s, new)


def check_found(found: Artifacts, rr_s: np.ndarray) -> None:
    """Refuse verdicts that are of another record."""
    if found.state.shape != rr_s.shape:
        raise ValueError(
            f"found is of {len(found.state)} intervals and rr_s of {len(rr_s)}; "
            "pass what find_artifacts gave for these"
        )


def _judged(
    rr_s: np.ndarray, part: np.ndarray, *, causal: bool, since: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """State, kind and replacements of intervals that are all numbers."""
    state = np.full(len(rr_s), State.OK, dtype=np.int8)
    kind = np.full(len(rr_s), Kind.NONE, dtype=np.int8)
    stands_for = np.ones(len(rr_s), dtype=np.int64)
    if not len(rr_s):
        return state, kind, stands_for
    found = features(rr_s, part, causal=causal, since=since)
    classes = classify(found, part)
    bad = bad_intervals(found, part, classes)
    if not bad.any():
        return state, kind, stands_for
    runs = _runs(rr_s, part, bad)

    fixed = runs.replacements > 0
    state[bad] = np.repeat(np.where(fixed, State.CORRECTED, State.INVALID), runs.intervals)
    stands_for[bad] = np.where(np.repeat(fixed, runs.intervals), 0, 1)
    stands_for[runs.first[fixed]] = runs.replacements[fixed]
    own = _own_kind(classes)[bad]
    of_run = np.repeat(_run_kind(rr_s, bad, runs), runs.intervals)
    kind[bad] = np.where(np.repeat(fixed, runs.intervals), of_run, own)
    return state, kind, stands_for


def _parts(rr_s: np.ndarray, told: np.ndarray, beat_t_s: np.ndarray | None) -> np.ndarray:
    """The number of the unbroken part of each interval."""
    if beat_t_s is None:
        follows = np.concatenate([[False], told[:-1]])[: len(rr_s)]
    else:
        follows = neighbours(beat_t_s, rr_s)
    return np.asarray(np.cumsum(told & ~follows))


def _runs(rr_s: np.ndarray, part: np.ndarray, bad: np.ndarray) -> _Runs:
    """Runs of bad intervals, none over the border of a part, and what can replace them."""
    opens = np.concatenate([[True], ~bad[:-1] | (part[1:] != part[:-1])])
    first = np.flatnonzero(bad & opens)
    closes = np.concatenate([opens[1:] | ~bad[1:], [True]])
    after = np.flatnonzero(bad & closes) + 1
    left_s = shifted(rr_s, part, -1)[first]
    right_s = shifted(rr_s, part, 1)[after - 1]
    lasted_s = np.add.reduceat(np.where(bad, rr_s, 0.0), first)

    usual_s = 0.5 * (left_s + right_s)
    longest_s = np.maximum.reduceat(np.where(bad, rr_s, 0.0), first)
    shortest_s = np.minimum.reduceat(np.where(bad, rr_s, np.inf), first)
    intervals = after - first
    with np.errstate(invalid="ignore"):
        count = np.maximum(np.rint(lasted_s / usual_s), 1.0)
        # Deep breaths add up as well: a beat was missed only where an interval is long enough
        # for two, and one is too many only where an interval is too short for one.
        breaths = (count > intervals) & (longest_s < (1.0 + LONG_ALONE) * usual_s)
        breaths |= (count < intervals) & (shortest_s > (1.0 - SHORT_ALONE) * usual_s)
        count = np.where(breaths, intervals, count)
        each_s = lasted_s / count
        fits = np.abs(each_s - usual_s) <= FIT * usual_s
        fits &= (each_s >= SHORTEST_S) & (each_s <= LONGEST_S)
    fits &= (intervals <= MOST_REPLACED) & (count <= MOST_REPLACED)
    replacements = np.where(fits, count, 0.0).astype(np.int64)
    return _Runs(first, after, usual_s, replacements)


def _run_kind(rr_s: np.ndarray, bad: np.ndarray, runs: _Runs) -> np.ndarray:
    """What is wrong with each run that can be replaced."""
    off_s = np.zeros(len(rr_s))
    off_s[bad] = np.abs(rr_s[bad] - np.repeat(runs.usual_s, runs.intervals))
    far = np.maximum.reduceat(off_s, runs.first) > ECTOPIC_DEVIATION * runs.usual_s
    moved = np.where(far, Kind.ECTOPIC, Kind.MISPLACED)
    counted = np.where(runs.replacements > runs.intervals, Kind.MISSED, Kind.EXTRA)
    return np.where(runs.replacements == runs.intervals, moved, counted)


def _own_kind(classes: Classes) -> np.ndarray:
    """What is wrong with each interval, taken alone."""
    return np.select(
        [classes.missed, classes.extra, classes.ectopic],
        [Kind.MISSED, Kind.EXTRA, Kind.ECTOPIC],
        Kind.MISPLACED,
    )


def _replacements(
    rr_s: np.ndarray, first: np.ndarray, corrected: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals that fill the runs, and the time since the start of its run at which each ends."""
    lasted_s = np.add.reduceat(np.where(corrected, rr_s, 0.0), first)
    after = np.flatnonzero(corrected & ~np.append(corrected[1:], False)) + 1
    left_s, right_s = rr_s[first - 1], rr_s[after]
    # Places 1 to k of k + 1 steps from left to right have the mean of the two.
    longer_s = lasted_s / count - 0.5 * (left_s + right_s)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + 1.0
    step_s = (right_s - left_s) / (count + 1.0)
    base_s, each_step_s = np.repeat(left_s + longer_s, count), np.repeat(step_s, count)
    return (
        base_s + each_step_s * number,
        base_s * number + each_step_s * 0.5 * number * (number + 1.0),
    )
