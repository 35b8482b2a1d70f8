"""How far a long computation is: told in place on a terminal, else not at all."""

from __future__ import annotations

import sys


def to_stderr(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r  {text:<60}", end="", file=sys.stderr, flush=True)


def clear_stderr() -> None:
    if sys.stderr.isatty():
        print(f"\r{'':<64}\r", end="", file=sys.stderr, flush=True)
