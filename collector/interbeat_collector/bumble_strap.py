"""A virtual strap that is a real Bluetooth peripheral, through Bumble.

It offers what a Polar H10 offers: heart rate, battery, device information and Polar's measurement
data. The controller below it may be in memory, behind a socket, or a spare dongle; the strap is
the same. It wears a heart whose beats are known, and reports what it sent of each (`SentBeat`), so
that a recording can be compared with the truth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import tee
from typing import Any, Literal, NamedTuple
from zlib import crc32

import numpy as np
from bumble import data_types, gatt, hci
from bumble.att import ATT_Error, AttributeValue
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, Service
from bumble.transport.common import TransportSink, TransportSource

from . import polar
from .clock import Clock
from .events import PacketKind
from .heart_rate import decode
from .virtual_body import Body
from .virtual_strap import Sending, strap_sends

ADVERTISING_INTERVAL_MS = 100.0
ACC_SAMPLES_IN_FRAME = 36
CHEST = 1
FIRST_NS = 599_616_000_000_000_000
"""A Polar pod that was asleep counts from 2019-01-01, in ns since 2000-01-01."""

_NAME_ROOM = 22
"""Bytes of a name that fit an advertisement beside its flags and one service."""
_INFO = {
    "maker": gatt.GATT_MANUFACTURER_NAME_STRING_CHARACTERISTIC,
    "model": gatt.GATT_MODEL_NUMBER_STRING_CHARACTERISTIC,
    "serial": gatt.GATT_SERIAL_NUMBER_STRING_CHARACTERISTIC,
    "hardware": gatt.GATT_HARDWARE_REVISION_STRING_CHARACTERISTIC,
    "firmware": gatt.GATT_FIRMWARE_REVISION_STRING_CHARACTERISTIC,
    "software": gatt.GATT_SOFTWARE_REVISION_STRING_CHARACTERISTIC,
}
_NOT_SUBSCRIBED = 0xFD
"""ATT: the client has not switched on the indications it asks for."""
_UNKNOWN_OP, _UNKNOWN_KIND, _NOT_SUPPORTED, _WRONG_LENGTH, _WRONG_PARAMETER = 1, 2, 3, 4, 5
_WRONG = {"resolution_bits": 7, "rate_hz": 8, "range_g": 9}

Fate = Literal["sent", "lost", "unheard"]
"""`sent`: handed to the radio; `lost`: withheld, as asked; `unheard`: nobody had subscribed."""

Garble = Callable[[PacketKind, bytes], bytes | None]
"""Changes what the strap says, or (None) keeps it silent."""


class SentBeat(NamedTuple):
    """One interval between beats, and what became of it."""

    sent_s: float
    """When the strap's timer struck for it, in the time of its clock."""
    beat_s: float
    """When the heart beat."""
    rr_ticks: int
    fate: Fate


@dataclass(frozen=True)
class Making:
    """What kind of strap it is, and how well it is made."""

    name: str = "Polar H10 1B2C3D4F"
    info: Mapping[str, str] = field(
        default_factory=lambda: {
            "maker": "interbeat",
            "model": "virtual strap",
            "serial": "1B2C3D4F",
            "hardware": "0",
            "firmware": "1.0.0",
            "software": "1.0.0",
        }
    )
    battery_percent: int = 87
    measures: tuple[polar.Kind, ...] = ("ecg", "acc")
    """What it offers over Polar's service; nothing: it has no such service."""
    sending: Sending = "timer"
    interval_s: float = 1.0
    latency_s: float = 0.0
    """How long it ponders over a beat before it sends it."""
    drift_ppm: float = 0.0
    """> 0: its clock runs fast."""
    ecg_off_ppm: float = 0.0
    """How much faster than 130 Hz it samples ECG and acceleration."""
    loss: float = 0.0
    """Share of heart-rate packets it keeps to itself."""

    @property
    def address(self) -> str:
        """A static random address of its own for every name."""
        digits = f"F0EC{crc32(self.name.encode()):08X}"
        return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


