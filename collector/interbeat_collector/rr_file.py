"""Lists of RR intervals in plain text: one per line, as Kubios and the straps' apps write them.

`#` begins a comment, blank lines do not count. A first line `rr_ms` or `rr_s` names the unit (so
does a CSV of one column); without it a median above 10 can only be milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import inf
from pathlib import Path
from statistics import median

import numpy as np

MAX_FILE_BYTES = 50_000_000
MAX_RR_S = 30.0
MEDIAN_RR_S = (0.2, 3.0)
"""Outside of this the unit was mistaken: 20 to 300 beats a minute."""
MIN_INTERVALS = 2

_UNITS_PER_S = {"rr_ms": 1000.0, "rr_s": 1.0}
_SECONDS_UP_TO = 10.0
_SEVERAL_COLUMNS = re.compile(r"[\s,;]")


class RRFileError(ValueError):
    """A file of RR intervals cannot be used."""


def read_rr(path: Path) -> np.ndarray:
    """Read intervals in seconds, unrounded, as float64 of shape (n_intervals,)."""
    rows = list(_rows(_text(path)))
    unit = rows.pop(0)[1].strip('"').lower() if rows and _is_header(rows[0][1]) else None
    values = [_value(path, line, text) for line, text in rows]
    if len(values) < MIN_INTERVALS:
        raise RRFileError(
            f"{path} has {len(values)} of at least {MIN_INTERVALS} intervals. "
            "Write one interval per line."
        )
    middle = median(values)
    per_s = _UNITS_PER_S[unit or ("rr_ms" if middle > _SECONDS_UP_TO else "rr_s")]
    low_s, high_s = MEDIAN_RR_S
    if not low_s <= middle / per_s <= high_s:
        raise RRFileError(
            f"{path}: its median interval would be {middle / per_s:g} s, it must be "
            f"{low_s:g} to {high_s:g} s. Name the unit in the first line: rr_ms or rr_s."
        )
    rr_s = np.array(values) / per_s
    too_long = np.flatnonzero(rr_s > MAX_RR_S)
    if too_long.size:
        line, text = rows[too_long[0]]
        raise _refusal(path, line, text, f"is longer than {MAX_RR_S:g} s. Split the file there.")
    return rr_s


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise RRFileError(f"{path} does not exist. Check the name.") from None
    except IsADirectoryError:
        raise RRFileError(f"{path} is a folder. Name one text file in it.") from None
    except OSError as error:
        raise RRFileError(f"{path} cannot be read: {error.strerror}.") from error
    if not data:
        raise RRFileError(f"{path} is empty. Write one interval per line.")
    if len(data) > MAX_FILE_BYTES:
        raise RRFileError(
            f"{path} is larger than {MAX_FILE_BYTES // 1_000_000} MB. "
            "Export the RR intervals alone, one per line."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise RRFileError(f"{path} is not plain text (UTF-8). Export it as text or CSV.")
    return text


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Line numbers and what the lines say, without comments and blank lines."""
    for number, line in enumerate(text.splitlines(), start=1):
        if content := line.partition("#")[0].strip():
            yield number, content


def _is_header(text: str) -> bool:
    return text.strip('"').lower() in _UNITS_PER_S


def _value(path: Path, line: int, text: str) -> float:
    if _SEVERAL_COLUMNS.search(text):
        raise _refusal(
            path, line, text, "has several columns or a decimal comma. Keep one, with a point."
        )
    try:
        value = float(text.replace("_", "?"))  # Python would read 1_000.
    except ValueError:
        raise _refusal(
            path, line, text, "is not a number. Write one interval per line, # before remarks."
        ) from None
    if not 0 < value < inf:
        raise _refusal(path, line, text, "is not an interval. It must be above 0; remove the line.")
    return value


def _refusal(path: Path, line: int, text: str, words: str) -> RRFileError:
    return RRFileError(f"{path}, line {line}: {text[:40]!r} {words}")
