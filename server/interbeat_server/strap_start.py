"""Starts a recording with straps that are known by their ids, without a fitting."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from interbeat_collector.events import PARTNERS, Partner
from interbeat_collector.radio import LOOK_S, Found, Radio, StrapError, StrapNotFound, not_found
from interbeat_collector.session_file import Recording
from interbeat_collector.strap import Strap
from interbeat_collector.straps import (
    Raw,
    StrapModel,
    model_of,
    pair_latency,
    pair_warning,
)

from .desk import DEFAULT_LABELS, Desk, new_session
from .equipment import Equipment
from .people import judged_by
from .runs import LiveRun
from .strap_book import KnownStrap, PairOffset, StrapBook
from .strap_header import header_straps, raw_settings, strap_settings

SLICE_S = 1.5
"""Length of one look: who is there already need not wait for the whole time."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for on the command line; what is left out is taken from last time."""

    straps: Mapping[Partner, str]
    labels: Mapping[Partner, str]
    ecg: bool = False
    acceleration: bool = False
    duration_s: float | None = None
    references: Sequence[Recording] = ()
    """Sessions that show how each of them usually settles."""

    @property
    def raw(self) -> list[Raw]:
        """Asked of both straps: one that does not offer it says so."""
        wanted: dict[Raw, bool] = {"ecg": self.ecg, "acceleration": self.acceleration}
        return [what for what, is_wanted in wanted.items() if is_wanted]


async def record_straps(
    desk: Desk, equipment: Equipment, wish: Wish, tell: Callable[[str], None] = lambda _: None
) -> LiveRun:
    """Find both straps and begin to record; `RadioError` when one is not there."""
    desk.check_can_record()
    virtual, rate = equipment.virtual, equipment.rate
    radio, clock = equipment.radio, equipment.clock
    book = StrapBook(desk.catalogue.folder, virtual=virtual)
    ids = _ids(wish, book)
    tell(f"Looking for the straps {ids['a']} and {ids['b']}...")
    found = await _find(radio, ids)
    known = {p: _known(found[p], book) for p in PARTNERS}
    labels = {**DEFAULT_LABELS, **(book.labels() or {}), **wish.labels}
    offset = book.offset(known["a"], known["b"])
    models = [model_of(known[p].name) for p in PARTNERS]
    for model in models:
        if model.refusal:
            raise StrapError(model.refusal)
    warning = None if offset else pair_warning(*models)
    if warning is None:
        tell(_delays(offset, *models))
    settings = {
        **strap_settings(offset, warning),
        **raw_settings(dict.fromkeys(PARTNERS, wish.raw)),
    }
    if virtual:
        settings["hearts"] = "simulated"
    infos: dict[Partner, dict[str, str]] = {
        p: {"id": known[p].id, "name": known[p].name} for p in PARTNERS
    }
    session = new_session(
        header_straps(infos, offset), labels, settings, "simulated" if virtual else "recorded"
    )
    if wish.references:
        session = judged_by(session, wish.references)
    straps = {
        p: Strap(
            p,
            known[p].id,
            radio,
            clock,
            lambda event: None,
            ecg=wish.ecg,
            acceleration=wish.acceleration,
        )
        for p in PARTNERS
    }
    run = desk.record_straps(session, straps, rate=rate, duration_s=wish.duration_s)
    book.remember(known, labels)
    return run


def _delays(offset: PairOffset | None, a: StrapModel, b: StrapModel) -> str:
    """What is done about how late the two straps are."""
    if offset is None:
        return f"Delay of the straps: {pair_latency(a, b).said}"
    late, early = ("b", "a") if offset.offset_s >= 0 else ("a", "b")
    by_ms, sigma_ms = abs(1000 * offset.offset_s), math.ceil(1000 * offset.sigma_s)
    return (
        f"Calibrated on {offset.measured_utc[:10]}: the strap of {late} reports a beat "
        f"{by_ms:.0f} ± {sigma_ms} ms later than that of {early}, which is taken off."
    )


def _ids(wish: Wish, book: StrapBook) -> dict[Partner, str]:
    """Whose strap is which: as asked, else as it was the last time."""
    remembered = {p: strap.id for p, strap in book.remembered().items()}
    ids = {**remembered, **wish.straps}
    missing = [p for p in PARTNERS if p not in ids]
    if missing:
        raise StrapError(
            f"No strap is known for {' and '.join(missing)}. Name it, for example "
            f"--strap {missing[0]}=ID; interbeat scan lists the straps within reach."
        )
    if ids["a"].upper() == ids["b"].upper():
        raise StrapError(
            f"Both partners would wear the strap {ids['a']}. Name two different ones: "
            "--strap a=ID --strap b=ID."
        )
    return ids


async def _find(radio: Radio, ids: Mapping[Partner, str]) -> dict[Partner, Found]:
    """Listen until both straps were heard."""
    found: dict[str, Found] = {}
    for _ in range(round(LOOK_S / SLICE_S)):
        found |= {strap.id.upper(): strap for strap in await radio.scan(SLICE_S)}
        if all(ids[p].upper() in found for p in PARTNERS):
            return {p: found[ids[p].upper()] for p in PARTNERS}
    missing = next(p for p in PARTNERS if ids[p].upper() not in found)
    raise StrapNotFound(
        f"{not_found(f'The strap {ids[missing]} of {missing}')} "
        "If the id is wrong: interbeat scan lists the straps within reach."
    )


def _known(found: Found, book: StrapBook) -> KnownStrap:
    """A strap that was used before also has a serial number, by which a calibration knows it."""
    for strap in book.remembered().values():
        if strap.id.upper() == found.id.upper():
            return strap
    name = found.name or found.id
    return KnownStrap(found.id, name, model_of(name).name)
