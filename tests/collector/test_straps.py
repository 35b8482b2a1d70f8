"""The table of straps is sound, names lead to models, and pairs are told what they risk."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from interbeat_collector import straps
from interbeat_collector.straps import StrapModel, model_of, models, pair_latency, pair_warning

KNOWN_FIELDS = {field.name for field in fields(StrapModel)} - {"key"}
REQUIRED = {"name", "maker", "names", "rr", "quirks", "sources"}
CHOICES = {"rr": {"yes", "no", "unknown"}, "contact": {"yes", "no", "varies", "unknown"}}
TYPES = {
    **dict.fromkeys(["name", "maker", "rr", "contact", "battery", "latency_source"], str),
    **dict.fromkeys(["ecg", "acceleration", "family"], bool),
    **dict.fromkeys(["names", "models", "quirks", "sources", "latency_quartiles_s"], list),
    "latency_s": float,
    "links": int,
}
MAX_LATENCY_S = 10.0
GUIDE = Path(__file__).parents[2] / "hardware" / "README.md"


def table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("interbeat_collector").joinpath("straps.toml").read_text("utf-8"))


def problems(strap_table: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong with a table of straps, one sentence for each fault."""
    found = []
    for key, model in strap_table.items():
        found += [f"{key}: {what}" for what in _problems_of(key, model)]
    for (key, model), (other_key, other) in combinations(strap_table.items(), 2):
        shared = {name.casefold() for name in model.get("names", [])} & {
            name.casefold() for name in other.get("names", [])
        }
        found += [f"{key}, {other_key}: both are named {name!r}" for name in sorted(shared)]
    return found + ([] if "unknown" in strap_table else ["the model unknown is missing"])


def _problems_of(key: str, model: dict[str, Any]) -> list[str]:
    found = [f"{name} is missing" for name in sorted(REQUIRED - set(model))]
    found += [f"{name} is no field of a model" for name in sorted(set(model) - KNOWN_FIELDS)]
    for name, value in model.items():
        wanted = TYPES.get(name)
        if wanted and type(value) is not wanted:
            found.append(f"{name} = {value!r}: give {wanted.__name__}")
        elif name in CHOICES and value not in CHOICES[name]:
            found.append(f"{name} = {value!r}: give one of {sorted(CHOICES[name])}")
    found += [f"a quirk is no sentence: {q!r}" for q in model.get("quirks", []) if q[-1:] != "."]
    if key != "unknown" and not model.get("sources"):
        found.append("nothing says where this is from")
    return found + _latency_problems(model)


def _latency_problems(model: dict[str, Any]) -> list[str]:
    given = {"latency_s", "latency_quartiles_s", "latency_source"} & set(model)
    if not given:
        return []
    if len(given) < 3:
        return [f"the latency has only {', '.join(sorted(given))}"]
    latency_s, quartiles_s = model["latency_s"], model["latency_quartiles_s"]
    if len(quartiles_s) != 2 or not 0 <= quartiles_s[0] <= latency_s <= quartiles_s[1]:
        return [f"latency_s = {latency_s} lies outside its quartiles {quartiles_s}"]
    if latency_s > MAX_LATENCY_S:
        return [f"latency_s = {latency_s} is above {MAX_LATENCY_S} s: is it in seconds?"]
    return []


def test_the_table_of_straps_is_sound() -> None:
    assert problems(table()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rr": "perhaps"}, "polar_h9: rr = 'perhaps': give one of ['no', 'unknown', 'yes']"),
        ({"links": "two"}, "polar_h9: links = 'two': give int"),
        ({"colour": "black"}, "polar_h9: colour is no field of a model"),
        ({"sources": []}, "polar_h9: nothing says where this is from"),
        ({"quirks": ["no full stop"]}, "polar_h9: a quirk is no sentence: 'no full stop'"),
        ({"latency_s": 2.0}, "polar_h9: the latency has only latency_s"),
        (
            {"latency_s": 2.0, "latency_quartiles_s": [3.0, 4.0], "latency_source": "x"},
            "polar_h9: latency_s = 2.0 lies outside its quartiles [3.0, 4.0]",
        ),
        (
            {"latency_s": 2600.0, "latency_quartiles_s": [2200.0, 2800.0], "latency_source": "x"},
            "polar_h9: latency_s = 2600.0 is above 10.0 s: is it in seconds?",
        ),
        ({"names": ["polar h10"]}, "polar_h10, polar_h9: both are named 'polar h10'"),
    ],
)
def test_a_planted_fault_is_found(change: dict[str, Any], words: str) -> None:
    faulty = table()
    faulty["polar_h9"] |= change
    assert problems(faulty) == [words]


