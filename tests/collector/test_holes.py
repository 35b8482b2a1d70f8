"""What the intervals around a hole tell: held against drawing the same at random, and by eye."""

from __future__ import annotations

import numpy as np
import pytest

from interbeat_collector.heart_rate import TICKS_PER_S
from interbeat_collector.holes import (
    MOST_BEATS,
    NOTHING,
    Bridge,
    Guess,
    Habits,
    Side,
    bridges,
    from_after,
    from_before,
    settled,
)

DRAWS = 400_000


def side(start_s: float, end_s: float, half_s: float) -> Side:
    return Side(start_s, end_s, half_s, half_s)


def drawn(guess: Guess, half_s: float, rng: np.random.Generator) -> np.ndarray:
    """Where something lies of which this is told, and which is within a band around 0."""
    if guess == NOTHING:
        return rng.uniform(-half_s, half_s, DRAWS)
    at_s = rng.normal(guess.shift_s, np.sqrt(guess.variance), DRAWS)
    return at_s[np.abs(at_s) <= half_s]


def breathing_heart(beats: int, seed: int = 1) -> np.ndarray:
    """Intervals (in ticks) that sway by a twentieth with breathing, and a little at random."""
    rng = np.random.default_rng(seed)
    sway = 0.04 * np.sin(2 * np.pi * np.arange(beats) / 4.3) + rng.normal(0, 0.008, beats)
    return np.rint((0.9 + sway) * TICKS_PER_S).astype(np.int64)


# --- a place within a band ---


def test_without_a_word_from_others_a_stretch_is_in_the_middle_of_its_band() -> None:
    found = settled(Side(0, 9, 0.2, 0.1), NOTHING, NOTHING)
    assert found == (0.0, pytest.approx(0.1**2 / 3))


@pytest.mark.parametrize(
    ("guess", "half_s"),
    [
        (Guess(0.0, 0.02**2), 0.1),
        (Guess(0.08, 0.05**2), 0.1),
        (Guess(-0.2, 0.1**2), 0.1),
        (Guess(0.03, 0.3**2), 0.05),
    ],
)
def test_a_band_cuts_a_guess_as_drawing_within_it_does(guess: Guess, half_s: float) -> None:
    at_s = drawn(guess, half_s, np.random.default_rng(3))
    for found in (
        settled(side(0, 9, half_s), guess, NOTHING),
        settled(side(0, 9, half_s), NOTHING, guess),
    ):
        assert found.shift_s == pytest.approx(at_s.mean(), abs=0.02 * half_s)
        assert found.variance == pytest.approx(at_s.var(), rel=0.03)


def test_two_guesses_count_by_how_sure_they_are() -> None:
    wide = side(0, 9, 10.0)
    found = settled(wide, Guess(0.0, 0.01), Guess(0.03, 0.02))
    assert found.shift_s == pytest.approx(0.01)
    assert found.variance == pytest.approx(1 / (1 / 0.01 + 1 / 0.02), rel=1e-6)


@pytest.mark.parametrize("shift_s", [-2.0, 2.0])
def test_of_a_guess_far_off_the_band_only_the_side_is_believed(shift_s: float) -> None:
    found = settled(side(0, 9, 0.1), Guess(shift_s, 0.01**2), NOTHING)
    assert found.shift_s == pytest.approx(0.05 * np.sign(shift_s))
    assert found.variance == pytest.approx(0.1**2 / 3)


# --- across a hole ---


def test_a_side_that_is_known_tells_the_other_through_the_hole() -> None:
    hole = [Bridge(0.04, 0.01**2)]
    before, after = side(0, 9, 0.005), side(11, 20, 0.2)
    told = from_before(before, NOTHING, hole, after)
    assert told.shift_s == pytest.approx(0.04)
    assert told.variance == pytest.approx(0.005**2 / 3 + 0.01**2)


def test_several_counts_of_beats_are_weighed_by_how_well_they_fit_the_band() -> None:
    """A beat more or less moves the side after by 0.3 s, and its band is 0.2 s to either side."""
    hole = [Bridge(shift_s, 0.1**2) for shift_s in (-0.25, 0.05, 0.35)]
    before, after = side(0, 9, 0.05), side(11, 20, 0.2)
    told = from_before(before, Guess(0.02, 0.04**2), hole, after)
    rng = np.random.default_rng(5)
    known_s = drawn(Guess(0.02, 0.04**2), 0.05, rng)
    landed = [known_s + b.stretch_s + rng.normal(0, 0.1, len(known_s)) for b in hole]
    inside = np.array([np.mean(np.abs(at_s) <= 0.2) for at_s in landed])
    weight = inside / inside.sum()
    mean_s = weight @ [at_s.mean() for at_s in landed]
    square = weight @ [np.mean((at_s - mean_s) ** 2) for at_s in landed]
    assert told.shift_s == pytest.approx(mean_s, abs=0.003)
    assert told.variance == pytest.approx(square, rel=0.03)


