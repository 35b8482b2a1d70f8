"""Every benchmark runs, at a hundredth of its size; how fast is for `run.py bench` to say."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
NAMES = sorted(
    path.stem for path in BENCHMARKS.glob("*.py") if path.stem not in ("__main__", "harness")
)


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folders = settings["tool"]["pytest"]["ini_options"]["pythonpath"]
    checkout = {"PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in folders)}
    command = [sys.executable, "-P", "-X", "utf8", BENCHMARKS, *arguments]
    return subprocess.run(command, env=os.environ | checkout, capture_output=True, text=True)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_prints_a_table_with_peers_and_estimate(name: str) -> None:
    result = bench(name, "--quick")

    assert result.returncode == 0, result.stderr
    rows = [line.split(" | ")[0] for line in result.stdout.splitlines() if line[:2] == "| "]
    sections = result.stdout.count("\n\n| case |")
    assert rows.count("| interbeat") == rows.count("| physical estimate") == sections > 0
    assert len(rows) > 3 * sections, "each section has a head, ours, the estimate and a peer"


def test_a_run_leaves_one_table_a_name(tmp_path: Path) -> None:
    result = bench("session_writer", "--repeats", "1", "--out", tmp_path)

    assert result.returncode == 0, result.stderr
    (written,) = tmp_path.iterdir()
    text = written.read_text("utf-8")
    assert written.name == "session_writer.md"
    assert "`python3 run.py bench session_writer`, 1 repeats after one to warm up" in text
    assert "| interbeat |" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["decodr"], "no benchmark is called 'decodr': choose of beat_clock, decoder,"),
        (["--repeats", "0"], "--repeats 0: give 1 or more"),
    ],
)
def test_a_wrong_call_is_told_what_is_allowed(arguments: list[str], words: str) -> None:
    result = bench(*arguments)

    assert result.returncode == 2
    assert words in result.stderr


def test_every_written_table_belongs_to_a_benchmark() -> None:
    assert {path.stem for path in (BENCHMARKS / "results").glob("*.md")} == set(NAMES)
