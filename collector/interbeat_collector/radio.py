"""Bluetooth: which straps are there, and a connection to one of them.

bleak is imported when the radio is first used, so what needs no radio never pays for it.
Whatever goes wrong is told in words that help the person who wears the strap:

    RadioError          what Bluetooth could not do; the text says what to do about it
      RadioUnavailable  no adapter, adapter off, no permission
      StrapError        one strap
        StrapNotFound   it does not advertise
        StrapRefused    it, or the system, did not let us in
        PairingNeeded   it talks only to computers it is paired with
"""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .device_info import BATTERY_LEVEL_UUID, decode_battery

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.adapter import BaseBleakAdapter
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

logger = logging.getLogger(__name__)


HEART_RATE_SERVICE = "0000180d-0000-1000-8000-00805f9b34fb"
"""In full: a scanner finds nothing by the short form."""
HEART_RATE_MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"

SCAN_S = 5.0
LOOK_S = 15.0
"""How long to listen for a strap before a rest: long, for a strap is only found while we listen."""
CONNECT_S = 15.0
DISCONNECT_S = 12.0
"""bleak itself gives up after 10 s."""
FRESH_S = 3.0
"""A strap heard so recently need not be looked for."""
READ_S = 5.0
ROUNDING_S = 1e-3
"""What is left of a time to listen is nothing."""


class RadioError(Exception):
    """What Bluetooth could not do; the text is for the user."""


class RadioUnavailable(RadioError):
    """There is no Bluetooth to use."""


class StrapError(RadioError):
    """One strap could not be used."""


class StrapNotFound(StrapError):
    """The strap does not advertise."""


class StrapRefused(StrapError):
    """The strap, or the system, did not let us in."""


class PairingNeeded(StrapError):
    """The strap talks only to computers it is paired with."""


class Backend(NamedTuple):
    """Replacements for the classes by which bleak reaches the system's Bluetooth."""

    scanner: type[BaseBleakScanner]
    client: type[BaseBleakClient]
    adapter: type[BaseBleakAdapter] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A heart-rate strap within reach."""

    id: str
    """Its Bluetooth address; on macOS an identifier that only this computer knows."""
    name: str
    rssi_dbm: int | None
    """Strength of its signal; None: it does not advertise now."""
    held: bool
    """The system is connected to it already, for this program or for another one."""


@dataclass(slots=True)
class _Known:
    """What was last heard of a strap."""

    device: BLEDevice
    name: str
    rssi_dbm: int | None = None
    heard_s: float = -math.inf
    """By the loop's time."""