def test_counts_that_all_miss_the_band_tell_nothing() -> None:
    hole = [Bridge(shift_s, 0.01**2) for shift_s in (-1.0, 1.0)]
    assert from_before(side(0, 9, 0.01), NOTHING, hole, side(11, 20, 0.1)) == NOTHING


def test_time_runs_both_ways() -> None:
    """What the sides after tell of one is what the sides before would, with time turned round."""
    sides = [side(0, 9, 0.2), side(11, 20, 0.15), side(22, 30, 0.02)]
    holes = [[Bridge(0.05, 0.02**2)], [Bridge(-0.3, 0.03**2), Bridge(0.1, 0.03**2)]]
    back = from_after(sides, holes)
    turned = [[Bridge(b.stretch_s, b.variance) for b in hole] for hole in holes[::-1]]
    there = from_before(sides[2], NOTHING, turned[0], sides[1])
    there = from_before(sides[1], there, turned[1], sides[0])
    assert back.shift_s == pytest.approx(-there.shift_s)
    assert back.variance == pytest.approx(there.variance)


def test_a_stretch_without_others_after_it_hears_nothing() -> None:
    assert from_after([side(0, 9, 0.2)], []) == NOTHING


# --- how long so many beats last ---


def held_against(ticks: np.ndarray, first: int, count: int, off_s: float = 0.0) -> list[Bridge]:
    """A hole of `count` beats that was placed too long by `off_s`."""
    missing_s = float(ticks[first : first + count].sum()) / TICKS_PER_S
    before, after = side(0, 100, 0.05), side(100 + missing_s + off_s, 150, 0.05)
    return bridges(
        before, after, ticks[max(first - 100, 0) : first], ticks[first + count :][:100], {}
    )


@pytest.mark.parametrize("count", range(1, MOST_BEATS + 1))
def test_a_hole_is_measured_by_the_intervals_beside_it_and_as_well_as_it_says(count: int) -> None:
    ticks = breathing_heart(1200)
    missed_s, plain_s, expected = [], [], []
    for first in range(150, 1050, 3):
        (bridge,) = held_against(ticks, first, count, off_s=0.03)
        missed_s.append(bridge.stretch_s + 0.03)
        expected.append(bridge.variance)
        beside = np.r_[ticks[first - 4 : first], ticks[first + count :][:4]].mean()
        plain_s.append((count * beside - ticks[first : first + count].sum()) / TICKS_PER_S)
    spread_s = float(np.std(missed_s))
    assert abs(np.mean(missed_s)) < 0.005
    assert 0.5 < spread_s / np.sqrt(np.mean(expected)) < 1.5
    # The sway lasts about four beats, so that it tells nothing of four together.
    assert spread_s < (0.7 if count != 4 else 1.1) * np.std(plain_s)


def test_every_count_that_the_bands_allow_is_weighed() -> None:
    ticks = breathing_heart(300)
    missing_s = float(ticks[150:152].sum()) / TICKS_PER_S
    wide = bridges(
        side(0, 100, 0.5), side(100 + missing_s, 150, 0.5), ticks[50:150], ticks[152:252], {}
    )
    assert len(wide) == 3
    assert np.allclose(np.diff([b.stretch_s for b in wide]), 0.9, atol=0.1)
    assert abs(wide[1].stretch_s) == min(abs(b.stretch_s) for b in wide)


def test_a_lost_packet_without_a_beat_closes_the_hole() -> None:
    ticks = breathing_heart(300)
    (bridge,) = bridges(side(0, 100, 0.05), side(100.04, 150, 0.05), ticks[:150], ticks[150:], {})
    assert bridge.stretch_s == pytest.approx(-0.04)


@pytest.mark.parametrize(
    ("told", "told_after", "hole_s"),
    [(100, 100, (MOST_BEATS + 1) * 0.9), (4, 4, 1.8), (100, 100, 1.35)],
    ids=["too_long", "too_few_intervals", "between_two_counts"],
)
def test_where_intervals_do_not_tell_nothing_is_said(
    told: int, told_after: int, hole_s: float
) -> None:
    ticks = breathing_heart(300)
    after = side(100 + hole_s, 150, 0.01)
    before = side(0, 100, 0.01)
    assert bridges(before, after, ticks[150 - told : 150], ticks[200 : 200 + told_after], {}) == []


def test_an_early_beat_does_not_make_a_heart_unpredictable() -> None:
    """By squares it would: it is missed by ten times as much as the others are."""
    ticks = breathing_heart(400)
    ticks[90:92] += [-300, 300]
    (bridge,) = held_against(ticks, 150, 1)
    told = ticks[50:150] / TICKS_PER_S
    missed_s = told[1:-1] - (told[:-2] + told[2:]) / 2
    assert bridge.variance < np.var(missed_s) / 4


def test_what_was_found_of_a_heart_is_kept_for_the_next_hole() -> None:
    ticks = breathing_heart(300)
    habits: Habits = {}
    before, after = side(0, 100, 0.05), side(101.8, 150, 0.05)
    first = bridges(before, after, ticks[:150], ticks[152:252], habits)
    assert list(habits) == [2]
    assert bridges(before, after, ticks[:150], ticks[152:252], habits) == first
