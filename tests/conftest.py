"""The browser of the browser tests: found, shared by all of them, or missed in plain words.

A test that asks for `browser`, `new_page` or `page` is a browser test. Without a Chrome or
Chromium it is skipped, and the last lines of the run say so; under `CI=true` it fails.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser_finder import HOW_TO_GET_ONE, find_browser

# CI draws the same examples each time; everywhere else they are new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("ci")

# What a page is to show is waited for; a machine that has much to do may take its time.
expect.set_options(timeout=20_000)

NO_BROWSER = "no browser"
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    if "browser" in getattr(item, "fixturenames", ()):
        item.add_marker("browser")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Playwright keeps an event loop running in this thread until the end of the session:
    # a test that calls asyncio.run after it has started would fail.
    items.sort(key=is_browser_test)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if not is_browser_test(item) or find_browser():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{NO_BROWSER}: {HOW_TO_GET_ONE}", pytrace=False)
    pytest.skip(NO_BROWSER)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if NO_BROWSER in str(report.longrepr)]
    if missed:
        tests = "1 browser test" if len(missed) == 1 else f"{len(missed)} browser tests"
        terminalreporter.write_line(
            f"{tests} skipped: {NO_BROWSER}. To run them, {HOW_TO_GET_ONE}."
        )


def is_browser_test(item: pytest.Item) -> bool:
    return item.get_closest_marker("browser") is not None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one Chrome or Chromium of the session, without a window."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    arguments = [*QUIET, "--no-sandbox"] if as_root else list(QUIET)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages, each with cookies and storage of its own: `new_page(viewport=..., ...)`."""
    contexts = []

    def open_page(**settings: Any) -> Page:
        contexts.append(browser.new_context(**settings))
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One page of the usual size."""
    return new_page()
