"""The bench strap as its user runs it: a process of its own, its controller behind a socket."""

from __future__ import annotations

import asyncio
import csv
import errno
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import usb1
from bleak import BleakClient, BleakScanner
from bleak.uuids import normalize_uuid_16
from bumble.transport.common import TransportInitError
from bumble.transport.tcp_server import open_tcp_server_transport_with_socket

from bumble_backend import power_on_central
from interbeat_collector import polar
from interbeat_collector.bench_controller import remedy
from interbeat_collector.bumble_link import VirtualController, VirtualLink
from interbeat_collector.heart_rate import decode
from program import LIMIT_S, environment, interbeat

HEART_RATE_SERVICE = normalize_uuid_16(0x180D)
HEART_RATE_MEASUREMENT = normalize_uuid_16(0x2A37)
NAME = "Polar H10 0BENCH01"


@asynccontextmanager
async def dongle(link: VirtualLink) -> AsyncIterator[int]:
    """A controller on the link that takes its commands from a socket; yields its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        transport = await open_tcp_server_transport_with_socket(listening)
        VirtualController(
            "dongle", host_source=transport.source, host_sink=transport.sink, link=link
        )
        try:
            yield listening.getsockname()[1]
        finally:
            transport.server.close()  # type: ignore[attr-defined]
            await transport.close()


@asynccontextmanager
async def bench_strap(*options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "interbeat_server", "bench-strap", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def truth(path: Path) -> list[dict[str, str]]:
    first, *rows = path.read_text(encoding="utf-8").splitlines()
    assert first.startswith(f"# {NAME}, ")
    return list(csv.DictReader(rows))


def test_what_arrives_over_the_radio_is_what_the_bench_strap_wrote_down(tmp_path: Path) -> None:
    log = tmp_path / "truth.csv"

    async def main() -> tuple[list[bytes], list[bytes], str, int | None]:
        link = VirtualLink()
        central = await power_on_central(link)
        backend = central.backend()
        async with dongle(link) as port:
            where = ["--transport", f"tcp-client:127.0.0.1:{port}"]
            how = ["--name", NAME, "--ecg", "--seed", "3", "--log", str(log)]
            async with bench_strap(*where, *how) as process, asyncio.timeout(LIMIT_S):
                found = None
                while found is None:
                    found = await BleakScanner.find_device_by_name(
                        NAME, 5.0, service_uuids=[HEART_RATE_SERVICE], backend=backend.scanner
                    )
                heard, frames = await listened(found.address, backend.client, enough=4)
                process.send_signal(signal.SIGINT)
                said, _ = await process.communicate()
                return heard, frames, said.decode(), process.returncode

    heard, frames, said, code = asyncio.run(main())
    assert code == 0, said
    rows = truth(log)
    sent = [int(row["rr_ticks"]) for row in rows if row["fate"] == "sent"]
    assert [rr for data in heard for rr in decode(data).rr_ticks] == sent
    assert len(sent) >= 4
    assert all(float(row["beat_s"]) < float(row["sent_s"]) for row in rows)
    assert frames
    assert all(polar.decode_frame(data).problem == "" for data in frames)
    for line in ("advertises on tcp-client", "connected to F0", "heart_rate subscribed"):
        assert line in said
    assert f"{len(sent)} RR sent" in said


async def listened(address: str, client_type: type, enough: int) -> tuple[list[bytes], list[bytes]]:
    """Hear heart rate and ECG until enough intervals came."""
    heard: list[bytes] = []
    frames: list[bytes] = []
    full = asyncio.Event()

    def on_heart_rate(_: object, data: bytearray) -> None:
        heard.append(bytes(data))
        if sum(len(decode(one).rr_ticks) for one in heard) >= enough:
            full.set()

    async with BleakClient(address, backend=client_type) as client:
        await client.start_notify(HEART_RATE_MEASUREMENT, on_heart_rate)
        await client.start_notify(polar.DATA_UUID, lambda _, data: frames.append(bytes(data)))
        await client.start_notify(polar.CONTROL_UUID, lambda *_: None)
        await client.write_gatt_char(polar.CONTROL_UUID, polar.start_request("ecg"), response=True)
        await full.wait()
        await client.stop_notify(HEART_RATE_MEASUREMENT)
        await client.write_gatt_char(polar.CONTROL_UUID, polar.stop_request("ecg"), response=True)
    return heard, frames


def test_a_controller_that_pulls_out_is_told_in_one_line() -> None:
    async def main() -> tuple[str, int | None]:
        link = VirtualLink()
        async with dongle(link) as port:
            where = ["--transport", f"tcp-client:127.0.0.1:{port}"]
            async with bench_strap(*where) as process, asyncio.timeout(LIMIT_S):
                assert process.stdout is not None
                said = (await process.stdout.readline()).decode()
                assert "advertises" in said
                await hang_up(link)
                rest, _ = await process.communicate()
                return said + rest.decode(), process.returncode

    said, code = asyncio.run(main())
    assert code == 2
    assert "interbeat: The dongle is gone." in said
    assert "Traceback" not in said


async def hang_up(link: VirtualLink) -> None:
    (controller,) = link.controllers
    controller.hci_sink.transport.close()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("where", "advice"),
    [
        ("somewhere", "write for example usb:0"),
        ("tcp-client:nobody", "write for example usb:0"),
        ("tcp-client:127.0.0.1:1", "Nobody answers there"),
        ("serial:/dev/there-is-no-such-port", "plug the dongle in"),
        pytest.param(
            *("serial:/dev/null", "not a Bluetooth controller"),
            marks=pytest.mark.skipif(not Path("/dev/null").exists(), reason="no such file here"),
        ),
    ],
)
def test_a_controller_that_cannot_be_used_is_one_line_in_our_words(
    where: str, advice: str, tmp_path: Path
) -> None:
    log = tmp_path / "truth.csv"
    done = interbeat("bench-strap", "--transport", where, "--log", str(log))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("interbeat: ")
    assert done.stderr.count("\n") == 1
    assert f"The controller {where!r} cannot be used." in done.stderr
    assert advice in done.stderr
    assert "hardware/virtual-straps.md" in done.stderr
    for foreign in ("Errno", "transport scheme", "Connect call", "could not open", "LIBUSB"):
        assert foreign not in done.stderr
    assert not log.exists()


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (usb1.USBErrorAccess(), "You may not open it"),
        (usb1.USBErrorBusy(), "Something else uses it"),
        (usb1.USBErrorNotSupported(), "WinUSB"),
        (TransportInitError("device not found"), "plug the dongle in"),
        (OSError(errno.EADDRINUSE, "in use"), "Something else uses it"),
        (PermissionError(errno.EACCES, "denied"), "You may not open it"),
        (RuntimeError("unheard of"), "plug it out and in again"),
    ],
)
def test_every_way_a_dongle_fails_has_a_next_step(error: Exception, advice: str) -> None:
    assert advice in remedy(error, "usb:0")


def test_without_the_extra_one_line_names_the_next_step() -> None:
    program = (
        "import sys; sys.modules['bumble'] = None; from interbeat_server.cli import main; "
        "sys.exit(main(['bench-strap', '--transport', 'usb:0']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'interbeat[bumble]'" in done.stderr
