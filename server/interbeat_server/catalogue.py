"""The sessions in the data folder, found by looking; nothing is kept beside the files."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from interbeat_collector.session_file import (
    SUFFIX,
    SessionFileError,
    SessionSummary,
    check_folder,
    delete_session,
    read_header,
)

from .messages import Message, hearts, number

DATA_VARIABLE = "INTERBEAT_DATA"


def data_folder(chosen: str | None = None) -> Path:
    """Where sessions are kept: the chosen folder, the variable's, or the user's data folder."""
    named = chosen or os.environ.get(DATA_VARIABLE)
    folder = Path(named) if named else Path(platformdirs.user_data_dir("interbeat", False))
    return folder.expanduser().absolute()


class Catalogue:
    """Lists, finds and deletes the sessions of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> dict[str, Path]:
        """Session id to file: ids from outside are looked up here and never become paths."""
        return {path.stem: path for path in self.folder.glob(f"*{SUFFIX}")}

    def find(self, session_id: str) -> Path | None:
        return self.paths().get(session_id)

    def check_writable(self) -> None:
        """SessionWriteError when no session could be recorded in this folder."""
        check_folder(self.folder)

    def delete(self, session_id: str) -> bool:
        """Remove a session for good; False when there is none."""
        path = self.find(session_id)
        if path is None:
            return False
        delete_session(path)
        return True

    def listing(self, runs: dict[str, str]) -> list[Message]:
        """One entry per file, newest first. `runs` maps what is being recorded to its run."""
        entries = [_entry(path, runs.get(path.stem)) for path in self.paths().values()]
        return sorted(entries, key=lambda entry: entry["started_utc"] or "", reverse=True)


def _entry(path: Path, run: str | None) -> Message:
    entry: Message = {
        "id": path.stem,
        "kind": None,
        "hearts": None,
        "started_utc": None,
        "duration_s": None,
        "labels": None,
        "state": "unreadable",
        "run": run,
        "error": None,
        "size_bytes": 0,
    }
    try:
        header = read_header(path)
    except SessionFileError as error:
        return {**entry, "error": str(error)}
    return {
        **entry,
        "kind": header.session.kind,
        "hearts": hearts(header.session),
        "started_utc": header.session.started_utc,
        "duration_s": number(header.duration_s, 3),
        "labels": header.session.labels,
        "state": _state(header),
        "size_bytes": header.size_bytes,
    }


def _state(header: SessionSummary) -> str:
    if header.recording:
        return "recording"
    return "complete" if header.ended else "unexpected_end"
