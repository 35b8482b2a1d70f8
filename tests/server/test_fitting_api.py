"""Pairing and calibration over HTTP, as a page asks for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from program import Program, interbeat, received

LABELS = {"a": "Ana", "b": "Ben"}
FIRST, SECOND, MOVESENSE, ARMBAND = (f"F0:00:00:00:00:0{n}" for n in (1, 2, 3, 4))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("straps")
    with Program("--virtual-straps", "--rate", "10", data=folder) as program:
        program.sign_in()
        yield program


def ask(app: Program, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    status, _, content = app.request(method, f"/api/{path}", body)
    return status, json.loads(content) if content else None


def until(app: Program, path: str, name: str, value: object) -> dict[str, Any]:
    while True:
        status, document = ask(app, "GET", path)
        assert (status, document["problem"]) == (200, None)
        if document[name] == value or (callable(value) and value(document[name])):
            return dict(document)


def lift_until_recognised(app: Program) -> None:
    """Lift again if a busy machine has missed it."""
    while (identity := ask(app, "GET", "pairing")[1]["identity"])["happened"] != "same":
        if identity["state"] != "settling":
            assert ask(app, "POST", "straps/lift", {"id": FIRST})[0] == 204


def test_nothing_is_paired_before_somebody_begins(app: Program) -> None:
    for path in ("pairing", "calibration"):
        assert ask(app, "GET", path) == (200, {"step": None, "recording": None})
        assert ask(app, "DELETE", path)[0] == 204
    status, answer = ask(app, "POST", "pairing/choose", {"a": FIRST, "b": SECOND})
    assert status == 409
    assert "Open the page" in answer["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("pairing", None),
        ("pairing", {"labels": {"a": "Ana"}}),
        ("pairing", {"labels": {"a": "Ana", "b": ""}}),
        ("pairing", {"labels": {"a": "Ana", "b": "x" * 41}}),
        ("pairing/choose", {"a": FIRST}),
        ("pairing/identify", {"partner": "c"}),
        ("pairing/start", {"anyway": "perhaps"}),
        ("pairing/start", {"raw": ["thoughts"]}),
        ("straps/lift", {}),
    ],
)
def test_a_request_that_makes_no_sense_is_one_sentence(app: Program, path: str, body: Any) -> None:
    status, answer = ask(app, "POST", path, body)
    assert status == 422
    assert list(answer) == ["error"]


def test_a_whole_pairing_becomes_a_run(app: Program) -> None:
    status, document = ask(app, "POST", "pairing", {"labels": LABELS})
    assert (status, document["step"], document["virtual"]) == (201, "find", True)
    until(app, "pairing", "found", lambda found: len(found) == 4)
    for b, reason in ((FIRST, "same strap twice"), (ARMBAND, "RR"), ("nobody", "was not found")):
        status, answer = ask(app, "POST", "pairing/choose", {"a": FIRST, "b": b})
        assert status == 409
        assert reason in answer["error"]
    status, document = ask(app, "POST", "pairing/choose", {"a": FIRST, "b": SECOND})
    assert (status, document["step"]) == (200, "identify")
    status, answer = ask(app, "POST", "pairing/start", {})
    assert status == 409
    assert "whose strap" in answer["error"]
    until(app, "pairing", "identity", lambda identity: identity["state"] == "lift")
    assert ask(app, "POST", "straps/lift", {"id": "nobody"})[0] == 409
    lift_until_recognised(app)
    status, document = ask(app, "POST", "pairing/identify", {"skip": True})
    assert (status, document["step"]) == (200, "check")
    until(app, "pairing", "step", "ready")
    status, answer = ask(app, "POST", "pairing/start", {"labels": {"a": "Zoë", "b": "Li"}})
    assert status == 201
    for path in ("pairing", "calibration"):
        assert ask(app, "GET", path) == (200, {"step": None, "recording": answer["run"]})
    with app.watch(answer["run"]) as viewer:
        hello = json.loads(viewer.recv(20))[0]
        assert hello["session"]["labels"] == {"a": "Zoë", "b": "Li"}
        assert hello["session"]["warning"] is None
        status, refused = ask(app, "POST", "pairing", {"labels": LABELS})
        assert status == 409
        assert "being recorded" in refused["error"]
        assert ask(app, "POST", "calibration")[0] == 409
        viewer.send(json.dumps({"type": "stop"}))
        received(viewer, lambda message: message.get("state") == "ended")
    assert ask(app, "GET", "straps")[1]["labels"] == {"a": "Zoë", "b": "Li"}


def test_two_models_are_warned_of_before_they_are_connected(app: Program) -> None:
    assert ask(app, "POST", "pairing", {"labels": LABELS})[0] == 201
    until(app, "pairing", "found", lambda found: len(found) == 4)
    assert ask(app, "GET", f"pairing?a={FIRST}&b={SECOND}")[1]["warning"] is None
    assert "Movesense" in ask(app, "GET", f"pairing?a={FIRST}&b={MOVESENSE}")[1]["warning"]
    assert ask(app, "GET", f"pairing?a={FIRST}")[1]["warning"] is None
    assert ask(app, "DELETE", "pairing")[0] == 204


def test_it_is_told_which_virtual_straps_one_person_wears(app: Program) -> None:
    status, document = ask(app, "POST", "calibration")
    assert status == 201
    assert document["shared_hearts"] == [["Polar H10 virtual 1", "Movesense virtual 3"]]
    assert ask(app, "DELETE", "calibration")[0] == 204


def test_a_folder_that_cannot_be_written_is_told_before_straps_are_fitted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Program("--virtual-straps", data=tmp_path / "file" / "folder") as app:
        app.sign_in()
        for path, body in (("pairing", {"labels": LABELS}), ("calibration", None)):
            status, answer = ask(app, "POST", path, body)
            assert status == 507
            assert "--data-dir" in answer["error"]
            assert ask(app, "GET", path)[1]["step"] is None


def test_rate_without_virtual_straps_is_refused(tmp_path: Path) -> None:
    refused = interbeat("--rate", "5", "--data-dir", str(tmp_path), "--no-browser")
    assert refused.returncode == 2
    assert "--virtual-straps" in refused.stderr
