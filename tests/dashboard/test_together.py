"""What the page says of both hearts: every state, in a real browser, from simulated packets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pages import hold_to_stop, visit, wait_for, wait_until_s
from program import Program

Pages = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
CAUGHT_UP_S = 21 * 60

# The word after a name stands within the element that holds both, and within the page.
WORD_IN_SIGHT = """(place) => {
  const range = document.createRange();
  range.selectNode(place.lastChild);
  const word = range.getBoundingClientRect();
  const around = place.getBoundingClientRect();
  return word.width > 10 && word.right <= around.right + 1 && word.right <= innerWidth;
}"""
LINE_BELOW_ZERO = """(lane) => {
  const bottom = (element) => element.getBBox().y + element.getBBox().height;
  const texts = [...lane.querySelectorAll(".grid-text")];
  const zero = lane.querySelectorAll(".grid-line")[texts.findIndex((t) => t.textContent === "0")];
  return Math.max(...[...lane.querySelectorAll(".joint-line")].map(bottom)) > bottom(zero) + 5;
}"""
TEXTS_IN_SIGHT = """(overlay) => {
  const { left, right, bottom } = overlay.getBoundingClientRect();
  return [...overlay.querySelectorAll("text")].every((text) => {
    const box = text.getBoundingClientRect();
    return box.left >= left - 1 && box.right <= right + 1 && box.bottom <= bottom + 1;
  });
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo that gives way to one scene after another."""
    with Program("demo", data=tmp_path_factory.mktemp("scenes")) as program:
        program.sign_in()
        yield program


@pytest.fixture(scope="module")
def open_scene(browser: Browser, app: Program) -> Iterator[Callable[..., Page]]:
    """Begin a scene in place of the one before, and show it."""
    context = browser.new_context()
    page = context.new_page()

    def begin(scene: str, **labels: str) -> Page:
        running = page.url.split("/run/")[-1] if "/run/" in page.url else app.run
        asked = {"scene": scene, "instead_of": running, **({"labels": labels} if labels else {})}
        status, _, body = app.request("POST", "/api/sessions", asked)
        assert status == 201, body
        visit(page, app, f"/run/{json.loads(body)['run']}")
        expect(page.locator("#together")).to_be_visible()
        return page

    yield begin
    context.close()


def figure(page: Page, name: str) -> Locator:
    """The value of a row of the measures."""
    row = page.locator("#together .figures > div").filter(has=page.get_by_text(name, exact=True))
    return row.locator("dd")


def lane_states(page: Page) -> dict[str, int]:
    """What the lane of the session holds."""
    parts = {
        "hatched": ".gap-box",
        "open": ".within-chance",
        "linked": ".joint-line",
        "zone": ".chance",
    }
    return {name: page.locator(f"#connection {css}").count() for name, css in parts.items()}


def test_gathering_becomes_an_answer_before_ones_eyes(open_scene: Callable[[str], Page]) -> None:
    page = open_scene("begin")
    headline = page.locator("#together-title")
    expect(headline).to_have_text("Not enough clean data yet")
    expect(page.locator("#together .ring")).to_be_visible()
    expect(page.locator("#together .ring p")).to_have_text(re.compile(r"1\s+more minute"))
    expect(page.locator("#together .together-text").first).to_contain_text(
        "of 8 minutes clean in both"
    )
    expect(page.locator("#together .profile")).to_be_hidden()
    for name, when in (("Settling", "at 8\u00a0min"), ("Balance", "at 20\u00a0min")):
        expect(figure(page, name)).to_have_text(when)
    expect(page.locator("#index .index-word")).to_have_text("locked")
    expect(page.locator("#connection .bead")).to_have_count(8)
    expect(page.locator("#connection-summary")).to_have_text(
        "Gathering: no joint number is shown yet."
    )
    expect(page.locator("#demo-before")).to_have_text(
        "These are two simulated hearts; the first 7.5 minutes were simulated before you came."
    )
    expect(headline).to_have_text(
        re.compile("No linkage beyond chance found|Some evidence|Clear evidence"), timeout=60_000
    )
    expect(page.locator("#together .ring")).to_be_hidden()
    expect(page.locator("#together .profile")).to_be_visible()


def test_strangers_are_told_as_calmly_and_the_index_says_what_it_waits_for(
    open_scene: Callable[[str], Page],
) -> None:
    page = open_scene("strangers")
    wait_until_s(page, CAUGHT_UP_S + 5)
    expect(page.locator("#together-title")).to_have_text("No linkage beyond chance found")
    expect(page.locator("#together .together-text").first).to_have_text(
        "Your hearts kept their own rhythms here. That is common, and neither good nor bad."
    )
    expect(page.locator("#together .profile .joint-line")).to_have_class(
        re.compile("within-chance")
    )
    assert page.locator("#together .profile .chance").bounding_box()
    expect(figure(page, "Balance")).to_have_text("no lead shown")
    expect(figure(page, "Own rhythm")).to_have_text(re.compile(r"^\d+\u00a0% \d+ to \d+$"))
    expect(page.locator("#together")).to_contain_text("After a rise, it usually took Ana about")
    index = page.locator("#index")
    expect(index).to_have_attribute("data-state", "locked")
    expect(index).to_contain_text("Reference: Ana 27, Ben 27 of 38 clean minutes each.")
    assert index.locator(".index-progress").bounding_box()
    assert index.locator(".index-dot").count() == 0
    states = lane_states(page)
    assert states["hatched"] == 1, "what was gathered before"
    assert states["zone"] == states["open"] > 0
    for name in ("Correlation r", "Settling", "Own rhythm"):
        expect(figure(page, name).locator(".quiet")).to_have_text(re.compile(r"\d to .*\d$"))
        bar = figure(page, name).locator(".joint-dot")
        assert 0 < float(bar.get_attribute("cx") or 0) <= 72
    assert page.locator("#connection-summary").inner_text().count("is \u2212") == 1
    assert page.locator("#connection").evaluate(LINE_BELOW_ZERO)


def test_linked_people_see_evidence_ranges_and_an_undecided_index(
    open_scene: Callable[[str], Page],
) -> None:
    page = open_scene("alike")
    wait_until_s(page, CAUGHT_UP_S + 5)
    expect(page.locator("#together-title")).to_have_text("Clear evidence")
    expect(page.locator("#together .together-text").first).to_contain_text(
        "of chance pairings of the same two recordings"
    )
    words = page.locator("#together .profile-words > span")
    expect(words).to_have_text(["Ben first", "same time", "Ana first"])
    expect(figure(page, "Settling")).to_have_text(re.compile(r"^\d+\u00a0s \d+ to \d+$"))
    expect(figure(page, "Correlation r")).to_have_text(re.compile(r"^0\.\d\d 0\.\d\d to 0\.\d\d$"))
    index = page.locator("#index")
    expect(index).to_have_attribute("data-state", "undecided")
    expect(index.locator(".index-word")).to_have_text("undecided")
    expect(index).to_contain_text(re.compile(r"likely \d+ to \d+"))
    assert index.locator(".index-dot").count() == 0, "no value while the range holds 50"
    expect(page.locator("#connection-summary")).to_contain_text("It was beyond chance at")
    assert lane_states(page)["linked"] > lane_states(page)["open"]
    expect(page.locator("#profile-summary")).to_contain_text("Nine of ten chance correlations")


@pytest.mark.parametrize(("scene", "above"), [("calming", True), ("stirring", False)])
def test_the_index_is_shown_with_its_range(
    open_scene: Callable[[str], Page], scene: str, above: bool
) -> None:
    page = open_scene(scene)
    wait_until_s(page, CAUGHT_UP_S + 5)
    index = page.locator("#index")
    expect(index).to_have_attribute("data-state", "shown")
    low, high = map(int, re.findall(r"\d+", index.locator("header .quiet").inner_text()))
    value = int(index.locator(".index-word").inner_text())
    assert low <= value <= high
    assert (low > 50) if above else (high < 50)
    expect(index).to_contain_text(f"settling {'faster' if above else 'more slowly'} than usual")
    assert index.locator(".index-dot").bounding_box()


def test_one_heart_on_both_straps_is_noticed(open_scene: Callable[[str], Page]) -> None:
    page = open_scene("same_heart")
    wait_until_s(page, CAUGHT_UP_S + 5)
    expect(page.locator("#together-title")).to_have_text(
        "Both signals look the same. Check the straps."
    )
    expect(page.locator("#together .figures")).to_be_hidden()
    expect(page.locator("#together .profile")).to_be_hidden()
    expect(page.locator("#index .index-word")).to_have_text("locked")
    expect(page.locator("#connection .gap-text").last).to_have_text("same signal")


def test_one_who_is_seen_first_is_named_and_nobody_leads(
    open_scene: Callable[[str], Page],
) -> None:
    page = open_scene("one_first")
    wait_until_s(page, CAUGHT_UP_S + 5)
    expect(figure(page, "Balance")).to_have_text("Ana seen first")
    expect(page.locator("#together")).to_contain_text("a faster-reacting heart can cause this too")
    expect(page.locator("#index .index-word")).to_have_text("undecided")


def test_breathing_in_step_is_told_beside_the_evidence(open_scene: Callable[[str], Page]) -> None:
    page = open_scene("in_step")
    wait_until_s(page, CAUGHT_UP_S + 5)
    expect(figure(page, "Breathing check")).to_have_text("in step")
    expect(page.locator("#together .flags")).to_contain_text("You were breathing in step.")


def test_poor_contact_is_told_as_a_share_and_promises_no_minute(
    open_scene: Callable[[str], Page],
) -> None:
    page = open_scene("poor_contact")
    wait_until_s(page, CAUGHT_UP_S + 5)
    expect(page.locator("#together-title")).to_have_text("Not enough clean data yet")
    expect(page.locator("#together .together-text").first).to_contain_text(
        "of the time is clean in both; three quarters are needed"
    )
    expect(page.locator("#together .flags")).to_contain_text("Many beats had to be left out")
    expect(page.locator("#together .figures")).not_to_contain_text("min")
    low, _ = page.evaluate("document.querySelector('#heart-rate').layout.yaxis.range")
    assert low > 25, "one missed beat is no heart rate"


def test_keys_stay_with_what_has_the_focus(open_scene: Callable[[str], Page]) -> None:
    page = open_scene("begin")
    page.locator("#scene").focus()
    page.keyboard.press("b")
    page.keyboard.press("1")
    expect(page.locator("#speak-b")).to_have_attribute("aria-pressed", "false")
    assert page.locator("#lane .mark").count() == 0
    page.locator("#says-not summary").focus()
    page.keyboard.press("Space")
    expect(page.locator("#says-not")).to_have_attribute("open", "")
    expect(page.locator("#frozen")).to_be_hidden()


def test_long_names_are_cut_and_the_words_after_them_stay(
    open_scene: Callable[..., Page], app: Program, new_page: Pages
) -> None:
    a, b = "Maximiliana-Josephine von und zu Hohenst", "نور الدين عبد الرحمن الأندلسي"
    run = open_scene("begin", a=a, b=b).url.removeprefix(app.origin)
    for viewport in (PHONE, {"width": 1280, "height": 900}):
        page = new_page(viewport=viewport)
        visit(page, app, run)
        expect(page.locator("#together-title")).to_be_visible()
        for name, word in (("a-first", "first"), ("speaks-b", "speaks")):
            place = page.locator(f"#{name}")
            expect(place).to_contain_text(word)
            assert place.evaluate(WORD_IN_SIGHT), (name, viewport)
        box = page.locator("#speak-a").bounding_box()
        assert box is not None
        assert box["height"] <= 48
        wait_for(page, lambda page=page: page.locator("#heart-rate-overlay text").count())
        assert page.locator("#heart-rate-overlay").evaluate(TEXTS_IN_SIGHT)


def test_a_newcomer_goes_from_state_to_state_and_reads_what_they_do_not_say(
    open_scene: Callable[[str], Page],
) -> None:
    page = open_scene("same_heart")
    before = page.url
    page.locator("#scene").select_option("strangers")
    page.get_by_role("button", name="Begin").click()
    wait_for(page, lambda: page.url != before)
    expect(page.locator("#together-title")).to_have_text("No linkage beyond chance found")
    summary = page.locator("#says-not summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#says-not")).to_contain_text("makes no diagnosis")
    expect(page.locator("#says-not dt")).to_have_text(
        [
            "Connection",
            "Balance",
            "Settling",
            "Recovery",
            "Own rhythm",
            "Breathing check",
            "Co-regulation index",
        ]
    )


@pytest.mark.parametrize("scene", ["begin", "alike"])
def test_a_phone_shows_all_of_it_without_sideways_scroll(
    open_scene: Callable[[str], Page], app: Program, new_page: Pages, scene: str
) -> None:
    run = open_scene(scene).url.removeprefix(app.origin)
    for scheme in ("light", "dark"):
        page = new_page(viewport=PHONE, color_scheme=scheme)
        visit(page, app, run)
        expect(page.locator("#together-title")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for part in ("#together-title", "#index", "#connection", "#says-not summary"):
            box = page.locator(part).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]


def test_the_end_has_a_calm_sentence_and_a_replay_says_the_same(page: Page, tmp_path: Path) -> None:
    with Program("demo", "--minutes-behind", "21", data=tmp_path) as app:
        visit(page, app)
        wait_until_s(page, CAUGHT_UP_S + 2)
        expect(page.locator("#together-title")).to_have_text("Clear evidence")
        figures = page.locator("#together .figures").inner_text()
        points = page.locator("#connection-summary")
        expect(points).to_contain_text("It was beyond chance")
        hold_to_stop(page)
        expect(page.locator("#ended-connection")).to_have_text(
            "Your hearts rose and settled together more than two unrelated recordings would."
        )
        page.get_by_role("button", name="Replay").click()
        expect(page.locator("#transport")).to_be_visible()
        expect(page.locator("#scene-form")).to_be_hidden()
        slider = page.locator("#slider")
        wait_for(page, lambda: float(slider.get_attribute("max") or 0) > CAUGHT_UP_S)
        slider.evaluate(
            f"(s) => {{ s.value = {CAUGHT_UP_S + 1}; s.dispatchEvent(new Event('input'));"
            " s.dispatchEvent(new Event('change')); }"
        )
        expect(page.locator("#together-title")).to_have_text("Clear evidence")
        expect(page.locator("#connection .gap-text")).to_have_text("gathering")
        wait_for(page, lambda: page.locator("#together .figures").inner_text() == figures)
