"""The pairing: every step from the list of straps to the start, as lists of events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from typing import Any

import pytest

from interbeat_collector.events import PARTNERS, Device, Link, Packet, Partner
from interbeat_collector.heart_rate import HeartRateMeasurement, decode, encode
from interbeat_collector.simulation import DyadSettings, dyad
from interbeat_collector.virtual_strap import merge, strap_packets
from interbeat_server.finding import Candidate, FittingError
from interbeat_server.pairing import Pairing
from interbeat_server.signal_check import CHECK_S

LABELS: dict[Partner, str] = {"a": "Ana", "b": "Ben"}
H10, OTHER_H10 = Candidate("01", "Polar H10 AAAA", -58), Candidate("02", "Polar H10 BBBB", -76)
MOVESENSE, VERITY = Candidate("03", "Movesense 17"), Candidate("04", "Polar Verity Sense 9", -90)
STRAPS = (H10, OTHER_H10, MOVESENSE, VERITY)
BOTH = {"a": H10.id, "b": OTHER_H10.id}

Change = Callable[[HeartRateMeasurement], HeartRateMeasurement | None]
"""What happens to a packet on its way; None: it is lost."""


@dataclass
class Spell:
    """Something happens to one strap for a while."""

    strap: str
    from_s: float
    to_s: float
    change: Change


def no_contact(found: HeartRateMeasurement) -> HeartRateMeasurement:
    return found._replace(contact=False, rr_ticks=())


def no_pulse(found: HeartRateMeasurement) -> HeartRateMeasurement:
    return found._replace(hr_bpm=0, rr_ticks=())


def no_rr(found: HeartRateMeasurement) -> HeartRateMeasurement:
    return found._replace(rr_ticks=())


def wild(found: HeartRateMeasurement) -> HeartRateMeasurement:
    return found._replace(rr_ticks=(310, 1900))


def silence(found: HeartRateMeasurement) -> None:
    return None


LIFTS: tuple[Change, ...] = (no_contact, no_pulse, no_rr, wild, silence)


class World:
    """Two worn straps that send, and a pairing that listens."""

    def __init__(
        self,
        *spells: Spell,
        chosen: dict[Partner, str] | None = None,
        contact: bool | None = None,
        one_heart: bool = False,
        **settings: object,
    ) -> None:
        self.t_s = 0.0
        self.pairing = Pairing(LABELS, **settings)  # type: ignore[arg-type]
        self.pairing.found_now(STRAPS)
        chosen = chosen or dict(BOTH)  # type: ignore[arg-type]
        self.pairing.choose(chosen, 0.0)
        hearts = dyad(DyadSettings(seed=3))
        if one_heart:
            beats = list(takewhile(lambda t_s: t_s < 300, hearts["a"]))
            hearts = {"a": iter(beats), "b": iter(beats)}
        self._coming = merge(
            *(strapped(chosen[p], self._sent(p, hearts[p], contact), spells) for p in PARTNERS)
        )
        self._ids = chosen
        self._next = next(self._coming)

    def _sent(self, p: Partner, beats: Iterable[float], contact: bool | None) -> Iterator[Packet]:
        return strap_packets(p, beats, seed=5, loss=0.0, contact=contact)

    def until(self, t_s: float) -> dict[str, Any]:
        """Let time pass; polled twice a second, as the page does."""
        while self.t_s < t_s:
            self.t_s = min(self.t_s + 0.5, t_s)
            while self._next.t_s <= self.t_s:
                self.pairing.push(self._ids[self._next.partner], self._next)
                self._next = next(self._coming)
            document = self.pairing.document(self.t_s)
        return dict(json.loads(json.dumps(document, allow_nan=False)))

    def state_of_check(self, partner: Partner, name: str) -> tuple[str, str]:
        checks = self.pairing.document(self.t_s)["partners"][partner]["checks"]
        return next((c["state"], c["text"]) for c in checks if c["name"] == name)


def strapped(
    strap: str, packets: Iterable[Packet], spells: Iterable[Spell]
) -> Iterator[Packet | Link]:
    own = [s for s in spells if s.strap == strap]
    for number, packet in enumerate(packets):
        if number == 0:
            yield Link(packet.t_s, packet.partner, "streaming")
        found: HeartRateMeasurement | None = decode(packet.data)
        for spell in own:
            if found and spell.from_s <= packet.t_s < spell.to_s:
                found = spell.change(found)
        if found:
            yield replace(packet, data=encode(found))


def lifted(strap: Candidate, from_s: float, change: Change = no_contact) -> Spell:
    return Spell(strap.id, from_s, from_s + 3.0, change)


def test_found_straps_are_listed_by_their_signal_with_what_is_known() -> None:
    pairing = Pairing(LABELS, {"a": H10.id})
    pairing.looking()
    assert pairing.document(0.0)["scanning"]
    pairing.found_now([VERITY, OTHER_H10, replace(MOVESENSE, held=True), H10])
    document = pairing.document(1.0)
    assert (document["step"], document["scanning"]) == ("find", True)
    found = {strap["id"]: strap for strap in document["found"]}
    assert list(found) == ["01", "02", "04", "03"]
    assert [strap["signal"] for strap in found.values()] == ["strong", "medium", "weak", None]
    assert found["01"]["model"] == "Polar H10"
    assert "already connected" in found["03"]["remark"]
    assert (found["01"]["rr"], found["04"]["rr"]) == ("yes", "no")
    assert "cannot be used" in found["04"]["remark"]
    assert document["remembered"] == {"a": "01", "b": None}


def test_a_strap_that_nobody_knows_is_offered_with_a_remark() -> None:
    pairing = Pairing(LABELS)
    pairing.found_now([Candidate("05", "Band 5", -60)])
    (found,) = pairing.document(0.0)["found"]
    assert found["rr"] == "unknown"
    assert "the check will tell" in found["remark"]


def test_a_computer_without_bluetooth_is_told_in_the_document() -> None:
    pairing = Pairing(LABELS)
    pairing.looking()
    pairing.found_now([], "This computer has no Bluetooth. Plug in an adapter.")
    assert "no Bluetooth" in pairing.document(0.0)["problem"]
    pairing.found_now([H10])
    assert pairing.document(0.0)["problem"] is None


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ({"a": "01", "b": "01"}, "same strap twice"),
        ({"a": "01", "b": "99"}, "'99' was not found"),
        ({"a": "01", "b": "04"}, "Verity"),
    ],
)
def test_a_choice_that_cannot_work_is_refused(chosen: dict[Partner, str], reason: str) -> None:
    pairing = Pairing(LABELS)
    pairing.found_now(STRAPS)
    with pytest.raises(FittingError, match=reason):
        pairing.choose(chosen, 0.0)
    assert pairing.step == "find"


@pytest.mark.parametrize("lift", LIFTS)
def test_each_lifts_the_strap_and_is_recognised(lift: Change) -> None:
    world = World(lifted(H10, 12.0, lift), lifted(OTHER_H10, 32.0, lift))
    asked = world.until(10.0)["identity"]
    assert asked == {"asked": "a", "state": "lift", "happened": None, "swapped": False}
    after = world.until(30.0)
    assert after["identity"]["asked"] == "b"
    assert after["identity"]["happened"] == "same"
    after = world.until(45.0)
    assert after["step"] == "check"
    partners = after["partners"]
    assert [partners[p]["identified"] for p in PARTNERS] == ["lifted", "lifted"]
    assert [partners[p]["id"] for p in PARTNERS] == [H10.id, OTHER_H10.id]


@pytest.mark.parametrize("lift", LIFTS)
def test_when_the_other_strap_reacts_the_roles_are_swapped(lift: Change) -> None:
    world = World(lifted(OTHER_H10, 12.0, lift), lifted(H10, 32.0, lift))
    after = world.until(30.0)
    assert after["identity"]["happened"] == "swapped"
    assert after["identity"]["asked"] == "b"
    after = world.until(45.0)
    assert after["step"] == "check"
    assert [after["partners"][p]["id"] for p in PARTNERS] == [OTHER_H10.id, H10.id]
    assert after["identity"]["swapped"]


def test_both_lifting_at_once_shows_nothing_and_is_asked_again() -> None:
    world = World(lifted(H10, 12.0), lifted(OTHER_H10, 12.0), lifted(H10, 30.0))
    after = world.until(22.0)
    assert after["identity"]["happened"] == "both"
    assert after["identity"]["asked"] == "a"
    assert world.until(40.0)["partners"]["a"]["identified"] == "lifted"


def test_lifting_the_same_strap_for_both_is_noticed() -> None:
    world = World(lifted(H10, 12.0), lifted(H10, 32.0), lifted(OTHER_H10, 50.0))
    after = world.until(42.0)
    assert (after["step"], after["identity"]["happened"]) == ("identify", "again")
    assert world.until(62.0)["step"] == "check"


def test_one_extra_beat_identifies_nobody() -> None:
    def extra(found: HeartRateMeasurement) -> HeartRateMeasurement:
        return found._replace(rr_ticks=(400, 1300))

    world = World(Spell(OTHER_H10.id, 12.0, 13.0, extra))
    after = world.until(25.0)
    assert after["identity"]["asked"] == "a"
    assert after["identity"]["happened"] is None


@pytest.mark.parametrize("early", [0.15, 0.25, 0.4])
def test_one_early_beat_identifies_nobody(early: float) -> None:
    owed: int | None = None

    def premature(found: HeartRateMeasurement) -> HeartRateMeasurement:
        """The first interval is cut, and the next one makes up for it."""
        nonlocal owed
        ticks = list(found.rr_ticks)
        for i, rr in enumerate(ticks):
            by = round(early * rr) if owed is None else -owed
            ticks[i], owed = rr - by, max(by, 0)
        return found._replace(rr_ticks=tuple(ticks))

    world = World(Spell(OTHER_H10.id, 12.0, 15.0, premature))
    after = world.until(25.0)
    assert owed == 0, "no beat was early"
    assert after["identity"]["asked"] == "a"
    assert after["identity"]["happened"] is None


def test_a_glimpse_of_lost_contact_identifies_nobody() -> None:
    world = World(Spell(OTHER_H10.id, 12.0, 12.9, no_contact))
    assert world.until(25.0)["identity"]["happened"] is None


def test_a_lost_connection_is_no_lift() -> None:
    world = World()
    world.until(12.0)
    world.pairing.push(OTHER_H10.id, Link(12.0, "b", "lost", "out of reach"))
    after = world.until(20.0)
    assert after["identity"]["happened"] is None
    assert after["identity"]["state"] == "settling"
    assert after["partners"]["b"]["trouble"] == "link"


def test_a_lift_before_it_is_asked_for_counts_for_nothing() -> None:
    world = World(Spell(OTHER_H10.id, 0.0, 9.0, no_contact))
    assert world.until(9.0)["identity"]["state"] == "settling"
    after = world.until(11.0)
    assert after["identity"]["happened"] is None


def test_a_lift_that_does_nothing_is_explained_after_a_while() -> None:
    world = World()
    assert world.until(10.0)["identity"]["state"] == "lift"
    assert world.until(30.0)["identity"]["state"] == "unnoticed"


def test_who_knows_the_straps_may_skip_and_that_is_recorded() -> None:
    world = World()
    world.until(5.0)
    world.pairing.skip_identity(5.0)
    after = world.until(6.0)
    assert after["step"] == "check"
    assert [after["partners"][p]["identified"] for p in PARTNERS] == ["skipped", "skipped"]


def test_after_one_lift_the_other_strap_is_known_by_inference() -> None:
    world = World(lifted(H10, 12.0))
    world.until(20.0)
    world.pairing.skip_identity(20.0)
    partners = world.until(21.0)["partners"]
    assert [partners[p]["identified"] for p in PARTNERS] == ["lifted", "inferred"]


def test_asking_again_goes_back_from_the_check() -> None:
    world = World()
    world.until(5.0)
    world.pairing.skip_identity(5.0)
    world.until(20.0)
    world.pairing.identify("b", 20.0)
    after = world.until(21.0)
    assert (after["step"], after["identity"]["asked"], after["check_s"]) == ("identify", "b", 0.0)


def skipped(*spells: Spell, **settings: object) -> World:
    """A world in which the check begins after 5 s."""
    world = World(*spells, **settings)  # type: ignore[arg-type]
    world.until(5.0)
    world.pairing.skip_identity(5.0)
    return world


def test_thirty_good_seconds_make_it_ready_and_not_less() -> None:
    world = skipped()
    before = world.until(5.0 + CHECK_S - 0.5)
    assert (before["step"], before["can_start"]) == ("check", "no")
    assert before["check_s"] == CHECK_S - 0.5
    assert world.pairing.refusal(world.t_s) is not None
    after = world.until(5.0 + CHECK_S)
    assert (after["step"], after["can_start"], after["problem"]) == ("ready", "yes", None)
    assert world.pairing.refusal(world.t_s) is None
    for p in PARTNERS:
        states = {c["name"]: c["state"] for c in after["partners"][p]["checks"]}
        assert states == dict.fromkeys(
            ["contact", "rr", "heart_rate", "packets", "artefacts", "told"], "ok"
        )
    assert {c["name"]: c["state"] for c in after["pair_checks"]} == {
        "two_straps": "ok",
        "two_hearts": "ok",
    }


@pytest.mark.parametrize("break_", [no_contact, no_pulse, silence])
def test_an_interruption_begins_the_thirty_seconds_anew(break_: Change) -> None:
    world = skipped(Spell(OTHER_H10.id, 20.0, 25.0, break_))
    during = world.until(24.5)
    assert during["check_s"] == 0.0
    assert world.state_of_check("b", "contact")[0] == "problem"
    assert world.state_of_check("a", "contact")[0] == "ok"
    assert world.until(50.0)["step"] == "check"
    assert world.until(60.0)["step"] == "ready"


def test_lost_contact_after_ready_takes_ready_back() -> None:
    world = skipped(Spell(H10.id, 40.0, 45.0, no_contact))
    assert world.until(39.0)["step"] == "ready"
    after = world.until(44.0)
    assert (after["step"], after["can_start"]) == ("check", "no")
    assert "Moisten" in after["partners"]["a"]["remedy"]


def test_weak_contact_shows_as_artefacts_with_a_remedy_and_can_be_overruled() -> None:
    count = iter(range(10**6))

    def restless(found: HeartRateMeasurement) -> HeartRateMeasurement:
        return wild(found) if next(count) % 6 == 0 else found

    world = skipped(Spell(H10.id, 0.0, 300.0, restless))
    after = world.until(60.0)
    state, text = world.state_of_check("a", "artefacts")
    assert state == "problem"
    assert "Moisten" in text
    assert (after["step"], after["can_start"]) == ("check", "anyway")
    assert world.pairing.refusal(world.t_s) is not None
    assert world.pairing.refusal(world.t_s, anyway=True) is None


def test_lost_packets_are_counted_and_say_what_to_do() -> None:
    count = iter(range(10**6))

    def lossy(found: HeartRateMeasurement) -> HeartRateMeasurement | None:
        return None if next(count) % 4 == 0 else found

    world = skipped(Spell(H10.id, 0.0, 300.0, lossy))
    world.until(40.0)
    state, text = world.state_of_check("a", "packets")
    assert state == "problem"
    assert text.startswith(("23%", "24%", "25%", "26%"))
    assert "closer" in text
    assert world.state_of_check("b", "packets")[0] == "ok"


def told_twice(found: HeartRateMeasurement) -> HeartRateMeasurement:
    return found._replace(rr_ticks=tuple(rr for rr in found.rr_ticks for _ in range(2)))


def told_by_a_quarter_less() -> Change:
    count = iter(range(10**6))

    def less(found: HeartRateMeasurement) -> HeartRateMeasurement:
        return found._replace(rr_ticks=tuple(rr for rr in found.rr_ticks if next(count) % 4))

    return less


@pytest.mark.parametrize(
    ("change", "said"),
    [(told_twice, "twice"), (told_by_a_quarter_less(), "of the beats only")],
    ids=["twice", "a_quarter_less"],
)
def test_beats_that_do_not_add_up_to_the_time_are_noticed(change: Change, said: str) -> None:
    """Each interval is a likely one, and no packet is missing."""
    world = skipped(Spell(H10.id, 0.0, 300.0, change))
    after = world.until(50.0)
    state, text = world.state_of_check("a", "told")
    assert state == "problem"
    assert said in text
    assert (after["step"], after["can_start"]) == ("check", "anyway")
    assert world.state_of_check("a", "artefacts")[0] == "ok"
    assert world.state_of_check("b", "told")[0] == "ok"


def test_packets_that_were_held_up_and_come_at_once_are_forgiven_within_the_minute() -> None:
    world = skipped(Spell(H10.id, 12.0, 18.0, silence))
    held_up = encode(HeartRateMeasurement(70, (870,)))
    world.until(17.5)
    for _ in range(6):
        world.pairing.push(H10.id, Packet(17.5, "a", "heart_rate", held_up))
    assert world.until(77.0)["step"] == "ready"


def test_a_strap_without_rr_is_refused_with_a_sentence() -> None:
    unknown = Candidate("05", "Band 5", -60)
    pairing = Pairing(LABELS)
    pairing.found_now([H10, unknown])
    pairing.choose({"a": H10.id, "b": unknown.id}, 0.0)
    for strap in (H10, unknown):
        pairing.push(strap.id, Link(0.5, "a", "streaming"))
    for t_s in range(1, 20):
        pairing.push(H10.id, Packet(t_s, "a", "heart_rate", bytes([0x10, 70, 0, 3])))
        pairing.push(unknown.id, Packet(t_s, "b", "heart_rate", bytes([0x00, 70])))
    pairing.skip_identity(19.0)
    document = pairing.document(19.5)
    assert "sends no time between beats" in document["problem"]
    assert document["partners"]["b"]["checks"][1]["state"] == "problem"
    assert document["can_start"] == "no"
    assert pairing.refusal(19.5, anyway=True) == document["problem"]


def test_one_strap_under_two_names_of_the_system_is_noticed_by_its_serial() -> None:
    twin = replace(H10, id="06")
    pairing = Pairing(LABELS)
    pairing.found_now([H10, twin])
    pairing.choose({"a": H10.id, "b": twin.id}, 0.0)
    for strap in (H10, twin):
        pairing.push(strap.id, Device(1.0, "a", {"model": "H10", "serial": "5A"}))
    assert "one strap" in pairing.document(2.0)["problem"]


def test_two_straps_that_hear_one_heart_are_warned_of_and_not_refused() -> None:
    world = skipped(one_heart=True)
    after = world.until(40.0)
    assert {c["name"]: c["state"] for c in after["pair_checks"]}["two_hearts"] == "warning"
    assert after["step"] == "ready"


def test_the_heart_rate_must_be_likely() -> None:
    def fast(found: HeartRateMeasurement) -> HeartRateMeasurement:
        return found._replace(hr_bpm=195, rr_ticks=(315,) * 3)

    world = skipped(Spell(H10.id, 0.0, 300.0, fast))
    after = world.until(40.0)
    assert world.state_of_check("a", "heart_rate")[0] == "problem"
    assert after["can_start"] == "anyway"


def test_a_low_battery_is_a_warning() -> None:
    world = skipped()
    world.pairing.push(H10.id, Packet(5.0, "a", "battery", bytes([9])))
    after = world.until(40.0)
    assert world.state_of_check("a", "battery")[0] == "warning"
    assert after["step"] == "ready"
    assert after["partners"]["a"]["battery_percent"] == 9


def test_two_models_are_warned_of_until_they_are_calibrated() -> None:
    chosen: dict[Partner, str] = {"a": H10.id, "b": MOVESENSE.id}
    assert World(chosen=chosen).until(1.0)["warning"]
    calibrated = World(
        chosen=chosen, calibrated=lambda a, b: (a.id, b.id) == (H10.id, MOVESENSE.id)
    )
    assert calibrated.until(1.0)["warning"] is None
    assert World().until(1.0)["warning"] is None


def test_two_models_are_foreseen_by_their_names_before_they_are_connected() -> None:
    strangers = Candidate("05", "Somebody's"), Candidate("06", "H10 of the lab")
    pairing = Pairing(LABELS, calibrated=lambda a, b: {a.id, b.id} == {OTHER_H10.id, MOVESENSE.id})
    pairing.found_now((*STRAPS, *strangers))
    foreseen = pairing.foreseen({"a": H10.id, "b": MOVESENSE.id})
    assert foreseen is not None
    assert "Movesense" in foreseen
    for a, b in (
        (H10.id, OTHER_H10.id),
        (OTHER_H10.id, MOVESENSE.id),
        (H10.id, strangers[0].id),
        (strangers[0].id, strangers[1].id),
        (MOVESENSE.id, MOVESENSE.id),
        (H10.id, "gone"),
        (H10.id, None),
    ):
        assert pairing.foreseen({"a": a, "b": b}) is None


def test_the_document_tells_what_a_strap_offers_raw() -> None:
    world = World(chosen={"a": H10.id, "b": MOVESENSE.id})
    partners = world.pairing.document(0.0)["partners"]
    assert partners["a"]["raw"] == ["ecg", "acceleration"]
    assert partners["b"]["raw"] == []


def test_going_back_forgets_the_choice() -> None:
    world = skipped()
    world.until(40.0)
    world.pairing.reset(40.0)
    document = world.pairing.document(40.0)
    assert (document["step"], document["partners"], document["check_s"]) == ("find", None, 0.0)
    assert world.pairing.refusal(40.0) is not None


def test_the_picture_of_a_heart_has_a_hole_where_packets_are_lost() -> None:
    world = World(Spell(H10.id, 10.0, 15.0, silence))
    trace = world.until(22.0)["partners"]["a"]["trace"]
    steps_s = [before - after for before, after in pairwise(trace["ago_s"])]
    assert all(step_s > 0 for step_s in steps_s)
    assert sum(step_s > 3 for step_s in steps_s) == 1
    assert all(40 < bpm < 180 for bpm in trace["bpm"])
    assert 0 <= trace["ago_s"][-1] < 2
