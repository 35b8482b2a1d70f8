"""Records virtual straps again and again, each time killed (SIGKILL) at a random instant.

    python killed_recorders.py FOLDER COUNT SEED

Everything is imported once and each recorder is forked, so that fifty take some seconds. Prints
one JSON line for each: its folder and how many heart-rate packets of the session were acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import virtual_time
from air import World
from interbeat_collector.events import PARTNERS, Event, Packet, Session
from interbeat_collector.session_file import SessionWriter

SESSION = Session("killed", "simulated", "", {"a": "A", "b": "B"}, {"a": {}, "b": {}}, "")


async def record(folder: Path, acknowledge: int) -> None:
    """Record two straps that drop now and then; write a byte for each packet on the disk."""
    writer = SessionWriter(folder, SESSION)
    world = World(copies_after_reconnect=True)

    def sink(event: Event) -> None:
        writer.put(event)
        if isinstance(event, Packet) and event.kind == "heart_rate":
            writer.flush().result()
            os.write(acknowledge, b".")

    for p in PARTNERS:
        strap = world.strap(p)
        strap.hand_over(p, world.clock, sink)
        strap.start()
    while True:
        await asyncio.sleep(20)
        world.worn[random.choice(PARTNERS)].drop()


def killed(folder: Path, after_s: float) -> int:
    """Fork a recorder and kill it; returns the number of acknowledged packets."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            virtual_time.run(record(folder, writing))
        finally:
            os._exit(1)
    os.close(writing)
    acknowledged = len(os.read(reading, 1))
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        return acknowledged + len(pipe.read())


def main() -> None:
    root, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    random.seed(seed)
    for number in range(count):
        folder = root / str(number)
        folder.mkdir()
        acknowledged = killed(folder, random.uniform(0.0, 0.1))
        print(json.dumps({"folder": str(folder), "acknowledged": acknowledged}), flush=True)


if __name__ == "__main__":
    main()
