"""Eight hours of two straps through everything behind the radio, in minutes.

    python3 run.py test tests/soak -m soak -s

Real GATT in memory, bleak, the collector, the session file, the live engine and a page that
watches, on a virtual clock. A connection is lost every quarter of an hour.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import sys
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from interbeat_collector.events import PARTNERS, Link, Packet
from interbeat_collector.heart_rate import decode
from interbeat_collector.radio import Radio
from interbeat_collector.session_file import Recording, SessionWriter, read_session
from interbeat_collector.strap import Strap
from interbeat_server.desk import new_session
from interbeat_server.hub import Viewer
from interbeat_server.runs import StrapRun
from virtual_time import VirtualClock, run
from worn_straps import STRAP_A, STRAP_B, Room, room

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="reads its memory from /proc"),
]

HOURS = 8
HOUR_S = 3600.0
WARM_UP_HOURS = 1
"""Until the history for late viewers is full and every kind of event has happened."""
MAX_GROWTH_MB = 5.0
LOSSES_PER_HOUR = 4


class Sample(NamedTuple):
    """What the program holds after a full hour."""

    hour: int
    resident_mb: float
    blocks: int
    """Objects that Python holds."""
    tasks: int
    frames: int


async def soak(folder: Path) -> tuple[list[Sample], Recording, dict[str, int]]:
    async with room(STRAP_A, STRAP_B, keep_log=False) as here:
        radio = Radio(here.central.backend())
        straps = {
            partner: Strap(
                partner, wearer.id, radio, here.clock, lambda _: None, ecg=partner == "a"
            )
            for partner, wearer in zip(PARTNERS, here.wearers, strict=True)
        }
        session = new_session({"a": {}, "b": {}}, kind="recorded")
        writer = SessionWriter(folder, session)
        live = StrapRun(session, straps, writer, clock=VirtualClock)
        driving = asyncio.create_task(live.drive())
        viewer, _ = live.hub.join()
        watching = asyncio.create_task(watch(viewer))
        samples = []
        for hour in range(1, HOURS + 1):
            await lose_connections(here, hour)
            # Between two frames, for while one is made it has tasks of its own.
            await here.clock.sleep_until(hour * HOUR_S + 0.1)
            samples.append(sample(hour, live))
            print(samples[-1], flush=True)
        await live.stop()
        viewer.close()
        await asyncio.gather(driving, watching)
        sent = {p: w.strap.rr_sent for p, w in zip(PARTNERS, here.wearers, strict=True)}
        assert live.error is None
        return samples, read_session(writer.path), sent


async def watch(viewer: Viewer) -> None:
    """A page that reads all it is sent."""
    while await viewer.take():
        pass


async def lose_connections(here: Room, hour: int) -> None:
    """Drop or carry away each strap in turn; all is well again long before the hour is full."""
    random = Random(hour)
    for number in range(LOSSES_PER_HOUR):
        await here.clock.sleep_until((hour - 1 + (number + 0.5) / (LOSSES_PER_HOUR + 1)) * HOUR_S)
        wearer = here.wearers[number % 2]
        if number < 2:
            await wearer.strap.drop()
        else:
            wearer.leave()
            await asyncio.sleep(random.uniform(3, 60))
            wearer.come_back()


def sample(hour: int, live: StrapRun) -> Sample:
    gc.collect()
    frames = round(live.now_s * 4) + 1
    return Sample(hour, resident_mb(), sys.getallocatedblocks(), len(asyncio.all_tasks()), frames)


def resident_mb() -> float:
    """What the system has given to the process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture(scope="module")
def soaked(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[Sample], Recording, dict[str, int]]:
    # This is no hang, and takes longer than pytest lets a test hang.
    faulthandler.cancel_dump_traceback_later()
    return run(soak(tmp_path_factory.mktemp("soak")))


def test_memory_does_not_grow(soaked: tuple[list[Sample], Recording, dict[str, int]]) -> None:
    samples, _, _ = soaked
    growth_mb = samples[-1].resident_mb - samples[WARM_UP_HOURS - 1].resident_mb
    assert growth_mb < MAX_GROWTH_MB


def test_no_task_is_left_behind(soaked: tuple[list[Sample], Recording, dict[str, int]]) -> None:
    samples, _, _ = soaked
    assert len({each.tasks for each in samples}) == 1


def test_a_frame_came_every_quarter_of_a_second(
    soaked: tuple[list[Sample], Recording, dict[str, int]],
) -> None:
    samples, _, _ = soaked
    assert [each.frames for each in samples] == [
        pytest.approx(4 * HOUR_S * each.hour, abs=2) for each in samples
    ]


def test_the_file_holds_all_of_it(
    soaked: tuple[list[Sample], Recording, dict[str, int]],
) -> None:
    _, recording, sent = soaked
    assert recording.end is not None
    for partner in PARTNERS:
        own = [event for event in recording.events if getattr(event, "partner", None) == partner]
        packets = [e for e in own if isinstance(e, Packet) and e.kind == "heart_rate"]
        stored = sum(len(decode(packet.data).rr_ticks) for packet in packets)
        lost = [event for event in own if isinstance(event, Link) and event.state == "lost"]
        assert len(lost) == HOURS * LOSSES_PER_HOUR / 2
        # What is sent in the two seconds before a lost connection is noticed does not arrive.
        assert 0 <= sent[partner] - stored <= 4 * HOURS
    assert sum(isinstance(e, Packet) and e.kind == "polar" for e in recording.events) > 50_000
