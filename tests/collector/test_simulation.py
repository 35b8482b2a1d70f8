"""The simulated couples: plausible hearts, moved as asked, the same every time."""

from __future__ import annotations

from itertools import islice, pairwise, takewhile
from typing import Any

import numpy as np
import pytest

from interbeat_collector.events import PARTNERS, Partner
from interbeat_collector.simulation import (
    MODES,
    Damage,
    DyadSettings,
    Mode,
    SimulatedSession,
    dyad,
    sessions,
    spoken,
)

SEEDS = range(1, 9)
MANY = range(100, 124)
FS_HZ = 4
MAX_LAG = 5 * FS_HZ
WINDOW = 30 * FS_HZ
TWENTY_MIN_S = 1200.0
BUSY = DyadSettings(
    mode="mutual",
    coupling=0.5,
    turns="shared",
    locked_breathing=0.5,
    shared_event_every_s=60.0,
    shared_event_lag_s=6.0,
    damage=Damage(missed=0.02, extra=0.02, ectopic=0.02, dropout_every_s=120.0),
)


def ten_minutes(settings: DyadSettings) -> dict[Partner, np.ndarray]:
    hearts = dyad(settings)
    return {
        partner: np.array(list(takewhile(lambda t_s: t_s < 600, hearts[partner])))
        for partner in PARTNERS
    }


def windows(beat_t_s: np.ndarray) -> np.ndarray:
    """Every 30 s window of the 4 Hz heart rate, with mean 0 and length 1."""
    grid_s = np.arange(5, 595, 1 / FS_HZ)
    hr_bpm = np.interp(grid_s, beat_t_s[1:], 60 / np.diff(beat_t_s))
    parts = np.lib.stride_tricks.sliding_window_view(hr_bpm, WINDOW)
    parts = parts - parts.mean(axis=1, keepdims=True)
    return np.asarray(parts / np.linalg.norm(parts, axis=1, keepdims=True))


def mean_correlation(settings: DyadSettings) -> np.ndarray:
    """Per lag the mean over windows; a positive lag compares a with a later b."""
    beats = ten_minutes(settings)
    a, b = windows(beats["a"]), windows(beats["b"])
    inner = a[MAX_LAG:-MAX_LAG]
    return np.array(
        [(inner * b[i : i + len(inner)]).sum(axis=1).mean() for i in range(2 * MAX_LAG + 1)]
    )


def peak_lag_s(r: np.ndarray) -> float:
    return (int(np.argmax(r)) - MAX_LAG) / FS_HZ


def both(session: SimulatedSession, values: str) -> tuple[np.ndarray, np.ndarray]:
    found = getattr(session, values)
    return found["a"], found["b"]


def correlogram(a: np.ndarray, b: np.ndarray, max_lag_s: int = 30) -> np.ndarray:
    """Correlation of a with a later b, at lags of whole seconds."""
    a, b = (x[::FS_HZ] - x.mean() for x in (a, b))
    inner = slice(max_lag_s, len(a) - max_lag_s)
    lags = range(-max_lag_s, max_lag_s + 1)
    scale = len(a[inner]) * a.std() * b.std()
    return np.array([a[inner] @ b[max_lag_s + k : len(b) - max_lag_s + k] / scale for k in lags])


def mean_correlogram(**settings: Any) -> np.ndarray:
    """Of latent arousal, over many couples."""
    found = sessions(MANY, DyadSettings(**settings), TWENTY_MIN_S)
    return np.mean([correlogram(*both(s, "arousal_bpm")) for s in found], axis=0)


@pytest.fixture(scope="module")
def strangers() -> list[SimulatedSession]:
    return sessions(MANY, DyadSettings(), TWENTY_MIN_S)


