"""The live page while a session is recorded: what moves, what is known, what the keys do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from interbeat_collector.events import Marker, Speech
from interbeat_collector.session_file import read_session
from pages import (
    BEATS,
    PALE_LINES,
    PROVISIONAL_ENDS,
    SLOW_LINES,
    elapsed_s,
    known,
    lines,
    picture,
    view_s,
    visit,
    wait_for,
    wait_until_s,
)
from program import Program

Pages = Callable[..., Page]
FAST, BRISK = 20, 8
CLOCK_ERROR_S = 10
"""Of a page that reckons session time, at a brisk speed: a second on the wall."""
OWN_WORDS = '<b>&" own words'


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A recording that runs fast: it is minutes old soon."""
    folder = tmp_path_factory.mktemp("fast")
    with Program("demo", "--rate", str(FAST), data=folder) as program:
        yield program


@pytest.fixture(scope="module")
def live(browser: Browser, fast: Program) -> Iterator[Page]:
    """One page on the fast recording, for tests that leave it as they found it."""
    context = browser.new_context()
    page = context.new_page()
    visit(page, fast)
    wait_until_s(page, 60)
    yield page
    context.close()


def ends_s(page: Page) -> list[float]:
    """The newest instants of the pale lines."""
    drawn = lines(page)
    return [max(known(drawn[i]), default=0.0) for i in PALE_LINES]


def test_at_first_the_page_says_what_it_does_not_know(page: Page, tmp_path: Path) -> None:
    with Program("demo", data=tmp_path) as app:
        visit(page, app)
        for partner in ("a", "b"):
            figures = page.locator(f"#measures-{partner}")
            expect(figures).to_contain_text("Not enough clean data yet")
            expect(figures.locator("dl")).to_be_hidden()
        expect(page.locator("#strip .chart-waiting")).to_have_text(
            "The first column needs 30 s of both hearts."
        )
        assert picture(page)["coloured"] == 0
        first = wait_until_s(page, 1)
        assert first < 30, "so far the recording runs at the pace of the clock on the wall"


def test_both_lines_move_with_the_time_of_the_recording(live: Page) -> None:
    before_s, seen_s = ends_s(live), elapsed_s(live)
    wait_until_s(live, seen_s + 20)
    live.wait_for_timeout(300)
    after_s = ends_s(live)
    for before, after in zip(before_s, after_s, strict=True):
        assert 10 < after - before < 60
        assert 0 < elapsed_s(live) - after < 15, "the line ends near the moment told above"
    expect(live.locator("#state-word")).to_have_text("Recording")


def test_the_newest_part_of_a_line_is_dotted_and_it_is_told_how_late_it_is(live: Page) -> None:
    def provisional() -> list[dict[str, Any]]:
        drawn = lines(live)
        ends = [drawn[i] for i in PROVISIONAL_ENDS]
        return ends if all(len(end["t"]) > 1 for end in ends) else []

    ends = wait_for(live, provisional)
    assert {lines(live)[i]["dash"] for i in PALE_LINES} == {"solid"}
    for end in ends:
        assert end["dash"] == "dot"
        assert 0 < end["t"][-1] - end["t"][0] < 3
    expect(live.locator("#behind")).to_have_text(re.compile(r"about \d\ss behind"))


def test_the_partners_differ_in_colour_dash_and_name(live: Page) -> None:
    drawn = lines(live)
    a, b = (drawn[i] for i in SLOW_LINES)
    assert a["colour"] != b["colour"]
    assert a["dash"] != b["dash"]
    names = live.locator("#heart-rate-overlay .tip-name")
    expect(names).to_have_text(["Ana", "Ben"])
    for value in live.locator("#heart-rate-overlay .tip-value").all_inner_texts():
        assert 40 < int(value) < 120
    chart, tips = live.locator("#heart-rate").bounding_box(), live.locator(".tip").all()
    assert chart is not None
    for tip in tips:
        box = tip.bounding_box()
        assert box is not None
        assert box["x"] > chart["x"] + 0.8 * chart["width"], "names stand at the ends of lines"


def test_simulated_people_are_called_so(live: Page) -> None:
    demo = live.locator("#session-demo")
    expect(demo).to_be_visible()
    expect(demo).to_have_text("DEMO Simulated people")
    expect(live.locator("#strap-a")).to_contain_text("Simulated strap")


