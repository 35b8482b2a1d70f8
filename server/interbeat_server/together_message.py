"""The judgement of both hearts as the messages of the page (`docs/messages.md`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from interbeat_analysis.coregulation import MIN_CLEAN_SHARE, MIN_JOINT_S, Index
from interbeat_analysis.dyad import Dyad
from interbeat_analysis.linkage import CHANCE_Z, LINKED_P, MAX_LAG_S, chance_height
from interbeat_analysis.recovery import Recovery
from interbeat_analysis.settling import REFERENCE_NEEDED_S
from interbeat_collector.events import PARTNERS, Partner

from . import words
from .live_heart import Gap
from .live_together import SPAN_S, Together

Message = dict[str, Any]
Labels = Mapping[Partner, str]

SETTINGS: Message = {
    "linkage_span_s": SPAN_S,
    "linkage_lag_s": list(range(-MAX_LAG_S, MAX_LAG_S + 1)),
    "linkage_needed_s": MIN_JOINT_S,
    "linkage_needed_share": MIN_CLEAN_SHARE,
}
"""What `hello` says of these messages."""
MEASURES = ("linkage", "lead", "settling", "recovery", "own_share", "breathing", "index")


def meanings() -> Message:
    """The words of the page that no figure changes."""
    return {
        "measures": {
            name: {"name": words.MEANINGS[name].name, "meaning": words.MEANINGS[name].couple}
            for name in MEASURES
        },
        "says_not": words.SAYS_NOT,
    }


def linkage_message(found: Together, silent: Sequence[Gap], labels: Labels) -> Message:
    """All that is known of both at one moment; null where nothing is."""
    dyad = found.dyad
    link, settled, index = dyad.linkage, dyad.settling, dyad.coregulation
    reach = dyad.correlogram.chance_band
    judged = dyad.state in ("no_linkage", "linked")
    pair = found.references
    return {
        "type": "linkage",
        "t_s": found.t_s,
        "from_s": found.from_s,
        "to_s": found.to_s,
        "joint_s": dyad.joint_s,
        "clean_s": {p: float(found.clean_s[p]) for p in PARTNERS},
        "clean_share": _number(dyad.clean_share, 4),
        "more_s": _more_s(dyad),
        "silent": [{"partner": gap.partner, "reason": gap.reason} for gap in silent],
        "state": dyad.state,
        "evidence": dyad.evidence if judged else None,
        "p": _number(link.p, 6),
        "r": _number(link.r, 4),
        "r_low": _number(dyad.r_range[0], 4),
        "r_high": _number(dyad.r_range[1], 4),
        "r_adjusted": _number(link.r_adjusted, 4),
        "lag_s": _number(link.lag_s, 2),
        "p_antiphase": _number(link.p_antiphase, 6),
        "r_antiphase": _number(link.r_antiphase, 4),
        "own_share": _number(link.own_share, 4),
        "own_low": _number(link.own_low, 4),
        "own_high": _number(link.own_high, 4),
        "chance_r": _chance_r(dyad),
        "chance_band": _number(reach, 4) if judged else None,
        "profile": [_number(r, 4) for r in dyad.correlogram.r.tolist()] if judged else None,
        "lead": {
            "claim": dyad.lead.claim,
            "asymmetry_z": _number(dyad.lead.asymmetry_z, 3),
            "balance": _number(dyad.lead.balance, 3),
            "balance_low": _number(dyad.lead.balance_low, 3),
            "balance_high": _number(dyad.lead.balance_high, 3),
        },
        "settling": {
            "half_decay_s": {
                "a": _number(settled.half_decay_a_s, 2),
                "b": _number(settled.half_decay_b_s, 2),
                "pair": _number(settled.half_decay_s, 2),
            },
            "low_s": _number(_settling_s(dyad, -CHANCE_Z), 2),
            "high_s": _number(_settling_s(dyad, CHANCE_Z), 2),
            "usual_s": _number(settled.half_decay_s * float(np.exp(settled.log_ratio)), 2),
            "state": settled.state,
        },
        "recovery": {
            p: {
                "half_s": _number(each.half_s, 1) if judged else None,
                "low_s": _number(each.low_s, 1) if judged else None,
                "high_s": _number(each.high_s, 1) if judged else None,
                "episodes": each.episodes if judged else None,
            }
            for p, each in found.recovery.items()
        },
        "index": {
            "value": _number(index.value, 1),
            "low": _number(index.low, 1),
            "high": _number(index.high, 1),
            "state": index.state,
            "reason": index.reason or None,
        },
        "reference": {
            "known_s": {p: pair[i].known_s if pair else 0.0 for i, p in enumerate(PARTNERS)},
            "needed_s": REFERENCE_NEEDED_S,
        },
        "breathing": {"z": _number(dyad.breathing.z, 2), "locked": dyad.breathing.locked},
        "speech_known": dyad.speech_known,
        "flags": list(dyad.flags),
        "words": _words(found, silent, labels),
    }


def connection_message(t_s: float, found: Iterable[Together]) -> Message:
    """Linkage over the session, as far as it became known: what a page keeps of the past."""
    return {
        "type": "connection",
        "t_s": t_s,
        "points": [
            {
                "t_s": each.t_s,
                "r": _number(each.dyad.linkage.r, 3),
                "chance_r": _chance_r(each.dyad),
                "state": each.dyad.state,
            }
            for each in found
        ],
    }


def _words(found: Together, silent: Sequence[Gap], labels: Labels) -> Message:
    dyad = found.dyad
    judged = dyad.state in ("no_linkage", "linked")
    claim = dyad.lead.claim
    return {
        "headline": words.HEADLINES[dyad.evidence if judged else dyad.state],
        "text": _text(dyad),
        "strength": _capital(words.beyond_chance(dyad.linkage.p))
        if dyad.state == "linked"
        else None,
        "held": _held(silent, labels) if dyad.state == "not_enough_data" else None,
        "lead": words.lead_claim(claim, labels[claim] if claim else "") if judged else None,
        "settling": words.SETTLING_STATES[dyad.settling.state],
        "recovery": _recovery(found.recovery, labels) if judged else None,
        "index": _index(dyad.coregulation),
        # One heart on both straps is the headline: nothing else is worth a word beside it.
        "flags": [words.FLAGS[flag] for flag in dyad.flags if dyad.state != "same_source"],
    }


def _recovery(found: Mapping[Partner, Recovery], labels: Labels) -> str | None:
    known = {
        labels[p]: (each.half_s, each.low_s, _number(each.high_s, 1))
        for p, each in found.items()
        if np.isfinite(each.half_s)
    }
    return words.recoveries(known) if known else None


def _held(silent: Sequence[Gap], labels: Labels) -> str | None:
    return " ".join(words.held(labels[gap.partner], gap.reason) for gap in silent) or None


def _text(dyad: Dyad) -> str:
    """What the headline means, or what is still needed."""
    if dyad.state == "not_enough_data":
        return words.gathered(dyad.joint_s, MIN_JOINT_S, dyad.clean_share)
    return words.OWN_STRAPS if dyad.state == "same_source" else words.LINKAGE_STATES[dyad.state]


def _index(found: Index) -> str | None:
    """Why there is no index, or what it says."""
    told = words.index(found.value, found.reason)
    return f"{told} {words.ONE_TALK}" if found.state == "shown" else told


def _more_s(dyad: Dyad) -> float | None:
    """Clean seconds until there is a figure; None once there is one.

    A stretch that is shorter than the trailing window grows; later, seconds that are as clean as
    the stretch is leave it.
    """
    if dyad.state != "not_enough_data":
        return None
    lasted_s, joint_s = dyad.correlogram.lasted_s, dyad.joint_s
    for_the_share_s = (MIN_CLEAN_SHARE * lasted_s - joint_s) / (1.0 - MIN_CLEAN_SHARE)
    grows_s = max(SPAN_S - lasted_s, 0.0)
    if for_the_share_s > grows_s:
        missing_s = MIN_CLEAN_SHARE * SPAN_S - joint_s - grows_s
        for_the_share_s = grows_s + missing_s / (1.0 - joint_s / lasted_s)
    return max(MIN_JOINT_S - joint_s, for_the_share_s, 0.0)


def _chance_r(dyad: Dyad) -> float | None:
    """The peak from which on two are called linked."""
    if dyad.state not in ("no_linkage", "linked"):
        return None
    return _number(min(chance_height(dyad.correlogram, LINKED_P), 1.0), 4)


def _settling_s(dyad: Dyad, z: float) -> float:
    return float(dyad.settling.half_decay_s * np.exp(z * dyad.settling.log_sigma))


def _capital(sentence: str) -> str:
    return f"{sentence[0].upper()}{sentence[1:]}."


def _number(value: float, digits: int) -> float | None:
    """A JSON number; None for NaN."""
    return round(float(value), digits) if np.isfinite(value) else None
