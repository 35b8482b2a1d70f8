"""The slow, obvious version of what `interbeat_analysis` does quickly."""

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


def smoothness_priors(values: np.ndarray, smoothness: float) -> np.ndarray:
    """Values minus trend, with the matrices written out."""
    second = np.diff(np.eye(len(values)), n=2, axis=0)
    system = np.eye(len(values)) + smoothness**2 * second.T @ second
    return values - np.linalg.solve(system, values)