class BumbleStrap:
    """One strap. `power_on` it, `run` it; everything else may be done at any time in between."""

    def __init__(
        self,
        making: Making,
        beat_t_s: Iterable[float],
        clock: Clock,
        *,
        seed: int = 1,
        sent: Callable[[SentBeat], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`beat_t_s`: when the heart beats, in time of `clock`; `tell` hears of connections."""
        self.making = making
        self.refuses = False
        """Ends every connection at once."""
        self.garble: Garble = lambda _, data: data
        self.measuring: dict[polar.Kind, asyncio.Task[None]] = {}
        """A pod measures until it is told to stop, whether or not anybody is connected."""
        self.rr_sent = 0
        """How many intervals were handed to the radio."""
        self.requests: list[bytes] = []
        """What was written to the control point."""
        self._clock = clock
        self._sent, self._tell = sent, tell
        worn, seen = tee(beat_t_s)
        self._sends = strap_sends(
            worn,
            seed=seed,
            sending=making.sending,
            interval_s=making.interval_s,
            latency_s=making.latency_s,
            drift_ppm=making.drift_ppm,
            loss=making.loss,
            jitter_s=0.0,
        )
        self._body = Body(seen)
        self._battery = bytes([making.battery_percent])
        self._answers: set[asyncio.Task[None]] = set()
        self._device: Device | None = None
        self._heart_rate = Characteristic[bytes](
            gatt.GATT_HEART_RATE_MEASUREMENT_CHARACTERISTIC,
            Characteristic.Properties.NOTIFY,
            Characteristic.Permissions(0),
        )
        self._battery_level = _readable(
            gatt.GATT_BATTERY_LEVEL_CHARACTERISTIC,
            AttributeValue(read=lambda _: self.garble("battery", self._battery) or b""),
            Characteristic.Properties.NOTIFY,
        )
        self._control = Characteristic[bytes](
            polar.CONTROL_UUID,
            Characteristic.Properties.READ
            | Characteristic.Properties.WRITE
            | Characteristic.Properties.INDICATE,
            Characteristic.Permissions.READABLE | Characteristic.Permissions.WRITEABLE,
            AttributeValue(read=self._features, write=self._asked),
        )
        self._frames = Characteristic[bytes](
            polar.DATA_UUID, Characteristic.Properties.NOTIFY, Characteristic.Permissions(0)
        )
        self._saying: dict[PacketKind, Characteristic[bytes]] = {
            "heart_rate": self._heart_rate,
            "battery": self._battery_level,
            "polar": self._frames,
            "polar_control": self._control,
        }

    @property
    def device(self) -> Device:
        assert self._device is not None, "power it on first"
        return self._device

    @property
    def connections(self) -> list[Connection]:
        return list(self._device.connections.values()) if self._device else []

    @property
    def heard(self) -> bool:
        """Somebody has subscribed to the heart rate."""
        return bool(self._subscribed(self._heart_rate))

    async def power_on(self, source: TransportSource, sink: TransportSink) -> None:
        """Start above the controller behind `source` and `sink`, and advertise."""
        making = self.making
        address = hci.Address(making.address, hci.Address.RANDOM_DEVICE_ADDRESS)
        self._device = device = Device.with_hci(making.name, address, source, sink)
        device.add_services(list(self._services()))
        device.on(Device.EVENT_CONNECTION, self._on_connection)
        for kind, characteristic in self._saying.items():
            characteristic.on(
                Characteristic.EVENT_SUBSCRIPTION,
                lambda _, notified, indicated, kind=kind: self._tell(
                    f"{kind} {'subscribed' if notified or indicated else 'unsubscribed'}"
                ),
            )
        await device.power_on()
        await device.start_advertising(
            auto_restart=True,
            advertising_data=self._advertisement(),
            scan_response_data=bytes(AdvertisingData([data_types.CompleteLocalName(making.name)])),
            advertising_interval_min=ADVERTISING_INTERVAL_MS,
            advertising_interval_max=ADVERTISING_INTERVAL_MS,
        )

    async def run(self) -> None:
        """Send until the heart ends."""
        for send in self._sends:
            await self._clock.sleep_until(send.send_s)
            fate: Fate = "lost" if send.lost else "sent"
            if not self.heard:
                fate = "unheard"
            elif not send.lost:
                await self.say("heart_rate", send.data)
            self._body.forget_before(send.send_s)
            rr = decode(send.data).rr_ticks
            self.rr_sent += len(rr) if fate == "sent" else 0
            for beat_s, rr_ticks in zip(send.beat_t_s, rr, strict=True):
                self._sent(SentBeat(send.send_s, beat_s, rr_ticks, fate))

    async def say(self, kind: PacketKind, data: bytes) -> None:
        """Send a notification to whoever has subscribed to it."""
        characteristic, said = self._saying[kind], self.garble(kind, data)
        if said is None:
            return
        server = self.device.gatt_server
        for connection in self._subscribed(characteristic):
            if kind == "polar_control":
                with suppress(TimeoutError):  # A connection that ended confirms nothing.
                    await server.indicate_subscriber(connection, characteristic, said)
            else:
                await server.notify_subscriber(connection, characteristic, said)

    async def discharge(self, percent: int) -> None:
        """Change the level of the battery, and say so."""
        self._battery = bytes([percent])
        await self.say("battery", self._battery)

    async def drop(self) -> None:
        """End the connection from this side."""
        for connection in self.connections:
            with suppress(hci.HCI_Error):  # The other side may have ended it at this moment.
                await connection.disconnect(
                    hci.HCI_REMOTE_DEVICE_TERMINATED_CONNECTION_DUE_TO_LOW_RESOURCES_ERROR
                )

    async def power_off(self) -> None:
        """Stop measuring, advertising and every connection."""
        for task in (*self.measuring.values(), *self._answers):
            task.cancel()
        await asyncio.gather(*self.measuring.values(), *self._answers, return_exceptions=True)
        self.measuring.clear()
        if self._device:
            await self._device.stop_advertising()
            await self.drop()
            await self._device.stop_advertising()

    # --- what it offers ---

    def _services(self) -> Iterator[Service]:
        location = _readable(gatt.GATT_BODY_SENSOR_LOCATION_CHARACTERISTIC, bytes([CHEST]))
        yield Service(gatt.GATT_HEART_RATE_SERVICE, [self._heart_rate, location])
        yield Service(gatt.GATT_BATTERY_SERVICE, [self._battery_level])
        yield Service(
            gatt.GATT_DEVICE_INFORMATION_SERVICE,
            [_readable(_INFO[key], text.encode()) for key, text in self.making.info.items()],
        )
        if self.making.measures:
            yield Service(polar.SERVICE_UUID, [self._control, self._frames])

    def _advertisement(self) -> bytes:
        name = self.making.name.encode()
        shown = data_types.CompleteLocalName(self.making.name)
        if len(name) > _NAME_ROOM:
            short = name[:_NAME_ROOM].decode("utf-8", "ignore")
            return bytes(AdvertisingData([*_HEAD, data_types.ShortenedLocalName(short)]))
        return bytes(AdvertisingData([*_HEAD, shown]))

    def _on_connection(self, connection: Connection) -> None:
        peer = connection.peer_address
        self._tell(f"connected to {peer}")
        connection.on(
            Connection.EVENT_DISCONNECTION,
            lambda reason: self._tell(f"disconnected from {peer} (reason 0x{reason:02x})"),
        )
        if self.refuses:
            self._do(self.drop())

    def _subscribed(self, characteristic: Characteristic[bytes]) -> list[Connection]:
        subscribers = self.device.gatt_server.subscribers
        return [
            connection
            for connection in self.connections
            if any(subscribers.get(connection, {}).get(characteristic.handle, b""))
        ]

    def _do(self, work: Any) -> None:
        """Let something happen after what is being done now."""
        task = asyncio.get_running_loop().create_task(work)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    # --- Polar's measurement data ---

    def _features(self, _: Connection) -> bytes:
        return polar.encode_features(self.making.measures)

    def _asked(self, connection: Connection, data: bytes) -> None:
        """Take a request; the answer is an indication that follows."""
        if connection not in self._subscribed(self._control):
            raise ATT_Error(_NOT_SUBSCRIBED)
        self.requests.append(data)
        status, settings = self._carried_out(polar.decode_request(data), data)
        op, kind = (*data, 0, 0)[:2]
        answer = polar.encode_answer(op, kind, status, settings=settings)
        self._do(self.say("polar_control", answer))

    def _carried_out(
        self, request: polar.Request, data: bytes
    ) -> tuple[int, polar.Settings | None]:
        """Status and settings of the answer."""
        op, kind = request.op, request.kind
        if len(data) < 2:
            return _WRONG_LENGTH, None
        if op is None or kind is None:
            return (_UNKNOWN_OP if op is None else _UNKNOWN_KIND), None
        if kind not in self.making.measures:
            return _NOT_SUPPORTED, None
        offered = polar.ECG_SETTINGS if kind == "ecg" else polar.ACC_SETTINGS
        if op == "settings":
            return 0, offered
        if (op == "start") == (kind in self.measuring):
            return polar.ALREADY_IN_STATE, None
        if op == "stop":
            self.measuring.pop(kind).cancel()
            return 0, None
        if status := _fault(request, offered):
            return status, None
        self._begin(kind, request.settings["rate_hz"][0])
        return 0, None

    def _begin(self, kind: polar.Kind, rate_hz: float) -> None:
        true_hz = rate_hz * (1 + self.making.ecg_off_ppm * 1e-6)
        task = asyncio.get_running_loop().create_task(self._measure(kind, true_hz))
        self.measuring[kind] = task

    async def _measure(self, kind: polar.Kind, rate_hz: float) -> None:
        """Send frames until cancelled."""
        begin_s, done = self._clock.now_s(), 0
        while True:
            count = self._samples_in_frame(kind)
            t_s = begin_s + np.arange(done, done + count) / rate_hz
            done += count
            last_s = float(t_s[-1])
            await self._clock.sleep_until(last_s)
            samples = self._body.ecg_uv(t_s) if kind == "ecg" else self._body.acceleration_mg(t_s)
            await self.say("polar", polar.encode_frame(kind, self.stamp_ns(last_s), samples))

    def stamp_ns(self, t_s: float) -> int:
        """What the strap's own clock shows."""
        return FIRST_NS + round(t_s * (1 + self.making.drift_ppm * 1e-6) * 1e9)

    def _samples_in_frame(self, kind: polar.Kind) -> int:
        """As many as an H10 sends, or as fit the connection."""
        room = min((connection.att_mtu for connection in self.connections), default=512) - 13
        if kind == "ecg":
            return min(polar.ECG_SAMPLES_IN_FRAME, room // 3)
        return min(ACC_SAMPLES_IN_FRAME, max(1, room // 6))


_HEAD = (
    data_types.Flags(
        AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE
        | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED
    ),
    data_types.CompleteListOf16BitServiceUUIDs([gatt.GATT_HEART_RATE_SERVICE]),
)


def _readable(
    uuid: UUID,
    value: bytes | AttributeValue[bytes],
    more: Characteristic.Properties = Characteristic.Properties(0),  # noqa: B008
) -> Characteristic[bytes]:
    return Characteristic[bytes](
        uuid, Characteristic.Properties.READ | more, Characteristic.Permissions.READABLE, value
    )


def _fault(request: polar.Request, offered: polar.Settings) -> int:
    """Status of a start that asks for something else than what is offered; 0 when it does not."""
    for name, values in offered.items():
        if not request.settings.get(name):
            return _WRONG_PARAMETER
        if request.settings[name][0] not in values:
            return _WRONG[name]
    return 0