class Radio:
    """The one way to Bluetooth of this program.

    BlueZ refuses a connection while another one, or a scan, is being set up: one lock keeps them
    apart. A scan ends as soon as it hears a strap that somebody waits for, so that who waits for
    the lock longest is a strap that is really there.
    """

    def __init__(self, backend: Backend | None = None) -> None:
        self._backend = backend
        self._lock = asyncio.Lock()
        self._known: dict[str, _Known] = {}
        self._wanted: set[str] = set()
        self._wanted_heard = asyncio.Event()

    async def scan(self, seconds: float = SCAN_S) -> list[Found]:
        """List the straps that advertise within `seconds` and those the system holds."""
        begin_s = asyncio.get_running_loop().time()
        held = {_key(device.address) for device in await self._held()}
        left_s = seconds
        while left_s > ROUNDING_S:
            async with self._lock:
                left_s -= await self._listen(left_s)
        found = [
            Found(strap.device.address, strap.name, strap.rssi_dbm, key in held)
            for key, strap in self._known.items()
            if strap.heard_s >= begin_s or key in held
        ]
        return sorted(found, key=lambda f: (-(f.rssi_dbm or -999), f.name, f.id))

    def name_of(self, strap_id: str) -> str:
        """The strap's name as far as it was heard, else its id."""
        known = self._known.get(_key(strap_id))
        return known.name if known and known.name else strap_id

    async def connect(
        self,
        strap_id: str,
        *,
        found: Callable[[], None] = lambda: None,
        dropped: Callable[[], None] = lambda: None,
        look_s: float = LOOK_S,
    ) -> BleakClient:
        """Look for a strap and connect to it; `disconnect` the client in any case, also dropped.

        `found` is called when the strap was heard, `dropped` when the connection ends.
        """
        key, left_s = _key(strap_id), look_s
        self._wanted.add(key)
        try:
            while True:
                async with self._lock:
                    if device := await self._at_hand(key):
                        found()
                        return await self._connected(device, dropped)
                    if left_s <= ROUNDING_S:
                        raise StrapNotFound(not_found(self.name_of(strap_id)))
                    left_s -= await self._listen(left_s)
        finally:
            self._wanted.discard(key)

    async def battery_percent(self, strap_id: str) -> int | None:
        """Connect briefly and read the battery; None when the strap does not tell."""
        client = await self.connect(strap_id)
        try:
            with suppress(Exception):  # A strap without a battery level is a strap all the same.
                async with asyncio.timeout(READ_S):
                    return decode_battery(bytes(await client.read_gatt_char(BATTERY_LEVEL_UUID)))
            return None
        finally:
            await let_go(client)

    async def _at_hand(self, key: str) -> BLEDevice | None:
        """A strap that was heard just now, or that the system is connected to."""
        known = self._known.get(key)
        if known and asyncio.get_running_loop().time() - known.heard_s <= FRESH_S:
            return known.device
        held = {_key(device.address): device for device in await self._held()}
        return held.get(key)

    async def _connected(self, device: BLEDevice, dropped: Callable[[], None]) -> BleakClient:
        from bleak import BleakClient

        # Heard before this connection says nothing about the time after it.
        self._known[_key(device.address)].heard_s = -math.inf
        client = BleakClient(
            device,
            disconnected_callback=lambda _: dropped(),
            timeout=CONNECT_S,
            backend=self._backend.client if self._backend else None,
        )
        try:
            with explained(self.name_of(device.address)):
                # Some backends ignore their own timeout when the strap never answers.
                async with asyncio.timeout(CONNECT_S + 1):
                    await client.connect()
        except BaseException:
            await let_go(client)
            raise
        return client

    async def _listen(self, limit_s: float) -> float:
        """Scan until a wanted strap is heard, at most `limit_s`; returns the seconds it took."""
        from bleak import BleakScanner

        loop = asyncio.get_running_loop()
        begin_s = loop.time()
        self._wanted_heard.clear()
        with explained():
            async with BleakScanner(
                self._on_advertisement,
                [HEART_RATE_SERVICE],
                backend=self._backend.scanner if self._backend else None,
            ):
                with suppress(TimeoutError):
                    async with asyncio.timeout(limit_s):
                        await self._wanted_heard.wait()
        return loop.time() - begin_s

    def _on_advertisement(self, device: BLEDevice, said: AdvertisementData) -> None:
        known = self._remember(device, said.local_name)
        known.rssi_dbm = said.rssi
        known.heard_s = asyncio.get_running_loop().time()
        if _key(device.address) in self._wanted:
            self._wanted_heard.set()

    def _remember(self, device: BLEDevice, name: str | None = None) -> _Known:
        known = self._known.setdefault(_key(device.address), _Known(device, ""))
        known.device = device
        known.name = name or device.name or known.name
        return known

    async def _held(self) -> list[BLEDevice]:
        from bleak import BleakAdapter

        if self._backend and self._backend.adapter is None:
            return []
        with explained(), suppress(NotImplementedError):
            adapter = await BleakAdapter.get(
                backend=self._backend.adapter if self._backend else None
            )
            held = await adapter.get_connected_devices([HEART_RATE_SERVICE])
            for device in held:
                self._remember(device)
            return held
        return []


async def let_go(client: BleakClient) -> None:
    """Close a connection for good, whatever state it is in; never raises.

    Needed after a drop, too: bleak 3.0.2 to 3.1.0 keeps the D-Bus connection of a dropped client
    otherwise, and BlueZ then delivers every later notification once more (hbldh/bleak#2002).
    """
    try:
        async with asyncio.timeout(DISCONNECT_S):
            await client.disconnect()
    except Exception as error:
        logger.warning("Disconnecting from %s failed: %r", client.address, error)


@contextmanager
def explained(strap: str = "") -> Iterator[None]:
    """Turn what bleak and the systems say into a `RadioError`."""
    try:
        yield
    except RadioError:
        raise
    except Exception as error:
        raise explanation(error, strap) from error


