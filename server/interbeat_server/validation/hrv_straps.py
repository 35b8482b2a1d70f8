"""What straps send, for the validation of variability: loss-free series, ECG, irregular beats."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from interbeat_analysis.indices import cleaned, whole_indices, windowed_indices
from interbeat_collector.beats import BeatClock
from interbeat_collector.feed import Feed
from interbeat_collector.virtual_body import Body
from interbeat_collector.virtual_strap import strap_packets

from .core import Row
from .recordings import IRREGULAR, recording, recordings

ECG_HZ = 130.0
ECG_S = 180.0
NOISE_UV = 10.0
WANDER_UV, WANDER_HZ = 100.0, 0.25
WINDOW_S = 60.0


def false_clock_events() -> list[Row]:
    """Recorded hearts sent without a loss: whatever the beat clock notices then is false."""
    gaps = copies = inferred = packets = 0
    for seed, rr_s in enumerate(recordings().values()):
        clock = _clock_of(rr_s, seed)
        gaps += max(clock.stretches - 1, 0)
        copies += clock.duplicates
        inferred += clock.inferred
        packets += clock.count
    figures = (float(gaps), float(copies), float(inferred))
    names = ("holes", "copies", "inferred beats")
    return [Row(f"false clock events, no loss ({packets} beats)", names, figures, (0, 0, 0), "")]


def irregular_windows() -> list[Row]:
    """A heart with frequent ectopic beats: how much is found, and that no RMSSD comes of it."""
    rr_s = recording(IRREGULAR)
    beat_t_s = np.cumsum(rr_s)
    whole = whole_indices(cleaned(beat_t_s, rr_s))["rmssd_ms"]
    end_s = np.arange(WINDOW_S, beat_t_s[-1])
    live = windowed_indices(
        cleaned(beat_t_s, rr_s, causal=True), end_s, WINDOW_S, names=["rmssd_ms"], live=True
    )
    shown = sum(indices["rmssd_ms"].state != "off" for indices in live)
    return [
        Row(
            "H10 with frequent early beats, found bad",
            ("share",),
            (whole.corrected_percent,),
            (20.0,),
            unit="%",
            at_least=True,
        ),
        Row(
            f"the same, of {len(live)} live windows of {WINDOW_S:g} s",
            ("with an RMSSD",),
            (float(shown),),
            (0.0,),
            unit="",
        ),
        Row(
            "the same, whole recording with an RMSSD",
            ("count",),
            (float(whole.state != "off"),),
            (0.0,),
            unit="",
        ),
    ]


def ecg_rr_errors_ms(seed: int) -> tuple[float, float] | None:
    """SD of the RR error of a generated ECG at 130 Hz, refined and on the grid of samples.

    None without neurokit2, whose detector finds the beats.
    """
    if find_spec("neurokit2") is None:
        return None
    from interbeat_analysis.ecg import r_peaks

    rng = np.random.default_rng(seed)
    beats = int(ECG_S / 0.7)
    breath = np.sin(2 * np.pi * np.arange(beats) / 5 + rng.uniform(0, 6))
    beat_t_s = 1.0 + np.cumsum(0.8 + 0.05 * breath + 0.02 * rng.standard_normal(beats))
    t_s = np.arange(0.0, ECG_S, 1.0 / ECG_HZ)
    uv = Body(iter(beat_t_s.tolist())).ecg_uv(t_s) + NOISE_UV * rng.standard_normal(len(t_s))
    uv += WANDER_UV * np.sin(2 * np.pi * WANDER_HZ * t_s)
    found_s = r_peaks(uv, ECG_HZ).position / ECG_HZ
    nearest = np.argmin(np.abs(found_s[:, np.newaxis] - beat_t_s), axis=1)
    both = np.abs(found_s - beat_t_s[nearest]) < 0.05
    found_s, nearest = found_s[both], nearest[both]
    follows = np.diff(nearest) == 1
    true_s = np.diff(beat_t_s)[nearest[:-1]][follows]
    on_grid_s = np.rint(found_s * ECG_HZ) / ECG_HZ
    fine, grid = (
        1000.0 * float(np.std(np.diff(times)[follows] - true_s)) for times in (found_s, on_grid_s)
    )
    return fine, grid


def _clock_of(rr_s: np.ndarray, seed: int) -> BeatClock:
    feed = Feed()
    beat_t_s = np.cumsum(np.concatenate([[1.0], rr_s]))
    for packet in strap_packets("a", beat_t_s.tolist(), seed=seed, loss=0.0):
        feed.packet(packet)
    return feed.clock