def test_a_missing_field_is_found() -> None:
    faulty = table()
    del faulty["polar_h9"]["rr"], faulty["unknown"]
    assert problems(faulty) == ["polar_h9: rr is missing", "the model unknown is missing"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Polar H10 8C4CAD2E", "polar_h10"),
        ("polar h10 8c4cad2e", "polar_h10"),
        ("Polar H9 77B0D721", "polar_h9"),
        ("Polar Sense A56A6B22", "polar_verity_sense"),
        ("Polar OH1 83D5862B", "polar_oh1"),
        ("HRM-Dual:084939", "garmin_hrm_dual"),
        ("HRM-Pro:677868", "garmin_hrm_pro"),
        ("HRMPro+:192052", "garmin_hrm_pro"),
        ("TICKR B321", "wahoo_tickr"),
        ("TICKR FIT 1234", "wahoo_tickr_fit"),
        ("TRACKR 1234", "wahoo_trackr"),
        ("Movesense 204730000081", "movesense"),
        ("H808S 12345", "coospo_h808s"),
        ("COOSPO HW807", "coospo"),
        ("H6M 12345", "coospo"),
        ("interbeat A", "virtual"),
        ("Bench strap 1", "virtual"),
        ("Polar H100", "unknown"),
        ("My H10", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_bluetooth_name_leads_to_its_model(name: str | None, key: str) -> None:
    assert model_of(name).key == key


@pytest.mark.parametrize(
    ("info", "key"),
    [
        ({"model": "H10"}, "polar_h10"),
        ({"name": "HRM-Dual:084939"}, "garmin_hrm_dual"),
        ({"model": ""}, "unknown"),
        ({"model": "X1"}, "unknown"),
    ],
)
def test_a_renamed_strap_is_known_by_what_it_says_of_itself(info: dict[str, str], key: str) -> None:
    assert model_of("Anas Gurt", info).key == key


def test_an_unknown_strap_claims_nothing() -> None:
    unknown = model_of("a strap nobody has seen")
    assert (unknown.rr, unknown.latency_s, unknown.links) == ("unknown", None, None)
    assert not unknown.ecg
    assert unknown.refusal == ""


def test_only_straps_without_intervals_are_refused_and_told_what_to_use() -> None:
    refused = {model.key for model in models().values() if model.refusal}
    assert refused == {"polar_verity_sense", "polar_oh1", "wahoo_tickr_fit"}
    said = models()["polar_verity_sense"].refusal
    assert "Polar Verity Sense sends no RR intervals" in said
    assert "Use a chest strap" in said


def test_two_of_one_model_need_no_warning() -> None:
    for model in models().values():
        assert (pair_warning(model, model) is None) is not model.family


def test_the_slower_model_of_a_pair_is_named_with_the_difference_and_the_next_step() -> None:
    h10, movesense = models()["polar_h10"], models()["movesense"]
    said = pair_warning(h10, movesense)
    assert said == pair_warning(movesense, h10)
    assert said
    assert said.startswith("The Polar H10 sends a beat about 2.2 s later than the Movesense")
    assert "two straps of one model, or calibrate" in said


@pytest.mark.parametrize(
    "pair", [("polar_h10", "polar_h9"), ("polar_h9", "coospo"), ("unknown", "polar_h10")]
)
def test_a_pair_with_an_unknown_delay_is_warned(pair: tuple[str, str]) -> None:
    a, b = (models()[key] for key in pair)
    said = pair_warning(a, b)
    assert said
    assert a.name in said
    assert b.name in said
    assert "is not known" in said
    assert "calibrate" in said


def test_known_delays_are_each_subtracted() -> None:
    pair = pair_latency(models()["polar_h10"], models()["garmin_hrm_dual"])
    assert (pair.a_s, pair.b_s) == (2.6, 0.7)
    assert pair.possible_lead_s == pytest.approx(0.4)


@pytest.mark.parametrize("known", ["polar_h10", "garmin_hrm_dual", "movesense"])
def test_where_one_delay_is_unknown_both_get_the_other_and_hear_of_it(known: str) -> None:
    model, unknown = models()[known], models()["unknown"]
    for a, b in ((model, unknown), (unknown, model)):
        pair = pair_latency(a, b)
        assert pair.a_s == pair.b_s == model.latency_s
        assert f"up to {pair.possible_lead_s:.1f} s of a lead may come from the straps" in pair.said
    assert pair.possible_lead_s == pytest.approx({"garmin_hrm_dual": 1.9}.get(known, 2.2))


@pytest.mark.parametrize(("key", "lead_s"), [("polar_h9", 0.0), ("unknown", 2.2)])
def test_nothing_is_subtracted_where_nothing_is_known(key: str, lead_s: float) -> None:
    pair = pair_latency(models()[key], models()[key])
    assert (pair.a_s, pair.b_s) == (0.0, 0.0)
    assert pair.possible_lead_s == pytest.approx(lead_s)
    assert "nothing is subtracted" in pair.said


def test_the_pair_says_the_same_whoever_wears_which() -> None:
    for a, b in combinations(models().values(), 2):
        ab, ba = pair_latency(a, b), pair_latency(b, a)
        assert (ab.a_s, ab.b_s, ab.possible_lead_s) == (ba.b_s, ba.a_s, ba.possible_lead_s)
        assert (pair_warning(a, b) is None) is (pair_warning(b, a) is None)


def test_the_spread_is_the_width_of_the_middle_half() -> None:
    h10 = models()["polar_h10"]
    assert h10.latency_spread_s == pytest.approx(0.6)
    assert replace(h10, latency_quartiles_s=None).latency_spread_s is None


def test_the_table_is_read_once() -> None:
    assert straps.models() is straps.models()


def table_for_people() -> str:
    """The tables of `hardware/README.md`: paste what the failing test shows."""
    known = [model for key, model in models().items() if key not in ("unknown", "virtual")]
    rows = [
        "| strap | its Bluetooth name begins | RR intervals | delay (middle half) | ECG | "
        "connections at once | says whether it touches the skin |",
        "|---|---|---|---|---|---|---|",
        *(f"| {' | '.join(_cells(model))} |" for model in known),
        "",
        *(f"- **{model.name}**: {' '.join(model.quirks)}" for model in known if model.quirks),
    ]
    return "\n".join(rows)


def _cells(model: StrapModel) -> list[str]:
    delay = "unknown"
    if model.latency_s is not None and model.latency_quartiles_s:
        first_s, third_s = model.latency_quartiles_s
        delay = f"{model.latency_s:.1f} s ({first_s:.1f} to {third_s:.1f})"
    return [
        model.name,
        ", ".join(f"`{name.strip()}`" for name in model.names),
        {"yes": "yes", "no": "no: cannot be used", "unknown": "unknown: the check shows"}[model.rr],
        "" if model.rr == "no" else delay,
        "yes" if model.ecg else "",
        str(model.links or "unknown"),
        model.contact,
    ]


def test_the_guide_shows_the_table_of_straps() -> None:
    text = GUIDE.read_text("utf-8")
    shown = text.partition("<!-- straps.toml -->\n")[2].partition("\n<!-- end -->")[0]
    assert shown == table_for_people(), table_for_people()
