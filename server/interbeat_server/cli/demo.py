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
    add_reference,
    add_verb,
    between,
    refuse,
    whole,
)
from .errors import UserError
from .hosting import host_run
from .sessions import reference_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interbeat_collector.events import Event, Session


SHAPES = ("coupling", "lag_s", "mode", "gain", "turns")
"""The options of simulated people."""


def run_demo(options: argparse.Namespace) -> int:
    """Record two simulated partners, or two recorded hearts, and show them live."""
    from ..people import judged_by

    session, events = _demo_session(options)
    if references := reference_sessions(options):
        session = judged_by(session, references)
    return host_run(options, record=(session, events), path=lambda name: f"/run/{name}")


def _demo_session(options: argparse.Namespace) -> tuple[Session, Iterable[Event]]:
    from ..scenes import MINUTES_BEHIND, REFERENCE_MINUTES
    from ..sources import demo_settings, recorded_hearts_session, simulated_session

    if bool(options.rr_a) != bool(options.rr_b):
        raise UserError("--rr-a and --rr-b go together: one recording for each partner.")
    if options.rr_a:
        options_of = ", ".join(f"--{name.replace('_', '-')}" for name in SHAPES)
        refuse(options, f"{options_of} shape simulated people", *SHAPES)
        refuse(options, "--same-heart is for simulated people", "same_heart")
        return recorded_hearts_session(
            Path(options.rr_a),
            Path(options.rr_b),
            options.seed,
            options.offset_s or 0.0,
            minutes_behind=options.minutes_behind or 0.0,
        )
    refuse(options, "--offset-s sets apart two recordings", "offset_s")
    if options.gain is not None and options.mode is None:
        raise UserError("--gain is the strength of a --mode: give both, or neither.")
    given = {name: getattr(options, name) for name in SHAPES}
    chosen = {name: value for name, value in given.items() if value is not None}
    behind = MINUTES_BEHIND if options.minutes_behind is None else options.minutes_behind
    same_heart = bool(options.same_heart)
    usual = REFERENCE_MINUTES if behind else 0.0
    try:
        return simulated_session(
            demo_settings(seed=options.seed, **chosen),
            minutes_behind=behind,
            reference_minutes=0.0 if same_heart or options.reference else usual,
            same_heart=same_heart,
        )
    except ValueError as error:
        raise UserError(f"{error}.") from error


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
        help="size of a wave that both hearts have in common (default 0.6; with --mode 0)",
    )
    parser.add_argument(
        "--lag-s",
        type=between(-5, 5),
        metavar="S",
        help="seconds by which the second follows the first (default 2; negative: leads)",
    )
    parser.add_argument(
        "--mode",
        metavar="MODE",
        help="how the arousal of one moves the other's: none, a_leads, b_leads, mutual, amplify, "
        "coregulate or counter (default none)",
    )
    parser.add_argument(
        "--gain",
        type=between(0, 5),
        metavar="G",
        help="how strongly, against how fast each settles alone (default 1)",
    )
    parser.add_argument(
        "--turns",
        metavar="TURNS",
        help="who speaks when: none, independent or shared; recorded as speech (default none)",
    )
    parser.add_argument(
        "--same-heart",
        action="store_true",
        default=None,
        help="let both straps hear the first heart, as when one person wears both",
    )
    parser.add_argument(
        "--minutes-behind",
        type=between(0, 240),
        metavar="N",
        help="minutes that have passed when the page opens (default 21; recorded hearts 0)",
    )
    parser.add_argument(
        "--rr-a", metavar="FILE", help="let the first strap wear a recorded heart (RR intervals)"
    )
    parser.add_argument("--rr-b", metavar="FILE", help="the same for the second strap")
    add_offset(parser)
    add_reference(parser)
    add_rate(parser)
    add_duration(parser)
    add_hosting(parser)
