"""How fast notifications of a strap are read."""

from __future__ import annotations

from importlib.util import find_spec
from operator import itemgetter
from random import Random
from struct import unpack_from
from typing import Any

import numpy as np

from harness import Benchmark, Case, each
from interbeat_collector import polar
from interbeat_collector.heart_rate import HeartRateMeasurement, decode, encode

PEERS = ["bleakheart", "polar-python"]
HEART_RATE_PACKETS = 100_000
FRAMES = 10_000
GOAL_PACKETS_PER_S = 200_000
PACKETS_PER_S = 2.0
"""Two straps, each about once a second."""
FRAMES_PER_S = 2 * 130 / polar.ECG_SAMPLES_IN_FRAME


def benchmarks(size: float) -> list[Benchmark]:
    return [heart_rate(size), ecg_frames(size)]


def heart_rate(size: float) -> Benchmark:
    packets = heart_rate_packets(max(1, int(HEART_RATE_PACKETS * size)))
    peers = [Case("a plain struct loop", lambda: each(by_struct, packets), "no contact")]
    if find_spec("bleakheart"):
        peers.append(
            Case("bleakheart", with_bleakheart(packets), "rounds to ms, raises on short packets")
        )
    if find_spec("polar_python"):
        peers.append(
            Case("polar-python", with_polar_python(packets), "reads no flags: Polar straps only")
        )
    return Benchmark(
        "Heart rate packets",
        "packets",
        len(packets),
        Case("interbeat", lambda: each(decode, packets)),
        peers,
        Case(
            "physical estimate",
            lambda: each(itemgetter(0), packets),
            "reads one byte of each packet",
        ),
        PACKETS_PER_S,
        GOAL_PACKETS_PER_S,
    )


def heart_rate_packets(count: int) -> list[bytes]:
    """What a strap sends: none to three intervals a packet, contact known or not."""
    random = Random(1)
    return [
        encode(
            HeartRateMeasurement(
                random.randrange(45, 180),
                tuple(
                    random.randrange(400, 1300) for _ in range(random.choice([0, 1, 1, 1, 2, 3]))
                ),
                random.choice([None, True]),
            )
        )
        for _ in range(count)
    ]


def by_struct(data: bytes) -> tuple[int, list[int]]:
    flags = data[0]
    if flags & 1:
        (hr_bpm,) = unpack_from("<H", data, 1)
        at = 3
    else:
        hr_bpm = data[1]
        at = 2
    if flags & 8:
        at += 2
    rr_ticks = []
    while at + 1 < len(data):
        rr_ticks.append(unpack_from("<H", data, at)[0])
        at += 2
    return hr_bpm, rr_ticks


def with_bleakheart(packets: list[bytes]) -> Any:
    from bleakheart import HeartRate

    reader = HeartRate(None, callback=print)
    return lambda: each(reader._decode, packets)


def with_polar_python(packets: list[bytes]) -> Any:
    from polar_python.parsers.hr import parse_hr_data

    return lambda: each(parse_hr_data, packets)


def ecg_frames(size: float) -> Benchmark:
    frames = polar_frames(max(1, int(FRAMES * size)))
    peers = [Case("a plain int.from_bytes loop", lambda: each(by_loop, frames))]
    if find_spec("bleakheart"):
        peers.append(Case("bleakheart", frames_with_bleakheart(frames), "no time stamp"))
    if find_spec("polar_python"):
        peers.append(Case("polar-python", frames_with_polar_python(frames)))
    return Benchmark(
        "ECG frames of 73 samples",
        "frames",
        len(frames),
        Case("interbeat", lambda: each(polar.decode_frame, frames)),
        peers,
        Case(
            "physical estimate",
            lambda: each(lambda frame: np.frombuffer(frame, np.uint8).astype(np.int64), frames),
            "copies the bytes into an array",
        ),
        FRAMES_PER_S,
    )


def polar_frames(count: int) -> list[bytes]:
    rng = np.random.default_rng(1)
    shape = (count, polar.ECG_SAMPLES_IN_FRAME)
    samples = rng.normal(0, 400, shape).astype(int)
    return [polar.encode_frame("ecg", n * 561_538_462, row) for n, row in enumerate(samples)]


def by_loop(data: bytes) -> tuple[int, list[int]]:
    starts = range(10, len(data) - 2, 3)
    samples = [int.from_bytes(data[i : i + 3], "little", signed=True) for i in starts]
    return int.from_bytes(data[1:9], "little"), samples


def frames_with_bleakheart(frames: list[bytes]) -> Any:
    from bleakheart import PolarMeasurementData

    reader = PolarMeasurementData(None, callback=print)
    return lambda: each(reader._decode_ecg_data, frames)


def frames_with_polar_python(frames: list[bytes]) -> Any:
    from polar_python.parsers.polar import parse_polar_data

    return lambda: each(lambda frame: parse_polar_data(frame, lambda kind: None), frames)
