"""Chance of any measure: one series turned against the other by random amounts.

For measures that take too long for every shift; windowed synchrony has all of them, in
`shift_null`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class RandomShifts(NamedTuple):
    """Figures beside what they are when the two have nothing to do with each other."""

    null: str
    """What p compares with, with the number of shifts and the seed."""
    observed: np.ndarray
    """Shape (k,)."""
    chance: np.ndarray
    """Shape (k,): mean over the shifts, what strangers would have; NaN where not known."""
    p: np.ndarray
    """Shape (k,): (shifts with at least as much + 1) / (shifts + 1), one for each figure: of
    many figures some are small by chance. NaN where the figure is not known."""


def random_shifts(
    figures: Callable[[int], np.ndarray], ways: int, *, seed: int, shifts: int = 99
) -> RandomShifts:
    """Compare figures with themselves at random circular shifts of one partner.

    Parameters
    ----------
    figures : callable
        Takes a whole number from 0 to `ways` - 1 and gives figures, shape (k,), of a and of b
        turned by so many steps, all larger for what is more alike; NaN where not known.
    ways : int
        How many steps make a whole turn.
    seed : int
        Of the shifts. All but 0 are drawn from, each once.
    shifts : int
        How many are drawn, fewer where there are not so many.

    Returns
    -------
    RandomShifts
        A shift at which a figure is not known counts as one with as much.

    Raises
    ------
    ValueError
        If `shifts` is below 1.
    """
    if shifts < 1:
        raise ValueError(f"shifts = {shifts} must be at least 1")
    observed = figures(0)
    ways = max(ways, 1)
    steps = 1 + np.random.default_rng(seed).permutation(ways - 1)[:shifts]
    drawn = np.reshape([figures(step) for step in steps.tolist()], (len(steps), len(observed)))
    known = np.isfinite(drawn)
    count = known.sum(axis=0)
    as_much = len(drawn) - (drawn < observed).sum(axis=0)
    return RandomShifts(
        null=f"{len(steps)} random circular shifts of b, seed {seed}",
        observed=observed,
        chance=np.where(known, drawn, 0.0).sum(axis=0) / np.where(count > 0, count, np.nan),
        p=np.where(np.isfinite(observed), (as_much + 1) / (len(drawn) + 1), np.nan),
    )
