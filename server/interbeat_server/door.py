"""Who may come in: only pages of this program, opened by someone who has its one-time code.

The door stands in front of the whole application, for HTTP and WebSocket alike, and is shut
unless a request passes every check. It reads the raw scope and never `request.url`.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_TO_ALL = frozenset(
    {
        ("GET", "/static/door.js"),
        ("GET", "/static/interbeat.css"),
        ("GET", "/static/icon.svg"),
        ("POST", "/api/enter"),
    }
)
"""What the page in front of the door needs; none of it says anything about anybody."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Keys:
    """The one-time code of the printed address, and the cookie it is exchanged for."""

    def __init__(self, port: int) -> None:
        self.cookie_name = f"interbeat-{port}"
        self._cookie = secrets.token_urlsafe(32)
        self._code: str | None = secrets.token_urlsafe(16)

    @property
    def code(self) -> str | None:
        """The code, None once it was used."""
        return self._code

    def exchange(self, code: str) -> str | None:
        """The cookie for the right code, once; None for any other."""
        if self._code is None or not _same(code, self._code):
            return None
        self._code = None
        return self._cookie

    def fits(self, cookie: str) -> bool:
        return _same(cookie, self._cookie)


class Door:
    """ASGI middleware: refuse foreign hosts and origins, and everyone without the cookie."""

    def __init__(self, app: ASGIApp, *, keys: Keys, port: int, door_page: bytes) -> None:
        self._app = app
        self._keys = keys
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self._door_page = door_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        refusal = self._refusal(scope, headers)
        if refusal is None:
            await self._app(scope, receive, _with_page_headers(send))
        elif scope["type"] == "websocket":
            await _refuse_websocket(receive, send)
        else:
            status, reason = refusal
            wants_page = status == 401 and "text/html" in headers.get("accept", "")
            body = self._door_page if wants_page else json.dumps({"error": reason}).encode()
            kind = "text/html; charset=utf-8" if wants_page else "application/json"
            await _answer(_with_page_headers(send), status, kind, body)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            return 400, f"interbeat does not answer to the host {host[:80]!r}."
        if not self._origin_fits(scope, headers, host):
            return 403, "Only interbeat's own pages may do this."
        if scope["type"] == "http" and (scope["method"], scope["path"]) in OPEN_TO_ALL:
            return None
        if not self._keys.fits(_cookie(headers.get("cookie", ""), self._keys.cookie_name)):
            return 401, "Open the address that interbeat printed in the terminal."
        return None

    def _origin_fits(self, scope: Scope, headers: dict[str, str], host: str) -> bool:
        """Browsers name the origin of every WebSocket and of every request that changes things."""
        origin = headers.get("origin")
        needed = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if origin is None:
            return not needed
        return origin.lower() == f"http://{host}"


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _cookie(header: str, name: str) -> str:
    """One cookie's value. Other programs on this host share the header and write what they like."""
    parts = (part.strip().partition("=") for part in header.split(";"))
    return next((value for key, _, value in parts if key == name), "")


def _with_page_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *_missing(present)]
        await send(message)

    return send_with_headers


def _missing(present: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    wanted = {**PAGE_HEADERS, "cache-control": "no-store"}
    return [
        (name.encode(), value.encode())
        for name, value in wanted.items()
        if name.encode() not in present
    ]


async def _answer(send: Any, status: int, kind: str, body: bytes) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse_websocket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4403})
