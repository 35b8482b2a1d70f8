"""The measures that are for after a session only, as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .columns import DASH, line

_LABELS = {
    "coherence": ("Coherence", {"lf": "LF", "hf": "HF"}),
    "wavelet_coherence": ("Wavelet coherence", {"slow": "slow", "lf": "LF", "hf": "HF"}),
    "phase_locking": ("Phase locking", {"lf": "LF", "hf": "HF"}),
    "circular_correlation": ("Circular corr.", {"lf": "LF", "hf": "HF"}),
    "recurrence": ("Recurrence", {"nearby_rate": "within 5 s"}),
    "concordance": ("Concordance", {"index": "index"}),
    "peaks": ("First peak", {"r": "mean r"}),
}


def offline_lines(found: dict[str, Any]) -> Iterator[str]:
    """Each figure with what chance gives on average and how often it gives as much."""
    yield ""
    yield "Measures for after a session"
    if found["reason"]:
        yield f"  None: {found['reason']}."
        return
    yield line("", ["observed", "by chance", "p"])
    for key, (label, parts) in _LABELS.items():
        for name, words in parts.items():
            figure = found[key][name]
            yield line(f"{label}, {words}", [_shown(figure[x]) for x in ("value", "chance", "p")])
    yield f"  p: {found['wavelet_coherence']['null']}. Of many p, some are small by chance."


def _shown(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"
