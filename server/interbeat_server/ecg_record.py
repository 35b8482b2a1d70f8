"""The ECG that Polar straps recorded: its R peaks, and the strap's intervals held against them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from interbeat_analysis.ecg import r_peaks, rr_agreement
from interbeat_analysis.respiration import respiration
from interbeat_collector.events import Link, Packet, Partner
from interbeat_collector.frame_clock import FrameClock
from interbeat_collector.polar import decode_frame
from interbeat_collector.session_file import Recording

from .messages import number

NOMINAL_HZ = 130.0
MISSING_SAMPLES = 1.5
"""Samples further apart than this have lost ones between them."""


class Ecg(NamedTuple):
    """One unbroken run of a strap's clock, evenly sampled."""

    t_s: np.ndarray
    """Session time of each sample, shape (n,)."""
    uv: np.ndarray
    """The ECG in microvolts, shape (n,), NaN where samples are lost."""
    fs: float
    """Samples per second by the strap's time stamps on the session clock, in Hz."""


def ecg_of(recording: Recording, partner: Partner) -> list[Ecg]:
    """What one partner's strap measured, from one start of its clock to the next."""
    clock = FrameClock(NOMINAL_HZ)
    frames: list[np.ndarray] = []
    for event in recording.events:
        match event:
            case Packet(kind="polar", partner=p, data=data) if p == partner:
                frame = decode_frame(data)
                if frame.kind == "ecg" and frame.stamp_ns is not None and len(frame.samples):
                    clock.add(event.t_s, frame.stamp_ns, len(frame.samples))
                    frames.append(frame.samples.astype(np.float64))
            case Link(partner=p, state="lost") if p == partner:
                clock.reconnect()
            case _:
                pass
    if not frames:
        return []
    t_s = clock.sample_times()
    starts = np.cumsum([0, *(len(frame) for frame in frames)])[list(clock.epochs)]
    uv = np.concatenate(frames)
    parts = zip(np.split(t_s, starts[1:]), np.split(uv, starts[1:]), strict=True)
    return [_even(*part) for part in parts]


def ecg_document(
    recording: Recording, partner: Partner, beat_t_s: np.ndarray, rr_s: np.ndarray, *, beats: bool
) -> dict[str, Any] | None:
    """What the ECG says beside the strap's own intervals; None without one."""
    parts = ecg_of(recording, partner)
    if not parts:
        return None
    found = [_peaks(part) for part in parts]
    peak_t_s = np.concatenate([t_s for t_s, _ in found])
    height_uv = np.concatenate([uv for _, uv in found])
    rises = np.diff(peak_t_s, prepend=-np.inf) > 0  # two runs of a strap's clock may touch
    agreement = rr_agreement(peak_t_s[rises], beat_t_s, rr_s)
    breathing = respiration(peak_t_s[rises], height_uv[rises])
    samples = sum(len(part.uv) for part in parts)
    document: dict[str, Any] = {
        "samples": samples,
        "lost_samples": int(sum(np.isnan(part.uv).sum() for part in parts)),
        "fs_hz": number(np.average([p.fs for p in parts], weights=[len(p.uv) for p in parts])),
        "r_peaks": int(rises.sum()),
        "rr_matched": agreement.matched,
        "rr_bias_ms": number(agreement.bias_ms),
        "rr_spread_ms": number(agreement.spread_ms),
        "rr_later_s": number(agreement.offset_s),
        "reason": agreement.reason or None,
        "respiration_per_min": number(breathing.rate_per_min),
        "respiration_confidence": number(breathing.confidence),
    }
    if beats:
        document["r_peak_t_s"] = [round(t_s, 5) for t_s in peak_t_s[rises].tolist()]
    return document


def _even(t_s: np.ndarray, uv: np.ndarray) -> Ecg:
    """The samples with NaN for lost ones, so that each stands where it was taken."""
    step_s = float(np.median(np.diff(t_s))) if len(t_s) > 1 else 1.0 / NOMINAL_HZ
    steps = np.maximum(np.rint(np.diff(t_s) / step_s), 1.0)
    steps[np.diff(t_s) < MISSING_SAMPLES * step_s] = 1.0
    at = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
    filled = np.full(at[-1] + 1, np.nan)
    filled[at] = uv
    times_s = np.interp(np.arange(len(filled)), at, t_s)
    return Ecg(times_s, filled, 1.0 / step_s)


def _peaks(part: Ecg) -> tuple[np.ndarray, np.ndarray]:
    """Times and heights of R peaks."""
    found = r_peaks(part.uv, part.fs)
    return np.interp(found.position, np.arange(len(part.t_s)), part.t_s), found.height
