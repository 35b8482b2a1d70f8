"""The HTTP side of pairing and calibration; their documents are in `docs/messages.md`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from interbeat_collector.events import Partner
from interbeat_collector.session_file import SessionWriteError
from interbeat_collector.straps import Raw

from .finding import FittingError
from .fitting_room import FittingRoom
from .runs import RunError
from .strap_book import StrapBookError

Label = Annotated[str, Field(min_length=1, max_length=40)]
StrapId = Annotated[str, Field(min_length=1, max_length=80)]


class Labels(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: Label
    b: Label

    def by_partner(self) -> dict[Partner, str]:
        return {"a": self.a, "b": self.b}


class Begin(BaseModel):
    model_config = ConfigDict(extra="forbid")
    labels: Labels


class Choice(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: StrapId
    b: StrapId
    labels: Labels | None = None

    def by_partner(self) -> dict[Partner, str]:
        return {"a": self.a, "b": self.b}


class Question(BaseModel):
    """Ask one partner to lift their strap, or none: they know whose is whose."""

    model_config = ConfigDict(extra="forbid")
    partner: Partner | None = None
    skip: bool = False


class StartNow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    labels: Labels | None = None
    anyway: bool = False
    raw: list[Raw] = []


class Lift(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: StrapId


def fitting_api(room: FittingRoom) -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/straps")
    async def straps() -> dict[str, Any]:
        return await room.summary()

    @router.post("/straps/lift", status_code=204)
    async def lift(body: Lift) -> Response:
        with _refusals():
            room.lift(body.id)
        return Response(status_code=204)

    router.include_router(_pairing(room))
    router.include_router(_calibration(room))
    return router


def _pairing(room: FittingRoom) -> APIRouter:
    router = APIRouter(prefix="/pairing")

    def document() -> dict[str, Any]:
        return {**room.pairing.document(), "virtual": room.virtual, "recording": room.recording}

    @router.post("", status_code=201)
    async def begin(body: Begin) -> dict[str, Any]:
        with _refusals():
            await room.begin_pairing(body.labels.by_partner())
            return document()

    @router.get("")
    async def look(a: StrapId | None = None, b: StrapId | None = None) -> dict[str, Any]:
        if not room.pairs:
            return {"step": None, "recording": room.recording}
        found = document()
        if found["step"] == "find":
            found["warning"] = room.pairing.machine.foreseen({"a": a, "b": b})
        return found

    @router.post("/choose")
    async def choose(body: Choice) -> dict[str, Any]:
        with _refusals():
            if body.labels:
                room.pairing.machine.labels = body.labels.by_partner()
            await room.pairing.choose(body.by_partner())
            return document()

    @router.post("/back")
    async def back() -> dict[str, Any]:
        with _refusals():
            await room.pairing.back()
            return document()

    @router.post("/identify")
    async def identify(body: Question) -> dict[str, Any]:
        with _refusals():
            pairing = room.pairing
            if body.skip or body.partner is None:
                pairing.machine.skip_identity(pairing.now_s)
            else:
                pairing.machine.identify(body.partner, pairing.now_s)
            return document()

    @router.post("/start", status_code=201)
    async def begin_session(body: StartNow) -> dict[str, str]:
        with _refusals():
            pairing = room.pairing
            if refusal := pairing.machine.refusal(pairing.now_s, anyway=body.anyway):
                raise FittingError(refusal)
            if body.labels:
                pairing.machine.labels = body.labels.by_partner()
            return {"run": room.start(pairing.machine.labels, body.raw)}

    @router.delete("", status_code=204)
    async def end() -> Response:
        await room.end()
        return Response(status_code=204)

    return router


def _calibration(room: FittingRoom) -> APIRouter:
    router = APIRouter(prefix="/calibration")

    def document() -> dict[str, Any]:
        return {
            **room.calibration.document(),
            "virtual": room.virtual,
            "recording": room.recording,
            "shared_hearts": room.shared_hearts,
        }

    @router.post("", status_code=201)
    async def begin() -> dict[str, Any]:
        with _refusals():
            await room.begin_calibration()
            return document()

    @router.get("")
    async def look() -> dict[str, Any]:
        return document() if room.calibrates else {"step": None, "recording": room.recording}

    @router.post("/choose")
    async def choose(body: Choice) -> dict[str, Any]:
        with _refusals():
            await room.calibration.choose(body.by_partner())
            return document()

    @router.post("/back")
    async def back() -> dict[str, Any]:
        with _refusals():
            await room.calibration.back()
            return document()

    @router.post("/again")
    async def again() -> dict[str, Any]:
        with _refusals():
            room.calibration.machine.listen_again()
            return document()

    @router.post("/accept")
    async def accept() -> dict[str, Any]:
        with _refusals():
            room.accept_calibration()
            return document()

    @router.delete("", status_code=204)
    async def end() -> Response:
        await room.end()
        return Response(status_code=204)

    return router


@contextmanager
def _refusals() -> Iterator[None]:
    """Answer what cannot be done with its sentence."""
    try:
        yield
    except (FittingError, RunError) as error:
        raise HTTPException(409, str(error)) from error
    except (StrapBookError, SessionWriteError) as error:
        raise HTTPException(507, str(error)) from error
