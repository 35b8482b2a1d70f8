"""The slow, obvious version of what the packages do quickly."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

BANDS_HZ = ((0.0033, 0.04), (0.04, 0.15), (0.15, 0.40))


def hrv_of_window(
    beat_t_s: np.ndarray, nn_s: np.ndarray, end_s: float, window_s: float
) -> dict[str, float]:
    """Time-domain figures of one window."""
    inside = [i for i, t in enumerate(beat_t_s) if end_s - window_s < t <= end_s]
    valid = [i for i in inside if not np.isnan(nn_s[i])]
    follows = [
        i for i in valid if i - 1 in valid and abs(beat_t_s[i] - nn_s[i] - beat_t_s[i - 1]) <= 0.01
    ]
    nn_ms = np.array([1000.0 * nn_s[i] for i in valid])
    steps_ms = np.array([1000.0 * (nn_s[i] - nn_s[i - 1]) for i in follows])
    pairs_ms = np.array([1000.0 * (nn_s[i] + nn_s[i - 1]) for i in follows])
    sdnn, sdsd = deviation(nn_ms), deviation(steps_ms)
    return {
        "mean_hr_bpm": 60000.0 / np.mean(nn_ms) if valid else np.nan,
        "sdnn_ms": sdnn,
        "rmssd_ms": np.sqrt(np.mean(steps_ms**2)) if follows else np.nan,
        "beats": len(nn_ms),
        "sdsd_ms": sdsd,
        "pnn50_percent": share_above(steps_ms, 50.0),
        "pnn20_percent": share_above(steps_ms, 20.0),
        "sd1_ms": sdsd / np.sqrt(2.0),
        "sd2_ms": deviation(pairs_ms) / np.sqrt(2.0),
        "sd2_identity_ms": np.sqrt(x) if (x := 2 * sdnn**2 - sdsd**2 / 2) >= 0 else np.nan,
        "differences": len(steps_ms),
    }


def deviation(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else np.nan


def share_above(steps_ms: np.ndarray, limit_ms: float) -> float:
    if len(steps_ms) == 0:
        return np.nan
    return 100.0 * sum(round(abs(x), 3) > limit_ms for x in steps_ms) / len(steps_ms)


def triangular_index(nn_ms: np.ndarray) -> float:
    """Beats over the highest bin of 7.8125 ms."""
    bins: dict[int, int] = {}
    for x in nn_ms:
        place = int((x + 0.001) / 7.8125)
        bins[place] = bins.get(place, 0) + 1
    return len(nn_ms) / max(bins.values()) if bins else np.nan


def artifacts(rr_s: np.ndarray) -> list[bool]:
    """True for each interval to reject."""
    implausible, deviations = [], []
    for i, rr in enumerate(rr_s):
        around = [x for x in rr_s[max(0, i - 5) : i + 6] if not np.isnan(x)]
        deviation = abs(rr - np.median(around)) / np.median(around) if around else np.nan
        deviations.append(deviation)
        implausible.append(not 0.3 <= rr <= 2.0 or not deviation <= 0.25)
    return [
        bad or (any(implausible[max(0, i - 1) : i + 2]) and deviations[i] > 0.10)
        for i, bad in enumerate(implausible)
    ]


def windowed_cross_correlation(
    a: np.ndarray,
    b: np.ndarray,
    *,
    width: int,
    hop: int,
    max_lag: int,
    anchor: str,
    min_valid: float = 0.8,
) -> tuple[list[int], np.ndarray, np.ndarray]:
    """First samples of the windows that stay, r (w, l) and number of pairs (w, l)."""
    lags = range(-max_lag, max_lag + 1)
    stays, rows, counts = [], [], []
    earliest = 0 if anchor == "lead" else max_lag
    latest = len(a) - width - (0 if anchor == "trail" else max_lag)
    for stay in range(earliest, latest + 1, hop):
        row, count = [], []
        for lag in lags:
            if anchor == "lead":
                a_at, b_at = (stay, stay + lag) if lag >= 0 else (stay - lag, stay)
            elif anchor == "trail":
                a_at, b_at = (stay - lag, stay) if lag >= 0 else (stay, stay + lag)
            else:
                a_at, b_at = stay, stay + lag
            r, n = correlation(a[a_at : a_at + width], b[b_at : b_at + width], min_valid)
            row.append(r)
            count.append(n)
        stays.append(stay)
        rows.append(row)
        counts.append(count)
    shape = (len(stays), len(lags))
    return stays, np.reshape(rows, shape), np.reshape(counts, shape)


def correlation(x: np.ndarray, y: np.ndarray, min_valid: float) -> tuple[float, int]:
    """Pearson r of the pairs that are known, and how many they are."""
    known = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[known], y[known]
    if len(x) < min_valid * len(known) or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan, len(x)
    return float(np.corrcoef(x, y)[0, 1]), len(x)


def heart_rate_packet(
    data: bytes,
) -> tuple[int | None, list[int], bool | None, int | None, bool]:
    """Rate, intervals, contact, energy and whether the packet is sound, one byte after another."""
    left = list(data)
    if not left:
        return None, [], None, None, False
    flags = f"{left.pop(0):08b}"
    contact = (flags[6] == "1") if flags[5] == "1" else None
    hr_bpm, whole = take(left, 2 if flags[7] == "1" else 1)
    if not whole:
        return None, [], contact, None, False
    energy_kj = None
    if flags[4] == "1":
        energy_kj, whole = take(left, 2)
        if not whole:
            return hr_bpm, [], contact, None, False
    rr_ticks = []
    while flags[3] == "1" and len(left) >= 2:
        rr_ticks.append(left.pop(0) + 256 * left.pop(0))
    return hr_bpm, rr_ticks, contact, energy_kj, not left


def take(left: list[int], size: int) -> tuple[int | None, bool]:
    """A little-endian number off the front of `left`; None and False when it is too short."""
    if len(left) < size:
        left.clear()
        return None, False
    return sum(left.pop(0) * 256**place for place in range(size)), True


def polar_samples(data: bytes) -> list[list[int]]:
    """The samples of an ECG or acceleration frame, as whole as they came."""
    if len(data) < 10:
        return []
    width, channels = {(0, 0): (3, 1), (2, 0): (1, 3), (2, 1): (2, 3), (2, 2): (3, 3)}.get(
        (data[0], data[9]), (0, 0)
    )
    if (data[0], data[9]) == (2, 0x81):
        return polar_deltas(list(data[10:]))
    samples, left = [], list(data[10:])
    while width and len(left) >= width * channels:
        samples.append([signed(take(left, width)[0] or 0, 8 * width) for _ in range(channels)])
    return samples


def polar_deltas(left: list[int]) -> list[list[int]]:
    """A sample in full, then blocks: bits of a difference, how many, the differences bit by bit."""
    if len(left) < 6:
        return []
    samples = [[signed(take(left, 2)[0] or 0, 16) for _ in range(3)]]
    while len(left) >= 2:
        width, count = left.pop(0), left.pop(0)
        size = -(-width * count * 3 // 8)
        if not count or not 1 <= width <= 32 or len(left) < size:
            return samples
        bits = [byte >> place & 1 for byte in left[:size] for place in range(8)]
        del left[:size]
        for _ in range(count):
            sample = []
            for channel in range(3):
                step = sum(bits.pop(0) << place for place in range(width))
                sample.append(samples[-1][channel] + signed(step, width))
            samples.append(sample)
    return samples


def signed(value: int, bits: int) -> int:
    """Two's complement."""
    return value - (1 << bits) if value >= 1 << (bits - 1) else value


