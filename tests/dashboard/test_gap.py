"""A partner's signal breaks off and comes back: the page shows a hole, never a bridge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from interbeat_collector.events import End, Event, Link, Marker, Packet
from interbeat_collector.session_file import SessionWriter
from interbeat_collector.simulation import DyadSettings
from interbeat_server.sources import simulated_session
from pages import PALE_LINES, SLOW_LINES, UNKNOWN, elapsed_s, lines, visit, wait_for
from program import Program

LOST_S, BACK_S, LENGTH_S = 60.0, 80.0, 140.0
REASON = "out of range"


@dataclass
class Replayed:
    page: Page
    app: Program


def events_with_a_dropout() -> Iterator[Event]:
    """Ben's strap is lost from `LOST_S` to `BACK_S`."""
    _, events = simulated_session(DyadSettings(seed=3))
    told = [Link(LOST_S, "b", "lost", REASON), Link(BACK_S, "b", "streaming")]
    for event in takewhile(lambda event: event.t_s < LENGTH_S, events):
        while told and told[0].t_s <= event.t_s:
            yield told.pop(0)
        away = not isinstance(event, End | Marker) and event.partner == "b"
        if not (isinstance(event, Packet) and away and LOST_S <= event.t_s < BACK_S):
            yield event
    yield End(LENGTH_S, "stopped")


@pytest.fixture(scope="module")
def replayed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """A replay of the dropout that stands at its end."""
    folder = tmp_path_factory.mktemp("gap")
    path = written(folder)
    with Program("replay", str(path), "--rate", "60", data=folder) as app:
        context = browser.new_context()
        page = context.new_page()
        visit(page, app)
        expect(page.locator("#state-word")).to_have_text("At the end")
        wait_for(page, lambda: lines(page)[SLOW_LINES[0]]["t"][-1:] >= [LENGTH_S - 2])
        yield Replayed(page, app)
        context.close()


def written(folder: Path) -> Path:
    session, _ = simulated_session(DyadSettings(seed=3))
    with SessionWriter(folder, replace(session, labels={"a": "Zoë", "b": "Lukas"})) as writer:
        for event in events_with_a_dropout():
            writer.put(event)
    return writer.path


def test_no_line_bridges_the_gap(replayed: Replayed) -> None:
    drawn = lines(replayed.page)
    assert not any(line["gaps"] for line in drawn), "Plotly must not connect gaps"
    for pair in (PALE_LINES, SLOW_LINES):
        a, b = (drawn[i] for i in pair)
        inside = [v for t, v in zip(b["t"], b["v"], strict=True) if LOST_S + 3 < t < BACK_S - 3]
        assert inside, "the gap is told as nulls, not left out"
        assert set(inside) == {None}
        around = [t for t, v in zip(b["t"], b["v"], strict=True) if v is not None]
        assert min(around) < LOST_S - 20
        assert max(around) > BACK_S + 20
        whole = [v for t, v in zip(a["t"], a["v"], strict=True) if LOST_S < t < BACK_S]
        assert None not in whole, "the other partner goes on"


def test_the_gap_names_the_partner_and_the_reason(replayed: Replayed) -> None:
    words = replayed.page.locator("#heart-rate-overlay .gap-text")
    told = [text for text in words.all_text_contents() if text.startswith("Lukas")]
    assert len(told) == 1
    name, rest = told[0].split(": ")
    reason, length = rest.rsplit(", ", 1)
    assert name == "Lukas"
    assert reason == REASON
    assert 17 <= int(length.split()[0]) <= 24
    box = replayed.page.locator("#heart-rate-overlay .gap-box").last.bounding_box()
    assert box is not None
    assert box["width"] > 20


def test_the_strip_is_hatched_where_too_little_is_known(replayed: Replayed) -> None:
    cells = replayed.page.evaluate(
        """(length_s) => {
          const canvas = document.querySelector("#strip canvas");
          const pen = canvas.getContext("2d", { willReadFrequently: true });
          const style = getComputedStyle(document.documentElement);
          const [left, right] = ["--plot-left", "--plot-right"].map(
            (name) => parseFloat(style.getPropertyValue(name)));
          const width = canvas.clientWidth - left - right;
          const at = (t_s) => left + (1 - (length_s - t_s) / 300) * width;
          const scale = canvas.width / canvas.clientWidth;
          const colourful = (t_s) => {
            const { data } = pen.getImageData(Math.round(at(t_s) * scale), 0, 1, canvas.height);
            let n = 0;
            for (let i = 0; i < data.length; i += 4) {
              n += Math.max(...data.slice(i, i + 3)) - Math.min(...data.slice(i, i + 3)) > 12;
            }
            return n / canvas.height;
          };
          return [35, 70, 110].map(colourful);
        }""",
        LENGTH_S,
    )
    before, during, after = cells
    assert during == 0, "hatching is grey"
    assert before > 0.1, "cells of some correlation are coloured"
    assert after > 0.1


def test_during_the_gap_no_old_value_passes_for_a_current_one(replayed: Replayed) -> None:
    page = replayed.page
    page.locator("#slider").evaluate(
        """(slider) => {
          slider.value = 75;
          for (const type of ["input", "change"]) slider.dispatchEvent(new Event(type));
        }"""
    )
    strap = page.locator("#strap-b")
    expect(strap).to_have_attribute("data-state", "lost")
    expect(strap).to_contain_text(f"lost, trying again{REASON}")
    wait_for(page, lambda: elapsed_s(page, "#replay-time") == 75)
    tip = page.locator("#heart-rate-overlay .tip.text-b")
    expect(tip.locator(".tip-value")).to_have_text(UNKNOWN)
    expect(tip.locator(".tip-note")).to_contain_text("old")
    expect(page.locator("#heart-rate-overlay .tip.text-a .tip-value")).not_to_have_text(UNKNOWN)
    expect(page.locator("#strap-a")).to_have_attribute("data-state", "streaming")
    expect(page.locator("#measures-b .measures-why")).to_have_text(
        "RMSSD: 44 s seen, 60 s needed to be sure"
    )
