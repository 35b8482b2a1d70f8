"""What is kept of straps between sessions, in `straps.json` in the data folder.

Whose strap is whose, and how much later one strap of a pair reports than the other. A file that
cannot be read counts as empty: a session must be possible all the same.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from interbeat_collector.clock import utc_now
from interbeat_collector.events import PARTNERS, Partner

logger = logging.getLogger(__name__)

FILE = "straps.json"
VIRTUAL_FILE = "virtual-straps.json"


class StrapBookError(OSError):
    """The book cannot be written; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class KnownStrap:
    """A strap as it is recognised in a later session."""

    id: str
    name: str
    model: str
    serial: str = ""
    """What the strap says of itself; the id is another one on another computer with macOS."""

    def is_same(self, other: KnownStrap) -> bool:
        if self.serial and other.serial:
            return (self.serial, self.model) == (other.serial, other.model)
        return self.id == other.id


@dataclass(frozen=True, slots=True)
class PairOffset:
    """How much later strap b reports a beat than strap a, measured on one heart."""

    a: KnownStrap
    b: KnownStrap
    offset_s: float
    sigma_s: float
    matched: int
    """Beats that both straps reported."""
    measured_utc: str

    def seen_from(self, a: KnownStrap, b: KnownStrap) -> PairOffset | None:
        """The same for the straps in this order; None when it is about others."""
        if self.a.is_same(a) and self.b.is_same(b):
            return self
        if self.a.is_same(b) and self.b.is_same(a):
            return PairOffset(a, b, -self.offset_s, self.sigma_s, self.matched, self.measured_utc)
        return None


class StrapBook:
    """Reads and writes the book of one data folder.

    Straps that are made up have a book of their own: trying the pages must not forget real ones.
    """

    def __init__(self, folder: Path, *, virtual: bool = False) -> None:
        self._path = folder / (VIRTUAL_FILE if virtual else FILE)

    def remembered(self) -> dict[Partner, KnownStrap]:
        """The straps of the last session."""
        found: dict[Partner, KnownStrap] = {}
        straps = self._read().get("straps", {})
        for p in PARTNERS:
            with suppress(TypeError, KeyError):
                found[p] = KnownStrap(**straps[p])
        return found

    def labels(self) -> dict[Partner, str] | None:
        """The names of the last session with straps."""
        labels = self._read().get("labels", {})
        with suppress(TypeError, KeyError):
            return {p: str(labels[p]) for p in PARTNERS}
        return None

    def remember(self, straps: Mapping[Partner, KnownStrap], labels: Mapping[Partner, str]) -> None:
        self._write({"straps": {p: asdict(straps[p]) for p in PARTNERS}, "labels": dict(labels)})

    def offsets(self) -> list[PairOffset]:
        """Every calibration, the newest first."""
        found = []
        entries = self._read().get("offsets")
        for entry in entries if isinstance(entries, list) else []:
            with suppress(TypeError, KeyError):
                straps = {p: KnownStrap(**entry[p]) for p in PARTNERS}
                found.append(PairOffset(**{**entry, **straps}))
        return sorted(found, key=lambda offset: offset.measured_utc, reverse=True)

    def offset(self, a: KnownStrap, b: KnownStrap) -> PairOffset | None:
        """The newest calibration of these two straps, whichever way round it was made."""
        seen = (offset.seen_from(a, b) for offset in self.offsets())
        return next((offset for offset in seen if offset is not None), None)

    def keep(self, offset: PairOffset) -> None:
        """Store a calibration in the place of an earlier one of the same straps."""
        others = [o for o in self.offsets() if o.seen_from(offset.a, offset.b) is None]
        self._write({"offsets": [asdict(o) for o in [offset, *others]]})

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            logger.warning("%s cannot be read and counts as empty: %s", self._path, error)
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, changes: Mapping[str, Any]) -> None:
        text = json.dumps({**self._read(), **changes}, indent=1, allow_nan=False)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(
                "w",
                dir=self._path.parent,
                prefix=f".{self._path.name}.",
                delete=False,
                encoding="utf-8",
            ) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(self._path)
        except OSError as error:
            raise StrapBookError(
                f"{self._path} cannot be written: {error.strerror or error}. "
                "Choose another folder with --data-dir or INTERBEAT_DATA."
            ) from error


def measured(a: KnownStrap, b: KnownStrap, offset_s: float, sigma_s: float, n: int) -> PairOffset:
    """A calibration that was made just now."""
    return PairOffset(a, b, offset_s, sigma_s, n, utc_now())
