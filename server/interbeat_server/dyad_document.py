"""Linkage, lead, settling and index as `interbeat analyze --json` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import Any

import numpy as np

from interbeat_analysis import arousal, dyad, influence, settling
from interbeat_analysis import linkage as linkages
from interbeat_analysis.breathing import COMODULATION_NEEDED_S, HIGH_HZ, LOW_HZ
from interbeat_analysis.coregulation import DRAWS, MIN_CLEAN_SHARE, MIN_JOINT_S, SEED
from interbeat_analysis.pooling import pooled
from interbeat_analysis.recovery import Episodes, Recovery, contrast, recovery
from interbeat_analysis.settling import Reference

from .messages import number
from .together import Judged

BAND_HZ = (0.0041, 0.044)
"""Where the arousal band is 3 dB down."""
LINKAGE_NULL = (
    "all circular shifts beyond 45 s, and all shifts with one partner reversed in time; "
    "Davies' bound for the maximum over lags"
)
INFLUENCE_NULL = f"{influence.SHIFTS} circular shifts beyond 45 s, Student's t"
BREATHING_NULL = "circular shifts beyond 60 s"
RANGE_SIGMAS = 1.645


def judged_document(found: Judged) -> dict[str, Any]:
    """All of one recording, keys as of the document of `analyze`."""
    return {
        **_figures(found.dyad, found.reason, found.references, found.talk),
        "details": _details([found]),
    }


def pooled_document(found: Sequence[Judged], whole: dyad.Dyad) -> dict[str, Any]:
    """Several recordings of the same two people as one result; `whole` is `pooling.together`."""
    counted = [each for each in found if each.dyad.state in ("no_linkage", "linked")]
    reason = "" if counted else next(each.reason for each in found)
    return {
        "sessions": len(found),
        "sessions_counted": len(counted),
        "sessions_speech_removed": sum(each.dyad.speech_known for each in counted),
        **_figures(whole, reason, found[0].references, found[0].talk),
        "details": _details(counted or found[:1]),
    }


def parameters() -> dict[str, Any]:
    """What the figures were computed with, for a report."""
    return {
        "fs_hz": arousal.FS_HZ,
        "band_hz": list(BAND_HZ),
        "smoothing_sd_s": arousal.SMOOTHING_S,
        "baseline_sd_s": arousal.BASELINE_S,
        "max_lag_s": linkages.MAX_LAG_S,
        "guard_s": linkages.GUARD_S,
        "min_joint_s": MIN_JOINT_S,
        "min_clean_share": MIN_CLEAN_SHARE,
        "reference_needed_s": settling.REFERENCE_NEEDED_S,
        "index_draws": DRAWS,
        "index_seed": SEED,
        "comodulation_needed_s": COMODULATION_NEEDED_S,
        "breathing_band_hz": [LOW_HZ, HIGH_HZ],
        "linkage_null": LINKAGE_NULL,
        "influence_null": INFLUENCE_NULL,
        "breathing_null": BREATHING_NULL,
    }


def _figures(
    found: dyad.Dyad,
    reason: str,
    references: tuple[Reference, Reference] | None,
    talk: bool,
) -> dict[str, Any]:
    return {
        "linkage": _linkage(found, reason),
        "lead": _lead(found),
        "settling": _settling(found.settling, references, talk),
        "index": _index(found),
        "flags": list(found.flags),
    }


def _linkage(found: dyad.Dyad, reason: str) -> dict[str, Any]:
    judged, profile = found.linkage, found.correlogram
    known = found.state in ("no_linkage", "linked")
    return {
        "state": found.state,
        "reason": reason or None,
        "evidence": found.evidence,
        "p": number(judged.p),
        "r": number(judged.r),
        "r_low": number(found.r_range[0]),
        "r_high": number(found.r_range[1]),
        "r_adjusted": number(judged.r_adjusted),
        "lag_s": number(judged.lag_s),
        "p_antiphase": number(judged.p_antiphase),
        "r_antiphase": number(judged.r_antiphase),
        "own_share": number(judged.own_share),
        "own_low": number(judged.own_low),
        "own_high": number(judged.own_high),
        "chance_band": number(profile.chance_band) if known else None,
        "null": LINKAGE_NULL if known else None,
        "joint_s": number(found.joint_s),
        "clean_share": number(found.clean_share),
        "speech_removed": found.speech_known,
        "correlogram": _correlogram(profile) if known else None,
    }


def _correlogram(found: linkages.Correlogram) -> dict[str, Any]:
    return {
        "lag_s": found.lag_s.tolist(),
        "r": [number(r) for r in found.r],
        "sigma": number(found.sigma),
        "df": number(found.df),
        "roughness": number(found.roughness),
    }


def _lead(found: dyad.Dyad) -> dict[str, Any]:
    return {
        "claim": found.lead.claim,
        "asymmetry_z": number(found.lead.asymmetry_z),
        "asymmetry": number(found.lead.asymmetry),
        "lead": number(found.lead.lead),
        "balance": number(found.lead.balance),
        "balance_low": number(found.lead.balance_low),
        "balance_high": number(found.lead.balance_high),
    }


def _settling(
    found: settling.Settling, references: tuple[Reference, Reference] | None, talk: bool
) -> dict[str, Any]:
    low, high = _range(found)
    return {
        "state": found.state,
        "half_decay_s": {
            "a": number(found.half_decay_a_s),
            "b": number(found.half_decay_b_s),
            "pair": number(found.half_decay_s),
        },
        "low_s": low,
        "high_s": high,
        "log_ratio": number(found.log_ratio),
        "z": number(found.z),
        "talk": talk,
        "reference": (
            {p: _reference(each) for p, each in zip("ab", references, strict=True)}
            if references
            else None
        ),
    }


def _range(found: settling.Settling) -> tuple[float | None, float | None]:
    """90 % range of the pair's half-decay time, from how it scatters between blocks."""
    if not np.isfinite(found.half_decay_s):
        return None, None
    factor = exp(RANGE_SIGMAS * found.log_sigma)
    return number(found.half_decay_s / factor), number(found.half_decay_s * factor)


