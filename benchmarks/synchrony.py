"""How fast windowed synchrony is computed, with its comparison with chance."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable

import numpy as np
from scipy import fft, signal

from harness import Benchmark, Case
from interbeat_analysis.compat import published
from interbeat_analysis.phase import analytic_signal, phase_locking
from interbeat_analysis.shift_null import shift_null
from interbeat_analysis.wavelet import wavelet_coherence
from interbeat_analysis.windowed import windowed_cross_correlation

PEERS = ["scipy", "PyWavelets", "multiSyncPy", "neurokit2", "hypyp", "pyphysio", "statsmodels"]
FS_HZ = 4.0
HOUR_S = 3600.0
WIDTH, HOP, MAX_LAG = 120, 4, 20
SOME_WINDOWS = 150
NEEDED_PER_S = 1.0
"""One window a second."""


def benchmarks(size: float) -> list[Benchmark]:
    a, b = pair(max(60.0, HOUR_S * size))
    holed = a.copy()
    holed[len(a) // 2 : len(a) // 2 + 40] = np.nan
    long_a, long_b = pair(max(60.0, 8 * HOUR_S * size))
    return [
        correlation("An hour of windowed cross-correlation, 41 lags", a, b, 2.5e-3 * size),
        correlation("The same with a dropout of 10 s", holed, b, 10e-3 * size),
        correlation("Eight hours of it", long_a, long_b, 25e-3 * size),
        susy(a, b, 6e-3 * size),
        shifts(a, b, 0.6 * size),
        locking(a, b, 1e-3 * size),
        wavelets(a, b),
    ]


def pair(lasts_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Two coupled series of noise as slow as a heart rate."""
    random = np.random.default_rng(1)
    shared, one, two = random.standard_normal((3, int(lasts_s * FS_HZ)))
    smooth = np.ones(8) / 8
    a, b = (np.convolve(shared + own, smooth, "same") for own in (one, two))
    return 70.0 + a, 75.0 + np.roll(b, 8)


def windows_of(x: np.ndarray) -> int:
    return (len(x) - WIDTH - MAX_LAG) // HOP + 1


def correlation(title: str, a: np.ndarray, b: np.ndarray, goal_s: float) -> Benchmark:
    windows = windows_of(a)
    sums = 6 if np.isnan(a).any() else 1
    remark = (
        f"the rest: {sums * 8} passes for sums over windows, 5 for means, deviations and limits"
    )
    peers = [slow_case("np.corrcoef in a loop", lambda n: corrcoef_loop(a[:n], b[:n]), a)]
    if installed("neurokit2"):
        synchrony = importlib.import_module("neurokit2").signal_synchrony
        peers.append(
            Case(
                "neurokit2.signal_synchrony",
                lambda: synchrony(a, b, method="correlation", window_size=WIDTH),
                "lag 0 only, a window at every sample",
            )
        )
    if installed("pyphysio") and installed("statsmodels"):  # which it needs and does not ask for
        peers.append(pyphysio_case(a, b))
    return Benchmark(
        title,
        "windows",
        windows,
        Case("interbeat", lambda: windowed_cross_correlation(a, b, FS_HZ), remark),
        peers,
        least_correlation(a, b),
        NEEDED_PER_S,
        goal_per_s=windows / goal_s,
    )


def slow_case(
    name: str, run: Callable[[int], object], x: np.ndarray, most: int = SOME_WINDOWS
) -> Case:
    """A slow peer gets the first windows only."""
    windows = windows_of(x)
    some = min(most, windows)
    samples = (some - 1) * HOP + WIDTH + MAX_LAG
    return Case(name, lambda: run(samples), f"{some} windows, scaled up", some / windows)


