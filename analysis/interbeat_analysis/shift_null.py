"""How much of a windowed synchrony chance alone would give: one partner shifted in time.

One series is turned like a ring against the other, by every number of samples there is. What was
observed is one of these shifts, number 0; if the two have nothing to do with each other, its place
among them is a matter of luck, whatever each series is like by itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from interbeat_analysis.checks import check_min_valid, checked_pair, window_samples
from interbeat_analysis.sliding import sliding_sum
from interbeat_analysis.unit_windows import UnitWindows, z_of_all

ROWS_AT_ONCE = 64
"""Windows multiplied together: as many as make the product of two matrices quick."""

ROWS_IN_CACHE = 16
"""Windows handled together after that: what comes of them stays within the cache."""

ALIKE = 1e-5
"""What is spread less than this share of its mean is rounding and not spread."""

TIE = 1e-6
"""Shifts this close to the observed one count as equal: sums are made in single precision."""


class ShiftNull(NamedTuple):
    """Windowed synchrony beside all circular shifts of the same two series."""

    null: str
    """What the p values compare with."""
    reason: str
    """Why there is none; empty when there is."""
    mean_abs_z: float
    """Mean |z| over windows and lags, at shift 0."""
    mean_z: float
    """Mean signed z over windows and lags, at shift 0."""
    chance_abs_z: float
    """Mean of mean |z| over all shifts: what strangers like these two would show."""
    p: float
    """Share of all shifts, 0 and its neighbours included, with a mean |z| at least as large."""
    p_in_phase: float
    """Share of all shifts with a mean signed z at least as large: one-sided."""
    p_any_window: float
    """Share of all shifts whose most outstanding window is at least as outstanding."""
    t_s: np.ndarray
    """Shape (w,): centres of the windows that stay."""
    p_window: np.ndarray
    """Shape (w,): share of all shifts in which any window at all is at least as outstanding as
    this one, so that a mark at p <= .05 is wrong somewhere in 5 % of sessions, not of windows."""
    shifted_abs_z: np.ndarray
    """Shape (n,): mean |z| at every shift, in samples."""
    shifted_z: np.ndarray
    """Shape (n,): mean signed z at every shift."""


def shift_null(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    *,
    window_s: float = 30.0,
    hop_s: float = 1.0,
    max_lag_s: float = 5.0,
    min_valid: float = 0.8,
    start_s: float = 0.0,
) -> ShiftNull:
    """Compare the windowed synchrony of two series with that at every circular shift.

    The windows of one partner stay for all lags and shifts (`anchor="fixed"`), so that every
    shift is judged alike. Which partner's they are is decided by the series, not by their order:
    the rougher one's, so swapping the two changes nothing. `p_any_window` takes each window's
    mean |z| over lags, in standard deviations from its mean over all shifts, and compares the
    largest of all windows.

    What it cannot exclude: events that reach both partners within a window look like coupling.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        The series, NaN where unknown. Sample i is at `start_s + i / fs`.
    fs, window_s, hop_s, max_lag_s, min_valid, start_s
        As for `windowed_cross_correlation`.

    Returns
    -------
    ShiftNull
        Deterministic. NaN and a reason when no window is known.

    Raises
    ------
    ValueError
        If a setting is out of its range or the series differ in length.

    References
    ----------
    .. [1] Lancaster, G., Iatsenko, D., Pidde, A., Ticcinelli, V., & Stefanovska, A. (2018).
       Surrogate data for hypothesis testing of physical systems. Physics Reports, 748, 1-60.
       https://doi.org/10.1016/j.physrep.2018.06.001
    .. [2] Phipson, B., & Smyth, G. K. (2010). Permutation p-values should never be zero.
       Statistical Applications in Genetics and Molecular Biology, 9(1), 39.
       https://doi.org/10.2202/1544-6115.1585
    """
    a, b = checked_pair(a, b)
    width = window_samples("window_s", window_s, fs, least=2)
    hop = window_samples("hop_s", hop_s, fs, least=1)
    max_lag = window_samples("max_lag_s", max_lag_s, fs, least=0)
    check_min_valid(min_valid)
    stays = np.arange(max_lag, len(a) - width - max_lag + 1, hop)
    t_s = start_s + stays / fs + window_s / 2.0
    if not len(stays):
        needed_s = window_s + 2 * max_lag_s
        return _nothing(t_s, f"{len(a) / fs:g} s is too short: one window takes {needed_s:g} s")
    if _roughness(b) > _roughness(a):
        a, b = b, a
    ring = np.arange(-max_lag, len(b) + width + max_lag + (ROWS_AT_ONCE - 1) * hop)
    staying = UnitWindows.of(a[max_lag:], width, hop).part(slice(len(stays)))
    moving = UnitWindows.of(b, width, 1, np.mod(ring, len(b)))
    sums = _Sums(len(b), max_lag, hop)
    table = np.empty((ROWS_AT_ONCE, moving.unit.shape[1]), np.float32)
    for at in range(0, len(stays), ROWS_AT_ONCE):
        rows = staying.part(slice(at, at + ROWS_AT_ONCE))
        z = z_of_all(rows, moving, min_valid * width - 1e-9, table[: rows.unit.shape[1]])
        for row in range(0, len(z), ROWS_IN_CACHE):
            sums.add(z[row : row + ROWS_IN_CACHE], int(stays[at + row]))
    return sums.result(t_s)


def _nothing(t_s: np.ndarray, reason: str) -> ShiftNull:
    nan, empty = np.nan, np.empty(0)
    unknown = np.full(len(t_s), nan)
    return ShiftNull("none", reason, nan, nan, nan, nan, nan, nan, t_s, unknown, empty, empty)


def _roughness(x: np.ndarray) -> float:
    """Mean square of steps over variance: the same for any unit, level and direction of time."""
    steps = np.diff(x)
    known = np.isfinite(x)
    if not np.isfinite(steps).any():
        return 0.0
    variance = float(np.var(x[known]))
    return float(np.mean(steps[np.isfinite(steps)] ** 2)) / variance if variance else 0.0


class _Sums:
    """What is added up over windows, for every shift."""

    def __init__(self, shifts: int, max_lag: int, hop: int) -> None:
        self.shifts, self.hop = shifts, hop
        self.lags = 2 * max_lag + 1
        self.abs_z, self.z, self.count = np.zeros((3, shifts))
        self.largest = np.full(shifts, -np.inf, dtype=np.float32)
        self.observed: list[np.ndarray] = []

    def add(self, z: np.ndarray, stay: int) -> None:
        """Take in z of some windows, the first of which begins at sample `stay`."""
        unknown, count = np.isnan(z), None
        if unknown.any():
            z[unknown] = 0.0
            count = self._by_shift(sliding_sum((~unknown).astype(np.float32), self.lags))
            self.count += self._from_zero(count.sum(axis=0), stay)
        else:
            self.count += len(z) * self.lags
        # Signed z is summed over windows first: sums over lags can wait until the end.
        over_windows = self._by_shift(z, self.shifts + self.lags - 1).sum(axis=0)
        self.z += self._from_zero(sliding_sum(over_windows, self.lags), stay)
        over_lags = self._by_shift(sliding_sum(np.abs(z, out=z), self.lags))
        self.abs_z += self._from_zero(over_lags.sum(axis=0), stay)
        score = _outstanding(over_lags, count)
        np.maximum(self.largest, self._from_zero(score.max(axis=0), stay), out=self.largest)
        self.observed.append(score[:, stay % self.shifts])

    def _by_shift(self, table: np.ndarray, columns: int | None = None) -> np.ndarray:
        """Rows of windows along the ring, each begun a hop further on: (w, shifts).

        Column j is what the windows meet when the first of them begins at sample j of the ring.
        """
        row, step = table.strides
        shape = (len(table), columns or self.shifts)
        return as_strided(table, shape, (row + self.hop * step, step), writeable=False)

    def _from_zero(self, values: np.ndarray, stay: int) -> np.ndarray:
        """The first window begins at `stay`: shift 0 is where the other's does too."""
        return np.roll(values, -stay)

    def result(self, t_s: np.ndarray) -> ShiftNull:
        if not self.count[0]:
            return _nothing(t_s, "no window in which enough of both is known and moves")
        known = self.count > 0
        abs_z, z = (
            np.where(known, total / np.maximum(self.count, 1.0), np.nan)
            for total in (self.abs_z, self.z)
        )
        observed = np.concatenate(self.observed)
        ordered = np.sort(self.largest[known])
        at_least = len(ordered) - np.searchsorted(ordered, observed - TIE)
        p_window = np.where(np.isfinite(observed), at_least / len(ordered), np.nan)
        return ShiftNull(
            null=f"circular shift, all {len(ordered)} shifts",
            reason="",
            mean_abs_z=float(abs_z[0]),
            mean_z=float(z[0]),
            chance_abs_z=float(np.nanmean(abs_z)),
            p=float(np.mean(abs_z[known] >= abs_z[0] - TIE)),
            p_in_phase=float(np.mean(z[known] >= z[0] - TIE)),
            p_any_window=float(np.nanmin(p_window)),
            t_s=t_s,
            p_window=p_window,
            shifted_abs_z=abs_z,
            shifted_z=z,
        )


def _outstanding(over_lags: np.ndarray, count: np.ndarray | None) -> np.ndarray:
    """Each window's mean over lags, in standard deviations from its mean over all shifts.

    -inf where nothing is known; 0 where the window is alike at every shift.
    """
    if count is None:
        mean = over_lags.mean(axis=-1, keepdims=True)
        score = over_lags - mean
        variance = np.einsum("ws,ws->w", score, score)[:, None] / score.shape[-1]
    else:
        known = count > 0
        score = over_lags / np.maximum(count, 1.0)
        shifts = np.maximum(known.sum(axis=-1, keepdims=True), 1)
        mean = score.sum(axis=-1, keepdims=True) / shifts
        score -= mean
        score *= known
        variance = np.einsum("ws,ws->w", score, score)[:, None] / shifts
    deviation = np.sqrt(variance)
    differs = deviation > ALIKE * mean
    score *= np.divide(1.0, deviation, out=np.zeros_like(deviation), where=differs)
    if count is not None:
        score[~known] = -np.inf
    return np.asarray(score)
