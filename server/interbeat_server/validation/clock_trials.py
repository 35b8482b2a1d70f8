"""Simulated straps with known truth, and by how much the clocks miss it."""

from __future__ import annotations

from collections import deque
from itertools import pairwise, takewhile
from random import Random
from typing import NamedTuple

import numpy as np

from interbeat_collector.beats import BeatClock, Beats, Flag
from interbeat_collector.calibration import Offset, same_heart_offset
from interbeat_collector.events import Partner
from interbeat_collector.frame_clock import FrameClock
from interbeat_collector.heart_rate import TICKS_PER_S, decode
from interbeat_collector.simulation import DyadSettings, dyad
from interbeat_collector.virtual_strap import Sending, Sent, strap_sends

from ..calibrating import LONGEST_S, MORE_S, NEEDED_S, goes_on

DROPOUT_S = 20.0
SETTLING_S = 10.0
"""A live figure is that of so long after a packet arrived."""
DRIFT_PPM = 50.0
JUDGED_EVERY = 5
"""Live, the beats of every fifth packet are judged: it saves time and favours none."""
LONGEST_HOLE_S = 25.0
NEAR_S = 1.5
LATENCIES_S = (2.6, 0.4)
"""Of two straps on one heart."""


class StrapTrial(NamedTuple):
    """Errors in seconds of one strap, its constant lateness taken off."""

    beat_t_s: np.ndarray
    """When the beats happened that reached us."""
    offline_s: np.ndarray
    naive_s: np.ndarray
    """If beats were counted back from the arrival of their packet."""
    live_t_s: np.ndarray
    """When the beats happened that were judged live."""
    live_s: np.ndarray
    first_s: np.ndarray
    """As first published, when the packet arrived."""
    holes: int
    exact: int
    """Holes whose beats were counted right."""
    sigma_s: np.ndarray


def heart(seed: int, partner: Partner, duration_s: float, *, restless: bool = False) -> list[float]:
    """Beat times of one simulated person at rest, or of one whose heart sways by several bpm."""
    beats = dyad(DyadSettings(seed=seed, coupling=float(restless)))[partner]
    return list(takewhile(lambda t_s: t_s < duration_s, beats))


def strap_trial(
    seed: int,
    partner: Partner,
    duration_s: float,
    loss: float,
    *,
    sending: Sending = "timer",
    live: bool = True,
    restless: bool = False,
) -> StrapTrial:
    """Wear one strap for `duration_s`, with one dropout where packets are lost at all."""
    beat_t_s = heart(seed, partner, duration_s, restless=restless)
    dropouts = [(duration_s / 2, duration_s / 2 + DROPOUT_S)] if loss else []
    sends = strap_sends(
        beat_t_s,
        seed=2 * seed + (partner == "b"),
        loss=loss,
        drift_ppm=DRIFT_PPM if partner == "a" else -DRIFT_PPM,
        sending=sending,
        dropouts=dropouts,
    )
    listener = _Listener(dropouts, live=live)
    for sent in sends:
        listener.take(sent)
    return listener.trial(np.array(beat_t_s))


