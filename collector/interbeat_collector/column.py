"""A column of numbers that grows at its end and lets go of its beginning."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

_FIRST_SIZE = 128

Rows = slice | np.ndarray


class Column:
    """Rows are numbered from 0 for ever, also when the first of them are forgotten.

    A slice or an array of row numbers gives an array, a slice as a view into the column. To ask
    for a forgotten row is a mistake of the caller and raises IndexError.
    """

    def __init__(self, dtype: type = float) -> None:
        self._values: np.ndarray = np.empty(_FIRST_SIZE, dtype)
        self._first = 0
        self.count = 0
        """Rows so far, with the forgotten ones."""

    def append(self, value: float) -> None:
        if self.count - self._first == len(self._values):
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        self._values[self.count - self._first] = value
        self.count += 1

    def insert(self, row: int, values: np.ndarray) -> None:
        """Put in new rows before `row`; those from there on are counted on."""
        for value in values:
            self.append(value)
        here = slice(row - self._first, self.count - self._first)
        self._values[here] = np.roll(self._values[here], len(values))

    @property
    def whole(self) -> bool:
        """True while nothing is forgotten."""
        return self._first == 0

    def forget(self, before: int) -> None:
        """Let go of the rows below `before`, now or when it is worth the copying."""
        if before - self._first >= len(self._values) // 2:
            kept = self._values[before - self._first : self.count - self._first]
            size = max(_FIRST_SIZE, 1 << (2 * len(kept) - 1).bit_length())
            self._values = np.concatenate([kept, np.empty(size - len(kept), kept.dtype)])
            self._first = before

    @overload
    def __getitem__(self, rows: int) -> Any: ...
    @overload
    def __getitem__(self, rows: Rows) -> np.ndarray: ...
    def __getitem__(self, rows: int | Rows) -> Any:
        return self._values[self._here(rows)]

    def __setitem__(self, rows: int | Rows, values: Any) -> None:
        self._values[self._here(rows)] = values

    def _here(self, rows: int | Rows) -> Any:
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(self.count)
            self._check(start, stop > start)
            return slice(start - self._first, max(stop - self._first, 0))
        if isinstance(rows, np.ndarray):
            self._check(rows.min(initial=self.count), bool(len(rows)))
        else:
            self._check(rows, True)
        return rows - self._first

    def _check(self, row: int, asked: bool) -> None:
        if asked and row < self._first:
            raise IndexError(f"row {row} was forgotten: the first one kept is {self._first}")
