"""The session file: what was acknowledged is on the disk, and no file can fool the reader."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interbeat_collector.events import (
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
from interbeat_collector.session_file import (
    DamagedSession,
    NewerSession,
    NotASession,
    SessionFileError,
    SessionWriteError,
    SessionWriter,
    delete_session,
    read_header,
    read_session,
)

SESSION = Session(
    id="2025-03-01-1200",
    kind="recorded",
    started_utc="2025-03-01T12:00:00Z",
    labels={"a": "Ann", "b": 'Bü "B" \U0001f493'},
    straps={"a": {"model": "H10", "firmware": "5.0.0"}, "b": {}},
    software="interbeat 0.1.0",
    settings={"fs_hz": 4.0, "lags": [1, 2], "consent": None},
)
EVENTS: tuple[Event, ...] = (
    Link(0.0, "a", "scanning"),
    Link(0.1 + 0.2, "b", "lost", "out of range"),
    Packet(1 / 3, "a", "heart_rate", bytes(range(256))),
    Packet(0.2, "b", "heart_rate", b""),
    Device(0.25, "b", {"model": "H10 é", "firmware": "5.0.0"}),
    Packet(0.3, "b", "battery", b"\x64"),
    Marker(5e-324, 1e9 / 7, "line\nbreak \x00 'quoted' é"),
    Speech(0.4, "a", 1 / 7, True, "key"),
    Speech(0.5, "a", 0.45, False, "a voice detector"),
    End(1e6 + 1 / 3, "stopped"),
)


def record(folder: Path, events: tuple[Event, ...] = EVENTS, session: Session = SESSION) -> Path:
    with SessionWriter(folder, session) as writer:
        for event in events:
            writer.put(event)
    return writer.path


def crash(writer: SessionWriter, folder: Path) -> Path:
    """Copy what a power cut would leave of a session that is being written."""
    for name in (writer.path.name, writer.path.name + "-wal"):
        (folder / name).write_bytes((writer.path.parent / name).read_bytes())
    return folder / writer.path.name


@contextmanager
def sqlite_shell(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def test_every_event_comes_back_exactly(tmp_path: Path) -> None:
    recording = read_session(record(tmp_path))
    assert recording.session == SESSION
    assert recording.events == EVENTS
    assert recording.end == EVENTS[-1]
    assert recording.duration_s == 1e6 + 1 / 3


PACKET_KINDS = ("heart_rate", "battery", "polar", "polar_control")

times_s = st.floats(-1e9, 1e9)
partners = st.sampled_from(["a", "b"])
events = st.one_of(
    st.builds(Packet, times_s, partners, st.sampled_from(PACKET_KINDS), st.binary(max_size=247)),
    st.builds(Device, times_s, partners, st.dictionaries(st.text(), st.text(), max_size=4)),
    st.builds(
        Link,
        times_s,
        partners,
        st.sampled_from(["scanning", "connecting", "streaming", "stale", "lost", "backoff"]),
        st.text(),
    ),
    st.builds(Marker, times_s, times_s, st.text(st.characters())),
    st.builds(End, times_s, st.text()),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(events, max_size=20).map(tuple))
def test_any_events_come_back_in_their_order(put: tuple[Event, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert read_session(record(Path(folder), put)).events == put


def test_a_session_without_an_end_ended_unexpectedly(tmp_path: Path) -> None:
    path = record(tmp_path, EVENTS[:-1])
    assert read_session(path).end is None
    assert not read_header(path).ended


def test_the_header_tells_what_the_whole_session_tells(tmp_path: Path) -> None:
    path = record(tmp_path)
    summary = read_header(path)
    recording = read_session(path)
    assert summary.session == recording.session
    assert summary.duration_s == recording.duration_s
    assert summary.ended
    assert summary.size_bytes == path.stat().st_size


def test_an_empty_session_lasted_no_time(tmp_path: Path) -> None:
    path = record(tmp_path, ())
    assert read_session(path).duration_s == read_header(path).duration_s == 0.0


def test_a_closed_session_is_one_private_file_in_a_private_folder(tmp_path: Path) -> None:
    path = record(tmp_path / "data" / "sessions")
    assert list(path.parent.iterdir()) == [path]
    assert path.name == "2025-03-01-1200.interbeat"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with sqlite_shell(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_while_it_is_written_a_power_cut_and_deleted_rows_are_provided_for(tmp_path: Path) -> None:
    with SessionWriter(tmp_path, SESSION) as writer:
        writer.put(EVENTS[0])
        writer.flush().result(timeout=10)
        modes = {part.suffix: stat.S_IMODE(part.stat().st_mode) for part in tmp_path.iterdir()}
        assert modes[".interbeat-wal"] == 0o600
        pragma = writer._connection.execute
        assert pragma("PRAGMA journal_mode").fetchone() == ("wal",)
        assert pragma("PRAGMA synchronous").fetchone() == (2,)
        assert pragma("PRAGMA secure_delete").fetchone() == (1,)


@pytest.mark.parametrize(("kind", "mark"), [("recorded", b"IBTR"), ("simulated", b"IBTS")])
def test_the_first_100_bytes_tell_simulated_from_recorded(
    tmp_path: Path, kind: SessionKind, mark: bytes
) -> None:
    path = record(tmp_path, session=replace(SESSION, kind=kind))
    assert path.read_bytes()[68:72] == mark
    assert read_header(path).session.kind == kind


def test_a_simulated_session_cannot_be_relabelled(tmp_path: Path) -> None:
    path = record(tmp_path, session=replace(SESSION, kind="simulated"))
    with sqlite_shell(path) as connection:
        connection.execute("UPDATE session SET value = '\"recorded\"' WHERE key = 'kind'")
    with pytest.raises(DamagedSession, match="marked as simulated, it says 'recorded'"):
        read_header(path)


def test_the_file_explains_itself_in_the_sqlite_shell(tmp_path: Path) -> None:
    with sqlite_shell(record(tmp_path, (Marker(2.0, 1.0, "Ünser Streit"),))) as connection:
        schema = connection.execute("SELECT group_concat(sql) FROM sqlite_master").fetchone()[0]
        marked = connection.execute(
            "SELECT t_s, json_extract(data, '$.at_s'), json_extract(data, '$.label') FROM event"
        ).fetchall()
    for kind in ("heart_rate", "link", "mark", "speech", "end"):
        assert f"-- {kind} " in schema
    assert marked == [(2.0, 1.0, "Ünser Streit")]


def test_acknowledged_means_readable_by_others_at_once(tmp_path: Path) -> None:
    with SessionWriter(tmp_path, SESSION) as writer:
        for count, event in enumerate(EVENTS, start=1):
            writer.put(event)
            writer.flush().result(timeout=10)
            assert read_session(writer.path).events == EVENTS[:count]
            assert (writer.saved_count, writer.saved_s) == (count, event.t_s)


def test_events_are_saved_within_a_second_unasked(tmp_path: Path) -> None:
    with SessionWriter(tmp_path, SESSION) as writer:
        writer.put(EVENTS[0])
        waited = threading.Event()
        assert not waited.wait(1.0)
        assert writer.saved_count == 1


def test_a_burst_is_one_transaction(tmp_path: Path) -> None:
    with SessionWriter(tmp_path, SESSION) as writer:
        statements: list[str] = []
        writer._connection.set_trace_callback(statements.append)
        for _ in range(500):
            writer.put(EVENTS[2])
        writer.flush().result(timeout=10)
    assert statements.count("COMMIT") <= 2


def test_a_waiter_that_gave_up_does_no_harm(tmp_path: Path) -> None:
    with SessionWriter(tmp_path, SESSION) as writer:
        writer.put(EVENTS[0])
        writer.flush().cancel()
        writer.put(EVENTS[1])
        writer.flush().result(timeout=10)
        assert writer.saved_count == 2


def test_a_closed_writer_takes_nothing_more(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path, SESSION)
    writer.close()
    writer.close()
    with pytest.raises(SessionWriteError, match="is closed: begin a new session"):
        writer.put(EVENTS[0])
    with pytest.raises(SessionWriteError, match="is closed"):
        writer.flush()


def test_closing_while_someone_reads_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interbeat_collector.session_file.CLOSE_TIMEOUT_S", 0.1)
    writer = SessionWriter(tmp_path, SESSION)
    with sqlite_shell(writer.path) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        for event in EVENTS:
            writer.put(event)
        writer.close()
    assert read_session(writer.path).events == EVENTS


@pytest.mark.parametrize(
    "event",
    [
        Packet(float("nan"), "a", "heart_rate", b""),
        Marker(0.0, float("inf"), ""),
        Speech(0.0, "b", float("nan"), True, "key"),
    ],
)
def test_a_time_that_is_no_number_is_refused_where_it_is_put(tmp_path: Path, event: Event) -> None:
    with SessionWriter(tmp_path, SESSION) as writer:
        with pytest.raises(ValueError):
            writer.put(event)
        writer.put(EVENTS[0])
    assert read_session(writer.path).events == EVENTS[:1]


ENDLESS_RECORDER = """
import sys
from pathlib import Path
from interbeat_collector.events import Packet, Session
from interbeat_collector.session_file import SessionWriter

