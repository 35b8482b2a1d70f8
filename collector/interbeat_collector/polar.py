"""Polar's measurement data service (ECG and acceleration): bytes <-> requests, answers, frames.

Nothing a device sends makes a decoder raise: what could not be read is named in `problem`, the
rest is used. Layout after Polar's "online measurement" document; the delta frames after the
parser in polarofficial/polar-ble-sdk, whose test frames are tests here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack, unpack_from
from typing import Literal

import numpy as np

SERVICE_UUID = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL_UUID = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
"""Read: the features. Write: requests. Indicates: their answers."""
DATA_UUID = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
"""Notifies: frames."""

Kind = Literal["ecg", "acc"]
Op = Literal["settings", "start", "stop"]
Settings = Mapping[str, Sequence[int]]
"""What a strap offers or was asked for: `rate_hz`, `resolution_bits`, `range_g`, ..."""

ECG_SETTINGS: Settings = {"rate_hz": (130,), "resolution_bits": (14,)}
ACC_SETTINGS: Settings = {
    "rate_hz": (25, 50, 100, 200),
    "resolution_bits": (16,),
    "range_g": (2, 4, 8),
}
"""What an H10 offers."""
ECG_SAMPLES_IN_FRAME = 73
"""As many as an H10 sends in one frame of 229 bytes."""
ALREADY_IN_STATE = 6

_TYPE_IDS: dict[Kind, int] = {"ecg": 0, "acc": 2}
_KINDS: dict[int, Kind] = {number: kind for kind, number in _TYPE_IDS.items()}
_OP_IDS: dict[Op, int] = {"settings": 1, "start": 2, "stop": 3}
_OPS: dict[int, Op] = {number: op for op, number in _OP_IDS.items()}
_STATUS_WORDS = (
    "ok",
    "unknown request",
    "unknown measurement",
    "not supported",
    "wrong length",
    "wrong parameter",
    "already in that state",
    "wrong resolution",
    "wrong rate",
    "wrong range",
    "packets too short for it",
    "wrong number of channels",
    "not possible in its state",
    "in the charger",
    "memory full",
)
# Number, name and size of each setting; the factor is a float32 and stands apart.
_SETTINGS = {
    0: ("rate_hz", 2),
    1: ("resolution_bits", 2),
    2: ("range_g", 2),
    3: ("range_milli", 4),
    4: ("channels", 1),
}
_SETTING_IDS = {name: (number, size) for number, (name, size) in _SETTINGS.items()}
_FACTOR, _FACTOR_SIZE = 5, 4
_WANTED = {
    "ecg": {"rate_hz": 130, "resolution_bits": 14},
    "acc": {"rate_hz": 50, "resolution_bits": 16, "range_g": 4},
}
_FEATURES_MARK = 0x0F
_ANSWER_MARK = 0xF0
_COMPRESSED = 0x80
_HEAD_BYTES = 10
_ACC_WIDTHS = {0: 1, 1: 2, 2: 3}
"""Bytes of one value of an acceleration frame, by frame type."""
_WIDEST_DELTA_BITS = 32


@dataclass(frozen=True, slots=True)
class Features:
    """What a strap can measure."""

    kinds: frozenset[Kind]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a program asks of a strap (read by virtual straps)."""

    op: Op | None
    kind: Kind | None
    settings: dict[str, tuple[int, ...]] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a strap answers to a request."""

    op: Op | None
    kind: Kind | None
    status: int | None
    settings: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Offered (after `settings`) or chosen (after `start`)."""
    factor: float | None = None
    """What compressed acceleration must be multiplied with; None: not sent."""
    more: bool = False
    """Another answer follows with the rest of the settings."""
    problem: str = ""

    @property
    def succeeded(self) -> bool:
        """True also when the strap already was in the wanted state."""
        return self.status in (0, ALREADY_IN_STATE)

    @property
    def status_word(self) -> str:
        if self.status is None:
            return "no status"
        known = self.status < len(_STATUS_WORDS)
        return _STATUS_WORDS[self.status] if known else f"status {self.status}"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Some samples in a row."""

    kind: Kind | None
    """None: a measurement that interbeat does not record."""
    stamp_ns: int | None
    """Strap time of the LAST sample, ns since 2000-01-01; None: the frame broke off before it."""
    samples: np.ndarray
    """ECG in µV, shape (n,); acceleration in mg, shape (n, 3)."""
    problem: str = ""


# --- requests ---


def settings_request(kind: Kind) -> bytes:
    """Ask which settings the strap offers."""
    return bytes([_OP_IDS["settings"], _TYPE_IDS[kind]])


def start_request(kind: Kind, offered: Settings | None = None, **wanted: int) -> bytes:
    """Start a measurement with the offered settings nearest to the wanted ones.

    Nothing offered: those of an H10. `wanted` overrides the usual choice: ECG at 130 Hz and
    14 bits, acceleration at 50 Hz, 16 bits and 4 g.
    """
    if not offered:
        offered = ECG_SETTINGS if kind == "ecg" else ACC_SETTINGS
    usual = _WANTED[kind] | wanted
    chosen = {
        name: (_nearest(values, usual.get(name, max(values))),)
        for name, values in offered.items()
        if values
    }
    return bytes([_OP_IDS["start"], _TYPE_IDS[kind]]) + _encode_settings(chosen)


def stop_request(kind: Kind) -> bytes:
    """End a measurement; a strap that is not told measures until its battery is empty."""
    return bytes([_OP_IDS["stop"], _TYPE_IDS[kind]])


def decode_request(data: bytes) -> Request:
    """Read what a program wrote to the control point."""
    if len(data) < 2:
        return Request(None, None, problem=f"The request breaks off: {len(data)} of 2 bytes.")
    op, kind = _OPS.get(data[0]), _KINDS.get(data[1])
    settings, _, problem = _decode_settings(data[2:])
    if op is None:
        problem = f"Unknown request 0x{data[0]:02x}."
    elif kind is None:
        problem = f"Unknown measurement 0x{data[1]:02x}."
    return Request(op, kind, settings, problem)


def _nearest(values: Sequence[int], wanted: int) -> int:
    return min(values, key=lambda value: (abs(value - wanted), value))


# --- features and answers ---


def decode_features(data: bytes) -> Features:
    """Read the value of the control point."""
    if len(data) < 2 or data[0] != _FEATURES_MARK:
        return Features(frozenset(), f"These are no features: {_hex(data)}.")
    return Features(frozenset(kind for kind, bit in _TYPE_IDS.items() if data[1] >> bit & 1))


def encode_features(kinds: Iterable[Kind]) -> bytes:
    """Write the value of the control point; an H10 says 0f 05 and zeros."""
    mask = sum(1 << _TYPE_IDS[kind] for kind in set(kinds))
    return bytes([_FEATURES_MARK, mask]) + bytes(15)


def decode_answer(data: bytes) -> Answer:
    """Read an indication of the control point."""
    if data[:1] != bytes([_ANSWER_MARK]):
        return Answer(None, None, None, problem=f"This is no answer: {_hex(data)}.")
    if len(data) < 4:
        problem = f"The answer breaks off: {len(data)} of 4 bytes."
        return Answer(None, None, None, problem=problem)
    op, kind, status = _OPS.get(data[1]), _KINDS.get(data[2]), data[3]
    if status != 0:
        return Answer(op, kind, status)
    settings, factor, problem = _decode_settings(data[5:])
    return Answer(op, kind, status, settings, factor, any(data[4:5]), problem)


def encode_answer(
    op: int,
    measurement: int,
    status: int = 0,
    *,
    settings: Settings | None = None,
    factor: float | None = None,
    more: bool = False,
) -> bytes:
    """Answer a request; `op` and `measurement` are its first two bytes, known to us or not."""
    head = bytes([_ANSWER_MARK, op, measurement, status, more])
    tail = b"" if factor is None else bytes([_FACTOR, 1]) + pack("<f", factor)
    return head + _encode_settings(settings or {}) + tail


def _decode_settings(
    data: bytes,
) -> tuple[dict[str, tuple[int, ...]], float | None, str]:
    """Read number, count and values until the bytes end."""
    settings: dict[str, tuple[int, ...]] = {}
    factor: float | None = None
    at = 0
    while at < len(data):
        number = data[at]
        if number != _FACTOR and number not in _SETTINGS:
            return settings, factor, f"Unknown setting 0x{number:02x}: the rest was not read."
        name, size = _SETTINGS.get(number, ("factor", _FACTOR_SIZE))
        count = data[at + 1] if at + 1 < len(data) else 0
        end = at + 2 + count * size
        if end > len(data):
            return settings, factor, f"The setting {name} breaks off: {len(data)} of {end} bytes."
        if number != _FACTOR:
            starts = range(at + 2, end, size)
            settings[name] = tuple(int.from_bytes(data[i : i + size], "little") for i in starts)
        elif count:
            factor = unpack_from("<f", data, at + 2)[0]
        at = end
    return settings, factor, ""


def _encode_settings(settings: Settings) -> bytes:
    encoded = b""
    for name, values in sorted(settings.items(), key=lambda item: _SETTING_IDS[item[0]]):
        number, size = _SETTING_IDS[name]
        encoded += bytes([number, len(values)])
        encoded += b"".join(value.to_bytes(size, "little") for value in values)
    return encoded


# --- frames ---


def frame_kind(data: bytes) -> Kind | None:
    """What a frame holds, without its samples."""
    return _KINDS.get(data[0]) if data else None


def decode_frame(data: bytes, *, factor: float | None = None) -> Frame:
    """Read a frame; `factor` is that of the answer to the start of compressed acceleration."""
    kind = frame_kind(data)
    if len(data) < _HEAD_BYTES:
        problem = f"The frame breaks off: {len(data)} of {_HEAD_BYTES} bytes."
        return Frame(kind, None, _no_samples(kind), problem)
    stamp_ns = int.from_bytes(data[1:9], "little")
    if kind is None:
        problem = f"Unknown measurement 0x{data[0]:02x}."
        return Frame(None, stamp_ns, _no_samples(None), problem)
    frame_type, body = data[9], data[_HEAD_BYTES:]
    if kind == "ecg" and frame_type == 0:
        samples, problem = _values(body, 3, 1)
        return Frame(kind, stamp_ns, samples[:, 0], problem)
    if kind == "acc" and frame_type in _ACC_WIDTHS:
        return Frame(kind, stamp_ns, *_values(body, _ACC_WIDTHS[frame_type], 3))
    if kind == "acc" and frame_type in (_COMPRESSED, _COMPRESSED | 1):
        return Frame(kind, stamp_ns, *_scaled_deltas(body, frame_type, factor))
    problem = f"Unknown frame type 0x{frame_type:02x} of {kind}."
    return Frame(kind, stamp_ns, _no_samples(kind), problem)


def encode_frame(kind: Kind, stamp_ns: int, samples: np.ndarray) -> bytes:
    """Write a frame as an H10 does: ECG in 3 bytes, acceleration in 2 bytes a value."""
    size, frame_type = (3, 0) if kind == "ecg" else (2, 1)
    values = np.asarray(samples, np.int64).ravel()
    limit = 1 << (8 * size - 1)
    if np.any((values < -limit) | (values >= limit)):
        raise ValueError(f"a sample does not fit a {kind} frame: give {-limit} to {limit - 1}")
    body: bytes = values.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :size].tobytes()
    return _frame_head(kind, stamp_ns, frame_type) + body


def encode_compressed(stamp_ns: int, samples: np.ndarray) -> bytes:
    """Write acceleration of shape (n, 3) as one delta frame, as a Verity Sense does."""
    values = np.asarray(samples, np.int64)
    body = pack("<3h", *values[0].tolist())
    steps: list[int] = np.diff(values, axis=0).ravel().tolist()
    if steps:
        bits = 1 + max((step if step >= 0 else ~step).bit_length() for step in steps)
        flags = [step >> bit & 1 for step in steps for bit in range(bits)]
        body += bytes([bits, len(steps) // 3]) + np.packbits(flags, bitorder="little").tobytes()
    return _frame_head("acc", stamp_ns, _COMPRESSED | 1) + body


def _frame_head(kind: Kind, stamp_ns: int, frame_type: int) -> bytes:
    return bytes([_TYPE_IDS[kind]]) + stamp_ns.to_bytes(8, "little") + bytes([frame_type])


def _no_samples(kind: Kind | None) -> np.ndarray:
    return np.empty((0, 3) if kind == "acc" else 0, np.int64)


def _values(body: bytes, size: int, channels: int) -> tuple[np.ndarray, str]:
    """Signed little-endian values of `size` bytes, shape (n, channels)."""
    count, left = divmod(len(body), size * channels)
    digits = np.frombuffer(body, np.uint8, count * channels * size).reshape(-1, channels, size)
    sign = 1 << (8 * size - 1)
    values = (digits @ (1 << 8 * np.arange(size, dtype=np.int64)) ^ sign) - sign
    return values, f"The last sample is cut: {left} bytes were dropped." if left else ""


def _scaled_deltas(body: bytes, frame_type: int, factor: float | None) -> tuple[np.ndarray, str]:
    samples, problem = _deltas(body)
    if frame_type == _COMPRESSED:
        # This type counts in units of the factor, which is in g.
        if factor is None:
            return _no_samples("acc"), "Compressed acceleration of type 0 needs its factor."
        return samples * (1000 * factor), problem
    return (samples if factor in (None, 1.0) else samples * factor), problem


def _deltas(body: bytes) -> tuple[np.ndarray, str]:
    """A first sample in full, then blocks of differences: bits, count, packed values."""
    first, _ = _values(body[:6], 2, 3)
    if not len(first):
        return _no_samples("acc"), f"The first sample breaks off: {len(body)} of 6 bytes."
    steps, at, problem = [first], 6, ""
    while at < len(body):
        bits = body[at]
        count = body[at + 1] if at + 1 < len(body) else 0
        end = at + 2 + (3 * bits * count + 7) // 8
        if not count or not 1 <= bits <= _WIDEST_DELTA_BITS:
            problem = f"A delta block of {count} samples of {bits} bits: the rest was not read."
            break
        if end > len(body):
            problem = f"A delta block breaks off: {len(body)} of {end} bytes."
            break
        steps.append(_unpacked(body[at + 2 : end], bits, count))
        at = end
    return np.concatenate(steps).cumsum(axis=0), problem


def _unpacked(packed: bytes, bits: int, count: int) -> np.ndarray:
    """Signed values of `bits` bits, least significant bit first, shape (count, 3)."""
    flags = np.unpackbits(
        np.frombuffer(packed, np.uint8), count=3 * bits * count, bitorder="little"
    )
    sign = 1 << (bits - 1)
    values = flags.reshape(-1, 3, bits) @ (1 << np.arange(bits, dtype=np.int64))
    return (values ^ sign) - sign


def _hex(data: bytes) -> str:
    return data[:20].hex(" ") or "nothing"
