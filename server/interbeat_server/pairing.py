"""Fitting two straps step by step: found, whose is whose, thirty good seconds, ready.

A state machine without I/O and without a clock: events and moments in, one JSON document out
(`docs/messages.md`).

    PairingError    a choice that cannot be carried out; the text is one sentence for the user
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from interbeat_collector.events import PARTNERS, Device, Link, Packet, Partner
from interbeat_collector.straps import model_of, pair_warning

from .identity import Identity
from .signal_check import (
    CHECK_S,
    REMEDIES,
    Check,
    no_rr_text,
    pair_checks,
    same_strap,
    strap_checks,
)
from .strap_watch import StrapWatch

Step = Literal["find", "identify", "check", "ready"]
CanStart = Literal["no", "anyway", "yes"]

TRACE_S = 20.0
STRONG_DBM, MEDIUM_DBM = -65, -80
STOPPERS = frozenset({"contact", "rr", "two_straps"})
"""Checks without which there is nothing to record; the others may be overruled."""


class PairingError(ValueError):
    """This choice is not possible now."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A strap that a scan has found."""

    id: str
    name: str
    rssi_dbm: int | None = None
    held: bool = False
    """The computer is connected to it already."""
    battery_percent: int | None = None


class Pairing:
    """From two people without straps to two straps that are known, worn and well."""

    def __init__(
        self,
        labels: Mapping[Partner, str],
        remembered: Mapping[Partner, str] | None = None,
        calibrated: Callable[[str, str], bool] = lambda a, b: False,
    ) -> None:
        self.labels = dict(labels)
        self.remembered = dict(remembered or {})
        self.scanning = False
        self.found: list[Candidate] = []
        self.straps: dict[Partner, StrapWatch] = {}
        self.identity = Identity()
        self._problem: str | None = None
        self._calibrated = calibrated
        self._check_from_s: float | None = None
        self._passed = False

    @property
    def step(self) -> Step:
        if not self.straps:
            return "find"
        if not self.identity.done:
            return "identify"
        return "ready" if self._passed else "check"

    @property
    def problem(self) -> str | None:
        """Why nothing goes on: no radio, or a strap that cannot be used."""
        return self._problem

    def partner_of(self, strap_id: str) -> Partner | None:
        """Whose strap this is, as far as it is known by now."""
        return next((p for p, strap in self.straps.items() if strap.id == strap_id), None)

    def begin_scan(self) -> None:
        self.scanning, self._problem = True, None

    def end_scan(self, found: Sequence[Candidate], problem: str | None = None) -> None:
        """Take in what a scan has found; `problem` is why it could not look."""
        self.scanning, self._problem = False, problem
        self.found = sorted(found, key=lambda strap: (-(strap.rssi_dbm or -200), strap.name))

    def choose(self, chosen: Mapping[Partner, str], t_s: float) -> None:
        """Take one strap for each partner; they are to be connected now."""
        if chosen["a"] == chosen["b"]:
            raise PairingError("That is the same strap twice. Choose two different straps.")
        straps = {p: self._candidate(chosen[p]) for p in PARTNERS}
        for strap in straps.values():
            if (model := model_of(strap.name, {})).rr == "no":
                raise PairingError(no_rr_text(model.name))
        self.reset()
        self.straps = {
            p: StrapWatch(s.id, s.name, battery_percent=s.battery_percent)
            for p, s in straps.items()
        }
        self.identity.ask("a", t_s)

    def reset(self) -> None:
        """Back to the list of straps."""
        self.straps, self.identity = {}, Identity()
        self._problem, self._check_from_s, self._passed = None, None, False

    def identify(self, partner: Partner, t_s: float) -> None:
        """Ask this partner, perhaps once more, to lift their strap."""
        self._need_straps()
        self.identity.ask(partner, t_s)
        self._check_from_s, self._passed = None, False

    def skip_identity(self, t_s: float) -> None:
        """They say that they know which strap is whose."""
        self._need_straps()
        self.identity.skip()
        self.advance(t_s)

    def push(self, strap_id: str, event: Packet | Link | Device) -> None:
        """Take in what a strap has sent; its `partner` is not looked at: roles may still swap."""
        partner = self.partner_of(strap_id)
        if partner is not None:
            self.straps[partner].take(event)
            self.advance(event.t_s)

    def advance(self, t_s: float) -> None:
        """Draw the conclusions of this moment."""
        if not self.straps:
            return
        self._problem = self._unusable(t_s)
        if self.step == "identify":
            troubles = {p: strap.trouble(t_s) for p, strap in self.straps.items()}
            if self.identity.advance(t_s, troubles):
                self.straps = {"a": self.straps["b"], "b": self.straps["a"]}
        if self.identity.done:
            self._check(t_s)

    def warning(self) -> str | None:
        """Two models whose delays nobody has compared would look like one partner leading."""
        if not self.straps or self._calibrated(*(self.straps[p].id for p in PARTNERS)):
            return None
        return pair_warning(*(self.straps[p].model for p in PARTNERS))

    def refusal(self, t_s: float, *, anyway: bool = False) -> str | None:
        """Why a session cannot start now; None when it can."""
        self.advance(t_s)
        can = self._can_start(t_s)
        if can == "yes" or (can == "anyway" and anyway):
            return None
        if self.step == "find":
            return "Choose a strap for each of you first."
        if self.step == "identify":
            return "First show whose strap is whose, or say that you know."
        return self.problem or "The signals are not ready yet: see what each strap needs."

    def document(self, t_s: float) -> dict[str, Any]:
        """All that the page shows at this moment."""
        self.advance(t_s)
        return {
            "step": self.step,
            "problem": self.problem,
            "scanning": self.scanning,
            "labels": self.labels,
            "found": [self._found(strap) for strap in self.found],
            "remembered": {p: self.remembered.get(p) for p in PARTNERS},
            "partners": {p: self._partner(p, t_s) for p in PARTNERS} if self.straps else None,
            "identity": self._identity(t_s) if self.straps else None,
            "pair_checks": [check._asdict() for check in self._pair_checks(t_s)],
            "check_s": round(self._check_s(t_s), 1),
            "check_needed_s": CHECK_S,
            "warning": self.warning(),
            "can_start": self._can_start(t_s),
        }

    def _candidate(self, strap_id: str) -> Candidate:
        for strap in self.found:
            if strap.id == strap_id:
                return strap
        raise PairingError(f"The strap {strap_id[:40]!r} was not found. Look for straps again.")

    def _need_straps(self) -> None:
        if not self.straps:
            raise PairingError("Choose a strap for each of you first.")

    def _unusable(self, t_s: float) -> str | None:
        if same_strap(self.straps):
            return "Both connections lead to one strap. Go back and choose two different ones."
        mute = next((s for s in self.straps.values() if s.sends_no_rr(t_s)), None)
        return no_rr_text(mute.model.name) if mute else None

    def _check(self, t_s: float) -> None:
        """Thirty seconds in one piece: an interruption begins them anew."""
        if any(strap.interruption(t_s) for strap in self.straps.values()):
            self._check_from_s, self._passed = None, False
        elif self._check_from_s is None:
            self._check_from_s = t_s
        if self.problem:
            self._passed = False
        elif self._check_s(t_s) >= CHECK_S and not self._passed:
            self._passed = all(c.state in ("ok", "warning") for c in self._all_checks(t_s))

    def _check_s(self, t_s: float) -> float:
        return 0.0 if self._check_from_s is None else min(t_s - self._check_from_s, CHECK_S)

    def _from_s(self, t_s: float) -> float:
        """Where the stretch begins that is judged now."""
        return t_s - self._check_s(t_s)

    def _checks(self, partner: Partner, t_s: float) -> list[Check]:
        if not self.identity.done:
            return []
        return strap_checks(self.straps[partner], self._from_s(t_s), t_s)

    def _pair_checks(self, t_s: float) -> list[Check]:
        if not self.straps or not self.identity.done:
            return []
        return pair_checks(self.straps, self._from_s(t_s), t_s)

    def _all_checks(self, t_s: float) -> list[Check]:
        return [c for p in PARTNERS for c in self._checks(p, t_s)] + self._pair_checks(t_s)

    def _can_start(self, t_s: float) -> CanStart:
        if self.step == "ready":
            return "yes"
        if self.step != "check" or self.problem or self._check_s(t_s) < CHECK_S:
            return "no"
        stopped = any(c.name in STOPPERS and c.state != "ok" for c in self._all_checks(t_s))
        return "no" if stopped else "anyway"

    def _found(self, strap: Candidate) -> dict[str, Any]:
        model = model_of(strap.name, {})
        usable = model.rr != "no"
        return {
            "id": strap.id,
            "name": strap.name,
            "model": model.name,
            "signal": _signal(strap.rssi_dbm),
            "rssi_dbm": strap.rssi_dbm,
            "battery_percent": strap.battery_percent,
            "held": strap.held,
            "rr": model.rr,
            "usable": usable,
            "remark": _remark(strap, usable),
        }

    def _partner(self, partner: Partner, t_s: float) -> dict[str, Any]:
        strap = self.straps[partner]
        last, trouble = strap.last, strap.trouble(t_s)
        link = {"state": strap.link.state, "reason": strap.link.reason} if strap.link else None
        return {
            "id": strap.id,
            "name": strap.name,
            "model": strap.model.name,
            "link": link or {"state": "scanning", "reason": ""},
            "trouble": trouble,
            "remedy": REMEDIES[trouble] if trouble else None,
            "hr_bpm": last.hr_bpm if last and not strap.interruption(t_s) else None,
            "contact": last.contact if last else None,
            "rr_seen": strap.rr_seen,
            "battery_percent": strap.battery_percent,
            "identified": self.identity.how.get(partner),
            "checks": [check._asdict() for check in self._checks(partner, t_s)],
            "trace": strap.trace(t_s, TRACE_S),
        }

    def _identity(self, t_s: float) -> dict[str, Any]:
        return {
            "asked": self.identity.asked,
            "state": self.identity.state(t_s),
            "happened": self.identity.happened,
            "swapped": self.identity.swapped,
        }


def _signal(rssi_dbm: int | None) -> str | None:
    if rssi_dbm is None:
        return None
    if rssi_dbm >= STRONG_DBM:
        return "strong"
    return "medium" if rssi_dbm >= MEDIUM_DBM else "weak"


def _remark(strap: Candidate, usable: bool) -> str | None:
    if not usable:
        return "cannot be used: it does not send the time between beats"
    if strap.held:
        return "already connected to this computer"
    return None