def test_the_median_heart_is_that_of_a_seated_person() -> None:
    found = sessions(range(300, 360), DyadSettings(turns="shared"), TWENTY_MIN_S)
    rr_ms = [1000 * rr[1:] for s in found for rr in s.rr_s.values()]
    assert np.median([60_000 / rr.mean() for rr in rr_ms]) == pytest.approx(73, abs=2.5)
    assert np.median([rr.std() for rr in rr_ms]) == pytest.approx(58, abs=8)
    rmssd_ms = [np.sqrt(np.mean(np.diff(rr) ** 2)) for rr in rr_ms]
    assert np.median(rmssd_ms) == pytest.approx(38, abs=4)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_beat_comes_at_an_impossible_moment(seed: int) -> None:
    for beat_t_s in ten_minutes(DyadSettings(seed, coupling=0.6)).values():
        assert 0 <= beat_t_s[0] < 1.5
        rr_s = np.diff(beat_t_s)
        assert 0.3 < rr_s.min() < rr_s.max() < 1.8


def test_arousal_wanders_as_far_as_the_model_says(strangers: list[SimulatedSession]) -> None:
    """Own noise has a stationary SD of 1.6 bpm; events add shot noise (Campbell's theorem)."""
    settling_s, peak_bpm, every_s = 22.0, 5.0, 75.0
    events_variance = peak_bpm**2 * (1 + 1 / 3) * settling_s / 2 / every_s
    u = np.array([both(s, "arousal_bpm") for s in strangers])
    assert u.var(axis=-1).mean() == pytest.approx(1.6**2 + events_variance, rel=0.3)
    assert u.mean() == pytest.approx(peak_bpm * settling_s / every_s, rel=0.25)


def test_the_true_heart_rate_is_that_of_the_beats(strangers: list[SimulatedSession]) -> None:
    for session in strangers[:5]:
        for partner in PARTNERS:
            beat_t_s = session.beat_t_s[partner]
            beats = np.interp(beat_t_s, session.t_s + 0.125, np.cumsum(session.hr_bpm[partner]))
            # A beat for every turn of the integrated rate; the rest is jitter of 4 ms.
            np.testing.assert_allclose(np.diff(beats) / 240, 1, atol=0.06)


def test_strangers_have_nothing_in_common(strangers: list[SimulatedSession]) -> None:
    for values in ("arousal_bpm", "hr_bpm"):
        r = [correlogram(*both(s, values)) for s in strangers]
        assert np.abs(np.mean(r, axis=0)).max() < 0.1


def test_no_part_of_one_moves_the_other_without_coupling() -> None:
    alone, other = (
        sessions([7], DyadSettings(mode=mode), 300.0)[0] for mode in ("none", "a_leads")
    )
    np.testing.assert_array_equal(alone.beat_t_s["a"], other.beat_t_s["a"])
    assert not np.array_equal(alone.beat_t_s["b"], other.beat_t_s["b"])


@pytest.mark.parametrize(("mode", "sign"), [("a_leads", 1), ("b_leads", -1)])
def test_who_leads_comes_first(mode: Mode, sign: int) -> None:
    r = mean_correlogram(mode=mode, gain=1.5)
    assert 3 <= sign * (int(np.argmax(r)) - 30) <= 20
    assert r.max() > 0.4


@pytest.mark.parametrize(("mode", "gain"), [("mutual", 1.0), ("amplify", 0.7), ("coregulate", 1.0)])
def test_coupled_arousal_rises_together_and_nobody_is_first(mode: Mode, gain: float) -> None:
    r = mean_correlogram(mode=mode, gain=gain)
    assert r.max() > 0.3
    assert r == pytest.approx(r[::-1], abs=0.12)


def test_countered_arousal_moves_apart() -> None:
    assert mean_correlogram(mode="counter", gain=0.7).min() < -0.25


def test_amplified_arousal_settles_slowly_and_coregulated_quickly() -> None:
    def kept_after_20_s(mode: Mode, gain: float) -> float:
        found = sessions(MANY, DyadSettings(mode=mode, gain=gain), TWENTY_MIN_S)
        return float(
            np.mean([correlogram(u, u)[50] for s in found for u in both(s, "arousal_bpm")])
        )

    assert kept_after_20_s("amplify", 0.8) > kept_after_20_s("none", 0.0) + 0.1
    assert kept_after_20_s("coregulate", 1.2) < kept_after_20_s("none", 0.0) - 0.05


