"""The list of sessions, and one of them again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import Verbs, add_hosting, add_rate, add_reference, add_verb
from .hosting import check_rate, host_run

if TYPE_CHECKING:
    from interbeat_collector.session_file import Recording


def run_app(options: argparse.Namespace) -> int:
    """Open the list of sessions."""
    check_rate(options)
    return host_run(options, path=lambda _: "/")


def run_replay(options: argparse.Namespace) -> int:
    """Show a recorded session again."""
    return host_run(
        options,
        replay=session_path(options.file, options.data_dir),
        references=reference_sessions(options),
        path=lambda name: f"/run/{name}",
    )


def session_path(name: str, data_dir: str | None) -> Path:
    """A path, or the id of a session in the data folder."""
    from ..catalogue import Catalogue, data_folder

    given = Path(name)
    if given.exists():
        return given
    return Catalogue(data_folder(data_dir)).find(name) or given


def reference_sessions(options: argparse.Namespace) -> list[Recording]:
    """The recordings that were named as references."""
    from interbeat_collector.session_file import read_session

    paths = [session_path(name, options.data_dir) for name in options.reference or ()]
    return [read_session(path) for path in paths]


def add_replay(verbs: Verbs) -> None:
    parser = add_verb(verbs, "replay", run_replay, "interbeat replay SESSION.interbeat --rate 10")
    parser.add_argument("file", metavar="FILE", help="a session file, or the id of a session")
    add_reference(parser)
    add_rate(parser)
    add_hosting(parser)
