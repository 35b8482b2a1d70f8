"""The running program: real processes, real sockets, Ctrl-C and kill -9."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from interbeat_collector.events import Marker, Packet
from interbeat_collector.session_file import SUFFIX, read_session
from program import Program, environment, free_port, interbeat, received


def only_session(folder: Path) -> Path:
    (path,) = folder.glob(f"*{SUFFIX}")
    return path


def test_ctrl_c_completes_the_recording_and_says_where_it_is(tmp_path: Path) -> None:
    with Program("demo", "--rate", "20", data=tmp_path, INTERBEAT_COMMAND="python3 run.py") as app:
        app.sign_in()
        with app.watch() as viewer:
            received(viewer, lambda m: m["type"] == "tick" and m["t_s"] > 10)
            assert app.ask_to_stop() == 0
    path = only_session(tmp_path)
    assert app.output[-2:] == [
        f"The recording is {path}",
        f"Replay it: python3 run.py replay {path}",
    ]
    recording = read_session(path)
    assert recording.end is not None
    assert recording.end.reason == "stopped"
    assert recording.duration_s > 10
    assert not list(tmp_path.glob("*-wal"))


def test_the_demo_ends_by_itself_after_its_duration(tmp_path: Path) -> None:
    done = interbeat(
        *("demo", "--rate", "60", "--duration-s", "20", "--no-browser"),
        *("--data-dir", str(tmp_path), "--port", str(free_port())),
    )
    assert (done.returncode, done.stderr) == (0, "")
    recording = read_session(only_session(tmp_path))
    assert recording.end is not None
    assert recording.duration_s == 20


def test_the_address_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    with Program("demo", data=tmp_path) as app:
        assert app.url.startswith(f"http://127.0.0.1:{app.port}/run/")
        assert " " not in app.url


def test_the_same_seed_records_the_same_packets(tmp_path: Path) -> None:
    packets = []
    for name in ("one", "two"):
        interbeat(
            *("demo", "--rate", "60", "--duration-s", "15", "--seed", "9", "--no-browser"),
            *("--data-dir", str(tmp_path / name), "--port", str(free_port())),
        )
        events = read_session(only_session(tmp_path / name)).events
        packets.append([event for event in events if isinstance(event, Packet)])
    assert len(packets[0]) > 20
    assert packets[0] == packets[1]


def test_killed_in_the_middle_the_session_opens_with_all_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    with Program("demo", "--rate", "10", data=tmp_path) as app:
        app.sign_in()
        with app.watch() as viewer:
            received(viewer, lambda m: m["type"] == "tick" and m["t_s"] > 5)
            viewer.send(json.dumps({"type": "mark", "id": 1, "label": "before", "at_s": None}))
            received(viewer, lambda m: m["type"] == "saved" and m["id"] == 1)
            saved = received(viewer, lambda m: m["type"] == "quality")["recording"]["saved_s"]
            app.process.kill()
            app.process.wait()
    recording = read_session(only_session(tmp_path))
    assert recording.end is None
    assert [e.label for e in recording.events if isinstance(e, Marker)] == ["before"]
    assert recording.duration_s >= saved > 0
    with Program(data=tmp_path) as again:
        again.sign_in()
        (entry,) = json.loads(again.request("GET", "/api/sessions")[2])["sessions"]
        assert (entry["state"], entry["run"], entry["error"]) == ("unexpected_end", None, None)
    shown = interbeat("analyze", str(only_session(tmp_path)), "--json")
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["partners"]["a"]["beats"] > 3


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = interbeat("demo", "--port", str(port), "--data-dir", str(tmp_path))
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert str(port) in refused.stderr
    assert "--port" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir()), "no empty session is left behind"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a POSIX system")
def test_an_unwritable_data_folder_is_one_line(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    for folder in (in_the_way, in_the_way / "below", Path("/proc/interbeat")):
        refused = interbeat("demo", "--no-browser", "--data-dir", str(folder))
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1, refused.stderr
        assert str(folder) in refused.stderr
        assert "--data-dir" in refused.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_full_disk_ends_the_recording_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    limited = (
        "import resource, signal, sys; from interbeat_server.cli import main; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000)); sys.exit(main())"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-c", limited, "demo", "--rate", "60", "--no-browser"),
            *("--data-dir", str(tmp_path), "--port", str(free_port())),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert read_session(only_session(tmp_path)).duration_s > 5


def test_a_second_viewer_sees_what_the_first_saw(tmp_path: Path) -> None:
    with Program("demo", "--rate", "10", data=tmp_path) as app:
        app.sign_in()
        with app.watch() as first:
            received(first, lambda m: m["type"] == "tick" and m["t_s"] >= 5)
            with app.watch() as late:
                hello = json.loads(late.recv(30))[0]
                assert (hello["type"], hello["resumed"]) == ("hello", False)
                tick = received(late, lambda m: m["type"] == "tick")
                assert tick["t_s"] == 0


def test_a_lost_connection_resumes_without_a_hole(tmp_path: Path) -> None:
    with Program("demo", "--rate", "10", data=tmp_path) as app:
        app.sign_in()
        with app.watch() as viewer:
            epoch = json.loads(viewer.recv(30))[0]["epoch"]
            last = received(viewer, lambda m: m["type"] == "tick" and m["t_s"] >= 3)["seq"]
        with app.watch(query=f"?epoch={epoch}&since={last}") as viewer:
            hello, *rest = json.loads(viewer.recv(30))
            while not rest:
                rest = json.loads(viewer.recv(30))
            assert hello["resumed"]
            assert rest[0]["seq"] == last + 1


def test_viewers_that_stop_reading_harm_nobody(tmp_path: Path) -> None:
    with Program("demo", "--rate", "60", data=tmp_path) as app:
        app.sign_in()
        stalled = [app.watch() for _ in range(2)]
        for viewer in stalled:
            viewer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with app.watch() as healthy:
            last_s, seen = 0.0, []
            while last_s < 300:
                for message in json.loads(healthy.recv(10)):
                    if "seq" in message:
                        seen.append(message["seq"])
                        last_s = message["t_s"]
        assert seen == list(range(seen[0], seen[0] + len(seen))), "not one message was missed"
        for viewer in stalled:
            viewer.socket.close()


def test_stopping_from_the_page_keeps_the_program_and_the_session(tmp_path: Path) -> None:
    with Program(data=tmp_path) as app:
        app.sign_in()
        labels = {"a": "Zoë <b>", "b": "李"}
        status, _, body = app.request("POST", "/api/sessions", {"labels": labels})
        assert status == 201
        run = json.loads(body)["run"]
        status, _, body = app.request("POST", "/api/sessions", {})
        assert status == 409, "one recording at a time"
        with app.watch(run) as viewer:
            hello = received(viewer, lambda m: m["type"] == "hello")
            assert hello["session"]["labels"] == labels
            received(viewer, lambda m: m["type"] == "tick" and m["t_s"] >= 1)
            viewer.send(json.dumps({"type": "stop"}))
            ended = received(viewer, lambda m: m["type"] == "state" and m["state"] == "ended")
            assert ended["file"] == str(only_session(tmp_path))
        (entry,) = json.loads(app.request("GET", "/api/sessions")[2])["sessions"]
        assert (entry["state"], entry["labels"]) == ("complete", labels)
        status, _, body = app.request("POST", f"/api/sessions/{entry['id']}/replay", {"rate": 60})
        assert status == 201
        with app.watch(json.loads(body)["run"]) as viewer:
            hello = received(viewer, lambda m: m["type"] == "hello")
            assert hello["mode"] == "replay"
            received(viewer, lambda m: m["type"] == "state" and m["state"] == "paused")
        assert app.request("DELETE", f"/api/sessions/{entry['id']}")[0] == 204
        assert list(tmp_path.iterdir()) == []
        assert app.request("DELETE", f"/api/sessions/{entry['id']}")[0] == 404
        assert app.ask_to_stop() == 0


def test_messages_that_make_no_sense_are_answered_and_change_nothing(tmp_path: Path) -> None:
    with Program("demo", data=tmp_path) as app:
        app.sign_in()
        with app.watch() as viewer:
            for nonsense in (
                *("{", "[]", "7", '{"type":"jump","t_s":1}', '{"type":"mark","label":""}'),
                *('{"type":"mark","label":"x","at_s":"now"}', '{"type":null}', "\x00"),
                *('{"type":"speech","partner":"c","on":true}', '{"type":"speech","partner":"a"}'),
            ):
                viewer.send(nonsense)
                answer = received(viewer, lambda m: m["type"] == "error")
                assert "\n" not in answer["message"]
            viewer.send(json.dumps({"type": "ping", "id": "p"}))
            pong = received(viewer, lambda m: m["type"] == "pong")
            assert pong["id"] == "p"
            assert pong["t_s"] > 0


def test_a_page_that_goes_away_stops_the_speech_it_began(tmp_path: Path) -> None:
    with Program("demo", data=tmp_path) as app:
        app.sign_in()
        with app.watch() as staying:
            with app.watch() as leaving:
                leaving.send(json.dumps({"type": "speech", "partner": "b", "on": True}))
                began = received(staying, lambda m: m["type"] == "speech")
            stopped = received(staying, lambda m: m["type"] == "speech")
        assert (began["partner"], began["on"]) == ("b", True)
        assert (stopped["partner"], stopped["on"]) == ("b", False)
        assert stopped["at_s"] > began["at_s"]


def test_replay_commands_move_the_recording(tmp_path: Path) -> None:
    interbeat(
        *("demo", "--rate", "60", "--duration-s", "60", "--no-browser"),
        *("--data-dir", str(tmp_path), "--port", str(free_port())),
    )
    path = only_session(tmp_path)
    with Program("replay", str(path), "--rate", "4", data=tmp_path) as app:
        app.sign_in()
        with app.watch() as viewer:
            received(viewer, lambda m: m["type"] == "tick" and m["t_s"] > 1)
            viewer.send(json.dumps({"type": "pause"}))
            received(viewer, lambda m: m["type"] == "state" and m["state"] == "paused")
            viewer.send(json.dumps({"type": "jump", "t_s": 50}))
            hello = received(viewer, lambda m: m["type"] == "hello")
            assert (hello["epoch"], hello["resumed"]) == (2, False)
            assert hello["state"]["state"] == "paused"
            received(viewer, lambda m: m["type"] == "tick" and m["t_s"] == 50)
            for rate in (0.1, 61, "fast", None):
                viewer.send(json.dumps({"type": "rate", "rate": rate}))
                received(viewer, lambda m: m["type"] == "error")
            viewer.send(json.dumps({"type": "rate", "rate": 60}))
            viewer.send(json.dumps({"type": "play"}))
            received(viewer, lambda m: m["type"] == "tick" and m["t_s"] == 60)
        assert app.ask_to_stop() == 0


def test_no_such_run_is_said(tmp_path: Path) -> None:
    with Program(data=tmp_path) as app:
        app.sign_in()
        with app.watch("nowhere") as viewer, pytest.raises(ConnectionClosed) as closed:
            viewer.recv(10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4404


def test_nothing_is_sent_to_a_collector_that_the_environment_names(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as collector:
        collector.settimeout(3)
        endpoint = f"http://127.0.0.1:{collector.getsockname()[1]}"
        with Program(
            "demo",
            data=tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
            FASTAPI_OTEL_AUTO_CONFIGURE="true",
        ) as app:
            app.sign_in()
            app.request("GET", "/api/sessions")
            app.request("POST", "/api/sessions", {"coupling": 9})
            with pytest.raises(TimeoutError):
                collector.accept()


def test_the_start_path_stays_light() -> None:
    heavy = ["neurokit2", "pandas", "matplotlib", "scipy.signal", "plotly", "bleak"]
    names = ["app", "cli", "desk", "serve", "sources", "analyze", "table"]
    code = "\n".join(
        [
            "import sys",
            *(f"import interbeat_server.{name}" for name in names),
            f"print([name for name in {heavy!r} if name in sys.modules])",
        ]
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert found.stdout.strip() == "[]"


def test_an_older_reader_of_sqlite_can_count_the_packets(tmp_path: Path) -> None:
    interbeat(
        *("demo", "--rate", "60", "--duration-s", "10", "--no-browser"),
        *("--data-dir", str(tmp_path), "--port", str(free_port())),
    )
    path = only_session(tmp_path)
    connection = sqlite3.connect(path)
    counted = connection.execute("SELECT count(*) FROM event WHERE partner = 'a'").fetchone()[0]
    connection.close()
    events = read_session(path).events
    assert counted == sum(getattr(event, "partner", None) == "a" for event in events)


def test_two_programs_share_a_data_folder(tmp_path: Path) -> None:
    with Program("demo", "--rate", "10", data=tmp_path) as recording:
        recording.sign_in()
        with recording.watch() as viewer:
            received(viewer, lambda m: m["type"] == "quality" and m["recording"]["saved_s"] > 1)
        with Program(data=tmp_path) as other:
            other.sign_in()
            sessions = json.loads(other.request("GET", "/api/sessions")[2])["sessions"]
            assert len(sessions) == 1
            assert sessions[0]["duration_s"] > 0
            assert other.ask_to_stop() == 0
        assert recording.ask_to_stop() == 0
    assert read_session(only_session(tmp_path)).end is not None
