"""What two hearts say about each other, for the terminal: figures with their chance, and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any

from interbeat_collector.events import PARTNERS, Partner

from . import words
from .columns import DASH, line, minutes, rarity, value

WIDTH = 100
SHORT_S = 300.0
"""Of windowed synchrony; a coupling through half of five minutes is found in a third of pairs."""


def together_lines(document: dict[str, Any], names: Mapping[Partner, str]) -> Iterable[str]:
    """Windowed synchrony, linkage and what follows from it, of one recording."""
    if document["synchrony"] is None:
        yield "One heart alone: no synchrony."
        return
    yield from _synchrony(document["synchrony"], names)
    yield ""
    yield from judged_lines(document, names)
    if warning := (document["session"] or {}).get("strap_warning"):
        yield from _said(f"Note on the straps: {warning}")


def judged_lines(found: dict[str, Any], names: Mapping[Partner, str]) -> Iterable[str]:
    """Linkage to index, of one recording or of several together."""
    linkage = found["linkage"]
    yield from _linkage(linkage, found["details"]["with_speech"])
    if linkage["state"] == "linked":
        yield from _lead(found["lead"], names)
    if linkage["state"] in ("no_linkage", "linked"):
        yield from _settling(found["settling"], names, found.get("sessions_counted", 1))
        yield from _details(found["details"], names)
    yield from _index(found["index"])
    for flag in found["flags"]:
        yield from _said(f"Note: {words.FLAGS[flag]}")


def says_not() -> list[str]:
    """What none of it says."""
    return ["", *_said(words.SAYS_NOT)]


def _synchrony(found: dict[str, Any], names: Mapping[Partner, str]) -> Iterable[str]:
    if not found["windows"]:
        needed_s = found["window_s"] + found["max_lag_s"]
        yield (
            f"Not enough clean data for synchrony: it takes {needed_s:g} s in which "
            "both hearts were recorded."
        )
        return
    yield (
        f"Windowed synchrony: {found['window_s']:g} s windows every {found['hop_s']:g} s, lags "
        f"up to {found['max_lag_s']:g} s, {found['windows']} windows"
    )
    if not found["null"]:
        yield f"Not compared with chance, so no figure is given: {found['reason']}."
        return
    chance = value(found["chance_mean_abs_z"], "{:.3f}", "")
    yield line("Mean z", [value(found["mean_z"], "{:+.3f}", ""), rarity(found["p_in_phase"])])
    yield line(
        "Mean |z|",
        [value(found["mean_abs_z"], "{:.3f}", ""), rarity(found["p"]), f"chance gives {chance}"],
    )
    yield line("The window that stands out", ["", rarity(found["p_any_window"])])
    yield line("Most alike at", [_lag(found["best_lag_s"], names)])
    yield f"Chance: {found['null']}; p is the share of them with as much or more."
    if found["windows"] * found["hop_s"] < SHORT_S:
        yield "In less than five minutes little can be found: a p above .05 says next to nothing."


def _linkage(found: dict[str, Any], with_speech: dict[str, Any] | None) -> Iterable[str]:
    clean = f"{minutes(found['joint_s'])} clean together"
    yield f"Linkage: slow rise and fall (0.004 to 0.044 Hz), lags up to 15 s, {clean}"
    yield from _said(words.LINKAGE_STATES[found["state"]])
    if found["state"] not in ("no_linkage", "linked"):
        if found["reason"]:
            yield f"Here: {found['reason']}."
        return
    rare = words.beyond_chance(found["p"])
    between = f"90 % range {found['r_low']:.2f} to {found['r_high']:.2f} at this lag"
    yield line("r", [f"{found['r']:.2f}", rarity(found["p"]), between])
    yield from _said(f"{rare[0].upper()}{rare[1:]}.")
    yield line(
        "Without chance's part", [f"{found['r_adjusted']:.2f}", words.EVIDENCE[found["evidence"]]]
    )
    if found["state"] == "linked":
        yield line("Highest", ["within seconds of each other"])
    if found["p_antiphase"] is not None:
        deepest = found["r_antiphase"]
        opposite = f"{deepest:.2f}" if deepest < 0 else "at no lag"
        yield line("Moving opposite", [opposite, rarity(found["p_antiphase"])])
    own = [100 * found[key] for key in ("own_share", "own_low", "own_high")]
    yield line("Own rhythm", [f"{own[0]:.0f} %", f"90 % range {own[1]:.0f} to {own[2]:.0f} %"])
    if found["speech_removed"]:
        yield words.SPEECH_REMOVED
    if with_speech is not None and with_speech["p"] is not None:
        yield line("With it left in", [f"r {with_speech['r']:.2f}", rarity(with_speech["p"])])
    yield from _said(
        f"At one lag, nine of ten chance pairings lie within ±{found['chance_band']:.2f}. "
        f"Chance: {found['null']}."
    )


def _lead(found: dict[str, Any], names: Mapping[Partner, str]) -> Iterable[str]:
    if found["asymmetry_z"] is None:
        return
    yield line(
        "Balance",
        [
            f"{100 * found['balance']:.0f} of 100",
            f"90 % range {100 * found['balance_low']:.0f} to {100 * found['balance_high']:.0f}",
            f"lean {found['asymmetry_z']:+.1f} chance deviations (above 0: {names['a']} first)",
        ],
    )
    claim = words.LEAD_CLAIMS[found["claim"]]
    for p in PARTNERS:
        claim = claim.replace(f" {p.upper()} first", f" {names[p]} first")
    yield from _said(claim)


def _settling(found: dict[str, Any], names: Mapping[Partner, str], sessions: int) -> Iterable[str]:
    times = found["half_decay_s"]
    if times["pair"] is not None:
        own = ", ".join(f"{names[p]} {times[p]:.1f} s" for p in PARTNERS)
        between = f"90 % range {found['low_s']:.1f} to {found['high_s']:.1f} s"
        yield line("Settling to one half", [f"{times['pair']:.1f} s", f"{between} ({own})"])
    if found["reference"] is not None:
        usual = [(names[p], found["reference"][p]) for p in PARTNERS]
        told = ", ".join(
            f"{name} {value(each['half_decay_s'], '{:.1f}', 's')} from {minutes(each['known_s'])}"
            for name, each in usual
        )
        yield line("Reference", [told])
    yield from _said(words.settling(found["state"], sessions))


def _details(found: dict[str, Any], names: Mapping[Partner, str]) -> Iterable[str]:
    for p in PARTNERS:
        yield from _recovery(found["recovery"][p], names[p])
    if found["influence"] is not None:
        for key, one in (("a_to_b", names["a"]), ("b_to_a", names["b"])):
            influence = found["influence"][key]
            figures = [value(influence["z"], "z {:+.1f}", ""), rarity(influence["p"])]
            yield line(f"{one} ahead"[:22], figures)
        yield "Ahead: 4 s bins, three back, own past controlled, against 40 circular shifts."
    if (vagal := found["vagal"]) is not None and vagal["p"] is not None:
        pool = "" if vagal["sessions"] > 2 else "; unreliable in fewer than three sessions"
        told = [f"r {vagal['r']:.2f}", rarity(vagal["p"]), f"chance as for linkage{pool}"]
        yield line("Depth of breathing", told)


def _recovery(found: dict[str, Any], name: str) -> Iterable[str]:
    if found["half_s"] is None:
        return
    between = words.recovery_range(found["low_s"], found["high_s"])
    yield from _said(
        f"{name}, {found['episodes']} rises: {words.recovery_sentence(found['half_s'])} {between}"
    )
    for key, when in words.RECOVERY_WHILE.items():
        if (part := found[key]) is not None and part["half_s"] is not None:
            seconds = f"{part['half_s']:.0f} s"
            between = words.recovery_range(part["low_s"], part["high_s"])
            yield f"  {part['episodes']} of them {when}: {seconds}. {between}"


def _index(found: dict[str, Any]) -> Iterable[str]:
    if found["value"] is not None:
        between = f"90 % range {found['low']:.0f} to {found['high']:.0f}; 50: nothing beyond chance"
        yield line("Co-regulation index", [f"{found['value']:.0f}", between])
    if (told := words.index(found["value"], found["reason"])) is not None:
        yield from _said(told)


def _lag(lag_s: float | None, names: Mapping[Partner, str]) -> str:
    if lag_s is None:
        return DASH
    if lag_s == 0:
        return "the same time"
    first = names["a"] if lag_s > 0 else names["b"]
    return f"{abs(lag_s):.2f} s, {first} first ({lag_s:+.2f} s)"


def _said(text: str) -> list[str]:
    return wrap(text, WIDTH)
