"""What is known of each model of strap, from `straps.toml`, and what follows for two of them.

The delay from a beat to its interval cannot be seen in what a strap sends. It differs between
models by up to 2.2 s, which would look exactly like one partner leading.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Raw = Literal["ecg", "acceleration"]

UNKNOWN = "unknown"
_VIRTUAL = "virtual"
_NEXT_STEP = (
    "Use two straps of one model, or calibrate: one person wears both for two to four minutes."
)


@dataclass(frozen=True, slots=True)
class StrapModel:
    """One model; what nobody knows is None, "unknown" or empty."""

    key: str
    name: str
    maker: str
    rr: Literal["yes", "no", "unknown"]
    """Whether it sends RR intervals fit for variability over the standard service."""
    names: tuple[str, ...] = ()
    """How its Bluetooth name begins."""
    models: tuple[str, ...] = ()
    """Its model number as the strap itself says it."""
    latency_s: float | None = None
    """Median delay from a beat to its interval."""
    latency_quartiles_s: tuple[float, float] | None = None
    latency_source: str = ""
    ecg: bool = False
    acceleration: bool = False
    links: int | None = None
    """Bluetooth connections at the same time."""
    family: bool = False
    """Several models go by this name: two of them need not be late alike."""
    contact: Literal["yes", "no", "varies", "unknown"] = "unknown"
    battery: str = UNKNOWN
    quirks: tuple[str, ...] = ()
    """Sentences for the wearer."""
    sources: tuple[str, ...] = ()

    @property
    def latency_spread_s(self) -> float | None:
        """Width of the middle half of the delays."""
        if self.latency_quartiles_s is None:
            return None
        first_s, third_s = self.latency_quartiles_s
        return third_s - first_s

    @property
    def raw(self) -> tuple[Raw, ...]:
        """What interbeat can record of it raw, beside the intervals."""
        offered: dict[Raw, bool] = {"ecg": self.ecg, "acceleration": self.acceleration}
        return tuple(what for what, is_offered in offered.items() if is_offered)

    @property
    def refusal(self) -> str:
        """Why it cannot be used, for its wearer; empty when it can or may."""
        if self.rr != "no":
            return ""
        return (
            f"The {self.name} sends no RR intervals that variability could be computed from. "
            "Use a chest strap that does, for example a Polar H10."
        )


@dataclass(frozen=True, slots=True)
class PairLatency:
    """What to subtract from the beats of two partners, and how far to trust it."""

    a_s: float
    b_s: float
    possible_lead_s: float
    """By how much one partner may still seem to lead because of the straps alone."""
    said: str
    """The same in a sentence."""


@cache
def models() -> Mapping[str, StrapModel]:
    """Every model by its key, `unknown` last."""
    text = files(__package__).joinpath("straps.toml").read_text("utf-8")
    return {key: _model(key, fields) for key, fields in tomllib.loads(text).items()}


def model_of(name: str | None, info: Mapping[str, str] | None = None) -> StrapModel:
    """The model of a strap by its Bluetooth name, else by what it says of itself."""
    info = info or {}
    for known_as in (name, info.get("name")):
        found = _by_name((known_as or "").casefold())
        if found:
            return found
    number = info.get("model", "").strip().casefold()
    for model in models().values():
        if number in [known.casefold() for known in model.models]:
            return model
    return models()[UNKNOWN]


def pair_warning(a: StrapModel, b: StrapModel) -> str | None:
    """What to tell two partners before they record with these straps and no calibration."""
    if _late_alike(a, b):
        return None
    pair = pair_latency(a, b)
    if a.latency_s is not None and b.latency_s is not None:
        slow, fast = (a, b) if a.latency_s >= b.latency_s else (b, a)
        return (
            f"The {slow.name} sends a beat about {abs(a.latency_s - b.latency_s):.1f} s later than "
            f"the {fast.name}, which would look like its wearer following. The usual delay of "
            f"each model is subtracted, which leaves about {pair.possible_lead_s:.1f} s. "
            f"{_NEXT_STEP}"
        )
    return (
        f"{a.name} and {b.name}: {_unknown_delay(a, b)}, so the two may differ by up to "
        f"{pair.possible_lead_s:.1f} s, which would look like one partner leading. {_NEXT_STEP}"
    )


def pair_latency(a: StrapModel, b: StrapModel) -> PairLatency:
    """The delays to subtract while there is no calibration of this pair.

    Where one is not known, both get that of the other: to correct only one partner would make
    a lead out of nothing.
    """
    if a.latency_s is not None and b.latency_s is not None:
        left_s = 0.0 if _late_alike(a, b) else _half_spread_s(a) + _half_spread_s(b)
        said = f"{a.latency_s:.1f} s are subtracted for A ({a.name}), {b.latency_s:.1f} s for B"
        return PairLatency(a.latency_s, b.latency_s, left_s, f"{said} ({b.name}).")
    known = b if a.latency_s is None else a
    both_s = known.latency_s or 0.0
    what = f"{both_s:.1f} s are subtracted for both" if both_s else "nothing is subtracted"
    left_s = 0.0 if _late_alike(a, b) else _possible_lead_s(known)
    rest = f"up to {left_s:.1f} s of a lead may come from the straps"
    if _late_alike(a, b):
        rest = "two of one model are late alike"
    said = f"{_unknown_delay(a, b)}: {what}, {rest}."
    return PairLatency(both_s, both_s, left_s, said[0].upper() + said[1:])


def _late_alike(a: StrapModel, b: StrapModel) -> bool:
    return a.key == b.key and not a.family


def _unknown_delay(a: StrapModel, b: StrapModel) -> str:
    names = sorted({model.name for model in (a, b) if model.latency_s is None})
    return f"the delay of the {' and of the '.join(names)} is not known"


def _model(key: str, fields: Mapping[str, Any]) -> StrapModel:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
    return StrapModel(key, **values)


def _by_name(name: str) -> StrapModel | None:
    """The model with the longest beginning in common with `name` (in small letters)."""
    found = [
        (len(beginning), model)
        for model in models().values()
        for beginning in model.names
        if _begins(name, beginning.casefold())
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _begins(name: str, beginning: str) -> bool:
    """Whether `name` begins so and not in the middle of a longer number (H10 is not H100)."""
    after = name[len(beginning) : len(beginning) + 1]
    return name.startswith(beginning) and not (beginning[-1:].isdigit() and after.isdigit())


def _measured_s() -> list[float]:
    """The delays that somebody measured on real straps."""
    return [
        model.latency_s
        for model in models().values()
        if model.latency_s is not None and model.key != _VIRTUAL
    ]


def _widest_difference_s() -> float:
    return max(_measured_s()) - min(_measured_s())


def _possible_lead_s(known: StrapModel) -> float:
    """The widest difference between this model and any that was measured."""
    if known.latency_s is None:
        return _widest_difference_s()
    return max(abs(known.latency_s - other_s) for other_s in _measured_s())


def _half_spread_s(model: StrapModel) -> float:
    return (model.latency_spread_s or 0.0) / 2
