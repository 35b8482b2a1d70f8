"""The document of `analyze` as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from interbeat_analysis.indices import AS_RECORDED
from interbeat_collector.events import PARTNERS, Partner

from .columns import DASH, line, minutes, value
from .offline_table import offline_lines
from .together_table import judged_lines, says_not, together_lines

_ROWS = (
    ("Mean heart rate", "mean_hr_bpm", "{:.1f}", "bpm"),
    ("RMSSD", "rmssd_ms", "{:.1f}", "ms"),
    ("SDNN", "sdnn_ms", "{:.1f}", "ms"),
    ("SDSD", "sdsd_ms", "{:.1f}", "ms"),
    ("pNN50", "pnn50_percent", "{:.1f}", "%"),
    ("pNN20", "pnn20_percent", "{:.1f}", "%"),
    ("SD1", "sd1_ms", "{:.1f}", "ms"),
    ("SD2", "sd2_ms", "{:.1f}", "ms"),
    ("Triangular index", "triangular_index", "{:.1f}", ""),
    ("LF", "lf_ms2", "{:.0f}", "ms²"),
    ("HF", "hf_ms2", "{:.0f}", "ms²"),
    ("Total power", "total_ms2", "{:.0f}", "ms²"),
    ("LF, normalised", "lf_nu", "{:.1f}", "%"),
    ("HF, normalised", "hf_nu", "{:.1f}", "%"),
    ("Sample entropy", "sample_entropy", "{:.2f}", ""),
    ("DFA alpha 1", "dfa_alpha1", "{:.2f}", ""),
    ("Breaths", "respiration_per_min", "{:.1f}", "a minute"),
)
_LABELS = {key: label for label, key, _, _ in _ROWS}
_ECG_ROWS = (
    ("ECG: R peaks", "r_peaks", "{:d}", ""),
    ("ECG: intervals compared", "rr_matched", "{:d}", ""),
    ("ECG: strap minus ECG", "rr_bias_ms", "{:+.2f}", "ms"),
    ("ECG: spread of that", "rr_spread_ms", "{:.2f}", "ms"),
    ("ECG: breaths", "respiration_per_min", "{:.1f}", "a minute"),
)
_DIFFERENCES = {
    "redistributed": "differences are taken with bad intervals replaced.",
    "masked": "differences are taken where no bad interval is beside.",
    AS_RECORDED: "every interval is taken as it is.",
}
_STANDINGS = {
    "higher": "higher",
    "about": "about the same",
    "lower": "lower",
    "unknown": "unknown",
}
DOUBT = " ?"


def report(document: dict[str, Any], title: str, names: Mapping[Partner, str]) -> str:
    """Lines for the terminal: each heart alone, then the two together."""
    ending = says_not() if document["linkage"] else []
    return "\n".join([*_report(document, title, names), *ending])


def report_several(
    document: dict[str, Any], titles: list[str], names: Mapping[Partner, str]
) -> str:
    """Each session by itself, then all of them as one result."""
    pooled = document["pooled"]
    parts = [
        "\n".join([*_report(each, title, names), ""])
        for each, title in zip(document["sessions"], titles, strict=True)
    ]
    counted = f"{pooled['sessions_counted']} of {pooled['sessions']} sessions together"
    return "\n".join(
        [
            *parts,
            f"{counted}: lag profiles are pooled, never p values, and no lead",
            *_mixed(pooled),
            *judged_lines(pooled, names),
            *says_not(),
        ]
    )


def _mixed(pooled: dict[str, Any]) -> Iterable[str]:
    """Where speaking was taken out in some of the sessions only."""
    removed, counted = pooled["sessions_speech_removed"], pooled["sessions_counted"]
    if 0 < removed < counted:
        yield f"Speaking was taken out in {removed} of {counted} sessions; the rest lack it."


def _report(document: dict[str, Any], title: str, names: Mapping[Partner, str]) -> list[str]:
    return [
        title,
        f"{minutes(document['duration_s'])}, {document['basis']}, {document['software']}",
        "",
        *_hearts(document["partners"], names),
        "",
        *together_lines(document, names),
        *(offline_lines(document["offline"]) if document.get("offline") else []),
    ]


def _hearts(partners: dict[str, Any], names: Mapping[Partner, str]) -> Iterable[str]:
    shown = [p for p in PARTNERS if partners[p]]
    width = max(len(names[p]) for p in shown) + 2
    yield line("", [names[p] for p in shown], width)
    yield line("Beats", [f"{partners[p]['beats']:d}" for p in shown], width)
    yield line("Found bad", [_bad(partners[p]) for p in shown], width)
    for label, key, form, unit in _ROWS:
        yield line(label, [_rated(partners[p], key, form, unit) for p in shown], width)
    for label, key, form, unit in _ECG_ROWS:
        if any(partners[p].get("ecg") for p in shown):
            values = [(partners[p].get("ecg") or {}).get(key) for p in shown]
            yield line(label, [value(each, form, unit) for each in values], width)
    for p in shown:
        yield from _notes(partners[p], names[p])
    for p in shown:
        yield from _baseline(partners[p]["baseline"], names[p])


def _baseline(own: dict[str, Any] | None, name: str) -> Iterable[str]:
    """How the minutes of a recording stand to the own baseline."""
    if own is None:
        return
    yield ""
    stretch = f"{name}, own baseline from {own['from_s']:.0f} to {own['to_s']:.0f} s"
    if own["state"] != "ok":
        yield f"{stretch}: not used, {own['reason']}"
        return
    yield f"{stretch}; minutes outside it: {len(own['minutes']['end_s'])}"
    for label, key, form, unit in _ROWS:
        if key in own["figures"]:
            figure, standing = own["figures"][key], own["minutes"][key]["standing"]
            told = [f"{standing.count(each)} {word}" for each, word in _STANDINGS.items()]
            usual = value(figure["value"], form, unit)
            around = f"about: x{figure['about_from']:.2f} to x{figure['about_to']:.2f}"
            yield f"  {label} {usual}: {', '.join(told)} ({around})"


def _bad(partner: dict[str, Any]) -> str:
    share = value(partner["artifact_share"], "{:.1%}", "")
    names = {"missed": "missed", "extra": "extra", "ectopic": "early", "misplaced": "moved"}
    counts = partner["beat_classes"]
    told = ", ".join(f"{counts[key]} {word}" for key, word in names.items() if counts[key])
    return f"{share} ({told})" if told else share


def _rated(partner: dict[str, Any], key: str, form: str, unit: str) -> str:
    """A figure, marked where it is in doubt; a dash where it is off."""
    state = partner["states"][key]["state"]
    as_it_is = partner["differences"] == AS_RECORDED
    if state == "off" and not as_it_is:
        return DASH
    text = value(partner[key], form, unit)
    return text if state == "ok" or text == DASH else text + DOUBT


def _reception(found: dict[str, Any] | None) -> str:
    """What was lost on the way or came twice; nothing to say of a whole record."""
    if found is None:
        return ""
    said = []
    if found["gaps"]:
        gaps = "1 gap" if found["gaps"] == 1 else f"{found['gaps']} gaps"
        said.append(f"{gaps} with about {found['beats_in_gaps']} beats, which are in no figure")
    if found["packets_twice"]:
        said.append(f"packets that came twice and count once: {found['packets_twice']}")
    return "; ".join(said)


def _notes(partner: dict[str, Any], name: str) -> Iterable[str]:
    """Why figures are in doubt or off, each reason once."""
    reasons: dict[str, list[str]] = {}
    for key, label in _LABELS.items():
        if reason := partner["states"][key]["reason"]:
            reasons.setdefault(reason, []).append(label)
    if reasons:
        yield ""
    for reason, labels in reasons.items():
        which = "all figures" if len(labels) == len(_LABELS) else ", ".join(labels)
        yield f"{name}, {which}: {reason}"
    if told := _reception(partner["reception"]):
        yield f"{name}: {told}"
    if partner["artifact_share"]:
        yield f"{name}: {_DIFFERENCES[partner['differences']]}"
