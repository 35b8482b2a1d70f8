"""How fast a heart comes back to its own baseline, beside how fast it usually does.

The half-decay time is the lag at which a band's autocorrelation has fallen to one half. By itself
it says nothing of the partner: calming each other and stirring each other up are the same
equation with another decay of one's own. Only a reference recorded without this partner's
influence, and in talk if this is talk, tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy import fft, special

LONGEST_LAG_S = 120
FEWEST_S = 120
"""Known seconds below which an autocorrelation is not worth its name."""
LOG_SIGMA = 0.21
"""Deviation of ln T of a pair from one 20 min block to the next in 54 real people."""
LOG_SIGMA_OF_S = 1200.0
REFERENCE_SIGMA = 0.15
"""What is left unknown of a personal reference that is long enough."""
REFERENCE_NEEDED_S = 2280.0
"""40 minutes of each partner, less what ends and rejected beats cost; with less the judgement
would rest on the reference's chance."""
FASTER_Z = 1.645
"""One-sided 5 %."""

State = Literal["not_enough_data", "no_reference", "faster", "as_usual", "slower"]


class Reference(NamedTuple):
    """How a person usually settles, from recordings without this partner's influence."""

    half_decay_s: float
    """Geometric mean over the recordings, each with the weight of its length."""
    known_s: float
    """Clean seconds that it rests on."""
    talk: bool
    """Whether the person talked in them; talk shortens the half-decay by a tenth and more."""
    speech_known: bool = False
    """Whether the effect of speaking was taken out, which gives back half of that and more."""
    person: str | None = None
    """Who it is of, where the caller knows."""


class Settling(NamedTuple):
    """Half-decay times of a session, or of several, and how they compare."""

    half_decay_a_s: float
    half_decay_b_s: float
    half_decay_s: float
    """Of the pair: their geometric mean."""
    known_s: float
    """Clean seconds together; the 90 % range of ln T is 1.645 `log_sigma` either way."""
    log_ratio: float
    """ln(reference / T): above 0, faster than usual. NaN without a reference."""
    z: float
    d: float
    """2 Phi(z) - 1, from -1 (slower) to 1 (faster); NaN without a reference."""
    state: State

    @property
    def log_sigma(self) -> float:
        """How much ln T scatters from one such recording of a pair to the next."""
        return log_sigma(self.known_s)


def half_decays(bands: np.ndarray) -> np.ndarray:
    """Lag at which the autocorrelation of a band has fallen to one half, in seconds.

    Parameters
    ----------
    bands : ndarray, shape (..., n)
        Arousal bands at 1 Hz, NaN where unknown.

    Returns
    -------
    ndarray, shape (...)
        Seconds, interpolated between lags; NaN with less than two minutes known, with a
        constant band, or if it does not fall that far within two minutes.

    References
    ----------
    .. [1] Kuppens, P., Allen, N. B., & Sheeber, L. B. (2010). Emotional inertia and psychological
       maladjustment. Psychological Science, 21(7), 984-991.
       https://doi.org/10.1177/0956797610372634
    """
    known = np.isfinite(bands)
    x = np.where(known, bands, 0.0)
    size = fft.next_fast_len(x.shape[-1] + LONGEST_LAG_S + 1, real=True)
    part = fft.rfft(np.stack([x, x**2, known]), size)
    sums = fft.irfft(part[:2].conj() * part[::2], size)
    lags = np.arange(LONGEST_LAG_S + 1)
    product, after = sums[..., lags]
    before = sums[1][..., -lags]
    scale = np.sqrt(np.maximum(before * after, 0.0))
    r = product / np.where(scale > 1e-9 * scale[..., :1], scale, np.nan)
    below = r <= 0.5
    at = np.argmax(below, axis=-1)[..., None]
    high, low = np.take_along_axis(r, at - 1, -1), np.take_along_axis(r, at, -1)
    enough = (known.sum(axis=-1) >= FEWEST_S) & below.any(axis=-1) & (product[..., 0] > 0)
    return np.where(enough, (at - 1 + (high - 0.5) / (high - low))[..., 0], np.nan)