def corrcoef_loop(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r = np.empty((windows_of(a), 2 * MAX_LAG + 1))
    for w in range(len(r)):
        for lag in range(-MAX_LAG, MAX_LAG + 1):
            at_a, at_b = HOP * w + max(-lag, 0), HOP * w + max(lag, 0)
            one, two = a[at_a : at_a + WIDTH], b[at_b : at_b + WIDTH]
            r[w, lag + MAX_LAG] = np.corrcoef(one, two)[0, 1]
    return r


def pyphysio_case(a: np.ndarray, b: np.ndarray) -> Case:
    compare = importlib.import_module("pyphysio.compare")
    xarray = importlib.import_module("xarray")
    measure = compare.PearsonCorrelation(
        primary_dims=["part"], lags=list(range(-MAX_LAG, MAX_LAG + 1))
    )

    def run(samples: int) -> None:
        for at in range(0, samples - WIDTH - MAX_LAG + 1, HOP):
            values = np.stack([a[at : at + WIDTH], b[at : at + WIDTH]], axis=1)
            coordinates = {"time": np.arange(WIDTH) / FS_HZ, "part": ["a", "b"]}
            measure(xarray.DataArray(values, coordinates, ["time", "part"], name="hr"))

    return slow_case("pyphysio.compare", run, a, most=5)


def least_correlation(a: np.ndarray, b: np.ndarray) -> Case:
    """One product for each lag, read from memory once, and the result written."""
    a, b = np.nan_to_num(a), np.nan_to_num(b)
    product = np.empty((2 * MAX_LAG + 1, len(a) - MAX_LAG))
    lagged = np.lib.stride_tricks.sliding_window_view(b, len(product[0]))

    def run() -> None:
        for lag in range(len(product)):
            np.multiply(a[MAX_LAG:], lagged[lag % (MAX_LAG + 1)], out=product[lag])

    return Case("physical estimate", run, "the products alone, without a sum, mean or deviation")


def susy(a: np.ndarray, b: np.ndarray, goal_s: float) -> Benchmark:
    segments = len(a) // WIDTH

    def loop(samples: int) -> None:
        count = samples // WIDTH
        for i in range(count):
            for j in range(count):
                one, two = (x[k * WIDTH : (k + 1) * WIDTH] for x, k in ((a, i), (b, j)))
                one, two = one - one.mean(), two - two.mean()
                whole = signal.correlate(one, two) / np.sqrt((one @ one) * (two @ two))
                np.arctanh(whole[WIDTH - 1 - MAX_LAG : WIDTH + MAX_LAG])

    part = min(segments, max(2, segments // 8)) * WIDTH
    one, two = np.random.default_rng(1).standard_normal((2, segments, WIDTH))
    r = np.empty((segments, segments))
    return Benchmark(
        "An hour as SUSY lays it out: all pairs of segments, 41 lags",
        "pairs",
        segments**2,
        Case("interbeat", lambda: published(a, b, FS_HZ, "susy"), "the rest: Fisher's z, and sums"),
        [
            Case(
                "scipy.signal.correlate in a loop",
                lambda: loop(part),
                f"{(part // WIDTH) ** 2} pairs, scaled up",
                (part // WIDTH / segments) ** 2,
            )
        ],
        Case(
            "physical estimate",
            lambda: [np.matmul(one, two.T, out=r) for _ in range(2 * MAX_LAG + 1)],
            "the products of matrices alone",
        ),
        NEEDED_PER_S,
        goal_per_s=segments**2 / goal_s,
    )


def shifts(a: np.ndarray, b: np.ndarray, goal_s: float) -> Benchmark:
    random = np.random.default_rng(1)
    some = 20

    def one_by_one() -> None:
        for shift in random.integers(0, len(b), some).tolist():
            windowed_cross_correlation(a, np.roll(b, shift), FS_HZ)

    staying = random.standard_normal((windows_of(a), WIDTH)).astype(np.float32)
    moving = random.standard_normal((WIDTH, len(b))).astype(np.float32)
    table = np.empty((64, len(b)), np.float32)

    def least() -> None:
        for at in range(0, len(staying), len(table)):
            rows = staying[at : at + len(table)]
            np.matmul(rows, moving, out=table[: len(rows)])

    return Benchmark(
        "An hour compared with all of its circular shifts: three p values",
        "shifts",
        len(b),
        Case(
            "interbeat",
            lambda: shift_null(a, b, FS_HZ),
            "the rest: z, sums over 41 lags, mean and SD of each window over all shifts",
        ),
        [
            Case(
                "our own correlation, shift by shift",
                one_by_one,
                f"{some} shifts, scaled up; programs that draw shifts do 500 like this",
                some / len(b),
            )
        ],
        Case("physical estimate", least, "every window with every other, multiplied and forgotten"),
        NEEDED_PER_S,
        goal_per_s=len(b) / goal_s,
    )


def locking(a: np.ndarray, b: np.ndarray, goal_s: float) -> Benchmark:
    one, two = (analytic_signal(x, FS_HZ, (0.04, 0.4)) for x in (a, b))
    windows = (len(a) - WIDTH) // HOP + 1

    def loop() -> list[float]:
        turns = np.exp(1j * (np.angle(one) - np.angle(two)))
        return [abs(turns[at : at + WIDTH].mean()) for at in range(0, HOP * windows, HOP)]

    peers = [Case("numpy in a loop over windows", loop)]
    if installed("neurokit2"):
        synchrony = importlib.import_module("neurokit2").signal_synchrony
        peers.append(
            Case(
                "neurokit2.signal_synchrony",
                lambda: synchrony(one.real, two.real, method="hilbert"),
                "its own Hilbert transform, and no windows",
            )
        )
    if installed("hypyp"):
        sync = importlib.import_module("hypyp.analyses").compute_sync
        view = np.lib.stride_tricks.sliding_window_view
        epochs = np.stack([view(x, WIDTH)[::HOP] for x in (one, two)])[:, :, None, None, :]
        peers.append(Case("HyPyP compute_sync", lambda: sync(epochs, "plv", epochs_average=False)))
    if installed("multiSyncPy"):
        rho = importlib.import_module("multiSyncPy.synchrony_metrics").rho
        phases = np.stack([np.angle(one), np.angle(two)])

        def rho_windows() -> None:
            for at in range(0, HOP * windows, HOP):
                rho(phases[:, at : at + WIDTH])

        peers.append(Case("multiSyncPy rho", rho_windows, "another measure of the same phases"))
    return Benchmark(
        "An hour of phase locking from analytic signals",
        "windows",
        windows,
        Case(
            "interbeat",
            lambda: phase_locking(one, two, FS_HZ),
            "the rest: unit length, sums, angle",
        ),
        peers,
        Case("physical estimate", lambda: np.abs(one * two.conj()), "one product and one length"),
        NEEDED_PER_S,
        goal_per_s=windows / goal_s,
    )


def wavelets(a: np.ndarray, b: np.ndarray) -> Benchmark:
    peers = []
    if installed("hypyp"):
        wavelet = importlib.import_module("hypyp.wavelet").ComplexMorletWavelet(
            period_range=(2, 100), disable_caching=True
        )
        pair = importlib.import_module("hypyp.wavelet.pair_signals").PairSignals
        t_s = np.arange(len(a)) / FS_HZ
        peers.append(Case("HyPyP wtc", lambda: wavelet.wtc(pair(t_s, a, b))))
    if installed("pywt"):
        cwt = importlib.import_module("pywt").cwt
        scales = np.geomspace(8, 400, 68)
        peers.append(
            Case(
                "PyWavelets cwt",
                lambda: [cwt(x, scales, "cmor2,1", method="fft") for x in (a, b)],
                "the two transforms alone, which HyPyP smooths after",
            )
        )
    size = fft.next_fast_len(len(a) + 1600)
    rows = np.ones((12, size), complex)

    def least() -> None:
        for _ in range(5 * 68 // len(rows)):
            fft.fft(rows)

    seconds = -(-len(a) // HOP)
    return Benchmark(
        "An hour of wavelet coherence, periods of 2 to 100 s",
        "seconds",
        seconds,
        Case(
            "interbeat",
            lambda: wavelet_coherence(a, b, FS_HZ),
            "the rest: products with kernels and of transforms, means over scales, angle",
        ),
        peers,
        Case(
            "physical estimate",
            least,
            "five transforms a period: of the kernel, back for a and b, for powers and cross",
        ),
        NEEDED_PER_S,
    )


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
