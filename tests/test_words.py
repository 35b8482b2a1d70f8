"""No word of diagnosis, stress, norm or verdict reaches those who use the program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from interbeat_server import cli
from interbeat_server.validation.recordings import FOLDER

ROOT = Path(__file__).parents[1]

DENIED = {
    "stress": r"\bstress",
    "LF/HF": r"\bLF\s*/\s*HF\b|\bLF to HF\b|\blf_hf\b",
    "autonomic balance": r"sympath|vagal (tone|balance)|autonomic balance",
    "diagnosis": r"diagnos|patholog|arrhythmi|fibrillation|disease|disorder|syndrome|symptom",
    "verdict on health": r"\b(un)?healthy\b|abnormal|\bconcerning\b|\bmortality\b|\brisk\b",
    "norm": r"\bnormal (range|value)s?\b|\bnorms?\b|too (low|high) for your age|\bfor your age\b",
    "grade": r"\b(excellent|poor|good|healthy) (hrv|rmssd|variability|synchrony|score|match)\b",
    "verdict on a couple": r"\b(compatib|toxic|soulmate|in love|love score|who is to blame)",
    "more is better": r"\b(higher|more|stronger) (is|means) (better|healthier|closer)\b",
}
ALLOWED = (
    "makes no diagnosis",
    "not against norms",
    "Higher is not better",
    "alike is not better",
    "who is right, who is stressed, who is healthy",
)
"""Sentences that say what the program does not say."""

OUR_OWN_NAMES = {"lf_hf"}
"""A key of `gates.NEEDS`: it is off live, and no command prints it."""


def found_in(text: str) -> list[str]:
    """The kinds of denied words in a text."""
    for allowed in ALLOWED:
        text = text.replace(allowed, "")
    return [kind for kind, pattern in DENIED.items() if re.search(pattern, text, re.IGNORECASE)]


def without_comments(source: str) -> str:
    return re.sub(r"/\*.*?\*/|^\s*//.*?$|<!--.*?-->", "", source, flags=re.DOTALL | re.MULTILINE)


def strings_of(path: Path) -> Iterator[str]:
    """String constants of a module that are no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            is_doc = isinstance(parent, ast.Expr)
            if isinstance(child, ast.Constant) and isinstance(child.value, str) and not is_doc:
                yield child.value


def page_files() -> list[Path]:
    folder = ROOT / "dashboard" / "interbeat_dashboard"
    return sorted([*folder.glob("*.html"), *folder.glob("*.js")])


def python_files() -> list[Path]:
    """What a user may be told by: the commands and the server, straps, reasons and refusals."""
    folders = (
        *("server/interbeat_server", "collector/interbeat_collector"),
        "analysis/interbeat_analysis",
    )
    return sorted(path for f in folders for path in (ROOT / f).rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", page_files(), ids=name_of)
def test_pages_hold_no_denied_word(path: Path) -> None:
    assert found_in(without_comments(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", python_files(), ids=name_of)
def test_what_the_program_says_holds_no_denied_word(path: Path) -> None:
    for text in strings_of(path):
        if text not in OUR_OWN_NAMES:
            assert found_in(text) == [], text


TEXTS = (
    *("README.md", "CHANGELOG.md", "docs/couples.md", "docs/clinicians.md", "docs/commands.md"),
    *("hardware/README.md", "collector/interbeat_collector/straps.toml", "run.py"),
)


@pytest.mark.parametrize("name", TEXTS)
def test_texts_for_those_who_use_it_hold_no_denied_word(name: str) -> None:
    text = " ".join((ROOT / name).read_text("utf-8").split())
    assert found_in(text) == []


@pytest.mark.parametrize("name", ["nsr009_5min", "h10_pvc_10min"])
@pytest.mark.parametrize("artifacts", ["auto", "off"])
def test_what_analyze_prints_holds_no_denied_word(
    name: str, artifacts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(FOLDER / "rr" / f"{name}.txt")
    for form in ([], ["--json"]):
        assert cli.main(["analyze", "--rr-a", file, "--artifacts", artifacts, *form]) == 0
        out = capsys.readouterr().out
        assert "RMSSD" in out or "rmssd_ms" in out
        assert found_in(out) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Your stress score is 71", "stress"),
        ("LF/HF 2.1", "LF/HF"),
        ("Sympathetic dominance", "autonomic balance"),
        ("Possible atrial fibrillation", "diagnosis"),
        ("Your heart is healthy", "verdict on health"),
        ("RMSSD is below the normal range", "norm"),
        ("Excellent HRV", "grade"),
        ("You two are a toxic couple", "verdict on a couple"),
        ("More synchrony? More is better", "more is better"),
        ("It makes no diagnosis, but a disorder is likely", "diagnosis"),
    ],
)
def test_the_list_finds_what_it_is_for(text: str, kind: str) -> None:
    assert kind in found_in(text)


def test_a_denied_word_is_found_where_the_program_would_say_it(tmp_path: Path) -> None:
    module = tmp_path / "said.py"
    module.write_text(
        '"""Of arrhythmia."""\n'
        'HELP = "says how stressed you are"\n'
        'def told(bpm):\n    """Of stress."""\n    return f"{bpm} bpm is abnormal"\n'
    )
    said = [found_in(text) for text in strings_of(module)]
    assert said == [["stress"], ["verdict on health"]]
    page = "<!-- stress --><p>/* norms */ Your heart is healthy</p>\n  // a risk\n"
    assert found_in(without_comments(page)) == ["verdict on health"]
    for texts in (page_files(), python_files()):
        assert len(texts) > 15
    assert {"words.py", "gates.py", "straps.py"} <= {path.name for path in python_files()}


def test_plain_words_of_the_program_pass() -> None:
    for text in (
        "signal too noisy to say: 31 % of the beats corrected",
        "irregular beats seen; this is common and this program cannot assess them",
        "higher than your own baseline",
        "LF, normalised",
    ):
        assert found_in(text) == []
