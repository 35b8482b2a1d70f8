"""What two people record stays here: the pages ask nobody but the program that serves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, WebSocket, expect

from pages import hold_to_stop, visit, wait_for_chart, wait_until_s
from program import Program

TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("violation", event.violatedDirective, event.blockedURI));
"""


def test_a_whole_visit_asks_only_this_program_and_breaks_no_rule(
    new_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = new_page()
    asked: list[str] = []
    complaints: list[str] = []

    def note(source: Request | WebSocket) -> None:
        asked.append(source.url)

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.context.on("request", note)
    page.on("websocket", note)
    page.on("console", complain)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script(TELL_VIOLATIONS)
    with Program("demo", "--rate", "20", data=tmp_path) as app:
        page.goto(app.url)
        expect(page.locator("#session-names")).to_have_text("Ana and Ben")
        wait_until_s(page, 50)
        page.keyboard.press("1")
        expect(page.locator("#lane .mark")).to_have_count(1)
        for name in ("1 min", "30 min", "Switch to", "show as table"):
            page.get_by_role("button", name=name).first.click()
        wait_for_chart(page)
        hold_to_stop(page)
        page.get_by_role("button", name="Replay").click()
        expect(page.locator("#state-word")).to_have_text("Replay")
        page.get_by_role("button", name="60×").click()
        expect(page.locator("#state-word")).to_have_text("At the end")
        page.get_by_role("link", name="interbeat").click()
        page.get_by_role("button", name="Delete the session").click()
        page.get_by_role("button", name="Delete for good").click()
        expect(page.locator("#empty")).to_be_visible()
        # The door answers 401: the console calls that an error, and it is meant.
        assert complaints == [m for m in complaints if "401" in m]
        assert len(complaints) <= 1
        page.context.clear_cookies()
        page.goto(app.origin + "/")
        expect(page.locator("#door")).to_be_visible()
        assert {urlsplit(url).netloc for url in asked} == {f"127.0.0.1:{app.port}"}
        assert {urlsplit(url).scheme for url in asked} == {"http", "ws"}


def test_the_charts_offer_no_way_out(page: Page, tmp_path: Path) -> None:
    with Program("demo", data=tmp_path) as app:
        visit(page, app)
        wait_for_chart(page)
        settings = page.evaluate("document.querySelector('#heart-rate')._context")
        assert settings["showSendToCloud"] is False
        assert settings["plotlyServerURL"] == ""
        assert page.locator(".modebar-btn, .js-plotly-plot a").count() == 0
        outward = page.locator("a[href]").evaluate_all(
            "(links) => links.filter((link) => link.origin !== location.origin).length"
        )
        assert outward == 0


def test_the_policy_would_stop_a_request_to_another_address(page: Page, tmp_path: Path) -> None:
    with Program(data=tmp_path) as app:
        visit(page, app, "/")
        expect(page.locator("#empty")).to_be_visible()
        reached = page.evaluate(
            "fetch('http://127.0.0.1:9/', { mode: 'no-cors' }).then(() => true, () => false)"
        )
        blocked = page.evaluate(
            """() => new Promise((tell) => {
              document.addEventListener("securitypolicyviolation",
                (event) => tell(event.effectiveDirective));
              fetch("http://127.0.0.1:9/", { mode: "no-cors" }).catch(() => null);
              setTimeout(() => tell(null), 2000);
            })"""
        )
        assert not reached
        assert blocked == "connect-src"
