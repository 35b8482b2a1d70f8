"""interbeat analyze: the figures of a session or of RR lists."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import Verbs, add_data_dir, add_offset, add_verb, refuse
from .errors import UserError
from .sessions import session_path

if TYPE_CHECKING:
    from interbeat_collector.events import Partner

    from ..analyze import Heart


def run_analyze(options: argparse.Namespace) -> int:
    """Print the figures of a session or of RR lists."""
    from ..table import report

    document, title, names = _analysis(options)
    if options.json:
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        print(report(document, title, names))
    return 0


def _analysis(options: argparse.Namespace) -> tuple[dict[str, Any], str, dict[Partner, str]]:
    """The document, a title and what the partners are called."""
    from interbeat_collector.rr_file import read_rr
    from interbeat_collector.session_file import read_session

    from ..analyze import SESSION_BASIS, analyze, heart_of_rr, hearts_of

    if options.file and (options.rr_a or options.rr_b):
        raise UserError("Give either a session file or --rr-a and --rr-b, not both.")
    if options.file:
        refuse(options, "--offset-s sets apart two RR files", "offset_s")
        recording = read_session(session_path(options))
        session = recording.session
        title = f"Session {session.id} ({session.kind}), {session.started_utc}"
        document = analyze(hearts_of(recording), recording.duration_s, SESSION_BASIS)
        return document, title, session.labels
    if not options.rr_a:
        raise UserError("Nothing to analyse: give a session file, or --rr-a FILE and --rr-b FILE.")
    hearts: dict[Partner, Heart] = {"a": heart_of_rr(read_rr(Path(options.rr_a)))}
    names: dict[Partner, str] = {"a": Path(options.rr_a).name}
    if options.rr_b:
        hearts["b"] = heart_of_rr(read_rr(Path(options.rr_b)), options.offset_s or 0.0)
        names["b"] = Path(options.rr_b).name
    return analyze(hearts), "RR recordings", names


def add_analyze(verbs: Verbs) -> None:
    parser = add_verb(
        verbs, "analyze", run_analyze, "interbeat analyze --rr-a ana.txt --rr-b ben.txt --json"
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a session file or a session's id")
    parser.add_argument("--rr-a", metavar="FILE", help="RR intervals of the first partner")
    parser.add_argument("--rr-b", metavar="FILE", help="RR intervals of the second partner")
    add_offset(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    add_data_dir(parser)
