"""Praat's TextGrid, long and short: both are the same numbers, texts and flags in the same order.

Praat itself skips every other word when it reads (the long format's `xmin =`, `intervals [1]:`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

Labelled = tuple[int, float, float, str]
"""line, start_s, stop_s and label of an interval."""

_TOKEN = re.compile(
    r'"(?P<text>(?:[^"]|"")*)"(?=\s|$)'
    r"|(?<!\S)(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?=\s|$)"
    r"|(?P<flag><\w+>)"
    r"|!(?P<remark>[^\n]*)"
)


class _Token(NamedTuple):
    line: int
    value: str | float


class _Tokens:
    """Hands out one token after another, each of the kind that must stand there."""

    def __init__(self, text: str) -> None:
        self._coming = _tokens(text)
        self.line = 1

    def text(self, what: str) -> str:
        value = self._next(what)
        if not isinstance(value, str):
            raise ValueError(self._says(f"{value:g} stands where {what} must be, in quotes"))
        return value

    def number(self, what: str) -> float:
        value = self._next(what)
        if isinstance(value, str):
            raise ValueError(self._says(f"{value[:40]!r} stands where {what} must be, a number"))
        return value

    def count(self, what: str) -> int:
        value = self.number(what)
        if value < 0 or value != int(value):
            raise ValueError(self._says(f"{value:g} stands where {what} must be, a whole number"))
        return int(value)

    def _next(self, what: str) -> str | float:
        found = next(self._coming, None)
        if found is None:
            raise ValueError(self._says(f"the file ends where {what} must be"))
        self.line = found.line
        return found.value

    def _says(self, words: str) -> str:
        return f"line {self.line}: {words}. Save it again in Praat as a text file."


def textgrid_tiers(text: str) -> dict[str, list[Labelled]]:
    """Return the intervals of each interval tier; raises ValueError with the line."""
    tokens = _Tokens(text)
    if tokens.text("the file type") != "ooTextFile" or tokens.text("the class") != "TextGrid":
        raise ValueError("line 1: this is no TextGrid. Save it in Praat as a text file.")
    tokens.number("the start of the file")
    tokens.number("the end of the file")
    if tokens.text("<exists>") != "<exists>":
        return {}
    tiers: dict[str, list[Labelled]] = {}
    for _ in range(tokens.count("the number of tiers")):
        kind, name = tokens.text("the class of a tier"), tokens.text("the name of a tier")
        tokens.number("the start of a tier")
        tokens.number("the end of a tier")
        rows = range(tokens.count("the size of a tier"))
        if kind == "IntervalTier":
            tiers[name] = [_interval(tokens) for _ in rows]
        else:
            for _ in rows:
                tokens.number("the time of a point")
                tokens.text("the label of a point")
    return tiers


def _interval(tokens: _Tokens) -> Labelled:
    start_s = tokens.number("the start of an interval")
    line = tokens.line
    stop_s = tokens.number("the end of an interval")
    return line, start_s, stop_s, tokens.text("the label of an interval")


def _tokens(text: str) -> Iterator[_Token]:
    line, read = 1, 0
    for found in _TOKEN.finditer(text):
        line += text.count("\n", read, found.start())
        read = found.start()
        if found["number"] is not None:
            yield _Token(line, float(found["number"]))
        elif found["flag"] is not None:
            yield _Token(line, found["flag"])
        elif found["text"] is not None:
            yield _Token(line, found["text"].replace('""', '"'))
