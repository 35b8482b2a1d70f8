"""The session file: one SQLite file per session, `<id>.interbeat`.

While it is written it has a `-wal` and a `-shm` beside it and every committed event survives a
crash; once closed it is a single file. Packets are kept byte for byte: beats and figures are
derived on reading, so a better decoder also mends old sessions.

    SessionFileError    a file that cannot be read, deleted
      NotASession       it is something else, or is not there
      NewerSession      a newer interbeat wrote it
      DamagedSession    it was a session, and part of it is lost
    SessionWriteError   a session that cannot be written (any further)
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Event as Signal
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self

from .events import (
    PARTNERS,
    Device,
    End,
    Event,
    Link,
    Marker,
    Packet,
    Session,
    SessionKind,
    Speech,
)

SUFFIX = ".interbeat"
FORMAT_VERSION = 3
RECORDED_ID = int.from_bytes(b"IBTR")
SIMULATED_ID = int.from_bytes(b"IBTS")
"""Simulated people never pass for real ones: the files differ in their first 100 bytes."""

COMMIT_EVERY_S = 0.5
WRITE_TIMEOUT_S = 30.0
READ_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 2.0
"""How long to wait for readers before the last tidying."""

_BESIDE = ("-journal", "-shm", "-wal")
_SQLITE_HEADER = b"SQLite format 3\x00"
_APPLICATION_IDS: dict[SessionKind, int] = {"recorded": RECORDED_ID, "simulated": SIMULATED_ID}
_HEADER_TYPES = {
    "id": str,
    "kind": str,
    "started_utc": str,
    "labels": dict,
    "straps": dict,
    "software": str,
    "settings": dict,
}

_Row = tuple[float, str, str | None, bytes | str]
"""t_s, kind, partner, data"""

_SCHEMA = """
CREATE TABLE session (
    -- Who, when and with what: written once, before the first event.
    -- id, kind (recorded, simulated), started_utc (ISO 8601), labels and straps of a and b,
    -- software, settings.
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL  -- JSON
);
CREATE TABLE event (
    -- What happened, in the order in which it reached the program.
    -- heart_rate     data: one Bluetooth notification (0x2A37), byte for byte
    -- battery        data: one value of the battery level (0x2A19), byte for byte
    -- polar          data: one frame of Polar's ECG or acceleration, byte for byte
    -- polar_control  data: one answer of Polar's control point, byte for byte
    -- device         data: JSON, what a strap says of itself: model, serial, firmware, ...
    -- link           data: JSON {"state", "reason"}, state: scanning, connecting, streaming,
    --                stale, lost, backoff
    -- mark           data: JSON {"at_s", "label"}, at_s: the marked moment, same clock as t_s
    -- speech         data: JSON {"at_s", "on", "source"}: a partner begins (true) or stops
    --                speaking at at_s, same clock as t_s; source: who says so
    -- end            data: JSON {"reason"}; without this last row the session ended unexpectedly
    seq INTEGER PRIMARY KEY,
    t_s REAL NOT NULL,   -- seconds since the start of the session, monotonic
    kind TEXT NOT NULL,
    partner TEXT,        -- a or b; NULL: both
    data BLOB NOT NULL
);
"""


class SessionFileError(ValueError):
    """A session file cannot be used."""


class NotASession(SessionFileError):
    """The path leads to something else, or to nothing."""


class NewerSession(SessionFileError):
    """The file was written by a newer interbeat."""


class DamagedSession(SessionFileError):
    """Part of a session is missing or makes no sense."""


class SessionWriteError(OSError):
    """The session cannot be written; what was acknowledged before stays readable."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A session read from its file."""

    session: Session
    events: tuple[Event, ...]

    @property
    def end(self) -> End | None:
        """How the session was closed; None: it ended unexpectedly, or is still being recorded."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, End) else None

    @property
    def duration_s(self) -> float:
        return max((event.t_s for event in self.events), default=0.0)


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """What a list of sessions shows."""

    session: Session
    duration_s: float
    ended: bool
    recording: bool
    """Some program is recording it at this moment."""
    size_bytes: int


class SessionWriter:
    """Appends events to a new session file from a thread of its own.

    `put` never waits for the disk. An event is committed about `COMMIT_EVERY_S` after it was put,
    or at once when someone waits for it with `flush`.
    """

    def __init__(self, folder: Path, session: Session) -> None:
        self.path = folder / f"{session.id}{SUFFIX}"
        self.saved_s = 0.0
        """Session time of the newest committed event."""
        self.saved_count = 0
        self.error: SessionWriteError | None = None
        """Why nothing can be written any more."""
        self._connection = _create(self.path, session)
        self._queue: SimpleQueue[_Row | Future[None] | None] = SimpleQueue()
        self._hurry = Signal()
        self._gate = Lock()
        self._closed = False
        self._thread = Thread(target=self._write, name=f"write {self.path.name}", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Hand over an event; raises `SessionWriteError` once writing has failed."""
        self._enqueue(_row(event))

    def flush(self) -> Future[None]:
        """Return a future that is done when every event put so far is committed."""
        committed: Future[None] = Future()
        self._enqueue(committed)
        self._hurry.set()
        return committed

    def close(self) -> None:
        """Commit everything and leave one self-contained file; raises if that was not possible."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._hurry.set()
        self._thread.join()
        if self.error:
            raise self.error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _enqueue(self, item: _Row | Future[None]) -> None:
        with self._gate:
            if self.error:
                raise self.error
            if self._closed:
                raise SessionWriteError(f"{self.path} is closed: begin a new session")
            self._queue.put(item)

    def _write(self) -> None:
        waiting: list[Future[None]] = []
        with closing(self._connection):
            try:
                while self._write_batch(waiting):
                    waiting.clear()
                _leave_one_file(self._connection)
            except Exception as error:  # Whatever it was, those who wait must learn of it.
                self._fail(error, waiting)

    def _write_batch(self, waiting: list[Future[None]]) -> bool:
        """Commit what comes in during `COMMIT_EVERY_S`; False after the last batch."""
        items = [self._queue.get()]
        self._hurry.wait(COMMIT_EVERY_S)
        self._hurry.clear()
        items.extend(self._queue.get() for _ in range(self._queue.qsize()))
        waiting.extend(item for item in items if isinstance(item, Future))
        rows = [item for item in items if isinstance(item, tuple)]
        if rows:
            self._commit(rows)
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_result(None)
        return items[-1] is not None

    def _commit(self, rows: list[_Row]) -> None:
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT INTO event (t_s, kind, partner, data) VALUES (?, ?, ?, ?)", rows
        )
        self._connection.execute("COMMIT")
        self.saved_s = rows[-1][0]
        self.saved_count += len(rows)

    def _fail(self, cause: Exception, waiting: list[Future[None]]) -> None:
        error = SessionWriteError(
            f"{self.path} could not be written: {cause}. Events up to {self.saved_s:.1f} s are "
            "saved. Make room on the disk and begin a new session."
        )
        error.__cause__ = cause
        with self._gate:
            self.error = error
            while not self._queue.empty():
                item = self._queue.get()
                if isinstance(item, Future):
                    waiting.append(item)
        for future in waiting:
            if not future.done() and future.set_running_or_notify_cancel():
                future.set_exception(error)


def read_session(path: Path) -> Recording:
    """Read a closed session, one that broke off, or one that is being recorded."""
    with _opened(path) as connection:
        session = _header(path, connection)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise DamagedSession(f"{path} is damaged: {found}. Use a copy of it if you have one.")
        rows = connection.execute("SELECT seq, t_s, kind, partner, data FROM event ORDER BY seq")
        return Recording(session, tuple(_event(path, *row) for row in rows))


def read_header(path: Path) -> SessionSummary:
    """Read what a list shows, at a cost that does not grow with the session."""
    with _opened(path) as connection:
        session = _header(path, connection)
        last = connection.execute(
            "SELECT seq, t_s, kind, partner, data FROM event ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    event = _event(path, *last) if last else None
    ended = isinstance(event, End)
    return SessionSummary(
        session=session,
        duration_s=event.t_s if event else 0.0,
        ended=ended,
        recording=not ended and is_being_recorded(path),
        size_bytes=_size_bytes(path),
    )


def is_being_recorded(path: Path) -> bool:
    """True while the writer of a session, in whichever program, has it open."""
    if not _wal(path).exists():
        return False
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            # Only the one connection of a file can have it to itself.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            return _says(error, sqlite3.SQLITE_BUSY)
    return False


def delete_session(path: Path) -> None:
    """Remove a session and what lies beside it, unless it is being recorded."""
    if is_being_recorded(path):
        raise SessionFileError(f"{path} is being recorded. Stop it before you delete it.")
    try:
        # The file itself goes last: as long as anything is left it is listed and can be deleted.
        for ending in _BESIDE:
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.unlink()
    except FileNotFoundError:
        raise NotASession(f"{path} does not exist: nothing was deleted") from None
    except OSError as error:
        raise SessionFileError(
            f"{path} could not be deleted: {error.strerror}. Close programs that use it."
        ) from error


def _row(event: Event) -> _Row:
    if not isfinite(event.t_s):
        raise ValueError(f"t_s {event.t_s} of an event must be a number of seconds")
    t_s = float(event.t_s)
    match event:
        case Packet():
            return t_s, event.kind, event.partner, event.data
        case Link():
            return t_s, "link", event.partner, _json(state=event.state, reason=event.reason)
        case Device():
            return t_s, "device", event.partner, _json(**event.info)
        case Marker():
            return t_s, "mark", None, _json(at_s=float(event.at_s), label=event.label)
        case Speech():
            said = _json(at_s=float(event.at_s), on=event.on, source=event.source)
            return t_s, "speech", event.partner, said
        case End():
            return t_s, "end", None, _json(reason=event.reason)


def _json(**fields: object) -> str:
    return json.dumps(fields, allow_nan=False)


def _event(path: Path, seq: int, t_s: Any, kind: Any, partner: Any, data: Any) -> Event:
    with suppress(ValueError, TypeError, RecursionError):
        if not isfinite(t_s):
            raise ValueError(t_s)
        match t_s, kind, partner, json.loads(data) if isinstance(data, str) else data:
            case float(), "heart_rate" | "battery" | "polar" | "polar_control", "a" | "b", bytes():
                return Packet(t_s, partner, kind, data)
            case float(), "device", "a" | "b", dict(info) if _all_text(info):
                return Device(t_s, partner, info)
            case (
                float(),
                "link",
                "a" | "b",
                {
                    "state": "scanning"
                    | "connecting"
                    | "streaming"
                    | "stale"
                    | "lost"
                    | "backoff" as state,
                    "reason": str(reason),
                },
            ):
                return Link(t_s, partner, state, reason)
            case float(), "mark", None, {"at_s": float(at_s), "label": str(label)}:
                return Marker(t_s, at_s, label)
            case (
                float(),
                "speech",
                "a" | "b",
                {"at_s": float(at_s), "on": bool(on), "source": str(source)},
            ):
                return Speech(t_s, partner, at_s, on, source)
            case float(), "end", None, {"reason": str(reason)}:
                return End(t_s, reason)
    raise DamagedSession(
        f"{path} is damaged: row {seq} of its events ({str(kind)[:20]!r} at {t_s} s) makes no "
        "sense. Use a copy of it if you have one."
    )


def _all_text(values: dict[str, Any]) -> bool:
    return all(isinstance(value, str) for value in values.values())


def check_folder(folder: Path) -> None:
    """SessionWriteError when no session could be written in this folder."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _not_writable(folder / "A session", error.strerror or str(error)) from error


