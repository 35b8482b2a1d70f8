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

    from ..heart_document import Heart, Wanted
    from ..own_baseline import Span


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
    if options.file and (options.rr_a or options.rr_b):
        raise UserError("Give either a session file or --rr-a and --rr-b, not both.")
    if options.full or options.ecg:
        from ..further import check_installed

        check_installed()
    return _of_session(options) if options.file else _of_rr_files(options)


def _of_session(options: argparse.Namespace) -> tuple[dict[str, Any], str, dict[Partner, str]]:
    from interbeat_collector.session_file import read_session

    from ..analyze import SESSION_BASIS, analyze, hearts_of, marked_baselines

    refuse(options, "--offset-s sets apart two RR files", "offset_s")
    recording = read_session(session_path(options))
    session, hearts = recording.session, hearts_of(recording)
    stretches = _chosen(options, recording.duration_s) or marked_baselines(recording)
    document = analyze(
        hearts, recording.duration_s, SESSION_BASIS, _wanted(options, tuple(stretches))
    )
    if options.ecg:
        from ..ecg_record import ecg_document

        for partner, heart in hearts.items():
            found = ecg_document(recording, partner, *heart, beats=options.beats)
            document["partners"][partner]["ecg"] = found
    return document, f"Session {session.id} ({session.kind}), {session.started_utc}", session.labels


def _of_rr_files(options: argparse.Namespace) -> tuple[dict[str, Any], str, dict[Partner, str]]:
    from interbeat_collector.rr_file import read_rr

    from ..analyze import analyze, heart_of_rr

    if not options.rr_a:
        raise UserError("Nothing to analyse: give a session file, or --rr-a FILE and --rr-b FILE.")
    if options.ecg:
        raise UserError("--ecg is for sessions; RR files hold none. Leave it out here.")
    hearts: dict[Partner, Heart] = {"a": heart_of_rr(read_rr(Path(options.rr_a)))}
    names: dict[Partner, str] = {"a": Path(options.rr_a).name}
    if options.rr_b:
        hearts["b"] = heart_of_rr(read_rr(Path(options.rr_b)), options.offset_s or 0.0)
        names["b"] = Path(options.rr_b).name
    end_s = max((float(heart.t_s[-1]) for heart in hearts.values() if len(heart.t_s)), default=0.0)
    wanted = _wanted(options, tuple(_chosen(options, end_s)))
    return analyze(hearts, wanted=wanted), "RR recordings", names


def _chosen(options: argparse.Namespace, end_s: float) -> list[Span]:
    """The stretch of `--baseline`, if any."""
    from interbeat_analysis.baseline import LEAST_S, MOST_S

    from ..own_baseline import Span

    if options.baseline is None:
        return []
    from_s, to_s = options.baseline
    given = f"--baseline {from_s:g} {to_s:g}"
    if not 0.0 <= from_s < to_s <= end_s:
        raise UserError(
            f"{given} is no stretch of the recording, which ends at {end_s:.0f} s: give seconds "
            "from its start, the earlier first."
        )
    if not LEAST_S <= to_s - from_s <= MOST_S:
        raise UserError(
            f"{given} is {to_s - from_s:g} s long: choose {LEAST_S:g} to {MOST_S:g} quiet seconds."
        )
    return [Span(from_s, to_s)]


def _wanted(options: argparse.Namespace, baselines: tuple[Span, ...]) -> Wanted:
    from interbeat_analysis.spectra import PRESETS

    from ..heart_document import Wanted

    return Wanted(
        corrected=options.artifacts == "auto",
        preset=PRESETS[options.preset],
        beats=options.beats,
        full=options.full,
        baselines=baselines,
    )


def add_analyze(verbs: Verbs) -> None:
    parser = add_verb(
        verbs, "analyze", run_analyze, "interbeat analyze --rr-a ana.txt --rr-b ben.txt --json"
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a session file or a session's id")
    parser.add_argument("--rr-a", metavar="FILE", help="RR intervals of the first partner")
    parser.add_argument("--rr-b", metavar="FILE", help="RR intervals of the second partner")
    add_offset(parser)
    parser.add_argument(
        "--artifacts",
        choices=("auto", "off"),
        default="auto",
        help="off: take every interval as it is (default auto: leave out or replace bad ones)",
    )
    parser.add_argument(
        "--preset",
        choices=("task-force", "kubios-like"),
        default="task-force",
        help="how spectra and DFA are made (default task-force)",
    )
    parser.add_argument(
        "--baseline",
        nargs=2,
        type=float,
        metavar=("FROM_S", "TO_S"),
        help="two to five quiet minutes that the others are compared with, each person's with the "
        'own (default: from the marker "baseline" of a session to the next one)',
    )
    parser.add_argument(
        "--full", action="store_true", help="add neurokit2's further indices; takes minutes an hour"
    )
    parser.add_argument(
        "--ecg", action="store_true", help="hold the intervals against a session's recorded ECG"
    )
    parser.add_argument(
        "--beats", action="store_true", help="list every beat, in the JSON document"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    add_data_dir(parser)
