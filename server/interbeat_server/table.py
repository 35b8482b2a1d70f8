"""The document of `analyze` as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from interbeat_collector.events import PARTNERS, Partner

DASH = "–"
VALUE_WIDTH = 18
_ROWS = (
    ("Beats", "beats", "{:d}", ""),
    ("Rejected as artefacts", "artifact_share", "{:.1%}", ""),
    ("Mean heart rate", "mean_hr_bpm", "{:.1f}", "bpm"),
    ("SDNN", "sdnn_ms", "{:.1f}", "ms"),
    ("RMSSD", "rmssd_ms", "{:.1f}", "ms"),
)


def report(document: dict[str, Any], title: str, names: Mapping[Partner, str]) -> str:
    """Lines for the terminal: each heart alone, then the two together."""
    return "\n".join(
        [
            title,
            f"{_minutes(document['duration_s'])}, {document['basis']}",
            "",
            *_hearts(document["partners"], names),
            "",
            *_together(document["synchrony"], names),
        ]
    )


def _hearts(partners: dict[str, Any], names: Mapping[Partner, str]) -> Iterable[str]:
    shown = [p for p in PARTNERS if partners[p]]
    width = max(len(names[p]) for p in shown) + 2
    yield _line("", [names[p] for p in shown], width)
    for label, key, form, unit in _ROWS:
        values = [_value(partners[p][key], form, unit) for p in shown]
        yield _line(label, values, width)


def _together(found: dict[str, Any] | None, names: Mapping[Partner, str]) -> Iterable[str]:
    if found is None:
        yield "One heart alone: no synchrony."
        return
    if not found["windows"]:
        needed_s = found["window_s"] + found["max_lag_s"]
        yield (
            f"Not enough clean data for synchrony: it takes {needed_s:g} s in which "
            "both hearts were recorded."
        )
        return
    yield (
        f"Windowed cross-correlation, {found['window_s']:g} s windows every "
        f"{found['hop_s']:g} s, lags up to {found['max_lag_s']:g} s, {found['windows']} windows"
    )
    yield _line("Mean z", [_value(found["mean_z"], "{:+.3f}", "")])
    yield _line("Mean |z|", [_value(found["mean_abs_z"], "{:.3f}", "")])
    yield _line("Most alike at", [_lag(found["best_lag_s"], names)])
    yield "Not compared with chance: two strangers also give a mean |z| well above 0, and a lag."


def _lag(lag_s: float | None, names: Mapping[Partner, str]) -> str:
    if lag_s is None:
        return DASH
    if lag_s == 0:
        return "the same time"
    first = names["a"] if lag_s > 0 else names["b"]
    return f"{abs(lag_s):.2f} s, {first} first ({lag_s:+.2f} s)"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _value(value: float | None, form: str, unit: str) -> str:
    return DASH if value is None else f"{form.format(value)} {unit}".rstrip()


def _line(label: str, values: list[str], width: int = 0) -> str:
    width = max(width, VALUE_WIDTH)
    return f"{label:<24}" + "".join(f"{value:<{width}}" for value in values).rstrip()
