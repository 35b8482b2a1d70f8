"""Asks a Polar strap for its ECG and acceleration, and never leaves it measuring.

PolarError    the strap does not measure what was asked for; the text is for the user
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from . import polar

if TYPE_CHECKING:
    from bleak import BleakClient

ANSWER_S = 10.0
STOP_S = 3.0
NAMES: dict[polar.Kind, str] = {"ecg": "ECG", "acc": "acceleration"}

Notified = Callable[[object, bytearray], None]


class PolarError(Exception):
    """A measurement did not begin."""


class PolarStream:
    """The measurements of one connection."""

    def __init__(self, client: BleakClient, on_answer: Notified, on_frame: Notified) -> None:
        self._client = client
        self._on_answer = on_answer
        self._on_frame = on_frame
        self._answers: asyncio.Queue[polar.Answer] = asyncio.Queue()
        self._asked: list[polar.Kind] = []

    async def open(self) -> None:
        """Subscribe first: a strap refuses requests whose answers nobody would hear."""
        if self._client.services.get_characteristic(polar.CONTROL_UUID) is None:
            raise PolarError(
                "It offers neither ECG nor acceleration; its heart rate is recorded all the same."
            )
        async with asyncio.timeout(ANSWER_S):
            await self._client.start_notify(polar.CONTROL_UUID, self._on_control)
            await self._client.start_notify(polar.DATA_UUID, self._on_frame)

    async def start(self, kind: polar.Kind) -> None:
        """Begin a measurement with settings that the strap offers."""
        offered = await self._ask(polar.settings_request(kind))
        # From here on it may be measuring, even if its answer never comes.
        self._asked.append(kind)
        settings = offered.settings if offered.succeeded and offered.settings else None
        answer = await self._ask(polar.start_request(kind, settings))
        if not answer.succeeded:
            raise PolarError(f"Its {NAMES[kind]} did not start: {answer.status_word}.")

    async def stop(self) -> None:
        """End every measurement, also one that only may have begun; never raises."""
        for kind in reversed(self._asked):
            with suppress(Exception):  # A dropped strap cannot be told any more.
                async with asyncio.timeout(STOP_S):
                    await self._ask(polar.stop_request(kind))
        self._asked.clear()

    async def _ask(self, request: bytes) -> polar.Answer:
        """Write a request; returns its answer, in one piece."""
        while not self._answers.empty():
            self._answers.get_nowait()
        asked = polar.decode_request(request)
        settings: dict[str, tuple[int, ...]] = {}
        async with asyncio.timeout(ANSWER_S):
            await self._client.write_gatt_char(polar.CONTROL_UUID, request, response=True)
            while True:
                answer = await self._answers.get()
                if (answer.op, answer.kind) != (asked.op, asked.kind):
                    continue
                settings |= answer.settings
                if not answer.more:
                    return replace(answer, settings=settings)

    def _on_control(self, sender: object, data: bytearray) -> None:
        self._on_answer(sender, data)
        self._answers.put_nowait(polar.decode_answer(bytes(data)))


def kinds(*, ecg: bool, acceleration: bool) -> Sequence[polar.Kind]:
    """What was asked for, the heavier stream last."""
    wanted: tuple[tuple[polar.Kind, bool], ...] = (("acc", acceleration), ("ecg", ecg))
    return [kind for kind, is_wanted in wanted if is_wanted]
