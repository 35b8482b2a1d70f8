"""The command `interbeat` and its verbs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from . import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interbeat_collector.events import Event, Partner, Session

    from .analyze import Heart
    from .desk import Desk
    from .equipment import Equipment
    from .runs import LiveRun

    _Verbs = argparse._SubParsersAction["_Parser"]

N = TypeVar("N", int, float)

USAGE_ERROR = 2
LONGEST_NAME = 40
EXAMPLES = {
    "demo": "interbeat demo --coupling 0.8 --lag-s 3",
    "scan": "interbeat scan --seconds 10",
    "record": "interbeat record --strap a=ID --strap b=ID --name-a Ana --name-b Ben",
    "doctor": "interbeat doctor --strap ID --strap ID",
    "replay": "interbeat replay SESSION.interbeat --rate 10",
    "analyze": "interbeat analyze --rr-a ana.txt --rr-b ben.txt --json",
    "bench-strap": "interbeat bench-strap --transport usb:0 --log truth.csv",
    "validate": "interbeat validate clock --quick",
}


class UserError(Exception):
    """A mistake of the caller or of the machine; the text is one line with the next step."""


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    _print_any_name()
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except _user_errors() as error:
        print(f"interbeat: {error}", file=sys.stderr)
        return USAGE_ERROR


def _print_any_name() -> None:
    """A terminal that lacks a letter of somebody's name shows a stand-in instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def command() -> str:
    """How the user calls interbeat, for the commands we print."""
    return os.environ.get("INTERBEAT_COMMAND", "interbeat")


def _user_errors() -> tuple[type[Exception], ...]:
    """The errors whose text is one line for the user."""
    from interbeat_collector.radio import RadioError
    from interbeat_collector.rr_file import RRFileError
    from interbeat_collector.session_file import SessionFileError, SessionWriteError

    from .runs import RunError
    from .serve import PortError
    from .strap_book import StrapBookError

    return (
        *(UserError, RRFileError, SessionFileError, SessionWriteError, RunError, PortError),
        *(RadioError, StrapBookError),
    )


def run_app(options: argparse.Namespace) -> int:
    """Open the list of sessions."""
    _check_rate(options)
    return _host(options, path=lambda _: "/")


def run_scan(options: argparse.Namespace) -> int:
    """List the heart-rate straps within reach."""
    from .strap_list import as_json, look, told

    radio = _equipment(options).radio
    straps = asyncio.run(look(radio, options.seconds, battery=options.battery))
    record = f"{command()} record{' --virtual-straps' if options.virtual_straps else ''}"
    print(json.dumps(as_json(straps), indent=2) if options.json else told(straps, record))
    return 0


def run_record(options: argparse.Namespace) -> int:
    """Record two straps and show them live."""
    from .strap_start import Wish, record_straps

    _check_rate(options)
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
    )

    async def begin(desk: Desk, equipment: Equipment) -> LiveRun:
        live = await record_straps(desk, equipment, wish, print)
        if warning := live.session.settings.get("strap_warning"):
            print(f"Note: {warning}")
        return live

    return _host(options, begin=begin, path=lambda name: f"/run/{name}")


def run_doctor(options: argparse.Namespace) -> int:
    """Print a report on Bluetooth and straps, ready to paste into a question."""
    from .doctor import examine, told

    equipment = _equipment(options)
    ids = options.strap or []
    report = asyncio.run(examine(equipment.radio, equipment.clock, ids, options.seconds))
    print(json.dumps(report, indent=2, allow_nan=False) if options.json else told(report))
    return 0


def _check_rate(options: argparse.Namespace) -> None:
    if options.rate != 1.0 and not options.virtual_straps:
        raise UserError("--rate hastens virtual straps; give --virtual-straps with it.")


def run_demo(options: argparse.Namespace) -> int:
    """Record two simulated partners, or two recorded hearts, and show them live."""
    session, events = _demo_session(options)
    return _host(options, record=(session, events), path=lambda name: f"/run/{name}")


