"""What it costs to begin: importing the analysis, and the whole program up to its help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from harness import Benchmark, Case, Spent

PEERS = ["neurokit2"]
CORE = "import interbeat_analysis.indices, interbeat_analysis.windowed, interbeat_analysis.ecg"
SERVER = "import interbeat_server.cli, interbeat_server.desk, interbeat_server.app"
CORE_CPU_S, CORE_MB = 0.8, 90.0
START_CPU_S, START_MB = 1.1, 115.0

MEASURED = """
import json, sys, time
begin = time.perf_counter()
exec(sys.argv[1])
wall_s, memory_mb = time.perf_counter() - begin, 0.0
if sys.platform == "linux":
    # The peak that getrusage tells counts the process that started this one.
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    memory_mb = int(line.split()[1]) * 1024 / 1e6
elif sys.platform == "darwin":
    import resource
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps([wall_s, time.process_time(), memory_mb]))
"""
"""Windows does not tell the memory."""


def benchmarks(size: float) -> list[Benchmark]:
    neurokit2 = [process("neurokit2", "import neurokit2")]
    return [
        Benchmark(
            "Import of the analysis",
            "starts",
            1,
            process("interbeat", CORE),
            neurokit2,
            process("physical estimate", "import numpy", "numpy, which all of them need"),
            goal_per_s=1 / CORE_CPU_S,
            goal_mb=CORE_MB,
        ),
        Benchmark(
            "Import of all that the program starts with",
            "starts",
            1,
            process("interbeat", SERVER),
            neurokit2,
            process("physical estimate", "import numpy, fastapi", "numpy and the web server"),
            goal_per_s=1 / START_CPU_S,
            goal_mb=START_MB,
        ),
    ]


def process(name: str, code: str, remark: str = "") -> Case:
    """A Python that does nothing else; its CPU time counts from its very start."""

    def run() -> Spent:
        command = [sys.executable, "-P", "-c", MEASURED, code]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=FOLDER)
        return Spent(*json.loads(done.stdout))

    return Case(name, run, remark)


FOLDER = Path(__file__).parent
