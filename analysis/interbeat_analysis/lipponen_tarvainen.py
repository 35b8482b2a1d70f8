"""Features and classes of RR intervals after Lipponen and Tarvainen, for all beats at once.

The published method judges how an interval changes against how the record around it usually
changes. Two things are different here. Thresholds have a floor and a cap: without a cap, many
ectopic beats raise the threshold until none of them is seen any more, and without a floor a
record on a coarse grid has none. And nothing reaches over a gap: each part of a record gives
what it would give alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy.ndimage import rank_filter

MEDIAN_BEATS = 11
THRESHOLD_BEATS = 91
QUARTILE_DEVIATIONS = 5.2
"""For normally distributed changes this covers 99.95 %."""

FLOOR_S = 0.03
"""Smaller changes are never called unusual: intervals on a 10 ms grid can be quite still."""
CAP = 0.3
"""No threshold is above this part of the local median, however restless the record is. At a
quarter, a slow heart with three beats to a breath has true ones beyond it."""

MEDIAN_AHEAD = 2
"""Beats after its own that a median may know in the causal version."""

RANKED_FROM = 2000
"""With fewer values it is quicker to sort each window than to go over them once per rank."""

SLOPE = 0.13
OFFSET = 0.17
"""Border between the class of ectopic beats and the others, in thresholds."""
FAR = 3.0
"""So many thresholds off the median an interval is wrong whatever its neighbours are."""


class Features(NamedTuple):
    """What the classes are drawn from, shape (n,) each, NaN where a neighbour is missing."""

    rr_s: np.ndarray
    next_s: np.ndarray
    """The interval after each."""
    median_s: np.ndarray
    """Median of the 11 intervals around each."""
    change: np.ndarray
    """Change from the interval before, in thresholds (dRR of the paper)."""
    off: np.ndarray
    """Distance from the median, doubled below it, in thresholds (mRR)."""
    beside: np.ndarray
    """The greater neighbouring change where an interval grew, the smaller where it shrank (S12)."""
    after: np.ndarray
    """The milder of the opposite ones among the next two changes (S22)."""
    off_threshold_s: np.ndarray


class Classes(NamedTuple):
    """Intervals that stand out, shape (n,) each; an interval may stand out for two reasons."""

    ectopic: np.ndarray
    missed: np.ndarray
    extra: np.ndarray
    long_or_short: np.ndarray


def features(
    rr_s: np.ndarray, part: np.ndarray, *, causal: bool = False, since: int = 0
) -> Features:
    """Features of every interval.

    Parameters
    ----------
    rr_s : ndarray, shape (n,)
        RR intervals in seconds, in order, finite.
    part : ndarray of int, shape (n,)
        Number of the unbroken part that each interval belongs to, not decreasing.
    causal : bool
        Whether thresholds come from the 91 beats that end at each, not from those around it,
        and medians from 8 beats before and 2 after. A feature then knows 2 later beats at most.
    since : int
        Thresholds of earlier intervals are not made, and what rests on them is NaN.

    Returns
    -------
    Features
        Of each interval.

    References
    ----------
    .. [1] Lipponen, J. A., & Tarvainen, M. P. (2019). A robust algorithm for heart rate
       variability time series artefact correction using novel beat classification. Journal of
       Medical Engineering & Technology, 43(3), 173-181.
       https://doi.org/10.1080/03091902.2019.1640306
    """
    ahead = MEDIAN_AHEAD if causal else MEDIAN_BEATS // 2
    (median_s,) = moving_quantiles(rr_s, part, (MEDIAN_BEATS - 1 - ahead, ahead), (0.5,))
    change_s = rr_s - shifted(rr_s, part, -1)
    off_s = rr_s - median_s
    off_s = np.where(off_s < 0, 2.0 * off_s, off_s)

    cap_s = np.maximum(CAP * median_s, FLOOR_S)
    change_threshold_s, off_threshold_s = _thresholds_s(
        np.stack([change_s, off_s]), part, cap_s, causal=causal, since=since
    )
    change = change_s / change_threshold_s

    before, after, after_next = (shifted(change, part, by) for by in (-1, 1, 2))
    grew = change > 0
    return Features(
        rr_s=rr_s,
        next_s=shifted(rr_s, part, 1),
        median_s=median_s,
        change=change,
        off=off_s / off_threshold_s,
        beside=np.where(grew, np.fmax(before, after), np.fmin(before, after)),
        after=np.where(grew, np.fmin(after, after_next), np.fmax(after, after_next)),
        off_threshold_s=off_threshold_s,
    )


def classify(found: Features, part: np.ndarray) -> Classes:
    """Classes of the intervals that stand out.

    Parameters
    ----------
    found : Features
        Of the intervals.
    part : ndarray of int, shape (n,)
        As `features`.

    Returns
    -------
    Classes
        A feature that is NaN puts an interval into no class.
    """
    change, beside, after = found.change, found.beside, found.after
    changed = np.abs(change) > 1.0
    ectopic = (change > 1.0) & (beside < -SLOPE * change - OFFSET)
    ectopic |= (change < -1.0) & (beside > -SLOPE * change + OFFSET)

    # An interval that stands out by its change, and the next one where that changes less than
    # the one after it: the second of two that belong together.
    begins = changed & ~ectopic
    size = np.abs(change)
    goes_on = shifted(size, part, 1) < shifted(size, part, 2)
    judged = begins | (shifted((begins & goes_on).astype(np.float64), part, -1) == 1.0)

    long = (change > 1.0) & (after < -1.0)
    short = (change < -1.0) & (after > 1.0)
    far = np.abs(found.off) > FAR
    halves = np.abs(0.5 * found.rr_s - found.median_s) < found.off_threshold_s
    joined = np.abs(found.rr_s + found.next_s - found.median_s) < found.off_threshold_s
    return Classes(
        ectopic=ectopic,
        missed=judged & long & halves,
        extra=judged & short & joined,
        long_or_short=judged & (long | short) | far,
    )


def shifted(values: np.ndarray, part: np.ndarray, by: int) -> np.ndarray:
    """The value `by` intervals later (earlier where negative).

    Parameters
    ----------
    values : ndarray, shape (n,)
        Values of any unit.
    part : ndarray of int, shape (n,)
        Which unbroken part of the record each value belongs to.
    by : int
        How many intervals later.

    Returns
    -------
    ndarray, shape (n,)
        The values, in their unit; NaN where the other one is of another part, or there is none.
    """
    moved = np.full(len(values), np.nan)
    if 0 < abs(by) < len(values):
        here, there = (
            (slice(None, -by), slice(by, None))
            if by > 0
            else (
                slice(-by, None),
                slice(None, by),
            )
        )
        moved[here] = values[there]
        if part[0] != part[-1]:
            moved[here][part[here] != part[there]] = np.nan
    return moved


def moving_quantiles(
    values: np.ndarray,
    part: np.ndarray,
    reach: tuple[int, int],
    shares: tuple[float, ...],
    wanted: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Quantiles of the numbers around each value, within its part.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Any numbers; NaN is left out.
    part : ndarray of int, shape (n,)
        As `features`.
    reach : (int, int)
        How many values before and after each belong to its window, where they exist.
    shares : tuple of float
        The quantiles, from 0 to 1.
    wanted : ndarray of int, shape (m,), optional
        The values around which quantiles are asked for; all where it is not given.

    Returns
    -------
    list of ndarray, shape (n,), or (m,)
        One for each share, interpolated between two values; NaN where a window holds no number.
    """
    back, ahead = reach
    width = back + ahead + 1
    if not len(values):
        return [np.empty(0) for _ in shares]
    # Between two parts there are as many NaN as a window can reach.
    room = max(back, ahead)
    at = np.arange(len(values)) + room * (part - part[0] + 1)
    spaced = np.full(at[-1] + room + 1, np.nan)
    spaced[at] = values
    if wanted is not None:
        at = at[wanted]
    numbers = np.zeros(len(spaced) + 1, dtype=np.int64)
    np.cumsum(~np.isnan(spaced), out=numbers[1:])
    begins = at - back
    count = numbers.take(at + (ahead + 1))
    count -= numbers.take(begins)
    # As sliding_window_view does in three times the time.
    step = spaced.strides[0]
    around = as_strided(spaced, (len(spaced) - width + 1, width), (step, step), writeable=False)
    if len(at) < RANKED_FROM:
        return _sorted_out(around[begins], count, shares)

    full = count == width
    found = _sorted_out(around[begins[~full]], count[~full], shares)
    spaced[np.isnan(spaced)] = np.inf  # beyond every rank that is asked for
    for number, share in enumerate(shares):
        quantile = np.empty(len(at))
        quantile[~full] = found[number]
        quantile[full] = _of_full_windows(spaced, width, ahead, share)[at[full]]
        found[number] = quantile
    return found


