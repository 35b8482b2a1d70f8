"""A virtual strap on a spare Bluetooth dongle: a real radio can be tested without a body."""

from __future__ import annotations

import asyncio
import csv
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from bumble.transport.common import Transport

from .bench_controller import GUIDE, BenchStrapError, controller
from .bumble_strap import BumbleStrap, Making, SentBeat
from .clock import Clock, SessionClock, utc_now

ANSWER_S = 10.0
REPORT_EVERY_S = 10.0

Say = Callable[[str], None]


async def wear(
    transport: str,
    making: Making,
    beat_t_s: Iterable[float],
    *,
    seed: int,
    log: Path | None,
    say: Say,
) -> None:
    """Be a strap until the heart ends or this is cancelled; leave everything in order."""
    # Bumble warns of packets that were under way when a connection ended: nothing to act upon.
    logging.getLogger("bumble").setLevel(logging.ERROR)
    counts: dict[str, int] = {"sent": 0, "lost": 0, "unheard": 0}
    async with controller(transport, say) as hci:
        with _truth(log, making) as write:

            def sent(row: SentBeat) -> None:
                counts[row.fate] += 1
                write(row)

            def tell(text: str) -> None:
                say(f"{clock.now_s():8.1f} s  {text}")

            clock = SessionClock()
            strap = BumbleStrap(making, beat_t_s, clock, seed=seed, sent=sent, tell=tell)
            await _power_on(strap, hci, transport)
            say(f"{making.name}, address {making.address}, advertises on {transport}.")
            try:
                await _beat(strap, hci, clock, counts, say)
                say("The heart has ended.")
            finally:
                if not hci.source.terminated.done():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(ANSWER_S):
                            await strap.power_off()
                say(_summary(counts))


async def _beat(
    strap: BumbleStrap, hci: Transport, clock: Clock, counts: dict[str, int], say: Say
) -> None:
    """Run the strap until its heart ends; raises when the dongle is pulled out."""
    lost = asyncio.ensure_future(asyncio.wait([hci.source.terminated]))
    beating = asyncio.ensure_future(strap.run())
    reporting = asyncio.ensure_future(_report(clock, counts, say))
    tasks: list[asyncio.Future[Any]] = [lost, beating, reporting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            raise BenchStrapError("The dongle is gone. Plug it in and start again.")
        await beating
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _report(clock: Clock, counts: dict[str, int], say: Say) -> None:
    """Say now and then how much was sent, while something is."""
    told, due_s = 0, clock.now_s()
    while True:
        due_s += REPORT_EVERY_S
        await clock.sleep_until(due_s)
        if counts["sent"] != told:
            told = counts["sent"]
            say(f"{due_s:8.1f} s  {told} RR sent")


def _summary(counts: dict[str, int]) -> str:
    return (
        f"{counts['sent']} RR sent, {counts['lost']} withheld, "
        f"{counts['unheard']} while nobody had subscribed."
    )


async def _power_on(strap: BumbleStrap, hci: Transport, spec: str) -> None:
    try:
        async with asyncio.timeout(ANSWER_S):
            await strap.power_on(hci.source, hci.sink)
    except TimeoutError:
        raise BenchStrapError(
            f"The controller {spec!r} did not answer within {ANSWER_S:g} s. Plug it out and in "
            f"again, and make sure that it is one that speaks HCI: {GUIDE} says which."
        ) from None


@contextmanager
def _truth(path: Path | None, making: Making) -> Iterator[Callable[[SentBeat], None]]:
    """Where what was sent is written down, line by line."""
    try:
        file = path.open("w", newline="", encoding="utf-8", buffering=1) if path else None
    except OSError as error:
        raise BenchStrapError(
            f"{path} cannot be written ({error.strerror}). Name another file for --log."
        ) from error
    with file or nullcontext():
        if file is None:
            yield lambda _: None
            return
        file.write(f"# {making.name}, {making.address}, {utc_now()}\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(SentBeat._fields)
        yield lambda row: rows.writerow(
            (f"{row.sent_s:.6f}", f"{row.beat_s:.6f}", row.rr_ticks, row.fate)
        )
