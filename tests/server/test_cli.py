"""The command line: what it prints, and one line for every mistake."""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fast_clock import FastClock
from interbeat_collector.rr_file import read_rr
from interbeat_collector.session_file import SUFFIX, SessionWriter
from interbeat_collector.simulation import DyadSettings
from interbeat_server import cli
from interbeat_server.desk import new_session
from interbeat_server.runs import LiveRun
from interbeat_server.sources import recorded_hearts_session, simulated_session
from interbeat_server.validation.recordings import FOLDER

DATA = Path(__file__).parent.parent / "data"
RR_A = str(FOLDER / "rr" / "nsr009_5min.txt")
RR_B = str(FOLDER / "rr" / "bartels_rest_16min.txt")


@pytest.fixture(scope="module")
def session_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of two simulated people."""
    import asyncio

    async def record() -> Path:
        session, events = simulated_session(DyadSettings(seed=3, coupling=0.9))
        writer = SessionWriter(tmp_path_factory.mktemp("sessions"), session)
        await LiveRun(session, events, writer, duration_s=600, clock=FastClock).drive()
        return writer.path

    return asyncio.run(record())


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    try:
        code = cli.main(arguments)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_json_of_rr_lists_has_the_exact_values(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(["analyze", "--rr-a", RR_A, "--json"], capsys)
    document = json.loads(out)
    rr_ms = read_rr(Path(RR_A)) * 1000
    a = document["partners"]["a"]
    assert code == 0
    assert a["beats"] == len(rr_ms)
    assert a["rmssd_ms"] == pytest.approx(np.sqrt(np.mean(np.diff(rr_ms) ** 2)), rel=1e-9)
    assert a["sdnn_ms"] == pytest.approx(rr_ms.std(ddof=1), rel=1e-9)
    assert a["mean_hr_bpm"] == pytest.approx(60000 / rr_ms.mean(), rel=1e-9)
    assert document["duration_s"] == pytest.approx(rr_ms.sum() / 1000, rel=1e-12)
    assert document["partners"]["b"] is None
    assert document["synchrony"] is None


def test_the_reference_dyad_leads_by_two_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [line.split(",") for line in (DATA / "dyad_ref_rr.csv").read_text().splitlines()[1:]]
    opening_s = {}
    for person in "ab":
        own = [(float(t), float(rr)) for p, t, rr in rows if p == person]
        opening_s[person] = own[0][0] - own[0][1] / 1000
        (tmp_path / person).write_text("rr_ms\n" + "\n".join(f"{rr:g}" for _, rr in own))
    offset = opening_s["b"] - opening_s["a"]
    files = ["--rr-a", str(tmp_path / "a"), "--rr-b", str(tmp_path / "b")]
    _, out, _ = said(["analyze", *files, f"--offset-s={offset}", "--json"], capsys)
    synchrony = json.loads(out)["synchrony"]
    assert synchrony["best_lag_s"] == pytest.approx(2.0, abs=0.25)
    assert synchrony["mean_abs_z"] > synchrony["mean_z"] > 0


@pytest.mark.parametrize("offset_s", [-3.0, 0.0, 2.5])
def test_the_offset_moves_b_and_the_best_lag_with_it(
    offset_s: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--rr-a", RR_A, "--rr-b", RR_A]
    _, out, _ = said(["analyze", *files, f"--offset-s={offset_s}", "--json"], capsys)
    assert json.loads(out)["synchrony"]["best_lag_s"] == offset_s


def test_lists_that_never_overlap_give_null_and_no_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = ["--rr-a", RR_A, "--rr-b", RR_B, "--offset-s=5000"]
    code, out, err = said(["analyze", *files, "--json"], capsys)
    synchrony = json.loads(out)["synchrony"]
    assert (code, err) == (0, "")
    assert (synchrony["windows"], synchrony["mean_z"], synchrony["best_lag_s"]) == (0, None, None)
    _, out, _ = said(["analyze", *files], capsys)
    assert "Not enough clean data" in out


def test_a_session_and_its_table(session_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(["analyze", str(session_file), "--json"], capsys)
    document = json.loads(out)
    assert code == 0
    assert (document["version"], document["duration_s"]) == (1, 600.0)
    assert document["synchrony"]["best_lag_s"] == pytest.approx(2.0, abs=0.75)
    for partner in document["partners"].values():
        assert partner["beats"] > 500
        assert partner["artifact_share"] < 0.02
        assert 50 < partner["mean_hr_bpm"] < 100
    _, table, _ = said(["analyze", str(session_file)], capsys)
    assert "Ana" in table
    assert "10 min 00 s" in table
    assert f"{document['partners']['b']['rmssd_ms']:.1f} ms" in table


def test_a_session_is_found_by_its_id(
    session_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--data-dir", str(session_file.parent)]
    code, out, _ = said(["analyze", session_file.stem, *folder], capsys)
    assert code == 0
    assert session_file.stem in out


def test_recorded_hearts_keep_their_variability_through_the_straps(tmp_path: Path) -> None:
    import asyncio

    from interbeat_collector.session_file import read_session
    from interbeat_server.analyze import analyze, material_of
    from interbeat_server.recorded import heart_of_rr, material_of_rr

    async def record() -> Path:
        session, events = recorded_hearts_session(Path(RR_A), Path(RR_A))
        writer = SessionWriter(tmp_path, session)
        await LiveRun(session, events, writer, clock=FastClock).drive()
        return writer.path

    recording = read_session(asyncio.run(record()))
    assert recording.session.kind == "simulated"
    through = analyze(material_of(recording)).document["partners"]
    alone = material_of_rr({"a": heart_of_rr(read_rr(Path(RR_A)))})
    direct = analyze(alone).document["partners"]["a"]
    for p in "ab":
        assert direct["beats"] * 0.97 < through[p]["beats"] <= direct["beats"]
        assert through[p]["rmssd_ms"] == pytest.approx(direct["rmssd_ms"], rel=0.05)


def not_a_database(path: Path) -> None:
    path.write_text("a letter")


def empty(path: Path) -> None:
    path.touch()


def another_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cats (name)")
    connection.commit()
    connection.close()


BAD_CALLS = [
    (["dance"], "dance"),
    (["demo", "--rate", "100"], "60"),
    (["demo", "--rate", "nan"], "nan"),
    (["demo", "--coupling", "-0.1"], "-0.1"),
    (["demo", "--lag-s", "5.1"], "5"),
    (["demo", "--seed", "1.5"], "1.5"),
    (["demo", "--mode", "love"], "coregulate"),
    (["demo", "--turns", "loud"], "independent"),
    (["demo", "--gain", "1"], "--mode"),
    (["demo", "--mode", "mutual", "--gain", "9"], "5"),
    (["demo", "--rr-a", RR_A, "--rr-b", RR_B, "--mode", "mutual"], "--turns"),
    (["demo", "--duration-s", "0"], "0"),
    (["demo", "--port", "65536"], "65535"),
    (["demo", "--data-dir", ""], "--data-dir"),
    (["demo", "--rr-a", RR_A], "--rr-b"),
    (["demo", "--colour", "red"], "--colour"),
    (["scan", "--seconds", "0"], "120"),
    (["record", "--strap", "c=ID"], "c=ID"),
    (["record", "--strap", "a="], "a="),
    (["record", "--strap", "a=x", "--strap", "a=y"], "two for one"),
    (["record", "--name-a", " "], "40"),
    (["record", "--rate", "2"], "--virtual-straps"),
    (["record", "--virtual-straps", "--strap", "a=x", "--strap", "b=X"], "two different"),
    (["doctor", "--seconds", "1"], "600"),
    (["replay"], "FILE"),
    (["replay", "nowhere.interbeat"], "nowhere.interbeat"),
    (["replay", str(DATA)], "folder"),
    (["analyze"], "--rr-a"),
    (["analyze", "--rr-b", RR_B], "--rr-a"),
    (["analyze", "nowhere"], "nowhere"),
    (["analyze", "x", "--rr-a", RR_A], "not both"),
    (["analyze", "--rr-a", RR_A, "--rr-b", RR_B, "--offset-s", "soon"], "soon"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD_CALLS)
def test_a_mistake_is_answered_with_one_line(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(arguments, capsys)
    assert (code, out) == (2, "")
    assert err.startswith("interbeat: ")
    assert err.count("\n") == 1, err
    assert named in err


@pytest.mark.parametrize(
    "content",
    ["", "ana\n", "0.8\n-0.8\n", "800\n0\n", "800;810\n", "nan\n", "12\n13\n", "8e9\n8e9\n"],
)
@pytest.mark.parametrize("verb", ["analyze", "demo"])
def test_an_unusable_rr_file_is_one_line_and_records_nothing(
    verb: str, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text(content)
    folder = tmp_path / "data"
    arguments = [verb, "--rr-a", str(bad), "--rr-b", RR_B, "--data-dir", str(folder)]
    code, _, err = said(arguments, capsys)
    assert code == 2
    assert err.count("\n") == 1
    assert "bad.txt" in err
    assert not folder.exists()


@pytest.mark.parametrize("make", [not_a_database, empty, another_database])
@pytest.mark.parametrize("verb", ["analyze", "replay"])
def test_a_file_that_is_no_session_is_one_line(
    verb: str, make: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"x{SUFFIX}"
    assert callable(make)
    make(path)
    code, out, err = said([verb, str(path)], capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert path.name in err


def test_a_session_of_a_newer_version_is_named_as_such(
    session_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = tmp_path / f"newer{SUFFIX}"
    newer.write_bytes(session_file.read_bytes())
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    code, _, err = said(["analyze", str(newer)], capsys)
    assert code == 2
    assert "99" in err
    assert err.count("\n") == 1


def test_ctrl_c_while_modules_are_read_ends_the_command_quietly() -> None:
    code = (
        "import builtins, sys\n"
        "from interbeat_server.__main__ import main\n"
        "read = builtins.__import__\n"
        "def pressed(name, *rest):\n"
        "    if name == 'argparse': raise KeyboardInterrupt\n"
        "    return read(name, *rest)\n"
        "builtins.__import__ = pressed\n"
        "sys.modules.pop('argparse', None)\n"
        "sys.exit(main())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_straps_are_listed_and_examined_without_hardware(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = said(["scan", "--virtual-straps", "--seconds", "1", "--json"], capsys)
    straps = json.loads(out)["straps"]
    assert code == 0
    assert {"id", "name", "model", "rr", "rssi_dbm", "held", "battery_percent"} == set(straps[0])
    assert len(straps) >= 2


def test_the_doctor_ends_in_order_on_any_computer(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(["doctor", "--json"], capsys)
    assert (code, err) == (0, "")
    assert json.loads(out)["software"]["bleak"]


def test_the_doctor_listens_to_straps(capsys: pytest.CaptureFixture[str]) -> None:
    strap = "F0:00:00:00:00:01"
    arguments = ["--rate", "20", "--virtual-straps", "doctor", "--strap", strap, "--seconds", "5"]
    code, out, _ = said(arguments, capsys)
    assert code == 0
    assert "RR intervals" in out
    assert strap in out


def verbs() -> dict[str, argparse.ArgumentParser]:
    parser = cli.parser()
    actions = parser._actions
    (found,) = (a for a in actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_verb_has_help_an_example_and_a_place_in_the_docs(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said([verb, "--help"], capsys)
    assert code == 0
    assert f"Example: interbeat {verb}" in out
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", out)) - {"--help"}
    docs = Path(__file__).parent.parent.parent / "docs"
    page = (docs / "commands.md").read_text(encoding="utf-8")
    section = page.split(f"## interbeat {verb}\n")[1].split("\n## ")[0]
    everywhere = page.split("\n## interbeat demo\n")[0]
    for option in options:
        assert f"`{option}" in section or f"`{option}" in everywhere, option


def test_ids_of_sessions_sort_by_time_and_name_no_path() -> None:
    session = new_session({"a": {}, "b": {}})
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", session.id)
