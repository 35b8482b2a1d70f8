"""How fast events reach the disk for good, from the first put to the closed file."""

from __future__ import annotations

import json
import os
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import Benchmark, Case
from interbeat_collector.events import PARTNERS, Packet, Session
from interbeat_collector.session_file import SessionWriter

PEERS: list[str] = []
PACKETS = 50_000
PACKETS_PER_S = 2 * (1 + 130 / 73)
"""Two straps with heart rate once a second and ECG in frames of 73 samples."""

_folder = TemporaryDirectory(prefix="interbeat-bench-", ignore_cleanup_errors=True)
_numbers = count()


def benchmarks(size: float) -> list[Benchmark]:
    amount = max(1, int(PACKETS * size))
    packets = [
        Packet(
            n / 4,
            PARTNERS[n % 2],
            "heart_rate",
            bytes([0x16, 72, 0x55, n % 256, n // 256 % 256, 3]),
        )
        for n in range(amount)
    ]
    return [
        Benchmark(
            "Packets into a session file",
            "packets",
            amount,
            Case("interbeat", lambda: into_session(packets)),
            [Case("JSON lines, flushed one by one", lambda: into_lines(packets), "no fsync")],
            Case(
                "physical estimate",
                lambda: into_bytes(packets),
                "the same bytes in one write and one fsync",
            ),
            PACKETS_PER_S,
        )
    ]


def into_session(packets: list[Packet]) -> None:
    session = Session(
        id=f"bench-{next(_numbers)}",
        kind="simulated",
        started_utc="2026-01-01T00:00:00Z",
        labels={"a": "A", "b": "B"},
        straps={"a": {}, "b": {}},
        software="benchmark",
    )
    writer = SessionWriter(Path(_folder.name), session)
    for packet in packets:
        writer.put(packet)
    writer.close()


def into_lines(packets: list[Packet]) -> None:
    with (Path(_folder.name) / f"{next(_numbers)}.jsonl").open("w", buffering=1) as file:
        for packet in packets:
            line = [packet.t_s, packet.partner, packet.kind, packet.data.hex()]
            file.write(json.dumps(line) + "\n")


def into_bytes(packets: list[Packet]) -> None:
    with (Path(_folder.name) / f"{next(_numbers)}.bytes").open("wb") as file:
        file.write(b"".join(packet.data for packet in packets))
        file.flush()
        os.fsync(file.fileno())
