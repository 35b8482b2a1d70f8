"""The layouts of published programs, so that their figures can be compared with ours.

Each has its own windows, lags and averages. Columns stand in the program's order; `lag_s` says
what they mean here: above 0, b follows a. SUSY counts lags the other way round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from interbeat_analysis.checks import check_lag_within, checked_pair, window_samples
from interbeat_analysis.peaks import peaks
from interbeat_analysis.segments import lagged_correlations, unit_segments
from interbeat_analysis.series import check_positive
from interbeat_analysis.summaries import known_mean, leadership
from interbeat_analysis.windowed import (
    LARGEST_R,
    WindowedCrossCorrelation,
    fisher_z,
    windowed_cross_correlation,
)

Program = Literal["susy", "rmea", "boker", "bsync"]


class Published(NamedTuple):
    """What a published program returns for two series."""

    wcc: WindowedCrossCorrelation
    summary: dict[str, float]
    """Under the program's own names; NaN where it prints none."""
    profiles: dict[str, np.ndarray]
    """Further columns of the program, one value a lag, window or segment."""


def published(
    a: np.ndarray,
    b: np.ndarray,
    fs: float,
    compat: Program,
    *,
    window_s: float = 30.0,
    hop_s: float = 1.0,
    max_lag_s: float = 5.0,
) -> Published:
    """Windowed cross-correlation and its summaries as a published program lays them out.

    - ``"susy"``: SUSY 0.1.0 (R). Segments of `window_s` that do not overlap (`hop_s` is not
      used), each lag over what of the segment is left, divided by all of it; surrogates are
      all pairs of different segments. Its ES divides by the spread over lags and is no z score.
    - ``"rmea"``: rMEA 1.3.0 (R), `MEAccf`. The window of the one who leads stays.
    - ``"boker"``: the script of Behrens and Boker (2018). The window of the one who follows
      stays; one window fewer than would fit.
    - ``"bsync"``: bsync 0.0.0.9000 (R). The window of a stays; it holds a sample more than
      asked for.

    Parameters
    ----------
    a, b : ndarray, shape (n,)
        The series, NaN where unknown. As SUSY does, its layout removes such samples and joins
        what is left. The other three treat them as `windowed_cross_correlation` does, whatever
        the program would make of them: NaN where fewer than 80 % of the pairs are known.
    fs : float
        Samples per second, in Hz.
    compat : {"susy", "rmea", "boker", "bsync"}
        The program.
    window_s, hop_s, max_lag_s : float
        As for `windowed_cross_correlation`.

    Returns
    -------
    Published
        Tables and summaries. None of these figures has been compared with chance in a way that
        keeps its promise; `nulls` does.

    Raises
    ------
    ValueError
        If `compat` is none of these, a setting out of its range or one that the program would
        change silently, or the series differ in length.

    References
    ----------
    .. [1] Tschacher, W., & Meier, D. (2020). Physiological synchrony in psychotherapy sessions.
       Psychotherapy Research, 30(5), 558-573. https://doi.org/10.1080/10503307.2019.1612114
    .. [2] Kleinbub, J. R., & Ramseyer, F. T. (2021). rMEA: An R package to assess nonverbal
       synchronization in motion energy analysis time-series. Psychotherapy Research, 31(6),
       817-830. https://doi.org/10.1080/10503307.2020.1844334
    .. [3] Behrens, F., Moulder, R. G., Boker, S. M., & Kret, M. E. (2020). Quantifying
       physiological synchrony through windowed cross-correlation analysis. bioRxiv.
       https://doi.org/10.1101/2020.08.27.269746
    .. [4] Girard, J. M. bsync. https://github.com/jmgirard/wcc
    """
    layouts: dict[str, Callable[..., Published]] = {
        "susy": _susy,
        "rmea": _rmea,
        "boker": _boker,
        "bsync": _bsync,
    }
    if compat not in layouts:
        raise ValueError(f"compat = {compat!r} must be one of {', '.join(layouts)}")
    check_positive("fs", fs, "Hz")
    a, b = checked_pair(a, b)
    return layouts[compat](a, b, fs, window_s=window_s, hop_s=hop_s, max_lag_s=max_lag_s)


def _rmea(a: np.ndarray, b: np.ndarray, fs: float, **settings: float) -> Published:
    wcc = windowed_cross_correlation(a, b, fs, anchor="lead", **settings)
    z = np.clip(fisher_z(wcc.r), -10.0, 10.0)
    tables = {"raw": wcc.r, "z": z, "absz": np.abs(z)}
    summary = {
        f"{kind}.{name}": float(known_mean(table[:, of], (0, 1)))
        for kind, table in tables.items()
        for name, of in (
            ("grandAver", np.full(len(wcc.lag_s), True)),
            ("s1_lead_mean", wcc.lag_s > 0),
            ("s2_lead_mean", wcc.lag_s < 0),
            ("lag_zero_mean", wcc.lag_s == 0),
        )
    }
    profiles = {}
    for kind, table in tables.items():
        profiles[f"{kind}.all_lags"] = known_mean(table, -1)
        profiles[f"{kind}.bestLag"] = _lag_of_largest(table, wcc.lag_s)
    return Published(wcc, summary, profiles)


