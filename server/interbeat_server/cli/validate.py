"""interbeat validate: the program against simulations with known truth."""

from __future__ import annotations

import argparse
import json

from .arguments import Verbs, add_verb


def run_validate(options: argparse.Namespace) -> int:
    """Measure the program against simulations with known truth."""
    from ..progress import clear_stderr, to_stderr
    from ..validation import clock, core, hrv, index, synchrony

    validation = {"clock": clock, "hrv": hrv, "synchrony": synchrony, "index": index}[options.what]
    try:
        rows = validation.rows(
            quick=options.quick, progress=to_stderr, workers=core.usual_workers()
        )
    finally:
        clear_stderr()
    title = validation.title(quick=options.quick)
    if options.json:
        print(json.dumps(core.document(title, rows, quick=options.quick), indent=2))
    else:
        print(core.table(title, rows))
    return 0 if all(row.met for row in rows) else 1


def add_validate(verbs: Verbs) -> None:
    parser = add_verb(verbs, "validate", run_validate, "interbeat validate clock --quick")
    parser.add_argument(
        "what",
        choices=("clock", "hrv", "synchrony", "index"),
        help=(
            "clock: when beats and samples happened; hrv: variability and artefacts; "
            "synchrony: how often strangers are called synchronous, and what is found of a "
            "coupling; index: linkage, lead, settling and index"
        ),
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter simulations")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
