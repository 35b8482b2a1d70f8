"""The guide for researchers: its calls run as they stand there."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from interbeat_analysis.arousal import clean_heart_rate
from interbeat_analysis.dyad import series
from interbeat_analysis.settling import Reference
from interbeat_collector.simulation import DyadSettings
from written_sessions import simulated

GUIDE = Path(__file__).parents[2] / "docs" / "researchers.md"
LASTS_S = 600.0


def blocks_of(heading: str) -> list[str]:
    """What is indented under a heading, block by block."""
    text = GUIDE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("    "):
            found[-1].append(line[4:])
        elif line and found[-1]:
            found.append([])
        elif found[-1]:
            found[-1].append("")
    return ["\n".join(lines) for lines in found if lines]


def test_every_function_is_called_as_the_guide_calls_it() -> None:
    calls, simulation = blocks_of("Use the functions")
    session = simulated(DyadSettings(seed=5), LASTS_S)
    bpm_a, bpm_b = (
        clean_heart_rate(session.beat_t_s[p], session.rr_s[p], 0.0, LASTS_S) for p in ("a", "b")
    )
    turns = np.array([[10.0, 20.0], [50.0, 60.0]])
    names = {
        "beat_t_s": session.beat_t_s["a"],
        "rr_s": session.rr_s["a"],
        "bpm_a": bpm_a,
        "bpm_b": bpm_b,
        "all_a": np.stack([bpm_a, bpm_b]),
        "all_b": np.stack([bpm_b, bpm_a]),
        "turns_a": turns,
        "turns_b": turns + 10.0,
        "reference_a": Reference(12.0, 2400.0, talk=True, speech_known=True),
        "reference_b": Reference(12.0, 2400.0, talk=True, speech_known=True),
        "another": series(np.stack([bpm_a, bpm_b])),
    }
    exec(calls, names)
    assert names["nn_s"].shape == names["rr_s"].shape
    exec(simulation.replace("range(100)", "range(1)"), names)
    assert np.nansum(names["session"].rr_s["a"]) > 1000
