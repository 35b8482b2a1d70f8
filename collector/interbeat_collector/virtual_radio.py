"""Bluetooth without a radio: straps in memory, reached by bleak through its `backend=`.

    air = Air(clock, [VirtualStrap("F0:00:00:00:00:01", "Strap 1", packets)])
    radio = Radio(air.backend())

A strap can be told what happens to it: how each attempt to connect ends (`outcomes`), `drop`,
`leave` and `come_back`, `hold` (then a burst), `silence`, `lift` (worn, but off the skin), and
`copies_after_reconnect` (hbldh/bleak#2002). The same classes carry the unit tests and
`interbeat --virtual-straps`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, ClassVar, Literal, Self

from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDBusError, BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError

from . import device_info, polar
from .clock import Clock
from .events import Packet
from .heart_rate import HeartRateMeasurement, decode, encode
from .radio import HEART_RATE_MEASUREMENT, HEART_RATE_SERVICE, Backend
from .virtual_body import Body
from .virtual_frames import Frames

Outcome = Literal["ok", "timeout", "not_found", "refused", "error", "hang", "no_services"]
"""How an attempt to connect ends. `no_services`: connected, without a heart rate service."""

Lifted = Literal["no_contact", "heart_rate_0", "no_rr"]
"""What a strap sends while it is off the skin; models differ."""

ADVERTISING_INTERVAL_S = 0.25
CONNECT_S = 0.4
ANSWER_S = 0.02

OK = 0
INSUFFICIENT_AUTHENTICATION = 0x05


class VirtualStrap:
    """One strap: what it sends and what becomes of it."""

    def __init__(
        self,
        id: str,
        name: str,
        packets: Iterable[Packet],
        *,
        battery_percent: int | None = 80,
        info: Mapping[str, str] | None = None,
        rssi_dbm: int = -60,
        outcomes: Iterable[Outcome] = (),
        when_lifted: Lifted = "no_contact",
        copies_after_reconnect: bool = False,
        measures: Iterable[polar.Kind] = (),
        body: Body | None = None,
        wearer: str = "",
    ) -> None:
        """`packets` come in air time, without end or until the heart ends.

        `body` is what ECG and acceleration show (None: a flat line), `wearer` tells straps on one
        heart.
        """
        self.id = id
        self.name = name
        self.battery_percent = battery_percent
        self.info = dict(info or {})
        self.rssi_dbm = rssi_dbm
        self.outcomes: deque[Outcome] = deque(outcomes)
        self.when_lifted = when_lifted
        self.copies_after_reconnect = copies_after_reconnect
        self.measures = frozenset(measures)
        self.wearer = wearer
        self.measuring: set[polar.Kind] = set()
        """What it was told to start and not to stop: this empties a battery."""
        self.answers: deque[int | None] = deque()
        """Status of the coming answers of its control point (None: it never answers)."""
        self.in_range = True
        self.held = False
        """The system is connected to it for somebody else: it does not advertise."""
        self.failing_reads: set[str] = set()
        self.hanging_reads: set[str] = set()
        self.needs_pairing = False
        self.sent: list[tuple[float, bytes]] = []
        """Every heart-rate notification that was sent to somebody: air time and bytes."""
        self.connected_s: list[float] = []
        self.dropped_s: list[float] = []
        self.written: list[bytes] = []
        """What was written to its control point."""
        self.unreleased: set[int] = set()
        """Connections whose client was never told to disconnect."""
        self.client: VirtualClient | None = None
        self.air: Air
        self._packets = iter(packets)
        self._body = body or Body(())
        self._frames: dict[polar.Kind, Frames] = {}
        self._silent_until_s = self._held_until_s = self._lifted_until_s = 0.0

    def drop(self) -> None:
        """The connection ends, as if by a moment of bad radio."""
        if self.client is not None:
            self.client.lose()

    def leave(self) -> None:
        """Out of range: the connection ends, and nothing is heard any more."""
        self.in_range = False
        self.drop()

    def come_back(self) -> None:
        self.in_range = True

    def silence(self, seconds: float) -> None:
        """Stay connected and send nothing; what would have been sent is lost."""
        self._silent_until_s = self.air.clock.now_s() + seconds

    def hold(self, seconds: float) -> None:
        """Deliver nothing for a while, and then everything at once."""
        self._held_until_s = self.air.clock.now_s() + seconds

    def lift(self, seconds: float) -> None:
        """Someone lifts the strap off the skin for so long."""
        self._lifted_until_s = self.air.clock.now_s() + seconds

    def wear_down(self, battery_percent: int) -> None:
        """The battery has become weaker, and the strap says so."""
        self.battery_percent = battery_percent
        if self.client is not None:
            self.client.notify(device_info.BATTERY_LEVEL_UUID, bytes([battery_percent]))

    @property
    def advertises(self) -> bool:
        return self.in_range and self.client is None and not self.held

    async def pump(self, deliver: Callable[[bytes], None]) -> None:
        """Send what the heart does from now on; what came before is gone."""
        clock = self.air.clock
        begin_s = clock.now_s()
        for packet in self._packets:
            if packet.t_s < begin_s:
                continue
            await clock.sleep_until(max(packet.t_s, self._held_until_s))
            self._body.forget_before(packet.t_s)
            if clock.now_s() >= self._silent_until_s:
                data = self._worn_or_lifted(packet.data)
                self.sent.append((clock.now_s(), data))
                deliver(data)

    def _worn_or_lifted(self, data: bytes) -> bytes:
        if self.air.clock.now_s() >= self._lifted_until_s:
            return data
        if self.when_lifted == "no_rr":
            worn = decode(data)
            return encode(HeartRateMeasurement(worn.hr_bpm, (), worn.contact))
        contact = False if self.when_lifted == "no_contact" else None
        return encode(HeartRateMeasurement(0, (), contact))

    def answer(self, request: bytes) -> bytes | None:
        """What the control point says to a request; None: nothing."""
        self.written.append(request)
        asked = polar.decode_request(request)
        status = self.answers.popleft() if self.answers else OK
        if status is None or asked.kind is None:
            return None
        if asked.op == "start" and status in (OK, polar.ALREADY_IN_STATE):
            self._begin(asked.kind, asked.settings)
        if asked.op == "stop":
            self.measuring.discard(asked.kind)
        offered = polar.ECG_SETTINGS if asked.kind == "ecg" else polar.ACC_SETTINGS
        settings = offered if asked.op == "settings" and status == OK else None
        return polar.encode_answer(request[0], request[1], status, settings=settings)

    def _begin(self, kind: polar.Kind, settings: polar.Settings) -> None:
        if kind not in self.measuring:
            rate_hz = settings["rate_hz"][0]
            self._frames[kind] = Frames(kind, self._body, self.air.clock.now_s(), rate_hz)
            self.measuring.add(kind)

    def frames(self) -> Iterator[bytes]:
        """What was measured since somebody last took it."""
        for kind in sorted(self.measuring):
            yield from self._frames[kind].due(self.air.clock.now_s())

    def value(self, uuid: str) -> bytes:
        """What a read of a characteristic gives."""
        if uuid in self.failing_reads:
            raise BleakGATTProtocolError(0x0E)
        if uuid == device_info.BATTERY_LEVEL_UUID and self.battery_percent is not None:
            return bytes([self.battery_percent])
        for key, known in device_info.TEXT_UUIDS.items():
            if known == uuid:
                return self.info[key].encode()
        raise BleakGATTProtocolError(0x02)

    def characteristics(self) -> Iterator[tuple[str, str, list[Any]]]:
        """Service, characteristic and properties."""
        yield HEART_RATE_SERVICE, HEART_RATE_MEASUREMENT, ["notify"]
        if self.battery_percent is not None:
            yield (
                device_info.BATTERY_SERVICE_UUID,
                device_info.BATTERY_LEVEL_UUID,
                ["read", "notify"],
            )
        if self.measures:
            yield polar.SERVICE_UUID, polar.CONTROL_UUID, ["read", "write", "indicate"]
            yield polar.SERVICE_UUID, polar.DATA_UUID, ["notify"]
        for key in device_info.TEXT_UUIDS:
            if key in self.info:
                yield device_info.SERVICE_UUID, device_info.TEXT_UUIDS[key], ["read"]


class Air:
    """Everything within reach of the virtual adapter."""

    def __init__(self, clock: Clock, straps: Iterable[VirtualStrap]) -> None:
        self.clock = clock
        self.straps = list(straps)
        for strap in self.straps:
            strap.air = self
        self.powered = True
        self.connecting = 0
        """Attempts to connect that are under way; BlueZ refuses a second one."""
        self.scanning = 0
        self.collisions = 0
        """Times that two things were asked of the adapter at once."""

    def backend(self) -> Backend:
        """The classes for `Radio`, bound to this air."""
        bound = {"air": self}
        return Backend(
            type("AirScanner", (VirtualScanner,), bound),
            type("AirClient", (VirtualClient,), bound),
            type("AirAdapter", (VirtualAdapter,), bound),
        )

    def shared_hearts(self) -> list[list[str]]:
        """The names of the straps that one person wears, for each who wears several."""
        worn: dict[str, list[str]] = {}
        for strap in self.straps:
            if strap.wearer:
                worn.setdefault(strap.wearer, []).append(strap.name)
        return [names for names in worn.values() if len(names) > 1]

    def strap(self, address: str) -> VirtualStrap | None:
        return next((s for s in self.straps if s.id.upper() == address.upper()), None)

    def refuse_collisions(self) -> None:
        if self.connecting or self.scanning:
            self.collisions += 1
            raise BleakDBusError("org.bluez.Error.InProgress", ["Operation already in progress"])

    def check_power(self) -> None:
        from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

        if not self.powered:
            raise BleakBluetoothNotAvailableError(
                "off", BleakBluetoothNotAvailableReason.POWERED_OFF
            )


class VirtualScanner(BaseBleakScanner):
    air: ClassVar[Air]

    def __init__(
        self,
        detection_callback: Any,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.air.check_power()
        self.air.refuse_collisions()
        self.air.scanning += 1
        self.seen_devices = {}
        self._task = asyncio.ensure_future(self._advertise())

    async def stop(self) -> None:
        if self._task is not None:
            self.air.scanning -= 1
            await _end(self._task)
            self._task = None

    async def _advertise(self) -> None:
        while True:
            await asyncio.sleep(ADVERTISING_INTERVAL_S)
            for strap in self.air.straps:
                if strap.advertises and self.is_allowed_uuid([HEART_RATE_SERVICE]):
                    self._hear(strap)

    def _hear(self, strap: VirtualStrap) -> None:
        said = AdvertisementData(
            local_name=strap.name,
            manufacturer_data={},
            service_data={},
            service_uuids=[HEART_RATE_SERVICE],
            tx_power=None,
            rssi=strap.rssi_dbm,
            platform_data=(),
        )
        device = self.create_or_update_device(strap.id, strap.id, strap.name, None, said)
        self.call_detection_callbacks(device, said)


class VirtualAdapter(BaseBleakAdapter):
    air: ClassVar[Air]

    @classmethod
    async def get(cls, **kwargs: Any) -> Self:
        cls.air.check_power()
        return cls()

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:
        return [
            BLEDevice(strap.id, strap.name, None)
            for strap in self.air.straps
            if strap.held or strap.client is not None
        ]


class VirtualClient(BaseBleakClient):
    """One connection to one strap; like a real one, of use only once."""

    air: ClassVar[Air]

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
        self.disconnects = 0
        """How often `disconnect` was called."""
        self._strap: VirtualStrap | None = None
        self._used = False
        self._notified: dict[str, Callable[[bytearray], None]] = {}
        self._pump: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self._strap.name if self._strap else self.address

    @property
    def mtu_size(self) -> int:
        return 23

    @property
    def is_connected(self) -> bool:
        return self._strap is not None and self._strap.client is self

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        assert not self._used, "a client is for one connection"
        self._used = True
        self.air.check_power()
        self.air.refuse_collisions()
        self.air.connecting += 1
        try:
            await self._connect()
        finally:
            self.air.connecting -= 1

    async def _connect(self) -> None:
        strap = self.air.strap(self.address)
        outcome: Outcome = strap.outcomes.popleft() if strap and strap.outcomes else "ok"
        if strap is None or outcome == "not_found":
            raise BleakDeviceNotFoundError(self.address, "not found")
        if outcome == "hang":
            await asyncio.Event().wait()
        await asyncio.sleep(CONNECT_S)
        if outcome == "timeout" or not strap.in_range:
            await asyncio.sleep(max(self._timeout - CONNECT_S, 0))
            raise TimeoutError
        if outcome == "refused":
            raise BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"])
        if outcome == "error":
            raise BleakError("failed to discover services, device disconnected")
        self.services = _services(() if outcome == "no_services" else strap.characteristics())
        self._strap, strap.client = strap, self
        strap.connected_s.append(self.air.clock.now_s())
        strap.unreleased.add(id(self))

    def notify(self, uuid: str, data: bytes) -> None:
        """Hand a notification to whoever has subscribed."""
        if self.is_connected and uuid in self._notified:
            self._notified[uuid](bytearray(data))

    def lose(self) -> None:
        """The connection ends without anybody here having asked for it."""
        if self._strap is None or not self.is_connected:
            return
        self._strap.dropped_s.append(self.air.clock.now_s())
        self._close()

    def _close(self) -> None:
        if self._strap is None or not self.is_connected:
            return
        self._strap.client = None
        self.services = None
        if self._pump is not None:
            self._pump.cancel()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        self.disconnects += 1
        self._close()
        if self._strap is not None:
            self._strap.unreleased.discard(id(self))
        if self._pump is not None:
            await _end(self._pump)
            self._pump = None

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        self._present().needs_pairing = False

    async def unpair(self) -> None:
        self._present().needs_pairing = True

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, **kwargs: Any
    ) -> bytearray:
        await asyncio.sleep(ANSWER_S)
        if characteristic.uuid in self._present().hanging_reads:
            await asyncio.Event().wait()
        return bytearray(self._present().value(characteristic.uuid))

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: Any, response: bool
    ) -> None:
        await asyncio.sleep(ANSWER_S)
        strap = self._present()
        if strap.needs_pairing:
            raise BleakGATTProtocolError(INSUFFICIENT_AUTHENTICATION)
        answer = strap.answer(bytes(data))
        if answer is not None:
            self.notify(polar.CONTROL_UUID, answer)

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: Callable[[bytearray], None],
        **kwargs: Any,
    ) -> None:
        await asyncio.sleep(ANSWER_S)
        strap = self._present()
        self._notified[characteristic.uuid] = callback
        if characteristic.uuid == HEART_RATE_MEASUREMENT:
            self._pump = asyncio.ensure_future(strap.pump(self._deliver))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self._notified.pop(characteristic.uuid, None)

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, **kwargs: Any
    ) -> bytearray:
        raise BleakGATTProtocolError(0x02)

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        raise BleakGATTProtocolError(0x03)

    def _present(self) -> VirtualStrap:
        if self._strap is None or not self.is_connected:
            raise BleakError("Not connected")
        return self._strap

    def _deliver(self, data: bytes) -> None:
        strap = self._present()
        copies = len(strap.unreleased) if strap.copies_after_reconnect else 1
        for _ in range(copies):
            self.notify(HEART_RATE_MEASUREMENT, data)
        for frame in strap.frames():
            self.notify(polar.DATA_UUID, frame)


def _services(
    characteristics: Iterable[tuple[str, str, list[Any]]],
) -> BleakGATTServiceCollection:
    found = BleakGATTServiceCollection()
    handles = count(1)
    services: dict[str, BleakGATTService] = {}
    for service_uuid, uuid, properties in characteristics:
        if service_uuid not in services:
            services[service_uuid] = BleakGATTService(None, next(handles), service_uuid)
            found.add_service(services[service_uuid])
        found.add_characteristic(
            BleakGATTCharacteristic(
                None, next(handles), uuid, properties, lambda: 20, services[service_uuid]
            )
        )
    return found


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