def run_replay(options: argparse.Namespace) -> int:
    """Show a recorded session again."""
    return _host(options, replay=_session_path(options), path=lambda name: f"/run/{name}")


def run_analyze(options: argparse.Namespace) -> int:
    """Print the figures of a session or of RR lists."""
    from .table import report

    document, title, names = _analysis(options)
    if options.json:
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        print(report(document, title, names))
    return 0


def run_bench_strap(options: argparse.Namespace) -> int:
    """Be a virtual strap on a spare Bluetooth dongle, to test a real radio without a body."""
    try:
        from interbeat_collector.bench_controller import BenchStrapError
        from interbeat_collector.bench_strap import wear
        from interbeat_collector.bumble_strap import Making
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "bumble":
            raise
        raise UserError(
            "bench-strap needs Bumble, which is not installed: pip install 'interbeat[bumble]'"
        ) from None
    making = Making(
        name=options.name or f"Bench strap {options.seed}",
        measures=("ecg", "acc") if options.ecg else (),
        drift_ppm=options.drift_ppm,
        loss=options.loss,
    )

    async def wear_it() -> None:
        work = wear(
            options.transport,
            making,
            _heart(options),
            seed=options.seed,
            log=Path(options.log) if options.log else None,
            say=lambda text: print(text, flush=True),
        )
        with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C is how it is meant to end.
            await work

    try:
        asyncio.run(wear_it())
    except BenchStrapError as error:
        raise UserError(str(error)) from error
    return 0


def _heart(options: argparse.Namespace) -> Iterable[float]:
    """Beat times of a recorded heart, or of a simulated one."""
    from itertools import accumulate

    from interbeat_collector.rr_file import read_rr
    from interbeat_collector.simulation import DyadSettings, dyad

    if options.rr:
        return accumulate(read_rr(Path(options.rr)), initial=1.0)
    return dyad(DyadSettings(seed=options.seed))["a"]


def run_validate(options: argparse.Namespace) -> int:
    """Measure the program against simulations with known truth."""
    from .validation import clock, core

    validation = {"clock": clock}[options.what]
    try:
        rows = validation.rows(
            quick=options.quick, progress=core.to_stderr, workers=core.usual_workers()
        )
    finally:
        core.clear_stderr()
    title = validation.title(quick=options.quick)
    if options.json:
        print(json.dumps(core.document(title, rows, quick=options.quick), indent=2))
    else:
        print(core.table(title, rows))
    return 0 if all(row.met for row in rows) else 1


def _demo_session(options: argparse.Namespace) -> tuple[Session, Iterable[Event]]:
    from interbeat_collector.simulation import DyadSettings

    from .sources import recorded_hearts_session, simulated_session

    if bool(options.rr_a) != bool(options.rr_b):
        raise UserError("--rr-a and --rr-b go together: one recording for each partner.")
    if options.rr_a:
        _refuse(options, "--coupling and --lag-s shape simulated people", "coupling", "lag_s")
        return recorded_hearts_session(
            Path(options.rr_a), Path(options.rr_b), options.seed, options.offset_s or 0.0
        )
    _refuse(options, "--offset-s sets apart two recordings", "offset_s")
    given = {"coupling": options.coupling, "lag_s": options.lag_s}
    chosen = {name: value for name, value in given.items() if value is not None}
    return simulated_session(DyadSettings(seed=options.seed, **chosen))


def _refuse(options: argparse.Namespace, what: str, *names: str) -> None:
    """Say so instead of ignoring an option that has no meaning here."""
    if any(getattr(options, name) is not None for name in names):
        raise UserError(f"{what}; leave it out here.")


def _session_path(options: argparse.Namespace) -> Path:
    """A path, or the id of a session in the data folder."""
    from .catalogue import Catalogue, data_folder

    given = Path(options.file)
    if given.exists():
        return given
    return Catalogue(data_folder(options.data_dir)).find(options.file) or given


