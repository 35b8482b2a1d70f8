"""What a session with straps says of them in its header, and the delays it is to subtract.

The header is the one place where delays are kept: live, replay and batch read them from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interbeat_collector.events import PARTNERS, Partner
from interbeat_collector.straps import Raw, model_of, pair_latency

from .pairing import Pairing
from .strap_book import PairOffset

KEPT = ("maker", "serial", "hardware", "firmware", "software")


def header_straps(
    infos: Mapping[Partner, Mapping[str, str]], offset: PairOffset | None
) -> dict[Partner, dict[str, str]]:
    """`Session.straps`; an info has `id`, `name` and what the strap says of itself."""
    latency_s = latencies_s(infos, offset)
    return {
        p: {
            "id": infos[p]["id"],
            "name": infos[p]["name"],
            "model": model_of(infos[p]["name"], infos[p]).name,
            **{key: infos[p][key] for key in KEPT if infos[p].get(key)},
            "latency_s": f"{latency_s[p]:.4f}",
        }
        for p in PARTNERS
    }


def header_settings(pairing: Pairing, offset: PairOffset | None) -> dict[str, object]:
    """What the fitting found out, for `Session.settings`."""
    found = pairing.identity
    return {
        "identity": {**{str(p): how for p, how in found.how.items()}, "swapped": found.swapped},
        **strap_settings(offset, pairing.warning()),
    }


def strap_settings(offset: PairOffset | None, warning: str | None) -> dict[str, object]:
    """How the two straps stand to each other, for `Session.settings`."""
    settings: dict[str, object] = {}
    if offset is not None:
        settings["calibration"] = {
            "offset_s": offset.offset_s,
            "sigma_s": offset.sigma_s,
            "measured_utc": offset.measured_utc,
        }
    if warning:
        settings["strap_warning"] = warning
    return settings


def raw_settings(asked: Mapping[Partner, Sequence[Raw]]) -> dict[str, object]:
    """Which raw signals of whom are to be recorded, for `Session.settings`; nothing: no entry."""
    raw = {str(p): list(asked[p]) for p in PARTNERS if asked[p]}
    return {"raw": raw} if raw else {}


def latencies_s(
    infos: Mapping[Partner, Mapping[str, str]], offset: PairOffset | None
) -> dict[Partner, float]:
    """Seconds from a beat to its interval, per partner.

    What was measured on one heart decides how far the two are apart; the models only say how
    late they are together.
    """
    models = [model_of(infos[p]["name"], infos[p]) for p in PARTNERS]
    usual = pair_latency(*models)
    if offset is None:
        return {"a": usual.a_s, "b": usual.b_s}
    middle_s = (usual.a_s + usual.b_s) / 2
    return {"a": middle_s - offset.offset_s / 2, "b": middle_s + offset.offset_s / 2}
