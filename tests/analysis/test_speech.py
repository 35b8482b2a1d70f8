from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.arousal import slow_heart_rate
from interbeat_analysis.speech import checked_turns, speech_effect, spoken_share
from slow_hearts import slow_noise, with_holes

TURNS = np.stack([np.arange(5.0, 1180.0, 21.0), np.arange(14.0, 1189.0, 21.0)], axis=-1)


@pytest.mark.parametrize(
    ("turns", "complaint"),
    [
        ([[3, 2]], "turn 1 goes from 3 to 2 s"),
        ([[-1, 2]], "turn 1 goes from -1 to 2 s"),
        ([[1, 4], [3, 6]], "turn 2 begins at 3 s, before turn 1 ends at 4 s"),
        ([[8, 9], [1, 2]], "turn 2 begins at 1 s, before turn 1 ends at 9 s"),
        ([[1, 101]], "ends at 101 s, but the recording ends at 100 s"),
        ([[1, np.nan]], "must be a number of seconds"),
        ([1, 2], "give a begin and an end of each turn"),
    ],
)
def test_turns_that_cannot_be_are_refused_in_one_line(turns, complaint):
    with pytest.raises(ValueError, match=complaint) as refused:
        checked_turns(np.array(turns), 100.0, "speech of a")
    message = str(refused.value)
    assert message.startswith("speech of a")
    assert "\n" not in message


def test_good_turns_are_kept_and_none_is_none():
    assert checked_turns(TURNS, 1200.0).tolist() == TURNS.tolist()
    assert checked_turns(np.array([[1, 2], [2, 3]]), 3.0).shape == (2, 2)
    assert checked_turns(np.array([]), 100.0).shape == (0, 2)


def test_the_share_of_a_second_is_the_time_spoken_in_it():
    share = spoken_share(np.array([[0.75, 2.0], [2.25, 2.5]]), np.arange(5.0))
    assert share.tolist() == [0.0, 0.75, 0.75, 0.0, 0.0]
    assert spoken_share(np.empty((0, 2)), np.arange(5.0)).tolist() == [0.0] * 5


def answered(turns_s: np.ndarray, bpm: float, t_s: np.ndarray) -> np.ndarray:
    """First-order answer of 3 s of a heart to speaking, at 4 Hz."""
    spoke = np.searchsorted(turns_s.ravel(), t_s, side="right") % 2
    out, state = np.empty(len(t_s)), 0.0
    for i, now in enumerate(spoke):
        state += (now - state) * (1 - np.exp(-0.25 / 3))
        out[i] = bpm * state
    return out


@pytest.mark.parametrize("bpm", [2.5, 8.0, -3.0])
def test_what_speaking_adds_is_found_and_nothing_of_the_rest(bpm):
    t_s = np.arange(0, 1200, 0.25)
    own = 70 + 3 * np.repeat(slow_noise(1200, 1) / 3, 4)
    speech = answered(TURNS, bpm, t_s)
    slow = slow_heart_rate(np.stack([own + speech, own]))
    found = speech_effect(slow, [TURNS, np.empty((0, 2))]).slow_bpm
    truth = slow_heart_rate(speech)
    inside = slice(20, -20)
    assert np.std((found[0] - truth)[inside]) < 0.15 * np.std(truth[inside]) + 0.25
    assert np.corrcoef(found[0][inside], truth[inside])[0, 1] > 0.95
    assert not found[1].any()


def test_a_window_of_a_session_knows_the_turns_before_it():
    t_s = np.arange(0, 1200, 0.25)
    slow = slow_heart_rate(75 + answered(TURNS, 5.0, t_s))[None]
    whole = speech_effect(slow, [TURNS]).slow_bpm[0]
    part = speech_effect(slow[:, 300:900], [TURNS], start_s=300.0).slow_bpm[0]
    level = np.mean(part - whole[300:900])  # the baseline takes it off
    np.testing.assert_allclose(part - level, whole[300:900], atol=0.2)


def test_hardly_any_speaking_or_silence_teaches_nothing():
    slow = slow_heart_rate(70 + np.repeat(slow_noise(1200, 1), 4))[None]
    for turns in ([[3.0, 12.0]], [[0.0, 1195.0]]):
        assert not speech_effect(slow, [np.array(turns)]).slow_bpm.any()


def test_holes_are_left_out():
    t_s = np.arange(0, 1200, 0.25)
    slow = slow_heart_rate(75 + answered(TURNS, 5.0, t_s))[None]
    holed = with_holes(slow[0], (100, 160), (700, 800))[None]
    found = speech_effect(holed, [TURNS]).slow_bpm
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, speech_effect(slow, [TURNS]).slow_bpm, atol=0.3)
