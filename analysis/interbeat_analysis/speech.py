"""Speaking turns: take out of a heart rate what its own speaking does to it.

Who speaks breathes for it and the heart rate rises. Partners take turns, so their hearts go up
and down against each other without any bond, and a real bond is hidden. When each speaks is all
that is needed to take this out; what is said is not.
"""

from __future__ import annotations

import numpy as np

from interbeat_analysis.arousal import FS_HZ, SMOOTHING_S, baseline, smoothed

LAGS_S = (0, 3, 6, 9, 12)
"""How long after speaking the heart still answers it."""
EDGE_S = 1.5
"""Standard deviation of the Gaussian that softens the edges of a turn."""
FEWEST_SPOKEN_S = 10.0
"""With less speaking, or less silence, there is nothing to learn from."""
ROUNDING_S = 1e-6


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


def speaking(turns_s: np.ndarray, t_s: np.ndarray) -> np.ndarray:
    """1 where a partner speaks, else 0.

    Parameters
    ----------
    turns_s : ndarray, shape (k, 2)
        Begin and end of each turn in seconds, in order, without overlap.
    t_s : ndarray, shape (n,)
        Instants, in seconds.

    Returns
    -------
    ndarray, shape (n,)
    """
    edges = np.asarray(turns_s, dtype=np.float64).ravel()
    return (np.searchsorted(edges, t_s, side="right") % 2).astype(np.float64)


def without_speech(hr_bpm: np.ndarray, spoke: np.ndarray, fs: float = FS_HZ) -> np.ndarray:
    """Heart rate without what the person's own speaking does to it.

    Least squares of the heart rate on the softened speaking state 0, 3, 6, 9 and 12 s before,
    both without their baselines; what it explains is subtracted.

    Parameters
    ----------
    hr_bpm : ndarray, shape (m,)
        Heart rate in bpm at `fs`, NaN where unknown; the first sample at a whole second.
    spoke : ndarray, shape (m,)
        1 while the person speaks, else 0, at the same instants.
    fs : float
        Samples per second, in Hz; a whole number.

    Returns
    -------
    ndarray, shape (m,)
        In bpm, NaN where `hr_bpm` is. Unchanged with less than 10 s of speaking, or of silence,
        over the known samples.

    Raises
    ------
    ValueError
        If the two differ in shape.

    References
    ----------
    .. [1] Beda, A., Jandre, F. C., Phillips, D. I. W., Giannella-Neto, A., & Simpson, D. M.
       (2007). Heart-rate and blood-pressure variability during psychophysiological tasks
       involving speech: influence of respiration. Psychophysiology, 44(5), 767-778.
       https://doi.org/10.1111/j.1469-8986.2007.00542.x
    """
    if hr_bpm.ndim != 1 or hr_bpm.shape != spoke.shape:
        raise ValueError(
            f"hr_bpm has shape {hr_bpm.shape} and spoke {spoke.shape}; both must be (m,)"
        )
    known = np.isfinite(hr_bpm)
    spoken_s = spoke[known].sum() / fs
    if min(spoken_s, known.sum() / fs - spoken_s) < FEWEST_SPOKEN_S:
        return hr_bpm
    soft = smoothed(spoke, EDGE_S, fs)
    asked = np.stack([_later(soft, round(lag * fs)) for lag in LAGS_S])
    columns = asked - _baseline_at(asked, fs)
    target = hr_bpm - _baseline_at(hr_bpm, fs)
    use = np.isfinite(target)
    x = columns[:, use]
    gain = np.linalg.lstsq(x @ x.T, x @ target[use], rcond=1e-9)[0]
    return np.asarray(hr_bpm - gain @ asked)


def _later(x: np.ndarray, samples: int) -> np.ndarray:
    """The series so many samples later; before it begins, its first value."""
    return np.concatenate([np.full(samples, x[0]), x])[: len(x)]


def _baseline_at(x: np.ndarray, fs: float) -> np.ndarray:
    """The baseline of the arousal band, back at the samples of the series."""
    step = int(fs)
    once_a_second = baseline(smoothed(x, SMOOTHING_S, fs)[..., ::step])
    at = np.arange(x.shape[-1]) / fs
    seconds = np.arange(once_a_second.shape[-1])
    rows = once_a_second.reshape(-1, once_a_second.shape[-1])
    return np.stack([np.interp(at, seconds, row) for row in rows]).reshape(x.shape)
