"""The comparison of the validation protocol, on a strap whose log we write ourselves."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from itertools import accumulate
from pathlib import Path
from random import Random

import pytest

from interbeat_collector.events import Link, Packet, Session
from interbeat_collector.heart_rate import TICKS_PER_S, decode
from interbeat_collector.session_file import SessionWriter
from interbeat_collector.virtual_strap import strap_packets

ROOT = Path(__file__).parents[2]
OTHER_CLOCK_S = 1000.0
"""The bench strap counts its seconds from another start."""


@pytest.fixture
def sent() -> tuple[list[float], list[Packet]]:
    random = Random(5)
    beat_s = list(accumulate((random.gauss(0.8, 0.06) for _ in range(400)), initial=0.4))
    return beat_s, list(strap_packets("a", beat_s, seed=5, loss=0.0))


def write_log(path: Path, beat_s: list[float], packets: list[Packet]) -> Path:
    ticks = [rr for packet in packets for rr in decode(packet.data).rr_ticks]
    rows = [
        "# Bench strap 5, C0:00:00:00:00:05, 2026-01-01T00:00:00Z",
        "sent_s,beat_s,rr_ticks,fate",
    ]
    rows += [
        f"{OTHER_CLOCK_S + t_s + 0.5:.6f},{OTHER_CLOCK_S + t_s:.6f},{rr},sent"
        for t_s, rr in zip(beat_s[1:], ticks, strict=True)
    ]
    rows.append(f"9999.0,9998.5,{TICKS_PER_S},unheard")
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def write_session(folder: Path, packets: list[Packet]) -> Path:
    straps: dict[str, dict[str, str]] = {"a": {}, "b": {}}
    session = Session("compared", "simulated", "2026", {"a": "A", "b": "B"}, straps, "test")  # type: ignore[arg-type]
    with SessionWriter(folder, session) as writer:
        writer.put(Link(0.0, "a", "connecting"))
        writer.put(Link(0.0, "a", "streaming"))
        for packet in packets:
            writer.put(packet)
    return writer.path


def compare(log: Path, session: Path) -> tuple[int, dict[str, str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folders = settings["tool"]["pytest"]["ini_options"]["pythonpath"]
    result = subprocess.run(
        [sys.executable, ROOT / "hardware" / "compare_with_truth.py", log, session],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in folders)},
        capture_output=True,
        text=True,
    )
    assert result.stderr == ""
    return result.returncode, {line[:19].strip(): line[19:] for line in result.stdout.splitlines()}


def test_a_whole_session_has_nothing_missing_and_beats_close_to_the_log(
    tmp_path: Path, sent: tuple[list[float], list[Packet]]
) -> None:
    beat_s, packets = sent
    code, said = compare(
        write_log(tmp_path / "log.csv", beat_s, packets), write_session(tmp_path, packets)
    )
    assert code == 0
    assert (said["sent while heard"], said["stored"]) == ("400", "400")
    assert (said["missing"], said["more than sent"]) == ("0", "0")
    p99_ms = float(said["beat-time error"].partition("p99 ")[2].partition(" ms")[0])
    assert p99_ms < 40


def test_a_lost_packet_and_intervals_of_another_strap_are_counted(
    tmp_path: Path, sent: tuple[list[float], list[Packet]]
) -> None:
    beat_s, packets = sent
    lost = next(p for p in packets[100:] if len(decode(p.data).rr_ticks) == 1)
    foreign = Packet(packets[-1].t_s + 1, "a", "heart_rate", bytes.fromhex("10 3c 39 05"))
    kept = [packet for packet in packets if packet is not lost] + [foreign]
    code, said = compare(
        write_log(tmp_path / "log.csv", beat_s, packets), write_session(tmp_path, kept)
    )
    assert code == 1
    assert (said["missing"], said["more than sent"]) == ("1", "1")
