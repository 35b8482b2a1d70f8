"""How fast an hour of RR intervals becomes variability: windows each second, artefacts."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from harness import Benchmark, Case, Spent
from interbeat_analysis.artifacts import find_artifacts, redistribute
from interbeat_analysis.corrected import windowed_corrected_hrv
from interbeat_analysis.hrv import windowed_hrv
from interbeat_analysis.indices import (
    as_recorded,
    whole_indices,
)
from interbeat_analysis.spectra import windowed_bands
from interbeat_server.validation.recordings import recording

PEERS = ["neurokit2", "heartpy"]
RECORD = "nsr004_60min"
TIME_GOAL_S, ARTIFACTS_GOAL_S = 1e-3, 4e-3
BANDS_GOAL_S = {60.0: 10e-3, 300.0: 40e-3}
TIMES = {"time domain": 5000.0, "bands": 500.0}
FEW_WINDOWS = 6
"""As many as a peer does: it takes seconds for a hundred."""

Windows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Beat times, intervals and the ends of the windows, all in seconds."""


def benchmarks(size: float) -> list[Benchmark]:
    rr_s = recording(RECORD)
    rr_s = rr_s[: max(600, int(len(rr_s) * size))]
    beat_t_s = np.cumsum(rr_s)
    found = []
    for window_s in (60.0, 300.0):
        work = (beat_t_s, rr_s, np.arange(window_s, beat_t_s[-1]))
        found += [*time_domain(work, window_s), bands(work, window_s)]
    return [
        *found,
        artifacts(rr_s),
        whole(rr_s[: min(len(rr_s), 400)]),
    ]


def time_domain(work: Windows, window_s: float) -> list[Benchmark]:
    """Mean heart rate, SDNN, RMSSD, SDSD, pNN50, pNN20, SD1 and SD2 of every window."""
    beat_t_s, rr_s, end_s = work
    bad = find_artifacts(rr_s, beat_t_s=beat_t_s)
    peers = [windowed_peer("neurokit2", work, window_s, neurokit2_time, "also TINN and quantiles")]
    if find_spec("heartpy"):
        peers.append(windowed_peer("heartpy", work, window_s, heartpy_time, "four figures"))
    # Two searches in the beats, and five running sums of 8 bytes a beat.
    least = Case(
        "physical estimate",
        lambda: [
            *(np.searchsorted(beat_t_s, end_s) for _ in range(2)),
            *(np.cumsum(rr_s) for _ in range(5)),
        ],
        f"two searches and five running sums: {40 * len(rr_s) / 1e6:.2g} MB moved",
    )

    def benchmark(variant: str, ours: Case) -> Benchmark:
        return Benchmark(
            f"Time domain, windows of {window_s:g} s each second, {variant}",
            "windows",
            len(end_s),
            ours,
            peers,
            least,
            2.0,
            len(end_s) / TIME_GOAL_S,
            TIMES["time domain"],
        )

    return [
        benchmark(
            "intervals as given",
            Case("interbeat", lambda: windowed_hrv(beat_t_s, rr_s, end_s, window_s)),
        ),
        benchmark(
            "artefacts taken care of",
            Case(
                "interbeat",
                lambda: windowed_corrected_hrv(beat_t_s, rr_s, bad, end_s, window_s),
                "found before; replaced or left out here, and counted",
            ),
        ),
        benchmark(
            "intervals as given, in a fresh process",
            Case("interbeat", lambda: fresh(work, window_s), "where memory is fetched anew"),
        ),
    ]


FRESH = """
import sys, json
from statistics import median
from time import perf_counter, process_time
import numpy as np
from interbeat_analysis.hrv import windowed_hrv
beats, window_s, last_s = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
rr_s = 0.8 + 0.05 * np.random.default_rng(1).standard_normal(beats)
rr_s *= last_s / rr_s.sum()
beat_t_s, end_s = np.cumsum(rr_s), np.arange(window_s, last_s)
spent = []
for _ in range(21):
    wall_s, cpu_s = perf_counter(), process_time()
    windowed_hrv(beat_t_s, rr_s, end_s, window_s)
    spent.append((perf_counter() - wall_s, process_time() - cpu_s))
print(json.dumps([median(each) for each in zip(*spent)]))
"""


