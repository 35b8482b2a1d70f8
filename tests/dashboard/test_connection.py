"""The program stops answering while a page is open: the page says so and comes back whole."""

from __future__ import annotations

import re
import signal
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from pages import PALE_LINES, UNKNOWN, known, lines, visit, wait_for, wait_until_s
from program import Program


def test_a_killed_program_is_said_and_its_last_values_are_withdrawn(
    page: Page, tmp_path: Path
) -> None:
    with Program("demo", "--rate", "10", data=tmp_path) as app:
        visit(page, app)
        wait_until_s(page, 20)
        expect(page.locator("#banner")).to_be_hidden()
        app.process.kill()
        app.process.wait()
        expect(page.locator("#banner")).to_have_text("Connection to interbeat lost, trying again.")
        expect(page.locator("#strap-a")).to_have_attribute("data-state", "stale")
        expect(page.locator("#heart-rate-overlay .tip-value")).to_have_text([UNKNOWN, UNKNOWN])
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("1")
        expect(page.locator("#notice")).to_have_text("Not marked: the connection is lost.")


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")
def test_after_a_pause_of_the_program_the_page_recovers_without_a_hole(
    page: Page, tmp_path: Path
) -> None:
    with Program("demo", "--rate", "8", data=tmp_path) as app:
        visit(page, app)
        stopped_s = wait_until_s(page, 9)
        app.process.send_signal(signal.SIGSTOP)
        try:
            for partner in ("a", "b"):
                strap = page.locator(f"#strap-{partner}")
                expect(strap).to_have_attribute("data-state", "stale")
                expect(strap).to_contain_text(re.compile(r"stale, [2-4][0-9]\ss old"), timeout=8000)
            expect(page.locator("#heart-rate-overlay .tip-value")).to_have_text([UNKNOWN, UNKNOWN])
        finally:
            app.process.send_signal(signal.SIGCONT)
        for partner in ("a", "b"):
            expect(page.locator(f"#strap-{partner}")).to_have_attribute("data-state", "streaming")
        wait_until_s(page, stopped_s + 50)
        assert_no_hole(page, to_s=stopped_s + 45)


def test_after_a_cut_connection_the_page_takes_up_where_it_stopped(
    page: Page, tmp_path: Path
) -> None:
    with Program("demo", "--rate", "8", data=tmp_path) as app:
        sockets: list[WebSocketRoute] = []

        def relay(socket: WebSocketRoute) -> None:
            sockets.append(socket)
            socket.connect_to_server()

        page.route_web_socket("**/ws/**", relay)
        visit(page, app)
        cut_s = wait_until_s(page, 10)
        page.evaluate("window.stays = true")
        sockets[0].close()
        expect(page.locator("#banner")).to_contain_text("Connection to interbeat lost")
        wait_for(page, lambda: len(sockets) > 1)
        assert "since=" in sockets[1].url
        expect(page.locator("#banner")).to_be_hidden()
        wait_until_s(page, cut_s + 20)
        assert page.evaluate("window.stays"), "without a reload"
        assert_no_hole(page, to_s=cut_s + 15)


def assert_no_hole(page: Page, to_s: float) -> None:
    drawn = lines(page)
    for i in PALE_LINES:
        times = sorted(t for t in known(drawn[i]) if t < to_s)
        assert times[0] < 3
        assert times[-1] > to_s - 2
        assert all(late - early < 0.3 for early, late in pairwise(times))
