"""bleak over a Bluetooth stack in memory: its backend on a Bumble host, through `backend=`.

    central = await power_on_central(link)
    radio = Radio(central.backend())

bleak itself runs unmodified above it; below it are real HCI, L2CAP, ATT and GATT.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, ClassVar, Self, TypeVar

from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import core, hci
from bumble.att import ATT_Error
from bumble.core import AdvertisingData
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink, TransportSink, TransportSource

from interbeat_collector.bumble_link import VirtualController
from interbeat_collector.radio import Backend

T = TypeVar("T")

ADDRESS = "F0:F0:F0:F0:F0:F0"
MTU = 247


async def power_on_central(link: LocalLink) -> Central:
    """A central with a controller of its own on a virtual link."""
    controller = VirtualController("central", link=link)
    return await central_over(controller, AsyncPipeSink(controller), controller)  # type: ignore[arg-type]


async def central_over(
    source: TransportSource, sink: TransportSink, controller: VirtualController | None = None
) -> Central:
    """A central above the controller behind `source` and `sink`."""
    device = Device.with_hci("central", hci.Address(ADDRESS), source, sink)
    await device.power_on()
    return Central(device, controller)


class Central:
    """What an operating system's Bluetooth is to bleak."""

    def __init__(self, device: Device, controller: VirtualController | None) -> None:
        self.device = device
        self.controller = controller
        self.mtu = MTU
        self.lock = asyncio.Lock()
        """Two attempts to connect on one Bumble device take each other's connection."""
        self._scanners = 0

    def backend(self) -> Backend:
        bound = {"central": self}
        return Backend(
            type("BumbleScanner", (BumbleScanner,), bound),
            type("BumbleClient", (BumbleClient,), bound),
            type("BumbleAdapter", (BumbleAdapter,), bound),
        )

    async def start_scanning(self) -> None:
        self._scanners += 1
        if self._scanners == 1:
            await self.device.start_scanning()

    async def stop_scanning(self) -> None:
        self._scanners -= 1
        if self._scanners == 0:
            await self.device.stop_scanning()

    def connection_to(self, address: str) -> Connection | None:
        connections = self.device.connections.values()
        return next((c for c in connections if address_of(c.peer_address) == address), None)

    async def connect(self, address: str, timeout_s: float) -> Connection:
        async with self.lock:
            if held := self.connection_to(address):
                return held
            try:
                return await self.device.connect_le(hci.Address(address), timeout=timeout_s)
            except core.TimeoutError:
                raise BleakDeviceNotFoundError(address, f"{address} was not found") from None
            except core.ConnectionError as error:
                raise BleakError(str(error)) from error
            except asyncio.CancelledError:
                await self._give_up(address)
                raise

    async def _give_up(self, address: str) -> None:
        with suppress(hci.HCI_Error):
            await self.device.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
        if late := self.connection_to(address):
            await late.disconnect()


class BumbleScanner(BaseBleakScanner):
    central: ClassVar[Central]

    def __init__(
        self,
        detection_callback: Any,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        self.seen_devices = {}
        self.central.device.on(Device.EVENT_ADVERTISEMENT, self._hear)
        await self.central.start_scanning()

    async def stop(self) -> None:
        self.central.device.remove_listener(Device.EVENT_ADVERTISEMENT, self._hear)
        await self.central.stop_scanning()

    def _hear(self, advertisement: Advertisement) -> None:
        said = advertisement.data
        names: list[Any] = [
            said.get(AdvertisingData.COMPLETE_LOCAL_NAME),
            said.get(AdvertisingData.SHORTENED_LOCAL_NAME),
        ]
        listed: Any = said.get(AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS)
        uuids = [full_uuid(one) for one in listed or []]
        if not self.is_allowed_uuid(uuids):
            return
        name = next(filter(None, names), None)
        seen = AdvertisementData(name, {}, {}, uuids, None, advertisement.rssi, ())
        address = address_of(advertisement.address)
        device = self.create_or_update_device(address, address, name, None, seen)
        self.call_detection_callbacks(device, seen)


class BumbleAdapter(BaseBleakAdapter):
    central: ClassVar[Central]

    @classmethod
    async def get(cls, **kwargs: Any) -> Self:
        return cls()

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:
        connections = self.central.device.connections.values()
        return [BLEDevice(address_of(c.peer_address), c.peer_name, None) for c in connections]


class BumbleClient(BaseBleakClient):
    central: ClassVar[Central]

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        services: set[str] | None = None,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout
        )
        named = isinstance(address_or_ble_device, BLEDevice) and address_or_ble_device.name
        self._name = named or self.address
        self._connection: Connection | None = None
        self._peer: Peer

    @property
    def name(self) -> str:
        return self._name

    @property
    def mtu_size(self) -> int:
        return self._connection.att_mtu if self._connection else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        connection = await self.central.connect(self.address, self._timeout)
        self._connection = connection
        self._peer = Peer(connection)
        connection.once(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        try:
            await self._while_connected(self._peer.request_mtu(self.central.mtu))
            self.services = await self._while_connected(self._discovered())
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(hci.HCI_Error, core.BaseBumbleError):
                await connection.disconnect()

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError

    async def unpair(self) -> None:
        raise NotImplementedError

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        return bytearray(await self._while_connected(proxy.read_value()))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        raise NotImplementedError

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: Any, response: bool
    ) -> None:
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        await self._while_connected(proxy.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        raise NotImplementedError

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: Callable[[bytearray], None],
        **kwargs: Any,
    ) -> None:
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        await self._while_connected(proxy.subscribe(lambda data: callback(bytearray(data))))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        await self._while_connected(proxy.unsubscribe())

    def _on_disconnection(self, _reason: int) -> None:
        unasked, self._connection = self._connection is not None, None
        if unasked and self._disconnected_callback:
            self._disconnected_callback()

    async def _while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something over the connection.

        Bumble cancels what waits for an answer when the connection ends, and a task that is
        cancelled from below looks to its caller as if it had been cancelled itself.
        """
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if task.cancelled():
            raise BleakError("disconnected")
        try:
            return task.result()
        except ATT_Error as error:
            raise BleakGATTProtocolError(error.error_code) from error
        except (core.BaseBumbleError, hci.HCI_Error) as error:
            raise BleakError(str(error)) from error

    async def _discovered(self) -> BleakGATTServiceCollection:
        found = BleakGATTServiceCollection()
        for service in await self._peer.discover_services():
            known = BleakGATTService(service, service.handle, full_uuid(service.uuid))
            found.add_service(known)
            for characteristic in await service.discover_characteristics():
                await characteristic.discover_descriptors()
                found.add_characteristic(
                    BleakGATTCharacteristic(
                        characteristic,
                        characteristic.handle,
                        full_uuid(characteristic.uuid),
                        _properties(characteristic),
                        lambda: self.mtu_size - 3,
                        known,
                    )
                )
        return found


def address_of(address: hci.Address) -> str:
    return address.to_string(with_type_qualifier=False)


def full_uuid(short: core.UUID) -> str:
    return str(uuid.UUID(bytes=short.to_bytes(force_128=True)[::-1]))


def _properties(characteristic: CharacteristicProxy[bytes]) -> Any:
    offered = characteristic.properties
    names = ("read", "write-without-response", "write", "notify", "indicate")
    bits = type(offered)
    flags = (bits.READ, bits.WRITE_WITHOUT_RESPONSE, bits.WRITE, bits.NOTIFY, bits.INDICATE)
    return [name for name, flag in zip(names, flags, strict=True) if offered & flag]
