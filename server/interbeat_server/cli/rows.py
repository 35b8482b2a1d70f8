"""interbeat analyze --rows: many sessions, one row each."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .errors import UserError
from .inputs import reference_paths, reference_recordings, references
from .sessions import session_path

if TYPE_CHECKING:
    from interbeat_analysis.settling import Reference
    from interbeat_collector.session_file import Recording

    from ..heart_document import Wanted
    from ..recorded import Material

WORTH_SEVERAL = 8
"""Sessions from which on several processes pay for their start."""

Write = Callable[[dict[str, Any]], None]


def write_rows(options: argparse.Namespace, wanted: Wanted) -> int:
    """Analyse each session by itself; a file that cannot be read is a row that says why.

    Rows are on the disk as soon as they are known: Ctrl-C keeps what is done.
    """
    from ..progress import clear_stderr, to_stderr

    if options.plot or options.beats or options.full or options.json:
        raise UserError("--rows takes neither --plot, --beats, --full nor --json. Leave them out.")
    paths, usual = _paths(options), reference_paths(options)
    reference_recordings(usual)
    out = Path(options.rows)
    writer = _WRITERS.get(out.suffix.lower())
    if writer is None:
        raise UserError(f"{out} must end in .csv or .jsonl, so that it is clear what to write.")
    done = failed = 0
    with _new(out) as file:
        write = writer(file)
        try:
            to_stderr(f"session 1 of {len(paths)}")
            for row in _rows(paths, usual, wanted):
                write(row)
                to_stderr(f"{done + 1} of {len(paths)}")
                file.flush()
                done, failed = done + 1, failed + (row["error"] is not None)
        finally:
            clear_stderr()
            print(_told(out, done, len(paths), failed), file=sys.stderr)
    return 0


def _told(out: Path, done: int, all_: int, failed: int) -> str:
    stopped = "" if done == all_ else f"Stopped after {done} of {all_} sessions. "
    noted = f", {failed} of which could not be analysed and say why" if failed else ""
    return f"{stopped}{done} rows are in {out}{noted}."


def _paths(options: argparse.Namespace) -> list[Path]:
    from interbeat_collector.session_file import SUFFIX

    found: list[Path] = []
    for name in options.files:
        path = session_path(name, options.data_dir)
        found += sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
    if not found:
        raise UserError("--rows needs session files, or folders in which there are some.")
    return found


def _rows(paths: list[Path], usual: tuple[Path, ...], wanted: Wanted) -> Iterator[dict[str, Any]]:
    """One row for each session, in order; many are analysed side by side."""
    row = partial(_row, usual=usual, wanted=wanted)
    if len(paths) < WORTH_SEVERAL:
        yield from map(row, paths)
        return
    from ..validation.core import leave_interrupts, usual_workers

    with ProcessPoolExecutor(usual_workers(), get_context("spawn"), leave_interrupts) as pool:
        try:
            yield from pool.map(row, paths)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _row(path: Path, *, usual: tuple[Path, ...], wanted: Wanted) -> dict[str, Any]:
    from interbeat_collector.session_file import SessionFileError, read_session

    from ..analyze import analyze, material_of
    from ..flat import row
    from ..people import PeopleError

    try:
        material = material_of(read_session(path))
        known = _known(reference_recordings(usual), material)
    except (SessionFileError, PeopleError) as error:
        return row(str(path), {}, str(error))
    return row(str(path), analyze(material, wanted, known).document)


def _known(usual: list[Recording], material: Material) -> tuple[Reference, Reference] | None:
    """Each person's own reference, by name; else what the session was recorded with."""
    from ..people import PeopleError

    others = [each for each in usual if each.session != material.session]
    try:
        return references(others, material)
    except PeopleError:
        return references([], material)


def _new(path: Path) -> TextIO:
    try:
        return path.open("x", encoding="utf-8", newline="")
    except FileExistsError:
        raise UserError(f"{path} is there already. Name another file, or move it away.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}. Choose another.") from error


def _csv(file: TextIO) -> Write:
    from ..flat import columns

    writer = csv.DictWriter(file, columns())
    writer.writeheader()
    return writer.writerow


def _json_lines(file: TextIO) -> Write:
    return lambda row: print(json.dumps(row, allow_nan=False), file=file)


_WRITERS = {".csv": _csv, ".jsonl": _json_lines}