def _create(path: Path, session: Session) -> sqlite3.Connection:
    header = [(key, json.dumps(getattr(session, key), allow_nan=False)) for key in _HEADER_TYPES]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise _not_writable(path, error.strerror or str(error)) from error
    connection = sqlite3.connect(
        path, timeout=WRITE_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        # The header is written before WAL begins, so it never depends on the -wal.
        connection.executescript(
            f"PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; BEGIN; {_SCHEMA}"
            f"PRAGMA application_id={_APPLICATION_IDS[session.kind]};"
            f"PRAGMA user_version={FORMAT_VERSION};"
        )
        connection.executemany("INSERT INTO session VALUES (?, ?)", header)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        connection.close()
        delete_session(path)
        raise _not_writable(path, str(error)) from error
    return connection


def _not_writable(path: Path, reason: str) -> SessionWriteError:
    return SessionWriteError(
        f"{path.name} cannot be written in {path.parent}: {reason}. "
        "Choose another folder with --data-dir or INTERBEAT_DATA."
    )


def _leave_one_file(connection: sqlite3.Connection) -> None:
    # All is committed by now: if someone reads at this moment, or the disk is full, the -wal
    # stays beside the file and nothing is lost.
    with suppress(sqlite3.OperationalError):
        connection.execute(f"PRAGMA busy_timeout={int(1000 * CLOSE_TIMEOUT_S)}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open for reading only, and turn what SQLite says into words about sessions."""
    _check_is_database(path)
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(closing(_connect(path)))
            if not _answers(connection):
                # A -wal can only be read where SQLite may write beside it.
                folder = stack.enter_context(TemporaryDirectory())
                connection = stack.enter_context(closing(_connect(_copied(path, Path(folder)))))
            yield connection
        except sqlite3.Error as error:
            if _says(error, sqlite3.SQLITE_BUSY):
                raise SessionFileError(
                    f"{path} is locked by another program. Close it there and try again."
                ) from error
            raise DamagedSession(
                f"{path} is damaged: {error}. Use a copy of it if you have one."
            ) from error


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=READ_TIMEOUT_S)


def _answers(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        if _says(error, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return False
        raise
    return True


def _says(error: sqlite3.Error, *codes: int) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in codes


def _copied(path: Path, folder: Path) -> Path:
    for part in (path, _wal(path)):
        with suppress(FileNotFoundError):
            shutil.copyfile(part, folder / part.name)
    return folder / path.name


def _check_is_database(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE_HEADER))
    except FileNotFoundError:
        raise NotASession(f"{path} does not exist. Check the name of the session.") from None
    except IsADirectoryError:
        raise NotASession(f"{path} is a folder. Name one {SUFFIX} file in it.") from None
    except OSError as error:
        raise SessionFileError(f"{path} cannot be read: {error.strerror}.") from error
    if not head:
        raise NotASession(f"{path} is empty: its recording never began. Delete it.")
    if head != _SQLITE_HEADER:
        raise NotASession(f"{path} is not a session, nor a database at all. Name a {SUFFIX} file.")


def _header(path: Path, connection: sqlite3.Connection) -> Session:
    application_id = _pragma(connection, "application_id")
    kinds = {number: kind for kind, number in _APPLICATION_IDS.items()}
    if application_id not in kinds:
        raise NotASession(
            f"{path} is a database of another program (application_id {application_id:#x}). "
            f"Name a {SUFFIX} file."
        )
    version = _pragma(connection, "user_version")
    if version > FORMAT_VERSION:
        raise NewerSession(
            f"{path} has format {version}, this interbeat reads up to {FORMAT_VERSION}. Update it."
        )
    _check_is_whole(path, connection)
    rows: dict[str, Any] = dict(connection.execute("SELECT key, value FROM session"))
    header = {key: _header_value(path, key, rows.get(key)) for key in _HEADER_TYPES}
    if header["kind"] != kinds[application_id]:
        raise DamagedSession(
            f"{path} is damaged: marked as {kinds[application_id]}, it says {header['kind']!r}. "
            "Do not rely on it."
        )
    return Session(**header)


def _check_is_whole(path: Path, connection: sqlite3.Connection) -> None:
    """SQLite reads a last page that is cut as if it ended in zeros."""
    needed = _pragma(connection, "page_count") * _pragma(connection, "page_size")
    size = path.stat().st_size
    if size < needed and not _wal(path).exists():
        raise DamagedSession(
            f"{path} is damaged: cut after {size} of {needed} bytes. "
            "Use a copy of it if you have one."
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _header_value(path: Path, key: str, text: Any) -> Any:
    with suppress(ValueError, TypeError, RecursionError):
        value = json.loads(text)
        if isinstance(value, _HEADER_TYPES[key]) and _fits(key, value):
            return value
    raise DamagedSession(
        f"{path} is damaged: its header has {key} = {str(text)[:40]!r}. "
        "Use a copy of it if you have one."
    )


def _fits(key: str, value: Any) -> bool:
    if key == "labels":
        return _partners(value) and all(isinstance(label, str) for label in value.values())
    if key == "straps":
        return _partners(value) and all(isinstance(strap, dict) for strap in value.values())
    return True


def _partners(value: dict[str, object]) -> bool:
    return set(value) == set(PARTNERS)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _size_bytes(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size + _wal(path).stat().st_size
    return path.stat().st_size
