"""interbeat demo: two people who do not exist, or two recorded hearts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import (
    Verbs,
    add_duration,
    add_hosting,
    add_offset,
    add_rate,
    add_verb,
    between,
    refuse,
    whole,
)
from .errors import UserError
from .hosting import host_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interbeat_collector.events import Event, Session


def run_demo(options: argparse.Namespace) -> int:
    """Record two simulated partners, or two recorded hearts, and show them live."""
    session, events = _demo_session(options)
    return host_run(options, record=(session, events), path=lambda name: f"/run/{name}")


def _demo_session(options: argparse.Namespace) -> tuple[Session, Iterable[Event]]:
    from interbeat_collector.simulation import DyadSettings

    from ..sources import recorded_hearts_session, simulated_session

    if bool(options.rr_a) != bool(options.rr_b):
        raise UserError("--rr-a and --rr-b go together: one recording for each partner.")
    if options.rr_a:
        refuse(options, "--coupling and --lag-s shape simulated people", "coupling", "lag_s")
        return recorded_hearts_session(
            Path(options.rr_a), Path(options.rr_b), options.seed, options.offset_s or 0.0
        )
    refuse(options, "--offset-s sets apart two recordings", "offset_s")
    given = {"coupling": options.coupling, "lag_s": options.lag_s}
    chosen = {name: value for name, value in given.items() if value is not None}
    return simulated_session(DyadSettings(seed=options.seed, **chosen))


def add_demo(verbs: Verbs) -> None:
    parser = add_verb(verbs, "demo", run_demo, "interbeat demo --coupling 0.8 --lag-s 3")
    parser.add_argument(
        "--seed",
        type=whole(0, 2**32 - 1),
        default=1,
        metavar="N",
        help="which two simulated people (default 1)",
    )
    parser.add_argument(
        "--coupling",
        type=between(0, 1),
        metavar="0..1",
        help="how much slow arousal they share (default 0.6)",
    )
    parser.add_argument(
        "--lag-s",
        type=between(-5, 5),
        metavar="S",
        help="seconds by which the second follows the first (default 2; negative: leads)",
    )
    parser.add_argument(
        "--rr-a", metavar="FILE", help="let the first strap wear a recorded heart (RR intervals)"
    )
    parser.add_argument("--rr-b", metavar="FILE", help="the same for the second strap")
    add_offset(parser)
    add_rate(parser)
    add_duration(parser)
    add_hosting(parser)