def smoothness_priors(values: np.ndarray, smoothness: float) -> np.ndarray:
    """Values minus trend, with the matrices written out."""
    second = np.diff(np.eye(len(values)), n=2, axis=0)
    system = np.eye(len(values)) + smoothness**2 * second.T @ second
    return values - np.linalg.solve(system, values)


def welch_bands(segment_ms: np.ndarray, fs: float) -> list[float]:
    """Powers of VLF, LF and HF of one segment, by scipy and the trapezoid rule."""
    frequency_hz, density = signal.welch(segment_ms, fs, "hann", nperseg=len(segment_ms))
    return [power_between(frequency_hz, density, low, high) for low, high in BANDS_HZ]


def lomb_bands(t_s: np.ndarray, values_ms: np.ndarray, step_hz: float) -> list[float]:
    """Powers of VLF, LF and HF of uneven samples, by scipy and the trapezoid rule."""
    frequency_hz = step_hz * np.arange(1, int(np.ceil(0.4 / step_hz)) + 2)
    power = signal.lombscargle(t_s, values_ms - values_ms.mean(), 2 * np.pi * frequency_hz)
    density = 2.0 * power * (t_s[-1] - t_s[0]) / len(t_s)
    return [power_between(frequency_hz, density, low, high) for low, high in BANDS_HZ]


