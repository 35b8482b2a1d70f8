"""What a poor contact or an irregular heart makes of good beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..heart_rate import TICKS_PER_S

_EARLY = 0.7
"""An early beat comes after this share of the interval; the pause makes up for it."""


@dataclass(frozen=True)
class Damage:
    """Shares of all beats, and holes in the recording."""

    missed: float = 0.0
    extra: float = 0.0
    ectopic: float = 0.0
    dropout_every_s: float | None = None
    """A hole begins so often, on both straps at moments of their own; None: never."""
    dropout_s: float = 10.0

    def __post_init__(self) -> None:
        for name in ("missed", "extra", "ectopic"):
            check_range(name, getattr(self, name), 0.0, 0.3)
        if self.dropout_every_s is not None:
            check_range("dropout_s", self.dropout_s, 0.0, 600.0)
            check_range("dropout_every_s", self.dropout_every_s, 2 * self.dropout_s, 36_000.0)


def check_range(name: str, value: object, low: float, high: float) -> None:
    if not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} {value!r} must be a number from {low:g} to {high:g}")


class Harm:
    """Misses, doubles and hastens beats of one heart; takes them in pieces of any size."""

    def __init__(self, damage: Damage, source: np.random.Generator) -> None:
        self._shares = np.cumsum([damage.missed, damage.extra, damage.ectopic])
        self._source = source
        self._last_s = np.nan

    def apply(self, beat_t_s: np.ndarray) -> np.ndarray:
        """Return the beats a strap would take for true, in order."""
        if not self._shares[-1] or not len(beat_t_s):
            return beat_t_s
        chance, place = self._source.random((len(beat_t_s), 2)).T
        before_s = np.concatenate([[self._last_s], beat_t_s[:-1]])
        self._last_s = beat_t_s[-1]
        missed, extra, early = (
            (low <= chance) & (chance < high) & np.isfinite(before_s)
            for low, high in zip([0.0, *self._shares[:-1]], self._shares, strict=True)
        )
        rr_s = beat_t_s - before_s
        kept_s = np.where(early, before_s + _EARLY * rr_s, beat_t_s)[~missed]
        added_s = (before_s + (0.3 + 0.4 * place) * rr_s)[extra]
        return np.round(np.sort(np.concatenate([kept_s, added_s])), 6)


def dropouts(damage: Damage, source: np.random.Generator, duration_s: float) -> np.ndarray:
    """Holes of one recording, shape (n, 2): from and to, in seconds."""
    if damage.dropout_every_s is None:
        return np.empty((0, 2))
    first_s = source.uniform(0, damage.dropout_every_s)
    starts_s = np.arange(first_s, duration_s, damage.dropout_every_s)
    return np.stack([starts_s, starts_s + damage.dropout_s], axis=-1)


def received(beat_t_s: np.ndarray, holes_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Beats outside of the holes, and the interval that ends at each in whole 1/1024 s.

    The interval of the first beat, and of the first after a hole, is NaN.
    """
    hole = np.searchsorted(holes_s[:, 0], beat_t_s, side="right")
    if len(holes_s):
        inside = (hole > 0) & (beat_t_s < holes_s[hole - 1, 1])
        beat_t_s, hole = beat_t_s[~inside], hole[~inside]
    rr_s = np.full(len(beat_t_s), np.nan)
    rr_s[1:] = np.rint(np.diff(beat_t_s) * TICKS_PER_S) / TICKS_PER_S
    rr_s[1:][np.diff(hole) > 0] = np.nan
    return beat_t_s, rr_s
