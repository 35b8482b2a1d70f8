"""Pairing step by step: found, whose is whose, thirty good seconds, ready.

A state machine without I/O and without a clock: events and moments in, one JSON document out
(`docs/messages.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from interbeat_collector.events import PARTNERS, Partner
from interbeat_collector.straps import UNKNOWN, pair_warning

from .finding import Finding
from .identity import Identity
from .signal_check import CHECK_S, Check, pair_checks, strap_checks
from .strap_watch import StrapWatch

Step = Literal["find", "identify", "check", "ready"]
CanStart = Literal["no", "anyway", "yes"]

STOPPERS = frozenset({"contact", "rr", "two_straps"})
"""Checks without which there is nothing to record; the others may be overruled."""


class Pairing(Finding):
    """From two people without straps to two straps that are known, worn and well."""

    def __init__(
        self,
        labels: Mapping[Partner, str],
        remembered: Mapping[Partner, str] | None = None,
        calibrated: Callable[[StrapWatch, StrapWatch], bool] = lambda a, b: False,
    ) -> None:
        super().__init__(remembered)
        self.labels = dict(labels)
        self.identity = Identity()
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

    def choose(self, chosen: Mapping[Partner, str], t_s: float) -> None:
        super().choose(chosen, t_s)
        self.identity.ask("a", t_s)

    def reset(self, t_s: float) -> None:
        super().reset(t_s)
        self.identity = Identity()
        self._check_from_s, self._passed = None, False

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

    def advance(self, t_s: float) -> None:
        super().advance(t_s)
        if self.step == "identify":
            troubles = {p: strap.trouble(t_s) for p, strap in self.straps.items()}
            if self.identity.advance(t_s, troubles):
                self.straps = {"a": self.straps["b"], "b": self.straps["a"]}
        if self.step in ("check", "ready"):
            self._check(t_s)

    def foreseen(self, considered: Mapping[Partner, str | None]) -> str | None:
        """The warning of two straps that are chosen and not connected yet, by their names alone.

        What a strap says of itself may still tell the model of one whose name is not known.
        """
        by_id = {strap.id: StrapWatch(strap.id, strap.name) for strap in self.found}
        a, b = (by_id.get(considered[p] or "") for p in PARTNERS)
        if a is None or b is None or a is b or self._calibrated(a, b):
            return None
        if UNKNOWN in (a.model.key, b.model.key):
            return None
        return pair_warning(a.model, b.model)

    def warning(self) -> str | None:
        """Two models whose delays nobody has compared would look like one partner leading."""
        if not self.straps or self._calibrated(self.straps["a"], self.straps["b"]):
            return None
        return pair_warning(self.straps["a"].model, self.straps["b"].model)

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
        known = super().document(t_s)
        for partner, strap in (known["partners"] or {}).items():
            strap["identified"] = self.identity.how.get(partner)
            strap["checks"] = [check._asdict() for check in self._checks(partner, t_s)]
        return {
            "step": self.step,
            **known,
            "labels": self.labels,
            "identity": self.identity.document(t_s) if self.straps else None,
            "pair_checks": [check._asdict() for check in self._pair_checks(t_s)],
            "check_s": round(self._check_s(t_s), 1),
            "check_needed_s": CHECK_S,
            "warning": self.warning(),
            "can_start": self._can_start(t_s),
        }

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
        if self.step not in ("check", "ready"):
            return []
        return strap_checks(self.straps[partner], self._from_s(t_s), t_s)

    def _pair_checks(self, t_s: float) -> list[Check]:
        if self.step not in ("check", "ready"):
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
