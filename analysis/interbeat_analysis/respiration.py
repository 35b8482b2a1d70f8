"""Breathing, as far as a heart shows it: a rate with a confidence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interbeat_analysis.series import checked_beats
from interbeat_analysis.spectra import cubic

FS_HZ = 4.0
BREATHING_HZ = (0.1, 0.5)
"""6 to 30 breaths a minute."""

MIN_WINDOW_S = 20.0
"""Two breaths of the slowest kind."""

MAX_GAP_S = 3.0


class Respiration(NamedTuple):
    """Breaths per minute and how far to trust them."""

    rate_per_min: float
    """NaN when the samples are too few, too short or broken."""
    confidence: float
    """Share of the power from 0.1 to 0.5 Hz that lies within 1.5 / T of the rate: near 1 for
    one steady rhythm, 0.1 to 0.3 for noise; 0 when there is no rate."""


def respiration(t_s: np.ndarray, values: np.ndarray) -> Respiration:
    """Breathing rate from one value a beat: RR intervals, or the height of R peaks.

    The highest peak of the spectrum (cubic 4 Hz, straight line removed, Hann) between 0.1 and
    0.5 Hz, or half the beat rate if that is lower. From R amplitude it holds in more people
    than from RR, which misses breathing where it hardly moves the heart. Speech is no rhythm:
    expect a low confidence while people talk.

    Parameters
    ----------
    t_s : ndarray, shape (n,)
        Beat times in seconds, strictly increasing.
    values : ndarray, shape (n,)
        One value a beat in any unit; NaN is left out.

    Returns
    -------
    Respiration
        Rate in breaths per minute and confidence from 0 to 1.

    Raises
    ------
    ValueError
        If the times do not increase or the shapes differ.

    References
    ----------
    .. [1] Moody, G. B., Mark, R. G., Zoccola, A., & Mantero, S. (1985). Derivation of
       respiratory signals from multi-lead ECGs. Computers in Cardiology, 12, 113-116.
    .. [2] Charlton, P. H., et al. (2018). Breathing rate estimation from the electrocardiogram
       and photoplethysmogram: a review. IEEE Reviews in Biomedical Engineering, 11, 2-20.
       https://doi.org/10.1109/RBME.2017.2763681
    """
    values = np.asarray(values, dtype=np.float64)
    t_s, _ = checked_beats(t_s, np.ones(values.shape))
    known = np.isfinite(values)
    t_s, values = t_s[known], values[known]
    nothing = Respiration(float("nan"), 0.0)
    if len(t_s) < MIN_WINDOW_S / 2 or t_s[-1] - t_s[0] < MIN_WINDOW_S:
        return nothing
    if np.diff(t_s).max() > MAX_GAP_S or np.ptp(values) == 0.0:
        return nothing
    even_s = np.arange(t_s[0], t_s[-1], 1.0 / FS_HZ)
    even = cubic(t_s, values, even_s)
    even -= np.polyval(np.polyfit(even_s - even_s[0], even, 1), even_s - even_s[0])
    n = len(even)
    power = np.abs(np.fft.rfft(even * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)), 8 * n))
    power **= 2
    frequency_hz = np.fft.rfftfreq(8 * n, 1.0 / FS_HZ)
    highest_hz = min(BREATHING_HZ[1], 0.5 / float(np.median(np.diff(t_s))))
    band = (frequency_hz >= BREATHING_HZ[0]) & (frequency_hz <= highest_hz)
    total = power[band].sum()
    if total <= 0.0:
        return nothing
    peak_hz = frequency_hz[band][np.argmax(power[band])]
    near = band & (np.abs(frequency_hz - peak_hz) <= 1.5 * FS_HZ / n)
    return Respiration(60.0 * float(peak_hz), float(power[near].sum() / total))
