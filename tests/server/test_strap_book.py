"""What is kept of straps between sessions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from interbeat_server.strap_book import (
    FILE,
    KnownStrap,
    PairOffset,
    StrapBook,
    StrapBookError,
)

H10 = KnownStrap("AA", "Polar H10 1", "Polar H10", "S1")
OTHER = KnownStrap("BB", "Movesense 2", "Movesense", "S2")
NAMELESS = KnownStrap("CC", "Band", "unknown strap")
OFFSET = PairOffset(H10, OTHER, -2.2, 0.005, 150, "2026-11-01T10:00:00Z")


def test_an_empty_folder_knows_nothing(tmp_path: Path) -> None:
    book = StrapBook(tmp_path / "not there yet")
    assert (book.remembered(), book.labels(), book.offsets()) == ({}, None, [])


def test_straps_and_names_come_back(tmp_path: Path) -> None:
    StrapBook(tmp_path).remember({"a": H10, "b": NAMELESS}, {"a": "Zoë", "b": "Li"})
    again = StrapBook(tmp_path)
    assert again.remembered() == {"a": H10, "b": NAMELESS}
    assert again.labels() == {"a": "Zoë", "b": "Li"}


def test_an_offset_is_found_in_both_directions(tmp_path: Path) -> None:
    book = StrapBook(tmp_path)
    book.keep(OFFSET)
    assert book.offset(H10, OTHER) == OFFSET
    turned = book.offset(OTHER, H10)
    assert turned is not None
    assert (turned.offset_s, turned.sigma_s) == (2.2, 0.005)
    assert book.offset(H10, NAMELESS) is None


def test_a_strap_is_known_by_its_serial_on_another_computer(tmp_path: Path) -> None:
    book = StrapBook(tmp_path)
    book.keep(OFFSET)
    assert book.offset(replace(H10, id="another"), OTHER) is not None
    assert book.offset(replace(H10, serial="S9"), OTHER) is None


def test_a_new_comparison_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    book = StrapBook(tmp_path)
    book.keep(OFFSET)
    book.keep(replace(OFFSET, a=OTHER, b=H10, offset_s=2.3, measured_utc="2026-11-02T10:00:00Z"))
    assert [offset.offset_s for offset in book.offsets()] == [2.3]


def test_remembering_straps_keeps_the_comparisons(tmp_path: Path) -> None:
    book = StrapBook(tmp_path)
    book.keep(OFFSET)
    book.remember({"a": H10, "b": OTHER}, {"a": "A", "b": "B"})
    assert book.offsets() == [OFFSET]


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "{", '{"offsets": 5}', '{"straps": 5, "offsets": [{"a": 1}], "labels": []}'],
)
def test_a_damaged_book_counts_as_empty(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    book = StrapBook(tmp_path)
    assert (book.remembered(), book.labels(), book.offsets()) == ({}, None, [])
    book.keep(OFFSET)
    assert book.offsets() == [OFFSET]


def test_an_unwritable_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StrapBookError, match="--data-dir"):
        StrapBook(tmp_path / "file").keep(OFFSET)


def test_nothing_is_left_beside_the_book(tmp_path: Path) -> None:
    StrapBook(tmp_path).keep(OFFSET)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert json.loads((tmp_path / FILE).read_text())["offsets"][0]["offset_s"] == -2.2