def power_between(
    frequency_hz: np.ndarray, density: np.ndarray, low_hz: float, high_hz: float
) -> float:
    inside = frequency_hz[(frequency_hz > low_hz) & (frequency_hz < high_hz)]
    corners = np.concatenate([[low_hz], inside, [high_hz]])
    # Below its first frequency, as above its last, a density counts as nothing.
    corners = np.clip(corners, frequency_hz[0], frequency_hz[-1])
    return float(np.trapezoid(np.interp(corners, frequency_hz, density), corners))


def sample_entropy(values: np.ndarray, m: int, r: float) -> float:
    """Richman and Moorman's pairs, one by one."""
    tolerance = r * np.std(values, ddof=1)
    templates = range(len(values) - m)
    shorter = longer = 0
    for i in templates:
        for j in templates:
            if i < j and max(abs(values[i + k] - values[j + k]) for k in range(m)) <= tolerance:
                shorter += 1
                longer += abs(values[i + m] - values[j + m]) <= tolerance
    return -np.log(longer / shorter) if shorter and longer else np.nan


def dfa_alpha(values: np.ndarray, sizes: range) -> float:
    """Peng's exponent with a straight line fitted to every block."""
    profile = np.cumsum(values - np.mean(values))
    fluctuations = []
    for size in sizes:
        squares = []
        for start in range(0, len(profile) - size + 1, size):
            block = profile[start : start + size]
            line = np.polyval(np.polyfit(np.arange(size), block, 1), np.arange(size))
            squares.extend((block - line) ** 2)
        fluctuations.append(np.sqrt(np.mean(squares)))
    return float(np.polyfit(np.log(list(sizes)), np.log(fluctuations), 1)[0])


def phase_windows(
    a: np.ndarray, b: np.ndarray, *, width: int, hop: int, min_valid: float = 0.8
) -> list[dict[str, float]]:
    """Phase locking and circular correlation of each window of two analytic signals."""
    rows = []
    for begin in range(0, len(a) - width + 1, hop):
        one, two = np.angle(a[begin : begin + width]), np.angle(b[begin : begin + width])
        known = ~np.isnan(one) & ~np.isnan(two)
        one, two = one[known], two[known]
        row = {"plv": np.nan, "circular_r": np.nan, "n_valid": len(one)}
        if len(one) >= min_valid * width:
            row["plv"] = abs(np.mean(np.exp(1j * (one - two))))
            sines = [np.sin(x - np.angle(np.mean(np.exp(1j * x)))) for x in (one, two)]
            row["circular_r"] = sum(sines[0] * sines[1]) / np.sqrt(
                sum(sines[0] ** 2) * sum(sines[1] ** 2)
            )
        rows.append(row)
    return rows


def shift_null(
    a: np.ndarray, b: np.ndarray, *, width: int, hop: int, max_lag: int
) -> dict[str, Any]:
    """Statistics at every circular shift of b, the windows of a staying, and their p values."""
    of_shift = []
    for shift in range(len(a)):
        _, r, _ = windowed_cross_correlation(
            a, np.roll(b, -shift), width=width, hop=hop, max_lag=max_lag, anchor="fixed"
        )
        of_shift.append(np.arctanh(r))
    z = np.array(of_shift)
    abs_z, signed = np.nanmean(abs(z), axis=(1, 2)), np.nanmean(z, axis=(1, 2))
    known = ~np.isnan(z).all(axis=2)
    of_window = np.array(
        [
            [np.nanmean(abs(row)) if any_ else np.nan for row, any_ in zip(t, k, strict=True)]
            for t, k in zip(z, known, strict=True)
        ]
    )
    score = np.array(
        [
            (column - np.nanmean(column)) / np.nanstd(column)
            if not np.isnan(column).all()
            else column
            for column in of_window.T
        ]
    ).T
    largest = np.nanmax(score, axis=1)
    p_window = [np.nan if np.isnan(x) else np.mean(largest >= x - 1e-6) for x in score[0]]
    return {
        "abs_z": abs_z,
        "z": signed,
        "p": np.mean(abs_z >= abs_z[0] - 1e-6),
        "p_in_phase": np.mean(signed >= signed[0] - 1e-6),
        "p_any_window": np.nanmin(p_window),
        "p_window": p_window,
    }
