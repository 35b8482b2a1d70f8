"""Variability of a record with artefacts: by which intervals, and how many beats were bad."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from interbeat_analysis.artifacts import Artifacts, Redistributed, check_found, redistribute
from interbeat_analysis.differences import Differences, differences_inside
from interbeat_analysis.hrv import HRV, hrv_inside
from interbeat_analysis.series import check_positive, checked_beats
from interbeat_analysis.window_sums import beats_inside, counts_inside

MOST_REDISTRIBUTED_PERCENT = 5.0
"""With more bad beats than this, differences are of the beats that were seen, and of no other."""

_Windows = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class CorrectedHRV(NamedTuple):
    """Time-domain figures, one per window, and what they rest on."""

    hrv: HRV
    method: np.ndarray
    """Where the differences are from: "redistributed" or "masked"."""
    bad_percent: np.ndarray
    """Percent of the intervals of the window that are bad; NaN without an interval."""


def windowed_corrected_hrv(
    beat_t_s: np.ndarray,
    rr_s: np.ndarray,
    found: Artifacts,
    end_s: np.ndarray,
    window_s: float,
) -> CorrectedHRV:
    """Variability in the windows `(end_s - window_s, end_s]`, artefacts taken care of.

    Mean heart rate, SDNN and the number of beats are of the intervals that are not bad. The
    figures of successive differences (RMSSD, SDSD, pNN50, pNN20, SD1, SD2) are of redistributed
    intervals while at most 5 % of the intervals of the window are bad: left out, an artefact
    would take two or three true differences with it. Above, they are masked: of neighbouring
    intervals of which neither is bad, since replacements are smoother than a heart.

    Parameters
    ----------
    beat_t_s : ndarray, shape (n,)
        Time of the beat that ends each interval, in seconds, strictly increasing.
    rr_s : ndarray, shape (n,)
        RR intervals in seconds; NaN (or not positive) where one is missing.
    found : Artifacts
        What `find_artifacts` says of them.
    end_s : ndarray, shape (...)
        Ends of the windows in seconds, in any order.
    window_s : float
        Length of the windows in seconds.

    Returns
    -------
    CorrectedHRV
        Arrays of shape (...), figures NaN where a window holds too few beats.

    Raises
    ------
    ValueError
        If `window_s` is not positive, the beat times do not increase, the shapes differ, or
        `rr_s` is not in seconds (median above 10).

    See Also
    --------
    interbeat_analysis.hrv.windowed_hrv : the definitions, and a reference.
    """
    check_positive("window_s", window_s, "s")
    end_s = np.asarray(end_s, dtype=np.float64)
    made = _corrected(beat_t_s, rr_s, found, lambda t_s: beats_inside(t_s, end_s, window_s))
    return _shaped(made, end_s.shape)


def corrected_hrv(beat_t_s: np.ndarray, rr_s: np.ndarray, found: Artifacts) -> CorrectedHRV:
    """Variability of a whole series, artefacts taken care of: one window that holds everything.

    Parameters
    ----------
    beat_t_s, rr_s, found
        As `windowed_corrected_hrv`.

    Returns
    -------
    CorrectedHRV
        Arrays of shape (), figures NaN where there are too few beats.

    Raises
    ------
    ValueError
        If the beat times do not increase, the shapes differ, or `rr_s` is not in seconds
        (median above 10).

    See Also
    --------
    windowed_corrected_hrv : what is taken from which intervals.
    """
    made = _corrected(beat_t_s, rr_s, found, lambda t_s: (np.array([0]), np.array([len(t_s)])))
    return _shaped(made, ())


def _corrected(
    beat_t_s: np.ndarray, rr_s: np.ndarray, found: Artifacts, windows: _Windows
) -> CorrectedHRV:
    beat_t_s, rr_s = checked_beats(beat_t_s, rr_s)
    check_found(found, rr_s)
    first, after = windows(beat_t_s)
    # Live, a window is the last minute of many: the others cost nothing.
    held = _held(found.bad, first, after)
    beat_t_s, rr_s, found = beat_t_s[held], rr_s[held], Artifacts(*(said[held] for said in found))
    first, after = first - held.start, after - held.start
    bad = found.bad
    made = Redistributed(beat_t_s, rr_s, bad)
    if bad.any():
        made = redistribute(beat_t_s, rr_s, found)
    with np.errstate(invalid="ignore"):
        bad_percent = 100.0 * counts_inside(bad, first, after) / (after - first)
    few = bad_percent <= MOST_REDISTRIBUTED_PERCENT

    nn_s = np.where(bad, np.nan, rr_s)
    return CorrectedHRV(
        hrv_inside(nn_s, first, after, _differences(few, made, beat_t_s, nn_s, windows)),
        np.where(few, "redistributed", "masked"),
        bad_percent,
    )


def _held(bad: np.ndarray, first: np.ndarray, after: np.ndarray) -> slice:
    """The intervals of all windows, with the runs that reach into them and the good ones beside."""
    if not len(first):
        return slice(0, 0)
    start, stop = int(first.min()), int(after.max())
    while 0 < start < len(bad) and bad[start]:
        start -= 1
    while stop < len(bad) and bad[stop]:
        stop += 1
    return slice(start, stop + 1)


def _differences(
    few: np.ndarray,
    made: Redistributed,
    beat_t_s: np.ndarray,
    nn_s: np.ndarray,
    windows: _Windows,
) -> Differences:
    """Of the redistributed record where few intervals are bad, else of those that are not."""
    if few.all():
        return differences_inside(made.beat_t_s, made.nn_s, *windows(made.beat_t_s))
    figures = np.empty((len(Differences._fields) - 1, len(few)))
    differences = Differences._make([*figures, np.zeros(len(few), dtype=np.int64)])
    for chosen, t_s, intervals_s in ((few, made.beat_t_s, made.nn_s), (~few, beat_t_s, nn_s)):
        if chosen.any():
            first, after = (places[chosen] for places in windows(t_s))
            some = differences_inside(t_s, intervals_s, first, after)
            for whole, values in zip(differences, some, strict=True):
                whole[chosen] = values
    return differences


def _shaped(made: CorrectedHRV, shape: tuple[int, ...]) -> CorrectedHRV:
    return CorrectedHRV(
        HRV(*(values.reshape(shape) for values in made.hrv)),
        made.method.reshape(shape),
        made.bad_percent.reshape(shape),
    )