session = Session("killed", "recorded", "", {"a": "A", "b": "B"}, {"a": {}, "b": {}}, "")
writer = SessionWriter(Path(sys.argv[1]), session)
for number in range(1_000_000):
    writer.put(Packet(float(number), "a", "heart_rate", number.to_bytes(4, "big")))
    writer.flush().result()
    print(number, flush=True)
"""


@pytest.mark.parametrize("instant", range(10))
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, instant: int) -> None:
    recorder = subprocess.Popen(
        [sys.executable, "-c", ENDLESS_RECORDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert recorder.stdout is not None
    with recorder, recorder.stdout:
        first = recorder.stdout.readline()
        threading.Event().wait(random.Random(instant).uniform(0.0, 0.2))
        recorder.kill()
        acknowledged = [first, *recorder.stdout.readlines()]
    recording = read_session(tmp_path / "killed.interbeat")
    saved = [int.from_bytes(event.data, "big") for event in recording.events]  # type: ignore[union-attr]
    assert saved == list(range(len(saved)))
    assert len(saved) >= len([line for line in acknowledged if line.endswith("\n")]) > 0
    assert recording.end is None


@contextmanager
def full_disk(limit_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond the limit."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_reported_and_what_was_saved_stays_readable(tmp_path: Path) -> None:
    packet = Packet(7.0, "a", "heart_rate", bytes(200))
    writer = SessionWriter(tmp_path, SESSION)
    acknowledged = 0
    with full_disk(150_000):
        future = writer.flush()
        for _ in range(1000):
            writer.put(packet)
            future = writer.flush()
            if future.exception(timeout=10):
                break
            acknowledged += 1
        assert writer.error is future.exception()
        with pytest.raises(SessionWriteError) as put_error:
            writer.put(packet)
        with pytest.raises(SessionWriteError):
            writer.flush()
        with pytest.raises(SessionWriteError):
            writer.close()
    message = str(put_error.value)
    assert str(writer.path) in message
    assert "Events up to 7.0 s are saved. Make room on the disk" in message
    assert "\n" not in message
    recording = read_session(writer.path)
    assert recording.events == (packet,) * acknowledged
    assert acknowledged == writer.saved_count > 5


def test_a_file_in_the_way_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(SessionWriteError) as error:
        SessionWriter(tmp_path / "data", SESSION)
    message = str(error.value)
    assert str(tmp_path / "data") in message
    assert "--data-dir" in message
    assert "INTERBEAT_DATA" in message
    assert "\n" not in message


def test_a_session_never_overwrites_another(tmp_path: Path) -> None:
    path = record(tmp_path)
    before = path.read_bytes()
    with pytest.raises(SessionWriteError, match="File exists"):
        SessionWriter(tmp_path, SESSION)
    assert path.read_bytes() == before


def test_a_disk_that_is_full_from_the_start_leaves_no_file(tmp_path: Path) -> None:
    with full_disk(3000), pytest.raises(SessionWriteError, match="--data-dir"):
        SessionWriter(tmp_path, SESSION)
    assert list(tmp_path.iterdir()) == []


def test_a_session_cut_by_a_power_failure_is_read_to_its_last_commit(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with SessionWriter(tmp_path / "live", SESSION) as writer:
        for event in EVENTS:
            writer.put(event)
        writer.flush().result(timeout=10)
        path = crash(writer, left)
    assert (left / (path.name + "-wal")).stat().st_size > 0
    before = path.read_bytes()
    assert read_session(path).events == EVENTS
    assert read_header(path).size_bytes > path.stat().st_size
    assert path.read_bytes() == before


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take the right to write away, also from root."""
    for part in (*folder.iterdir(), folder):
        part.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
