#!/usr/bin/env python3
"""Hold a session against what a bench strap says it sent: `compare_with_truth.py LOG SESSION`.

Delivery: every interval sent while somebody listened is in the session, once. Time: how far the
beats of the session are from those of the log, when the offset and the pace of the two clocks
(two computers, as a rule) have been taken out by a straight line.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

import numpy as np

from interbeat_collector.beats import Beats, Flag
from interbeat_collector.events import Event, Link, Packet
from interbeat_collector.feed import Feed
from interbeat_collector.session_file import read_session


class Truth(NamedTuple):
    """What the bench strap sent while somebody listened."""

    beat_s: np.ndarray
    rr_ticks: list[int]


class Delivery(NamedTuple):
    sent: int
    stored: int
    missing: int
    extra: int
    """Stored without having been sent: duplicates, or another strap."""
    error_s: np.ndarray
    """Time of the session less that of the log, beats that were not inferred."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("log", type=Path, help="what bench-strap --log wrote")
    parser.add_argument("session", type=Path, help="the session that recorded it")
    parser.add_argument("--partner", choices=["a", "b"], default="a", help="who wore it")
    options = parser.parse_args()
    events = read_session(options.session).events
    found = compared(truth_of(options.log), beats_of(events, options.partner))
    print("\n".join(report(found)))
    return int(found.missing + found.extra > 0)


def truth_of(log: Path) -> Truth:
    """The rows of the log that were heard."""
    lines = [line for line in log.read_text("utf-8").splitlines() if not line.startswith("#")]
    heard = [row for row in csv.DictReader(lines) if row["fate"] == "sent"]
    beat_s = np.array([float(row["beat_s"]) for row in heard])
    return Truth(beat_s, [int(row["rr_ticks"]) for row in heard])


def beats_of(events: Iterable[Event], partner: str) -> Beats:
    """The beats of one partner by the clock of the whole session, inferred ones left out."""
    feed = Feed()
    for event in events:
        if isinstance(event, Packet) and (event.partner, event.kind) == (partner, "heart_rate"):
            feed.packet(event)
        elif isinstance(event, Link) and event.partner == partner:
            feed.link(event)
    beats = feed.clock.beats()
    return Beats(*(column[beats.flag != Flag.INFERRED] for column in beats))


def compared(truth: Truth, beats: Beats) -> Delivery:
    """Lay the two lists of intervals beside each other and look at what has no partner."""
    stored = beats.rr_ticks.tolist()
    blocks = SequenceMatcher(None, truth.rr_ticks, stored, autojunk=False).get_matching_blocks()
    sent_at = [block.a + n for block in blocks for n in range(block.size)]
    stored_at = [block.b + n for block in blocks for n in range(block.size)]
    matched = len(sent_at)
    true_s = truth.beat_s[sent_at]
    error_s = beats.t_s[stored_at] - true_s
    if matched > 2:
        error_s = error_s - np.polyval(np.polyfit(true_s, error_s, 1), true_s)
    sent = len(truth.rr_ticks)
    return Delivery(sent, len(stored), sent - matched, len(stored) - matched, error_s)


def report(found: Delivery) -> list[str]:
    lines = [
        f"sent while heard   {found.sent}",
        f"stored             {found.stored}",
        f"missing            {found.missing}",
        f"more than sent     {found.extra}",
    ]
    if len(found.error_s):
        p50, p95, p99 = 1000 * np.percentile(np.abs(found.error_s), [50, 95, 99])
        lines.append(f"beat-time error    p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms (offline)")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