def _lag_of_largest(table: np.ndarray, lag_s: np.ndarray) -> np.ndarray:
    """Lag of the largest value of each row, the first of equal ones; NaN without any."""
    unknown = np.isnan(table)
    lag = lag_s[np.argmax(np.where(unknown, -np.inf, table), axis=-1)]
    return np.where(unknown.all(axis=-1), np.nan, lag)


def _boker(a: np.ndarray, b: np.ndarray, fs: float, **settings: float) -> Published:
    width, hop, max_lag = (
        window_samples(name, settings[name], fs, least=1)
        for name in ("window_s", "hop_s", "max_lag_s")
    )
    wcc = windowed_cross_correlation(a, b, fs, anchor="trail", **settings)
    windows = max(0, (len(a) - width - max_lag) // hop)
    wcc = wcc._replace(t_s=wcc.t_s[:windows], r=wcc.r[:windows], n_valid=wcc.n_valid[:windows])
    found = peaks(wcc, smooth=True)
    summary = {
        "mean": float(known_mean(wcc.r, (0, 1))),
        "mean_abs_z": float(known_mean(np.abs(fisher_z(wcc.r)), (0, 1))),
        "n_peaks_found": float(np.count_nonzero(~np.isnan(found.lag_s))),
    }
    return Published(wcc, summary, {"maxIndex": found.lag_s * 2 * fs, "maxValue": found.r})


def _bsync(a: np.ndarray, b: np.ndarray, fs: float, **settings: float) -> Published:
    settings["window_s"] += 1.0 / fs
    wcc = windowed_cross_correlation(a, b, fs, anchor="fixed", **settings)
    z = np.arctanh(np.where(np.abs(wcc.r) >= LARGEST_R, np.sign(wcc.r) * 0.99, wcc.r))
    lag = _nearest_local_maximum(wcc.r, 4)
    column = np.nan_to_num(lag).astype(int) + wcc.r.shape[-1] // 2
    value = np.where(np.isnan(lag), np.nan, wcc.r[np.arange(len(lag)), column])
    epochs = [leadership(lag[max(0, w - 5) : w + 6]) for w in range(len(lag))]
    known = [np.count_nonzero(~np.isnan(lag[max(0, w - 5) : w + 6])) >= 3 for w in range(len(lag))]
    asymmetry = np.where(known, epochs, np.nan) if len(lag) else np.empty(0)
    summary = {
        "fisher_z": float(known_mean(np.abs(z), (0, 1))),
        "leadership_mean": float(known_mean(asymmetry, 0)),
    }
    profiles = {"optimum_lag": lag, "optimum_value": value, "asymmetry_index": asymmetry}
    return Published(wcc, summary, profiles)


def _nearest_local_maximum(r: np.ndarray, flank: int) -> np.ndarray:
    """Lag in samples next to 0 of a value above `flank` neighbours on both sides; NaN if none."""
    middle = r.shape[-1] // 2
    nearest = np.full(len(r), np.nan)
    # Outermost first, so that nearer ones, and of two as near the negative one, come out on top.
    for distance in range(middle - flank, -1, -1):
        for at in (middle + distance, middle - distance):
            around = r[:, at - flank : at + flank + 1]
            top = (np.argmax(around, axis=-1) == flank) & ~np.isnan(around).any(axis=-1)
            nearest[top] = at - middle
    return nearest


def _susy(
    a: np.ndarray, b: np.ndarray, fs: float, *, window_s: float, hop_s: float, max_lag_s: float
) -> Published:
    for name, value in (("fs", fs), ("window_s", window_s), ("max_lag_s", max_lag_s)):
        if value != int(value):
            raise ValueError(
                f"{name} = {value:g}: SUSY takes whole Hz and seconds and would cut it to "
                f"{int(value)}; resample, or choose a whole number"
            )
    width = window_samples("window_s", window_s, fs, least=2)
    max_lag = window_samples("max_lag_s", max_lag_s, fs, least=1)
    check_lag_within(max_lag_s, window_s)
    known = np.isfinite(a) & np.isfinite(b)
    segments = int(np.round(known.sum() / width - 0.499999))
    if segments < 2:
        raise ValueError(
            f"{known.sum() / fs:g} s of both series is too short: SUSY needs two segments of "
            f"window_s = {window_s:g} s"
        )
    one, two = (
        unit_segments(x[known][: segments * width].reshape(segments, width)) for x in (a, b)
    )
    steps = np.arange(-max_lag, max_lag + 1)
    real, sums = _segment_correlations(one, two, steps)
    wcc = WindowedCrossCorrelation(
        t_s=(np.arange(segments) + 0.5) * width / fs,
        lag_s=-steps / fs,
        r=real,
        n_valid=np.broadcast_to(width - np.abs(steps), real.shape),
    )
    profiles = _susy_profiles(real, sums)
    return Published(wcc, _susy_summary(profiles, max_lag, segments, int(known.sum())), profiles)


class _PairSums(NamedTuple):
    """Sums over the pairs of different segments."""

    abs_r_of_segment: np.ndarray
    abs_r: np.ndarray
    abs_z: np.ndarray
    z: np.ndarray


def _segment_correlations(
    one: np.ndarray, two: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, _PairSums]:
    """r of each segment with its own at every lag, (s, l), and sums over all other pairs."""
    segments = len(one)
    real = np.empty((segments, len(steps)))
    of_segment = np.zeros(segments)
    totals = np.empty((3, len(steps)))
    z, every = np.empty((segments, segments)), np.ones(segments)
    for lag, r in enumerate(lagged_correlations(one, two, steps)):
        if steps[lag] == 0:  # only whole segments can be the same
            np.clip(r, -LARGEST_R, LARGEST_R, out=r)
        real[:, lag] = np.diagonal(r)
        np.fill_diagonal(r, 0.0)
        np.arctanh(r, out=z)
        totals[2, lag] = z.sum()
        totals[1, lag] = np.abs(z, out=z).sum()
        rows = np.abs(r, out=r) @ every
        totals[0, lag] = rows.sum()
        of_segment += rows
    return real, _PairSums(of_segment, *totals)


def _susy_profiles(real: np.ndarray, sums: _PairSums) -> dict[str, np.ndarray]:
    segments, lags = real.shape
    pairs = segments * (segments - 1)
    z = np.arctanh(real)
    return {
        "meanccorrReal": np.abs(real).mean(axis=0),
        "meanccorrPseudo": sums.abs_r / pairs,
        "meanccorrRealZ": np.abs(z).mean(axis=0),
        "meanccorrRealZNotAbs": z.mean(axis=0),
        "meanccorrPseudoZ": sums.abs_z / pairs,
        "meanccorrPseudoZNotAbs": sums.z / pairs,
        "nReal": np.abs(real).mean(axis=1),
        "nPseudo": sums.abs_r_of_segment / ((segments - 1) * lags),
    }


def _susy_summary(
    profiles: dict[str, np.ndarray], max_lag: int, segments: int, samples: int
) -> dict[str, float]:
    real, pseudo = profiles["meanccorrRealZ"], profiles["meanccorrPseudoZ"]
    signed, pseudo_signed = profiles["meanccorrRealZNotAbs"], profiles["meanccorrPseudoZNotAbs"]
    lead1, lead2 = slice(0, max_lag), slice(max_lag + 1, None)

    def effect(real: np.ndarray, pseudo: np.ndarray) -> float:
        spread = float(pseudo.std(ddof=1)) if len(pseudo) > 1 else np.nan
        return float((real.mean() - pseudo.mean()) / (spread or np.nan))

    in_phase, anti_phase = signed[signed >= 0], signed[signed < 0]
    return {
        "n(data)": samples,
        "Z": float(real.mean()),
        "Z-Pseudo": float(pseudo.mean()),
        "SD(Z)": float(real.std(ddof=1)),
        "SD(Z-Pseudo)": float(pseudo.std(ddof=1)),
        "n(lags)": len(real),
        "%>Pseudo": float(100 * np.mean(real > pseudo)),
        "n(Segmente)": segments,
        "ES": effect(real, pseudo),
        "Z(lead1)": float(real[lead1].mean()),
        "Z(lead2)": float(real[lead2].mean()),
        "ES(lead1)": effect(real[lead1], pseudo[lead1]),
        "ES(lead2)": effect(real[lead2], pseudo[lead2]),
        "meanZ(in-phase)": float(known_mean(in_phase, 0)),
        "meanZ(anti-phase)": float(known_mean(anti_phase, 0)),
        "Anzahl(in-phase)": len(in_phase),
        "Anzahl(anti-phase)": len(anti_phase),
        "Z(noAbs)": float(signed.mean()),
        "Z(Pseudo-noAbs)": float(pseudo_signed.mean()),
        "%>Pseudo(noAbs)": float(100 * np.mean(signed > pseudo_signed)),
        "ES(noAbs)": effect(signed, pseudo_signed),
    }
