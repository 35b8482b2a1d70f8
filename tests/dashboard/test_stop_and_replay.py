"""From the end of a recording to its replay: hold to stop, the panel, the transport."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from interbeat_collector.session_file import SUFFIX, read_session
from pages import (
    PALE_LINES,
    SLOW_LINES,
    elapsed_s,
    hold_to_stop,
    known,
    lines,
    view_s,
    visit,
    wait_for,
    wait_until_s,
)
from program import Program, free_port, interbeat

TIME = "#replay-time"
DURATION_S = 100


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    interbeat(
        *("demo", "--rate", "60", "--duration-s", str(DURATION_S), "--no-browser"),
        *("--data-dir", str(folder), "--port", str(free_port())),
    )
    (path,) = folder.glob(f"*{SUFFIX}")
    return path


@pytest.fixture(scope="module")
def replay(recording: Path) -> Iterator[Program]:
    with Program("replay", str(recording), "--rate", "60", data=recording.parent) as program:
        yield program


@pytest.fixture(scope="module")
def player(browser: Browser, replay: Program) -> Iterator[Page]:
    """One page on the replay; each test brings it where it wants it."""
    context = browser.new_context()
    page = context.new_page()
    visit(page, replay)
    yield page
    context.close()


def pause_at(page: Page, t_s: int) -> None:
    """Stand still at a whole second of the recording."""
    if page.get_by_role("button", name="Pause").is_visible():
        page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    slide_to(page, t_s)
    wait_for(page, lambda: view_s(page)[1] == t_s)
    page.evaluate("document.activeElement.blur()")


def slide_to(page: Page, t_s: int) -> None:
    page.locator("#slider").evaluate(
        """(slider, t_s) => {
          slider.value = t_s;
          for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type));
        }""",
        t_s,
    )


def shown(page: Page) -> list[dict[float, float]]:
    drawn = lines(page)
    return [known(drawn[i]) for i in PALE_LINES]


def test_a_short_click_does_not_stop_and_a_long_press_does(page: Page, tmp_path: Path) -> None:
    with Program("demo", data=tmp_path) as app:
        visit(page, app)
        stop = page.get_by_role("button", name="Hold to stop")
        stop.click()
        stop.press("Space")
        stop.click(delay=600)
        page.wait_for_timeout(1200)
        expect(page.locator("#state-word")).to_have_text("Recording")
        hold_to_stop(page)
        panel = page.get_by_role("dialog", name="Recording saved")
        expect(panel).to_be_visible()
        (path,) = tmp_path.iterdir()
        expect(page.locator("#ended-file")).to_have_text(str(path))
        expect(page.locator("#state-word")).to_have_text("Saved")
        end = read_session(path).end
        assert end is not None
        assert end.reason == "stopped"


def test_a_key_held_for_a_second_stops_too(page: Page, tmp_path: Path) -> None:
    with Program("demo", data=tmp_path) as app:
        visit(page, app)
        page.get_by_role("button", name="Hold to stop").focus()
        page.keyboard.down("Enter")
        expect(page.get_by_role("dialog", name="Recording saved")).to_be_visible()
        page.keyboard.up("Enter")
        expect(page, "letting go of the key presses nothing").to_have_url(
            f"{app.origin}/run/{app.run}"
        )


def test_the_replay_shows_the_same_heart_rates_as_the_recording_did(
    page: Page, tmp_path: Path
) -> None:
    with Program("demo", "--rate", "40", data=tmp_path) as app:
        visit(page, app)
        wait_until_s(page, 70)
        page.keyboard.press("2")
        expect(page.locator("#lane .mark-text")).to_have_text("conflict")
        hold_to_stop(page)
        expect(page.get_by_role("dialog", name="Recording saved")).to_be_visible()
        page.wait_for_timeout(500)
        live, live_s = shown(page), elapsed_s(page)
        marked = page.locator("#lane .mark").get_attribute("title")
        figures = page.locator(".measures dd b").all_inner_texts()
        page.get_by_role("button", name="Replay").click()
        page.get_by_role("button", name="60×").click()
        expect(page.locator("#state-word")).to_have_text("At the end")
        assert elapsed_s(page, TIME) == live_s
        again = wait_for(page, lambda: s if len((s := shown(page))[0]) == len(live[0]) else None)
        assert all(len(line) > 200 for line in live)
        assert again == live
        assert page.locator("#lane .mark").get_attribute("title") == marked
        assert page.locator(".measures dd b").all_inner_texts() == figures


def test_a_replay_runs_to_its_end_and_play_begins_anew(player: Page) -> None:
    expect(player.locator("#state-word")).to_have_text("At the end")
    assert elapsed_s(player, TIME) == DURATION_S
    expect(player.locator("#replay-length")).to_have_text("of 0:01:40")
    expect(player.locator("#stop")).to_be_hidden()
    expect(player.locator("#keys"), "nothing can be marked in a replay").to_be_hidden()
    player.get_by_role("button", name="1×", exact=True).click()
    player.get_by_role("button", name="Play").click()
    wait_for(player, lambda: 0 < elapsed_s(player, TIME) < 20)
    expect(player.locator("#state-word")).to_have_text("Replay")


def test_pause_holds_the_moment_and_play_goes_on(player: Page) -> None:
    pause_at(player, 20)
    expect(player.locator("#state-word")).to_have_text("Paused")
    player.wait_for_timeout(400)
    still = shown(player)
    player.wait_for_timeout(1000)
    assert elapsed_s(player, TIME) == 20
    assert shown(player) == still
    player.get_by_role("button", name="4×").click()
    player.get_by_role("button", name="Play").click()
    wait_for(player, lambda: 22 <= elapsed_s(player, TIME) < 60)


def test_a_jump_shows_what_was_known_then_and_nothing_later(player: Page) -> None:
    pause_at(player, 80)
    late = wait_for(player, lambda: s if max((s := shown(player))[0], default=0) > 75 else None)
    pause_at(player, 40)
    early = wait_for(player, lambda: s if max((s := shown(player))[0], default=99) < 41 else None)
    assert early[0]
    assert early[0].items() <= late[0].items()
    figures = player.locator("#measures-a")
    expect(figures.locator(".measures-why")).to_have_text(
        re.compile(r"RMSSD: \d\d s seen, 60 s needed to be sure")
    )
    expect(figures.locator("[data-state=grey] dt")).to_have_text("RMSSD")


def test_the_page_says_where_it_moves_to_and_never_stands_elsewhere_meanwhile(
    recording: Path, page: Page
) -> None:
    with Program("replay", str(recording), data=recording.parent) as app:
        visit(page, app)
        page.get_by_role("button", name="Pause").click()
        expect(page.locator("#state-word")).to_have_text("Paused")
        page.evaluate(
            """() => {
              window.seen = [];
              const look = () => window.seen.push(
                [document.querySelector("#state-word").textContent,
                 document.querySelector("#replay-time").textContent]);
              new MutationObserver(look).observe(
                document.body, { subtree: true, childList: true, characterData: true });
            }"""
        )
        slide_to(page, 80)
        wait_for(page, lambda: view_s(page)[1] == 80)
        seen = page.evaluate("window.seen")
    words = [word for word, _ in seen]
    assert "Moving to 0:01:20 …" in words
    assert words[-1] == "Paused"
    moving = words.index("Moving to 0:01:20 …")
    assert {time for _, time in seen[moving:]} == {"0:01:20"}


@pytest.mark.parametrize(
    ("press", "lands_s"),
    [("j", 35), ("ArrowLeft", 35), ("l", 45), ("ArrowRight", 45), ("Home", 0)],
)
def test_keys_jump(player: Page, press: str, lands_s: int) -> None:
    pause_at(player, 40)
    player.keyboard.press(press)
    wait_for(player, lambda: view_s(player)[1] == lands_s)


@pytest.mark.parametrize("key", ["k", "Space"])
def test_keys_play_and_pause(player: Page, key: str) -> None:
    pause_at(player, 10)
    player.keyboard.press(key)
    expect(player.locator("#state-word")).to_have_text("Replay")
    player.keyboard.press(key)
    expect(player.locator("#state-word")).to_have_text("Paused")


def test_the_slider_moves_by_keys_and_says_where_it_is(player: Page) -> None:
    pause_at(player, 30)
    slider = player.get_by_role("slider")
    slider.focus()
    player.keyboard.press("ArrowRight")
    wait_for(player, lambda: view_s(player)[1] == 31)
    expect(slider).to_have_attribute("aria-valuetext", "0:31 of 1:40")
    player.keyboard.press("j")
    wait_for(player, lambda: view_s(player)[1] == 26)
    player.keyboard.press("End")
    wait_for(player, lambda: view_s(player)[1] == DURATION_S)


def test_steps_in_quick_succession_add_up(player: Page) -> None:
    pause_at(player, 50)
    player.evaluate("for (let i = 0; i < 3; i++) document.querySelector('#back').click()")
    wait_for(player, lambda: view_s(player)[1] == 35)


def test_buttons_step_and_go_back_to_the_start(player: Page) -> None:
    pause_at(player, 50)
    player.get_by_role("button", name="Forward 5 seconds").click()
    wait_for(player, lambda: view_s(player)[1] == 55)
    player.get_by_role("button", name="Back 5 seconds").click()
    wait_for(player, lambda: view_s(player)[1] == 50)
    player.get_by_role("button", name="Back to the start").click()
    wait_for(player, lambda: view_s(player)[1] == 0)


def test_tables_tell_what_the_charts_draw(player: Page) -> None:
    pause_at(player, 90)
    for chart in ("heart-rate", "lag"):
        player.locator(f"#{chart}-table-button").click()
    rows = player.locator("#heart-rate-table tbody tr")
    expect(rows).to_have_count(10)
    time, a, b = rows.nth(2).locator("th, td").all_inner_texts()
    assert time == "1:10"
    drawn = lines(player)
    assert [int(a), int(b)] == [round(known(drawn[i])[70]) for i in SLOW_LINES]
    values = player.locator("#lag-table tbody td").all_inner_texts()
    assert len(values) >= 5
    assert all(-1 <= float(text.replace("−", "-")) <= 1 for text in values)
    for chart in ("heart-rate", "lag"):
        player.locator(f"#{chart}-table-button").click()
    expect(player.locator("#heart-rate-table")).to_be_hidden()
