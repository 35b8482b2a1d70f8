from __future__ import annotations

import numpy as np
import pytest

import naive
from interbeat_analysis.influence import influence
from slow_hearts import slow_noise

FLAT = np.zeros((2, 1200))


def bins(seed: int, n: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


def moved(by: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """x, and y that keeps half of itself and takes from x one bin before; at 4 Hz."""
    x, own = bins(seed), bins(seed + 500)
    y = np.zeros(len(x))
    for t in range(1, len(x)):
        y[t] = 0.5 * y[t - 1] + by * x[t - 1] + own[t]
    return np.repeat(x, 16), np.repeat(y, 16)


def test_it_is_the_least_squares_of_the_definition():
    x, y = moved(0.4)
    found = influence(x, y, FLAT)
    bx, by = (z[::16] for z in (x, y))
    beta, z = naive.cross_lagged((bx - bx.mean()) / bx.std(), (by - by.mean()) / by.std())
    assert found.beta == pytest.approx(beta, rel=1e-9)
    assert 0 < found.z <= z * (1 + 1e-9)


def test_the_one_who_moves_is_found_and_not_the_other():
    x, y = moved(0.5)
    assert influence(x, y, FLAT).p < 0.001
    assert influence(y, x, FLAT[::-1]).p > 0.01
    assert influence(x, -y, FLAT).z == pytest.approx(-influence(x, y, FLAT).z)
    assert influence(x, y, FLAT).inertia == pytest.approx(0.5, abs=0.2)


def test_strangers_influence_each_other_as_seldom_as_the_level_says():
    p = []
    for seed in range(150):
        x, y = (np.repeat(slow_noise(1200, seed + k), 4) for k in (0, 7000))
        p.append(influence(x, y, FLAT).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.10


def test_the_level_does_not_count():
    x, y = moved(0.4)
    level = np.stack([np.linspace(60, 90, 1200), np.linspace(80, 55, 1200)])
    raised = influence(x + np.repeat(level[0], 4), y + np.repeat(level[1], 4), level)
    assert raised.z == pytest.approx(influence(x, y, FLAT).z, rel=0.02)


def test_holes_cost_rows_and_nothing_else():
    x, y = moved(0.5)
    x[1000:1400] = np.nan
    assert influence(x, y, FLAT).p < 0.01


@pytest.mark.parametrize("seconds", [0, 100, 255])
def test_too_short_is_unknown(seconds):
    x, y = (z[: 4 * seconds] for z in moved(0.5))
    assert np.isnan(influence(x, y, FLAT[:, :seconds])).all()


def test_a_constant_rate_is_unknown():
    x, _ = moved(0.5)
    assert np.isnan(influence(x, np.full(len(x), 70.0), FLAT)).all()
