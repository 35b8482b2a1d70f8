"""The Task Force's bands of a spectrum, and the power in them.

Power is the power of the intervals (a tachogram in ms), so it is in ms^2; a sine of amplitude A
has A^2 / 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

VLF_HZ = (0.0033, 0.04)
LF_HZ = (0.04, 0.15)
HF_HZ = (0.15, 0.40)
"""The Task Force's bands; neighbouring bands share their edge, so they add up to the total."""


class Bands(NamedTuple):
    """Power in the Task Force's bands, one value per window."""

    vlf_ms2: np.ndarray
    """Power from 0.0033 to 0.04 Hz."""
    lf_ms2: np.ndarray
    """Power from 0.04 to 0.15 Hz."""
    hf_ms2: np.ndarray
    """Power from 0.15 to 0.40 Hz."""
    total_ms2: np.ndarray
    """Power from 0.0033 to 0.40 Hz."""
    lf_nu: np.ndarray
    """LF in percent of LF + HF (normalised units); NaN when both are 0."""
    hf_nu: np.ndarray
    """HF in percent of LF + HF."""
    lf_hf: np.ndarray
    """LF over HF; NaN when HF is 0."""


def band_power(
    frequency_hz: np.ndarray, density: np.ndarray, low_hz: float, high_hz: float
) -> np.ndarray:
    """Integral of a density over a band, with the density interpolated at the band's edges.

    Summing the frequencies that happen to lie inside the band loses up to a whole step: 8 % of LF
    in two minutes.

    Parameters
    ----------
    frequency_hz : ndarray, shape (f,)
        Increasing frequencies in Hz.
    density : ndarray, shape (..., f)
        Power per Hz.
    low_hz, high_hz : float
        The edges of the band in Hz. What lies outside `frequency_hz` counts as nothing.

    Returns
    -------
    ndarray, shape (...)
        Power in the band, in the unit of `density` times Hz.

    Raises
    ------
    ValueError
        If `high_hz` is not above `low_hz`, or the shapes do not fit.
    """
    if not low_hz < high_hz:
        raise ValueError(f"high_hz = {high_hz} Hz must be above low_hz = {low_hz} Hz")
    density = np.asarray(density, dtype=np.float64)
    if density.shape[-1:] != np.shape(frequency_hz) or len(frequency_hz) < 2:
        raise ValueError(
            f"density has shape {density.shape} and frequency_hz {np.shape(frequency_hz)}; "
            "the last axis of density must be the frequencies, two or more"
        )
    return np.asarray(density @ band_weights(np.asarray(frequency_hz), low_hz, high_hz))


def bands_of(power: np.ndarray) -> Bands:
    """Bands from their powers.

    Parameters
    ----------
    power : ndarray, shape (..., 3)
        Power of VLF, LF and HF in ms^2; NaN where unknown.

    Returns
    -------
    Bands
        Arrays of shape (...); shares and the ratio are NaN where they would divide by 0.
    """
    vlf, lf, hf = np.moveaxis(power, -1, 0)
    both = lf + hf
    with np.errstate(divide="ignore", invalid="ignore"):
        return Bands(
            vlf_ms2=vlf,
            lf_ms2=lf,
            hf_ms2=hf,
            total_ms2=vlf + both,
            lf_nu=100.0 * lf / np.where(both > 0, both, np.nan),
            hf_nu=100.0 * hf / np.where(both > 0, both, np.nan),
            lf_hf=lf / np.where(hf > 0, hf, np.nan),
        )


def band_weights(frequency_hz: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """Weights whose sum with a density is the integral of its straight lines over the band.

    Parameters
    ----------
    frequency_hz : ndarray, shape (f,)
        Increasing frequencies in Hz, two or more.
    low_hz, high_hz : float
        The edges of the band in Hz.

    Returns
    -------
    ndarray, shape (f,)
        Weights in Hz; 0 for frequencies that the band does not touch.
    """
    left, right = frequency_hz[:-1], frequency_hz[1:]
    begin, end = np.clip(low_hz, left, right), np.clip(high_hz, left, right)
    part = (0.5 * (begin + end) - left) / (right - left)
    weights = np.zeros(len(frequency_hz))
    weights[:-1] += (end - begin) * (1.0 - part)
    weights[1:] += (end - begin) * part
    return weights
