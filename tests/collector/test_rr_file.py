"""RR files: exact values in, or one line that says what is wrong and where."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interbeat_collector.rr_file import MAX_FILE_BYTES, RRFileError, read_rr
from interbeat_server.validation.recordings import FOLDER

RECORDINGS = FOLDER / "rr"


@pytest.fixture
def rr_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "rr.txt"
        path.write_bytes(text.encode())
        return path

    return write


WriteFile = Callable[[str], Path]


@pytest.mark.parametrize(
    "text",
    [
        "800\n812.5\n1000\n",
        "0.8\n0.8125\n1\n",
        "rr_ms\n800\n812.5\n1000\n",
        "rr_s\n0.8\n0.8125\n1.0\n",
        '"RR_ms"\r\n800\r\n812.5\r\n1e3',
        "\ufeff# a remark\n\n rr_ms \n\n800 # after the meal\n\t+812.5\n# 7\n1000.0\n\n",
    ],
)
def test_every_way_of_writing_gives_the_same_seconds(rr_file: WriteFile, text: str) -> None:
    rr_s = read_rr(rr_file(text))
    assert rr_s.dtype == np.float64
    assert rr_s.tolist() == [0.8, 0.8125, 1.0]


@settings(deadline=None)
@given(rr_s=st.lists(st.floats(0.2, 3.0), min_size=2, max_size=50), named=st.booleans())
def test_seconds_come_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, rr_s: list[float], named: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "seconds.txt"
    path.write_text("rr_s\n" * named + "\n".join(map(repr, rr_s)))
    assert read_rr(path).tolist() == rr_s


def test_milliseconds_are_divided_and_never_rounded(rr_file: WriteFile) -> None:
    source = random.Random(1)
    rr_ms = [round(source.uniform(600, 1000), 3) for _ in range(100_000)]
    assert read_rr(rr_file("\n".join(map(str, rr_ms)))).tolist() == [ms / 1000 for ms in rr_ms]


def test_a_named_unit_is_believed_over_the_median(rr_file: WriteFile) -> None:
    with pytest.raises(RRFileError, match="its median interval would be 805 s"):
        read_rr(rr_file("rr_s\n800\n810\n"))
    with pytest.raises(RRFileError, match=r"its median interval would be 0\.00081 s"):
        read_rr(rr_file("rr_ms\n0.8\n0.81\n0.82\n"))


@pytest.mark.parametrize("name", [path.name for path in sorted(RECORDINGS.glob("*min.txt"))])
def test_real_recordings_are_read_whole(name: str) -> None:
    path = RECORDINGS / name
    expected = np.loadtxt(path, comments="#", ndmin=1) / 1000
    np.testing.assert_array_equal(read_rr(path), expected)


def test_there_are_real_recordings() -> None:
    assert len(list(RECORDINGS.glob("*min.txt"))) >= 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", " is empty. Write one interval per line."),
        ("# only remarks\n\n", " has 0 of at least 2 intervals."),
        ("rr_ms\n800\n", " has 1 of at least 2 intervals."),
        ("800\nabc\n", ", line 2: 'abc' is not a number."),
        ("RR\n800\n810\n", ", line 1: 'RR' is not a number."),
        ("800\n\n# x\n1_000\n", ", line 4: '1_000' is not a number."),
        ("800\n-810\n", ", line 2: '-810' is not an interval. It must be above 0"),
        ("800\n0\n", ", line 2: '0' is not an interval."),
        ("800\nNaN\n810\n", ", line 2: 'NaN' is not an interval."),
        ("inf\n800\n810\n", ", line 1: 'inf' is not an interval."),
        ("800\n1e999\n", ", line 2: '1e999' is not an interval."),
        ("800\n30001\n810\n", ", line 2: '30001' is longer than 30 s. Split the file there."),
        ("0.8\n0.9\n30.5\n", ", line 3: '30.5' is longer than 30 s."),
        ("150\n160\n170\n", ": its median interval would be 0.16 s, it must be 0.2 to 3 s."),
        ("4\n5\n6\n", ": its median interval would be 5 s, it must be 0.2 to 3 s."),
        ("800,1.5\n810,2.3\n", ", line 1: '800,1.5' has several columns"),
        ("800\n810;7\n", ", line 2: '810;7' has several columns"),
        ("800\n810\t7\n", r", line 2: '810\t7' has several columns"),
        ("0,8\n0,9\n", ", line 1: '0,8' has several columns or a decimal comma."),
        ("time,rr_ms\n1,800\n", ", line 1: 'time,rr_ms' has several columns"),
        ("800\n\0\n", " is not plain text (UTF-8)."),
        ("800\n" + "x" * 5000, ", line 2: '" + "x" * 40 + "' is not a number."),
    ],
)
def test_what_is_wrong_is_named_with_its_line(rr_file: WriteFile, text: str, words: str) -> None:
    path = rr_file(text)
    with pytest.raises(RRFileError) as error:
        read_rr(path)
    message = str(error.value)
    assert message.startswith(str(path) + words)
    assert "\n" not in message
    assert message.endswith(".")


def test_30_seconds_are_still_an_interval(rr_file: WriteFile) -> None:
    assert read_rr(rr_file("800\n30000\n810\n")).tolist() == [0.8, 30.0, 0.81]


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\x00", b"800\n\xff\xfe\n", b"\xff\xfe8\x000\x00"]
)
def test_a_binary_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "rr.bin"
    path.write_bytes(data)
    with pytest.raises(RRFileError, match="is not plain text"):
        read_rr(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RRFileError, match=r"none\.txt does not exist\. Check the name\."):
        read_rr(tmp_path / "none.txt")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RRFileError, match="is a folder"):
        read_rr(tmp_path)


def test_a_file_that_may_not_be_read_is_named(
    rr_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rr_file("800\n810\n")

    def forbidden(*_: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(RRFileError, match=r"rr\.txt cannot be read: Permission denied\."):
        read_rr(path)


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(RRFileError, match="is larger than 50 MB"):
        read_rr(path)
