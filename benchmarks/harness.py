"""Measure cases side by side in one process, and write what came out as a table."""

from __future__ import annotations

import gc
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

CLOCK_STEP_S = 1e-6
"""Less than this no clock of a processor can tell."""


@dataclass(frozen=True)
class Case:
    """One way to do the work of a benchmark, `run` doing all of it once."""

    name: str
    run: Callable[[], object]
    remark: str = ""
    """In what it does more or less than ours."""
    share: float = 1.0
    """Part of the work that it is given, where all of it would take minutes: times are scaled."""


@dataclass(frozen=True)
class Benchmark:
    """The same work done by interbeat, by its peers, and by as little as could do it at all."""

    title: str
    unit: str
    """What is counted, in the plural: packets, frames, beats."""
    amount: int
    """How many of them one run goes through."""
    ours: Case
    peers: Sequence[Case]
    floor: Case
    """The physical estimate: what remains when the work itself costs nothing."""
    needed_per_s: float
    """What two straps ask for in real time."""
    goal_per_s: float | None = None

    @property
    def cases(self) -> list[Case]:
        return [self.ours, *self.peers, self.floor]


@dataclass(frozen=True)
class Timing:
    """Seconds of each repeat, warm-up left out."""

    wall_s: list[float]
    cpu_s: list[float]


def measure(benchmark: Benchmark, repeats: int) -> list[Timing]:
    """Time every case `repeats` times in turns, so that a busy machine disturbs all alike."""
    timings = [Timing([], []) for _ in benchmark.cases]
    for case in benchmark.cases:
        case.run()
    for _ in range(repeats):
        for case, timing in zip(benchmark.cases, timings, strict=True):
            wall_s, cpu_s = _timed(case.run)
            timing.wall_s.append(wall_s / case.share)
            timing.cpu_s.append(cpu_s / case.share)
    return timings


def _timed(run: Callable[[], object]) -> tuple[float, float]:
    gc.collect()
    gc.disable()
    try:
        wall_s, cpu_s = perf_counter(), process_time()
        run()
        return perf_counter() - wall_s, process_time() - cpu_s
    finally:
        gc.enable()


def each(step: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Take the step for each item and keep nothing: what is kept costs memory, not work."""
    for item in items:
        step(item)


def reached(benchmark: Benchmark, timings: Sequence[Timing]) -> bool:
    """Whether interbeat's median on one core, however busy the machine, is as fast as its goal."""
    goal_per_s = benchmark.goal_per_s
    return goal_per_s is None or benchmark.amount / median(timings[0].cpu_s) >= goal_per_s


def table(benchmark: Benchmark, timings: Sequence[Timing]) -> str:
    """A section in Markdown: one row a case, and what the columns are held against."""
    unit, amount = benchmark.unit, benchmark.amount
    lines = [
        f"## {benchmark.title}",
        "",
        f"| case | {unit}/s | middle half | on one core | CPU µs each | time against ours "
        "| of the physical estimate | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case, timing in zip(benchmark.cases, timings, strict=True):
        cpu_s = max(median(timing.cpu_s), CLOCK_STEP_S)
        slowest, fastest = (_number(amount / wall_s) for wall_s in _middle_half(timing.wall_s))
        cells = [
            case.name,
            _number(amount / median(timing.wall_s)),
            f"{slowest} to {fastest}",
            _number(amount / cpu_s),
            f"{1e6 * cpu_s / amount:.3g}",
            f"{_ratio(timing, timings[0]):.2f} x",
            f"{_number(100 * _ratio(timings[-1], timing))} %",
            case.remark,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    ours_s = median(timings[0].wall_s)
    times = amount / ours_s / benchmark.needed_per_s
    needed = (
        f"Two straps need {benchmark.needed_per_s:.2g} {unit}/s: interbeat has {_number(times)}"
    )
    lines += ["", f"{_number(amount)} {unit} a run. {needed} times that."]
    if benchmark.goal_per_s is not None:
        met = "reached" if reached(benchmark, timings) else "MISSED"
        lines[-1] += f" Goal: {_number(benchmark.goal_per_s)} {unit}/s on one core, {met}."
    return "\n".join(lines) + "\n"


def _ratio(timing: Timing, other: Timing) -> float:
    """Of times that were taken one after the other, so that both met the same machine."""
    return median(a / b for a, b in zip(timing.wall_s, other.wall_s, strict=True))


def _middle_half(values: list[float]) -> tuple[float, float]:
    """Third and first quartile, as slow comes before fast once they are rates."""
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = quantiles(values, n=4, method="inclusive")
    return third, first


def _number(value: float) -> str:
    """Three digits are all that a benchmark can tell."""
    digits = max(0, len(str(int(value))) - 3)
    return f"{round(value, -digits):,.0f}" if value >= 100 else f"{value:.2g}"


def machine(peers: Sequence[str]) -> str:
    """What the figures depend on, in a line."""
    computer = f"{platform.system()}, {_processor()}, {os.cpu_count()} cores"
    packages = ", ".join(f"{name} {_version(name)}" for name in ["numpy", *peers])
    if hasattr(os, "getloadavg"):
        computer += f" (load {os.getloadavg()[0]:.1f} at the start)"
    return f"Python {platform.python_version()} on {computer}; {packages}."


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
