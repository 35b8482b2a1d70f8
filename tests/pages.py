"""The pages of a running interbeat, as the tests of the dashboard visit and read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from playwright.sync_api import Page, expect

from program import Program

Found = TypeVar("Found")

LIMIT_S = 20.0
LOOK_EVERY_S = 0.05
UNKNOWN = "–\u2009–"
PALE_LINES = (0, 1)
PROVISIONAL_ENDS = (2, 3)
BEATS = (4, 5)
SLOW_LINES = (6, 7)

LINES = """() => (document.querySelector("#heart-rate").data ?? []).map((line) => ({
  t: Array.from(line.x), v: Array.from(line.y), mode: line.mode, gaps: line.connectgaps,
  colour: line.line.color, dash: line.line.dash,
}))"""

PICTURE = """() => {
  const canvas = document.querySelector("#strip canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const shades = new Set();
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = data.slice(i, i + 4);
    if (a < 255 || Math.max(r, g, b) - Math.min(r, g, b) < 24) continue;
    coloured += 1;
    shades.add((r << 16) | (g << 8) | b);
  }
  return { coloured: coloured / (data.length / 4), shades: shades.size };
}"""


def visit(page: Page, app: Program, path: str | None = None) -> None:
    """Open a page with the cookie of a visitor who came through the door; the run by default."""
    if not app.cookie:
        app.sign_in()
    name, value = app.cookie.split("=", 1)
    page.context.add_cookies([{"name": name, "value": value, "url": app.origin}])
    page.goto(app.origin + (f"/run/{app.run}" if path is None else path))


def wait_for(page: Page, look: Callable[[], Found | None], limit_s: float = LIMIT_S) -> Found:
    """Look again and again until there is something; the page goes on meanwhile.

    Playwright's own `wait_for_function` needs `unsafe-eval`, which our pages forbid.
    """
    for _ in range(round(limit_s / LOOK_EVERY_S)):
        if found := look():
            return found
        page.wait_for_timeout(LOOK_EVERY_S * 1000)
    raise AssertionError(f"not seen within {limit_s:g} s of looking")


def hold_to_stop(page: Page) -> None:
    """Hold the button until the recording is saved: how long a second is depends on the machine."""
    page.get_by_role("button", name="Hold to stop").hover()
    page.mouse.down()
    expect(page.get_by_role("dialog", name="Recording saved")).to_be_visible()
    page.mouse.up()


def lines(page: Page) -> list[dict[str, Any]]:
    """What the chart draws: pale lines, beats and slow lines, `a` before `b` in each pair."""
    return list(page.evaluate(LINES))


def known(line: dict[str, Any]) -> dict[float, float]:
    """The known values of a line by their instant."""
    return {t: v for t, v in zip(line["t"], line["v"], strict=True) if v is not None}


def wait_for_chart(page: Page) -> None:
    """Wait until the chart library is there and has its lines."""
    every = PALE_LINES + PROVISIONAL_ENDS + BEATS + SLOW_LINES
    wait_for(page, lambda: len(lines(page)) == len(every))


def view_s(page: Page) -> tuple[float, float]:
    """The stretch of the session that the chart shows."""
    low, high = page.evaluate("document.querySelector('#heart-rate').layout.xaxis.range")
    return low, high


def picture(page: Page) -> dict[str, float]:
    """The share of the strip that is coloured, and in how many shades."""
    return dict(page.evaluate(PICTURE))


def elapsed_s(page: Page, element: str = "#elapsed") -> int:
    """Session time as the page tells it."""
    text = page.locator(element).inner_text()
    hours, minutes, seconds = text.split(":") if text else "000"
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def wait_until_s(page: Page, t_s: float, element: str = "#elapsed") -> int:
    """Wait for a moment of the session."""
    return wait_for(page, lambda: s if (s := elapsed_s(page, element)) >= t_s else 0)
