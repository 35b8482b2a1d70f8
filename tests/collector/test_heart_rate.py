"""Heart Rate Measurement: every packet can be read, every measurement comes back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from interbeat_collector.heart_rate import HeartRateMeasurement, decode, encode

UINT16 = st.integers(0, 0xFFFF)


def fixed_size(flags: int) -> int:
    """Bytes before the RR intervals."""
    return 2 + (flags & 0x01) + 2 * (flags >> 3 & 0x01)


@pytest.mark.parametrize("flags", range(256))
def test_any_flags_with_any_length_yield_what_can_be_read(flags: int) -> None:
    payload = bytes(range(1, 248))
    for size in range(248):
        data = (bytes([flags]) + payload)[:size]
        seen = decode(data)
        fixed = fixed_size(flags)
        left = max(0, size - fixed)
        has_rr = bool(flags & 0x10)
        cut = size < fixed
        assert len(seen.rr_ticks) == (left // 2 if has_rr else 0)
        assert (seen.hr_bpm is None) == (size < 2 + (flags & 0x01))
        assert (seen.energy_kj is None) == (not flags & 0x08 or cut)
        assert bool(seen.problem) == (cut or bool(left % 2 if has_rr else left))
        assert all(
            rr == payload[fixed - 1 + 2 * i] + 256 * payload[fixed + 2 * i]
            for i, rr in enumerate(seen.rr_ticks)
        )


@settings(deadline=None, max_examples=500)
@given(flags=st.integers(0, 255), body=st.binary(max_size=246))
def test_any_bytes_are_read_as_the_slow_decoder_reads_them(flags: int, body: bytes) -> None:
    for data in (bytes([flags]) + body, body):
        seen = decode(data)
        hr_bpm, rr_ticks, contact, energy_kj, sound = naive.heart_rate_packet(data)
        assert seen.hr_bpm == hr_bpm
        assert seen.rr_ticks == tuple(rr_ticks)
        assert seen.contact is contact
        assert seen.energy_kj == energy_kj
        assert (seen.problem == "") is sound


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_a_radio_hands_over_is_read_whatever_its_type(kind: type) -> None:
    data = bytes.fromhex("1f 48 00 e8 03 00 04")
    assert decode(kind(data)) == decode(data)


@settings(deadline=None)
@given(
    hr_bpm=UINT16,
    rr_ticks=st.lists(UINT16, max_size=121).map(tuple),
    contact=st.none() | st.booleans(),
    energy_kj=st.none() | UINT16,
    wide_rate=st.booleans(),
)
def test_decode_reads_back_what_encode_wrote(
    hr_bpm: int,
    rr_ticks: tuple[int, ...],
    contact: bool | None,
    energy_kj: int | None,
    wide_rate: bool,
) -> None:
    measurement = HeartRateMeasurement(hr_bpm, rr_ticks, contact, energy_kj)
    assert decode(encode(measurement, wide_rate=wide_rate)) == measurement


@settings(deadline=None)
@given(
    contact=st.sampled_from([0x00, 0x04, 0x06]),
    energy=st.sampled_from([0x00, 0x08]),
    wide=st.booleans(),
    rr=st.lists(UINT16, max_size=9),
    body=st.binary(min_size=4, max_size=4),
)
def test_encode_restores_a_sound_packet_byte_for_byte(
    contact: int, energy: int, wide: bool, rr: list[int], body: bytes
) -> None:
    flags = contact | energy | (0x01 if wide else 0) | (0x10 if rr else 0)
    fixed = body[: fixed_size(flags) - 1]
    data = bytes([flags]) + fixed + b"".join(ticks.to_bytes(2, "little") for ticks in rr)
    assert encode(decode(data), wide_rate=wide) == data


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        ("00 48", HeartRateMeasurement(72, ())),
        ("10 3c 00 04", HeartRateMeasurement(60, (1024,))),
        ("16 4b 20 03 33 03", HeartRateMeasurement(75, (800, 819), contact=True)),
        ("14 4b 20 03", HeartRateMeasurement(75, (800,), contact=False)),
        ("04 00", HeartRateMeasurement(0, (), contact=False)),
        ("02 48", HeartRateMeasurement(72, (), contact=None)),
        ("01 2c 01", HeartRateMeasurement(300, ())),
        ("1f 48 00 e8 03 00 04", HeartRateMeasurement(72, (1024,), True, 1000)),
    ],
)
def test_known_packets(packet: str, expected: HeartRateMeasurement) -> None:
    assert decode(bytes.fromhex(packet)) == expected


def test_energy_is_never_read_as_an_interval() -> None:
    assert decode(bytes.fromhex("18 48 10 27 00 04")).rr_ticks == (1024,)


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        ("", "empty"),
        ("16", "1 of 2 bytes for flags 0x16"),
        ("09 48 00 01", "4 of 5 bytes for flags 0x09"),
        ("10 48 00 04 55", "one odd byte was dropped"),
        ("00 48 00 04", "2 that the flags 0x00 do not announce"),
    ],
)
def test_a_problem_says_what_was_missing_or_left_over(packet: str, words: str) -> None:
    assert words in decode(bytes.fromhex(packet)).problem


def test_an_announced_but_empty_list_of_intervals_is_sound() -> None:
    assert decode(bytes.fromhex("10 48")) == HeartRateMeasurement(72, ())


@pytest.mark.parametrize(
    ("measurement", "name"),
    [
        (HeartRateMeasurement(None, ()), "hr_bpm None"),
        (HeartRateMeasurement(-1, ()), "hr_bpm -1"),
        (HeartRateMeasurement(60, (70_000,)), "rr_ticks 70000"),
        (HeartRateMeasurement(60, (), energy_kj=65_536), "energy_kj 65536"),
    ],
)
def test_what_no_packet_can_hold_is_refused(measurement: HeartRateMeasurement, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} does not fit a packet: give 0 to 65535$"):
        encode(measurement)
