"""The pages on small and wide screens, in light and dark, by keyboard, and with less motion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pages import lines, visit, wait_for, wait_for_chart, wait_until_s
from program import Program, received

Pages = Callable[..., Page]

SMALL = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 800}
LEAST_TOUCH_PX = 44
FOCUSED = """() => {
  const here = document.activeElement;
  if (here === null || here === document.body) return null;
  const words = [here.getAttribute("aria-label"), here.title, here.innerText,
    ...[...(here.labels ?? [])].map((label) => label.innerText),
    ...(here.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean)
      .map((id) => document.getElementById(id).innerText)];
  const { width, height } = here.getBoundingClientRect();
  // A field in a line of text shows its focus as a line under the whole row.
  const row = here.closest("label") ?? here;
  return {
    what: `${here.tagName} ${here.id}`, name: words.filter(Boolean).join(" ").trim(),
    seen: width > 0 && height > 0, outlined: getComputedStyle(here).outlineStyle !== "none"
      || getComputedStyle(row).boxShadow !== "none",
  };
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A recording that runs fast, with a replay of itself on the side."""
    folder = tmp_path_factory.mktemp("sessions")
    with Program("demo", "--rate", "20", data=folder) as program:
        program.sign_in()
        with program.watch() as viewer:
            received(viewer, lambda m: m["type"] == "tick" and m["t_s"] > 60)
        yield program


def replay_path(app: Program) -> str:
    status, _, body = app.request("POST", f"/api/sessions/{app.run}/replay", {"rate": 60})
    assert status == 201
    return "/run/" + body.decode().split('"')[3]


def open_each(app: Program, page: Page) -> Iterator[str]:
    """Go through the pages one by one, each filled."""
    visit(page, app)
    wait_until_s(page, 1)
    wait_for_chart(page)
    yield "live"
    visit(page, app, replay_path(app))
    expect(page.locator("#transport")).to_be_visible()
    wait_for_chart(page)
    yield "replay"
    visit(page, app, "/")
    expect(page.locator(".row")).to_have_count(1)
    yield "sessions"
    page.context.clear_cookies()
    page.goto(app.origin + "/")
    expect(page.locator("#door")).to_be_visible()
    yield "door"


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen_and_colours_follow_the_system(
    app: Program, new_page: Pages, size: dict[str, int], scheme: str
) -> None:
    page = new_page(viewport=size, color_scheme=scheme)
    for name in open_each(app, page):
        page.wait_for_timeout(150)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], name
        red, green, blue = page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
        )
        assert (red + green + blue < 150) == (scheme == "dark"), name


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["small", "wide"])
def test_every_control_is_reached_by_tab_and_has_a_name_and_a_visible_focus(
    app: Program, new_page: Pages, size: dict[str, int]
) -> None:
    page = new_page(viewport=size)
    for name in open_each(app, page):
        if name == "door":
            continue
        wanted = page.locator("a[href]:visible, button:visible:enabled, input:visible").count()
        reached: dict[str, dict[str, Any]] = {}
        for number in range(wanted):
            page.keyboard.press("Tab")
            control = page.evaluate(FOCUSED)
            assert control is not None, f"{name}: {number} of {wanted} reached"
            assert control["name"], f"{name}: {control['what']} has no name"
            assert control["seen"], f"{name}: {control['what']} cannot be seen"
            assert control["outlined"], f"{name}: focus of {control['what']} cannot be seen"
            reached[f"{number} {control['what']}"] = control
        assert len(reached) == wanted


def test_controls_of_the_run_page_are_large_enough_for_a_finger(
    app: Program, new_page: Pages
) -> None:
    page = new_page(viewport=SMALL, has_touch=True)
    for name in open_each(app, page):
        if name not in ("live", "replay"):
            continue
        buttons = page.locator("header button:visible, footer button:visible")
        for button in buttons.all():
            box = button.bounding_box()
            assert box is not None
            text = f"{name}: {button.get_attribute('id')} {button.inner_text()} {box}"
            assert box["height"] >= LEAST_TOUCH_PX, text
            assert box["width"] >= LEAST_TOUCH_PX, text
            assert box["x"] >= 0, text
            assert box["x"] + box["width"] <= SMALL["width"], text


def test_the_chosen_colours_survive_a_reload_on_every_page(app: Program, new_page: Pages) -> None:
    page = new_page(color_scheme="light")
    visit(page, app)
    wait_for_chart(page)
    ground = "getComputedStyle(document.body).backgroundColor"
    light, line = page.evaluate(ground), lines(page)[0]["colour"]
    page.get_by_role("button", name="Switch to dark colours").click()
    dark = page.evaluate(ground)
    assert dark != light
    wait_for(page, lambda: lines(page)[0]["colour"] != line)
    dark_line = lines(page)[0]["colour"]
    page.reload()
    wait_for_chart(page)
    assert page.evaluate(ground) == dark
    assert lines(page)[0]["colour"] == dark_line
    visit(page, app, "/")
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Switch to light colours").click()
    assert page.evaluate(ground) == light


def test_less_motion_means_one_drawing_a_second_and_no_transitions(
    app: Program, new_page: Pages
) -> None:
    calm, lively = (new_page(reduced_motion=motion) for motion in ("reduce", "no-preference"))
    for page in (calm, lively):
        visit(page, app)
        wait_for_chart(page)
        page.evaluate(
            """() => {
              window.drawn = 0;
              document.querySelector("#heart-rate").on("plotly_afterplot", () => (drawn += 1));
            }"""
        )
    before = {page: page.evaluate("window.drawn") for page in (calm, lively)}
    lively.wait_for_timeout(2500)
    drawings = {page: page.evaluate("window.drawn") - before[page] for page in (calm, lively)}
    assert 1 <= drawings[calm] <= 4
    assert drawings[lively] > 1.5 * drawings[calm]
    longest_s = """Math.max(...[...document.querySelectorAll("button")].flatMap((button) =>
      getComputedStyle(button).transitionDuration.split(",").map(parseFloat)))"""
    assert calm.evaluate(longest_s) < 0.01 < lively.evaluate(longest_s)
