"""The thirty-second check: what a strap's signal must be before a session, and what to do if not.

Pure: a watched strap and two moments in, named verdicts with a sentence each out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from interbeat_collector.events import PARTNERS, Partner
from interbeat_collector.straps import StrapModel

from .strap_watch import Quality, StrapWatch, Trouble, first_known, same_heart

CHECK_S = 30.0
MOST_LOST = 0.10
MOST_ARTIFACTS = 0.10
TOLD_SHARE = (0.86, 1.09)
"""Of thirty seconds: a tenth too little, a twentieth too much, and what beats wait for packets."""
PLAUSIBLE_BPM = (35.0, 180.0)
LOW_BATTERY_PERCENT = 15

REMEDIES: dict[Trouble, str] = {
    "link": "No connection. Wear the strap, come closer, and close the phone app that holds it.",
    "silent": "Nothing arrives. Come closer to the computer, and wear the strap.",
    "contact": "No skin contact. Moisten the electrodes and tighten the strap.",
    "pulse": "Searching for a pulse. Moisten the electrodes, tighten the strap, and hold still.",
    "rr": "The beats stay away. Moisten the electrodes, tighten the strap, and hold still.",
    "wild": "The beats are restless. Hold still, and tighten the strap.",
}

State = Literal["waiting", "ok", "warning", "problem"]


class Check(NamedTuple):
    """One verdict."""

    name: str
    state: State
    text: str


def strap_checks(strap: StrapWatch, from_s: float, t_s: float) -> list[Check]:
    """All checks of one strap over the time from `from_s` to now."""
    trouble = strap.interruption(t_s)
    found = strap.quality(from_s, t_s)
    enough = t_s - from_s >= CHECK_S
    checks = [
        _contact(strap, trouble),
        _rr(strap, t_s),
        _pulse(found, trouble),
        _share(
            "packets",
            found.loss_share,
            MOST_LOST,
            enough,
            ("No packets lost", "packets lost", "Listening for lost packets"),
            "Come closer to the computer, with nobody in between.",
        ),
        _share(
            "artefacts",
            found.artifact_share,
            MOST_ARTIFACTS,
            enough,
            ("The beats are clear", "of the beats unclear", "Listening for unclear beats"),
            "Moisten the electrodes, tighten the strap, and hold still.",
        ),
        _told(found, enough),
    ]
    return [*checks, *_battery(strap)]


def pair_checks(straps: Mapping[Partner, StrapWatch], from_s: float, t_s: float) -> list[Check]:
    """What only the two together can tell: two devices, two hearts."""
    return [_two_devices(straps), _two_hearts(straps, from_s, t_s)]


def same_strap(straps: Mapping[Partner, StrapWatch]) -> bool:
    """Whether both connections lead to one device."""
    a, b = (straps[p] for p in PARTNERS)
    serials = [first_known(strap.info, "serial") for strap in (a, b)]
    named_alike = a.name == b.name and a.info.get("model") == b.info.get("model")
    return a.id == b.id or (named_alike and serials[0] is not None and serials[0] == serials[1])


def _contact(strap: StrapWatch, trouble: Trouble | None) -> Check:
    if trouble is not None:
        begun = strap.last is not None or trouble != "link"
        return Check("contact", "problem" if begun else "waiting", REMEDIES[trouble])
    told = strap.last is not None and strap.last.contact
    return Check("contact", "ok", "Good skin contact" if told else "Good signal")


def _rr(strap: StrapWatch, t_s: float) -> Check:
    if strap.rr_seen:
        return Check("rr", "ok", "Sends the time between beats")
    if strap.sends_no_rr(t_s):
        return Check("rr", "problem", no_rr_text(strap.model))
    return Check("rr", "waiting", "Waiting for the first beats")


def no_rr_text(model: StrapModel) -> str:
    """Why a strap is refused; a model that was thought to send intervals may not, too."""
    return model.refusal or (
        "This strap sends no time between beats (RR intervals), so interbeat cannot use it. "
        "Use a chest strap that does, for example a Polar H10."
    )


def _pulse(found: Quality, trouble: Trouble | None) -> Check:
    if trouble is not None or found.intervals < 5:
        return Check("heart_rate", "waiting", "Waiting for a heart rate")
    low, high = PLAUSIBLE_BPM
    if low <= found.mean_bpm <= high:
        return Check("heart_rate", "ok", f"About {found.mean_bpm:.0f} beats per minute")
    return Check(
        "heart_rate",
        "problem",
        f"{found.mean_bpm:.0f} beats per minute are not likely at rest. "
        "Moisten the electrodes, tighten the strap, and sit still for a minute.",
    )


def _share(
    name: str, share: float, most: float, enough: bool, words: tuple[str, str, str], remedy: str
) -> Check:
    good, bad, waiting = words
    if not enough or share != share:
        return Check(name, "waiting", waiting)
    if share > most:
        return Check(name, "problem", f"{share:.0%} {bad}; at most {most:.0%}. {remedy}")
    return Check(name, "ok", good if share < 0.005 else f"{share:.0%} {bad}")


def _told(found: Quality, enough: bool) -> Check:
    """Whether the intervals fill the time: some straps leave beats out, or tell them twice."""
    least, most = TOLD_SHARE
    share = found.told_share
    if not enough or share != share:
        return Check("told", "waiting", "Listening for missing beats")
    if share + found.loss_share < least:
        return Check(
            "told",
            "problem",
            f"The strap tells {share:.0%} of the beats only. "
            "Moisten the electrodes, tighten the strap, and hold still.",
        )
    if share > most:
        return Check(
            "told",
            "problem",
            f"Its beats would fill {share:.0%} of the time: it tells some twice, or all at once. "
            "Wait for half a minute; if it stays so, use another strap.",
        )
    return Check("told", "ok", "No beats missing")


def _battery(strap: StrapWatch) -> list[Check]:
    percent = strap.battery_percent
    if percent is None:
        return []
    if percent <= LOW_BATTERY_PERCENT:
        text = f"Battery {percent} %. It may not last: have a new one at hand."
        return [Check("battery", "warning", text)]
    return [Check("battery", "ok", f"Battery {percent} %")]


def _two_devices(straps: Mapping[Partner, StrapWatch]) -> Check:
    if same_strap(straps):
        return Check(
            "two_straps",
            "problem",
            "Both connections lead to one strap. Go back and choose two different ones.",
        )
    return Check("two_straps", "ok", "Two different straps")


def _two_hearts(straps: Mapping[Partner, StrapWatch], from_s: float, t_s: float) -> Check:
    if t_s - from_s < CHECK_S:
        return Check("two_hearts", "waiting", "Listening for two different hearts")
    if same_heart(*(straps[p].rr_s(from_s, t_s) for p in PARTNERS)):
        return Check(
            "two_hearts",
            "warning",
            "Both straps hear the same heart. Is one of you wearing both?",
        )
    return Check("two_hearts", "ok", "Two different hearts")
