"""Speaking turns of other programs: the same talk in every format, and mistakes by their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from interbeat_collector.speech_file import SpeechFileError, read_speech

TURNS = [(0.5, 4.25), (10.0, 12.5)]

CSV = "start_s,end_s\n0.5,4.25\n10,12.5\n"

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 20
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "Ana"
        xmin = 0
        xmax = 20
        intervals: size = 5
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 4.25
            text = "so ""well"" 12 ! "
        intervals [3]:
            xmin = 4.25
            xmax = 10
            text = "silent"
        intervals [4]:
            xmin = 10
            xmax = 12.5
            text = "two
lines"
        intervals [5]:
            xmin = 12.5
            xmax = 20
            text = " "
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 20
        points: size = 1
        points [1]:
            number = 3
            mark = "click"
    item [3]:
        class = "IntervalTier"
        name = "Ben"
        xmin = 0
        xmax = 20
        intervals: size = 1
        intervals [1]:
            xmin = 4.5
            xmax = 9
            text = "yes"
"""

SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
20
<exists>
1
"IntervalTier"
"Ana"
0
20
5
0
0.5
""
0.5
4.25
"so"
4.25
10
""
10
12.5
"två"
12.5
20
""
"""

EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" FORMAT="3.0" VERSION="3.0">
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="10000"/>
        <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="12500"/>
        <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="500"/>
        <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="4250"/>
        <TIME_SLOT TIME_SLOT_ID="ts5"/>
    </TIME_ORDER>
    <TIER TIER_ID="Ana" LINGUISTIC_TYPE_REF="default">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
                <ANNOTATION_VALUE></ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
                <ANNOTATION_VALUE>so &amp; so</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts4" TIME_SLOT_REF2="ts1">
                <ANNOTATION_VALUE>silence</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER TIER_ID="words" PARENT_REF="Ana" LINGUISTIC_TYPE_REF="default">
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a1">
                <ANNOTATION_VALUE>word</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
    </TIER>
</ANNOTATION_DOCUMENT>
"""


def written(tmp_path: Path, name: str, text: str, encoding: str = "utf-8") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize(
    ("name", "tier", "text", "encoding"),
    [
        ("talk.csv", "", CSV, "utf-8"),
        ("talk.csv", "", CSV.replace(",", ";").replace("\n", "\r\n"), "utf-8-sig"),
        ("talk.txt", "", '# Ana\n"start_s"\t"end_s"\tlabel\n0.5\t4.25\thm\n\n10\t12.5\n', "utf-8"),
        ("talk.TextGrid", "#Ana", LONG, "utf-8"),
        ("talk.TextGrid", "#Ana", LONG, "utf-16"),
        ("talk.textgrid", "", SHORT, "utf-16"),
        ("talk.TextGrid", "#Ana", SHORT, "utf-8"),
        ("talk.eaf", "", EAF, "utf-8"),
        ("talk.eaf", "#Ana", EAF.replace("UTF-8", "UTF-16"), "utf-16"),
    ],
)
def test_every_format_tells_the_same_talk(
    tmp_path: Path, name: str, tier: str, text: str, encoding: str
) -> None:
    assert read_speech(written(tmp_path, name, text, encoding) + tier, 12.5) == TURNS


def test_the_other_speaker_is_another_tier(tmp_path: Path) -> None:
    assert read_speech(written(tmp_path, "talk.TextGrid", LONG) + "#Ben") == [(4.5, 9.0)]


def test_a_file_whose_name_has_a_hash_is_still_a_file(tmp_path: Path) -> None:
    assert read_speech(written(tmp_path, "talk#2.csv", CSV)) == TURNS


