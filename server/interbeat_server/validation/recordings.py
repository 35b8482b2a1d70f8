"""Twelve recorded series of RR intervals and their reference values, as they are installed.

`data/README.md` has their sources and licences.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from interbeat_collector.rr_file import read_rr

FOLDER = Path(__file__).parent / "data"
IRREGULAR = "h10_pvc_10min"
"""A heart with frequent ectopic beats: for artefacts, never for an index."""


def recording(name: str) -> np.ndarray:
    """Intervals in seconds, shape (n,)."""
    return read_rr(FOLDER / "rr" / f"{name}.txt")


def recordings() -> dict[str, np.ndarray]:
    """All of them by name."""
    return {path.stem: recording(path.stem) for path in sorted((FOLDER / "rr").glob("*.txt"))}


def golden() -> dict[str, Any]:
    """The reference values, with their definitions."""
    document: dict[str, Any] = json.loads((FOLDER / "golden.json").read_text("utf-8"))
    return document
