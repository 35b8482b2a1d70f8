"""The slow, obvious version of what the packages do quickly."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy import signal, stats

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


def bad_intervals(rr_s: np.ndarray, *, causal: bool = False) -> list[bool]:
    """True for each interval of an unbroken record that is no beat to beat."""
    n = len(rr_s)
    rows = [_interval(rr_s, i, causal) for i in range(n)]
    size = [abs(row["change"]) for row in rows]

    def at(values: list[float], i: int) -> float:
        return values[i] if 0 <= i < n else np.nan

    def mildest(i: int, change: float, reach: tuple[int, ...], greatest: bool) -> float:
        around = [x for k in reach if not np.isnan(x := at([r["change"] for r in rows], i + k))]
        return (max if greatest else min)(around) if around else np.nan

    ectopic, begins = [], []
    for i, row in enumerate(rows):
        change = row["change"]
        beside = mildest(i, change, (-1, 1), change > 0)
        up = change > 1 and beside < -0.13 * change - 0.17
        down = change < -1 and beside > -0.13 * change + 0.17
        ectopic.append(up or down)
        begins.append(size[i] > 1 and not (up or down))

    odd = []
    for i, row in enumerate(rows):
        change, median = row["change"], row["median"]
        off = rr_s[i] - median
        goes_on = i > 0 and begins[i - 1] and at(size, i) < at(size, i + 1)
        after = mildest(i, change, (1, 2), not change > 0)
        long, short = change > 1 and after < -1, change < -1 and after > 1
        stands_out = ectopic[i] or ((begins[i] or goes_on) and (long or short))
        stands_out = stands_out or abs(row["off"]) > 3
        next_off = rr_s[i + 1] - median if i + 1 < n else 0.0
        last_off = rr_s[i - 1] - median if i > 0 and ectopic[i] else 0.0
        others = (next_off, last_off)
        opposed = (off > 0.08 * median and min(others) < -0.08 * median) or (
            off < -0.08 * median and max(others) > 0.08 * median
        )
        beside = [*rr_s[max(i - 1, 0) : i], *rr_s[i + 1 : i + 2]] or [rr_s[i] * np.nan]
        short_step = not rr_s[i] > 0.75 * max(beside)
        long_step = not rr_s[i] < 1.6 * min(beside)
        alone = (off < -0.25 * median and short_step) or (off > 0.5 * median and long_step)
        odd.append((stands_out and (opposed or alone)) or not 0.3 <= rr_s[i] <= 2.0)

    def spoiled(i: int) -> bool:
        median = rows[i]["median"]
        off = (rr_s[i] - median) / median
        for k in (i - 1, i + 1):
            if 0 <= k < n and odd[k]:
                long = rr_s[k] > rows[k]["median"]
                short = rr_s[k] < rows[k]["median"]
                if (long and (off < -0.08 or off > 0.15)) or (
                    short and (off > 0.08 or off < -0.15)
                ):
                    return True
        return False

    return [odd[i] or spoiled(i) for i in range(n)]


def _interval(rr_s: np.ndarray, i: int, causal: bool) -> dict[str, float]:
    """Median around an interval, and its two features in thresholds."""

    def median(k: int) -> float:
        first, after = (k - 8, k + 3) if causal else (k - 5, k + 6)
        return float(np.median(rr_s[max(0, first) : after]))

    def change(k: int) -> float:
        return rr_s[k] - rr_s[k - 1] if k > 0 else np.nan

    def off(k: int) -> float:
        distance = rr_s[k] - median(k)
        return 2 * distance if distance < 0 else distance

    def threshold(values: list[float]) -> float:
        sizes = [abs(x) for x in values if not np.isnan(x)]
        spread = np.subtract(*np.quantile(sizes, [0.75, 0.25])) if sizes else 0.0
        return min(max(5.2 * spread / 2, 0.03), max(0.3 * median(i), 0.03))

    around = range(max(0, i - 90), i + 1) if causal else range(max(0, i - 45), i + 46)
    known = [k for k in around if k < len(rr_s)]
    return {
        "median": median(i),
        "change": change(i) / threshold([change(k) for k in known]),
        "off": off(i) / threshold([off(k) for k in known]),
    }


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


def gaussian_smoothing(x: np.ndarray, sigma: float) -> np.ndarray:
    """Weighted mean over what is known within three sigma (in samples)."""
    out = np.full(len(x), np.nan)
    for i in range(len(x)):
        near = np.arange(max(0, i - int(3 * sigma)), min(len(x), i + int(3 * sigma) + 1))
        near = near[~np.isnan(x[near])]
        if len(near):
            out[i] = np.average(x[near], weights=np.exp(-0.5 * ((near - i) / sigma) ** 2))
    return out


def arousal_band(hr_bpm: np.ndarray, fs: int) -> np.ndarray:
    """Bridged over 4 s, smoothed with 3 s, twice a baseline of 75 s, held within 3 robust SD."""
    filled = hr_bpm.copy()
    known = [i for i in range(len(hr_bpm)) if not np.isnan(hr_bpm[i])]
    for left, right in pairwise(known):
        if right - left <= 4 * fs:
            for i in range(left + 1, right):
                part = (i - left) / (right - left)
                filled[i] = (1 - part) * hr_bpm[left] + part * hr_bpm[right]
    y = np.where(np.isnan(filled), np.nan, gaussian_smoothing(filled, 3 * fs))[::fs]
    rest = y - gaussian_smoothing(y, 75)
    band = rest - gaussian_smoothing(rest, 75)
    middle = np.nanmedian(band)
    sigma = 1.4826 * np.nanmedian(np.abs(band - middle))
    return np.clip(band, middle - 3 * sigma, middle + 3 * sigma)


def masked_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """About 0, each square sum over what the other knows too."""
    both = [(x, y) for x, y in zip(a, b, strict=True) if not (np.isnan(x) or np.isnan(y))]
    product = sum(x * y for x, y in both)
    return product / np.sqrt(sum(x * x for x, _ in both) * sum(y * y for _, y in both))


def linkage(a: np.ndarray, b: np.ndarray) -> dict[str, float | np.ndarray]:
    """Correlogram, null, and p of its peak, shift by shift."""
    n = len(a)
    shifted = [masked_correlation(a, np.roll(b, -lag)) for lag in range(n)]
    backward = [
        masked_correlation(a, np.array([b[(s - t) % n] for t in range(n)])) for s in range(n)
    ]
    r = np.array([shifted[lag % n] for lag in range(-15, 16)])
    far = shifted[46 : n - 45]
    null = np.array([*far, *backward])
    sigma = 1.04 * np.sqrt(np.mean(null**2))
    steps = [y - x for seq in (far, backward) for x, y in pairwise(seq)]
    roughness = np.mean(np.square(steps)) / sigma**2
    lean = [
        np.mean([shifted[s + k] for k in range(1, 16)])
        - np.mean([shifted[s - k] for k in range(1, 16)])
        for s in range(46 + 15, n - 45 - 15)
    ] + [
        np.mean([backward[(s + k) % n] for k in range(1, 16)])
        - np.mean([backward[(s - k) % n] for k in range(1, 16)])
        for s in range(n)
    ]
    df = len(null) / 20 - 1
    z = stats.norm.isf(stats.t.sf(r.max() / sigma, df))
    p = stats.norm.sf(z) + 30 / (2 * np.pi) * np.sqrt(roughness) * np.exp(-(z**2) / 2)
    return {
        "r": r,
        "sigma": sigma,
        "p": min(1.0, p),
        "asymmetry_sigma": 1.04 * np.sqrt(np.mean(np.square(lean))),
    }


def half_decay(band: np.ndarray) -> float:
    """First lag, interpolated, at which the autocorrelation is one half."""
    before = 1.0
    for lag in range(1, 121):
        now = masked_correlation(band[:-lag], band[lag:])
        if now <= 0.5:
            return lag - 1 + (before - 0.5) / (before - now)
        before = now
    return np.nan


def kaplan_meier_median(lasted: list[float], ended: list[bool]) -> float:
    """First time at which no more than half go on."""
    remaining = 1.0
    for t in sorted({x for x, e in zip(lasted, ended, strict=True) if e}):
        at_risk = sum(x >= t for x in lasted)
        remaining *= 1 - sum(x == t and e for x, e in zip(lasted, ended, strict=True)) / at_risk
        if remaining <= 0.5 + 1e-12:
            return t
    return np.nan


def cross_lagged(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Sum of the coefficients of x, and in its standard errors, from scipy's QR."""
    rows, now = [], []
    for t in range(3, len(y)):
        row = [1.0, *y[t - 3 : t], *x[t - 3 : t]]
        if not np.isnan([*row, y[t]]).any():
            rows.append(row)
            now.append(y[t])
    design, target = np.array(rows), np.array(now)
    gain, *_ = np.linalg.lstsq(design, target, rcond=None)
    rest = target - design @ gain
    cover = rest @ rest / (len(target) - 7) * np.linalg.inv(design.T @ design)
    pick = np.array([0, 0, 0, 0, 1, 1, 1])
    return float(pick @ gain), float(pick @ gain / np.sqrt(pick @ cover @ pick))


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


