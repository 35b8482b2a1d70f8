"""Measure cases side by side in one process, and write what came out as a table."""

from __future__ import annotations

import gc
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

CLOCK_STEP_S = 1e-6
"""Less than this no clock of a processor can tell."""

SHORT_S = 0.02
"""Runs that take less are timed several in a row, so that what the others left in the caches of the
processor counts little; the first run of all costs up to twice as much."""


@dataclass(frozen=True)
class Case:
    """One way to do the work of a benchmark, `run` doing all of it once."""

    name: str
    run: Callable[[], object]
    remark: str = ""
    """In what it does more or less than ours."""
    share: float = 1.0
    """The part of the work that one run does, for peers that take minutes; times are scaled."""


@dataclass(frozen=True)
class Spent:
    """What a run that is a process of its own took; returned by its case."""

    wall_s: float
    cpu_s: float
    memory_mb: float


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
    needed_per_s: float | None = None
    """What two straps ask for in real time."""
    goal_per_s: float | None = None
    goal_times: float | None = None
    """How many times as fast as the first peer it should be."""
    goal_mb: float | None = None

    @property
    def cases(self) -> list[Case]:
        return [self.ours, *self.peers, self.floor]


@dataclass(frozen=True)
class Timing:
    """Seconds of each repeat, warm-up left out."""

    wall_s: list[float]
    cpu_s: list[float]
    memory_mb: list[float]
    """Only of cases that are a process of their own."""


def measure(benchmark: Benchmark, repeats: int) -> list[Timing]:
    """Time every case `repeats` times in turns, so that a busy machine disturbs all alike."""
    timings = [Timing([], [], []) for _ in benchmark.cases]
    in_a_row = []
    for case in benchmark.cases:
        case.run()
        again_s = max(_timed(case.run, 1).wall_s, CLOCK_STEP_S) if repeats > 1 else SHORT_S
        in_a_row.append(max(int(SHORT_S / again_s), 1))
    for _ in range(repeats):
        for case, timing, times in zip(benchmark.cases, timings, in_a_row, strict=True):
            spent = _timed(case.run, times)
            timing.wall_s.append(spent.wall_s / case.share)
            timing.cpu_s.append(spent.cpu_s / case.share)
            timing.memory_mb.append(spent.memory_mb)
    return timings


def _timed(run: Callable[[], object], times: int) -> Spent:
    gc.collect()
    gc.disable()
    try:
        wall_s, cpu_s = perf_counter(), process_time()
        for _ in range(times):
            told = run()
        wall_s, cpu_s = perf_counter() - wall_s, process_time() - cpu_s
        return told if isinstance(told, Spent) else Spent(wall_s / times, cpu_s / times, 0.0)
    finally:
        gc.enable()


def each(step: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Take the step for each item and keep nothing: what is kept costs memory, not work."""
    for item in items:
        step(item)


def reached(benchmark: Benchmark, timings: Sequence[Timing]) -> bool:
    """Whether interbeat's medians on one core, however busy the machine, keep its goals."""
    return all(met for _, met in _goals(benchmark, timings))


def _goals(benchmark: Benchmark, timings: Sequence[Timing]) -> Iterator[tuple[str, bool]]:
    """Each goal in words, and whether it was reached."""
    ours = timings[0]
    if (goal_per_s := benchmark.goal_per_s) is not None:
        per_s = benchmark.amount / max(median(ours.cpu_s), CLOCK_STEP_S)
        yield f"{_number(goal_per_s)} {benchmark.unit}/s on one core", per_s >= goal_per_s
    if (goal_times := benchmark.goal_times) is not None:
        times = _ratio(timings[1], ours)
        peer = benchmark.cases[1].name
        yield f"{_number(goal_times)} times as fast as {peer}", times >= goal_times
    if (goal_mb := benchmark.goal_mb) is not None:
        yield f"at most {goal_mb:g} MB", median(ours.memory_mb) <= goal_mb


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
    lines += ["", f"{_number(amount)} {unit} a run.{_needed(benchmark, timings[0])}"]
    if any(timing.memory_mb[0] for timing in timings):
        told = (f"{c.name} {median(t.memory_mb):.0f} MB" for c, t in _pairs(benchmark, timings))
        lines[-1] += f" Memory: {', '.join(told)}."
    for goal, met in _goals(benchmark, timings):
        lines[-1] += f" Goal: {goal}, {'reached' if met else 'MISSED'}."
    return "\n".join(lines) + "\n"


def _pairs(benchmark: Benchmark, timings: Sequence[Timing]) -> Iterator[tuple[Case, Timing]]:
    return zip(benchmark.cases, timings, strict=True)


def _needed(benchmark: Benchmark, ours: Timing) -> str:
    """How far beyond what two straps need."""
    needed_per_s, unit = benchmark.needed_per_s, benchmark.unit
    if needed_per_s is None:
        return ""
    times = benchmark.amount / median(ours.wall_s) / needed_per_s
    return (
        f" Two straps need {needed_per_s:.2g} {unit}/s: interbeat has {_number(times)} times that."
    )


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
        return "not installed and so left out"
