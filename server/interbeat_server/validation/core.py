"""What all validations share: rows of measure, figure and limit, and how they are shown."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import chain
from math import sqrt
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np

from .. import __version__

T = TypeVar("T")

Progress = Callable[[str], None]

QUICK_ERRORS = 2.6
"""Standard errors by which the limit of a share is widened in a quick run."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: figures, and for each a limit or None where it is only shown."""

    measure: str
    names: tuple[str, ...]
    """What each figure is: `p50`, `p95`, ..."""
    figures: tuple[float, ...]
    limits: tuple[float | None, ...] = ()
    unit: str = "ms"
    at_least: bool = False
    """The limits are to be reached, not kept below."""
    count: int | None = None
    """How many cases a share in percent is of."""
    digits: int = 1
    """Behind the point, as shown."""
    remark: str = ""
    """What a reader must know to take the figure for what it is."""

    @property
    def met(self) -> bool:
        """False when a limit is missed; a figure that is NaN misses it."""
        sign = -1 if self.at_least else 1
        return all(
            sign * figure <= sign * limit
            for figure, limit in zip(self.figures, self.limits, strict=False)
            if limit is not None
        )


def share(
    measure: str, cases: np.ndarray, limit: float | None = None, *, at_least: bool = False
) -> Row:
    """A row of the share of cases that are 1 and not 0, with its 95 % interval (Wilson).

    Cases that are NaN could not be judged; they count neither way and not in the number shown.
    Only the share is held against the limit, and without a single case it misses it.
    """
    known = np.asarray(cases, dtype=np.float64)
    known = known[np.isfinite(known)]
    n = len(known)
    figures = (np.nan, np.nan, np.nan)
    if n:
        part, z = float(known.mean()), 1.96
        middle = (part + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * sqrt(part * (1 - part) / n + z**2 / (4 * n**2))
        figures = (100 * part, 100 * max(middle - reach, 0.0), 100 * min(middle + reach, 1.0))
    names = ("share", "from", "to")
    limits = (limit, None, None)
    return Row(f"{measure} ({n})", names, figures, limits, "%", at_least=at_least, count=n)


def up_to(values: Sequence[float], most: float) -> np.ndarray:
    """1 for each value up to a bound, 0 for each above it, NaN where there is no value."""
    found = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(found), np.nan, found <= most)


def widened(row: Row) -> Row:
    """The row of a quick run: its limits as far off as few simulations may scatter.

    A share of n cases gets 2.6 binomial standard errors, an error half of its limit.
    """
    return replace(row, limits=tuple(_widened(limit, row) for limit in row.limits))


def _widened(limit: float | None, row: Row) -> float | None:
    if limit is None or (row.at_least and row.count is None):
        return limit
    if row.count is None:
        return 1.5 * limit
    scatter = QUICK_ERRORS * 100 * sqrt(limit / 100 * (1 - limit / 100) / max(row.count, 1))
    return round(max(limit - scatter, 0.0) if row.at_least else min(limit + scatter, 100.0), 1)


def percentiles(
    measure: str, errors_s: np.ndarray, limits_ms: tuple[float | None, ...] = ()
) -> Row:
    """A row of the median, the 95th and the 99th percentile of absolute errors."""
    figures = (
        np.percentile(np.abs(errors_s), (50, 95, 99)) * 1000 if len(errors_s) else [np.nan] * 3
    )
    return Row(
        measure, ("p50", "p95", "p99"), tuple(float(figure) for figure in figures), limits_ms
    )


def document(title: str, rows: Iterable[Row], **settings: object) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "validation": title,
        "software": f"interbeat {__version__}",
        **settings,
        "met": all(row.met for row in rows),
        "rows": [
            {
                "measure": row.measure,
                "unit": row.unit,
                "figures": dict(zip(row.names, map(_number, row.figures), strict=True)),
                "limits": {
                    name: limit
                    for name, limit in zip(row.names, row.limits, strict=False)
                    if limit is not None
                },
                "limit_is": "at least" if row.at_least else "at most",
                "met": row.met,
                **({"remark": row.remark} if row.remark else {}),
            }
            for row in rows
        ],
    }


def table(title: str, rows: Iterable[Row]) -> str:
    """The rows for the terminal, the limit beside each figure."""
    cells = [("", "", "limit", "")]
    cells += [(row.measure, _figures(row), _limits(row), _verdict(row)) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = [
        "  ".join(f"{text:<{w}}" for text, w in zip(line, widths, strict=True)) for line in cells
    ]
    return "\n".join([title, "", *(line.rstrip() for line in lines)])


def run_all(
    tasks: Iterable[tuple[Callable[..., T], tuple[Any, ...]]], progress: Progress, workers: int
) -> Iterator[tuple[int, T]]:
    """Carry out tasks, several at a time, and yield (number of the task, result) as they end."""
    todo = list(tasks)
    if workers < 2:
        for number, (task, arguments) in enumerate(todo):
            yield number, task(*arguments)
            progress(f"{number + 1} of {len(todo)}")
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), leave_interrupts) as pool:
        try:
            futures = {pool.submit(task, *args): n for n, (task, args) in enumerate(todo)}
            for done, future in enumerate(as_completed(futures), 1):
                yield futures[future], future.result()
                progress(f"{done} of {len(todo)}")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def run_named(
    named: Iterable[tuple[str, tuple[Callable[..., T], tuple[Any, ...]]]],
    progress: Progress,
    workers: int,
) -> dict[str, list[T]]:
    """Carry out tasks that have names: the results of each name, in the order of its tasks."""
    names, tasks = zip(*named, strict=True)
    results: dict[str, list[T]] = {name: [] for name in names}
    for number, result in sorted(run_all(tasks, progress, workers), key=lambda done: done[0]):
        results[names[number]].append(result)
    return results


def joined(parts: dict[str, list[list[T]]]) -> dict[str, list[T]]:
    """Results of tasks that each judge several cases, as the cases of each name."""
    return {name: [*chain.from_iterable(some)] for name, some in parts.items()}


def usual_workers() -> int:
    return max(os.cpu_count() or 1, 1)


def leave_interrupts() -> None:
    """Ctrl-C is for the process that waits; it stops the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _figures(row: Row) -> str:
    values = " / ".join(_shown(figure, row.digits) for figure in row.figures)
    return f"{'/'.join(row.names)} {values} {row.unit}"


def _limits(row: Row) -> str:
    if all(limit is None for limit in row.limits):
        return ""
    sign = "≥" if row.at_least else "≤"
    return f"{sign} " + " / ".join("–" if x is None else f"{x:g}" for x in row.limits)


def _verdict(row: Row) -> str:
    if all(limit is None for limit in row.limits):
        verdict = "shown"
    else:
        verdict = "met" if row.met else "MISSED"
    return f"{verdict}; {row.remark}" if row.remark else verdict


def _shown(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return "–"
    if not 0 < abs(value) < 0.5 * 10**-digits:
        return f"{value:.{digits}f}"
    return f"{value:.1g}" if abs(value) >= 1e-3 else f"{value:.1e}"


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