def test_variability_appears_after_a_minute_and_says_what_was_counted(live: Page) -> None:
    for partner in ("a", "b"):
        figures = live.locator(f"#measures-{partner}")
        expect(figures.locator("dt")).to_have_text(["Mean heart rate", "RMSSD"])
        mean, rmssd = (float(text) for text in figures.locator("dd b").all_inner_texts())
        assert 40 < mean < 120
        assert 3 < rmssd < 200
        expect(figures.locator(".measures-why"), "nothing is in doubt").to_be_hidden()
        expect(figures.locator(".measures-note").last).to_contain_text("beats counted")
        expect(figures.locator(".measures-note").last).to_contain_text("left out")


def test_the_strip_is_coloured_where_windows_are_known_and_names_both_directions(
    live: Page,
) -> None:
    seen = wait_for(live, lambda: p if (p := picture(live))["coloured"] > 0.02 else {})
    assert seen["shades"] > 30
    assert seen["coloured"] < 0.95, "the newest half window is not known"
    expect(live.locator("#strip .chart-waiting")).to_be_hidden()
    expect(live.locator("#a-first")).to_have_text("Ana first")
    expect(live.locator("#b-first")).to_have_text("Ben first")
    above, below = (live.locator(each).bounding_box() for each in ("#a-first", "#b-first"))
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"], "positive lags stand on top: b follows a"
    assert [live.locator(each).inner_text() for each in ("#lag-high", "#lag-low")] == ["+5", "−5"]


@pytest.mark.parametrize(("name", "window_s"), [("1 min", 60), ("5 min", 300), ("30 min", 1800)])
def test_the_window_is_chosen_and_beats_stand_alone_only_in_the_shortest(
    live: Page, name: str, window_s: int
) -> None:
    choice = live.get_by_role("button", name=name)
    choice.click()
    expect(choice).to_have_attribute("aria-pressed", "true")
    assert live.locator("[data-window][aria-pressed=true]").count() == 1

    def in_force() -> bool:
        low, high = view_s(live)
        return abs(high - low - window_s) < 1e-6

    wait_for(live, in_force)
    drawn = lines(live)
    counts = [len(known(drawn[i])) for i in BEATS]
    assert all(30 < n < 130 for n in counts) if window_s == 60 else counts == [0, 0]
    assert all(drawn[i]["mode"] == "markers" for i in BEATS)
    live.get_by_role("button", name="5 min").click()


def test_the_keys_plus_and_minus_choose_the_window(live: Page) -> None:
    pressed = live.locator("[data-window][aria-pressed=true]")
    live.locator("body").press("+")
    expect(pressed).to_have_attribute("data-window", "60")
    live.locator("body").press("-")
    live.locator("body").press("-")
    expect(pressed).to_have_attribute("data-window", "1800")
    live.locator("body").press("+")
    expect(pressed).to_have_attribute("data-window", "300")


def test_space_freezes_the_display_while_the_recording_goes_on(live: Page) -> None:
    live.evaluate("document.activeElement.blur()")
    live.keyboard.press("Space")
    expect(live.locator("#frozen")).to_have_text("Display frozen still recording")
    live.wait_for_timeout(500)
    still, seen_s = lines(live), elapsed_s(live)
    wait_until_s(live, seen_s + 20)
    assert lines(live) == still
    live.keyboard.press("Space")
    expect(live.locator("#frozen")).to_be_hidden()
    wait_for(live, lambda: min(ends_s(live)) > seen_s + 10)
    drawn = known(lines(live)[PALE_LINES[0]])
    missed = [t for t in drawn if seen_s < t < seen_s + 10]
    assert len(missed) > 20, "what came while the display stood is there"


def test_markers_are_saved_with_their_words_and_their_moment(page: Page, tmp_path: Path) -> None:
    with Program("demo", "--rate", str(BRISK), data=tmp_path) as app:
        visit(page, app)
        # Where a page is slow, the session may run on for more than five minutes meanwhile.
        page.get_by_role("button", name="30 min").click()
        # By now the page has asked twice for the time: the first answer comes while it loads.
        before_s = wait_until_s(page, 60)
        page.keyboard.press("1")
        expect(page.locator("#notice")).to_have_text("saved")
        lane = page.locator("#lane .mark")
        expect(lane).to_have_count(1)
        # Markers and time come in one stream, so the time shown now is not before the marker's.
        after_s = elapsed_s(page)
        page.get_by_role("button", name="Mark", exact=True).click()
        page.get_by_role("button", name="repair", exact=True).last.click()
        expect(lane).to_have_count(2)
        shown_s = elapsed_s(page)
        page.keyboard.press("m")
        expect(page.locator("#mark-when")).to_contain_text("when you pressed")
        pressed_s = moment_s(page.locator("#mark-when").inner_text())
        page.keyboard.type(OWN_WORDS)
        wait_until_s(page, pressed_s + 30)
        page.keyboard.press("Enter")
        expect(lane).to_have_count(3)
        own = page.locator("#lane .mark-text").last
        expect(own).to_have_text(f"“{OWN_WORDS}”")
        assert own.locator("b").count() == 0
        assert app.ask_to_stop() == 0
    (path,) = tmp_path.iterdir()
    marks = [event for event in read_session(path).events if isinstance(event, Marker)]
    assert [mark.label for mark in marks] == ["baseline", "repair", OWN_WORDS]
    assert before_s - CLOCK_ERROR_S < marks[0].at_s < after_s + CLOCK_ERROR_S
    assert pressed_s > shown_s - CLOCK_ERROR_S
    assert abs(marks[2].at_s - pressed_s) <= 1, "as the dialog said, in whole seconds"
    assert marks[2].t_s - marks[2].at_s > 25, "the moment is the one of the key, not of Enter"


