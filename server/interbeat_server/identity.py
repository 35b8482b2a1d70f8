"""Whose strap is whose: each partner in turn lifts theirs, and one signal breaks.

Pure: moments and the troubles of both signals in, who was recognised out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from interbeat_collector.events import PARTNERS, Partner

from .strap_watch import Trouble

How = Literal["lifted", "inferred", "skipped"]
"""By lifting; because the other strap is the other's; because the two said that they know."""

Happening = Literal["same", "swapped", "again", "both"]
"""The asked partner's strap reacted; the other did and the roles are swapped; the other did
although it is known whose it is; both did."""

SETTLE_S = 3.0
"""Both signals must be whole for so long before somebody is asked to lift a strap."""
CONFIRM_S = 0.9
"""A strap that is broken for so long while the other goes on was lifted: two packets."""
LASTING: frozenset[Trouble] = frozenset({"silent", "rr"})
"""These take seconds to be seen at all and need no further proof."""
UNNOTICED_S = 15.0
"""After so long without a reaction we say how to lift it better."""


class Identity:
    """The identity check of one pair of straps."""

    def __init__(self) -> None:
        self.how: dict[Partner, How] = {}
        self.asked: Partner | None = None
        self.happened: Happening | None = None
        """What the last lift showed."""
        self.swapped = False
        self._ready_from_s = 0.0
        self._whole_since_s: float | None = None
        self._broken_since_s: dict[Partner, float] = {}
        self._armed_s: float | None = None

    @property
    def done(self) -> bool:
        return len(self.how) == len(PARTNERS)

    def ask(self, partner: Partner, t_s: float) -> None:
        """Ask this partner to lift their strap as soon as both signals are whole."""
        self.how.pop(partner, None)
        self.asked, self.happened = partner, None
        self._rest(t_s)

    def skip(self) -> None:
        """They say that they know which strap is whose."""
        how: How = "inferred" if "lifted" in self.how.values() else "skipped"
        for partner in PARTNERS:
            self.how.setdefault(partner, how)
        self.asked = None

    def document(self, t_s: float) -> dict[str, object]:
        return {
            "asked": self.asked,
            "state": self._state(t_s),
            "happened": self.happened,
            "swapped": self.swapped,
        }

    def advance(self, t_s: float, troubles: Mapping[Partner, Trouble | None]) -> bool:
        """Draw the conclusions of this moment; True when the roles must be swapped now."""
        self._follow(t_s, troubles)
        if self.asked is None or self._armed_s is None:
            return False
        broken = self._broken_since_s
        if len(broken) == 2:
            self._retry("both", t_s)
        elif "link" in troubles.values():
            self._rest(t_s)  # out of reach is not lifted
        elif broken:
            ((reacted, since_s),) = broken.items()
            if troubles[reacted] in LASTING or t_s - since_s >= CONFIRM_S:
                return self._recognise(self.asked, reacted, t_s)
        return False

    def _state(self, t_s: float) -> Literal["settling", "lift", "unnoticed", "done"]:
        if self.asked is None:
            return "done"
        if self._armed_s is None:
            return "settling"
        return "unnoticed" if t_s - self._armed_s > UNNOTICED_S else "lift"

    def _follow(self, t_s: float, troubles: Mapping[Partner, Trouble | None]) -> None:
        for partner, trouble in troubles.items():
            if trouble is None:
                self._broken_since_s.pop(partner, None)
            else:
                self._broken_since_s.setdefault(partner, t_s)
        if self._broken_since_s:
            self._whole_since_s = None
        elif self._whole_since_s is None:
            self._whole_since_s = t_s
        if self._whole_since_s is not None and self._armed_s is None:
            whole_s = t_s - max(self._whole_since_s, self._ready_from_s)
            self._armed_s = t_s if whole_s >= SETTLE_S else None

    def _recognise(self, asked: Partner, reacted: Partner, t_s: float) -> bool:
        swap = reacted != asked
        if swap and self.how.get(reacted) == "lifted":
            self._retry("again", t_s)
            return False
        self.how[asked] = "lifted"
        self.happened, self.swapped = ("swapped" if swap else "same"), self.swapped ^ swap
        self.asked = next((p for p in PARTNERS if p not in self.how), None)
        self._rest(t_s)
        if swap:
            self._broken_since_s = {asked: t_s}
        return swap

    def _retry(self, why: Happening, t_s: float) -> None:
        self.happened = why
        self._rest(t_s)

    def _rest(self, t_s: float) -> None:
        """Wait for both signals to be whole again before a lift counts."""
        self._ready_from_s, self._armed_s = t_s, None
