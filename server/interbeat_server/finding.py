"""The first step of fitting, common to pairing and calibration: which straps are there.

Pure: what a scan has found and moments in, a document out.

    FittingError    a choice that cannot be carried out; the text is one sentence for the user
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interbeat_collector.events import PARTNERS, Device, Link, Packet, Partner
from interbeat_collector.straps import model_of

from .signal_check import REMEDIES, no_rr_text, same_strap
from .strap_watch import StrapWatch

TRACE_S = 20.0
STRONG_DBM, MEDIUM_DBM = -65, -80


class FittingError(ValueError):
    """This choice is not possible now."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A strap that a scan has found."""

    id: str
    name: str
    rssi_dbm: int | None = None
    held: bool = False
    """The computer is connected to it already."""


class Finding:
    """Two straps are looked for, chosen, and watched."""

    def __init__(self, remembered: Mapping[Partner, str] | None = None) -> None:
        self.remembered = dict(remembered or {})
        self.scanning = False
        self.found: list[Candidate] = []
        self.straps: dict[Partner, StrapWatch] = {}
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why nothing goes on: no radio, or a strap that cannot be used."""
        return self._problem

    def looking(self) -> None:
        """A scan goes on."""
        self.scanning = True

    def found_now(self, found: Sequence[Candidate], problem: str | None = None) -> None:
        """Take in what a scan has found; `problem` is why it could not look."""
        self._problem = problem
        self.found = sorted(found, key=lambda strap: (-(strap.rssi_dbm or -200), strap.name))

    def choose(self, chosen: Mapping[Partner, str], t_s: float) -> None:
        """Take two straps; they are to be connected now."""
        if chosen["a"] == chosen["b"]:
            raise FittingError("That is the same strap twice. Choose two different straps.")
        straps = {p: self._candidate(chosen[p]) for p in PARTNERS}
        for strap in straps.values():
            if (model := model_of(strap.name)).rr == "no":
                raise FittingError(no_rr_text(model))
        self.reset(t_s)
        self.scanning = False
        self.straps = {p: StrapWatch(strap.id, strap.name) for p, strap in straps.items()}

    def reset(self, t_s: float) -> None:
        """Back to the list of straps."""
        self.straps, self._problem = {}, None

    def push(self, strap_id: str, event: Packet | Link | Device) -> None:
        """Take in what a strap has sent; its `partner` is not looked at: roles may still swap."""
        for strap in self.straps.values():
            if strap.id == strap_id:
                strap.take(event)
                self.advance(event.t_s)
                return

    def advance(self, t_s: float) -> None:
        """Draw the conclusions of this moment."""
        if self.straps:
            self._problem = self._unusable(t_s)

    def document(self, t_s: float) -> dict[str, Any]:
        """What the page shows of the straps at this moment."""
        self.advance(t_s)
        return {
            "problem": self.problem,
            "scanning": self.scanning,
            "found": [_found(strap) for strap in self.found],
            "remembered": {p: self.remembered.get(p) for p in PARTNERS},
            "partners": (
                {p: self._strap(self.straps[p], t_s) for p in PARTNERS} if self.straps else None
            ),
        }

    def _candidate(self, strap_id: str) -> Candidate:
        for strap in self.found:
            if strap.id == strap_id:
                return strap
        raise FittingError(f"The strap {strap_id[:40]!r} was not found. Look for straps again.")

    def _need_straps(self) -> None:
        if not self.straps:
            raise FittingError("Choose two straps first.")

    def _unusable(self, t_s: float) -> str | None:
        if same_strap(self.straps):
            return "Both connections lead to one strap. Go back and choose two different ones."
        mute = next((s for s in self.straps.values() if s.sends_no_rr(t_s)), None)
        return no_rr_text(mute.model) if mute else None

    def _strap(self, strap: StrapWatch, t_s: float) -> dict[str, Any]:
        last, trouble = strap.last, strap.trouble(t_s)
        link = strap.link
        return {
            "id": strap.id,
            "name": strap.name,
            "model": strap.model.name,
            "link": {
                "state": link.state if link else "scanning",
                "reason": link.reason if link else "",
            },
            "trouble": trouble,
            "remedy": REMEDIES[trouble] if trouble else None,
            "hr_bpm": last.hr_bpm if last and not strap.interruption(t_s) else None,
            "contact": last.contact if last else None,
            "rr_seen": strap.rr_seen,
            "battery_percent": strap.battery_percent,
            "raw": list(strap.model.raw),
            "trace": strap.trace(t_s, TRACE_S),
        }


def _found(strap: Candidate) -> dict[str, Any]:
    model = model_of(strap.name)
    return {
        "id": strap.id,
        "name": strap.name,
        "model": model.name,
        "signal": _signal(strap.rssi_dbm),
        "rssi_dbm": strap.rssi_dbm,
        "held": strap.held,
        "rr": model.rr,
        "remark": _remark(strap, model.rr),
    }


def _signal(rssi_dbm: int | None) -> str | None:
    if rssi_dbm is None:
        return None
    if rssi_dbm >= STRONG_DBM:
        return "strong"
    return "medium" if rssi_dbm >= MEDIUM_DBM else "weak"


def _remark(strap: Candidate, rr: str) -> str | None:
    if rr == "no":
        return "cannot be used: it does not send the time between beats"
    if strap.held:
        return "already connected to this computer"
    if rr == "unknown":
        return "a model we do not know: the check will tell whether it can be used"
    return None