def moment_s(text: str) -> int:
    """The moment in a sentence, such as 0:02:05."""
    found = re.search(r"(\d+):(\d\d):(\d\d)", text)
    assert found is not None
    hours, minutes, seconds = map(int, found.groups())
    return hours * 3600 + minutes * 60 + seconds


def test_a_partner_speaks_as_long_as_a_key_or_a_button_is_held(page: Page, tmp_path: Path) -> None:
    with Program("demo", data=tmp_path) as app:
        visit(page, app)
        wait_until_s(page, 2)
        ana, ben = page.locator("#speak-a"), page.locator("#speak-b")
        expect(ana).to_have_text("A Ana speaks")
        page.keyboard.down("a")
        expect(ana).to_have_attribute("aria-pressed", "true")
        page.keyboard.down("a")  # The keyboard repeats while a key is held.
        ben.hover()
        page.mouse.down()
        expect(ben).to_have_attribute("aria-pressed", "true")
        page.mouse.move(5, 5)
        wait_until_s(page, elapsed_s(page) + 2)
        page.mouse.up()
        expect(ben).to_have_attribute("aria-pressed", "false")
        page.keyboard.up("a")
        expect(ana).to_have_attribute("aria-pressed", "false")
        ben.focus()
        page.keyboard.down("Space")
        expect(ben).to_have_attribute("aria-pressed", "true")
        page.evaluate("dispatchEvent(new Event('blur'))")
        expect(ben).to_have_attribute("aria-pressed", "false")
        assert app.ask_to_stop() == 0
    (path,) = tmp_path.iterdir()
    told = [event for event in read_session(path).events if isinstance(event, Speech)]
    expected = [("a", True), ("b", True), ("b", False), ("a", False), ("b", True), ("b", False)]
    assert [(event.partner, event.on) for event in told] == expected
    assert told[3].at_s - told[0].at_s > 1
    assert all(0 <= event.t_s - event.at_s < 5 for event in told), "the moment is that of the key"


def test_the_dialog_can_be_left_without_marking(live: Page) -> None:
    for leave in ("Escape", "Cancel"):
        live.evaluate("document.activeElement.blur()")
        live.keyboard.press("m")
        expect(live.locator("#mark-dialog")).to_be_visible()
        expect(live.locator("#mark-text")).to_be_focused()
        live.keyboard.type("1 2")
        if leave == "Escape":
            live.keyboard.press("Escape")
        else:
            live.get_by_role("button", name="Cancel").click()
        expect(live.locator("#mark-dialog")).to_be_hidden()
    assert live.locator("#lane .mark").count() == 0


def test_figures_are_set_beside_the_own_baseline_in_calm_words(page: Page, tmp_path: Path) -> None:
    with Program("demo", "--rate", str(FAST), data=tmp_path) as app:
        visit(page, app)
        figures = [page.locator(f"#measures-{partner}") for partner in ("a", "b")]
        wait_until_s(page, 20)
        page.keyboard.press("1")
        for each in figures:
            expect(each.locator(".measures-own")).to_contain_text("of clean signal so far")
            expect(each.locator(".own-words").first).to_be_hidden()
        began_s = elapsed_s(page)
        wait_until_s(page, began_s + 150)
        page.keyboard.press("4")
        for each in figures:
            expect(each.locator(".measures-own")).to_contain_text("once a minute has passed")
        wait_until_s(page, elapsed_s(page) + 75)
        words = re.compile(
            r"^(higher|lower) than your own baseline of \d|^about your baseline of \d"
        )
        for each in figures:
            expect(each.locator(".measures-own")).to_contain_text("Own baseline: 0:00:")
            expect(each.locator(".own-words")).to_have_text([words, words])
        colours = {
            each.evaluate("element => getComputedStyle(element).color")
            for each in page.locator(".own-words").all()
        }
        assert len(colours) == 1, "no colour says what is higher or lower"
