"""From the list of sessions to a recording with two virtual straps, as a couple would do it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from interbeat_collector.events import Packet
from interbeat_collector.polar import decode_frame
from interbeat_collector.session_file import SUFFIX, read_session
from pages import hold_to_stop, visit, wait_for, wait_until_s
from program import Program

Pages = Callable[..., Page]

RATE = "10"
"""The straps live so many times faster: thirty seconds pass in three."""
LIMIT_MS = 20_000
LEAST_TOUCH_PX = 44
FIRST, SECOND, OTHER_MODEL = "Polar H10 virtual 1", "Polar H10 virtual 2", "Movesense virtual 3"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Program]:
    with Program("--virtual-straps", "--rate", RATE, data=tmp_path) as program:
        yield program


def choose(page: Page, a: str, b: str, names: tuple[str, str] = ("Ana", "Ben")) -> None:
    for strap, name in zip((a, b), names, strict=True):
        button = page.get_by_role("button", name=f"{strap} for {name}")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Connect both straps").click()


def lift(app: Program, page: Page, asked: str, partner: str, lifts: str | None = None) -> None:
    """Lift a strap when one is asked for, and again if a busy machine has missed it."""
    heading = page.get_by_role("heading", name=f"{asked}, lift your strap")
    expect(heading).to_be_visible(timeout=LIMIT_MS)
    button = page.get_by_role("button", name=f"Lift the virtual strap of {lifts or asked}")

    def recognised() -> bool:
        identity = json.loads(app.request("GET", "/api/pairing")[2])["identity"]
        if identity["asked"] == partner and identity["state"] != "settling":
            button.click()
        return bool(identity["asked"] != partner)

    wait_for(page, recognised)


def test_a_couple_goes_from_the_list_of_sessions_to_a_recording(
    app: Program, page: Page, tmp_path: Path
) -> None:
    visit(page, app, "/")
    page.locator("#name-a").fill("Zoë <i>")
    page.get_by_role("button", name="Use your straps").click()
    expect(page.locator("#name-a")).to_have_value("Zoë <i>")
    expect(page.locator(".found")).to_have_count(4)
    expect(page.locator(".found").first).to_contain_text("signal strong")
    unusable = page.locator(".found", has_text="Polar Sense")
    expect(unusable).to_contain_text("cannot be used")
    expect(unusable.get_by_role("button").first).to_be_disabled()
    expect(page.get_by_role("button", name="Choose a strap for each")).to_be_disabled()

    choose(page, FIRST, SECOND, ("Zoë <i>", "Ben"))
    lift(app, page, "Zoë <i>", "a")
    expect(page.locator("#lesson")).to_contain_text(f"{FIRST} is on Zoë <i>")
    lift(app, page, "Ben", "b")
    expect(page.get_by_role("heading", name="Both signals are good")).to_be_visible(
        timeout=LIMIT_MS
    )
    expect(page.locator("#panel-b .check[data-verdict=warning]")).to_contain_text("Battery 14")
    page.get_by_role("button", name="Begin the session").click()

    expect(page.locator("#session-names")).to_have_text("Zoë <i> and Ben", timeout=LIMIT_MS)
    expect(page.locator("#session-demo")).to_be_visible()
    wait_until_s(page, 10)
    for partner in ("a", "b"):
        expect(page.locator(f"#strap-{partner} .strap-state")).to_have_text("signal good")
    expect(page.locator("#strap-b .strap-battery")).to_contain_text("battery low, 14")
    expect(page.locator("#strap-warning")).to_be_hidden()
    expect(page.locator("#raw-note")).to_be_hidden()
    hold_to_stop(page)
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    assert read_session(path).session.settings["identity"] == {
        "a": "lifted",
        "b": "lifted",
        "swapped": False,
    }

    visit(page, app, "/")
    expect(page.locator("#strap-a")).to_have_text("H10 virtual 1")
    page.get_by_role("button", name="Use your straps").click()
    expect(page.get_by_role("button", name="Connect both straps")).to_be_enabled(timeout=LIMIT_MS)


def test_the_wrong_strap_reacts_and_the_roles_are_swapped(app: Program, page: Page) -> None:
    visit(page, app, "/pair")
    choose(page, FIRST, SECOND)
    lift(app, page, "Ana", "a", lifts="Ben")
    expect(page.locator("#lesson")).to_contain_text("swapped now")
    expect(page.locator("#panel-a .panel-model")).to_contain_text(SECOND)
    page.get_by_role("button", name="Skip: the other strap is Ben's").click()
    expect(page.locator("#check")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "title", "the new step has the focus"


def test_two_models_are_warned_of_until_one_person_has_worn_both(app: Program, page: Page) -> None:
    visit(page, app, "/pair")
    choose(page, SECOND, OTHER_MODEL)
    expect(page.locator("#warning-text")).to_contain_text("Movesense")
    page.get_by_role("button", name="Skip: we know whose is whose").click()
    page.get_by_role("button", name="Begin the session").click(timeout=LIMIT_MS)
    expect(page.locator("#strap-warning-text")).to_contain_text("Movesense")
    hold_to_stop(page)

    visit(page, app, "/calibrate")
    choose(page, FIRST, OTHER_MODEL, ("First", "Second"))
    expect(page.get_by_role("heading", name="The difference is known")).to_be_visible(
        timeout=2 * LIMIT_MS
    )
    figure = re.match(r"(\d+).*ms", page.locator("#figure").inner_text())
    assert figure is not None
    assert abs(int(figure[1]) - 2200) <= 100, "how exact it is, other tests measure"
    page.get_by_role("button", name="Keep the difference").click()
    page.get_by_role("button", name="To the sessions").click()
    expect(page.locator("#calibrated")).to_contain_text("later than")

    visit(page, app, "/pair")
    choose(page, FIRST, OTHER_MODEL)
    expect(page.locator("#straps")).to_be_visible(timeout=LIMIT_MS)
    expect(page.locator("#warning")).to_be_hidden()


def test_raw_signals_are_a_choice_that_nobody_has_made(
    app: Program, page: Page, tmp_path: Path
) -> None:
    visit(page, app, "/pair")
    choose(page, OTHER_MODEL, SECOND)
    expect(page.get_by_role("heading", name="Connecting")).to_be_visible()
    expect(page.locator("#raw")).to_be_hidden()
    page.get_by_role("button", name="Skip: we know whose is whose").click()
    ecg, acceleration = page.get_by_label("Raw ECG"), page.get_by_label("Acceleration")
    for box in (ecg, acceleration):
        expect(box).not_to_be_checked(timeout=LIMIT_MS)
    expect(page.locator("#raw-ecg-of")).to_contain_text("Ben's strap only; Ana's does not")
    expect(page.locator("#raw")).to_contain_text("stays on this computer")
    ecg.check()
    page.get_by_role("button", name="Choose other straps").click()
    choose(page, FIRST, SECOND)
    page.get_by_role("button", name="Skip: we know whose is whose").click()
    expect(ecg).not_to_be_checked(timeout=LIMIT_MS)
    expect(page.locator("#raw-ecg-of")).to_contain_text("both straps")
    acceleration.check()
    page.get_by_role("button", name="Begin the session").click(timeout=LIMIT_MS)
    note = page.locator("#raw-note")
    expect(note).to_contain_text("acceleration of Ana and Ben", timeout=LIMIT_MS)
    expect(note).not_to_contain_text("ECG")
    wait_until_s(page, 30)
    hold_to_stop(page)
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    recording = read_session(path)
    assert recording.session.settings["raw"] == {"a": ["acceleration"], "b": ["acceleration"]}
    packets = [e for e in recording.events if isinstance(e, Packet) and e.kind == "polar"]
    assert {(p.partner, decode_frame(p.data).kind) for p in packets} == {("a", "acc"), ("b", "acc")}


def test_two_models_are_warned_of_when_they_are_chosen_and_brought_along_to_be_compared(
    app: Program, page: Page
) -> None:
    visit(page, app, "/pair")
    for strap, name in ((OTHER_MODEL, "Ana"), (FIRST, "Ben")):
        page.get_by_role("button", name=f"{strap} for {name}").click()
    expect(page.locator("#warning-text")).to_contain_text("Movesense")
    page.get_by_role("button", name=f"{SECOND} for Ana").click()
    expect(page.locator("#warning")).to_be_hidden()
    page.get_by_role("button", name=f"{OTHER_MODEL} for Ana").click()
    page.get_by_role("link", name="Compare these two straps").click()
    for strap, name in ((OTHER_MODEL, "First"), (FIRST, "Second")):
        chosen = page.get_by_role("button", name=f"{strap} for {name}")
        expect(chosen).to_have_attribute("aria-pressed", "true", timeout=LIMIT_MS)
    expect(page.locator("#shared")).to_contain_text(f"same person: {FIRST} and {OTHER_MODEL}")
    expect(page.get_by_role("button", name="Connect both straps")).to_be_enabled()


def test_a_folder_that_cannot_be_written_is_told_before_straps_are_fitted(
    page: Page, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with Program("--virtual-straps", data=tmp_path / "file" / "folder") as app:
        for path in ("/pair", "/calibrate"):
            visit(page, app, path)
            expect(page.get_by_role("heading", name="Straps cannot be fitted now")).to_be_visible()
            expect(page.locator("#problem")).to_contain_text("--data-dir")
            expect(page.locator(".actions button:visible")).to_have_count(0)


def test_without_bluetooth_the_next_step_is_told(page: Page, tmp_path: Path) -> None:
    # A bus that is not there: so it is on a computer without a Bluetooth service.
    with Program(data=tmp_path, DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nowhere/at/all") as app:
        visit(page, app, "/pair")
        expect(page.get_by_role("heading", name="Bluetooth cannot be used yet")).to_be_visible()
        expect(page.locator("#lead")).not_to_be_empty()
        expect(page.locator("#no-radio")).to_contain_text("--virtual-straps")
        page.get_by_role("button", name="Two simulated people instead").click()
        expect(page.locator("#session-demo")).to_be_visible()


def test_a_page_that_is_closed_lets_the_straps_go(app: Program, page: Page) -> None:
    visit(page, app, "/pair")
    choose(page, FIRST, SECOND)
    expect(page.locator("#straps")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert json.loads(app.request("GET", "/api/pairing")[2]) == {
        "step": None,
        "recording": None,
    }


def test_a_refusal_stays_until_the_next_press_and_nothing_is_offered_that_has_no_words(
    app: Program, page: Page
) -> None:
    visit(page, app, "/pair")
    choose(page, FIRST, SECOND)
    page.get_by_role("button", name="Skip: we know whose is whose").click()
    begin = page.get_by_role("button", name="Begin the session")
    expect(begin).to_be_enabled(timeout=LIMIT_MS)
    status, _, _ = app.request("POST", "/api/sessions", {"labels": {"a": "Ana", "b": "Ben"}})
    assert status == 201
    begin.click()
    expect(page.locator("#problem")).to_contain_text("is being recorded")
    several_answers_ms = 1500
    page.wait_for_timeout(several_answers_ms)
    expect(page.locator("#problem")).to_contain_text("is being recorded")
    expect(page.get_by_role("link", name="To the recording")).to_be_visible()

    app.request("DELETE", "/api/pairing")
    for path in ("/pair", "/calibrate"):
        visit(page, app, path)
        expect(page.locator("#problem")).to_contain_text("is being recorded")
        expect(page.locator(".actions button:visible")).to_have_count(0)
        page.get_by_role("link", name="To the recording").click()
        expect(page.locator("#session-names")).to_have_text("Ana and Ben")
        expect(page.locator("#state-word")).to_have_text("Recording")


@pytest.mark.parametrize("width", [360, 1280])
def test_every_step_fits_the_screen_and_is_reached_by_keyboard(
    app: Program, new_page: Pages, width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 800}, reduced_motion="reduce")

    def fits() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for button in page.locator("main button:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= LEAST_TOUCH_PX, button.inner_text()

    visit(page, app, "/pair")
    expect(page.locator(".found")).to_have_count(4)
    fits()
    still = "getComputedStyle(document.querySelector('.pulse')).animationName"
    assert page.evaluate(still) == "none"
    for name in (f"{FIRST} for Ana", f"{SECOND} for Ben", "Connect both straps"):
        button = page.get_by_role("button", name=name)
        wait_for(page, lambda button=button: tab_to(page, button))  # type: ignore[misc]
        page.keyboard.press("Enter")
    expect(page.locator("#straps")).to_be_visible()
    fits()
    expect(page.locator("#live")).to_contain_text("Ana, lift your strap", timeout=LIMIT_MS)
    skip = page.get_by_role("button", name="Skip")
    wait_for(page, lambda: tab_to(page, skip))
    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_be_visible()
    fits()
    expect(page.get_by_role("heading", name="Both signals are good")).to_be_visible(
        timeout=LIMIT_MS
    )
    fits()
    visit(page, app, "/calibrate")
    expect(page.locator(".found")).to_have_count(4)
    fits()


def test_a_long_name_stays_within_a_phone(app: Program, new_page: Pages) -> None:
    page = new_page(viewport={"width": 390, "height": 844})
    visit(page, app, "/")
    page.locator("#name-b").fill("Bartholomew Featherstonehaugh-Cholmonde")
    page.get_by_role("button", name="Use your straps").click()
    expect(page.locator(".found")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.locator(".choose").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390


def tab_to(page: Page, button: object) -> bool:
    """One step with the Tab key; whether it has led to the button."""
    page.keyboard.press("Tab")
    return bool(button.evaluate("(element) => element === document.activeElement"))  # type: ignore[attr-defined]
