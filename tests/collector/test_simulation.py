"""The simulated dyad: plausible hearts, coupled as asked, the same every time."""

from __future__ import annotations

from itertools import islice, pairwise, takewhile

import numpy as np
import pytest

from interbeat_collector.events import PARTNERS, Partner
from interbeat_collector.simulation import DyadSettings, dyad

SEEDS = range(1, 9)
FS_HZ = 4
MAX_LAG = 5 * FS_HZ
WINDOW = 30 * FS_HZ


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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("partner", PARTNERS)
def test_both_hearts_are_plausible(seed: int, partner: Partner) -> None:
    rr_ms = 1000 * np.diff(ten_minutes(DyadSettings(seed))[partner])
    assert 60 <= 60_000 / rr_ms.mean() <= 90
    assert 40 <= rr_ms.std(ddof=1) <= 90
    assert 20 <= np.sqrt(np.mean(np.diff(rr_ms) ** 2)) <= 60
    assert rr_ms.min() > 350
    assert rr_ms.max() < 1500


def test_the_first_beat_comes_within_the_first_second() -> None:
    for seed in range(50):
        for heart in dyad(DyadSettings(seed)).values():
            assert 0 <= next(heart) <= 1


@pytest.mark.parametrize("lag_s", [-4.0, -2.0, 0.0, 2.0, 3.3])
def test_high_coupling_shows_at_the_planted_lag(lag_s: float) -> None:
    curves = [mean_correlation(DyadSettings(seed, 0.9, lag_s)) for seed in SEEDS]
    assert peak_lag_s(np.mean(curves, axis=0)) == pytest.approx(lag_s, abs=0.5)
    assert np.mean([r.max() for r in curves]) > 0.5
    for r in curves:
        assert peak_lag_s(r) == pytest.approx(lag_s, abs=1.25)


def test_more_coupling_shows_as_more_correlation() -> None:
    r_at_lag = [
        np.mean([mean_correlation(DyadSettings(seed, c, 2.0))[MAX_LAG + 8] for seed in SEEDS])
        for c in (0.0, 0.4, 0.7, 1.0)
    ]
    assert all(more - less > 0.1 for less, more in pairwise(r_at_lag))


def test_uncoupled_hearts_prefer_no_lag() -> None:
    curves = [mean_correlation(DyadSettings(seed, 0.0, 2.0)) for seed in SEEDS]
    assert np.abs(np.mean(curves, axis=0)).max() < 0.1
    peaks_s = [peak_lag_s(r) for r in curves]
    assert min(peaks_s) < -1
    assert max(peaks_s) > 1


def test_the_leader_does_not_depend_on_the_follower() -> None:
    alone = list(islice(dyad(DyadSettings(4, 0.0, 3.0))["a"], 500))
    led = list(islice(dyad(DyadSettings(4, 1.0, 3.0))["a"], 500))
    assert alone == led


def test_a_lag_need_not_be_a_whole_number_of_steps() -> None:
    hearts = [list(islice(dyad(DyadSettings(4, 1.0, lag_s))["a"], 500)) for lag_s in (1, 1.1, 1.25)]
    shift_s = [np.abs(np.subtract(heart, hearts[0])).mean() for heart in hearts]
    assert 0 == shift_s[0] < shift_s[1] < shift_s[2]


def test_who_runs_ahead_changes_no_beat() -> None:
    settings = DyadSettings(3, 0.8, -2.5)
    one, other, third = dyad(settings), dyad(settings), dyad(settings)
    a_first = list(islice(one["a"], 800)), list(islice(one["b"], 800))
    b, a = list(islice(other["b"], 800)), list(islice(other["a"], 800))
    in_turn = [(next(third["a"]), next(third["b"])) for _ in range(800)]
    assert a_first == (a, b)
    assert in_turn == list(zip(a, b, strict=True))


def test_the_beats_of_a_seed_are_the_same_on_every_machine() -> None:
    hearts = dyad(DyadSettings())
    assert list(islice(hearts["a"], 4)) == [0.320468, 1.147988, 1.957208, 2.794561]
    assert list(islice(hearts["b"], 4)) == [0.225337, 1.016881, 1.832218, 2.620548]
    assert next(islice(hearts["a"], 4996, None)) == 4111.592033


def test_other_seeds_are_other_people() -> None:
    firsts = {tuple(islice(dyad(DyadSettings(seed))["a"], 5)) for seed in range(20)}
    assert len(firsts) == 20


def test_beats_follow_each_other_for_hours() -> None:
    beats = list(islice(dyad(DyadSettings(2))["b"], 20_000))
    assert all(0.3 < later - earlier < 2 for earlier, later in pairwise(beats))


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
    ],
)
def test_settings_out_of_range_are_named_with_their_limit(
    wrong: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError) as error:
        DyadSettings(**wrong)  # type: ignore[arg-type]
    assert str(error.value) == message