def _analysis(options: argparse.Namespace) -> tuple[dict[str, Any], str, dict[Partner, str]]:
    """The document, a title and what the partners are called."""
    from interbeat_collector.rr_file import read_rr
    from interbeat_collector.session_file import read_session

    from .analyze import SESSION_BASIS, analyze, heart_of_rr, hearts_of

    if options.file and (options.rr_a or options.rr_b):
        raise UserError("Give either a session file or --rr-a and --rr-b, not both.")
    if options.file:
        _refuse(options, "--offset-s sets apart two RR files", "offset_s")
        recording = read_session(_session_path(options))
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


def _host(
    options: argparse.Namespace,
    *,
    path: Callable[[str], str],
    record: tuple[Session, Iterable[Event]] | None = None,
    begin: Callable[[Desk, Equipment], Awaitable[LiveRun]] | None = None,
    replay: Path | None = None,
) -> int:
    """Serve the pages around one run, or around none, until stopped."""
    from interbeat_collector.session_file import read_session

    from .app import application
    from .calibrating import estimate_offset
    from .catalogue import data_folder
    from .desk import Desk
    from .door import Keys
    from .fitting_room import FittingRoom
    from .serve import address, host, listen, open_browser

    async def serve() -> int:
        listening = listen(options.port)
        with listening:
            port = listening.getsockname()[1]
            keys, desk = Keys(port), Desk(data_folder(options.data_dir))
            radio, clock, rate, air = equipment = _equipment(options)
            room = FittingRoom(desk, radio, clock, estimate_offset, rate=rate, air=air)
            name, until, live = "", None, None
            if record is not None:
                live = desk.record(*record, rate=options.rate, duration_s=options.duration_s)
            elif begin is not None:
                live = await begin(desk, equipment)
            if live is not None:
                name, until = live.id, _through(desk, live, options.duration_s)
                print(f"Recording to\n{live.path}")
            elif replay is not None:
                name = desk.replay(read_session(replay), rate=options.rate)
                print(f"Replaying {replay}")
            url = address(listening, keys, path(name))

            def ready() -> None:
                print(f"Open this page (the link works once):\n{url}\nCtrl-C stops.", flush=True)
                if not options.no_browser:
                    open_browser(url)

            try:
                await host(
                    application(desk, room, port=port, keys=keys),
                    desk,
                    listening,
                    ready=ready,
                    until=until,
                )
            finally:
                await room.end()
                await desk.close()
            return _farewell(desk)

    return asyncio.run(serve())


def _equipment(options: argparse.Namespace) -> Equipment:
    from .equipment import equipment

    return equipment(virtual=options.virtual_straps, rate=options.rate)


async def _through(desk: Desk, live: LiveRun, duration_s: float | None) -> None:
    """Return when the program is to end by itself: after its time, or when the disk is full.

    A session that was stopped on its page leaves the pages open, for the replay.
    """
    await live.finished()
    if duration_s is None and not live.error and not desk.closing:
        print("The session is complete. Ctrl-C closes its pages.", flush=True)
        await asyncio.Event().wait()


def _farewell(desk: Desk) -> int:
    """Say where the recording is; the exit code tells whether it is whole."""
    if desk.live is None:
        return 0
    path = desk.live.path
    if desk.live.error:
        print(f"interbeat: {desk.live.error}", file=sys.stderr)
    print(f"The recording is {path}\nReplay it: {command()} replay {_quoted(path)}", flush=True)
    return USAGE_ERROR if desk.live.error else 0


def _quoted(path: str) -> str:
    """A path as the user's shell takes it."""
    return subprocess.list2cmdline([path]) if os.name == "nt" else shlex.quote(path)