def test_coupling_holds_only_while_it_is_on() -> None:
    on = sessions(MANY, DyadSettings(mode="mutual", gain=2.0, coupled_s=((0, 600),)), TWENTY_MIN_S)
    halves = {
        half: np.mean([np.corrcoef(*(u[part] for u in both(s, "arousal_bpm")))[0, 1] for s in on])
        for half, part in (("on", slice(0, 2400)), ("off", slice(2800, None)))
    }
    assert halves["on"] > 0.45
    assert abs(halves["off"]) < 0.15


def test_shared_events_reach_b_later() -> None:
    r = mean_correlogram(shared_event_every_s=60.0, shared_event_lag_s=6.0)
    assert int(np.argmax(r)) - 30 == pytest.approx(6, abs=2)


def test_a_shared_trend_is_in_both_hearts() -> None:
    without, with_trend = (
        sessions([5], DyadSettings(shared_trend_bpm=bpm), TWENTY_MIN_S)[0] for bpm in (0.0, 8.0)
    )
    for p in PARTNERS:
        t_s = without.t_s
        added = 8 * (np.exp(-t_s / 240) + 0.5 * np.sin(2 * np.pi * t_s / 700))
        np.testing.assert_allclose(with_trend.hr_bpm[p] - without.hr_bpm[p], added, atol=1e-9)


def test_locked_breathing_is_locked() -> None:
    def r_of_quick_part(locked: float) -> float:
        found = sessions(MANY[:15], DyadSettings(locked_breathing=locked), 600.0)
        steps = [[np.diff(hr) for hr in both(s, "hr_bpm")] for s in found]
        return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in steps]))

    assert abs(r_of_quick_part(0.0)) < 0.1
    assert 0.15 < r_of_quick_part(0.5) < 0.6
    assert r_of_quick_part(1.0) > 0.75


def test_speaking_raises_the_heart_rate() -> None:
    found = sessions(MANY[:10], DyadSettings(turns="shared", turn_s=20.0, speech_bpm=6.0), 1200.0)
    for session in found:
        raised = []
        for p in PARTNERS:
            starts, stops = session.spoken_s[p].T
            speaks = np.searchsorted(starts, session.t_s) > np.searchsorted(stops, session.t_s)
            raised.append(session.hr_bpm[p][speaks].mean() - session.hr_bpm[p][~speaks].mean())
        assert np.mean(raised) > 1.5


@pytest.mark.parametrize("turns", ["independent", "shared"])
def test_turns_are_in_order_and_fill_the_session(turns: Any) -> None:
    for session in sessions(SEEDS, DyadSettings(turns=turns), TWENTY_MIN_S):
        lengths_s = []
        for p in PARTNERS:
            edges = session.spoken_s[p].ravel()
            assert np.all(np.diff(edges) > 0)
            assert 0 <= edges[0] < edges[-1] <= TWENTY_MIN_S
            lengths_s += list(session.spoken_s[p][:, 1] - session.spoken_s[p][:, 0])
        assert np.mean(lengths_s) == pytest.approx(9, abs=2)
        assert sum(lengths_s) == pytest.approx(TWENTY_MIN_S, rel=0.25)


def test_nobody_speaks_unless_asked() -> None:
    assert sessions([1], DyadSettings(), 120.0)[0].spoken_s["a"].shape == (0, 2)
    assert list(spoken(DyadSettings())["a"]) == []


def test_the_turns_of_a_stream_are_those_of_the_session() -> None:
    settings = DyadSettings(seed=3, turns="shared")
    session = sessions([3], settings, 600.0)[0]
    for p in PARTNERS:
        whole = [t for t in session.spoken_s[p].tolist() if t[1] < 600.0]
        assert [list(t) for t in islice(spoken(settings)[p], len(whole))] == whole


@pytest.mark.parametrize("lag_s", [-4.0, -2.0, 0.0, 2.0, 3.3])
def test_a_planted_likeness_shows_at_its_lag(lag_s: float) -> None:
    curves = [mean_correlation(DyadSettings(seed, coupling=0.9, lag_s=lag_s)) for seed in SEEDS]
    assert peak_lag_s(np.mean(curves, axis=0)) == pytest.approx(lag_s, abs=0.5)
    assert np.mean([r.max() for r in curves]) > 0.4


