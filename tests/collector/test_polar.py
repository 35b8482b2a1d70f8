"""Polar's measurement data: every byte can be read, everything we write comes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from interbeat_collector import polar
from interbeat_collector.polar import Kind

UINT16 = st.integers(0, 0xFFFF)
STAMP_NS = st.integers(0, 2**64 - 1)
KINDS: list[Kind] = ["ecg", "acc"]
HEAD = "02 65 00 00 00 00 00 00 00"
"""An acceleration frame of strap time 101 ns, up to its frame type."""
ACC_TYPE_1 = (
    "F7 FF FF FF E7 03 F8 FF FE FF E5 03 F9 FF FF FF E5 03",
    [[-9, -1, 999], [-8, -2, 997], [-7, -1, 997]],
)
"""The first samples of a frame in the tests of polar-ble-sdk, and what they mean there."""


def rows(samples: np.ndarray) -> list[list[int]]:
    return [np.atleast_1d(sample).tolist() for sample in samples]


def test_requests_are_those_of_polars_document() -> None:
    assert polar.settings_request("ecg").hex(" ") == "01 00"
    assert polar.start_request("ecg").hex(" ") == "02 00 00 01 82 00 01 01 0e 00"
    acc = polar.start_request("acc", rate_hz=200, range_g=8)
    assert acc.hex(" ") == "02 02 00 01 c8 00 01 01 10 00 02 01 08 00"
    assert polar.stop_request("acc").hex(" ") == "03 02"


def test_a_start_asks_for_the_offered_settings_nearest_to_the_wanted() -> None:
    offered = {
        "rate_hz": (26, 52, 104),
        "resolution_bits": (16,),
        "range_g": (8,),
        "channels": (3,),
    }
    asked = polar.decode_request(polar.start_request("acc", offered))
    assert asked.settings == {
        "rate_hz": (52,),
        "resolution_bits": (16,),
        "range_g": (8,),
        "channels": (3,),
    }
    assert (asked.op, asked.kind, asked.problem) == ("start", "acc", "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_start_asks_for_what_an_h10_offers_when_the_strap_named_nothing(kind: Kind) -> None:
    assert polar.start_request(kind, {}) == polar.start_request(kind)


def test_the_features_of_an_h10() -> None:
    assert polar.decode_features(bytes.fromhex("0f 05 00")).kinds == {"ecg", "acc"}
    assert polar.decode_features(bytes.fromhex("0f 04")).kinds == {"acc"}


@given(kinds=st.sets(st.sampled_from(KINDS)))
def test_features_come_back(kinds: set[Kind]) -> None:
    assert polar.decode_features(polar.encode_features(kinds)) == polar.Features(frozenset(kinds))


@given(data=st.binary(max_size=40))
def test_features_of_any_bytes_are_read_or_have_a_problem(data: bytes) -> None:
    seen = polar.decode_features(data)
    assert (seen.problem == "") is (data[:1] == b"\x0f" and len(data) > 1)


def test_the_settings_an_h10_offers_for_acceleration() -> None:
    data = "f0 01 02 00 00 00 04 19 00 32 00 64 00 c8 00 01 01 10 00 02 03 02 00 04 00 08 00"
    seen = polar.decode_answer(bytes.fromhex(data))
    assert seen.settings == polar.ACC_SETTINGS
    assert (seen.op, seen.kind, seen.succeeded, seen.problem) == ("settings", "acc", True, "")


def test_the_answer_to_a_start_may_hold_the_factor() -> None:
    seen = polar.decode_answer(bytes.fromhex("f0 02 02 00 00 05 01 00 00 80 3f"))
    assert seen.factor == 1.0


@pytest.mark.parametrize(
    ("status", "succeeded", "word"),
    [
        (0, True, "ok"),
        (6, True, "already in that state"),
        (5, False, "wrong parameter"),
        (13, False, "in the charger"),
        (99, False, "status 99"),
    ],
)
def test_already_in_that_state_is_a_success(status: int, succeeded: bool, word: str) -> None:
    seen = polar.decode_answer(bytes([0xF0, 2, 0, status, 0]))
    assert (seen.succeeded, seen.status_word) == (succeeded, word)


@given(
    op=st.integers(0, 255),
    measurement=st.integers(0, 255),
    offered=st.dictionaries(
        st.sampled_from(["rate_hz", "resolution_bits", "range_g", "range_milli"]),
        st.lists(UINT16, max_size=9).map(tuple),
    ),
    factor=st.none() | st.floats(width=32, allow_nan=False),
    more=st.booleans(),
)
def test_answers_come_back(
    op: int,
    measurement: int,
    offered: dict[str, tuple[int, ...]],
    factor: float | None,
    more: bool,
) -> None:
    data = polar.encode_answer(op, measurement, settings=offered, factor=factor, more=more)
    seen = polar.decode_answer(data)
    assert (seen.op is not None) is (op in (1, 2, 3))
    assert (seen.kind is not None) is (measurement in (0, 2))
    assert seen == polar.Answer(seen.op, seen.kind, 0, offered, factor, more)


@settings(deadline=None, max_examples=500)
@given(
    head=st.sampled_from([b"", b"\xf0\x01\x02\x00\x00", b"\xf0\x02\x00"]),
    data=st.binary(max_size=60),
)
def test_any_answer_and_any_request_can_be_read(head: bytes, data: bytes) -> None:
    answer = polar.decode_answer(head + data)
    whole = (head + data)[:1] == b"\xf0" and len(head + data) >= 4
    assert (answer.status is None) is not whole
    assert whole or answer.problem
    request = polar.decode_request(data)
    assert request.problem or (request.op and request.kind)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "This is no answer: nothing."),
        ("0f 05", "This is no answer: 0f 05."),
        ("f0 01 02", "The answer breaks off: 3 of 4 bytes."),
        ("f0 01 02 00 00 00 04 19 00", "The setting rate_hz breaks off: 4 of 10 bytes."),
        ("f0 01 02 00 00 77 01 00", "Unknown setting 0x77: the rest was not read."),
    ],
)
def test_a_broken_answer_names_its_problem(answer: str, words: str) -> None:
    assert polar.decode_answer(bytes.fromhex(answer)).problem == words


def test_acceleration_of_polars_own_test_frame() -> None:
    data, expected = ACC_TYPE_1
    frame = polar.decode_frame(bytes.fromhex(f"{HEAD} 01 {data}"))
    assert frame.samples.tolist() == expected
    assert (frame.kind, frame.stamp_ns, frame.problem) == ("acc", 101, "")


def test_compressed_acceleration_of_polars_own_test_frames() -> None:
    frame = polar.decode_frame(bytes.fromhex(f"{HEAD} 81 F1 FF 14 00 F0 03 06 01 7B 0F 08"))
    assert frame.samples.tolist() == [[-15, 20, 1008], [-20, 17, 1008]]
    first = f"{HEAD} 80 71 07 F0 6A 9E 8D 0A 01 BE 5C BE 3A"
    frame = polar.decode_frame(bytes.fromhex(first), factor=0.001)
    assert frame.samples == pytest.approx(
        np.array([[1905, 27376, -29282], [1905 + 190, 27376 - 105, -29282 - 85]])
    )


def test_compressed_acceleration_in_units_of_a_factor_needs_it() -> None:
    frame = polar.decode_frame(bytes.fromhex(f"{HEAD} 80 71 07 F0 6A 9E 8D"))
    assert frame.samples.shape == (0, 3)
    assert "needs its factor" in frame.problem


@settings(deadline=None)
@given(stamp_ns=STAMP_NS, samples=st.lists(st.integers(-(2**23), 2**23 - 1), max_size=79))
def test_an_ecg_frame_comes_back(stamp_ns: int, samples: list[int]) -> None:
    data = polar.encode_frame("ecg", stamp_ns, np.array(samples, int))
    frame = polar.decode_frame(data)
    assert frame.samples.tolist() == samples
    assert (frame.kind, frame.stamp_ns, frame.problem) == ("ecg", stamp_ns, "")


@settings(deadline=None)
@given(
    stamp_ns=STAMP_NS,
    samples=st.lists(st.tuples(*[st.integers(-(2**15), 2**15 - 1)] * 3), min_size=1, max_size=39),
)
def test_an_acceleration_frame_comes_back_plain_and_compressed(
    stamp_ns: int, samples: list[tuple[int, int, int]]
) -> None:
    values = np.array(samples)
    for data in (
        polar.encode_frame("acc", stamp_ns, values),
        polar.encode_compressed(stamp_ns, values),
    ):
        frame = polar.decode_frame(data)
        assert frame.samples.tolist() == values.tolist()
        assert (frame.kind, frame.stamp_ns, frame.problem) == ("acc", stamp_ns, "")


def test_a_full_ecg_frame_has_the_size_of_an_h10s() -> None:
    samples = np.zeros(polar.ECG_SAMPLES_IN_FRAME)
    assert len(polar.encode_frame("ecg", 0, samples)) == 229


@pytest.mark.parametrize(("kind", "value"), [("ecg", 2**23), ("acc", -(2**15) - 1)])
def test_a_sample_that_fits_no_frame_is_refused(kind: Kind, value: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        polar.encode_frame(kind, 0, np.array([value]))


@pytest.mark.parametrize("measurement", [0, 1, 2, 3, 0xFF])
@pytest.mark.parametrize("frame_type", [0, 1, 2, 3, 0x80, 0x81, 0x82, 0xFF])
def test_a_frame_of_any_type_and_length_can_be_read(measurement: int, frame_type: int) -> None:
    payload = bytes(range(3, 240))
    for size in range(248):
        data = (bytes([measurement]) + bytes(8) + bytes([frame_type]) + payload)[:size]
        frame = polar.decode_frame(data)
        assert frame.samples.shape[1:] == ((3,) if frame.kind == "acc" else ())
        assert (frame.stamp_ns is None) is (size < 10)
        assert frame.problem or len(frame.samples) or size == 10
        if frame_type != 0x80:
            assert rows(frame.samples) == naive.polar_samples(data)


@settings(deadline=None, max_examples=500)
@given(
    head=st.sampled_from([(0, 0), (2, 0), (2, 1), (2, 2), (2, 0x81)]),
    body=st.binary(max_size=237),
)
def test_any_frame_is_read_as_the_slow_decoder_reads_it(head: tuple[int, int], body: bytes) -> None:
    data = bytes([head[0]]) + bytes(8) + bytes([head[1]]) + body
    assert rows(polar.decode_frame(data).samples) == naive.polar_samples(data)


@settings(deadline=None, max_examples=300)
@given(
    first=st.binary(min_size=6, max_size=6),
    blocks=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 12), st.binary(max_size=150)), max_size=4
    ),
)
def test_delta_blocks_of_any_width_are_read_as_the_slow_decoder_reads_them(
    first: bytes, blocks: list[tuple[int, int, bytes]]
) -> None:
    body = first
    for bits, count, packed in blocks:
        size = -(-3 * bits * count // 8)
        body += bytes([bits, count]) + packed[:size].ljust(size, b"\xa5")
    data = b"\x02" + bytes(8) + b"\x81" + body
    assert polar.decode_frame(data).samples.tolist() == naive.polar_samples(data)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("", "The frame breaks off: 0 of 10 bytes."),
        ("00 01", "The frame breaks off: 2 of 10 bytes."),
        ("01 00 00 00 00 00 00 00 00 00", "Unknown measurement 0x01."),
        ("00 00 00 00 00 00 00 00 00 01", "Unknown frame type 0x01 of ecg."),
        ("00 00 00 00 00 00 00 00 00 00 01 02 03 04", "The last sample is cut: 1 bytes"),
        (f"{HEAD} 81 01 02", "The first sample breaks off: 2 of 6 bytes."),
        (f"{HEAD} 81 00 00 00 00 00 00 06 02 01", "A delta block breaks off: 9 of 13 bytes."),
        (f"{HEAD} 81 00 00 00 00 00 00 00 02 01", "A delta block of 2 samples of 0 bits"),
    ],
)
def test_a_broken_frame_names_its_problem(frame: str, words: str) -> None:
    assert polar.decode_frame(bytes.fromhex(frame)).problem.startswith(words)