def test_nobody_speaks_in_a_table_without_rows(tmp_path: Path) -> None:
    assert read_speech(written(tmp_path, "talk.csv", "start_s,end_s\n")) == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "start_s,end_s\n5,6\n1,2\n", "line 3: '1,2' begins before the interval above it"),
        ("t.csv", "start_s,end_s\n1,3\n2,4\n", "line 3: '2,4' overlaps the interval above it (to"),
        ("t.csv", "start_s,end_s\n\n1,13\n", "line 3: '1,13' ends after the session (12.5 s). Cut"),
        ("t.csv", "start_s,end_s\n3,3\n", "line 2: '3,3' ends before it begins. Write start_s"),
        ("t.csv", "start_s,end_s\n-1,3\n", "line 2: '-1,3' begins before 0 s, the start"),
        ("t.csv", "start_s;end_s\n1;x\n", "line 2: 'x' is not a number of seconds. Write it"),
        ("t.csv", "start_s;end_s\n1,5;6,5\n", "line 2: '1,5' is not a number of seconds. Write"),
        ("t.csv", "start_s,end_s\n1;2\n", "line 2: '1;2' has one column. Write start_s,end_s."),
        ("t.csv", "start_s,end_s\nnan,2\n", "line 2: 'nan' is not a number of seconds."),
        ("t.csv", "start_s,end_s\n1\n", "line 2: '1' has one column. Write start_s,end_s."),
        ("t.csv", "1,2\n", "line 1: '1,2' is not the head of the columns. Begin with a line"),
        ("t.csv", "", "line 1: '' is not the head of the columns. Begin with a line start_s,end_s"),
        ("t.TextGrid", LONG, "has several tiers: 'Ana', 'Ben'. Name one, as t.TextGrid#Ana."),
        ("t.TextGrid", SHORT[:150], "line 26: the file ends where the label of an interval must"),
        ("t.TextGrid", SHORT.replace("4.25\n10", '"x"\n10'), "line 19: 'x' stands where the start"),
        ("t.TextGrid", SHORT.replace("12.5", "13"), "line 22: '10,13' ends after the session"),
        ("t.TextGrid", LONG.replace("size = 5", "size = -5"), "-5 stands where the size of a tier"),
        ("t.TextGrid", "hello", "line 1: the file ends where the file type must be"),
        ("t.TextGrid", '"ooTextFile" "Sound"', "line 1: this is no TextGrid."),
        ("t.eaf", EAF.replace('REF2="ts4"', 'REF2="ts5"'), "line 17: time slot"),
        ("t.eaf", EAF.replace("12500", "soon"), "line 5: 'soon' is not a whole number of milli"),
        ("t.eaf", EAF.replace("12500", "9" * 400), "is not a whole number of milliseconds"),
        ("t.eaf", EAF.replace("4250", "10001"), "line 12: '10,12.5' overlaps the interval above"),
        ("t.eaf", EAF[:200], "line 5: unclosed token. Save it again in ELAN."),
        ("t.eaf", "<html></html>", "line 1: 'html' begins no ELAN document."),
        ("t.eaf", '<!DOCTYPE a [<!ENTITY b "c">]><a/>', "line 1: it declares entities"),
        (
            "t.eaf",
            "<ANNOTATION_DOCUMENT/>",
            "has no tier with intervals. Annotate one for each speaker.",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_line_and_next_step(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = written(tmp_path, name, text)
    with pytest.raises(SpeechFileError) as error:
        read_speech(path, 12.5)
    assert str(error.value).startswith(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_wrong_tier_is_told_with_the_right_ones(tmp_path: Path) -> None:
    with pytest.raises(SpeechFileError, match=r"has no tier 'Zoe': 'Ana', 'Ben'\. Name one, as"):
        read_speech(written(tmp_path, "t.TextGrid", LONG) + "#Zoe")
    with pytest.raises(SpeechFileError, match=r"is a CSV file and has no tier 'Ana'"):
        read_speech(written(tmp_path, "t.csv", CSV) + "#Ana")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpeechFileError, match=r"does not exist\. Check the name\."):
        read_speech(str(tmp_path / "none.csv"))
    with pytest.raises(SpeechFileError, match="is a folder"):
        read_speech(str(tmp_path))
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG\xff\x00")
    with pytest.raises(SpeechFileError, match=r"is not text \(UTF-8 or UTF-16\)"):
        read_speech(str(tmp_path / "photo.csv"))
