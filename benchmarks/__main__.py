"""Run benchmarks: `python3 run.py bench [NAME ...]`."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

# One thread for everyone, told before numpy is there to hear it.
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

from harness import machine, measure, reached, table

FOLDER = Path(__file__).parent
NAMES = sorted(
    path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__main__", "harness")
)
QUICK_SIZE = 0.01
REPEATS = 9


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="run.py bench", description="Measure interbeat and its peers in one process."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; else all")
    parser.add_argument(
        "--quick", action="store_true", help="a hundredth of the work, once, and nothing is written"
    )
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"default {REPEATS}")
    parser.add_argument(
        "--out", type=Path, default=FOLDER / "results", help="folder for one table a name"
    )
    options = parser.parse_args()
    wrong = sorted(set(options.names) - set(NAMES))
    if wrong:
        parser.error(f"no benchmark is called {wrong[0]!r}: choose of {', '.join(NAMES)}")
    if options.repeats < 1:
        parser.error(f"--repeats {options.repeats}: give 1 or more")
    # Every benchmark runs and is written, whatever an earlier one reached.
    return max([run(name, options) for name in options.names or NAMES])


def run(name: str, options: argparse.Namespace) -> int:
    """Measure the benchmarks of one file; 1 when a goal was missed."""
    module = importlib.import_module(name)
    machine_now = machine(module.PEERS)
    sections, missed = [], 0
    for benchmark in module.benchmarks(QUICK_SIZE if options.quick else 1.0):
        timings = measure(benchmark, 1 if options.quick else options.repeats)
        sections.append(table(benchmark, timings))
        print(sections[-1], flush=True)
        missed |= not reached(benchmark, timings)
    if options.quick:
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    head = (
        f"# {(module.__doc__ or name).strip()}\n\n`python3 run.py bench {name}`, {options.repeats} "
        f"repeats after one to warm up, the cases in turns, one thread. {machine_now}\n"
    )
    (options.out / f"{name}.md").write_text("\n".join([head, *sections]), "utf-8")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
