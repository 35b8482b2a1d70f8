"""interbeat bench-strap: a virtual strap on a spare Bluetooth dongle."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import Verbs, add_verb, between, named, whole
from .errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable


def run_bench_strap(options: argparse.Namespace) -> int:
    """Be a virtual strap on a spare Bluetooth dongle, to test a real radio without a body."""
    try:
        from interbeat_collector.bench_controller import BenchStrapError
        from interbeat_collector.bench_strap import wear
        from interbeat_collector.bumble_strap import Making
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "bumble":
            raise
        raise UserError(
            "bench-strap needs Bumble, which is not installed: pip install 'interbeat[bumble]'"
        ) from None
    making = Making(
        name=options.name or f"Bench strap {options.seed}",
        measures=("ecg", "acc") if options.ecg else (),
        drift_ppm=options.drift_ppm,
        loss=options.loss,
    )

    async def wear_it() -> None:
        work = wear(
            options.transport,
            making,
            _heart(options),
            seed=options.seed,
            log=Path(options.log) if options.log else None,
            say=lambda text: print(text, flush=True),
        )
        with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C is how it is meant to end.
            await work

    try:
        asyncio.run(wear_it())
    except BenchStrapError as error:
        raise UserError(str(error)) from error
    return 0


def _heart(options: argparse.Namespace) -> Iterable[float]:
    """Beat times of a recorded heart, or of a simulated one."""
    from itertools import accumulate

    from interbeat_collector.rr_file import read_rr
    from interbeat_collector.simulation import DyadSettings, dyad

    if options.rr:
        return accumulate(read_rr(Path(options.rr)), initial=1.0)
    return dyad(DyadSettings(seed=options.seed))["a"]


def add_bench_strap(verbs: Verbs) -> None:
    parser = add_verb(
        verbs,
        "bench-strap",
        run_bench_strap,
        "interbeat bench-strap --transport usb:0 --log truth.csv",
    )
    parser.add_argument(
        "--transport",
        required=True,
        type=named,
        metavar="WHERE",
        help="usb:0, serial:/dev/ttyACM0,1000000, tcp-client:HOST:PORT or tcp-server:HOST:PORT",
    )
    parser.add_argument("--name", type=named, help="what it is called (default: Bench strap SEED)")
    parser.add_argument(
        "--seed",
        type=whole(0, 2**32 - 1),
        default=1,
        metavar="N",
        help="which simulated heart (default 1)",
    )
    parser.add_argument("--rr", metavar="FILE", help="wear a recorded heart (RR intervals)")
    parser.add_argument(
        "--ecg", action="store_true", help="offer ECG and acceleration as a Polar H10 does"
    )
    parser.add_argument(
        "--drift-ppm",
        type=between(-1000, 1000),
        default=0.0,
        metavar="P",
        help="how much too fast its clock runs (default 0)",
    )
    parser.add_argument(
        "--loss",
        type=between(0, 0.5),
        default=0.0,
        metavar="0..0.5",
        help="share of packets that it withholds (default 0)",
    )
    parser.add_argument("--log", metavar="FILE", help="write down what was sent (CSV)")
