"""interbeat scan and doctor: which straps there are, and whether Bluetooth works."""

from __future__ import annotations

import argparse
import asyncio
import json

from .arguments import Verbs, add_verb, add_virtual_straps, between, command
from .hosting import chosen_equipment


def run_scan(options: argparse.Namespace) -> int:
    """List the heart-rate straps within reach."""
    from ..strap_list import as_json, look, told

    radio = chosen_equipment(options).radio
    straps = asyncio.run(look(radio, options.seconds, battery=options.battery))
    record = f"{command()} record{' --virtual-straps' if options.virtual_straps else ''}"
    print(json.dumps(as_json(straps), indent=2) if options.json else told(straps, record))
    return 0


def run_doctor(options: argparse.Namespace) -> int:
    """Print a report on Bluetooth and straps, ready to paste into a question."""
    from ..doctor import examine, told

    equipment = chosen_equipment(options)
    ids = options.strap or []
    report = asyncio.run(examine(equipment.radio, equipment.clock, ids, options.seconds))
    print(json.dumps(report, indent=2, allow_nan=False) if options.json else told(report))
    return 0


def add_scan(verbs: Verbs) -> None:
    parser = add_verb(verbs, "scan", run_scan, "interbeat scan --seconds 10")
    parser.add_argument(
        "--seconds",
        type=between(1, 120),
        default=5.0,
        metavar="S",
        help="how long to listen (default 5)",
    )
    parser.add_argument(
        "--battery",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="connect briefly to each strap and ask its battery (default: yes)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    add_virtual_straps(parser)


def add_doctor(verbs: Verbs) -> None:
    parser = add_verb(verbs, "doctor", run_doctor, "interbeat doctor --strap ID --strap ID")
    parser.add_argument(
        "--strap", action="append", metavar="ID", help="listen to this strap, too; may be repeated"
    )
    parser.add_argument(
        "--seconds",
        type=between(5, 600),
        default=15.0,
        metavar="S",
        help="how long to listen to straps (default 15)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    add_virtual_straps(parser)
