"""Same-heart calibration as a list of events: two straps on one person, and what may go wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest

from interbeat_collector.calibration import Offset
from interbeat_collector.events import PARTNERS, Device, Link, Packet, Partner
from interbeat_collector.heart_rate import HeartRateMeasurement, encode
from interbeat_collector.simulation import DyadSettings, dyad
from interbeat_collector.virtual_strap import merge, strap_packets
from interbeat_server.calibrating import (
    LONGEST_S,
    MORE_S,
    NEEDED_S,
    SURE_S,
    Calibration,
    Estimate,
    estimate_offset,
    goes_on,
)
from interbeat_server.finding import Candidate, FittingError

H10, MOVESENSE = Candidate("01", "Polar H10 AAAA"), Candidate("02", "Movesense 17")
IDS: dict[Partner, str] = {"a": H10.id, "b": MOVESENSE.id}
LATENCY_S: dict[Partner, float] = {"a": 2.6, "b": 0.4}
NO_CONTACT = encode(HeartRateMeasurement(0, (), False))


def sent(partner: Partner, beats: Iterable[float], seed: int) -> Iterable[Packet]:
    return strap_packets(
        partner, beats, seed=seed, loss=0.0, latency_s=LATENCY_S[partner], contact=None
    )


class Listening:
    """A calibration that hears two straps on one heart, or on two."""

    def __init__(
        self,
        *,
        one_heart: bool = True,
        off_s: tuple[float, float] = (0, 0),
        estimate: Estimate = estimate_offset,
    ) -> None:
        self.calibration = Calibration(estimate)
        self.calibration.found_now([H10, MOVESENSE])
        self.calibration.choose(IDS, 0.0)
        hearts = dyad(DyadSettings(seed=4, coupling=0.0))
        first = list(takewhile(lambda t_s: t_s < 320, hearts["a"]))
        beats: dict[Partner, Iterable[float]] = {
            "a": first,
            "b": first if one_heart else hearts["b"],
        }
        self._coming = merge(*(sent(p, beats[p], i) for i, p in enumerate(PARTNERS)))
        self._off_s = off_s
        self.t_s = 0.0
        for p in PARTNERS:
            self.calibration.push(IDS[p], Link(0.0, p, "streaming"))
            self.calibration.push(IDS[p], Device(0.1, p, {"serial": p}))

    def until(self, t_s: float) -> dict[str, Any]:
        self.t_s = t_s
        for event in self._coming:
            if not isinstance(event, Packet):
                continue
            lifted = event.partner == "b" and self._off_s[0] <= event.t_s < self._off_s[1]
            heard = replace(event, data=NO_CONTACT) if lifted else event
            self.calibration.push(IDS[event.partner], heard)
            if event.t_s > t_s:
                break
        return dict(json.loads(json.dumps(self.calibration.document(t_s), allow_nan=False)))


def test_two_to_four_minutes_of_one_heart_give_the_difference_of_two_straps() -> None:
    listening = Listening()
    before = listening.until(NEEDED_S - 1)
    assert (before["step"], before["result"]) == ("listen", None)
    assert before["clean_s"] > NEEDED_S - 8
    after = listening.until(LONGEST_S + 8)
    assert after["step"] == "result"
    assert NEEDED_S <= after["clean_s"] == after["needed_s"] <= LONGEST_S
    assert after["result"]["offset_ms"] == pytest.approx(-2200, abs=15)
    assert 0 < after["result"]["sigma_ms"] < 30
    assert after["result"]["matched"] > 100


SURE = Offset(-2.2, SURE_S, 130, "")
UNSURE = SURE._replace(sigma_s=2 * SURE_S)
NONE = Offset(math.nan, math.nan, 0, "The intervals differ.")


@pytest.mark.parametrize(
    ("found", "heard_s", "on"),
    [
        (SURE, NEEDED_S, False),
        (UNSURE, NEEDED_S, True),
        (UNSURE, LONGEST_S - 1, True),
        (UNSURE, LONGEST_S, False),
        (NONE, NEEDED_S, False),
    ],
)
def test_only_what_is_found_and_unsure_is_listened_to_for_longer(
    found: Offset, heard_s: float, on: bool
) -> None:
    assert goes_on(found, heard_s) is on


@pytest.mark.parametrize(
    ("sure_after", "asked"), [(1, 1), (2, 2), (4, 4), (99, 1 + (LONGEST_S - NEEDED_S) / MORE_S)]
)
def test_listening_goes_on_in_steps_until_it_is_sure_or_four_minutes_are_over(
    sure_after: int, asked: float
) -> None:
    estimates = 0

    def estimate(_: object) -> Offset:
        nonlocal estimates
        estimates += 1
        return SURE if estimates >= sure_after else UNSURE

    listening = Listening(estimate=estimate)
    while (document := listening.until(listening.t_s + 1))["step"] == "listen":
        assert document["clean_s"] <= document["needed_s"]
    assert estimates == asked
    assert document["needed_s"] == NEEDED_S + (asked - 1) * MORE_S
    assert document["clean_s"] == document["needed_s"]


def test_time_without_both_signals_does_not_count() -> None:
    listening = Listening(off_s=(30, 60))
    assert listening.until(NEEDED_S + 20)["step"] == "listen"
    after = listening.until(LONGEST_S + 45)
    assert after["step"] == "result"
    assert after["result"]["offset_ms"] == pytest.approx(-2200, abs=30)


def test_two_hearts_give_a_reason_and_nothing_to_keep() -> None:
    listening = Listening(one_heart=False)
    result = listening.until(NEEDED_S + 10)["result"]
    assert result["offset_ms"] is None
    assert "heart" in result["reason"]
    with pytest.raises(FittingError):
        listening.calibration.accept()


def test_only_a_result_can_be_kept() -> None:
    listening = Listening()
    listening.until(20)
    with pytest.raises(FittingError):
        listening.calibration.accept()
    listening.until(LONGEST_S + 8)
    assert listening.calibration.accept().offset_s == pytest.approx(-2.2, abs=0.015)
    assert listening.calibration.document(NEEDED_S + 8)["accepted"]


def test_listening_again_begins_at_nothing() -> None:
    listening = Listening()
    listening.until(NEEDED_S + 8)
    listening.calibration.listen_again()
    document = listening.calibration.document(NEEDED_S + 8)
    assert (document["step"], document["clean_s"]) == ("listen", 0.0)
