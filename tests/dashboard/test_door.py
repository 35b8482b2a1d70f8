"""The printed address: through the door once, and not without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from program import Program

Pages = Callable[..., Page]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with Program("demo", data=tmp_path_factory.mktemp("sessions")) as program:
        yield program


def test_the_printed_address_opens_the_live_page_once_and_leaves_no_code_behind(
    app: Program, new_page: Pages
) -> None:
    code = urlsplit(app.url).fragment
    first = new_page()
    first.goto(app.url)
    expect(first.locator("#session-names")).to_have_text("Ana and Ben")
    assert first.url == app.url.split("#")[0]
    first.go_back()
    assert code not in first.url
    first.goto(app.url.split("#")[0])
    expect(first.locator("#session-names"), "the cookie opens it again").to_have_text("Ana and Ben")

    second = new_page()
    second.goto(app.url)
    expect(second.locator("#door-text")).to_contain_text("This link was used before")
    expect(second.locator("#door")).to_contain_text("Each link works once")
    assert code not in second.url


@pytest.mark.parametrize("path", ["/", "/run/nowhere", "/api/sessions", "/static/run.js"])
def test_without_the_cookie_there_is_only_the_door(app: Program, page: Page, path: str) -> None:
    answer = page.goto(app.origin + path)
    assert answer is not None
    assert answer.status == 401
    expect(page.locator("#door")).to_contain_text("This page is private")
    expect(page.locator("#door-text")).to_contain_text("Open the address that interbeat printed")


def test_the_door_says_when_interbeat_does_not_answer(app: Program, page: Page) -> None:
    page.route("**/api/enter", lambda route: route.abort())
    page.goto(app.url)
    expect(page.locator("#door-text")).to_have_text(
        "interbeat does not answer. Is it still running in the terminal?"
    )