def test_more_likeness_shows_as_more_correlation() -> None:
    r_at_lag = [
        np.mean([mean_correlation(DyadSettings(seed, coupling=c))[MAX_LAG + 8] for seed in SEEDS])
        for c in (0.0, 0.4, 0.7, 1.0)
    ]
    assert all(more - less > 0.1 for less, more in pairwise(r_at_lag))


def test_a_lag_need_not_be_a_whole_number_of_steps() -> None:
    hearts = [
        list(islice(dyad(DyadSettings(4, coupling=1.0, lag_s=lag_s))["b"], 500))
        for lag_s in (1, 1.1, 1.25)
    ]
    shift_s = [np.abs(np.subtract(heart, hearts[0])).mean() for heart in hearts]
    assert 0 == shift_s[0] < shift_s[1] < shift_s[2]


def test_who_runs_ahead_changes_no_beat() -> None:
    settings = DyadSettings(3, mode="mutual", coupling=0.8, lag_s=-2.5)
    one, other, third = dyad(settings), dyad(settings), dyad(settings)
    a_first = list(islice(one["a"], 800)), list(islice(one["b"], 800))
    b, a = list(islice(other["b"], 800)), list(islice(other["a"], 800))
    in_turn = [(next(third["a"]), next(third["b"])) for _ in range(800)]
    assert a_first == (a, b)
    assert in_turn == list(zip(a, b, strict=True))


def test_a_long_session_begins_as_a_short_one_and_a_batch_is_its_sessions() -> None:
    batch = sessions(range(5), BUSY, 900.0)
    for seed in (0, 3):
        alone = sessions([seed], BUSY, 300.0)[0]
        for values in ("arousal_bpm", "hr_bpm", "true_beat_t_s", "beat_t_s"):
            for longer, shorter in zip(both(batch[seed], values), both(alone, values), strict=True):
                if values == "beat_t_s":
                    longer = longer[longer < 299.0]
                    shorter = shorter[shorter < 299.0]
                np.testing.assert_array_equal(longer[: len(shorter)], shorter)


def test_the_stream_has_the_beats_of_the_session() -> None:
    settings = DyadSettings(seed=2, mode="coregulate", damage=Damage(missed=0.03, ectopic=0.03))
    session = sessions([2], settings, 600.0)[0]
    for p in PARTNERS:
        n = len(session.beat_t_s[p]) - 1
        assert list(islice(dyad(settings)[p], n)) == session.beat_t_s[p][:n].tolist()


def test_the_same_people_meet_again_with_other_moments() -> None:
    meetings = [
        sessions([seed], DyadSettings(session=session), 3600.0)[0]
        for seed in (1, 2)
        for session in (0, 1)
    ]
    level = [m.hr_bpm["a"].mean() for m in meetings]
    assert abs(level[0] - level[1]) < 2
    assert not np.array_equal(meetings[0].beat_t_s["a"][:9], meetings[1].beat_t_s["a"][:9])
    assert abs(level[0] - level[2]) > 2


def test_damage_is_as_frequent_as_asked() -> None:
    clean = sessions(SEEDS, DyadSettings(), TWENTY_MIN_S)
    beats = sum(len(s.beat_t_s["a"]) for s in clean)

    def changed(**damage: float) -> float:
        found = sessions(SEEDS, DyadSettings(damage=Damage(**damage)), TWENTY_MIN_S)
        return sum(
            len(set(s.true_beat_t_s["a"]) ^ set(s.beat_t_s["a"])) for s in found
        ) / beats  # fmt: skip

    assert changed(missed=0.05) == pytest.approx(0.05, abs=0.01)
    assert changed(extra=0.05) == pytest.approx(0.05, abs=0.01)
    assert changed(ectopic=0.05) == pytest.approx(0.10, abs=0.02)


