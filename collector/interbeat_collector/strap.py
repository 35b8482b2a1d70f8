"""One partner's strap: connects, streams, and comes back for ever.

    scanning -> connecting -> streaming <-> stale
        ^           |             |           |
        |           v             v           v
        +------- backoff <------- lost <------+

Every change is reported as a `Link` with a reason for people, every notification as a `Packet`,
byte for byte. Heart rate comes first; whatever else a strap offers may fail without harm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from . import device_info
from .clock import Clock
from .events import Device, Event, Link, LinkState, Packet, PacketKind, Partner
from .polar import Kind
from .polar_stream import PolarError, PolarStream, kinds
from .radio import (
    HEART_RATE_MEASUREMENT,
    READ_S,
    Radio,
    RadioError,
    explanation,
    let_go,
)

if TYPE_CHECKING:
    from bleak import BleakClient

logger = logging.getLogger(__name__)

Sink = Callable[[Event], None]

STALE_AFTER_S = 3.0
RECONNECT_AFTER_S = 10.0
BACKOFF_S = (0.25, 0.5, 1.0, 2.0, 5.0)
"""Rests between attempts; the last one goes on for ever."""
SUBSCRIBE_S = 10.0


class Strap:
    """The strap of one partner.

    Its task is `run()`, either awaited by the caller or owned by `start()` and `stop()`.
    """

    def __init__(
        self,
        partner: Partner,
        id: str,
        radio: Radio,
        clock: Clock,
        sink: Sink,
        *,
        ecg: bool = False,
        acceleration: bool = False,
    ) -> None:
        self.partner = partner
        self.id = id
        self._radio = radio
        self._clock = clock
        self._sink = sink
        self._polar_kinds: Sequence[Kind] = ()
        self._measured = asyncio.Event()
        """Set once anything is to be measured beside the heart rate."""
        self._link = Link(clock.now_s(), partner, "scanning")
        self._device: Device | None = None
        self._battery: Packet | None = None
        self._packet_s = clock.now_s()
        """When the last heart-rate packet came, or the connection began."""
        self._remark = ""
        """What a streaming strap does not do although it was asked to."""
        self._failures = 0
        self._begun = False
        """Whether there is a state to tell."""
        self._task: asyncio.Task[None] | None = None
        self.measure(ecg=ecg, acceleration=acceleration)

    @property
    def name(self) -> str:
        return self._radio.name_of(self.id)

    @property
    def state(self) -> LinkState:
        return self._link.state

    def measure(self, *, ecg: bool, acceleration: bool) -> None:
        """Record these too from now on, on this connection and every later one; asked for once."""
        self._polar_kinds = kinds(ecg=ecg, acceleration=acceleration)
        if self._polar_kinds:
            self._measured.set()

    def hand_over(self, partner: Partner, clock: Clock, sink: Sink) -> None:
        """Report to another sink from now on, beginning with what is known by now."""
        now_s = clock.now_s()
        self._packet_s += now_s - self._clock.now_s()
        self.partner, self._clock, self._sink = partner, clock, sink
        if self._begun:
            self._enter(self._link.state, self._link.reason)
        if self._device:
            self._sink(Device(now_s, partner, self._device.info))
        if self._battery:
            self._sink(Packet(now_s, partner, "battery", self._battery.data))

    def start(self) -> None:
        """Begin to run in a task of its own, unless it does already."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self.run(), name=f"strap {self.id}")

    async def stop(self) -> None:
        """End the task that `start` began; returns when the strap is disconnected."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def run(self) -> None:
        """Connect, stream and reconnect until cancelled, which disconnects in order."""
        problem = ""
        while True:
            try:
                problem = await self._connection(problem)
                self._enter("lost", problem)
            except RadioError as error:
                problem = str(error)
            except (
                Exception
            ) as error:  # Recording goes on, whatever bleak or a strap comes up with.
                logger.exception("Strap %s failed", self.id)
                problem = f"{self.name} failed ({error!r})."
            rest_s = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
            self._failures += 1
            self._enter("backoff", problem)
            await self._clock.sleep_until(self._clock.now_s() + rest_s)

    async def _connection(self, problem: str) -> str:
        """Live through one connection; returns why it ended."""
        self._enter("scanning", problem)
        dropped = asyncio.Event()
        client = await self._radio.connect(
            self.id, found=lambda: self._enter("connecting"), dropped=dropped.set
        )
        try:
            await self._subscribe(client)
            return await _first(
                self._dropped(dropped), self._silence(), self._everything_else(client)
            )
        finally:
            await let_go(client)

    async def _subscribe(self, client: BleakClient) -> None:
        self._packet_s, self._remark = self._clock.now_s(), ""
        try:
            async with asyncio.timeout(SUBSCRIBE_S):
                await client.start_notify(HEART_RATE_MEASUREMENT, self._on_heart_rate)
        except Exception as error:
            raise explanation(error, self.name) from error

    def _on_heart_rate(self, _: object, data: bytearray) -> None:
        t_s = self._clock.now_s()
        self._packet_s = t_s
        self._failures = 0
        if self._link.state != "streaming":
            self._enter("streaming", self._remark, t_s)
        self._sink(Packet(t_s, self.partner, "heart_rate", bytes(data)))

    async def _dropped(self, dropped: asyncio.Event) -> str:
        await dropped.wait()
        return f"{self.name} is out of reach or was taken off."

    async def _silence(self) -> str:
        """Return when the strap has sent nothing for `RECONNECT_AFTER_S`."""
        while True:
            now_s, packet_s = self._clock.now_s(), self._packet_s
            if now_s >= packet_s + RECONNECT_AFTER_S:
                return f"{self.name} sent nothing for {RECONNECT_AFTER_S:g} s."
            if now_s < packet_s + STALE_AFTER_S:
                await self._clock.sleep_until(packet_s + STALE_AFTER_S)
                continue
            if self._link.state != "stale":
                self._enter("stale", f"{self.name} sends nothing.")
            # In steps: a packet may come meanwhile, and silence begin anew after it.
            await self._clock.sleep_until(min(now_s + 1.0, packet_s + RECONNECT_AFTER_S))

    async def _everything_else(self, client: BleakClient) -> str:
        """What comes beside the heart rate; nothing in here may end the connection."""
        with self._harmless("reading what it says of itself"):
            await self._read_device(client)
        with self._harmless("its battery"):
            await self._read_battery(client)
        await self._measured.wait()
        await self._measure(client)

    async def _measure(self, client: BleakClient) -> NoReturn:
        """Record ECG and acceleration until cancelled, and stop them whatever happens."""
        stream = PolarStream(client, self._on_polar_answer, self._on_polar_frame)
        problems: list[str] = []
        try:
            with self._told(problems):
                await stream.open()
                for kind in self._polar_kinds:
                    with self._told(problems):
                        await stream.start(kind)
            if problems:
                self._remark = f"{self.name}: {' '.join(problems)}"
                if self._link.state == "streaming":
                    self._enter("streaming", self._remark)
            await asyncio.Event().wait()
            raise AssertionError("nobody sets this event")
        finally:
            await stream.stop()

    def _on_polar_answer(self, _: object, data: bytearray) -> None:
        self._packet(self._clock.now_s(), "polar_control", data)

    def _on_polar_frame(self, _: object, data: bytearray) -> None:
        self._packet(self._clock.now_s(), "polar", data)

    @contextmanager
    def _told(self, problems: list[str]) -> Iterator[None]:
        """Heart rate goes on without what failed, and its wearer is told why."""
        try:
            yield
        except PolarError as error:
            problems.append(str(error))
        except Exception as error:
            problems.append(str(explanation(error, self.name)))

    async def _read_device(self, client: BleakClient) -> None:
        info = {"id": self.id, "name": self.name}
        for key, uuid in device_info.TEXT_UUIDS.items():
            data = await self._read(client, uuid)
            if data is not None and (text := device_info.decode_text(bytes(data))):
                info[key] = text
        self._device = Device(self._clock.now_s(), self.partner, info)
        self._sink(self._device)

    async def _read_battery(self, client: BleakClient) -> None:
        if (data := await self._read(client, device_info.BATTERY_LEVEL_UUID)) is not None:
            self._on_battery(None, data)
        level = client.services.get_characteristic(device_info.BATTERY_LEVEL_UUID)
        if level and "notify" in level.properties:
            with self._harmless("battery notifications"):
                async with asyncio.timeout(READ_S):
                    await client.start_notify(level, self._on_battery)

    def _on_battery(self, _: object, data: bytearray) -> None:
        self._battery = self._packet(self._clock.now_s(), "battery", data)

    def _packet(self, t_s: float, kind: PacketKind, data: bytearray) -> Packet:
        packet = Packet(t_s, self.partner, kind, bytes(data))
        self._sink(packet)
        return packet

    async def _read(self, client: BleakClient, uuid: str) -> bytearray | None:
        """One value; None when the strap does not have it or does not give it."""
        if client.services.get_characteristic(uuid) is None:
            return None
        with self._harmless(f"reading {uuid}"):
            async with asyncio.timeout(READ_S):
                return await client.read_gatt_char(uuid)
        return None

    def _enter(self, state: LinkState, reason: str = "", t_s: float | None = None) -> None:
        self._link = Link(self._clock.now_s() if t_s is None else t_s, self.partner, state, reason)
        self._begun = True
        self._sink(self._link)

    @contextmanager
    def _harmless(self, what: str) -> Iterator[None]:
        """Heart rate goes on when something beside it fails."""
        try:
            yield
        except Exception as error:
            logger.info("%s: %s failed: %r", self.id, what, error)


async def _first(*waits: Coroutine[Any, Any, str]) -> str:
    """The result of the first to end; the others are cancelled and waited for."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()
        await _ended(tasks)


async def _ended(tasks: Sequence[asyncio.Future[str]]) -> None:
    """Wait for cancelled tasks to tidy up, and do not let a second cancellation cut that short."""
    cancelled = False
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
