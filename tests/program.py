"""interbeat as its user runs it: a process of its own, reached over real sockets."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parent.parent
PACKAGES = ("collector", "analysis", "server", "dashboard")
LIMIT_S = 60.0


def environment(**more: str) -> dict[str, str]:
    """This environment, with the packages of the checkout importable."""
    path = os.pathsep.join(str(ROOT / name) for name in PACKAGES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INTERBEAT_")}
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **more}


def begun(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """A demo of the tests has no minutes behind it unless it says so."""
    demo = arguments[:1] == ("demo",) and "--minutes-behind" not in arguments
    return (*arguments, "--minutes-behind", "0") if demo else arguments


def interbeat(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end."""
    return subprocess.run(
        [sys.executable, "-m", "interbeat_server", *begun(arguments)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env=environment(**more),
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A running interbeat with its address and a signed-in visitor."""

    def __init__(self, *arguments: str, data: Path, **more: str) -> None:
        self.port = free_port()
        self.output: list[str] = []
        self._said = threading.Condition()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "interbeat_server", *begun(arguments)),
                *("--no-browser", "--port", str(self.port), "--data-dir", str(data)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(**more),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self.line(lambda line: line.startswith("http://"))
        self.cookie = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def run(self) -> str:
        """Name of the run that the printed address shows."""
        return urlsplit(self.url).path.removeprefix("/run/")

    def line(self, wanted: Callable[[str], bool]) -> str:
        """Wait for a line of output."""

        def found() -> str | None:
            return next(filter(wanted, self.output), None)

        with self._said:
            self._said.wait_for(lambda: found() or self.process.poll() is not None, LIMIT_S)
        line = found()
        assert line is not None, f"interbeat said: {self.output}"
        return line

    def sign_in(self) -> None:
        code = urlsplit(self.url).fragment
        status, headers, _ = self.request("POST", "/api/enter", {"code": code})
        assert status == 204
        self.cookie = headers["set-cookie"].split(";")[0]

    def request(
        self, method: str, path: str, body: Any = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One HTTP request, as the page would make it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        headers = {"Origin": self.origin, "Cookie": self.cookie}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, content

    def watch(self, run: str | None = None, query: str = "") -> ClientConnection:
        """A viewer of a run."""
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/{run or self.run}{query}",
            origin=self.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookie},
            compression=None,
            open_timeout=LIMIT_S,
        )

    def ask_to_stop(self) -> int:
        """Press Ctrl-C and wait; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._said:
                self.output.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._said.notify_all()


def received(viewer: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Read messages until the wanted one comes."""
    while True:
        for message in json.loads(viewer.recv(LIMIT_S)):
            if wanted(message):
                return dict(message)
