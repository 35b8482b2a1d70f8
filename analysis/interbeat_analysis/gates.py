"""Whether a figure may be shown: long enough, clean enough, and meant for what it is shown for."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

State = Literal["ok", "grey", "off"]

GREY_CORRECTED_PERCENT = 5.0
OFF_CORRECTED_PERCENT = 20.0
"""With more corrected beats than this a figure is doubtful, and then nothing."""

GREY_CONFIDENCE = 0.5
OFF_CONFIDENCE = 0.3

TOO_NOISY = "signal too noisy to say"
IRREGULAR = "irregular beats seen; this is common and this program cannot assess them"

MIN_HF_BPM = 48.0
"""Below this the heart beats too seldom to sample breathing of 0.40 Hz twice a breath."""


class Need(NamedTuple):
    """How long an index has to look, in seconds."""

    grey_s: float
    """Shorter than this it is off."""
    ok_s: float
    """Shorter than this it is grey."""
    live: bool = True
    """Whether it may be shown while people talk."""


NEEDS = {
    "mean_hr_bpm": Need(10.0, 10.0),
    "rmssd_ms": Need(30.0, 60.0),
    "sdsd_ms": Need(30.0, 60.0),
    "sd1_ms": Need(30.0, 60.0),
    "pnn50_percent": Need(30.0, 60.0),
    "pnn20_percent": Need(30.0, 60.0),
    "hf_ms2": Need(60.0, 60.0),
    "sdnn_ms": Need(120.0, 300.0),
    "sd2_ms": Need(120.0, 300.0),
    "sd2_identity_ms": Need(120.0, 300.0),
    "lf_ms2": Need(120.0, 300.0),
    "total_ms2": Need(120.0, 300.0, live=False),
    "lf_nu": Need(300.0, 300.0, live=False),
    "hf_nu": Need(300.0, 300.0, live=False),
    "lf_hf": Need(300.0, 300.0, live=False),
    "vlf_ms2": Need(300.0, 300.0, live=False),
    "triangular_index": Need(300.0, 300.0, live=False),
    "sample_entropy": Need(300.0, 300.0, live=False),
    "dfa_alpha1": Need(300.0, 300.0, live=False),
    "respiration_per_min": Need(30.0, 60.0),
}
"""From 592 clean windows of 5 min against their own shorter parts: heart rate is within 8 to 11 %
from 60 s, RMSSD from 30 s within 13 % in the median, while SDNN and LF read 17 and 37 % low
in 60 s. Task Force (1996) asks for ten periods of the lowest frequency of a band."""


class Gate(NamedTuple):
    """The state of a figure, and why it is not ok."""

    state: State
    reason: str
    """Empty when ok."""


class Index(NamedTuple):
    """A figure with what it rests on."""

    value: float
    """NaN when it could not be computed."""
    window_s: float
    """Seconds of signal it was taken from."""
    beats: int
    """Valid intervals in them."""
    corrected_percent: float
    """Percent of the beats that were corrected or rejected."""
    state: State
    reason: str
    """Why the state is not ok; empty when it is."""


def gate(
    index: str,
    window_s: float,
    corrected_percent: float,
    *,
    live: bool = False,
    mean_hr_bpm: float = np.nan,
    confidence: float = np.nan,
    irregular: bool = False,
    handled: str = "corrected",
    counted_s: float | None = None,
) -> Gate:
    """Say whether a figure may be shown as it is, with doubt, or not at all.

    Parameters
    ----------
    index : str
        Name of the figure with its unit, a key of `NEEDS`.
    window_s : float
        Seconds of heartbeat the figure rests on: what was seen, not what was asked for.
    corrected_percent : float
        Percent of the beats of the window that were corrected or rejected; NaN without beats.
    live : bool
        Whether it is to be shown while the recording runs.
    mean_hr_bpm : float
        Mean heart rate, where known: a slow heart cannot show all of the HF band.
    confidence : float
        Confidence of an estimate from 0 to 1, where it has one.
    irregular : bool
        Whether most of those beats came early or late of themselves, rather than by a fault of
        the signal.
    handled : str
        What became of those beats, for the reason: "corrected", or "in doubt" where they were
        left as they are.
    counted_s : float, optional
        Length that counts against `NEEDS`, where it is not `window_s`: that of a window of which
        little is missing. The reason names `window_s`.

    Returns
    -------
    Gate
        `state` is "ok", "grey" (shown with doubt) or "off" (not shown); `reason` says why in
        plain words, and is empty for "ok".

    Raises
    ------
    ValueError
        If `index` is unknown, `window_s` is negative or NaN, or a percentage or confidence is
        outside its range.

    References
    ----------
    .. [1] Task Force of the ESC and NASPE (1996). Circulation, 93(5), 1043-1065.
       https://doi.org/10.1161/01.CIR.93.5.1043
    .. [2] Laborde, S., Mosley, E., & Thayer, J. F. (2017). Heart rate variability and cardiac
       vagal tone in psychophysiological research. Frontiers in Psychology, 8, 213.
       https://doi.org/10.3389/fpsyg.2017.00213
    """
    if index not in NEEDS:
        raise ValueError(f"index = {index!r} is unknown; known are {', '.join(NEEDS)}")
    if not window_s >= 0:
        raise ValueError(f"window_s = {window_s} s must be 0 or more")
    _check_range("corrected_percent", corrected_percent, 100.0)
    _check_range("confidence", confidence, 1.0)
    need = NEEDS[index]
    if live and not need.live:
        return Gate("off", "meant for a whole recording, not for live use")
    if np.isnan(corrected_percent):
        return Gate("off", "no beats")
    if corrected_percent > OFF_CORRECTED_PERCENT:
        why = IRREGULAR if irregular else TOO_NOISY
        return Gate("off", f"{why}: {_share(corrected_percent)} of the beats {handled}")
    long_s = window_s if counted_s is None else counted_s
    if long_s < need.grey_s:
        return Gate("off", f"{int(window_s)} s seen, {need.grey_s:.0f} s needed")
    if confidence < OFF_CONFIDENCE:
        return Gate("off", f"confidence {confidence:.2f}, {OFF_CONFIDENCE} needed")
    doubts = []
    if corrected_percent > GREY_CORRECTED_PERCENT:
        doubts.append(f"{_share(corrected_percent)} of the beats {handled}")
    if long_s < need.ok_s:
        doubts.append(f"{int(window_s)} s seen, {need.ok_s:.0f} s needed to be sure")
    if confidence < GREY_CONFIDENCE:
        doubts.append(f"confidence {confidence:.2f}")
    if index in ("hf_ms2", "hf_nu", "lf_nu", "lf_hf") and mean_hr_bpm < MIN_HF_BPM:
        doubts.append(f"{mean_hr_bpm:.0f} beats a minute do not resolve the whole band")
    return Gate("grey", "; ".join(doubts)) if doubts else Gate("ok", "")


def rated(
    index: str,
    value: float,
    window_s: float,
    beats: int,
    corrected_percent: float,
    *,
    live: bool = False,
    mean_hr_bpm: float = np.nan,
    confidence: float = np.nan,
    irregular: bool = False,
    handled: str = "corrected",
    counted_s: float | None = None,
) -> Index:
    """A figure together with what it rests on and its state.

    Parameters
    ----------
    index, window_s, corrected_percent, live, mean_hr_bpm, confidence, irregular, handled,
    counted_s
        As `gate`.
    value : float
        The figure; NaN when it could not be computed, which puts it off.
    beats : int
        Valid intervals in the window.

    Returns
    -------
    Index
        The figure and its state.

    Raises
    ------
    ValueError
        As `gate`.
    """
    found = gate(
        index,
        window_s,
        corrected_percent,
        live=live,
        mean_hr_bpm=mean_hr_bpm,
        confidence=confidence,
        irregular=irregular,
        handled=handled,
        counted_s=counted_s,
    )
    if np.isnan(value) and found.state != "off":
        found = Gate("off", "too few beats in a row, or none that differ")
    return Index(float(value), float(window_s), int(beats), float(corrected_percent), *found)


def _check_range(name: str, value: float, most: float) -> None:
    if value < 0 or value > most:
        raise ValueError(f"{name} = {value} must be from 0 to {most:g}")


def _share(percent: float) -> str:
    return f"{percent:.0f} %" if percent >= 9.5 else f"{percent:.1f} %"
