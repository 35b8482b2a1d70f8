"""Hosts the application until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from .desk import Desk
from .door import Keys

HOST = "127.0.0.1"
DEFAULT_PORT = 8765
GOODBYE_S = 0.3
"""Time for the pages to hear that the run has ended before their connections close."""


class PortError(OSError):
    """The wanted port cannot be had; the text is one line for the user."""


def listen(port: int | None) -> socket.socket:
    """A listening socket on the wanted port, or on the default or any free one."""
    candidates = [port] if port is not None else [DEFAULT_PORT, 0]
    for candidate in candidates:
        with contextlib.suppress(OSError):
            return _bound(candidate)
    raise PortError(
        f"Port {port} on {HOST} is in use or not allowed. "
        "Choose another one with --port, or leave --port out to get a free one."
    )


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def address(listening: socket.socket, keys: Keys, path: str) -> str:
    """What to open in a browser: the code stands in the fragment, which is never sent."""
    return f"http://{HOST}:{listening.getsockname()[1]}{path}#{keys.code}"


async def host(
    app: ASGIApp,
    desk: Desk,
    listening: socket.socket,
    *,
    ready: Callable[[], None],
    until: Awaitable[Any] | None = None,
) -> None:
    """Serve until a signal comes or `until` is done; complete all runs, then close."""
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=1 << 16,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
    )
    asked, insisted = asyncio.Event(), asyncio.Event()
    with _signals(asked, insisted):
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        ready()
        ends: set[asyncio.Future[Any]] = {asyncio.ensure_future(asked.wait()), serving}
        if until is not None:
            ends.add(asyncio.ensure_future(until))
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        closing = {asyncio.ensure_future(desk.close()), asyncio.ensure_future(insisted.wait())}
        await asyncio.wait(closing, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(GOODBYE_S)
        server.should_exit, server.force_exit = True, insisted.is_set()
        await serving
        for waiting in (ends | closing) - {serving}:
            waiting.cancel()


def open_browser(url: str) -> None:
    """Ask the desktop for a browser; a machine without a screen is left alone."""
    screen = (
        sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if screen:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: a signal first completes the recording."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@contextlib.contextmanager
def _signals(asked: asyncio.Event, insisted: asyncio.Event) -> Generator[None, None, None]:
    """The first Ctrl-C (or SIGTERM) asks to stop; a second one insists, whatever is left to do."""
    loop = asyncio.get_running_loop()

    def on_signal(*_: object) -> None:
        loop.call_soon_threadsafe((insisted if asked.is_set() else asked).set)

    previous = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