@pytest.mark.parametrize("beside", [("-wal", "-shm"), ("-wal",), ()])
def test_a_session_opens_in_a_read_only_folder(beside: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not beside:
            path = record(folder)
        else:
            live = folder / "live"
            with SessionWriter(live, SESSION) as writer:
                for event in EVENTS:
                    writer.put(event)
                writer.flush().result(timeout=10)
                for ending in ("", *beside):
                    part = writer.path.name + ending
                    (folder / part).write_bytes((live / part).read_bytes())
            delete_session(writer.path)
            live.rmdir()
            path = folder / writer.path.name
        with read_only(folder):
            files = sorted(folder.iterdir())
            with pytest.raises(PermissionError):
                (folder / "new").touch()
            assert read_session(path).events == EVENTS
            assert read_header(path).ended
            assert sorted(folder.iterdir()) == files


def test_a_live_file_without_its_wal_keeps_its_header(tmp_path: Path) -> None:
    with SessionWriter(tmp_path, SESSION) as writer:
        lone = tmp_path / "lone.interbeat"
        lone.write_bytes(writer.path.read_bytes())
    assert read_header(lone).session == SESSION


def test_deleting_leaves_no_byte_of_a_name(tmp_path: Path) -> None:
    planted = "Zaphod-Beeblebrox"
    keep = record(tmp_path, session=replace(SESSION, id="other"))
    session = replace(SESSION, labels={"a": planted, "b": "B"})
    live = tmp_path / "live"
    live.mkdir()
    with SessionWriter(tmp_path, session) as writer:
        writer.put(Marker(1.0, 1.0, f"{planted} laughs"))
        writer.flush().result(timeout=10)
        crashed = crash(writer, live)
    (live / (crashed.name + "-shm")).write_bytes(planted.encode())
    for path in (writer.path, crashed):
        assert planted.encode() in path.read_bytes()
        delete_session(path)
    assert not list(live.iterdir())
    assert sorted(tmp_path.iterdir()) == sorted([keep, live])
    assert planted.encode() not in keep.read_bytes()


def test_deleting_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotASession, match="does not exist: nothing was deleted"):
        delete_session(tmp_path / "none.interbeat")
    with pytest.raises(SessionFileError, match="could not be deleted"):
        delete_session(tmp_path)


