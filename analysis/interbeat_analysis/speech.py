"""Speaking turns: take out of a heart rate what its own speaking does to it.

Who speaks breathes for it and the heart rate rises. Partners take turns, so their hearts go up
and down against each other without any bond, and a real bond is hidden. When each speaks is all
that is needed to take this out; what is said is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import SMOOTHING_S, baseline, smoothed

LAGS_S = (0, 3, 6, 9, 12)
"""How long after speaking the heart still answers it."""
EDGE_S = 1.5
"""Standard deviation of the Gaussian that softens the edges of a turn."""
FEWEST_SPOKEN_S = 10.0
"""With less speaking, or less silence, there is nothing to learn from."""
BEFORE_S, AFTER_S = 30, 15
"""Speaking just outside a stretch still reaches into it."""
ROUNDING_S = 1e-6
RIDGE = 1e-9
TINY = float(np.finfo(np.float64).tiny)


class SpeechEffect(NamedTuple):
    """How much of each heart rate, in bpm, goes with the person's own speaking."""

    slow_bpm: np.ndarray
    """Shape (k, n): at 1 Hz, as smooth as the slow heart rate."""
    quick_bpm: np.ndarray
    """Shape (k, n): the same, only the edges of the turns softened."""


def checked_turns(turns_s: np.ndarray, end_s: float, name: str = "turns_s") -> np.ndarray:
    """Speaking turns of one partner, refused when they cannot be what they say.

    Parameters
    ----------
    turns_s : ndarray, shape (k, 2)
        Begin and end of each turn in seconds, in order, without overlap.
    end_s : float
        End of the recording, which no turn may pass.
    name : str
        What the message calls them.

    Returns
    -------
    ndarray, shape (k, 2)
        The same as float64.

    Raises
    ------
    ValueError
        In one line that names the first turn that is wrong.
    """
    turns = np.asarray(turns_s, dtype=np.float64)
    if turns.size == 0:
        return np.empty((0, 2))
    if turns.ndim != 2 or turns.shape[1] != 2:
        raise ValueError(f"{name} has shape {turns.shape}: give a begin and an end of each turn")
    if not np.isfinite(turns).all():
        raise ValueError(f"{name}: every begin and end must be a number of seconds")
    edges = turns.ravel()
    in_order = edges[0] >= 0 and (np.diff(edges)[::2] > 0).all() and (np.diff(edges) >= 0).all()
    if in_order and edges[-1] <= end_s:
        return turns
    for number, (begin_s, stop_s) in enumerate(turns.tolist(), 1):
        if begin_s < 0 or begin_s >= stop_s:
            raise ValueError(
                f"{name}: turn {number} goes from {begin_s:g} to {stop_s:g} s; "
                "it must begin at or after 0 and end after it begins"
            )
    for number, (before_s, next_s) in enumerate(
        zip(turns[:-1, 1].tolist(), turns[1:, 0].tolist(), strict=True), 2
    ):
        if next_s < before_s - ROUNDING_S:
            raise ValueError(
                f"{name}: turn {number} begins at {next_s:g} s, before turn {number - 1} ends "
                f"at {before_s:g} s; give the turns in order, without overlap"
            )
    if turns[-1, 1] > end_s + ROUNDING_S:
        raise ValueError(
            f"{name}: turn {len(turns)} ends at {turns[-1, 1]:g} s, but the recording ends at "
            f"{end_s:g} s; give times from the start of the session"
        )
    return turns


