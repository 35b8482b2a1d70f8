"""A document of `analyze` as one flat row, for tables of many sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HEAD = ("file", "error", "id", "kind", "started_utc", "label_a", "label_b", "duration_s")
INDICES = (
    "beats",
    "artifact_share",
    "mean_hr_bpm",
    "rmssd_ms",
    "sdnn_ms",
    "lf_ms2",
    "hf_ms2",
    "sample_entropy",
    "dfa_alpha1",
    "respiration_per_min",
)
SYNCHRONY = (
    "best_lag_s",
    "mean_z",
    "mean_abs_z",
    "chance_mean_abs_z",
    "zero_lag_z",
    "a_leads_z",
    "b_leads_z",
    "leadership",
    "windows",
    "p",
    "p_in_phase",
    "p_any_window",
    "null",
    "reason",
)
LINKAGE = (
    "state",
    "reason",
    "p",
    "r",
    "r_low",
    "r_high",
    "r_adjusted",
    "lag_s",
    "p_antiphase",
    "r_antiphase",
    "own_share",
    "own_low",
    "own_high",
    "chance_band",
    "null",
    "joint_s",
    "clean_share",
    "speech_removed",
)
LEAD = ("claim", "asymmetry_z", "balance", "balance_low", "balance_high")
INDEX = ("state", "reason", "value", "low", "high")


def columns() -> list[str]:
    """Every column, in order."""
    return list(row("", {}))


def row(file: str, document: dict[str, Any], error: str | None = None) -> dict[str, Any]:
    """One session; what is not known is None. `a_rmssd_ms` is partners.a.rmssd_ms, and so on."""
    return {**_head(file, document, error), **dict(_figures(document))}


def _head(file: str, document: dict[str, Any], error: str | None) -> dict[str, Any]:
    session = document.get("session") or {}
    labels = session.get("labels") or {}
    told = {
        **{key: session.get(key) for key in ("id", "kind", "started_utc")},
        "file": file,
        "error": error,
        "label_a": labels.get("a"),
        "label_b": labels.get("b"),
        "duration_s": document.get("duration_s"),
    }
    return {key: told[key] for key in HEAD}


def _figures(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for p in "ab":
        partner = (document.get("partners") or {}).get(p) or {}
        for key in INDICES:
            yield f"{p}_{key}", partner.get(key)
    for name, keys in (("synchrony", SYNCHRONY), ("linkage", LINKAGE), ("lead", LEAD)):
        part = document.get(name) or {}
        for key in keys:
            yield f"{name}_{key}", part.get(key)
    settling = document.get("settling") or {}
    yield "settling_state", settling.get("state")
    for key in ("a", "b", "pair"):
        yield f"half_decay_{key}_s", (settling.get("half_decay_s") or {}).get(key)
    for key in ("low_s", "high_s", "z"):
        yield f"settling_{key}", settling.get(key)
    index = document.get("index") or {}
    for key in INDEX:
        yield f"index_{key}", index.get(key)
    details = document.get("details") or {}
    for p in "ab":
        recovery = (details.get("recovery") or {}).get(p) or {}
        yield f"recovery_{p}_s", recovery.get("half_s")
        for key in ("low_s", "high_s"):
            yield f"recovery_{p}_{key}", recovery.get(key)
    yield "breathing_in_step", (details.get("breathing") or {}).get("in_step")
    flags = document.get("flags")
    yield "flags", None if flags is None else " ".join(flags)
