"""Exact laws of linkage and windowed synchrony, on simulated couples: what must not change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interbeat_analysis.arousal import FS_HZ, clean_heart_rate
from interbeat_analysis.dyad import Dyad, LinkageState, measured, series
from interbeat_analysis.settling import Reference
from interbeat_analysis.shift_null import shift_null
from interbeat_analysis.windowed import windowed_cross_correlation
from interbeat_collector.simulation import DyadSettings, sessions

from .core import Row

COUPLED = DyadSettings(turns="shared", mode="mutual", gain=1.5)
LASTS_S = 1210.0
"""Less what the edges cost, 20 minutes: from then on a lead may be claimed."""
LEVEL_BPM = 25.0
WIDER = 3.0
MAY_MOVE = 0.02
TOO_SHORT_S = 470.0
LATE_S = (0.0, 0.5, 2.0, 4.5)
"""How much later than the other a second strap may tell the same heart."""
HOLE = slice(2000, 2040)
"""10 s at 4 Hz."""
WINDOW_S, MAX_LAG_S = 30.0, 5.0
"""Of windowed synchrony."""
WINDOWED = slice(2400)
"""Ten minutes of which windowed synchrony is judged."""
EDGE = 8
"""Samples at each end in which a heart has no beats on both sides."""
REFERENCES = (Reference(13.0, 2400.0, talk=True), Reference(12.0, 2400.0, talk=True))
"""They unlock the index, so that what locks it is the law."""


class Kept(NamedTuple):
    """How far each law is off for one couple; 0 where it holds exactly."""

    swapped: float
    swapped_windows: float
    level: float
    wider: float
    faster_beats: float
    reversed_r: float
    reversed_lead: float
    """1 where the lead did not change sides."""
    outside_hole: float
    inside_hole: float
    """Share of the windows around the hole that have a value or do not tell what they lack."""
    too_short: float
    """1 where a figure was given."""
    same_strap: float


def kept(seeds: Sequence[int]) -> list[Kept]:
    """Break each law on one couple for each seed."""
    found = []
    for session in sessions(seeds, COUPLED, LASTS_S):
        true = np.stack([session.hr_bpm["a"], session.hr_bpm["b"]])
        beats = [_beats_at(true[0]), _beats_at(true[1]), _beats_at(true[1] + LEVEL_BPM)]
        rates = np.stack([_from_beats(beat_t_s) for beat_t_s in beats])[:, EDGE:-EDGE]
        hr_bpm, faster = rates[:2], rates[[0, 2]]
        plain = _judged(hr_bpm)
        back = _judged(hr_bpm[:, ::-1])
        found.append(
            Kept(
                _swapped(plain, _judged(hr_bpm[::-1], REFERENCES[::-1])),
                _swapped_windows(hr_bpm[:, WINDOWED]),
                _moved(plain, _judged(np.stack([hr_bpm[0] + LEVEL_BPM, hr_bpm[1]]))),
                _moved(plain, _judged(_wider(hr_bpm))),
                _moved(plain, _judged(faster)),
                _moved(plain, back),
                float(np.sign(back.lead.asymmetry) == np.sign(plain.lead.asymmetry)),
                *_hole(hr_bpm),
                _said(_judged(hr_bpm[:, : int(TOO_SHORT_S * FS_HZ)]), "not_enough_data"),
                max(_same_strap(hr_bpm[0], late_s) for late_s in LATE_S),
            )
        )
    return found


def rows(found: Sequence[Kept], live_off: Sequence[float]) -> list[Row]:
    """The worst of all couples for each law; the limits are never widened."""
    worst = Kept(*np.max(np.array(found), axis=0).tolist())

    def row(measure: str, name: str, figure: float, limit: float) -> Row:
        return Row(f"{measure} ({len(found)})", (name,), (figure,), (limit,), unit="", digits=3)

    return [
        row("law: a and b swapped, lag and lead turned back", "change", worst.swapped, 1e-6),
        row("law: a and b swapped, windowed", "change", worst.swapped_windows, 1e-9),
        row("law: heart rate of one + 25 bpm, linkage", "r moves", worst.level, MAY_MOVE),
        row("law: deviations of one × 3, linkage", "r moves", worst.wider, MAY_MOVE),
        row("law: + 25 bpm applied to the beats", "r moves", worst.faster_beats, MAY_MOVE),
        row("law: time reversed, linkage", "r moves", worst.reversed_r, MAY_MOVE),
        row("law: time reversed, lead keeps its side", "couples", worst.reversed_lead, 0.0),
        row("law: 10 s dropout, windows outside", "change", worst.outside_hole, 1e-9),
        row("law: 10 s dropout, windows inside not flagged", "share", worst.inside_hole, 0.0),
        row("law: 7:50 of clean minutes give a figure", "couples", worst.too_short, 0.0),
        row("law: the same strap twice, up to 4.5 s apart, gives one", "couples",
            worst.same_strap, 0.0),
        Row(f"law: live as batch on the same window ({len(live_off)})", ("change",),
            (max(live_off),), (1e-9,), unit="", digits=3),
    ]  # fmt: skip


def _judged(hr_bpm: np.ndarray, references: tuple[Reference, Reference] = REFERENCES) -> Dyad:
    return measured(series(hr_bpm, FS_HZ), references)


def _swapped(one: Dyad, other: Dyad) -> float:
    """The largest change beyond the turned sign of lag and lead, and a standing where b stood."""
    here, there = (
        np.array(
            [
                d.linkage.p,
                d.linkage.r,
                d.linkage.r_adjusted,
                sign * d.linkage.lag_s,
                d.linkage.own_share,
                sign * d.lead.asymmetry_z,
                sign * d.lead.lead,
                d.lead.balance,
                *(d.settling.half_decay_a_s, d.settling.half_decay_b_s)[::sign],
                d.settling.half_decay_s,
                d.settling.z,
                *d.coregulation[:3],
                d.breathing.z,
                d.correlogram.sigma,
            ]
        )
        for d, sign in ((one, 1), (other, -1))
    )
    claims = {None: None, "a": "b", "b": "a"}
    same = (one.state, one.flags, one.coregulation.state, one.lead.claim) == (
        other.state, other.flags, other.coregulation.state, claims[other.lead.claim]
    )  # fmt: skip
    return float(np.abs(here - there).max()) if same else np.inf


def _swapped_windows(hr_bpm: np.ndarray) -> float:
    """The largest change of any window at any lag turned round, and of any p."""
    one, other = (
        (windowed_cross_correlation(a, b, FS_HZ), shift_null(a, b, FS_HZ))
        for a, b in (hr_bpm, hr_bpm[::-1])
    )
    p_here, p_there = ((n.p, n.p_in_phase, n.p_any_window) for _, n in (one, other))
    off_r = np.abs(one[0].r - other[0].r[:, ::-1]).max()
    return float(max(off_r, np.abs(np.subtract(p_here, p_there)).max()))


def _moved(one: Dyad, other: Dyad) -> float:
    return abs(one.linkage.r - other.linkage.r)


def _wider(hr_bpm: np.ndarray) -> np.ndarray:
    mean = np.nanmean(hr_bpm[1])
    return np.stack([hr_bpm[0], mean + WIDER * (hr_bpm[1] - mean)])


def _hole(hr_bpm: np.ndarray) -> tuple[float, float]:
    """Change of windows that a hole does not touch; share of those around it without a flag."""
    holed = hr_bpm.copy()
    holed[0, HOLE] = np.nan
    whole, less = (windowed_cross_correlation(a, b, FS_HZ) for a, b in (hr_bpm, holed))
    off_s = np.abs(whole.t_s - (HOLE.start + HOLE.stop) / 2 / FS_HZ)
    half_hole_s, half_s = (HOLE.stop - HOLE.start) / 2 / FS_HZ, WINDOW_S / 2
    outside = off_s >= half_s + MAX_LAG_S + half_hole_s
    around = off_s <= half_s - MAX_LAG_S - half_hole_s
    change = float(np.abs(whole.r - less.r)[outside].max())
    lacking = whole.n_valid - less.n_valid == HOLE.stop - HOLE.start
    return change, 1.0 - float((np.isnan(less.r) & lacking)[around].mean())


def _same_strap(hr_bpm: np.ndarray, late_s: float) -> float:
    late = round(late_s * FS_HZ)
    both = np.stack([hr_bpm[late:], hr_bpm[: len(hr_bpm) - late]])
    return _said(_judged(both), "same_source")


def _said(found: Dyad, state: LinkageState) -> float:
    """1 where there is any figure of both, or another state."""
    figures = np.array([*found.linkage, *found.lead[:4], *found.settling[:3]])
    told = found.state != state or np.isfinite([*figures, *found.coregulation[:3]]).any()
    return float(told)


def _beats_at(hr_bpm: np.ndarray) -> np.ndarray:
    """Beats where the integral of a rate at 4 Hz passes whole numbers."""
    counted = np.concatenate([[0.0], np.cumsum(hr_bpm / 60.0 / FS_HZ)])
    return np.interp(np.arange(1, int(counted[-1])), counted, np.arange(len(counted)) / FS_HZ)


def _from_beats(beat_t_s: np.ndarray) -> np.ndarray:
    return clean_heart_rate(beat_t_s[1:], np.diff(beat_t_s), 0.0, LASTS_S)