def make_foreign_database(path: Path) -> None:
    with sqlite_shell(path) as connection:
        connection.execute("CREATE TABLE cookies (name)")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist. Check the name"),
        (Path.mkdir, "is a folder. Name one .interbeat file"),
        (Path.touch, "is empty: its recording never began. Delete it"),
        (lambda path: path.write_text("rr_ms\n800\n"), "is not a session, nor a database at all"),
        (lambda path: path.write_bytes(b"SQLite"), "is not a session, nor a database at all"),
        (make_foreign_database, "is a database of another program (application_id 0x0)"),
    ],
)
@pytest.mark.parametrize("read", [read_session, read_header])
def test_what_is_no_session_is_named(
    tmp_path: Path,
    make: Callable[[Path], object],
    words: str,
    read: Callable[[Path], object],
) -> None:
    path = tmp_path / "x.interbeat"
    make(path)
    with pytest.raises(NotASession) as error:
        read(path)
    assert str(path) in str(error.value)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("read", [read_session, read_header])
def test_a_newer_format_asks_for_an_update(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = record(tmp_path)
    with sqlite_shell(path) as connection:
        connection.execute("PRAGMA user_version = 4")
    with pytest.raises(NewerSession, match=r"format 4, this interbeat reads up to 3\. Update"):
        read(path)


def test_a_locked_session_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interbeat_collector.session_file.READ_TIMEOUT_S", 0.1)
    path = record(tmp_path)
    with sqlite_shell(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SessionFileError, match="is locked by another program") as error:
            read_session(path)
    assert not isinstance(error.value, DamagedSession)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_cut_file_is_damaged(tmp_path: Path, share: float) -> None:
    path = record(tmp_path, EVENTS * 200)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(16, int(len(whole) * share))])
    for read in (read_session, read_header):
        with pytest.raises(DamagedSession, match=r"\.interbeat is damaged: ") as error:
            read(path)
        assert "\n" not in str(error.value)


