"""The web application: pages, the JSON API and one WebSocket per viewer."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable
from contextlib import suppress
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp
from starlette.websockets import WebSocketDisconnect

from interbeat_collector.events import Partner
from interbeat_collector.session_file import SessionFileError, SessionWriteError, read_session

from . import __version__
from .desk import Desk
from .door import Door, Keys
from .fitting_api import Labels, fitting_api
from .fitting_room import FittingRoom
from .hub import Viewer
from .messages import batch, encode
from .runs import LiveRun, ReplayRun, Run, RunError
from .scenes import scene_session
from .sources import demo_settings, simulated_session

SEND_LIMIT_S = 5.0
BODY_LIMIT = 1 << 20
NO_TELEMETRY: Any = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}

PAGES = Path(str(files("interbeat_dashboard")))


class Code(BaseModel):
    code: str = Field(max_length=200)


class NewSession(BaseModel):
    """Two simulated partners; the limits are those of `DyadSettings`."""

    model_config = ConfigDict(extra="forbid")
    labels: Labels | None = None
    coupling: float | None = None
    lag_s: float | None = None
    mode: str | None = None
    gain: float | None = None
    turns: str | None = None
    seed: int | None = None
    scene: str | None = None
    """One of `scenes.SCENES` in place of all of these."""
    instead_of: str | None = None
    """A demo that is to end for it."""


class NewReplay(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rate: float = 1.0


def application(desk: Desk, room: FittingRoom, *, port: int, keys: Keys) -> ASGIApp:
    """The whole application behind its door."""
    app = FastAPI(
        title="interbeat",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry=NO_TELEMETRY,
        max_body_size=BODY_LIMIT,
    )
    app.include_router(pages())
    app.include_router(api(desk, keys))
    app.include_router(fitting_api(room))
    app.include_router(feed(desk))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.mount("/static", _Static(directory=PAGES), name="static")
    return Door(app, keys=keys, port=port, door_page=(PAGES / "door.html").read_bytes())


def pages() -> APIRouter:
    router = APIRouter()

    @router.get("/")
    async def sessions_page() -> FileResponse:
        return FileResponse(PAGES / "index.html")

    @router.get("/pair")
    async def pair_page() -> FileResponse:
        return FileResponse(PAGES / "pair.html")

    @router.get("/calibrate")
    async def calibrate_page() -> FileResponse:
        return FileResponse(PAGES / "calibrate.html")

    @router.get("/run/{run}")
    async def run_page(run: str) -> FileResponse:
        return FileResponse(PAGES / "run.html")

    return router


def api(desk: Desk, keys: Keys) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.post("/enter", status_code=204)
    async def enter(body: Code) -> Response:
        cookie = keys.exchange(body.code)
        if cookie is None:
            raise HTTPException(
                403, "This link was used before or is not complete. Each link works once."
            )
        response = Response(status_code=204)
        response.set_cookie(keys.cookie_name, cookie, httponly=True, samesite="strict", path="/")
        return response

    @router.get("/sessions")
    def list_sessions() -> dict[str, object]:
        return {
            "version": __version__,
            "folder": str(desk.catalogue.folder),
            "sessions": desk.catalogue.listing(desk.recording_runs()),
        }

    @router.post("/sessions", status_code=201)
    async def new_session(body: NewSession) -> dict[str, str]:
        given = body.model_dump(exclude={"labels", "scene", "instead_of"}, exclude_none=True)
        labels = body.labels.by_partner() if body.labels else None
        try:
            if body.scene and given:
                raise ValueError("scene stands for itself: leave the other settings out.")
            session, events = (
                await asyncio.to_thread(scene_session, body.scene, labels)
                if body.scene
                else simulated_session(demo_settings(**given), labels)
            )
            if body.instead_of is not None:
                await desk.end_demo(body.instead_of)
            return {"run": desk.record(session, events).id}
        except RunError as error:
            raise HTTPException(409, str(error)) from error
        except SessionWriteError as error:
            raise HTTPException(507, str(error)) from error
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    @router.post("/sessions/{session_id}/replay", status_code=201)
    async def new_replay(session_id: str, body: NewReplay) -> dict[str, str]:
        path = desk.catalogue.find(session_id)
        if path is None:
            raise HTTPException(404, _no_session(session_id))
        try:
            recording = await asyncio.to_thread(read_session, path)
            return {"run": desk.replay(recording, rate=body.rate)}
        except (RunError, SessionFileError) as error:
            raise HTTPException(422, str(error)) from error

    @router.delete("/sessions/{session_id}", status_code=204)
    async def delete_session(session_id: str) -> Response:
        try:
            deleted = await asyncio.to_thread(desk.catalogue.delete, session_id)
        except SessionFileError as error:
            raise HTTPException(409, str(error)) from error
        if not deleted:
            raise HTTPException(404, _no_session(session_id))
        desk.forget(session_id)
        return Response(status_code=204)

    return router


def feed(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.websocket("/ws/{name}")
    async def watch(
        socket: WebSocket, name: str, epoch: int | None = None, since: int | None = None
    ) -> None:
        run = desk.runs.get(name)
        await socket.accept()
        if run is None:
            await socket.close(4404, "no such run")
            return
        await _Connection(socket, run).serve(epoch, since)

    return router


class _Connection:
    """One viewer's WebSocket: a task that sends, while this one listens."""

    def __init__(self, socket: WebSocket, run: Run) -> None:
        self._socket = socket
        self._run = run
        self._viewer: Viewer
        self._held: set[Partner] = set()

    async def serve(self, epoch: int | None, since: int | None) -> None:
        resumed = self._join(epoch, since)
        sending = asyncio.ensure_future(self._send_all(resumed))
        listening = asyncio.ensure_future(self._listen())
        try:
            await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._run.hub.leave(self._viewer)
            for task in (sending, listening):
                task.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)

    def _join(self, epoch: int | None = None, since: int | None = None) -> bool:
        self._viewer, resumed = self._run.hub.join(epoch, since)
        if isinstance(self._run, ReplayRun):
            self._run.watched()
        return resumed

    async def _send_all(self, resumed: bool) -> None:
        try:
            while True:
                await self._send([encode(self._run.hello(resumed=resumed))])
                while texts := await self._viewer.take():
                    await self._send(texts)
                if not self._viewer.sent_away:
                    await self._within_limit(self._socket.close(4408, "too slow; join again"))
                    return
                resumed = self._join()
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return

    async def _send(self, texts: list[str]) -> None:
        await self._within_limit(self._socket.send_text(batch(texts)))

    async def _within_limit(self, sending: Awaitable[None]) -> None:
        await asyncio.wait_for(sending, SEND_LIMIT_S)

    async def _listen(self) -> None:
        try:
            while True:
                await self._handle(await self._socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            return
        finally:
            self._let_go_of_keys()

    async def _handle(self, text: str) -> None:
        try:
            message = json.loads(text)
            if not isinstance(message, dict):
                raise RunError("A message is a JSON object with a type.")
            await self._obey(message)
        except (RunError, SessionWriteError) as error:
            self._viewer.tell({"type": "error", "message": str(error)})
        except ValueError:
            self._viewer.tell({"type": "error", "message": "A message is JSON text."})

    async def _obey(self, message: dict[str, Any]) -> None:
        run = self._run
        match run, message.get("type"):
            case _, "ping":
                answer = {"type": "pong", "id": message.get("id"), "t_s": run.clock_s()}
                self._viewer.tell(answer)
            case LiveRun(), "mark":
                at_s = _number(message, "at_s") if message.get("at_s") is not None else None
                await run.mark(_text(message, "label"), at_s)
                self._viewer.tell({"type": "saved", "id": message.get("id")})
            case LiveRun(), "speech":
                self._speak(run, message)
            case LiveRun(), "stop":
                await run.stop()
            case ReplayRun(), "play":
                run.play()
            case ReplayRun(), "pause":
                run.pause()
            case ReplayRun(), "jump":
                run.jump(_number(message, "t_s"))
            case ReplayRun(), "rate":
                run.set_rate(_number(message, "rate"))
            case _, kind:
                raise RunError(f"A {run.mode} run does not understand {str(kind)[:40]!r}.")

    def _speak(self, run: LiveRun, message: dict[str, Any]) -> None:
        partner, on = message.get("partner"), message.get("on")
        if partner not in ("a", "b") or not isinstance(on, bool):
            raise RunError("Speech needs a partner, a or b, and on: true or false.")
        at_s = _number(message, "at_s") if message.get("at_s") is not None else None
        run.speak(partner, on, at_s)
        (self._held.add if on else self._held.discard)(partner)

    def _let_go_of_keys(self) -> None:
        """A page that is gone holds no key any more."""
        for partner in self._held:
            with suppress(RunError, SessionWriteError):
                if isinstance(self._run, LiveRun):
                    self._run.speak(partner, False, None)


_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Said by us: what the system knows of file endings can be wrong, and browsers then refuse."""


class _Static(StaticFiles):
    """The page's own files, and plotly.min.js out of the installed plotly."""

    async def get_response(self, path: str, scope: Any) -> Response:
        if path == "plotly.min.js":
            response = await _PLOTLY.get_response(path, scope)
        elif Path(path).suffix in {".py", ".typed", ".ts", ".pyc"}:
            raise HTTPException(404)
        else:
            response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        if kind := _TYPES.get(Path(path).suffix):
            response.headers["content-type"] = kind
        return response


def _plotly_files() -> StaticFiles:
    """Found without importing plotly, which would cost the start more than the whole server."""
    spec = find_spec("plotly")
    locations = spec.submodule_search_locations if spec else None
    assert locations
    return StaticFiles(directory=Path(locations[0]) / "package_data")


_PLOTLY = _plotly_files()


def _text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise RunError(f"{name} must be text, not {str(value)[:40]!r}.")
    return value


def _number(message: dict[str, Any], name: str) -> float:
    value = message.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            if math.isfinite(number := float(value)):
                return number
    raise RunError(f"{name} must be a number, not {str(value)[:40]!r}.")


def _no_session(session_id: str) -> str:
    return f"There is no session {session_id[:80]!r} here; it may have been deleted."


async def _invalid(request: Request, error: Exception) -> Response:
    first = cast(RequestValidationError, error).errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    return JSONResponse({"error": f"{place}: {first['msg']}"}, 422)


async def _refused(request: Request, error: Exception) -> Response:
    refusal = cast(StarletteHTTPException, error)
    return JSONResponse({"error": refusal.detail}, refusal.status_code, refusal.headers)
