"""`interbeat analyze` for two hearts: linkage, lead, settling, index, and what may not change."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from interbeat_analysis.dyad import Dyad
from interbeat_analysis.pooling import together
from interbeat_analysis.shift_null import shift_null
from interbeat_analysis.summaries import summary
from interbeat_analysis.windowed import windowed_cross_correlation
from interbeat_collector.session_file import read_session
from interbeat_collector.simulation import DyadSettings
from interbeat_server import cli
from interbeat_server.analyze import material_of
from interbeat_server.columns import rarity
from interbeat_server.people import in_header
from interbeat_server.recorded import mirrored
from interbeat_server.together import judged, on_one_grid
from interbeat_server.words import INDEX_REASONS, LINKAGE_STATES, SAYS_NOT
from written_sessions import rr_file, simulated, written

DOCS = Path(__file__).parents[2] / "docs"
TALK_S, ALONE_S = 900.0, 2320.0
COUPLE = DyadSettings(seed=5, turns="shared", mode="coregulate", gain=1.5)
ALONE = DyadSettings(seed=5, turns="shared", session=1000)
LED = DyadSettings(seed=10, turns="shared", mode="a_leads", gain=2.5)


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three talks of a couple, what they are like alone, and sessions with something amiss."""
    folder = tmp_path_factory.mktemp("talks")
    for number in range(3):
        written(folder, f"talk{number}", replace(COUPLE, session=number), TALK_S)
    written(folder, "alone", ALONE, ALONE_S)
    written(folder, "short", replace(COUPLE, session=3), 471.0)
    written(folder, "only_a", replace(COUPLE, session=4), 700.0, recorded=("a",))
    written(folder, "others", replace(COUPLE, seed=8), 700.0, labels={"a": "Cleo", "b": "Dan"})
    written(folder, "silent", replace(COUPLE, session=6), TALK_S, speech=False)
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = cli.main(["analyze", *arguments])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def analyzed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = said(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def of(talks: Path, *names: str) -> list[str]:
    return [str(talks / f"{name}.interbeat") for name in names]


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Every figure of a document by the path to it."""
    if isinstance(value, dict):
        return {
            key: each for name, part in value.items() for key, each in flat(part, f"{path}.{name}")
            .items()
        }  # fmt: skip
    if isinstance(value, list):
        return flat(dict(enumerate(value)), path)
    return {path: value}


@pytest.fixture(scope="module")
def led(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Beats of a couple in which a leads, as two lists that begin at the same moment."""
    folder, found = tmp_path_factory.mktemp("led"), simulated(LED, 1260.0)
    a, b = (rr_file(folder / p, np.concatenate([[0.0], found.beat_t_s[p]])) for p in ("a", "b"))
    return a, b


MIRRORED = {
    "partners.a": "partners.b", "synchrony.a_leads_z": "synchrony.b_leads_z",
    "half_decay_s.a": "half_decay_s.b", "recovery.a": "recovery.b",
    "rejected_share.a": "rejected_share.b", "breathing.a_per_min": "breathing.b_per_min",
}  # fmt: skip
TURNED = {
    "synchrony.best_lag_s", "synchrony.leadership", "linkage.lag_s", "lead.asymmetry_z",
    "lead.asymmetry", "lead.lead", "details.vagal.lag_s",
}  # fmt: skip


def exchanged(path: str) -> str:
    for one, other in MIRRORED.items():
        for here, there in ((one, other), (other, one)):
            if here in path:
                return path.replace(here, there)
    if match := re.fullmatch(r"\.linkage\.correlogram\.r\.(\d+)", path):
        return f".linkage.correlogram.r.{30 - int(match[1])}"
    return path


def test_swapping_the_files_turns_lag_and_lead_and_changes_nothing_else(
    led: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    here = analyzed(capsys, "--rr-a", led[0], "--rr-b", led[1])
    there = flat(analyzed(capsys, "--rr-a", led[1], "--rr-b", led[0]))
    assert here["lead"]["claim"] == "a"
    assert there[".lead.claim"] == "b"
    assert here["linkage"]["lag_s"] > 0
    for path, value in flat(here).items():
        if path == ".lead.claim":
            continue
        other = there[exchanged(path)]
        sign = -1 if path.lstrip(".") in TURNED else 1
        if isinstance(value, float):
            assert sign * other == pytest.approx(value, rel=1e-6, abs=1e-9), path
        else:
            assert other == value, path


@pytest.mark.parametrize("late_s", ["0", "2.25", "-4"])
def test_the_same_strap_twice_is_one_source_and_gives_no_figure(
    late_s: str, led: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = analyzed(capsys, "--rr-a", led[0], "--rr-b", led[0], f"--offset-s={late_s}")
    assert found["linkage"]["state"] == "same_source"
    assert found["linkage"]["p"] is None
    assert found["linkage"]["correlogram"] is None
    assert (found["index"]["state"], found["index"]["reason"]) == ("locked", "same_source")
    assert "same_source" in found["flags"]


def test_seven_minutes_fifty_are_not_enough(
    talks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = analyzed(capsys, *of(talks, "short"), "--reference", *of(talks, "alone"))
    assert found["linkage"]["state"] == "not_enough_data"
    assert found["linkage"]["reason"].startswith("7 min 5")
    assert found["linkage"]["reason"].endswith("8 min are needed")
    assert (found["index"]["state"], found["index"]["value"]) == ("locked", None)
    assert found["synchrony"]["p"] is not None, "half a minute is enough for that"


@pytest.mark.parametrize("seed", [4, 10])
def test_beats_that_are_25_bpm_faster_are_linked_as_much(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = simulated(replace(LED, seed=seed), 1200.0)
    a = rr_file(tmp_path / "a", held.beat_t_s["a"])
    r = []
    for more in (0.0, 25.0):
        beat_t_s = beats_at(held.hr_bpm["b"] + more)
        b = rr_file(tmp_path / "b", beat_t_s)
        offset_s = beat_t_s[0] - held.beat_t_s["a"][0]
        document = analyzed(capsys, "--rr-a", a, "--rr-b", b, f"--offset-s={offset_s}")
        r.append(document["linkage"]["r"])
    assert r[1] == pytest.approx(r[0], abs=0.02)


def beats_at(hr_bpm: np.ndarray) -> np.ndarray:
    """Beats where the integral of a rate at 4 Hz passes whole numbers."""
    turned = np.concatenate([[0.0], np.cumsum(hr_bpm / 240)])
    return np.interp(np.arange(1, int(turned[-1])), turned, np.arange(len(turned)) / 4)


def test_every_figure_has_its_null_and_what_it_was_made_with(
    talks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = analyzed(capsys, *of(talks, "talk0"))
    assert found["synchrony"]["null"].startswith("circular shift, all ")
    assert "reversed in time" in found["linkage"]["null"]
    assert found["parameters"]["band_hz"] == [0.0041, 0.044]
    assert found["parameters"]["max_lag_s"] == 15
    assert found["linkage"]["joint_s"] > TALK_S - 30
    assert found["session"]["labels"] == {"a": "Ana", "b": "Ben"}
    assert set(found["methods"]) >= {"linkage", "lead", "settling", "index", "recovery"}
    for name in ("p", "p_in_phase", "p_any_window"):
        assert 0 < found["synchrony"][name] <= 1
    assert len(found["linkage"]["correlogram"]["r"]) == 31


def test_windowed_synchrony_is_what_the_functions_say_of_the_heart_rates(
    talks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = analyzed(capsys, *of(talks, "talk0"))["synchrony"]
    talk0 = material_of(read_session(talks / "talk0.interbeat"))
    a, b = on_one_grid(talk0.hearts["a"], talk0.hearts["b"]).hr_bpm
    wcc, null = windowed_cross_correlation(a, b, 4.0), shift_null(a, b, 4.0)
    for name, value in summary(wcc)._asdict().items():
        assert found[name] == pytest.approx(float(value), abs=1e-12), name
    for name in ("p", "p_in_phase", "p_any_window"):
        assert found[name] == getattr(null, name)
    assert found["null"] == null.null
    assert found["tested_mean_z"] == pytest.approx(null.mean_z)
    assert found["tested_mean_abs_z"] == pytest.approx(null.mean_abs_z)
    assert found["chance_mean_abs_z"] == pytest.approx(null.chance_abs_z)
    _, table, _ = said(capsys, *of(talks, "talk0"))
    chance = f"chance gives {null.chance_abs_z:.3f}"
    for label, told in (
        ("Mean |z| ", (f"{found['mean_abs_z']:.3f}", rarity(null.p), chance)),
        ("Mean z ", (f"{found['mean_z']:+.3f}", rarity(null.p_in_phase))),
        ("The window that stands out ", (rarity(null.p_any_window),)),
    ):
        (line,) = [line for line in table.splitlines() if line.startswith(label)]
        assert all(each in line for each in told)
    assert f"Chance: {null.null}" in table
    assert "less than five minutes" not in table


def test_what_is_not_compared_with_chance_is_not_told(
    led: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {}
    for lasts_s in (38.0, 120.0):
        files = []
        for name, file in zip("ab", led, strict=True):
            rr_ms = [float(line) * 1000 for line in Path(file).read_text().split()[1:]]
            kept = int(np.searchsorted(np.cumsum(rr_ms), 1000 * lasts_s))
            files += [f"--rr-{name}", rr_of(rr_ms[:kept], tmp_path / f"{name}{lasts_s:g}")]
        parts[lasts_s] = files
    found = analyzed(capsys, *parts[38.0])["synchrony"]
    assert found["windows"] > 0
    assert found["mean_abs_z"] is None
    assert found["null"] is None
    _, table, _ = said(capsys, *parts[38.0])
    assert "Not compared with chance, so no figure is given: " in table
    assert "Mean |z|" not in table
    assert "Most alike" not in table
    _, table, _ = said(capsys, *parts[120.0])
    assert "Mean |z|" in table
    assert "In less than five minutes little can be found" in table


def test_every_key_stands_in_the_docs(talks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = (DOCS / "researchers.md").read_text("utf-8")
    document = analyzed(capsys, *of(talks, "talk0", "talk1"), "--reference", *of(talks, "alone"))
    document |= document["sessions"][0]
    keys = {
        key
        for path in flat({k: v for k, v in document.items() if k != "partners"})
        if not path.startswith((".methods", ".sessions"))
        for key in path.split(".")
        if key and not key.isdigit()
    }
    assert {key for key in keys - {"a", "b"} if f"`{key}`" not in told and f".{key}`" not in told} \
        == set()  # fmt: skip


def test_without_turns_neither_anti_phase_nor_influence_is_given(
    talks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = analyzed(capsys, *of(talks, "talk0"))
    silent = analyzed(capsys, *of(talks, "silent"))
    assert silent["details"]["with_speech"] is None
    assert told["details"]["with_speech"]["r"] != told["linkage"]["r"]
    assert silent["linkage"]["p_antiphase"] is None
    assert silent["details"]["influence"] is None
    assert "speech_unknown" in silent["flags"]
    told = analyzed(capsys, *of(talks, "talk0"))
    assert 0 < told["linkage"]["p_antiphase"] <= 1
    assert set(told["details"]["influence"]) == {"a_to_b", "b_to_a"}
    assert told["linkage"]["speech_removed"] is True


def turns_files(folder: Path, settings: DyadSettings, duration_s: float) -> list[str]:
    """The turns of both as a CSV and as a tier of an ELAN document."""
    spoken = simulated(settings, duration_s).spoken_s
    rows = "\n".join(f"{start_s},{stop_s}" for start_s, stop_s in spoken["a"].tolist())
    (folder / "a.csv").write_text(f"start_s,end_s\n{rows}\n")
    at_ms = (spoken["b"] * 1000).round().astype(int)
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="t{k}" TIME_VALUE="{value}"/>'
        for k, value in enumerate(at_ms.ravel().tolist())
    )
    said = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="n{k}" TIME_SLOT_REF1="t{2 * k}" '
        f'TIME_SLOT_REF2="t{2 * k + 1}"><ANNOTATION_VALUE>x</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
        for k in range(len(at_ms))
    )
    (folder / "b.eaf").write_text(
        '<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds"/><TIME_ORDER>'
        f'{slots}</TIME_ORDER><TIER TIER_ID="Ben">{said}</TIER></ANNOTATION_DOCUMENT>'
    )
    return ["--speech-a", str(folder / "a.csv"), "--speech-b", f"{folder / 'b.eaf'}#Ben"]


def test_turns_from_files_stand_for_those_of_the_session(
    talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = replace(COUPLE, session=6)
    given = analyzed(capsys, *of(talks, "silent"), *turns_files(tmp_path, settings, TALK_S - 10.0))
    assert given["linkage"]["speech_removed"] is True
    assert "speech_unknown" not in given["flags"]
    for p in "ab":
        (tmp_path / p).write_text("start_s,end_s\n")
    nobody = ["--speech-a", str(tmp_path / "a"), "--speech-b", str(tmp_path / "b")]
    own = analyzed(capsys, *of(talks, "talk0"))
    other = analyzed(capsys, *of(talks, "talk0"), *nobody)
    assert other["settling"]["talk"] is False
    assert other["linkage"]["r"] != own["linkage"]["r"], "the session's own turns were left out"


def test_turns_of_rr_lists_end_with_the_later_last_beat(
    led: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """B begins 5 s before A here, and the time is that of A."""
    for name, stop_s in (("inside", 1250), ("late", 1262)):
        (tmp_path / name).write_text(f"start_s,end_s\n1,{stop_s}\n")
    lists = ["--rr-a", led[0], "--rr-b", led[1], "--offset-s=-5"]
    inside, late = str(tmp_path / "inside"), str(tmp_path / "late")
    assert analyzed(capsys, *lists, "--speech-a", inside, "--speech-b", inside)["linkage"]["p"]
    code, _, err = said(capsys, *lists, "--speech-a", inside, "--speech-b", late)
    assert code == 2
    assert "ends after the session" in err


def test_a_reference_unlocks_the_index(talks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    without = analyzed(capsys, *of(talks, "talk0"))
    assert (without["index"]["state"], without["index"]["reason"]) == ("locked", "no_reference")
    found = analyzed(capsys, *of(talks, "talk0"), "--reference", *of(talks, "alone"))
    index, settling = found["index"], found["settling"]
    assert index["state"] in ("undecided", "shown")
    assert index["low"] <= index["value"] <= index["high"]
    assert settling["reference"]["a"]["person"] == "Ana"
    assert settling["reference"]["b"]["known_s"] > 2280
    assert settling["low_s"] < settling["half_decay_s"]["pair"] < settling["high_s"]
    short = analyzed(capsys, *of(talks, "talk0"), "--reference", *of(talks, "talk1"))
    assert short["index"]["reason"] == "reference_too_short"
    unknown = analyzed(capsys, *of(talks, "silent"), "--reference", *of(talks, "alone"))
    assert unknown["settling"]["reference"]["a"]["speech_removed"] is False
    assert unknown["index"]["state"] != "locked", "speaking is left in both"


def test_what_a_session_was_recorded_with_counts_without_being_named(
    talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = [read_session(Path(of(talks, "alone")[0]))]
    held = written(tmp_path, "held", COUPLE, TALK_S, judged_by=usual)
    turned = mirrored(read_session(held))
    named = analyzed(capsys, *of(talks, "talk0"), "--reference", *of(talks, "alone"))
    found = analyzed(capsys, str(held))
    assert found["settling"] == named["settling"]
    assert found["index"] == named["index"]
    a, b = in_header(turned.session, speech_known=True) or (None, None)
    assert (a.person, b.person) == ("Ben", "Ana")


def test_a_person_is_found_in_the_reference_whatever_the_side(
    talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = read_session(Path(of(talks, "alone")[0]))
    turned = written(tmp_path, "turned", ALONE, ALONE_S, labels={"a": "Ben", "b": "Ana"})
    assert recording.session.labels != read_session(turned).session.labels
    straight = analyzed(capsys, *of(talks, "talk0"), "--reference", *of(talks, "alone"))
    crossed = analyzed(capsys, *of(talks, "talk0"), "--reference", str(turned))
    here, there = (found["settling"]["reference"] for found in (straight, crossed))
    assert here["a"]["half_decay_s"] == pytest.approx(there["b"]["half_decay_s"])
    assert here["b"]["half_decay_s"] == pytest.approx(there["a"]["half_decay_s"])
    assert there["a"]["person"] == "Ana"


def dyad_of(path: Path) -> Dyad:
    material = material_of(read_session(path))
    both = on_one_grid(material.hearts["a"], material.hearts["b"])
    return judged(material.hearts, both, material.turns_s).dyad


def test_several_sessions_are_pooled_by_their_profiles(
    talks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("talk0", "talk1", "talk2")
    found = analyzed(capsys, *of(talks, *names))
    alone, pooled = found["sessions"], found["pooled"]
    assert (pooled["sessions"], pooled["sessions_counted"]) == (3, 3)
    assert alone[0]["linkage"] == analyzed(capsys, *of(talks, "talk0"))["linkage"]
    direct = together([dyad_of(Path(path)) for path in of(talks, *names)])
    assert pooled["linkage"]["p"] == pytest.approx(direct.linkage.p)
    assert pooled["linkage"]["r"] == pytest.approx(direct.linkage.r)
    band = pooled["linkage"]["chance_band"]
    assert band < min(each["linkage"]["chance_band"] for each in alone)
    assert pooled["lead"]["claim"] is None
    assert pooled["lead"]["asymmetry_z"] is None
    assert "synchrony" not in pooled
    rises = [each["details"]["recovery"]["a"]["episodes"] for each in alone]
    assert pooled["details"]["recovery"]["a"]["episodes"] == sum(rises)
    assert alone[0]["details"]["vagal"] is None, "the depth of breathing waits for 15 minutes"
    assert pooled["details"]["vagal"]["sessions"] == 3
    assert pooled["details"]["vagal"]["null"] == pooled["linkage"]["null"]


def test_sessions_with_and_without_turns_say_in_how_many_speaking_was_taken_out(
    talks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pooled = analyzed(capsys, *of(talks, "talk0", "silent"))["pooled"]
    assert (pooled["sessions_counted"], pooled["sessions_speech_removed"]) == (2, 1)
    assert pooled["linkage"]["p_antiphase"] is None
    assert "speech_unknown" in pooled["flags"]
    _, out, _ = said(capsys, *of(talks, "talk0", "silent"))
    assert "Speaking was taken out in 1 of 2 sessions" in out


def test_sessions_of_the_couple_in_other_roles_are_turned(
    talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turned = written(tmp_path, "turned", LED, TALK_S, labels={"a": "Ben", "b": "Ana"})
    straight = written(tmp_path, "straight", replace(LED, session=2), TALK_S)
    found = analyzed(capsys, str(straight), str(turned))
    alone = analyzed(capsys, str(turned))
    lag_s = found["sessions"][1]["linkage"]["lag_s"]
    assert lag_s == pytest.approx(-alone["linkage"]["lag_s"])
    assert found["sessions"][1]["session"]["labels"] == {"a": "Ana", "b": "Ben"}


def test_the_table_says_it_in_words(talks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, *of(talks, "talk0"), "--reference", *of(talks, "alone"))
    document = analyzed(capsys, *of(talks, "talk0"))
    text = " ".join(out.split())
    assert code == 0
    assert LINKAGE_STATES[document["linkage"]["state"]] in text
    assert f"{document['linkage']['r']:.2f}" in text
    assert "chance gives" in text
    assert "90 % range" in text
    assert document["software"] in text
    assert "s, Ana first" not in text.partition("Linkage:")[2], "no lead but behind its gate"
    assert SAYS_NOT in text
    code, out, _ = said(capsys, *of(talks, "talk0", "talk1"))
    assert "2 of 2 sessions together: lag profiles are pooled, never p values" in out
    code, out, _ = said(capsys, *of(talks, "short"))
    assert INDEX_REASONS["not_enough_data"][:40] in out
    assert "Here: 7 min 5" in out


def rr_of(values_ms: list[float], path: Path) -> str:
    path.write_text("rr_ms\n" + "\n".join(f"{value:g}" for value in values_ms))
    return str(path)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("apart", "never recorded at the same time: A from 0 to"),
        ("constant", "heart rate of A does not move in 100 % of the time"),
        ("held", "heart rate of A does not move in"),
        ("window", "0 min 2"),
        ("holes", "of the time together is clean; 75 % are needed"),
        ("one", "no beats of B were recorded"),
    ],
)
def test_what_the_data_lack_is_a_state_with_its_reason(
    case: str,
    reason: str,
    led: tuple[str, str],
    talks: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    a, b = led
    rr_ms = [float(line) * 1000 for line in Path(a).read_text().split()[1:]]
    arguments = {
        "apart": lambda: ["--rr-a", a, "--rr-b", b, "--offset-s=5000"],
        "constant": lambda: ["--rr-a", rr_of([800.0] * 1500, tmp_path / "c"), "--rr-b", b],
        "held": lambda: ["--rr-a", rr_of(rr_ms[:800] + [900.0] * 600, tmp_path / "h"),
                         "--rr-b", b],
        "window": lambda: ["--rr-a", rr_of(rr_ms[:28], tmp_path / "w"), "--rr-b", b],
        "holes": lambda: ["--rr-a", rr_of(holed(rr_ms), tmp_path / "g"), "--rr-b", b],
        "one": lambda: of(talks, "only_a"),
    }[case]()  # fmt: skip
    found = analyzed(capsys, *arguments)
    assert found["linkage"]["state"] == "not_enough_data"
    assert reason in found["linkage"]["reason"]
    assert found["linkage"]["p"] is None
    assert found["settling"]["half_decay_s"] == {"a": None, "b": None, "pair": None}
    assert found["index"]["state"] == "locked"
    assert found["details"]["recovery"] is None
    if case not in ("held", "holes"):
        assert found["synchrony"]["p"] is None
        assert found["synchrony"]["reason"]
    code, out, _ = said(capsys, *arguments)
    assert code == 0
    assert reason in out


def holed(rr_ms: list[float]) -> list[float]:
    """A third of the time in intervals that no heart has."""
    return [ms for k, ms in enumerate(rr_ms) for ms in ([ms] if k % 30 < 20 else [250.0] * 3)]


def mistakes(talks: Path, folder: Path) -> dict[str, tuple[list[str], str]]:
    (folder / "order.csv").write_text("start_s,end_s\n50,90\n10,20\n")
    (folder / "late.csv").write_text("start_s,end_s\n50,90\n800,1900\n")
    (folder / "fine.csv").write_text("start_s,end_s\n50,90\n")
    talk0, alone, others = of(talks, "talk0", "alone", "others")

    def speech(a: str, b: str) -> list[str]:
        return [talk0, "--speech-a", str(folder / a), "--speech-b", str(folder / b)]

    return {
        "order": (speech("order.csv", "fine.csv"), "Sort the intervals"),
        "end": (speech("fine.csv", "late.csv"), "ends after the session"),
        "one": ([talk0, "--speech-a", str(folder / "fine.csv")], "--speech-b"),
        "none": (speech("fine.csv", "nowhere.csv"), "nowhere.csv does not exist"),
        "other": (
            [talk0, "--reference", others],
            "Cleo and Dan (simulated, seed 8), but Ana (simulated, seed 5)",
        ),
        "own": ([talk0, "--reference", talk0], "its own reference"),
        "couple": ([talk0, others], "only for the same two people"),
        "twice": ([talk0, talk0], "named twice"),
        "lost": ([talk0, "--reference", "nowhere"], "nowhere"),
        "several": ([talk0, alone, "--speech-a", "x", "--speech-b", "x"], "one session"),
        "plot": ([talk0, "--plot", str(folder / "no" / "x.html")], "cannot be written"),
        "kind": ([talk0, "--rows", str(folder / "x.txt")], ".csv or .jsonl"),
        "there": ([talk0, "--rows", str(folder / "fine.csv")], "there already"),
        "empty": (["--rows", str(folder / "x.csv")], "needs session files"),
        "shape": ([talk0, "--rows", str(folder / "x.csv"), "--json"], "--json"),
    }


@pytest.mark.parametrize(
    "case",
    ["order", "end", "one", "none", "other", "own", "couple", "twice", "lost", "several", "plot",
     "kind", "there", "empty", "shape"],
)  # fmt: skip
def test_a_mistake_of_the_caller_is_one_line(
    case: str, talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, told = mistakes(talks, tmp_path)[case]
    code, out, err = said(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("interbeat: ")
    assert err.count("\n") == 1, err
    assert told in err


def damaged(talks: Path, path: Path, sql: str) -> Path:
    """A copy of a talk in which something is changed that its reader cannot know."""
    path.write_bytes((talks / "talk0.interbeat").read_bytes())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)
    return path


HELD = {"half_decay_s": 9.0, "known_s": 2400.0, "talk": True, "speech_known": True}
DAMAGE = {
    "at once": ("UPDATE event SET t_s = 0", "the times of its packets make no sense"),
    "too quick": ("UPDATE event SET t_s = t_s / 1000", "the times of its packets make no sense"),
    "too slow": ("UPDATE event SET t_s = t_s * 1e9", "the times of its packets make no sense"),
    "endless": ("UPDATE event SET t_s = 1e300 WHERE kind = 'end'", "the times of its packets"),
    "straps": (
        """UPDATE session SET value = '{"a": {"latency_s": "x"}, "b": {}}' WHERE key = 'straps'""",
        "the delays of straps in its header are no numbers",
    ),
    **{
        f"references {at}": (
            "UPDATE session SET value = json_set(value, '$.references', json('"
            + json.dumps(held)
            + "')) WHERE key = 'settings'",
            "the references in its header make no sense",
        )
        for at, held in enumerate([
            "x", 5, [1], [{}], {"a": 1}, [{"a": HELD, "b": HELD}],
            [{p: {**HELD, "person": p, "half_decay_s": -9.0} for p in ("a", "b")}],
            [{p: {**HELD, "person": p, "known_s": "long"} for p in ("a", "b")}],
        ])
    },
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_session_is_one_line_and_one_row(
    case: str, talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sql, told = DAMAGE[case]
    path = damaged(talks, tmp_path / "x.interbeat", sql)
    code, out, err = said(capsys, str(path))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1, err
    assert f"Session talk0 is damaged: {told}" in err
    code, _, _ = said(capsys, str(path), "--rows", str(tmp_path / "rows.jsonl"))
    assert code == 0
    assert told in json.loads((tmp_path / "rows.jsonl").read_text())["error"]


def test_many_sessions_are_one_row_each_and_a_broken_one_says_why(
    talks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("talk0", "only_a", "others"):
        (folder / f"{name}.interbeat").write_bytes((talks / f"{name}.interbeat").read_bytes())
    (folder / "broken.interbeat").write_text("a letter")
    for ending in (".csv", ".jsonl"):
        out = str(tmp_path / f"rows{ending}")
        code, _, err = said(capsys, str(folder), "--rows", out, "--reference", *of(talks, "alone"))
        assert code == 0
        assert "4 rows" in err
    with (tmp_path / "rows.csv").open() as file:
        rows = {Path(row["file"]).stem: row for row in csv.DictReader(file)}
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert list(rows) == ["broken", "only_a", "others", "talk0"]
    assert "not a session" in rows["broken"]["error"]
    assert rows["only_a"]["linkage_reason"] == "no beats of B were recorded"
    assert rows["others"]["index_reason"] == "no_reference", "Cleo and Dan have none"
    assert rows["talk0"]["recovery_a_s"]
    alone = analyzed(capsys, *of(talks, "talk0"), "--reference", *of(talks, "alone"))
    assert float(rows["talk0"]["linkage_p"]) == alone["linkage"]["p"]
    assert float(rows["talk0"]["index_value"]) == alone["index"]["value"]
    assert [set(line) for line in lines] == [set(rows["talk0"])] * 4
    assert lines[3]["synchrony_p"] == alone["synchrony"]["p"]
    for measure in ("synchrony", "linkage"):
        assert lines[3][f"{measure}_null"] == alone[measure]["null"] != ""


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_keeps_the_rows_that_are_done(talks: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02d}.interbeat").symlink_to(talks / "talk0.interbeat")
    out = tmp_path / "rows.jsonl"
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from interbeat_server.cli import main; "
        f"raise SystemExit(main(['analyze', {str(folder)!r}, '--rows', {str(out)!r}]))"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    while not (out.exists() and out.read_text().count("\n") >= 2):
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    kept = out.read_text().splitlines()
    assert running.returncode == 130
    assert f"Stopped after {len(kept)} of 40 sessions" in err
    assert all(json.loads(line)["id"] == "talk0" for line in kept)


@pytest.mark.browser
@pytest.mark.parametrize(("names", "charts"), [(("talk0",), 4), (("talk0", "talk1"), 1)])
def test_the_page_with_pictures_needs_no_network(
    names: tuple[str, ...],
    charts: int,
    talks: Path,
    tmp_path: Path,
    browser: Browser,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page_file = tmp_path / "page.html"
    code, _, _ = said(capsys, *of(talks, *names), "--plot", str(page_file))
    assert code == 0
    page = browser.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(page_file.as_uri())
    page.wait_for_function(f"document.querySelectorAll('.js-plotly-plot').length == {charts}")
    assert "Ana first" in (page.locator("#profile").text_content() or "")
    assert "p = " in page.locator("pre").inner_text()
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    assert wrong == []
    page.close()
