"""The command `interbeat` and its verbs, one module for each verb or family of verbs."""

from __future__ import annotations

import argparse
import io
import os
import sys

from .. import __version__
from .analyze import add_analyze
from .arguments import Parser, add_hosting, add_rate, add_virtual_straps
from .bench_strap import add_bench_strap
from .demo import add_demo
from .errors import USAGE_ERROR, user_errors
from .record import add_record
from .sessions import add_replay, run_app
from .straps import add_doctor, add_scan
from .validate import add_validate


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    _print_any_name()
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except user_errors() as error:
        print(f"interbeat: {error}", file=sys.stderr)
        return USAGE_ERROR


def parser() -> argparse.ArgumentParser:
    """All verbs with their options."""
    top = Parser(
        prog="interbeat",
        description="Two hearts from strap to screen. Without a verb: the list of your sessions.",
    )
    top.add_argument("--version", action="version", version=f"interbeat {__version__}")
    top.set_defaults(run=run_app, port=None, no_browser=False, data_dir=None)
    top.set_defaults(virtual_straps=False)
    add_hosting(top)
    add_rate(top)
    add_virtual_straps(top)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", parser_class=Parser)
    add_demo(verbs)
    add_scan(verbs)
    add_record(verbs)
    add_doctor(verbs)
    add_replay(verbs)
    add_analyze(verbs)
    add_bench_strap(verbs)
    add_validate(verbs)
    return top


def _print_any_name() -> None:
    """A terminal that lacks a letter of somebody's name shows a stand-in instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