def fresh(work: Windows, window_s: float) -> Spent:
    """The median of a process that has done nothing else, with as many beats and windows."""
    beat_t_s, rr_s, _ = work
    wanted = [str(len(rr_s)), str(window_s), str(beat_t_s[-1])]
    command = [sys.executable, "-P", "-c", FRESH, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Spent(*json.loads(done.stdout), 0.0)


def bands(work: Windows, window_s: float) -> Benchmark:
    """LF, HF and their kin of every window."""
    beat_t_s, rr_s, end_s = work
    samples = int(4 * window_s)
    flops = len(end_s) * 2.5 * samples * np.log2(samples)
    segments = np.random.default_rng(1).standard_normal((len(end_s), samples))
    return Benchmark(
        f"Bands, windows of {window_s:g} s each second",
        "windows",
        len(end_s),
        Case("interbeat", lambda: windowed_bands(beat_t_s, rr_s, end_s, window_s)),
        [windowed_peer("neurokit2", work, window_s, neurokit2_bands, "normalize=False")],
        Case(
            "physical estimate",
            lambda: np.fft.rfft(segments),
            f"the transforms alone: {flops / 1e6:.0f} Mflop, {segments.nbytes / 1e6:.0f} MB read",
        ),
        2.0,
        len(end_s) / BANDS_GOAL_S[window_s],
        TIMES["bands"] if window_s == 300.0 else None,
    )


def artifacts(rr_s: np.ndarray) -> Benchmark:
    beat_t_s = np.cumsum(rr_s)
    peaks = np.concatenate([[0], np.cumsum(np.rint(1000 * rr_s))]).astype(np.int64)

    def peer() -> object:
        import neurokit2

        return neurokit2.signal_fixpeaks(peaks, sampling_rate=1000, iterative=False)

    return Benchmark(
        "Artefacts of a record found and replaced",
        "beats",
        len(rr_s),
        Case(
            "interbeat",
            lambda: redistribute(beat_t_s, rr_s, find_artifacts(rr_s, beat_t_s=beat_t_s)),
        ),
        [Case("neurokit2", quiet(peer), "once, not iterated; moves beats that are right")],
        Case(
            "physical estimate",
            lambda: np.sort(np.lib.stride_tricks.sliding_window_view(np.abs(np.diff(rr_s)), 11)),
            f"one sort of 11 values a beat: {88 * len(rr_s) / 1e6:.2g} MB moved",
        ),
        2.5,
        4644 / ARTIFACTS_GOAL_S,
    )


def whole(rr_s: np.ndarray) -> Benchmark:
    """Every index of five minutes, as `interbeat analyze` has them."""
    beat_t_s = np.cumsum(rr_s)

    def peer() -> object:
        neurokit2_bands(rr_s)
        neurokit2_time(rr_s)
        import neurokit2

        return neurokit2.hrv_nonlinear(_intervals(rr_s), sampling_rate=1000)

    n = len(rr_s)
    return Benchmark(
        "All indices of five minutes",
        "beats",
        n,
        Case("interbeat", lambda: whole_indices(as_recorded(beat_t_s, rr_s))),
        [Case("neurokit2", quiet(peer), "about three times as many indices")],
        Case(
            "physical estimate",
            lambda: np.abs(rr_s[:, np.newaxis] - rr_s) <= 0.01,
            f"every pair of beats compared once, for the entropy: {n * n / 1e6:.2g} million",
        ),
    )


def windowed_peer(
    name: str,
    work: Windows,
    window_s: float,
    figures: Callable[[np.ndarray], object],
    remark: str,
) -> Case:
    """A peer that has no windows: one call a window, of which a few are done."""
    beat_t_s, rr_s, end_s = work
    few = np.linspace(0, len(end_s) - 1, FEW_WINDOWS).astype(int)
    parts = [rr_s[(beat_t_s > end_s[i] - window_s) & (beat_t_s <= end_s[i])] for i in few]

    def run() -> None:
        for part in parts:
            figures(part)

    scaled = f"{remark}; {len(parts)} windows, scaled"
    return Case(name, quiet(run), scaled, len(parts) / len(end_s))


def quiet(run: Callable[[], object]) -> Callable[[], object]:
    """Peers warn of short windows, each time."""

    def silent() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()

    return silent


def _intervals(rr_s: np.ndarray) -> dict[str, np.ndarray]:
    return {"RRI": 1000.0 * rr_s, "RRI_Time": np.cumsum(rr_s)}


def neurokit2_time(rr_s: np.ndarray) -> object:
    import neurokit2

    return neurokit2.hrv_time(_intervals(rr_s), sampling_rate=1000)


def neurokit2_bands(rr_s: np.ndarray) -> object:
    import neurokit2

    return neurokit2.hrv_frequency(_intervals(rr_s), sampling_rate=1000, normalize=False)


def heartpy_time(rr_s: np.ndarray) -> object:
    from heartpy.analysis import calc_ts_measures

    rr_ms = 1000.0 * rr_s
    differences = np.diff(rr_ms)
    return calc_ts_measures(rr_ms, np.abs(differences), differences**2, measures={})