def spoken_share(turns_s: np.ndarray, t_s: np.ndarray) -> np.ndarray:
    """Share of the second around each instant in which a partner spoke.

    Parameters
    ----------
    turns_s : ndarray, shape (k, 2)
        Begin and end of each turn in seconds, in order, without overlap.
    t_s : ndarray, shape (n,)
        Instants, in seconds.

    Returns
    -------
    ndarray, shape (n,)
        From 0 to 1.
    """
    turns = np.asarray(turns_s, dtype=np.float64).reshape(-1, 2)
    if not len(turns):
        return np.zeros(len(t_s))
    edges_s = turns.ravel()
    spoken_s = np.zeros(len(edges_s))
    spoken_s[1::2] = turns[:, 1] - turns[:, 0]
    spoken_s = np.cumsum(spoken_s)
    until, before = (np.interp(t_s + half_s, edges_s, spoken_s) for half_s in (0.5, -0.5))
    return np.asarray(until - before)


def speech_effect(
    slow_bpm: np.ndarray,
    turns_s: Sequence[np.ndarray],
    start_s: float = 0.0,
    weight: np.ndarray | None = None,
) -> SpeechEffect:
    """What each person's own speaking does to their heart rate.

    Least squares of the slow heart rate on the speaking state, as slow, of 0, 3, 6, 9 and 12 s
    before, both without their baselines.

    Parameters
    ----------
    slow_bpm : ndarray, shape (k, n)
        Slow heart rates at 1 Hz in bpm (`arousal.slow_heart_rate`), NaN where unknown.
    turns_s : sequence of k ndarray, shape (turns, 2)
        Begin and end of each turn of each person in seconds (`checked_turns`).
    start_s : float
        Time of the first second of `slow_bpm`.
    weight : ndarray, shape (k, n), optional
        As for `arousal.baseline`.

    Returns
    -------
    SpeechEffect
        Nothing (0 bpm) with less than 10 s of speaking, or of silence, in known seconds.

    References
    ----------
    .. [1] Beda, A., Jandre, F. C., Phillips, D. I. W., Giannella-Neto, A., & Simpson, D. M.
       (2007). Heart-rate and blood-pressure variability during psychophysiological tasks
       involving speech: influence of respiration. Psychophysiology, 44(5), 767-778.
       https://doi.org/10.1111/j.1469-8986.2007.00542.x
    """
    n = slow_bpm.shape[-1]
    at_s = start_s + np.arange(-BEFORE_S, n + AFTER_S)
    spoke = np.stack([spoken_share(turns, at_s) for turns in turns_s])
    quick = smoothed(spoke, EDGE_S, 1.0)
    smooth = smoothed(quick, SMOOTHING_S, 1.0)
    columns = _lagged(smooth - baseline(smooth), n)
    target = slow_bpm - baseline(slow_bpm, weight)
    tells = _tells(spoke[:, BEFORE_S : BEFORE_S + n], np.isfinite(slow_bpm))
    gain = (_gains(columns, target) * tells[:, None])[:, None]
    return SpeechEffect((gain @ _lagged(smooth, n))[:, 0], (gain @ _lagged(quick, n))[:, 0])


def _tells(spoke: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Where there is enough of both, speaking and silence, to learn from."""
    spoken_s = (spoke * known).sum(axis=-1)
    return np.asarray(np.minimum(spoken_s, known.sum(axis=-1) - spoken_s) >= FEWEST_SPOKEN_S)


def _gains(columns: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least squares of what is known of each target on its columns, shape (k, lags)."""
    known = np.isfinite(target)
    x = columns * known[:, None]
    square = x @ np.swapaxes(x, -1, -2)
    # turns of one length make columns that differ by rounding only: held apart by a billionth
    diagonal = np.einsum("kii->ki", square)
    diagonal += RIDGE * diagonal.sum(axis=-1, keepdims=True) + TINY
    right = x @ np.where(known, target, 0.0)[..., None]
    return np.asarray(np.linalg.solve(square, right)[..., 0])


def _lagged(x: np.ndarray, n: int) -> np.ndarray:
    """Series that begin `BEFORE_S` ahead, as they were each lag before: (k, lags, n)."""
    return np.stack([x[:, BEFORE_S - lag : BEFORE_S - lag + n] for lag in LAGS_S], axis=1)