def wavelet_coherence(
    a: np.ndarray, b: np.ndarray, periods: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coherence and phase by time and period in samples, by sums over samples one by one."""
    n, scales = len(a), len(periods)
    table = np.linspace(-8, 8, 4096)
    wave = np.exp(-(table**2) / 2 + 2j * np.pi * table) / np.sqrt(2 * np.pi)
    integral = np.cumsum(wave) * (table[1] - table[0])
    one, two = np.zeros((2, scales, n), complex)
    for row, period in enumerate(periods):
        samples = np.arange(16 * period + 1)
        places = np.floor(samples / (16 * period) * 4095).astype(int)
        kernel = integral.conj()[places[places < 4096]][::-1]
        for target, x in ((one, a), (two, b)):
            x = (x - x.mean()) / x.std()
            steps = -np.sqrt(period) * np.diff(np.convolve(x, kernel))
            spare = len(steps) - n
            target[row] = steps[spare // 2 : spare // 2 + n]
    at = np.arange(n)

    def smoothed(x: np.ndarray) -> np.ndarray:
        in_time = np.zeros_like(x)
        for row, period in enumerate(periods):
            for t in at:
                weights = np.exp(-0.5 * ((at - t) / period) ** 2) / (period * np.sqrt(2 * np.pi))
                in_time[row, t] = np.sum(weights * x[row])
        result = np.zeros_like(x)
        for row in range(scales):
            for step in range(-7, 8):
                weight = (0.2 if abs(step) == 7 else 1.0) / 13.4
                result[row] += weight * in_time[min(max(row + step, 0), scales - 1)]
        return result

    size = periods[:, np.newaxis]
    cross = smoothed(one * two.conj() / size)
    powers = [smoothed(np.abs(x) ** 2 / size) for x in (one, two)]
    return np.abs(cross) ** 2 / (powers[0] * powers[1]), np.angle(cross)
