"""Options that several verbs share, and how an argument is read."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable
from typing import NoReturn, TypeAlias, TypeVar

from .errors import USAGE_ERROR, UserError

Verbs: TypeAlias = "argparse._SubParsersAction[Parser]"

N = TypeVar("N", int, float)


class Parser(argparse.ArgumentParser):
    """Answers a mistake with one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"interbeat: {message}. See: {command()} {self._help()}\n")

    def _help(self) -> str:
        verb = self.prog.split()[1:]
        return " ".join([*verb, "--help"])


def command() -> str:
    """How the user calls interbeat, for the commands we print."""
    return os.environ.get("INTERBEAT_COMMAND", "interbeat")


def add_verb(
    verbs: Verbs, name: str, run: Callable[[argparse.Namespace], int], example: str
) -> Parser:
    """Add a verb; the first line of its function is its help."""
    text = (run.__doc__ or "").strip()
    parser = verbs.add_parser(name, help=text, description=text, epilog=f"Example: {example}")
    parser.set_defaults(run=run)
    return parser


def add_rate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rate",
        type=between(0.25, 60),
        default=1.0,
        metavar="N",
        help="N times as fast as real time, 0.25 to 60 (default 1)",
    )


def add_offset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--offset-s",
        type=between(-86400, 86400),
        metavar="S",
        help="B's first interval opens S seconds after A's (default 0; may be negative)",
    )


def add_duration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--duration-s",
        type=between(1, 7 * 86400),
        metavar="S",
        help="stop after that much session time (default: Ctrl-C)",
    )


def add_reference(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reference",
        nargs="+",
        action="extend",
        metavar="SESSION",
        help="sessions that show how each of the two usually settles, 40 min of each",
    )


def add_virtual_straps(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--virtual-straps",
        action="store_true",
        default=argparse.SUPPRESS,
        help="try it with straps that are made up, without Bluetooth",
    )


def add_hosting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        type=whole(1024, 65535),
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
    add_data_dir(parser)


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        type=named,
        default=argparse.SUPPRESS,
        metavar="FOLDER",
        help="where sessions are kept (default: INTERBEAT_DATA, else your user data folder)",
    )


def refuse(options: argparse.Namespace, what: str, *names: str) -> None:
    """Say so instead of ignoring an option that has no meaning here."""
    if any(getattr(options, name) is not None for name in names):
        raise UserError(f"{what}; leave it out here.")


def named(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def between(low: float, high: float) -> Callable[[str], float]:
    return _number(float, low, high, "a number")


def whole(low: int, high: int) -> Callable[[str], int]:
    return _number(int, low, high, "a whole number")


def _number(kind: Callable[[str], N], low: N, high: N, what: str) -> Callable[[str], N]:
    """A reader of one kind of number within its limits."""

    def number(text: str) -> N:
        with contextlib.suppress(ValueError):
            if low <= (value := kind(text)) <= high:
                return value
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} from {low:.10g} to {high:.10g}")

    return number
