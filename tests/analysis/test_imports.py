from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import interbeat_analysis

MODULES = [
    f"interbeat_analysis.{m.name}" for m in pkgutil.iter_modules(interbeat_analysis.__path__)
]
COSTLY = ["matplotlib", "neurokit2", "pandas", "scipy.interpolate", "scipy.signal", "scipy.stats"]


def test_importing_the_analysis_loads_nothing_costly():
    root = Path(interbeat_analysis.__path__[0]).parent
    program = (
        f"import sys; sys.path.insert(0, {str(root)!r}); import {', '.join(MODULES)}; "
        f"print([name for name in {COSTLY!r} if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
