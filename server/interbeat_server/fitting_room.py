"""The one place where straps are fitted: at most one pairing or calibration at a time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from interbeat_collector.clock import Clock
from interbeat_collector.events import PARTNERS, Partner, Session
from interbeat_collector.radio import Radio, RadioError
from interbeat_collector.straps import Raw

from .calibrating import Calibration, Estimate
from .desk import Desk, new_session
from .finding import FittingError
from .fitting import Fitting
from .pairing import Pairing
from .strap_book import KnownStrap, PairOffset, StrapBook, measured
from .strap_header import header_settings, header_straps, raw_settings
from .strap_watch import StrapWatch

if TYPE_CHECKING:
    from interbeat_collector.virtual_radio import Air

LIFT_S = 4.0
ANSWER_S = 3.0
"""A Bluetooth service that does not answer in this time is not asked any further."""


class FittingRoom:
    """Begins and ends fittings, and remembers what they found."""

    def __init__(
        self,
        desk: Desk,
        radio: Radio,
        clock: Clock,
        estimate: Estimate,
        *,
        rate: float = 1.0,
        air: Air | None = None,
    ) -> None:
        self.book = StrapBook(desk.catalogue.folder, virtual=air is not None)
        self._desk = desk
        self._rate = rate
        self._radio = radio
        self._clock = clock
        self._estimate = estimate
        self._air = air
        self._pairing: Fitting[Pairing] | None = None
        self._calibration: Fitting[Calibration] | None = None

    @property
    def virtual(self) -> bool:
        """Whether the straps are made up."""
        return self._air is not None

    @property
    def pairs(self) -> bool:
        """Whether straps are being paired; a page that stayed away too long ended that."""
        return self._pairing is not None and not self._pairing.over

    @property
    def calibrates(self) -> bool:
        """Whether straps are being compared."""
        return self._calibration is not None and not self._calibration.over

    @property
    def pairing(self) -> Fitting[Pairing]:
        if self._pairing is None or self._pairing.over:
            raise FittingError("No straps are being paired. Open the page for straps again.")
        return self._pairing

    @property
    def calibration(self) -> Fitting[Calibration]:
        if self._calibration is None or self._calibration.over:
            raise FittingError("No straps are being compared. Open the page for that again.")
        return self._calibration

    @property
    def recording(self) -> str | None:
        """The run of the session that is being recorded meanwhile."""
        return self._desk.recording

    @property
    def shared_hearts(self) -> list[list[str]]:
        """Names of virtual straps that one person wears; of real ones, their wearers know."""
        return self._air.shared_hearts() if self._air else []

    async def begin_pairing(self, labels: Mapping[Partner, str]) -> Fitting[Pairing]:
        self._desk.check_can_record()
        await self.end()
        machine = Pairing(labels, self._remembered_ids(), self._calibrated)
        self._pairing = Fitting(machine, self._radio, self._clock)
        return self._pairing

    async def begin_calibration(self) -> Fitting[Calibration]:
        self._desk.check_can_record()
        await self.end()
        machine = Calibration(self._estimate, self._remembered_ids())
        self._calibration = Fitting(machine, self._radio, self._clock)
        return self._calibration

    async def end(self) -> None:
        """Let go of whatever is being fitted."""
        for fitting in (self._pairing, self._calibration):
            if fitting is not None and not fitting.over:
                await fitting.end()
        self._pairing = self._calibration = None

    def start(self, labels: Mapping[Partner, str], raw: Collection[Raw] = ()) -> str:
        """Record the paired straps, connected as they are; returns the name of the run.

        `raw` is recorded too, of the straps whose model offers it.
        """
        machine, straps = self.pairing.machine, self.pairing.straps()
        self._desk.check_idle()
        asked = {p: [r for r in machine.straps[p].model.raw if r in raw] for p in PARTNERS}
        session = self._session(machine, dict(labels), asked)
        self.book.remember({p: known(strap) for p, strap in machine.straps.items()}, labels)
        run = self._desk.record_straps(session, straps, rate=self._rate)
        self.pairing.hand_over()
        # The run takes the straps over before they can answer, so no answer is missed.
        for p, strap in straps.items():
            strap.measure(ecg="ecg" in asked[p], acceleration="acceleration" in asked[p])
        return run.id

    def _session(
        self, machine: Pairing, labels: dict[Partner, str], raw: Mapping[Partner, Sequence[Raw]]
    ) -> Session:
        a, b = (known(machine.straps[p]) for p in PARTNERS)
        offset = self.book.offset(a, b)
        settings = {**header_settings(machine, offset), **raw_settings(raw)}
        if self.virtual:
            settings["hearts"] = "simulated"
        return new_session(
            header_straps({p: machine.straps[p].identity for p in PARTNERS}, offset),
            labels,
            settings,
            "simulated" if self.virtual else "recorded",
        )

    def accept_calibration(self) -> PairOffset:
        """Store the offset that was found."""
        machine = self.calibration.machine
        found = machine.accept()
        a, b = (known(machine.straps[p]) for p in PARTNERS)
        offset = measured(a, b, found.offset_s, found.sigma_s, found.matched)
        self.book.keep(offset)
        return offset

    def lift(self, strap_id: str) -> None:
        """Lift a virtual strap, which has no wearer to do so."""
        strap = self._air.strap(strap_id) if self._air else None
        if strap is None:
            raise FittingError("Only a virtual strap can be lifted from here.")
        strap.lift(LIFT_S)

    async def bluetooth_problem(self) -> str | None:
        """Why there is no Bluetooth to use; None when there is, or when asking might disturb."""
        if sys.platform == "darwin" and not self.virtual:
            return None  # The first question makes macOS ask the user for permission.
        # A recording that is on must not wait for the import.
        await asyncio.to_thread(import_module, "bleak")
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._radio.scan(0)
        except RadioError as error:
            return str(error)
        except TimeoutError:
            return None
        return None

    async def summary(self) -> dict[str, Any]:
        """What the list of sessions shows of straps."""
        remembered = self.book.remembered()
        return {
            "bluetooth_problem": await self.bluetooth_problem(),
            "virtual": self.virtual,
            "labels": self.book.labels(),
            "remembered": {
                p: {"name": s.name, "model": s.model} if (s := remembered.get(p)) else None
                for p in PARTNERS
            },
            "calibrations": [calibration_told(offset) for offset in self.book.offsets()],
        }

    def _remembered_ids(self) -> dict[Partner, str]:
        return {p: strap.id for p, strap in self.book.remembered().items()}

    def _calibrated(self, a: StrapWatch, b: StrapWatch) -> bool:
        return self.book.offset(known(a), known(b)) is not None


def known(strap: StrapWatch) -> KnownStrap:
    """What makes this strap recognisable."""
    return KnownStrap(strap.id, strap.name, strap.model.name, strap.info.get("serial", ""))


def calibration_told(offset: PairOffset) -> dict[str, Any]:
    return {
        "a": {"name": offset.a.name, "model": offset.a.model},
        "b": {"name": offset.b.name, "model": offset.b.model},
        "offset_ms": round(1000 * offset.offset_s, 1),
        "sigma_ms": round(1000 * offset.sigma_s, 1),
        "matched": offset.matched,
        "measured_utc": offset.measured_utc,
    }
