"""A column against the plain array that it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interbeat_collector.column import Column


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 300)), max_size=12))
def test_what_is_kept_reads_as_if_nothing_were_forgotten(steps: list[tuple[int, int]]) -> None:
    column, whole, kept_from = Column(), np.empty(0), 0
    for more, back in steps:
        new = np.arange(len(whole), len(whole) + more) * 0.5
        for value in new:
            column.append(value)
        whole = np.concatenate([whole, new])
        kept_from = max(kept_from, len(whole) - back)
        column.forget(kept_from)
        assert column.count == len(whole)
        assert np.array_equal(column[kept_from:], whole[kept_from:])
        rows = np.arange(kept_from, len(whole))[::-3]
        assert np.array_equal(column[rows], whole[rows])


def test_a_slice_is_a_view_that_can_be_written() -> None:
    column = Column(np.int16)
    for value in range(1000):
        column.append(value)
    column.forget(900)
    rows = column[950:952]
    rows += 1
    column[999] = -1
    assert column[949:953].tolist() == [949, 951, 952, 952]
    assert column[998:].tolist() == [998, -1]


def test_rows_are_put_in_where_they_belong() -> None:
    column = Column(np.int16)
    for value in range(600):
        column.append(value)
    assert column.whole
    column.forget(520)
    column.insert(598, np.array([-1, -2, -3]))
    assert column[596:].tolist() == [596, 597, -1, -2, -3, 598, 599]
    assert column.count == 603
    assert not column.whole


def test_a_forgotten_row_is_refused() -> None:
    column = Column()
    for value in range(1000):
        column.append(value)
    column.forget(900)
    for rows in (0, slice(0, 950), np.array([0, 950])):
        with pytest.raises(IndexError, match="forgotten"):
            column[rows]
    assert len(column[5:5]) == 0


def test_its_size_follows_what_is_kept() -> None:
    column = Column()
    for value in range(100_000):
        column.append(value)
        column.forget(value - 300)
    assert len(column._values) <= 2048
