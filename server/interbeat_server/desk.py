"""The desk: starts runs, knows which are on, and ends them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from interbeat_collector.clock import utc_now
from interbeat_collector.events import Event, Partner, Session, SessionKind
from interbeat_collector.session_file import Recording, SessionWriter
from interbeat_collector.strap import Strap

from . import __version__
from .catalogue import Catalogue
from .runs import LiveRun, ReplayRun, Run, RunError, StrapRun

DEFAULT_LABELS: dict[Partner, str] = {"a": "Ana", "b": "Ben"}
MOST_REPLAYS = 8


class Desk:
    """All runs of this program. One session is recorded at a time; several may be replayed."""

    def __init__(self, folder: Path) -> None:
        self.catalogue = Catalogue(folder)
        self.runs: dict[str, Run] = {}
        self.live: LiveRun | None = None
        self.closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    def record(
        self,
        session: Session,
        events: Iterable[Event],
        *,
        rate: float = 1.0,
        duration_s: float | None = None,
    ) -> LiveRun:
        """Start to record; SessionWriteError when the folder does not allow it."""
        self.check_idle()
        writer = SessionWriter(self.catalogue.folder, session)
        return self._record(LiveRun(session, events, writer, rate=rate, duration_s=duration_s))

    def record_straps(
        self,
        session: Session,
        straps: Mapping[Partner, Strap],
        *,
        rate: float = 1.0,
        duration_s: float | None = None,
    ) -> LiveRun:
        """Start to record straps, connected or not, until someone stops it."""
        self.check_idle()
        writer = SessionWriter(self.catalogue.folder, session)
        return self._record(StrapRun(session, straps, writer, rate=rate, duration_s=duration_s))

    def check_can_record(self) -> None:
        """RunError or SessionWriteError while no recording could begin."""
        self.check_idle()
        self.catalogue.check_writable()

    async def end_demo(self, name: str) -> None:
        """End a demo that is being recorded; a session of people is nobody else's to end."""
        if self.live is None or self.recording != name:
            return
        if self.live.session.kind != "simulated":
            raise RunError("A session is being recorded. Stop it before you start another one.")
        await self.live.stop()

    def check_idle(self) -> None:
        """RunError while a session is being recorded."""
        if self.recording:
            raise RunError("A session is being recorded. Stop it before you start another one.")

    def replay(self, recording: Recording, *, rate: float = 1.0) -> str:
        """Begin to show a recording again; returns the name of the run."""
        run = ReplayRun(recording, rate=rate)
        self._let_go_of_unwatched_replays()
        name = f"{run.id}-replay-{secrets.token_hex(3)}"
        self._start(name, run)
        return name

    @property
    def recording(self) -> str | None:
        """The run of what is being recorded now."""
        return None if self.live is None or self.live.over else self.live.id

    def recording_runs(self) -> dict[str, str]:
        """Session id to run, for what is being recorded now."""
        return {self.recording: self.recording} if self.recording else {}

    def forget(self, session_id: str) -> None:
        """Drop all runs of a session that was deleted, and send their viewers away."""
        for name, run in list(self.runs.items()):
            if run.id == session_id:
                run.hub.dismiss()
                if isinstance(run, ReplayRun):
                    run.close()
                del self.runs[name]

    async def close(self) -> None:
        """End every run; what is being recorded is completed first."""
        self.closing = True
        await asyncio.gather(*(run.stop() for run in self.runs.values()))
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _record(self, run: LiveRun) -> LiveRun:
        if self.live is not None and not self.live.hub.viewers:
            self.runs.pop(self.live.id, None)
        self.live = run
        self._start(run.id, run)
        return run

    def _start(self, name: str, run: Run) -> None:
        self.runs[name] = run
        task = asyncio.get_running_loop().create_task(run.drive(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _let_go_of_unwatched_replays(self) -> None:
        replays = [(n, r) for n, r in self.runs.items() if isinstance(r, ReplayRun)]
        idle = [(n, r) for n, r in replays if not r.hub.viewers]
        for name, run in idle[: max(len(replays) - MOST_REPLAYS + 1, 0)]:
            run.close()
            del self.runs[name]


def new_session(
    straps: dict[Partner, dict[str, str]],
    labels: dict[Partner, str] | None = None,
    settings: dict[str, object] | None = None,
    kind: SessionKind = "simulated",
) -> Session:
    """The header of a session that starts now."""
    started = utc_now()
    stamp = started.replace("-", "").replace(":", "").replace("T", "-").rstrip("Z")
    return Session(
        id=f"{stamp}-{secrets.token_hex(2)}",
        kind=kind,
        started_utc=started,
        labels=labels or DEFAULT_LABELS,
        straps=straps,
        software=f"interbeat {__version__}",
        settings=settings or {},
    )
