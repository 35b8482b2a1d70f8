"""The door: who gets in, over HTTP and WebSocket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from interbeat_collector.clock import SessionClock
from interbeat_collector.radio import Radio
from interbeat_server.app import application
from interbeat_server.calibrating import estimate_offset
from interbeat_server.desk import Desk
from interbeat_server.door import OPEN_TO_ALL, Door, Keys
from interbeat_server.fitting_room import FittingRoom

PORT = 8123
HERE = f"http://127.0.0.1:{PORT}"
FOREIGN_HOSTS = [
    "evil.example",
    f"evil.example:{PORT}",
    f"127.0.0.1.evil.example:{PORT}",
    f"127.0.0.1:{PORT + 1}",
    "127.0.0.1",
    f"localhost.:{PORT}",
    f"127.0.0.1@evil.example:{PORT}",
    f"a/?x=127.0.0.1:{PORT}",
    "",
]
FOREIGN_ORIGINS = [
    "https://evil.example",
    "null",
    f"https://127.0.0.1:{PORT}",
    f"http://127.0.0.1:{PORT + 1}",
    f"http://localhost:{PORT}",
    f"http://127.0.0.1:{PORT}.evil.example",
]


@pytest.fixture
def keys() -> Keys:
    return Keys(PORT)


@pytest.fixture
def app(tmp_path: Path, keys: Keys) -> Door:
    desk = Desk(tmp_path)
    room = FittingRoom(desk, Radio(), SessionClock(), estimate_offset)
    door = application(desk, room, port=PORT, keys=keys)
    assert isinstance(door, Door)
    return door


@pytest.fixture
def stranger(app: Door) -> TestClient:
    return TestClient(app, base_url=HERE)


@pytest.fixture
def guest(app: Door, keys: Keys) -> TestClient:
    client = TestClient(app, base_url=HERE, headers={"origin": HERE})
    assert client.post("/api/enter", json={"code": keys.code}).status_code == 204
    return client


def routes(app: Door) -> list[tuple[str, str]]:
    """Method and path of everything that is routed, in whichever router it stands."""
    found = []
    waiting = list(app._app.routes)  # type: ignore[attr-defined]
    while waiting:
        route = waiting.pop()
        path = getattr(route, "path", "")
        if inner := getattr(route, "original_router", None):
            waiting += inner.routes
        elif isinstance(route, APIWebSocketRoute):
            found.append(("WEBSOCKET", path))
        elif isinstance(route, APIRoute):
            found += [(method, path) for method in sorted(route.methods)]
        else:
            found.append(("GET", f"{path}/anything"))
    return found


def test_no_route_answers_without_the_cookie(app: Door, stranger: TestClient) -> None:
    walked = routes(app)
    assert len(walked) >= 9
    for method, path in walked:
        if (method, path) in OPEN_TO_ALL:
            continue
        if method == "WEBSOCKET":
            with (
                pytest.raises(WebSocketDisconnect),
                stranger.websocket_connect(
                    f"ws://127.0.0.1:{PORT}{path}", headers={"origin": HERE}
                ),
            ):
                pass
        else:
            answer = stranger.request(method, path, headers={"origin": HERE}, json={})
            assert answer.status_code == 401, (method, path)


def test_what_is_open_to_all_says_nothing_about_anybody(stranger: TestClient) -> None:
    for method, path in OPEN_TO_ALL:
        if method == "GET":
            assert stranger.get(path).status_code == 200, path
    assert {path for method, path in OPEN_TO_ALL if method != "GET"} == {"/api/enter"}


def test_a_browser_without_the_cookie_sees_the_door(stranger: TestClient) -> None:
    answer = stranger.get("/run/x", headers={"accept": "text/html"})
    assert answer.status_code == 401
    assert "/static/door.js" in answer.text


def test_the_code_works_once(stranger: TestClient, keys: Keys) -> None:
    code = keys.code
    origin = {"origin": HERE}
    wrong = stranger.post("/api/enter", json={"code": "wrong"}, headers=origin)
    assert wrong.status_code == 403
    assert stranger.get("/api/sessions").status_code == 401
    right = stranger.post("/api/enter", json={"code": code}, headers=origin)
    assert right.status_code == 204
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/api/sessions").status_code == 200
    assert stranger.post("/api/enter", json={"code": code}, headers=origin).status_code == 403


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_foreign_hosts_are_refused(guest: TestClient, host: str) -> None:
    assert guest.get("/api/sessions", headers={"host": host}).status_code == 400
    with (
        pytest.raises(WebSocketDisconnect),
        guest.websocket_connect(f"ws://127.0.0.1:{PORT}/ws/x", headers={"host": host}),
    ):
        pass


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_machine_s_own_names_are_served(app: Door, keys: Keys, name: str) -> None:
    client = TestClient(app, base_url=f"http://{name}:{PORT}")
    origin = {"origin": f"http://{name}:{PORT}"}
    assert client.post("/api/enter", json={"code": keys.code}, headers=origin).status_code == 204


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_foreign_origins_are_refused(guest: TestClient, origin: str) -> None:
    headers = {"origin": origin}
    assert guest.get("/api/sessions", headers=headers).status_code == 403
    assert guest.post("/api/sessions", json={}, headers=headers).status_code == 403
    assert guest.delete("/api/sessions/x", headers=headers).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        guest.websocket_connect(f"ws://127.0.0.1:{PORT}/ws/x", headers=headers),
    ):
        pass


def test_changing_anything_needs_an_origin(app: Door, guest: TestClient) -> None:
    del guest.headers["origin"]
    assert guest.get("/api/sessions").status_code == 200
    assert guest.post("/api/sessions", json={}).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        guest.websocket_connect(f"ws://127.0.0.1:{PORT}/ws/x"),
    ):
        pass


def test_another_program_s_cookie_is_no_key(stranger: TestClient) -> None:
    for cookie in ("interbeat-8123=guess", "interbeat-9999=x", "\x00=;;", "é=1"):
        answer = stranger.get("/api/sessions", headers={"cookie": cookie.encode("latin-1")})
        assert answer.status_code == 401


def test_every_answer_carries_the_page_headers(guest: TestClient, stranger: TestClient) -> None:
    answers = [
        guest.get("/"),
        guest.get("/static/run.js"),
        guest.get("/api/sessions"),
        guest.get("/nothing/here"),
        stranger.get("/"),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe-eval" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_documentation_pages_that_load_from_elsewhere_do_not_exist(guest: TestClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert guest.get(path).status_code == 404


def test_only_the_page_s_files_are_served(guest: TestClient) -> None:
    for path in ("__init__.py", "py.typed", "types.d.ts", "../interbeat_server/app.py", "%2e%2e/x"):
        assert guest.get(f"/static/{path}").status_code == 404, path


def test_a_body_beyond_the_limit_is_refused(guest: TestClient) -> None:
    assert guest.post("/api/sessions", json={"labels": "x" * (2 << 20)}).status_code == 413


def test_a_bad_request_is_answered_with_one_sentence(guest: TestClient) -> None:
    cases: list[dict[str, Any]] = [{"coupling": 7}, {"labels": {"a": "", "b": "Ben"}}, {"x": 1}]
    for body in cases:
        answer = guest.post("/api/sessions", json=body)
        assert answer.status_code == 422
        assert "\n" not in answer.json()["error"]