def test_a_page_of_noise_is_damaged(tmp_path: Path) -> None:
    path = record(tmp_path, EVENTS * 200)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2 // 4096 * 4096
    whole[middle : middle + 4096] = random.Random(1).randbytes(4096)
    path.write_bytes(whole)
    with pytest.raises(DamagedSession):
        read_session(path)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DROP TABLE event", "no such table: event"),
        ("DROP TABLE session", "no such table: session"),
        ("ALTER TABLE event RENAME COLUMN data TO datum", "no such column: data"),
        ("DELETE FROM session WHERE key = 'labels'", "its header has labels = 'None'"),
        ("UPDATE session SET value = 'x' WHERE key = 'id'", "its header has id = 'x'"),
        ("UPDATE session SET value = '3' WHERE key = 'software'", "software = '3'"),
        ("UPDATE session SET value = '{\"c\": \"C\"}' WHERE key = 'labels'", "labels = "),
        ("UPDATE session SET value = '{\"a\": 3}' WHERE key = 'labels'", "labels = "),
        ("UPDATE session SET value = '{\"a\": 3}' WHERE key = 'straps'", "straps = "),
        ("UPDATE session SET value = x'00ff' WHERE key = 'straps'", "straps = "),
        ("UPDATE event SET kind = 'dance' WHERE seq = 10", "row 10 of its events ('dance'"),
        ("UPDATE event SET t_s = 'noon' WHERE seq = 10", "row 10 of its events ('end' at noon s)"),
        ("UPDATE event SET data = '{' WHERE seq = 10", "row 10"),
        ("UPDATE event SET data = '[]' WHERE seq = 10", "row 10"),
        ("UPDATE event SET data = x'00' WHERE seq = 10", "row 10"),
        ("UPDATE event SET data = '{\"reason\": 3}' WHERE seq = 10", "row 10"),
        ("UPDATE event SET kind = 'heart_rate' WHERE seq = 10", "row 10"),
        ("UPDATE event SET kind = 'link', partner = 'c' WHERE seq = 10", "row 10"),
        ("UPDATE event SET kind = 'device', data = '{model: 3}' WHERE seq = 10", "row 10"),
        (
            """UPDATE event SET kind = 'link', partner = 'a',
               data = '{"state": "dancing", "reason": ""}' WHERE seq = 10""",
            "row 10",
        ),
        (
            """UPDATE event SET kind = 'mark',
               data = '{"at_s": "noon", "label": ""}' WHERE seq = 10""",
            "row 10",
        ),
        (
            """UPDATE event SET kind = 'speech', partner = 'a',
               data = '{"at_s": 1.0, "on": 1, "source": "key"}' WHERE seq = 10""",
            "row 10",
        ),
    ],
)
def test_a_row_that_makes_no_sense_is_named(tmp_path: Path, sql: str, words: str) -> None:
    path = record(tmp_path)
    with sqlite_shell(path) as connection:
        connection.execute(sql)
    for read in (read_session, read_header):
        with pytest.raises(DamagedSession) as error:
            read(path)
        assert str(path) in str(error.value)
        assert words in str(error.value)
        assert "\n" not in str(error.value)


def test_the_header_is_json_in_the_order_of_its_documentation(tmp_path: Path) -> None:
    with sqlite_shell(record(tmp_path)) as connection:
        rows = dict(connection.execute("SELECT key, value FROM session"))
    assert {key: json.loads(value) for key, value in rows.items()} == {
        key: getattr(SESSION, key)
        for key in ("id", "kind", "started_utc", "labels", "straps", "software", "settings")
    }