def _sorted_out(
    around: np.ndarray, count: np.ndarray, shares: tuple[float, ...]
) -> list[np.ndarray]:
    """Quantiles of each row, of which `count` are numbers, for each share; NaN where none is."""
    around.sort(axis=1)  # NaN goes last
    last = np.maximum(count - 1, 0)
    begins = np.arange(0, around.size, around.shape[1])
    ordered = around.ravel()
    found = []
    for share in shares:
        place = share * last
        low = place.astype(np.int64)
        part = place - low
        low += begins
        lower = ordered.take(low)
        low += part > 0.0
        upper = ordered.take(low)
        upper -= lower
        upper *= part
        lower += upper
        found.append(lower)
    return found


def _of_full_windows(values: np.ndarray, width: int, ahead: int, share: float) -> np.ndarray:
    """Quantile of the `width` values around each, `ahead` of them after it; wrong at the ends."""
    place = share * (width - 1)
    low = int(place)
    origin = (width - 1) // 2 - ahead
    lower = rank_filter(values, low, size=width, origin=origin, mode="nearest")
    if place > low:
        upper = rank_filter(values, low + 1, size=width, origin=origin, mode="nearest")
        with np.errstate(invalid="ignore"):  # inf - inf, where a window is not full
            upper -= lower
            upper *= place - low
        lower += upper
    return np.asarray(lower)


def _thresholds_s(
    values_s: np.ndarray, part: np.ndarray, cap_s: np.ndarray, *, causal: bool, since: int
) -> np.ndarray:
    """5.2 quartile deviations of the sizes around each value of each row, within floor and cap.

    NaN before `since`.
    """
    half = THRESHOLD_BEATS // 2
    reach = (THRESHOLD_BEATS - 1, 0) if causal else (half, half)
    rows, n = values_s.shape
    of_rows = np.arange(rows)[:, np.newaxis]
    wanted = (np.arange(since, n) + n * of_rows).ravel() if since else None
    parts = (part + of_rows * (part[-1] - part[0] + 1)).ravel()
    lower, upper = moving_quantiles(np.abs(values_s).ravel(), parts, reach, (0.25, 0.75), wanted)
    upper -= lower
    upper *= QUARTILE_DEVIATIONS * 0.5
    np.fmax(upper, FLOOR_S, out=upper)  # the floor where there is no quantile, too
    spread_s = np.full(values_s.shape, np.nan)
    np.minimum(upper.reshape(rows, -1), cap_s[since:], out=spread_s[:, since:])
    return spread_s
