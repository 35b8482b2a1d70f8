from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.recurrence import cross_recurrence, recurrence_nearby
from references import assert_equal, dyad, reference


def test_the_reference_dyad_gives_what_pyrqa_and_crqa_give() -> None:
    a, b = dyad()
    expected = reference("crqa_1200")["results"]
    found = cross_recurrence(a[:1200], b[:1200])
    assert_equal("plain loop, RR", found.recurrence_rate, expected["own_loop"]["RR"])
    assert found.lines == expected["own_loop"]["n_lines"]
    for name, value in (
        ("RR", found.recurrence_rate),
        ("DET", found.determinism),
        ("L_mean", found.mean_line),
        ("L_max", found.longest_line),
        ("LAM", found.laminarity),
        ("TT", found.trapping_time),
    ):
        assert_equal(f"PyRQA, {name}", value, expected["PyRQA"][name])
    # crqa's figures were written down with seven digits.
    assert found.line_entropy == pytest.approx(expected["crqa_R_2.1.0"]["ENTR"], abs=1e-6)


@pytest.mark.parametrize("shortest", [2, 3])
def test_lines_of_an_oblong_table_equal_the_obvious_count(shortest: int) -> None:
    random = np.random.default_rng(1)
    a, b = random.standard_normal(40), random.standard_normal(25)
    a[10] = np.nan
    found = cross_recurrence(a, b, radius=0.7, shortest=shortest)
    known = a[~np.isnan(a)]
    one, two = (a - known.mean()) / known.std(), (b - b.mean()) / b.std()
    table = abs(one[:, None] - two) <= 0.7
    diagonals = [np.diagonal(table, k) for k in range(-39, 25)]
    for lines, share, mean in (
        (diagonals, found.determinism, found.mean_line),
        (table, found.laminarity, found.trapping_time),
    ):
        runs = ["".join("x" if x else " " for x in line).split() for line in lines]
        lengths = [len(run) for row in runs for run in row if len(run) >= shortest]
        assert share == pytest.approx(sum(lengths) / table.sum())
        assert mean == pytest.approx(np.mean(lengths))
        if lines is diagonals:
            share = [lengths.count(length) / len(lengths) for length in set(lengths)]
            assert found.line_entropy == pytest.approx(-sum(x * np.log(x) for x in share))


def test_nothing_recurs_with_what_is_constant_or_unknown() -> None:
    found = cross_recurrence(np.full(20, 70.0), np.arange(20.0))
    assert found.recurrence_rate == 0
    assert np.isnan([found.determinism, found.line_entropy]).all()
    assert found.longest_line == 0


def test_a_wrong_call_is_refused() -> None:
    a = np.arange(20.0)
    for changed, message in (
        ({"radius": 0.0}, "radius = 0.0 must be above 0"),
        ({"shortest": 1}, "shortest = 1 must be at least 2"),
        ({"b": np.zeros(6001)}, "6001 samples are more than 6000"),
    ):
        with pytest.raises(ValueError, match=message):
            cross_recurrence(**{"a": a, "b": a, **changed})


def test_recurrence_nearby_is_of_a_band_of_the_plot() -> None:
    a, b = np.random.default_rng(5).standard_normal((2, 200))
    a[50:60] = np.nan
    known = a[np.isfinite(a)]
    one, two = (a - known.mean()) / known.std(), (b - b.mean()) / b.std()
    whole = abs(one[:, None] - two) <= 0.2
    near = np.abs(np.subtract.outer(np.arange(200), np.arange(200))) <= 7
    expected = whole[near & np.isfinite(one)[:, None]].mean()
    assert recurrence_nearby(a, b, 7) == pytest.approx(expected, abs=1e-12)
    everything = whole[np.isfinite(one)].mean()
    assert recurrence_nearby(a, b, 999) == pytest.approx(everything, abs=1e-12)


def test_shifts_change_recurrence_nearby_but_not_the_whole() -> None:
    source = np.convolve(np.random.default_rng(6).standard_normal(604), np.ones(5), "valid")
    turned = np.roll(source, 200)
    assert cross_recurrence(source, turned).recurrence_rate == pytest.approx(
        cross_recurrence(source, source).recurrence_rate
    )
    assert recurrence_nearby(source, source, 2) > 1.5 * recurrence_nearby(source, turned, 2)


def test_a_wrong_call_of_recurrence_nearby_is_refused() -> None:
    with pytest.raises(ValueError, match="both must be"):
        recurrence_nearby(np.zeros(3), np.zeros(4), 1)
    with pytest.raises(ValueError, match="most = -1"):
        recurrence_nearby(np.zeros(3), np.zeros(3), -1)
    with pytest.raises(ValueError, match="radius = 0"):
        recurrence_nearby(np.zeros(3), np.zeros(3), 1, radius=0)
    assert np.isnan(recurrence_nearby(np.zeros(3), np.ones(3), 1))
