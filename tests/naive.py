"""The slow, obvious version of what the packages do quickly."""

from __future__ import annotations

import numpy as np


def hrv_of_window(
    beat_t_s: np.ndarray, nn_s: np.ndarray, end_s: float, window_s: float
) -> tuple[float, float, float, int]:
    """Mean heart rate (bpm), SDNN (ms), RMSSD (ms) and beats of one window."""
    inside = [i for i, t in enumerate(beat_t_s) if end_s - window_s < t <= end_s]
    valid = [i for i in inside if not np.isnan(nn_s[i])]
    steps = [
        nn_s[i] - nn_s[i - 1]
        for i in valid
        if i - 1 in valid and abs(beat_t_s[i] - nn_s[i] - beat_t_s[i - 1]) <= 0.01
    ]
    nn = [nn_s[i] for i in valid]
    mean_hr = 60.0 / np.mean(nn) if nn else np.nan
    sdnn = 1000.0 * np.std(nn, ddof=1) if len(nn) > 1 else np.nan
    rmssd = 1000.0 * np.sqrt(np.mean(np.square(steps))) if steps else np.nan
    return mean_hr, sdnn, rmssd, len(nn)


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
