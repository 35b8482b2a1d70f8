"""The radio: what a scan lists, how a connection begins, and what errors tell the wearer."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

import virtual_time
from air import IDS, World
from interbeat_collector import radio as radio_module
from interbeat_collector.radio import (
    HEART_RATE_SERVICE,
    Backend,
    Found,
    PairingNeeded,
    Radio,
    RadioError,
    RadioUnavailable,
    StrapError,
    StrapNotFound,
    StrapRefused,
    explanation,
    let_go,
)


def test_a_scan_lists_straps_by_signal_and_those_the_system_holds() -> None:
    async def scenario() -> list[Found]:
        world = World()
        world.worn["a"].rssi_dbm, world.worn["b"].held = -71, True
        return await world.radio.scan(2)

    assert virtual_time.run(scenario()) == [
        Found(IDS["a"], "Strap a", -71, held=False),
        Found(IDS["b"], "Strap b", None, held=True),
    ]


def test_a_scan_lists_only_what_is_there_now() -> None:
    async def scenario() -> tuple[list[str], list[str]]:
        world = World()
        before = [strap.name for strap in await world.radio.scan(2)]
        world.worn["a"].leave()
        return before, [strap.name for strap in await world.radio.scan(2)]

    assert virtual_time.run(scenario()) == (["Strap a", "Strap b"], ["Strap b"])


def test_a_scan_takes_the_time_it_was_given() -> None:
    async def scenario() -> float:
        world = World()
        await world.radio.scan(7)
        return world.clock.now_s()

    assert virtual_time.run(scenario()) == pytest.approx(7, abs=0.01)


def test_a_scan_asks_for_the_full_uuid(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def scenario() -> None:
        world = World()
        scanner = world.air.backend().scanner

        class Listening(scanner):  # type: ignore[valid-type, misc]
            def __init__(self, callback: Any, service_uuids: Any, *rest: Any, **more: Any) -> None:
                asked.append(service_uuids)
                super().__init__(callback, service_uuids, *rest, **more)

        backend = world.air.backend()
        await Radio(Backend(Listening, backend.client, backend.adapter)).scan(1)

    virtual_time.run(scenario())
    assert asked == [[HEART_RATE_SERVICE]]
    assert len(HEART_RATE_SERVICE) == 36


def test_scans_at_the_same_time_take_turns_and_see_the_same() -> None:
    async def scenario() -> tuple[World, list[list[Found]]]:
        world = World()
        return world, await asyncio.gather(*(world.radio.scan(2) for _ in range(3)))

    world, seen = virtual_time.run(scenario())
    assert world.air.collisions == 0
    assert all(len(found) == 2 for found in seen)


def test_a_scan_makes_room_for_a_strap_that_is_waited_for() -> None:
    async def scenario() -> float:
        world = World()
        scan = asyncio.ensure_future(world.radio.scan(60))
        await asyncio.sleep(5)
        begin_s = world.clock.now_s()
        client = await world.radio.connect(IDS["a"])
        waited_s = world.clock.now_s() - begin_s
        await let_go(client)
        scan.cancel()
        await asyncio.wait([scan])
        return waited_s

    assert virtual_time.run(scenario()) < 1.5


def test_a_strap_is_connected_by_what_the_scan_gave_and_whatever_the_case_of_its_id() -> None:
    async def scenario() -> list[Any]:
        world, given = World(), []
        backend = world.air.backend()

        class Client(backend.client):  # type: ignore[name-defined, misc]
            def __init__(self, device: Any, *rest: Any, **more: Any) -> None:
                given.append(device)
                super().__init__(device, *rest, **more)

        radio = Radio(Backend(backend.scanner, Client, backend.adapter))
        await let_go(await radio.connect(IDS["a"].lower()))
        return given

    (device,) = virtual_time.run(scenario())
    assert not isinstance(device, str), "an address makes bleak scan again, outside our lock"
    assert device.address == IDS["a"]


def test_a_strap_the_system_holds_is_connected_although_it_does_not_advertise() -> None:
    async def scenario() -> None:
        world = World()
        world.worn["a"].held = True
        await let_go(await world.radio.connect(IDS["a"]))

    virtual_time.run(scenario())


def test_an_absent_strap_is_looked_for_and_then_missed_in_words() -> None:
    async def scenario() -> float:
        world = World()
        world.worn["a"].leave()
        with pytest.raises(StrapNotFound, match=r"^F0:.* was not found\. Moisten the electrodes"):
            await world.radio.connect(IDS["a"], look_s=4)
        return world.clock.now_s()

    assert virtual_time.run(scenario()) == pytest.approx(4, abs=0.01)


def test_a_backend_without_an_adapter_class_holds_nothing() -> None:
    async def scenario() -> list[Found]:
        world = World()
        backend = world.air.backend()
        return await Radio(Backend(backend.scanner, backend.client)).scan(1)

    assert len(virtual_time.run(scenario())) == 2


def test_the_battery_is_read_in_a_short_connection() -> None:
    async def scenario() -> tuple[int | None, int | None]:
        world = World()
        told = await world.radio.battery_percent(IDS["a"])
        world.worn["b"].battery_percent = None
        not_told = await world.radio.battery_percent(IDS["b"])
        assert all(worn.client is None and not worn.unreleased for worn in world.worn.values())
        return told, not_told

    assert virtual_time.run(scenario()) == (80, None)


def test_letting_go_of_a_client_that_fails_never_raises(caplog: pytest.LogCaptureFixture) -> None:
    class Stubborn:
        address = "F0"

        async def disconnect(self) -> None:
            raise BleakError("no")

    asyncio.run(let_go(Stubborn()))  # type: ignore[arg-type]
    assert "F0" in caplog.text


def gone(name: str) -> BleakBluetoothNotAvailableError:
    return BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason[name])


def dbus(name: str, *details: str) -> BleakDBusError:
    return BleakDBusError(name, list(details))


EXPLAINED: list[tuple[Exception, type[RadioError], str]] = [
    (gone("NO_BLUETOOTH"), RadioUnavailable, "Plug one in"),
    (gone("NO_BLE_CENTRAL_ROLE"), RadioUnavailable, "too old"),
    (gone("POWERED_OFF"), RadioUnavailable, "Switch it on"),
    (gone("DENIED_BY_USER"), RadioUnavailable, "may not use Bluetooth"),
    (gone("DENIED_BY_SYSTEM"), RadioUnavailable, "may not use Bluetooth"),
    (gone("UNKNOWN"), RadioUnavailable, "off and on again"),
    (PermissionError(13, "Permission denied"), RadioUnavailable, "may not use Bluetooth"),
    (dbus("org.freedesktop.DBus.Error.ServiceUnknown"), RadioUnavailable, "not running"),
    (dbus("org.freedesktop.DBus.Error.AccessDenied"), RadioUnavailable, "may not use Bluetooth"),
    (dbus("org.bluez.Error.NotReady"), RadioUnavailable, "Bluetooth is off"),
    (dbus("org.bluez.Error.InProgress"), StrapRefused, "Another program"),
    (dbus("org.bluez.Error.AuthenticationFailed"), PairingNeeded, "Pair it"),
    (dbus("org.bluez.Error.Failed", "le-connection-abort"), StrapRefused, "le-connection-abort"),
    (dbus("org.freedesktop.DBus.Error.UnknownObject"), StrapNotFound, "Moisten"),
    (BleakDeviceNotFoundError("F0", "gone"), StrapNotFound, "Moisten"),
    (BleakCharacteristicNotFoundError("2a37"), StrapError, "does not offer"),
    (BleakGATTProtocolError(0x05), PairingNeeded, "Pair it in the Bluetooth settings"),
    (BleakGATTProtocolError(0x0F), PairingNeeded, "Pair it in the Bluetooth settings"),
    (BleakGATTProtocolError(0x08), PairingNeeded, "Pair it in the Bluetooth settings"),
    (BleakGATTProtocolError(0x0E), StrapRefused, "could not be used"),
    (TimeoutError(), StrapRefused, "did not answer"),
    (BleakError("failed to discover services"), StrapRefused, "failed to discover services"),
]


@pytest.mark.parametrize(("error", "kind", "said"), EXPLAINED, ids=lambda value: str(value)[:40])
def test_an_error_says_what_to_do(error: Exception, kind: type[RadioError], said: str) -> None:
    told = explanation(error, "Polar H10 8C4CAD2E")
    assert type(told) is kind
    assert said in str(told)
    assert "\n" not in str(told)
    assert str(told).endswith((".", "$USER"))


@pytest.mark.parametrize(
    ("system", "where"),
    [("darwin", "Privacy & Security"), ("win32", "Radios"), ("linux", "usermod")],
)
def test_a_missing_permission_is_given_where_the_system_keeps_it(
    system: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radio_module.sys, "platform", system)
    assert where in str(explanation(gone("DENIED_BY_USER")))


def test_a_computer_without_a_bluetooth_service_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(radio_module.sys, "platform", "linux")
    assert "BlueZ" in str(explanation(FileNotFoundError(2, "No such file or directory")))


def test_who_uses_no_radio_does_not_pay_for_it() -> None:
    program = (
        "import sys; import interbeat_server.cli, interbeat_server.desk, interbeat_server.app; "
        "import interbeat_collector.strap; sys.exit('bleak' in sys.modules)"
    )
    path = ":".join(sys.path)
    found = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": path}, check=False)
    assert found.returncode == 0
