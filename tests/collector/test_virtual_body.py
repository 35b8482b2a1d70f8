"""What the electrodes of a virtual strap see of a heart whose beats are known."""

from __future__ import annotations

from itertools import count

import numpy as np

from interbeat_collector.virtual_body import Body

FS_HZ = 1000


def test_the_highest_point_around_a_beat_is_the_beat() -> None:
    beat_s = np.array([0.8, 1.7, 2.45, 3.3])
    ecg_uv = Body(beat_s).ecg_uv(np.arange(0, 4, 1 / FS_HZ))
    for moment_s in beat_s:
        first = round((moment_s - 0.3) * FS_HZ)
        top = first + int(np.argmax(ecg_uv[first : first + 600]))
        assert abs(top / FS_HZ - moment_s) <= 0.002


def test_what_was_forgotten_shows_no_more() -> None:
    t_s = np.arange(95, 100, 1 / FS_HZ)
    remembering, forgetting = (Body(n * 0.8 for n in count()) for _ in range(2))
    for moment_s in range(95):
        forgetting.forget_before(moment_s)
    np.testing.assert_array_equal(forgetting.ecg_uv(t_s), remembering.ecg_uv(t_s))


def test_a_heart_that_has_ended_leaves_a_flat_line() -> None:
    assert not Body([0.8, 1.6]).ecg_uv(np.arange(5, 6, 1 / FS_HZ)).any()


def test_gravity_stays_one_g_whatever_the_breathing() -> None:
    acceleration_mg = Body([]).acceleration_mg(np.arange(0, 20, 1 / 50))
    np.testing.assert_allclose(np.linalg.norm(acceleration_mg, axis=1), 1000, atol=1)
