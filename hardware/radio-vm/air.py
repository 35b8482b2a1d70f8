"""The radio of the virtual machine: an adapter that can be pulled out, and two straps.

BlueZ sees an ordinary adapter. Behind `/dev/vhci` it is Bumble's controller in memory, on the same
virtual link as the controllers of the straps.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator

from bleak import BleakAdapter
from bleak.exc import BleakError
from bumble import hci
from bumble.transport import open_transport
from bumble.transport.common import Transport

from interbeat_collector.bumble_link import SUPERVISION_S, VirtualController, VirtualLink
from interbeat_collector.bumble_strap import BumbleStrap, Making
from interbeat_collector.clock import Clock
from interbeat_collector.events import PacketKind

ADAPTER_READY_S = 30.0
POLL_S = 0.05


class AdapterController(VirtualController):
    """Bumble's controller without two features that BlueZ would make use of."""

    le_features = VirtualController.le_features & ~(
        hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
    )


class Adapter:
    """What a Bluetooth dongle is to the system."""

    def __init__(self, link: VirtualLink) -> None:
        self._link = link
        self._transport: Transport | None = None
        self._controller: AdapterController | None = None

    async def plug_in(self) -> None:
        """Return when BlueZ can use it."""
        self._transport = transport = await open_transport("vhci")
        self._controller = AdapterController(
            "adapter", host_source=transport.source, host_sink=transport.sink, link=self._link
        )
        async with asyncio.timeout(ADAPTER_READY_S):
            while not await bluetooth_is_on():
                await asyncio.sleep(POLL_S)

    async def pull_out(self) -> None:
        """The system notices at once, the straps when their connections time out."""
        assert self._transport is not None, "plug it in first"
        assert self._controller is not None
        self._controller.host = None
        await self._transport.close()
        self._link.leave(self._controller)
        await asyncio.sleep(SUPERVISION_S + POLL_S)
        self._link.come_back(self._controller)
        self._link.remove_controller(self._controller)


async def bluetooth_is_on() -> bool:
    try:
        await BleakAdapter.get()
    except BleakError:
        return False
    return True


class RecordingStrap(BumbleStrap):
    """A strap that remembers every notification it handed to its radio."""

    def __init__(self, making: Making, beat_t_s: Iterator[float], clock: Clock) -> None:
        super().__init__(making, beat_t_s, clock)
        self.said: defaultdict[PacketKind, list[bytes]] = defaultdict(list)
        self.silent = False
        self.garble = self._remember

    def _remember(self, kind: PacketKind, data: bytes) -> bytes | None:
        if self.silent:
            return None
        self.said[kind].append(data)
        return data

    def begin_anew(self) -> None:
        self.silent = False
        for said in self.said.values():
            said.clear()

    async def advertise(self) -> None:
        """Be switched on again after `power_off`."""
        await self.device.start_advertising(
            auto_restart=True, advertising_data=self._advertisement()
        )

    @property
    def id(self) -> str:
        return self.making.address


async def strap_on(
    link: VirtualLink, name: str, beat_t_s: Iterator[float], clock: Clock
) -> RecordingStrap:
    """Put a strap on a heart and switch it on."""
    controller = VirtualController(name, link=link)
    strap = RecordingStrap(Making(name=name), beat_t_s, clock)
    await strap.power_on(controller, controller)
    return strap