class _Listener:
    """Feeds a clock, and asks it at the moments that count."""

    def __init__(self, dropouts: list[tuple[float, float]], *, live: bool) -> None:
        self._clock = BeatClock()
        self._dropouts = dropouts
        self._live = live
        self._true_s: list[float] = []
        self._naive_s: list[float] = []
        self._waiting: deque[tuple[float, int, int]] = deque()
        self._judged: list[int] = []
        self._live_s: list[float] = []
        self._first_s: list[float] = []
        self._packets = 0
        self._away = False

    def take(self, sent: Sent) -> None:
        if sent.lost:
            self._away |= any(a <= sent.send_s < b for a, b in self._dropouts)
            return
        self._judge(sent.arrival_s - SETTLING_S)
        if self._away:
            self._away = False
            self._clock.reconnect()
        ticks = decode(sent.data).rr_ticks
        self._clock.add(sent.arrival_s, ticks)
        back_s = np.cumsum([0, *ticks[:0:-1]])[::-1] / TICKS_PER_S if ticks else np.empty(0)
        self._naive_s += (sent.arrival_s - back_s).tolist()
        first = len(self._true_s)
        self._true_s += sent.beat_t_s
        self._packets += 1
        if self._live and ticks and self._packets % JUDGED_EVERY == 0:
            self._waiting.append((sent.arrival_s, first, len(self._true_s)))
            self._judged += range(first, len(self._true_s))
            self._first_s += self._newest(len(ticks))

    def _judge(self, arrived_by_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= arrived_by_s:
            _, first, stop = self._waiting.popleft()
            since_first = self._newest(len(self._true_s) - first)
            self._live_s += since_first[: stop - first]

    def _newest(self, count: int) -> list[float]:
        """The newest real beats as known now."""
        clock = self._clock
        newest_s: list[float] = clock.beats(clock.end_s() - 60.0).real().t_s[-count:].tolist()
        return newest_s

    def trial(self, heart_s: np.ndarray) -> StrapTrial:
        self._judge(np.inf)
        beats = self._clock.beats()
        real = beats.real()
        true_s = np.array(self._true_s)
        judged = true_s[self._judged]
        holes, exact = _holes(beats, true_s, heart_s)
        return StrapTrial(
            beat_t_s=true_s,
            offline_s=_constant_off(real.t_s - true_s),
            naive_s=_constant_off(np.array(self._naive_s) - true_s),
            live_t_s=judged,
            live_s=_constant_off(np.array(self._live_s) - judged),
            first_s=_constant_off(np.array(self._first_s) - judged),
            holes=holes,
            exact=exact,
            sigma_s=real.sigma_s,
        )


def _constant_off(error_s: np.ndarray) -> np.ndarray:
    """What is constant is the strap's latency, which no packet tells."""
    return error_s - np.median(error_s) if len(error_s) else error_s


def _holes(beats: Beats, true_s: np.ndarray, heart_s: np.ndarray) -> tuple[int, int]:
    """Holes of up to `LONGEST_HOLE_S`, and how many of them were counted right."""
    number = np.searchsorted(heart_s, true_s)
    missing = np.diff(number) - 1
    lasted_s = np.diff(true_s)
    at = np.flatnonzero(beats.flag != Flag.INFERRED)
    inferred = np.diff(at) - 1
    holes = ((missing > 0) | (inferred > 0)) & (lasted_s <= LONGEST_HOLE_S)
    return int(holes.sum()), int((holes & (missing == inferred)).sum())


def between(
    one_t_s: np.ndarray, one_s: np.ndarray, other_t_s: np.ndarray, other_s: np.ndarray
) -> np.ndarray:
    """Errors of one strap minus those of the other at the nearest beat."""
    after = np.clip(np.searchsorted(other_t_s, one_t_s), 1, len(other_t_s) - 1)
    nearest = after - (one_t_s - other_t_s[after - 1] < other_t_s[after] - one_t_s)
    near = np.abs(one_t_s - other_t_s[nearest]) < NEAR_S
    return np.asarray((one_s - other_s[nearest])[near])


class CalibrationTrial(NamedTuple):
    """Errors in seconds of the offset of two straps on one heart."""

    error_s: float
    """From the first 120 s."""
    bound_s: float
    """From these, if every packet had arrived and the moment of its sending were known."""
    surer_error_s: float
    """As the page does it: heard for longer where it is not sure enough."""
    heard_s: float
    """So long it was heard then."""


def calibration_trial(seed: int) -> CalibrationTrial:
    """Wear a strap that is 2.6 s late and one that is 0.4 s late."""
    beat_t_s = heart(seed, "a", LONGEST_S + 5)
    straps = [
        list(strap_sends(beat_t_s, seed=2 * seed + number, loss=0.02, latency_s=latency_s))
        for number, latency_s in enumerate(LATENCIES_S)
    ]
    first, heard_s = _calibrated(straps, NEEDED_S), NEEDED_S
    found = first
    while goes_on(found, heard_s):
        heard_s += MORE_S
        found = _calibrated(straps, heard_s)
    late_a_s, late_b_s = (middle_of_bounds(sends, NEEDED_S) for sends in straps)
    truth_s = LATENCIES_S[1] - LATENCIES_S[0]
    return CalibrationTrial(
        first.offset_s - truth_s,
        late_b_s - late_a_s - truth_s,
        found.offset_s - truth_s,
        heard_s,
    )


def _calibrated(straps: list[list[Sent]], heard_s: float) -> Offset:
    clocks = []
    for sends in straps:
        clock = BeatClock()
        for sent in sends:
            if not sent.lost and sent.arrival_s < heard_s:
                clock.add(sent.arrival_s, decode(sent.data).rr_ticks)
        clocks.append(clock)
    return same_heart_offset(*clocks)


def middle_of_bounds(sends: list[Sent], heard_s: float) -> float:
    """How late a strap is: each beat was ready by its packet, and not yet by the one before.

    Whatever lies between the two bounds would have led to the same packets.
    """
    heard = [sent for sent in sends if sent.arrival_s < heard_s]
    latest_s = min(sent.send_s - sent.beat_t_s[-1] for sent in heard if sent.beat_t_s)
    earliest_s = max(
        before.send_s - sent.beat_t_s[0] for before, sent in pairwise(heard) if sent.beat_t_s
    )
    return (earliest_s + latest_s) / 2


ECG_HZ = 130.0
ECG_SAMPLES = 73


class EcgTrial(NamedTuple):
    """Errors in seconds of sample times: when their frame arrived, and at the end."""

    live_s: np.ndarray
    offline_s: np.ndarray


def ecg_trial(seed: int, duration_s: float, rate_off: float) -> EcgTrial:
    """Frames of a strap that samples faster or slower than it says."""
    random = Random(seed)
    fs_hz = ECG_HZ * (1 + rate_off)
    clock = FrameClock(ECG_HZ)
    frame_s = ECG_SAMPLES / fs_hz
    back_s = np.arange(ECG_SAMPLES - 1, -1, -1) / fs_hz
    arrival_s, in_burst, frames = 0.0, False, int(duration_s / frame_s)
    live_s, last_s = [], random.random() + frame_s * np.arange(1, frames + 1)
    for number, t_s in enumerate(last_s.tolist()):
        # The same radio as of the straps: bursts for 5 % of the time, ten frames long.
        in_burst = in_burst != (random.random() < (0.1 if in_burst else 0.1 * 0.05 / 0.95))
        delay_s = random.expovariate(1 / 0.03) + in_burst * random.expovariate(1 / 0.05)
        arrival_s = max(arrival_s, t_s + delay_s)
        clock.add(arrival_s, round(t_s * (1 + DRIFT_PPM * 1e-6) * 1e9), ECG_SAMPLES)
        live_s.append(clock.sample_times(number) - (t_s - back_s))
    offline_s = clock.sample_times() - (last_s[:, None] - back_s).ravel()
    return EcgTrial(np.concatenate(live_s), offline_s)
