"""Who spoke when, from files of other programs: CSV, Praat TextGrid and ELAN.

`NAME` is one partner's file. A TextGrid or an ELAN document that holds several tiers is named with
the tier after a `#`: `talk.eaf#Ana`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path

from .eaf import eaf_tiers
from .speech import Turns
from .textgrid import textgrid_tiers

MAX_FILE_BYTES = 50_000_000

_READERS = {".textgrid": textgrid_tiers, ".eaf": eaf_tiers}
_BETWEEN = re.compile(r"[,;\t]")
"""What may stand between the columns of a table."""
_SILENT = {"", "silent", "silence", "sil", "<sil>", "sp", "pause", "<p:>", "#", "-", "_"}
"""Labels that stand for nobody speaking, as Praat and forced aligners write them."""


class SpeechFileError(ValueError):
    """A file of speaking turns cannot be used."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a tier, and the line it stands in."""

    line: int
    start_s: float
    stop_s: float


def read_speech(name: str, end_s: float = inf) -> Turns:
    """Read the turns of one partner, checked; `end_s` is the end of the session."""
    path, tier = _named(name)
    text = _text(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        if tier is not None:
            raise SpeechFileError(f"{path} is a CSV file and has no tier {tier!r}. Leave it out.")
        intervals = list(_csv(path, text))
    else:
        try:
            tiers = reader(text)
        except ValueError as error:
            raise SpeechFileError(f"{path}, {error}") from error
        intervals = [
            Interval(line, start_s, stop_s)
            for line, start_s, stop_s, label in tiers[_chosen(path, list(tiers), tier)]
            if label.strip().lower() not in _SILENT
        ]
    return _checked(path, intervals, end_s)


def _named(name: str) -> tuple[Path, str | None]:
    if "#" in name and not Path(name).exists():
        file, _, tier = name.rpartition("#")
        return Path(file), tier
    return Path(name), None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise SpeechFileError(f"{path} does not exist. Check the name.") from None
    except IsADirectoryError:
        raise SpeechFileError(f"{path} is a folder. Name one file in it.") from None
    except OSError as error:
        raise SpeechFileError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_FILE_BYTES:
        raise SpeechFileError(
            f"{path} is larger than {MAX_FILE_BYTES // 1_000_000} MB. Export the turns alone."
        )
    try:
        # Praat writes UTF-16 as soon as a label has an accent.
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise SpeechFileError(f"{path} is not text (UTF-8 or UTF-16). Export it as text.") from None


def _chosen(path: Path, tiers: list[str], tier: str | None) -> str:
    if tier in tiers:
        return str(tier)
    if tier is None and len(tiers) == 1:
        return tiers[0]
    if not tiers:
        raise SpeechFileError(f"{path} has no tier with intervals. Annotate one for each speaker.")
    names = ", ".join(repr(known) for known in tiers)
    wanted = "several tiers" if tier is None else f"no tier {tier!r}"
    raise SpeechFileError(f"{path} has {wanted}: {names}. Name one, as {path.name}#{tiers[0]}.")


def _csv(path: Path, text: str) -> Iterator[Interval]:
    lines = [
        (line, row)
        for line, row in enumerate(text.splitlines(), start=1)
        if row.strip() and not row.lstrip().startswith("#")
    ]
    # as the first line does: 1,5;6,5 holds two decimal commas, not four columns
    between = next((found[0] for _, row in lines[:1] if (found := _BETWEEN.search(row))), ",")
    rows = [(line, [cell.strip().strip('"') for cell in row.split(between)]) for line, row in lines]
    if not rows or [cell.lower() for cell in rows[0][1][:2]] != ["start_s", "end_s"]:
        line, cells = rows[0] if rows else (1, [""])
        raise SpeechFileError(
            f"{path}, line {line}: {','.join(cells)[:40]!r} is not the head of the columns. "
            "Begin with a line start_s,end_s."
        )
    for line, cells in rows[1:]:
        if len(cells) < 2:
            raise _refusal(path, line, cells[0], "has one column. Write start_s,end_s.")
        yield Interval(line, *(_seconds(path, line, cell) for cell in cells[:2]))


def _seconds(path: Path, line: int, cell: str) -> float:
    try:
        value = float(cell.replace("_", "?"))  # Python would read 1_000.
    except ValueError:
        value = inf
    if not isfinite(value):
        raise _refusal(path, line, cell, "is not a number of seconds. Write it with a point.")
    return value


def _checked(path: Path, intervals: Iterable[Interval], end_s: float) -> Turns:
    turns: Turns = []
    last_start_s = last_stop_s = 0.0
    for found in intervals:
        start_s, stop_s = found.start_s, found.stop_s
        said = f"{start_s:g},{stop_s:g}"
        if start_s < 0:
            words = "begins before 0 s, the start of the session. Count from there."
        elif stop_s <= start_s:
            words = "ends before it begins. Write start_s,end_s."
        elif start_s < last_start_s:
            words = f"begins before the interval above it ({last_start_s:g} s). Sort the intervals."
        elif start_s < last_stop_s:
            words = f"overlaps the interval above it (to {last_stop_s:g} s). Join the two."
        elif stop_s > end_s:
            words = f"ends after the session ({end_s:g} s). Cut it there, or check its time base."
        else:
            turns.append((start_s, stop_s))
            last_start_s, last_stop_s = start_s, stop_s
            continue
        raise _refusal(path, found.line, said, words)
    return turns


def _refusal(path: Path, line: int, text: str, words: str) -> SpeechFileError:
    return SpeechFileError(f"{path}, line {line}: {text[:40]!r} {words}")