def reference(
    bands: Sequence[np.ndarray],
    *,
    talk: bool,
    speech_known: bool = False,
    person: str | None = None,
) -> Reference:
    """A personal reference from the bands of one or more recordings of one person.

    Parameters
    ----------
    bands : sequence of ndarray, shape (n,)
        Arousal bands at 1 Hz, NaN where unknown.
    talk : bool
        Whether the person talked in them.
    speech_known : bool
        Whether the effect of speaking was taken out of the bands.
    person : str, optional
        Who it is.

    Returns
    -------
    Reference
        `half_decay_s` is NaN if no recording has one.
    """
    found = np.array([half_decays(band) for band in bands])
    lasted_s = np.array([np.count_nonzero(np.isfinite(band)) for band in bands], dtype=float)
    telling = np.isfinite(found)
    known_s = float(lasted_s[telling].sum())
    if not known_s:
        return Reference(np.nan, 0.0, talk, speech_known, person)
    mean = np.exp(np.log(found[telling]) @ lasted_s[telling] / known_s)
    return Reference(float(mean), known_s, talk, speech_known, person)


def settling(
    a: np.ndarray,
    b: np.ndarray,
    reference_a: Reference | None = None,
    reference_b: Reference | None = None,
) -> Settling:
    """How the two settle in one session, beside how they usually do.

    With T the geometric mean of both half-decay times and T_ref that of both references,
    z = ln(T_ref / T) / sqrt(.21^2 * 1200 s / known + .15^2) and d = 2 Phi(z) - 1.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        Arousal bands at 1 Hz, NaN where unknown.
    reference_a, reference_b : Reference, optional
        Each partner's own; both are needed for a judgement, each of at least 40 min.

    Returns
    -------
    Settling
        `state` is "not_enough_data" where a half-decay time is unknown and "no_reference"
        without two sufficient references.
    """
    known_s = float(np.count_nonzero(np.isfinite(a) & np.isfinite(b)))
    t_a_s, t_b_s = half_decays(np.stack([a, b])).tolist()
    usual = (
        np.sqrt(reference_a.half_decay_s * reference_b.half_decay_s)
        if reference_a is not None
        and reference_b is not None
        and sufficient(reference_a)
        and sufficient(reference_b)
        else np.nan
    )
    return _judged(t_a_s, t_b_s, known_s, float(np.log(usual / np.sqrt(t_a_s * t_b_s))))


def checked_reference(found: Reference, person: str) -> Reference:
    """The reference, refused when it is known to be of someone else.

    Parameters
    ----------
    found : Reference
        With `person` where that is known.
    person : str
        Whose session it is to judge.

    Returns
    -------
    Reference
        The same.

    Raises
    ------
    ValueError
        If it is of another person.
    """
    if found.person is not None and found.person != person:
        raise ValueError(
            f"the reference is of {found.person}, the session of {person}: how fast someone "
            "settles can only be compared with themselves"
        )
    return found


def sufficient(found: Reference) -> bool:
    """Whether a reference is long enough to judge by."""
    return bool(found.known_s >= REFERENCE_NEEDED_S and np.isfinite(found.half_decay_s))


def pooled_settling(sessions: Sequence[Settling]) -> Settling:
    """Several sessions of the same couple as one: means of ln T by their lengths.

    Parameters
    ----------
    sessions : sequence of Settling
        Sessions whose half-decay times are unknown are left out.

    Returns
    -------
    Settling
        Judged only if every session that counts has a reference.
    """
    telling = [s for s in sessions if np.isfinite(s.half_decay_s)]
    if not telling:
        return _judged(np.nan, np.nan, 0.0, np.nan)
    lasted_s = np.array([s.known_s for s in telling])
    weight = lasted_s / lasted_s.sum()
    ln_a = weight @ np.log([s.half_decay_a_s for s in telling])
    ln_b = weight @ np.log([s.half_decay_b_s for s in telling])
    ratio = float(weight @ np.array([s.log_ratio for s in telling]))
    return _judged(float(np.exp(ln_a)), float(np.exp(ln_b)), float(lasted_s.sum()), ratio)


def log_sigma(known_s: float) -> float:
    """Deviation of a pair's ln T between recordings with so many clean seconds."""
    return float(LOG_SIGMA * np.sqrt(LOG_SIGMA_OF_S / known_s)) if known_s > 0 else np.nan


def _judged(t_a_s: float, t_b_s: float, known_s: float, log_ratio: float) -> Settling:
    z = log_ratio / np.hypot(log_sigma(known_s), REFERENCE_SIGMA)
    d = float(2.0 * special.ndtr(z) - 1.0)
    pair_s = float(np.sqrt(t_a_s * t_b_s))
    state: State = "as_usual"
    if np.isnan(pair_s):
        state = "not_enough_data"
    elif np.isnan(log_ratio):
        state = "no_reference"
    elif abs(z) > FASTER_Z:
        state = "faster" if z > 0 else "slower"
    return Settling(t_a_s, t_b_s, pair_s, known_s, log_ratio, float(z), d, state)
