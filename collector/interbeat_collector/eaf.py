"""ELAN's annotation documents (.eaf): tiers of annotations between time slots in milliseconds."""

from __future__ import annotations

from collections import defaultdict
from xml.parsers import expat

from .textgrid import Labelled

LONGEST_DIGITS = 12
"""Of milliseconds: 30 years."""

_Spot = tuple[int, str, str, str]
"""line, first slot, last slot and label of an annotation."""


def eaf_tiers(text: str) -> dict[str, list[Labelled]]:
    """Return the aligned annotations of each tier, by time; raises ValueError with the line."""
    document = _Document()
    try:
        document.read(text)
    except expat.ExpatError as error:
        raise ValueError(
            f"line {error.lineno}: {expat.ErrorString(error.code)}. Save it again in ELAN."
        ) from error
    return {
        name: sorted(map(document.placed, spots), key=lambda placed: placed[1])
        for name, spots in document.tiers.items()
    }


class _Document:
    """Collects slots and annotations with the lines they stand in."""

    def __init__(self) -> None:
        self.tiers: dict[str, list[_Spot]] = defaultdict(list)
        self._slot_s: dict[str, float] = {}
        self._tier = ""
        self._spot: tuple[int, str, str] | None = None
        self._label: list[str] | None = None
        self._words = ""

    def read(self, text: str) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, given: self._begin(
            parser.CurrentLineNumber, name, given
        )
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._say
        parser.EntityDeclHandler = _refuse_entity
        # It is text by now, whatever encoding its first line tells.
        parser.Parse(text.encode("utf-8").replace(b"UTF-16", b"UTF-8", 1), True)

    def placed(self, spot: _Spot) -> Labelled:
        line, first, last, label = spot
        for slot in (first, last):
            if slot not in self._slot_s:
                raise ValueError(
                    f"line {line}: time slot {slot[:40]!r} has no time. Align the annotation."
                )
        return line, self._slot_s[first], self._slot_s[last], label

    def _begin(self, line: int, name: str, given: dict[str, str]) -> None:
        if name == "ANNOTATION_DOCUMENT":
            self._words = name
        elif not self._words:
            raise ValueError(f"line {line}: {name[:40]!r} begins no ELAN document. Name an .eaf.")
        elif name == "TIME_SLOT" and "TIME_VALUE" in given:
            self._slot_s[given.get("TIME_SLOT_ID", "")] = _slot_s(line, given["TIME_VALUE"])
        elif name == "TIER":
            self._tier = given.get("TIER_ID", "")
        elif name == "ALIGNABLE_ANNOTATION":
            first, last = (given.get(f"TIME_SLOT_REF{i}", "") for i in (1, 2))
            self._spot, self._label = (line, first, last), []

    def _say(self, words: str) -> None:
        if self._label is not None:
            self._label.append(words)

    def _end(self, name: str) -> None:
        if name == "ALIGNABLE_ANNOTATION" and self._spot and self._label is not None:
            # ELAN users often mark a turn without writing down what was said.
            label = "".join(self._label).strip() or "speaks"
            self.tiers[self._tier].append((*self._spot, label))
            self._spot = self._label = None


def _slot_s(line: int, value: str) -> float:
    if not value.isdecimal() or len(value) > LONGEST_DIGITS:
        raise ValueError(f"line {line}: {value[:40]!r} is not a whole number of milliseconds.")
    return int(value) / 1000


def _refuse_entity(*_: object) -> None:
    raise ValueError("line 1: it declares entities, which ELAN never does. Save it again in ELAN.")
