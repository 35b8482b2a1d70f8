"""The list of sessions: what is there, beginning a new one, deleting one for good."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from interbeat_collector.session_file import SUFFIX, read_session
from pages import elapsed_s, hold_to_stop, visit, wait_for, wait_until_s
from program import Program, free_port, interbeat

NAMES = {"a": "Zoë <i>", "b": 'Li & "Bo"'}


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("complete")
    interbeat(
        *("demo", "--rate", "60", "--duration-s", "60", "--no-browser"),
        *("--data-dir", str(folder), "--port", str(free_port())),
    )
    (path,) = folder.glob(f"*{SUFFIX}")
    return path


@pytest.fixture
def folder(complete: Path, tmp_path: Path) -> Path:
    """A data folder with one complete session."""
    shutil.copy(complete, tmp_path)
    return tmp_path


@pytest.fixture
def app(folder: Path) -> Iterator[Program]:
    with Program(data=folder) as program:
        yield program


def kill_a_recording(folder: Path) -> None:
    with Program("demo", "--rate", "20", data=folder) as app:
        app.sign_in()
        path = folder / f"{app.run}{SUFFIX}"
        while read_session(path).duration_s < 10:
            assert app.process.poll() is None
        app.process.kill()


def test_an_empty_folder_is_said(page: Page, tmp_path: Path) -> None:
    with Program(data=tmp_path) as app:
        visit(page, app, "/")
        expect(page.locator("#empty")).to_contain_text("Nothing is recorded yet")
        expect(page.locator("#folder")).to_have_text(str(tmp_path))
        expect(page.locator(".row")).to_have_count(0)


def test_every_file_has_a_row_that_tells_its_state(
    folder: Path, app: Program, complete: Path, page: Page
) -> None:
    kill_a_recording(folder)
    (folder / f"broken{SUFFIX}").write_bytes(b"<img src=x> nothing like a session")
    visit(page, app, "/")
    rows = page.locator(".row")
    expect(rows).to_have_count(3)
    expect(page.locator(".row[data-state=complete]")).to_contain_text("Ana and Ben DEMO")
    expect(page.locator(".row[data-state=complete]")).to_contain_text("1 min")
    expect(page.locator(".row[data-state=unexpected_end]")).to_contain_text(
        "Ended unexpectedly. Nothing was lost."
    )
    broken = page.locator(".row[data-state=unreadable]")
    expect(broken).to_contain_text("is not a session")
    assert page.locator(".row img").count() == 0
    assert broken.get_by_role("button").count() == 1, "it can be deleted, not opened"
    expect(page.locator("#amount")).to_contain_text("3 sessions")

    page.locator(".row[data-state=unexpected_end] .open").click()
    expect(page.locator("#state-word")).to_have_text("Replay")
    wait_for(page, lambda: elapsed_s(page, "#replay-time") >= 1)


def test_a_session_with_own_names_begins_and_stands_in_the_list(
    folder: Path, app: Program, page: Page
) -> None:
    visit(page, app, "/")
    for partner in ("a", "b"):
        page.locator(f"#name-{partner}").fill(NAMES[partner])
    page.get_by_role("button", name="Two simulated people").click()
    expect(page.locator("#session-names")).to_have_text(f"{NAMES['a']} and {NAMES['b']}")
    wait_until_s(page, 1)
    for partner in ("a", "b"):
        expect(page.locator(f"#strap-{partner} .strap-name")).to_have_text(NAMES[partner])
        expect(page.locator(f"#{partner}-first")).to_have_text(f"{NAMES[partner]} first")

    visit(page, app, "/")
    row = page.locator(".row[data-state=recording]")
    expect(row).to_contain_text(f"{NAMES['a']} and {NAMES['b']}")
    expect(row).to_contain_text("Recording now")
    expect(row.get_by_role("button", name="Delete")).to_have_count(0)
    page.get_by_role("button", name="Two simulated people").click()
    expect(page.locator("#start-problem")).to_contain_text("A session is being recorded")
    row.locator("a.open").click()
    expect(page.locator("#state-word")).to_have_text("Recording")
    hold_to_stop(page)
    page.get_by_role("link", name="All sessions").last.click()
    expect(page.locator(".row[data-state=complete]")).to_have_count(2)


def test_deleting_asks_first_and_then_removes_the_file(
    folder: Path, app: Program, complete: Path, page: Page
) -> None:
    path = folder / complete.name
    visit(page, app, "/")
    delete = page.get_by_role("button", name="Delete the session of")
    for leave in ("Keep", "Escape"):
        delete.click()
        keep = page.get_by_role("button", name="Keep")
        expect(keep, "the harmless answer has the focus").to_be_focused()
        keep.click() if leave == "Keep" else page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Delete for good")).to_have_count(0)
        expect(delete).to_be_focused()
        assert path.exists()
    delete.click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#empty")).to_be_visible()
    assert list(folder.iterdir()) == []
