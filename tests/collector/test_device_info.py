"""Battery and texts of a strap: plain values, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interbeat_collector.device_info import (
    TEXT_UUIDS,
    decode_battery,
    decode_text,
    encode_battery,
)


@given(percent=st.integers(0, 100))
def test_a_battery_level_comes_back(percent: int) -> None:
    assert decode_battery(encode_battery(percent)) == percent


@pytest.mark.parametrize("data", ["", "65", "ff"])
def test_what_is_no_percentage_is_no_battery_level(data: str) -> None:
    assert decode_battery(bytes.fromhex(data)) is None


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_battery_beyond_its_limits_is_refused(percent: int) -> None:
    with pytest.raises(ValueError, match="give 0 to 100"):
        encode_battery(percent)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Polar Electro Oy\0", "Polar Electro Oy"),
        (b"3.1.1\0\0garbage", "3.1.1"),
        (b" H10 \r\n", "H10"),
        ("Größe".encode(), "Größe"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_a_text_ends_at_its_first_zero_and_fits_a_line(data: bytes, text: str) -> None:
    assert decode_text(data) == text


@given(data=st.binary())
def test_any_bytes_are_a_printable_text(data: bytes) -> None:
    assert decode_text(data).isprintable()


def test_every_text_has_a_characteristic_of_its_own() -> None:
    assert len(set(TEXT_UUIDS.values())) == len(TEXT_UUIDS) == 6