def _reference(found: Reference) -> dict[str, Any]:
    return {
        "half_decay_s": number(found.half_decay_s),
        "known_s": number(found.known_s),
        "talk": found.talk,
        "speech_removed": found.speech_known,
        "person": found.person,
        "sufficient": settling.sufficient(found),
    }


def _index(found: dyad.Dyad) -> dict[str, Any]:
    index = found.coregulation
    return {
        "state": index.state,
        "reason": index.reason or None,
        "value": number(index.value),
        "low": number(index.low),
        "high": number(index.high),
    }


def _details(found: Sequence[Judged]) -> dict[str, Any]:
    """What is read afterwards, of one recording or of several together."""
    known = found[0].dyad.state in ("no_linkage", "linked")
    alone = found[0] if len(found) == 1 and known else None
    return {
        "influence": _influence(alone.details) if alone else None,
        "with_speech": _with_speech(alone.with_speech) if alone else None,
        "recovery": {
            "a": _recovery([each.details.episodes_a for each in found]),
            "b": _recovery([each.details.episodes_b for each in found]),
        }
        if known
        else None,
        "breathing": _breathing(found) if known else None,
        "vagal": _vagal([each.details.vagal for each in found]) if known else None,
        "rejected_share": {
            p: number(max(each.rejected_shares[k] for each in found)) for k, p in enumerate("ab")
        },
    }


def _influence(found: dyad.Details) -> dict[str, Any] | None:
    """None without speaking turns: taking turns alone would make it. Never pooled."""
    a_to_b, b_to_a = found.influence_a_to_b, found.influence_b_to_a
    if a_to_b is None or b_to_a is None:
        return None
    return {
        name: {key: number(value) for key, value in each._asdict().items()}
        for name, each in (("a_to_b", a_to_b), ("b_to_a", b_to_a))
    }


def _with_speech(found: linkages.Linkage | None) -> dict[str, Any] | None:
    """What linkage is with speaking left in; None where it was never taken out."""
    if found is None:
        return None
    return {key: number(getattr(found, key)) for key in ("p", "r", "r_adjusted", "lag_s")}


def _recovery(found: list[Episodes]) -> dict[str, Any]:
    told = contrast(found)
    return {
        **_median(recovery(found)),
        "other_calm": _median(told.calm) if told else None,
        "other_up": _median(told.up) if told else None,
    }


def _median(found: Recovery) -> dict[str, Any]:
    return {
        "half_s": number(found.half_s),
        "low_s": number(found.low_s),
        "high_s": number(found.high_s),
        "episodes": found.episodes,
    }


def _breathing(found: Sequence[Judged]) -> dict[str, Any]:
    """Of several recordings the one that is most in step."""
    check = max(
        (each.dyad.breathing for each in found), key=lambda each: np.nan_to_num(each.z, nan=-9.0)
    )
    return {
        "z": number(check.z),
        "in_step": check.locked,
        "a_per_min": number(60.0 * check.rate_a_hz),
        "b_per_min": number(60.0 * check.rate_b_hz),
    }


def _vagal(found: list[linkages.Correlogram]) -> dict[str, Any] | None:
    """None before 15 min together, however many sessions these are."""
    whole = pooled(found) if len(found) > 1 else found[0]
    if whole.joint_s < COMODULATION_NEEDED_S:
        return None
    judged = linkages.linkage(whole)
    return {
        "p": number(judged.p),
        "r": number(judged.r),
        "r_adjusted": number(judged.r_adjusted),
        "lag_s": number(judged.lag_s),
        "null": LINKAGE_NULL,
        "sessions": len(found),
    }