def test_an_early_beat_has_its_pause() -> None:
    session = sessions([4], DyadSettings(damage=Damage(ectopic=0.05)), TWENTY_MIN_S)[0]
    true_s, told_s = session.true_beat_t_s["a"], session.beat_t_s["a"]
    assert len(true_s) == len(told_s)
    (early,) = np.nonzero(true_s != told_s)
    before_s = true_s[early - 1]
    np.testing.assert_allclose(
        told_s[early] - before_s, 0.7 * (true_s[early] - before_s), atol=2e-6
    )


def test_a_dropout_takes_the_beats_and_the_interval_after_it() -> None:
    session = sessions([4], DyadSettings(damage=Damage(dropout_every_s=120.0)), TWENTY_MIN_S)[0]
    beat_t_s, rr_s = session.beat_t_s["a"], session.rr_s["a"]
    (behind,) = np.nonzero(np.isnan(rr_s[1:]))
    assert len(behind) == pytest.approx(10, abs=1)
    holes_s = np.diff(beat_t_s)[behind]
    assert np.all((holes_s > 9.9) & (holes_s < 13))
    assert np.diff(beat_t_s).max() == holes_s.max()


def test_intervals_are_counted_in_1024ths() -> None:
    rr_s = sessions([4], DyadSettings(), 600.0)[0].rr_s["b"]
    assert np.isnan(rr_s[0])
    np.testing.assert_array_equal(rr_s[1:] * 1024, np.rint(rr_s[1:] * 1024))


def test_the_beats_of_a_seed_are_the_same_on_every_machine() -> None:
    hearts = dyad(DyadSettings(mode="mutual", coupling=0.6, turns="shared"))
    assert list(islice(hearts["a"], 4)) == [0.795671, 1.688736, 2.647908, 3.617519]
    assert list(islice(hearts["b"], 4)) == [0.375495, 1.371985, 2.306406, 3.232644]
    assert next(islice(hearts["a"], 4996, None)) == 4239.598278


def test_other_seeds_are_other_people() -> None:
    firsts = {tuple(islice(dyad(DyadSettings(seed))["a"], 5)) for seed in range(20)}
    assert len(firsts) == 20


def test_beats_follow_each_other_for_hours() -> None:
    beats = list(islice(dyad(DyadSettings(2, mode="mutual"))["b"], 10_000))
    assert all(0.3 < later - earlier < 2 for earlier, later in pairwise(beats))


@pytest.mark.parametrize("mode", MODES)
def test_no_mode_runs_away(mode: Mode) -> None:
    for session in sessions([1, 2], DyadSettings(mode=mode, gain=5.0), 600.0):
        for partner in PARTNERS:
            assert np.abs(session.arousal_bpm[partner]).max() <= 30
            assert session.hr_bpm[partner].min() >= 35


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"coupling": 1.1}, "coupling 1.1 must be a number from 0 to 1"),
        ({"coupling": float("nan")}, "coupling nan must be a number from 0 to 1"),
        ({"coupling": "high"}, "coupling 'high' must be a number from 0 to 1"),
        ({"lag_s": -5.5}, "lag_s -5.5 must be a number from -5 to 5"),
        ({"lag_s": float("inf")}, "lag_s inf must be a number from -5 to 5"),
        ({"seed": -1}, "seed -1 must be a whole number from 0 to 4294967295"),
        ({"seed": 1.5}, "seed 1.5 must be a whole number from 0 to 4294967295"),
        ({"gain": 6}, "gain 6 must be a number from 0 to 5"),
        (
            {"mode": "love"},
            "mode 'love' must be one of none, a_leads, b_leads, mutual, amplify, coregulate, "
            "counter",
        ),
        (
            {"coupled_s": ((10, 20), (15, 30))},
            "coupled_s has (15, 30) after (10, 20): put the spans in order, without overlap",
        ),
        (
            {"coupled_s": ((20, 10),)},
            "coupled_s has (20, 10): a span must end after it begins",
        ),
    ],
)
def test_settings_out_of_range_are_named_with_their_limit(
    wrong: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError) as error:
        DyadSettings(**wrong)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_a_stream_of_beats_has_no_dropouts() -> None:
    with pytest.raises(ValueError, match="give them to strap_packets"):
        dyad(DyadSettings(damage=Damage(dropout_every_s=120.0)))
