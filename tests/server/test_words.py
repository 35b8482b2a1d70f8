from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from interbeat_analysis.confounds import Flag
from interbeat_analysis.coregulation import Reason
from interbeat_analysis.dyad import Evidence, LinkageState
from interbeat_analysis.settling import State
from interbeat_server import words

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("clinicians", "methods")


@pytest.mark.parametrize(
    ("said", "states"),
    [
        (words.LINKAGE_STATES, get_args(LinkageState)),
        (words.EVIDENCE, get_args(Evidence)),
        (words.SETTLING_STATES, get_args(State)),
        (words.INDEX_REASONS, tuple(reason for reason in get_args(Reason) if reason)),
        (words.FLAGS, get_args(Flag)),
        (words.LEAD_CLAIMS, (None, "a", "b")),
    ],
)
def test_every_state_has_its_words_and_no_words_are_left_over(said, states):
    assert set(said) == set(states)


def all_sentences() -> list[str]:
    tables = (
        words.LINKAGE_STATES, words.EVIDENCE, words.SETTLING_STATES, words.INDEX_REASONS,
        words.FLAGS, words.LEAD_CLAIMS, {"": words.INDEX_ABOVE + words.INDEX_BELOW},
        words.RECOVERY_WHILE,
    )  # fmt: skip
    meanings = [text for meaning in words.MEANINGS.values() for text in meaning]
    return [*meanings, *(text for table in tables for text in table.values()), words.SAYS_NOT]


@pytest.mark.parametrize(
    "never", ["in sync", "leader", "follower", "score", "should", "fault", "blame", "healthy",
              "compatib", "better than", "disorder", "streak"]
)  # fmt: skip
def test_nobody_is_blamed_ranked_or_diagnosed(never):
    assert not [text for text in all_sentences() if re.search(never, text, re.IGNORECASE)]


@pytest.mark.parametrize("name", words.MEANINGS)
def test_each_measure_has_its_words_for_all_three_in_the_docs(name):
    told = words.MEANINGS[name]
    clinicians, methods = ((DOCS / f"{page}.md").read_text("utf-8") for page in PAGES)
    assert f"- **{told.name}.** {told.clinician} *To a couple:* {told.couple}\n" in clinicians
    assert f"- **{told.name}** (`{name}`). {told.methods}\n" in methods


def test_chance_is_told_as_a_share():
    assert words.beyond_chance(0.03).startswith("stronger than in 97 % of chance pairings")
    assert words.beyond_chance(0.0).startswith("stronger than in 99.9 %")
    assert words.beyond_chance(1.0).startswith("stronger than in 0 %")
    assert words.settling("faster", 3).startswith("In these talks you two")
    assert words.settling("faster") == words.SETTLING_STATES["faster"]
    assert words.index(58.0, None) == words.INDEX_ABOVE
    assert words.index(42.0, "") == words.INDEX_BELOW
    undecided = "Undecided: the range holds 50, which is nothing beyond chance."
    assert words.index(58.0, "range_holds_50") == undecided
    assert words.recoveries({"Ana": (9.6, 6.2, 14.0), "Ben": (7.0, 4.0, None)}) == (
        "After a rise, it usually took Ana about 10 s to come half-way back (6 to 14 s), Ben about "
        "7 s (4 s and more)."
    )
    assert words.recovery_range(7.4, 12.6) == "90 % range 7 to 13 s."
    assert words.recovery_range(7.4, None) == "90 % range from 7 s on."
    assert words.recovery_sentence(9.6).endswith("about 10 seconds to come half-way back.")
