"""interbeat analyze: the figures of sessions or of RR lists."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from .arguments import Verbs, add_data_dir, add_offset, add_reference, add_verb
from .errors import UserError
from .inputs import (
    recordings_of,
    reference_paths,
    reference_recordings,
    references,
    rr_material,
    with_speech,
)

if TYPE_CHECKING:
    from interbeat_collector.events import Partner, Session

    from ..heart_document import Wanted
    from ..recorded import Material


def run_analyze(options: argparse.Namespace) -> int:
    """Print the figures of sessions or of RR lists."""
    from ..progress import clear_stderr

    _check(options)
    try:
        if options.rows:
            from .rows import write_rows

            return write_rows(options, _wanted(options))
        text = _several(options) if len(options.files) > 1 else _one(options)
    finally:
        clear_stderr()
    print(text)
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse what makes no sense together, before the work begins."""
    if options.files and (options.rr_a or options.rr_b):
        raise UserError("Give either session files or --rr-a and --rr-b, not both.")
    if options.full or options.ecg:
        from ..further import check_installed

        check_installed()
    if options.offline_measures and options.rows:
        raise UserError("--offline-measures does not go into --rows. Take --json for each session.")
    if len(options.files) > 1 or options.rows:
        if options.speech_a or options.speech_b:
            raise UserError(
                "--speech-a and --speech-b are for one session. For several, each session's own "
                "turns are used."
            )
        if options.ecg:
            raise UserError("--ecg is for one session. Name one.")
        if options.baseline:
            raise UserError("--baseline is for one session. For several, mark it in each.")


def _one(options: argparse.Namespace) -> str:
    """One session or one pair of RR lists, as text."""
    from ..analyze import analyze, material_of
    from ..progress import to_stderr
    from ..table import report

    recording = recordings_of(options)[0] if options.files else None
    if recording is None:
        material, names = rr_material(options)
        title = "RR recordings"
    else:
        material, names = material_of(recording), recording.session.labels
        title = _title(recording.session)
    material = _with_baseline(options, with_speech(options, material))
    known = references(reference_recordings(reference_paths(options)), material)
    if options.offline_measures and len(material.hearts) < 2:
        raise UserError("--offline-measures are of two hearts. Leave it out here.")
    if len(material.hearts) == 2:
        to_stderr("comparing with every circular shift; long recordings take minutes")
    analysis = analyze(material, _wanted(options), known)
    document = analysis.document
    if options.ecg and recording is not None:
        from ..ecg_record import ecg_document

        for partner, heart in material.hearts.items():
            found = ecg_document(recording, partner, *heart, beats=options.beats)
            document["partners"][partner]["ecg"] = found
    if options.plot:
        if analysis.judged is None:
            raise UserError("--plot shows two hearts. Leave it out here.")
        _write_plot(options.plot, title, names, document, [analysis.judged])
    return _json(document) if options.json else report(document, title, names)


def _several(options: argparse.Namespace) -> str:
    """Sessions of one couple, each by itself and all as one result, as text."""
    from ..analyze import analyze_several, material_of
    from ..progress import to_stderr
    from ..table import report_several

    recordings = recordings_of(options)
    materials = [material_of(each) for each in recordings]
    names = recordings[0].session.labels
    usual = reference_recordings(reference_paths(options))
    known = [references(usual, each) for each in materials]
    document, found = analyze_several(
        materials,
        _wanted(options),
        known,
        lambda number: to_stderr(f"session {number + 1} of {len(materials)}"),
    )
    titles = [_title(each.session) for each in recordings]
    if options.plot:
        judged = [each.judged for each in found if each.judged is not None]
        title = f"{len(judged)} sessions"
        _write_plot(options.plot, title, names, document["pooled"], judged)
    return _json(document) if options.json else report_several(document, titles, names)


def _title(session: Session) -> str:
    return f"Session {session.id} ({session.kind}), {session.started_utc}"


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, allow_nan=False)


def _write_plot(
    name: str, title: str, names: dict[Partner, str], document: dict[str, Any], judged: list[Any]
) -> None:
    from pathlib import Path

    from ..plot_page import plot_page

    try:
        Path(name).write_text(plot_page(title, names, document, judged), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{name} cannot be written: {error.strerror}. Choose another.") from error


def _with_baseline(options: argparse.Namespace, material: Material) -> Material:
    """The stretch of `--baseline` instead of those that were marked."""
    from interbeat_analysis.baseline import LEAST_S, MOST_S

    from ..own_baseline import Span
    from ..together import end_s

    if options.baseline is None:
        return material
    from_s, to_s = options.baseline
    given = f"--baseline {from_s:g} {to_s:g}"
    last_s = max((end_s(heart) for heart in material.hearts.values()), default=0.0)
    if not 0.0 <= from_s < to_s <= last_s:
        raise UserError(
            f"{given} is no stretch of the recording, which ends at {last_s:.0f} s: give seconds "
            "from its start, the earlier first."
        )
    if not LEAST_S <= to_s - from_s <= MOST_S:
        raise UserError(
            f"{given} is {to_s - from_s:g} s long: choose {LEAST_S:g} to {MOST_S:g} quiet seconds."
        )
    return material._replace(baselines=(Span(from_s, to_s),))


def _wanted(options: argparse.Namespace) -> Wanted:
    from interbeat_analysis.spectra import PRESETS

    from ..heart_document import Wanted

    return Wanted(
        corrected=options.artifacts == "auto",
        preset=PRESETS[options.preset],
        beats=options.beats,
        full=options.full,
        offline=options.offline_measures,
    )


def add_analyze(verbs: Verbs) -> None:
    parser = add_verb(
        verbs, "analyze", run_analyze, "interbeat analyze --rr-a ana.txt --rr-b ben.txt --json"
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a session file or a session's id; several of one couple are also pooled",
    )
    parser.add_argument("--rr-a", metavar="FILE", help="RR intervals of the first partner")
    parser.add_argument("--rr-b", metavar="FILE", help="RR intervals of the second partner")
    add_offset(parser)
    for partner in "ab":
        parser.add_argument(
            f"--speech-{partner}",
            metavar="FILE",
            help=f"when {partner.upper()} spoke: CSV, TextGrid or FILE.eaf#TIER",
        )
    add_reference(parser)
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
        "--offline-measures",
        action="store_true",
        help="add coherence, wavelets, recurrence, phase, concordance and peaks of two hearts",
    )
    parser.add_argument(
        "--beats", action="store_true", help="list every beat, in the JSON document"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.add_argument(
        "--plot", metavar="FILE.html", help="write a page with pictures that needs no network"
    )
    parser.add_argument(
        "--rows",
        metavar="FILE",
        help="one row for each of many sessions or folders of them, to FILE.csv or FILE.jsonl",
    )
    add_data_dir(parser)
