"""The reference dyad, and what other programs return on it (`data/README.md`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data"


def dyad() -> tuple[np.ndarray, np.ndarray]:
    """Heart rates of a and b, 600 s at 4 Hz."""
    _, a, b = np.loadtxt(DATA / "dyad_ref_4hz.csv", delimiter=",", skiprows=1).T
    return a, b


def reference(name: str) -> Any:
    """What a program returned on them."""
    return json.loads((DATA / "reference" / f"{name}.json").read_text("utf-8"))


def assert_equal(what: str, found: Any, expected: Any) -> None:
    """Within 1e-9, unknown at the same places; `pytest -rA` shows the largest difference."""
    found, expected = (np.asarray(x, dtype=float) for x in (found, expected))
    off = np.abs(found - expected)[np.isfinite(expected)]
    print(f"{what}: {off.size} values, largest difference {off.max(initial=0.0):.1e}")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
