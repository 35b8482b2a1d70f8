"""Chance by other partners: people who never met, for studies with many sessions."""

from __future__ import annotations

from typing import NamedTuple, Unpack

import numpy as np

from interbeat_analysis.nulls import Windows, mean_abs_and_signed_z


class PseudoDyads(NamedTuple):
    """Every a with every b; the true pairs lie on the diagonal."""

    null: str
    """What the p values compare with."""
    mean_abs_z: np.ndarray
    """Shape (m, m): mean |z| of a of session i (row) with b of session j (column)."""
    mean_z: np.ndarray
    """Shape (m, m): mean signed z."""
    p: np.ndarray
    """Shape (m,): place of a true pair's mean |z| among the pairs of either of the two with
    somebody else's partner, the true pair included."""
    p_in_phase: np.ndarray
    """Shape (m,): the same of mean signed z."""


def pseudo_dyads(a: np.ndarray, b: np.ndarray, fs: float, **layout: Unpack[Windows]) -> PseudoDyads:
    """Compare true pairs with pairs of people who never met, each in the role they had.

    Parameters
    ----------
    a, b : ndarray, shape (m, n)
        Series of m sessions, those of a row recorded together; NaN where unknown.
    fs : float
        Samples per second, in Hz.
    **layout
        `window_s`, `hop_s`, `max_lag_s`, `min_valid` of `windowed_cross_correlation`.

    Returns
    -------
    PseudoDyads
        With m sessions no p below 1 / (2 m - 1) is possible: it takes 11 for .05. If all
        sessions followed the same timeline, this null alone controls for it.

    Raises
    ------
    ValueError
        If a setting is out of its range, the shapes differ, or there are fewer than 2 sessions.

    References
    ----------
    .. [1] Bernieri, F. J., Reznick, J. S., & Rosenthal, R. (1988). Synchrony, pseudosynchrony,
       and dissynchrony: measuring the entrainment process in mother-infant interactions.
       Journal of Personality and Social Psychology, 54(2), 243-253.
       https://doi.org/10.1037/0022-3514.54.2.243
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 2 or a.shape != b.shape or len(a) < 2:
        raise ValueError(
            f"a and b have shapes {a.shape} and {b.shape}; both must be (m, n) with m at least 2"
        )
    tables = np.array([[mean_abs_and_signed_z(one, two, fs, layout) for two in b] for one in a])
    abs_z, z = tables[..., 0], tables[..., 1]
    return PseudoDyads(
        null=f"pseudo-dyads of {len(a)} sessions, roles kept",
        mean_abs_z=abs_z,
        mean_z=z,
        p=_among_others(abs_z),
        p_in_phase=_among_others(z),
    )


def _among_others(table: np.ndarray) -> np.ndarray:
    """Share of row and column i that is at least as large as where they cross."""
    true = np.diagonal(table)
    others = ~np.eye(len(table), dtype=bool)
    in_row = ((table >= true[:, None]) & others).sum(axis=1)
    in_column = ((table >= true) & others).sum(axis=0)
    known = (~np.isnan(table) & others).sum(axis=1) + (~np.isnan(table) & others).sum(axis=0)
    return np.where(np.isnan(true), np.nan, (in_row + in_column + 1) / (known + 1))
