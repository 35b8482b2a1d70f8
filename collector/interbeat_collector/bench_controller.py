"""The way from a bench strap to its Bluetooth controller, and in plain words why there is none.

Bumble opens it. What its errors say is for those who know Bumble, so it goes to the log.

BenchStrapError  the dongle cannot be used; the text is one line for the user
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bumble.transport import open_transport
from bumble.transport.common import Transport, TransportInitError

logger = logging.getLogger(__name__)

GUIDE = "hardware/virtual-straps.md"

_TAKEN = "Something else uses it: take it from the system first, or end that program."
_FORBIDDEN = "You may not open it: give yourself the right to it, or choose another one."
_ABSENT = "There is nothing of this name: plug the dongle in, and look how the system calls it."
_UNSUITABLE = "It is not a Bluetooth controller that speaks HCI: choose another dongle or port."
_UNREACHABLE = (
    "Nobody answers there: start the program of the controller first, and check the port."
)
_MISSPELT = "That is no transport: write for example usb:0 or serial:/dev/ttyACM0,115200."
_NO_USB = "USB is closed to programs here: on Windows, give the dongle the WinUSB driver first."
_OTHER = "It did not open: plug it out and in again, or try another port or dongle."

_BY_NUMBER = {
    errno.EBUSY: _TAKEN,
    errno.EADDRINUSE: _TAKEN,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOENT: _ABSENT,
    errno.ENODEV: _ABSENT,
    errno.ENXIO: _ABSENT,
    errno.ENOTTY: _UNSUITABLE,
    errno.ECONNREFUSED: _UNREACHABLE,
    errno.EHOSTUNREACH: _UNREACHABLE,
    errno.ENETUNREACH: _UNREACHABLE,
    errno.ETIMEDOUT: _UNREACHABLE,
}
# By name: the library of USB is imported only when USB is asked for.
_BY_NAME = {
    "USBErrorAccess": _FORBIDDEN,
    "USBErrorBusy": _TAKEN,
    "USBErrorNoDevice": _ABSENT,
    "USBErrorNotFound": _ABSENT,
    "USBErrorNotSupported": _NO_USB,
    "USBErrorOther": _NO_USB,
    "NoBackendError": _NO_USB,
}


class BenchStrapError(Exception):
    """The dongle, or the file for the truth, cannot be used."""


@asynccontextmanager
async def controller(spec: str, say: Callable[[str], None]) -> AsyncIterator[Transport]:
    """Open the way to a Bluetooth controller."""
    try:
        transport = await open_transport(spec)
    except Exception as error:  # USB, serial and sockets each have errors of their own.
        logger.debug("Opening %s failed", spec, exc_info=error)
        raise BenchStrapError(
            f"The controller {spec!r} cannot be used. {remedy(error, spec)} {GUIDE} says how."
        ) from error
    try:
        await _caller(transport, spec, say)
        yield transport
    finally:
        await transport.close()


def remedy(error: Exception, spec: str) -> str:
    """What is wrong with the way to the controller, and what to do about it."""
    if known := _BY_NAME.get(type(error).__name__):
        return known
    if isinstance(error, socket.gaierror):
        return _UNREACHABLE
    if isinstance(error, OSError) and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    if isinstance(error, ImportError):
        return _NO_USB if spec.startswith(("usb", "pyusb")) else _OTHER
    if isinstance(error, TransportInitError):
        return _ABSENT
    if isinstance(error, ValueError | AssertionError | OverflowError):
        return _MISSPELT
    return _UNSUITABLE if spec.startswith("serial") else _OTHER


async def _caller(transport: Transport, spec: str, say: Callable[[str], None]) -> None:
    """On a listening socket, wait for the controller; Bumble would throw away what it is sent."""
    if spec.startswith("tcp-server"):
        say(f"Waiting for a controller on {spec}.")
        while getattr(transport.sink, "transport", None) is None:
            await asyncio.sleep(0.1)
