"""The pages around one run, served until stopped."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import command
from .errors import USAGE_ERROR, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interbeat_collector.events import Event, Session
    from interbeat_collector.session_file import Recording

    from ..desk import Desk
    from ..equipment import Equipment
    from ..runs import LiveRun


def host_run(
    options: argparse.Namespace,
    *,
    path: Callable[[str], str],
    record: tuple[Session, Iterable[Event]] | None = None,
    begin: Callable[[Desk, Equipment], Awaitable[LiveRun]] | None = None,
    replay: Path | None = None,
    references: Sequence[Recording] = (),
) -> int:
    """Serve the pages around one run, or around none, until stopped."""
    from interbeat_collector.session_file import read_session

    from ..app import application
    from ..calibrating import estimate_offset
    from ..catalogue import data_folder
    from ..desk import Desk
    from ..door import Keys
    from ..fitting_room import FittingRoom
    from ..people import judged_by
    from ..serve import address, host, listen, open_browser

    async def serve() -> int:
        listening = listen(options.port)
        with listening:
            port = listening.getsockname()[1]
            keys, desk = Keys(port), Desk(data_folder(options.data_dir))
            radio, clock, rate, air = equipment = chosen_equipment(options)
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
                recording = read_session(replay)
                if references:
                    session = judged_by(recording.session, references)
                    recording = replace(recording, session=session)
                name = desk.replay(recording, rate=options.rate)
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


def chosen_equipment(options: argparse.Namespace) -> Equipment:
    from ..equipment import equipment

    return equipment(virtual=options.virtual_straps, rate=options.rate)


def check_rate(options: argparse.Namespace) -> None:
    if options.rate != 1.0 and not options.virtual_straps:
        raise UserError("--rate hastens virtual straps; give --virtual-straps with it.")


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