def explanation(error: Exception, strap: str = "") -> RadioError:
    """What an error of bleak means for the user; `strap` names the strap it is about."""
    from bleak.exc import (
        BleakBluetoothNotAvailableError,
        BleakCharacteristicNotFoundError,
        BleakDBusError,
        BleakDeviceNotFoundError,
        BleakGATTProtocolError,
    )

    who = strap or "The strap"
    match error:
        case BleakBluetoothNotAvailableError():
            return RadioUnavailable(_unavailable(error.reason.name))
        case BleakDeviceNotFoundError():
            return StrapNotFound(not_found(who))
        case BleakCharacteristicNotFoundError():
            return StrapError(f"{who} does not offer {error.char_specifier}. Choose another strap.")
        case BleakGATTProtocolError() if error.code.name.startswith("INSUFFICIENT_A") or (
            error.code.name.startswith("INSUFFICIENT_ENCRYPTION")
        ):
            return PairingNeeded(
                f"{who} wants to be paired with this computer first. Pair it in the Bluetooth "
                "settings of the system; if it is listed there already, remove it and pair again."
            )
        case BleakDBusError():
            return _of_bluez(error.dbus_error, error.dbus_error_details or "", who)
        case TimeoutError() if strap:
            return StrapRefused(
                f"{who} did not answer. Come closer, wear it, and close phone apps that hold it."
            )
        case FileNotFoundError() | ConnectionRefusedError() if sys.platform == "linux":
            return RadioUnavailable(_NO_SERVICE)
        case PermissionError():
            return RadioUnavailable(_unavailable("DENIED_BY_SYSTEM"))
    said = str(error) or type(error).__name__
    if strap:
        return StrapRefused(f"{who} could not be used ({said}). Come closer and wear it.")
    return RadioError(
        f"Bluetooth failed ({said}). Switch it off and on again in the settings of the system."
    )


_NO_SERVICE = (
    "The Bluetooth service of this computer is not running. Install BlueZ and start it: "
    "sudo systemctl start bluetooth."
)


def not_found(strap: str) -> str:
    """What to tell the wearer of a strap that is not heard."""
    return (
        f"{strap} was not found. Moisten the electrodes, wear it, and close phone apps that hold "
        "it."
    )


def _unavailable(reason: str) -> str:
    match reason:
        case "NO_BLUETOOTH":
            return "This computer has no Bluetooth adapter. Plug one in (Bluetooth 4.0 or later)."
        case "NO_BLE_CENTRAL_ROLE":
            return "The Bluetooth adapter is too old for straps. Plug in one with Bluetooth 4.0."
        case "POWERED_OFF":
            return "Bluetooth is off. Switch it on in the settings of the system."
        case "DENIED_BY_USER" | "DENIED_BY_SYSTEM" | "DENIED_BY_UNKNOWN":
            return f"This program may not use Bluetooth. {_permission()}"
    return "Bluetooth cannot be used now. Switch it off and on again in the settings."


def _permission() -> str:
    if sys.platform == "darwin":
        return "Allow it for your terminal: System Settings, Privacy & Security, Bluetooth."
    if sys.platform == "win32":
        return "Allow it: Settings, Privacy & security, Radios (and Bluetooth)."
    return "Add your user to the group bluetooth and log in again: sudo usermod -aG bluetooth $USER"


def _of_bluez(name: str, details: str, strap: str) -> RadioError:
    match name.removeprefix("org.bluez.Error.").removeprefix("org.freedesktop.DBus.Error."):
        case "ServiceUnknown" | "NoServer" | "NameHasNoOwner" | "Disconnected":
            return RadioUnavailable(_NO_SERVICE)
        case "AccessDenied" | "AuthFailed":
            return RadioUnavailable(_unavailable("DENIED_BY_SYSTEM"))
        case "NotReady":
            return RadioUnavailable(_unavailable("POWERED_OFF"))
        case "InProgress":
            return StrapRefused(
                "Another program is using the Bluetooth adapter at this moment. Close Bluetooth "
                "settings and other programs that look for devices."
            )
        case "AuthenticationFailed" | "AuthenticationRejected" | "NotPermitted":
            return PairingNeeded(
                f"{strap} wants to be paired with this computer first. Pair it in the Bluetooth "
                "settings of the system; if it is listed there already, remove it and pair again."
            )
        case "UnknownObject" | "DoesNotExist":
            return StrapNotFound(not_found(strap))
    return StrapRefused(
        f"{strap} could not be connected ({details or name}). Come closer, wear it, and close "
        "phone apps that hold it."
    )


def _key(strap_id: str) -> str:
    return strap_id.upper()
