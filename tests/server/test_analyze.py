"""`interbeat analyze`: every index with its state, nothing changed in silence."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interbeat_analysis.gates import IRREGULAR
from interbeat_collector.events import Session
from interbeat_collector.session_file import SessionWriter
from interbeat_server import cli
from interbeat_server.validation.recordings import FOLDER, golden, recording

ISSUED = {
    *("mean_hr_bpm", "sdnn_ms", "rmssd_ms", "sdsd_ms", "pnn50_percent", "pnn20_percent"),
    *("sd1_ms", "sd2_ms", "triangular_index", "lf_ms2", "hf_ms2", "total_ms2", "lf_nu", "hf_nu"),
    *("sample_entropy", "dfa_alpha1", "respiration_per_min"),
}


def rr_file(name: str) -> str:
    return str(FOLDER / "rr" / f"{name}.txt")


def analyzed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert cli.main(["analyze", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["analyze", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["nsr004_60min", "mitdb115_30min", "nk_rest_5min"])
def test_without_correction_the_values_are_the_reference_values(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a = analyzed(capsys, "--rr-a", rr_file(name), "--artifacts", "off")["partners"]["a"]
    reference = golden()["series"][name]["reference"]
    assert set(a) >= ISSUED
    for key, golden_key in {"rmssd_ms": "RMSSD", "sdnn_ms": "SDNN", "sd2_ms": "SD2"}.items():
        assert a[key] == pytest.approx(reference[golden_key], rel=1e-9)
    assert a["sample_entropy"] == pytest.approx(reference["SampEn_m2_r02sd1_le"], abs=1e-12)
    assert a["differences"] == "as recorded"


def test_every_index_has_a_state_and_the_methods_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = analyzed(capsys, "--rr-a", rr_file("nsr009_5min"))
    a = document["partners"]["a"]
    assert set(a["states"]) >= ISSUED
    for name, state in a["states"].items():
        assert (state["reason"] is None) == (state["state"] == "ok"), name
        assert set(state) == {"state", "reason", "window_s", "beats", "corrected_percent"}
    assert document["methods"]["preset"] == "Task Force"
    assert "lf_hf" not in json.dumps(document)


def test_the_preset_is_named_and_used(capsys: pytest.CaptureFixture[str]) -> None:
    usual = analyzed(capsys, "--rr-a", rr_file("nsr009_5min"))
    kubios = analyzed(capsys, "--rr-a", rr_file("nsr009_5min"), "--preset", "kubios-like")
    assert kubios["methods"]["preset"] == "Kubios-like"
    assert "lambda 500" in kubios["methods"]["spectrum"]
    assert "4 to 12" in kubios["methods"]["dfa_alpha1"]
    assert kubios["partners"]["a"]["lf_ms2"] < usual["partners"]["a"]["lf_ms2"]


def test_an_irregular_heart_is_never_given_an_rmssd(capsys: pytest.CaptureFixture[str]) -> None:
    a = analyzed(capsys, "--rr-a", rr_file("h10_pvc_10min"))["partners"]["a"]
    assert {a[name] for name in ISSUED} == {None}
    assert a["states"]["rmssd_ms"]["state"] == "off"
    assert a["beat_classes"]["ectopic"] > 300
    table = printed(capsys, "--rr-a", rr_file("h10_pvc_10min"))
    assert "all figures: " + IRREGULAR in table
    (line,) = [line for line in table.splitlines() if line.startswith("RMSSD ")]
    assert line.split() == ["RMSSD", "–"]


def test_the_beats_tell_all_that_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    name = "nsr004_60min"
    a = analyzed(capsys, "--rr-a", rr_file(name), "--beats")["partners"]["a"]
    table = a["beat_table"]
    rr_ms = recording(name) * 1000.0
    assert table["rr_ms"] == pytest.approx(rr_ms.tolist(), abs=1e-6), "as they came"
    bad = np.array(table["state"]) != "ok"
    assert bad.mean() == pytest.approx(a["artifact_share"])
    assert a["beat_states"] == {
        state: table["state"].count(state) for state in ("ok", "corrected", "invalid")
    }
    assert (np.array(table["class"])[~bad] == "none").all()
    replaced = a["replaced_table"]
    corrected_ms = rr_ms[np.array(table["state"]) == "corrected"].sum()
    assert sum(replaced["nn_ms"]) == pytest.approx(corrected_ms, abs=1e-3), "no time is invented"
    assert "beat_table" not in analyzed(capsys, "--rr-a", rr_file(name))["partners"]["a"]


def test_doubt_stands_beside_the_figure_and_its_reason_below(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = tmp_path / "short.txt"
    np.savetxt(short, recording("nsr009_5min")[:230] * 1000.0)
    table = printed(capsys, "--rr-a", str(short))
    (sdnn,) = [line for line in table.splitlines() if line.startswith("SDNN")]
    assert sdnn.endswith("ms ?")
    assert "300 s needed to be sure" in table
    (entropy,) = [line for line in table.splitlines() if line.startswith("Sample entropy")]
    assert entropy.endswith("–")


def test_neurokit2_adds_its_own_and_none_of_those_found_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import neurokit2

    def wrong(*_: object, **__: object) -> None:
        raise AssertionError("a function that was found wrong was called")

    for name in ("hrv_frequency", "hrv_time", "signal_fixpeaks", "signal_detrend", "signal_psd"):
        monkeypatch.setattr(neurokit2, name, wrong)
    a = analyzed(capsys, "--rr-a", rr_file("nsr009_5min"), "--full")["partners"]["a"]
    indices = a["neurokit2"]["indices"]
    assert len(indices) > 30
    assert not {"SD1", "SampEn", "TINN", "LF", "RMSSD"} & set(indices)
    assert indices["SD1SD2"] == pytest.approx(a["sd1_ms"] / a["sd2_ms"], rel=1e-9)


def test_without_neurokit2_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "neurokit2" else found(name)
    )
    assert cli.main(["analyze", "--rr-a", rr_file("nsr009_5min"), "--full"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "pip install neurokit2" in err


def test_neurokit2_is_not_imported_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    import subprocess

    code = (
        "import sys; from interbeat_server.cli import main; "
        f"main(['analyze', '--rr-a', {rr_file('nsr009_5min')!r}]); "
        "print([m for m in ('neurokit2', 'scipy.signal', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_ecg_of_a_session_is_held_against_the_strap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from interbeat_collector.events import Packet
    from interbeat_collector.polar import encode_frame
    from interbeat_collector.virtual_body import Body
    from interbeat_collector.virtual_strap import strap_packets

    rng = np.random.default_rng(3)
    beat_t_s = 1.0 + np.cumsum(0.8 + 0.05 * rng.standard_normal(150))
    t_s = np.arange(0.0, 118.0, 1.0 / 130.0)
    uv = Body(iter(beat_t_s.tolist())).ecg_uv(t_s)
    frames = [
        Packet(
            float(t_s[at + 72]) + 0.05,
            "a",
            "polar",
            encode_frame("ecg", round(t_s[at + 72] * 1e9), uv[at : at + 73]),
        )
        for at in range(0, len(t_s) - 73, 73)
    ]
    header = Session("x", "recorded", "", {"a": "Ana", "b": "Ben"}, {"a": {}, "b": {}}, "interbeat")
    writer = SessionWriter(tmp_path, header)
    events = [*frames, *strap_packets("a", beat_t_s, seed=1, loss=0.0)]
    for event in sorted(events, key=lambda event: event.t_s):
        writer.put(event)
    writer.close()
    a = analyzed(capsys, str(writer.path), "--ecg")["partners"]["a"]
    assert a["ecg"]["rr_matched"] > 120
    assert abs(a["ecg"]["rr_bias_ms"]) < 0.5
    assert a["ecg"]["rr_spread_ms"] < 2.0
    assert "ECG: strap minus ECG" in printed(capsys, str(writer.path), "--ecg")


def test_what_the_radio_lost_or_doubled_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from interbeat_collector.virtual_strap import strap_packets

    beat_t_s = 1.0 + np.cumsum(0.8 + 0.05 * np.random.default_rng(3).standard_normal(150))
    sent = list(strap_packets("a", beat_t_s, seed=1, loss=0.0))
    copies = [replace(packet, t_s=packet.t_s + 0.004) for packet in sent[60:63]]
    heard = [*(p for p in sent if not 40.0 <= p.t_s < 44.0), *copies]
    whole = [replace(packet, partner="b") for packet in sent]
    header = Session("x", "recorded", "", {"a": "Ana", "b": "Ben"}, {"a": {}, "b": {}}, "interbeat")
    writer = SessionWriter(tmp_path, header)
    for event in sorted([*heard, *whole], key=lambda event: event.t_s):
        writer.put(event)
    writer.close()
    partners = analyzed(capsys, str(writer.path))["partners"]
    assert partners["a"]["reception"] == {"gaps": 1, "beats_in_gaps": 5, "packets_twice": 3}
    assert partners["b"]["reception"] == {"gaps": 0, "beats_in_gaps": 0, "packets_twice": 0}
    assert partners["a"]["beats"] == partners["b"]["beats"] - 5
    table = printed(capsys, str(writer.path))
    assert "Ana: 1 gap with about 5 beats, which are in no figure" in table
    assert "came twice and count once: 3" in table
    assert table.count("in no figure") == 1


def test_lists_of_intervals_have_no_reception(capsys: pytest.CaptureFixture[str]) -> None:
    assert analyzed(capsys, "--rr-a", rr_file("nsr009_5min"))["partners"]["a"]["reception"] is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--artifacts", "some"], "--artifacts"),
        (["--preset", "mine"], "kubios-like"),
        (["--ecg"], "--ecg is for sessions"),
    ],
)
def test_a_wrong_choice_is_one_line(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = cli.main(["analyze", "--rr-a", rr_file("nsr009_5min"), *arguments])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    _, err = capsys.readouterr()
    assert code == 2
    assert err.count("\n") == 1
    assert named in err
