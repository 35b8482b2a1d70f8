"""When each partner spoke, out of the events of a session."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .events import Event, Partner, Speech

Turns = list[tuple[float, float]]
"""From and to in seconds, in order, without overlap."""


def spoken(events: Iterable[Event], partner: Partner, end_s: float) -> Turns | None:
    """Turns of one partner up to `end_s`; None when the session says nothing of speaking.

    Where several sources told of it, what any of them heard counts.
    """
    by_source: dict[str, list[Speech]] = defaultdict(list)
    for event in events:
        if isinstance(event, Speech):
            by_source[event.source].append(event)
    if not by_source:
        return None
    found: Turns = []
    for told in by_source.values():
        found += _turns([event for event in told if event.partner == partner], end_s)
    return joined(found)


def _turns(told: list[Speech], end_s: float) -> Turns:
    found: Turns = []
    since_s: float | None = None
    for event in sorted(told, key=lambda event: event.at_s):
        if event.on and since_s is None:
            since_s = event.at_s
        elif not event.on and since_s is not None:
            found.append((since_s, event.at_s))
            since_s = None
    if since_s is not None:
        found.append((since_s, end_s))
    return [(max(start, 0.0), min(stop, end_s)) for start, stop in found if start < end_s]


def joined(turns: Turns) -> Turns:
    """Turns in order, those that touch as one."""
    whole: Turns = []
    for start_s, stop_s in sorted(turns):
        if whole and start_s <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], stop_s)
        elif stop_s > start_s:
            whole.append((start_s, stop_s))
    return whole
