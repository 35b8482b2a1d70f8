"""How figures stand in a table of the terminal."""

from __future__ import annotations

DASH = "–"
VALUE_WIDTH = 18


def line(label: str, values: list[str], width: int = 0) -> str:
    width = max(width, VALUE_WIDTH)
    return (f"{label:<24}" + "".join(f"{text + '  ':<{width}}" for text in values)).rstrip()


def value(figure: float | None, form: str, unit: str) -> str:
    return DASH if figure is None else f"{form.format(figure)} {unit}".rstrip()


def minutes(seconds: float) -> str:
    whole, rest = divmod(round(seconds), 60)
    return f"{whole} min {rest:02d} s" if whole else f"{rest} s"


def rarity(p: float | None) -> str:
    """A probability as it is printed; none is 0."""
    if p is None:
        return DASH
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)
