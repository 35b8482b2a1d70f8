"""The air between Bluetooth controllers in memory: Bumble's, with range, delay and time-outs.

Bumble's own link delivers everything at once and for ever, and its controller never gives up an
attempt to connect. Here a controller can be carried out of range: what is sent to and from it
waits, as radios repeat what was not acknowledged, until it is back or the connection times out.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink

SUPERVISION_S = 2.0

_Way = tuple[Controller, Controller]
"""From one controller to another."""


class VirtualController(Controller):
    """Bumble's controller, which can also give up an attempt to connect.

    Its own ignores LE Create Connection Cancel, so that a host waits for an absent strap for ever.
    """

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        given_up = self.pending_le_connection
        if given_up is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.pending_le_connection = None
        asyncio.get_running_loop().call_soon(
            self.send_hci_packet,
            hci.HCI_LE_Connection_Complete_Event(
                status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=hci.Role.CENTRAL,
                peer_address_type=given_up.peer_address_type,
                peer_address=given_up.peer_address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            ),
        )
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)


class VirtualLink(LocalLink):
    """A link whose controllers may go out of range and whose packets may be late, never swapped."""

    def __init__(
        self, *, supervision_s: float = SUPERVISION_S, delay_s: Callable[[], float] = lambda: 0.0
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._supervision_s = supervision_s
        self._delay_s = delay_s
        self._away: dict[Controller, asyncio.TimerHandle] = {}
        self._waiting: defaultdict[_Way, deque[Callable[[], None]]] = defaultdict(deque)
        self._due_s: dict[_Way, float] = {}

    def leave(self, controller: Controller) -> None:
        """Carry a controller out of range; its connections end after the supervision time-out."""
        if controller not in self._away:
            loop = asyncio.get_running_loop()
            self._away[controller] = loop.call_later(
                self._supervision_s, self._time_out, controller
            )

    def come_back(self, controller: Controller) -> None:
        """Carry it back; what was sent meanwhile over a connection that held arrives now."""
        if timer := self._away.pop(controller, None):
            timer.cancel()
        for way in list(self._waiting):
            if controller in way:
                self._deliver_all(way)

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        receiver = self.find_le_controller(destination_address)
        connection = sender_controller.le_connections.get(destination_address)
        if transport != PhysicalTransport.LE or receiver is None or connection is None:
            return
        # Not the controller's present random address: BlueZ takes another one for every scan.
        source = connection.self_address
        self._send(
            (sender_controller, receiver),
            lambda: receiver.on_link_acl_data(source, transport, data),
        )

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        sender = self.find_le_controller(sender_address)
        receiver = self.find_le_controller(receiver_address)
        if sender is not None and receiver is not None:
            self._send(
                (sender, receiver), lambda: receiver.on_ll_control_pdu(sender_address, packet)
            )

    def send_advertising_pdu(
        self, sender_controller: Controller, packet: ll.AdvertisingPdu
    ) -> None:
        loop = asyncio.get_running_loop()
        for receiver in self.controllers:
            if receiver is not sender_controller and self._in_range((sender_controller, receiver)):
                loop.call_soon(receiver.on_ll_advertising_pdu, packet)

    def _send(self, way: _Way, arrive: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[way].append(arrive)
        # Timers that are due together may fire in any order, so a timer says when something
        # arrives and the queue says what.
        due_s = max(loop.time() + self._delay_s(), self._due_s.get(way, 0.0))
        self._due_s[way] = due_s
        if due_s > loop.time():
            loop.call_at(due_s, self._deliver_next, way)
        else:
            loop.call_soon(self._deliver_next, way)

    def _deliver_next(self, way: _Way) -> None:
        if self._in_range(way) and (waiting := self._waiting[way]):
            waiting.popleft()()

    def _deliver_all(self, way: _Way) -> None:
        while self._in_range(way) and (waiting := self._waiting[way]):
            waiting.popleft()()

    def _in_range(self, way: _Way) -> bool:
        return not (way[0] in self._away or way[1] in self._away)

    def _time_out(self, controller: Controller) -> None:
        for way in [way for way in self._waiting if controller in way]:
            del self._waiting[way]
        for one in list(self.controllers):
            for connection in list(one.le_connections.values()):
                if controller in (one, self._other_end(connection)):
                    one.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def _other_end(self, connection: Connection) -> Controller | None:
        return self.find_le_controller(connection.peer_address)
