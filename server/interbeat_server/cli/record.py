"""interbeat record: two straps, recorded and shown live."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .arguments import (
    Verbs,
    add_duration,
    add_hosting,
    add_rate,
    add_reference,
    add_verb,
    add_virtual_straps,
    command,
)
from .errors import UserError
from .hosting import check_rate, host_run
from .sessions import reference_sessions

if TYPE_CHECKING:
    from interbeat_collector.events import Partner

    from ..desk import Desk
    from ..equipment import Equipment
    from ..runs import LiveRun

LONGEST_NAME = 40


def run_record(options: argparse.Namespace) -> int:
    """Record two straps and show them live."""
    from ..strap_start import Wish, record_straps

    check_rate(options)
    given: list[tuple[Partner, str]] = options.strap or []
    names: dict[Partner, str | None] = {"a": options.name_a, "b": options.name_b}
    if len(given) > len(dict(given)):
        raise UserError("--strap names one strap for a and one for b, not two for one of them.")
    wish = Wish(
        straps=dict(given),
        labels={p: name for p, name in names.items() if name},
        ecg=options.ecg,
        acceleration=options.acceleration,
        duration_s=options.duration_s,
        references=reference_sessions(options),
    )

    async def begin(desk: Desk, equipment: Equipment) -> LiveRun:
        live = await record_straps(desk, equipment, wish, print)
        if warning := live.session.settings.get("strap_warning"):
            print(f"Note: {warning}")
            print(f"To calibrate: run {command()}, then Use your straps, Compare these two straps.")
        return live

    return host_run(options, begin=begin, path=lambda name: f"/run/{name}")


def add_record(verbs: Verbs) -> None:
    parser = add_verb(
        verbs,
        "record",
        run_record,
        "interbeat record --strap a=ID --strap b=ID --name-a Ana --name-b Ben",
    )
    parser.add_argument(
        "--strap",
        action="append",
        type=_strap,
        metavar="a=ID",
        help="who wears which strap, once for a and once for b (default: as the last time)",
    )
    parser.add_argument("--name-a", type=_name, metavar="NAME", help="what the first is called")
    parser.add_argument("--name-b", type=_name, metavar="NAME", help="what the second is called")
    parser.add_argument("--ecg", action="store_true", help="record the raw ECG of Polar straps too")
    parser.add_argument(
        "--acceleration", action="store_true", help="record the acceleration of Polar straps too"
    )
    add_reference(parser)
    add_duration(parser)
    add_rate(parser)
    add_virtual_straps(parser)
    add_hosting(parser)


def _strap(text: str) -> tuple[Partner, str]:
    partner, equals, strap_id = text.partition("=")
    if partner not in ("a", "b") or not equals or not strap_id.strip():
        raise argparse.ArgumentTypeError(f"{text!r} must be a=ID or b=ID; interbeat scan lists ids")
    return ("a" if partner == "a" else "b"), strap_id.strip()


def _name(text: str) -> str:
    if not 1 <= len(text.strip()) <= LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"a name has 1 to {LONGEST_NAME} characters")
    return text.strip()