class _Parser(argparse.ArgumentParser):
    """Answers a mistake with one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"interbeat: {message}. See: {command()} {self._help()}\n")

    def _help(self) -> str:
        verb = self.prog.split()[1:]
        return " ".join([*verb, "--help"])


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="interbeat",
        description="Two hearts from strap to screen. Without a verb: the list of your sessions.",
    )
    parser.add_argument("--version", action="version", version=f"interbeat {__version__}")
    parser.set_defaults(run=run_app, port=None, no_browser=False, data_dir=None)
    parser.set_defaults(virtual_straps=False)
    _add_hosting(parser)
    _add_rate(parser)
    _add_virtual_straps(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", parser_class=_Parser)
    _add_demo(verbs)
    _add_scan(verbs)
    _add_record(verbs)
    _add_doctor(verbs)
    _add_replay(verbs)
    _add_analyze(verbs)
    _add_bench_strap(verbs)
    _add_validate(verbs)
    return parser


def _add_demo(verbs: _Verbs) -> None:
    parser = _verb(verbs, "demo", run_demo)
    parser.add_argument(
        "--seed",
        type=_whole(0, 2**32 - 1),
        default=1,
        metavar="N",
        help="which two simulated people (default 1)",
    )
    parser.add_argument(
        "--coupling",
        type=_between(0, 1),
        metavar="0..1",
        help="how much slow arousal they share (default 0.6)",
    )
    parser.add_argument(
        "--lag-s",
        type=_between(-5, 5),
        metavar="S",
        help="seconds by which the second follows the first (default 2; negative: leads)",
    )
    parser.add_argument(
        "--rr-a", metavar="FILE", help="let the first strap wear a recorded heart (RR intervals)"
    )
    parser.add_argument("--rr-b", metavar="FILE", help="the same for the second strap")
    _add_offset(parser)
    _add_rate(parser)
    _add_duration(parser)
    _add_hosting(parser)


def _add_scan(verbs: _Verbs) -> None:
    parser = _verb(verbs, "scan", run_scan)
    parser.add_argument(
        "--seconds",
        type=_between(1, 120),
        default=5.0,
        metavar="S",
        help="how long to listen (default 5)",
    )
    parser.add_argument(
        "--battery", action="store_true", help="connect briefly to each strap and ask its battery"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    _add_virtual_straps(parser)


def _add_record(verbs: _Verbs) -> None:
    parser = _verb(verbs, "record", run_record)
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
    _add_duration(parser)
    _add_rate(parser)
    _add_virtual_straps(parser)
    _add_hosting(parser)


def _add_doctor(verbs: _Verbs) -> None:
    parser = _verb(verbs, "doctor", run_doctor)
    parser.add_argument(
        "--strap", action="append", metavar="ID", help="listen to this strap, too; may be repeated"
    )
    parser.add_argument(
        "--seconds",
        type=_between(5, 600),
        default=15.0,
        metavar="S",
        help="how long to listen to straps (default 15)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    _add_virtual_straps(parser)


def _add_virtual_straps(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--virtual-straps",
        action="store_true",
        default=argparse.SUPPRESS,
        help="try it with straps that are made up, without Bluetooth",
    )


def _add_duration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--duration-s",
        type=_between(1, 7 * 86400),
        metavar="S",
        help="stop after that much session time (default: Ctrl-C)",
    )


def _add_replay(verbs: _Verbs) -> None:
    parser = _verb(verbs, "replay", run_replay)
    parser.add_argument("file", metavar="FILE", help="a session file, or the id of a session")
    _add_rate(parser)
    _add_hosting(parser)


def _add_analyze(verbs: _Verbs) -> None:
    parser = _verb(verbs, "analyze", run_analyze)
    parser.add_argument("file", nargs="?", metavar="FILE", help="a session file or a session's id")
    parser.add_argument("--rr-a", metavar="FILE", help="RR intervals of the first partner")
    parser.add_argument("--rr-b", metavar="FILE", help="RR intervals of the second partner")
    _add_offset(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    _add_data_dir(parser)


def _add_bench_strap(verbs: _Verbs) -> None:
    parser = _verb(verbs, "bench-strap", run_bench_strap)
    parser.add_argument(
        "--transport",
        required=True,
        type=_named,
        metavar="WHERE",
        help="usb:0, serial:/dev/ttyACM0,1000000, tcp-client:HOST:PORT or tcp-server:HOST:PORT",
    )
    parser.add_argument("--name", type=_named, help="what it is called (default: Bench strap SEED)")
    parser.add_argument(
        "--seed",
        type=_whole(0, 2**32 - 1),
        default=1,
        metavar="N",
        help="which simulated heart (default 1)",
    )
    parser.add_argument("--rr", metavar="FILE", help="wear a recorded heart (RR intervals)")
    parser.add_argument(
        "--ecg", action="store_true", help="offer ECG and acceleration as a Polar H10 does"
    )
    parser.add_argument(
        "--drift-ppm",
        type=_between(-1000, 1000),
        default=0.0,
        metavar="P",
        help="how much too fast its clock runs (default 0)",
    )
    parser.add_argument(
        "--loss",
        type=_between(0, 0.5),
        default=0.0,
        metavar="0..0.5",
        help="share of packets that it withholds (default 0)",
    )
    parser.add_argument("--log", metavar="FILE", help="write down what was sent (CSV)")


def _add_validate(verbs: _Verbs) -> None:
    parser = _verb(verbs, "validate", run_validate)
    parser.add_argument("what", choices=("clock",), help="clock: when beats and samples happened")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter simulations")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")


def _verb(verbs: _Verbs, name: str, run: Callable[[argparse.Namespace], int]) -> _Parser:
    text = (run.__doc__ or "").strip()
    parser = verbs.add_parser(
        name, help=text, description=text, epilog=f"Example: {EXAMPLES[name]}"
    )
    parser.set_defaults(run=run)
    return parser


def _add_rate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rate",
        type=_between(0.25, 60),
        default=1.0,
        metavar="N",
        help="N times as fast as real time, 0.25 to 60 (default 1)",
    )


def _add_offset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--offset-s",
        type=_between(-86400, 86400),
        metavar="S",
        help="B's first interval opens S seconds after A's (default 0; may be negative)",
    )


def _add_hosting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        type=_whole(1024, 65535),
        default=argparse.SUPPRESS,
        metavar="N",
        help="port on 127.0.0.1 (default 8765, or a free one when that is taken)",
    )
    parser.add_argument(
        "--no-browser",
        action="store_true",
        default=argparse.SUPPRESS,
        help="do not open a browser",
    )
    _add_data_dir(parser)


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        type=_named,
        default=argparse.SUPPRESS,
        metavar="FOLDER",
        help="where sessions are kept (default: INTERBEAT_DATA, else your user data folder)",
    )


def _strap(text: str) -> tuple[Partner, str]:
    partner, equals, strap_id = text.partition("=")
    if partner not in ("a", "b") or not equals or not strap_id.strip():
        raise argparse.ArgumentTypeError(f"{text!r} must be a=ID or b=ID; interbeat scan lists ids")
    return ("a" if partner == "a" else "b"), strap_id.strip()


def _name(text: str) -> str:
    if not 1 <= len(text.strip()) <= LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"a name has 1 to {LONGEST_NAME} characters")
    return text.strip()


def _named(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def _between(low: float, high: float) -> Callable[[str], float]:
    return _number(float, low, high, "a number")


def _whole(low: int, high: int) -> Callable[[str], int]:
    return _number(int, low, high, "a whole number")


def _number(kind: Callable[[str], N], low: N, high: N, what: str) -> Callable[[str], N]:
    """A reader of one kind of number within its limits."""

    def number(text: str) -> N:
        with contextlib.suppress(ValueError):
            if low <= (value := kind(text)) <= high:
                return value
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} from {low:.10g} to {high:.10g}")

    return number
