"""Jumps in a replay and a demo that begins with minutes behind it: nobody else waits for them."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from fast_clock import FastClock
from interbeat_collector.events import PARTNERS, End, Event, Link, Marker, Packet, Session
from interbeat_collector.session_file import Recording, SessionWriter, read_session
from interbeat_collector.simulation import DyadSettings
from interbeat_server import film, runs
from interbeat_server.desk import Desk
from interbeat_server.live import Engine
from interbeat_server.runs import LiveRun, ReplayRun
from interbeat_server.sources import simulated_session
from program import Program, received

LENGTH_S = 900.0
FAR_S = 880.0
TURNS = DyadSettings(seed=6, mode="mutual", turns="shared")
WORK = ("pass_over", "look", "skip_to", "frame")
"""What an engine does that takes time."""


def simulated(until_s: float) -> tuple[Session, list[Event]]:
    session, endless = simulated_session(TURNS)
    return session, list(takewhile(lambda event: event.t_s <= until_s, endless))


@pytest.fixture(scope="module")
def recording() -> Recording:
    """A talk with a marker, a strap that is away for a while and one that loses packets."""
    session, told = simulated(LENGTH_S)
    kept = [e for e in told if not (isinstance(e, Packet) and e.partner == "b" and _away(e.t_s))]
    links = [Link(400.0, "b", "lost", "out of range"), Link(460.0, "b", "streaming")]
    events = [*kept, *links, Marker(123.4, 120.0, "baseline"), End(LENGTH_S, "stopped")]
    return Recording(session, tuple(sorted(events, key=lambda event: event.t_s)))


def _away(t_s: float) -> bool:
    return 400.0 <= t_s < 460.0 or 250.0 <= t_s < 254.0


class Watched:
    """Which engine calls were made, by the thread and by the turn of the loop they fell into."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.threads: Counter[int] = Counter()
        self.turns: Counter[int] = Counter()
        self.calls: Counter[str] = Counter()
        self.turn = 0
        for name in WORK:
            monkeypatch.setattr(Engine, name, self._counted(name, getattr(Engine, name)))

    def _counted(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self.threads[threading.get_ident()] += 1
            self.turns[self.turn] += 1
            self.calls[name] += 1
            return work(*arguments)

        return counted

    async def count_turns(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.turn += 1


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


class Watcher:
    """A page on a run: what it was sent since the newest `hello`, which it joins again after."""

    def __init__(self, run: LiveRun | ReplayRun) -> None:
        self.run = run
        self.epochs: list[int] = []
        self.messages: list[dict[str, Any]] = []

    async def watch(self) -> None:
        while True:
            viewer, _ = self.run.hub.join()
            if isinstance(self.run, ReplayRun):
                self.run.watched()
            self.epochs.append(self.run.hub.epoch)
            self.messages = []
            while texts := await viewer.take():
                self.messages += map(json.loads, texts)
            if not viewer.sent_away:
                return

    def states(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == "state"]


async def until(reached: Callable[[], object]) -> None:
    while not reached():
        await asyncio.sleep(0.001)  # a loop that never rests leaves a thread no time


async def moved(run: ReplayRun, to_s: float) -> None:
    """Jump and wait for it to be over."""
    run.jump(to_s)
    await until(lambda: run.error or run.hello(resumed=False)["state"]["to_s"] is None)
    assert run.error is None


async def ended(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def frames_of(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [m for m in messages if m["type"] != "state"]
    return [{k: v for k, v in m.items() if k != "seq"} for m in kept]


def test_the_loop_does_no_work_of_the_engine_during_a_jump(
    recording: Recording, watched: Watched
) -> None:
    async def scenario() -> None:
        run = ReplayRun(recording, clock=FastClock)
        driving = asyncio.ensure_future(run.drive())
        await moved(run, FAR_S)
        await run.stop()
        await driving

    asyncio.run(scenario())
    assert watched.calls["frame"] == runs.HISTORY_S * 4
    assert threading.get_ident() not in watched.threads


def test_a_recording_and_its_viewers_go_on_while_a_replay_jumps(
    recording: Recording, tmp_path: Path
) -> None:
    async def scenario() -> tuple[float, int]:
        session, events = simulated(LENGTH_S)
        writer = SessionWriter(tmp_path, session)
        live = LiveRun(session, events, writer, clock=FastClock)
        replay = ReplayRun(recording, clock=FastClock)
        viewer, _ = live.hub.join()
        driving = [asyncio.ensure_future(run.drive()) for run in (live, replay)]
        await until(lambda: live.now_s > 1)
        await viewer.take()
        began_s = live.now_s
        replay.jump(FAR_S)
        # The jump is far from over when the recording has shown another minute.
        await until(lambda: live.now_s > began_s + 60.0)
        moving = replay.hello(resumed=False)["state"]["to_s"] == FAR_S
        assert moving
        assert replay.hub.epoch == 1
        told = len(await viewer.take(10_000))
        await replay.stop()
        await live.stop()
        await asyncio.gather(*driving)
        return live.now_s - began_s, told

    passed_s, told = asyncio.run(scenario())
    assert told > 4 * 60
    assert passed_s >= 60.0


def test_viewers_keep_what_they_see_until_all_is_there_and_are_told_of_the_move(
    recording: Recording,
) -> None:
    async def scenario() -> tuple[Watcher, list[dict[str, Any]]]:
        run = ReplayRun(recording, clock=FastClock)
        watcher = Watcher(run)
        tasks = [asyncio.ensure_future(work) for work in (run.drive(), watcher.watch())]
        await until(lambda: run.now_s > 5)
        run.pause()
        run.jump(FAR_S)
        await until(lambda: watcher.states() and watcher.states()[-1]["to_s"] == FAR_S)
        before = watcher.messages
        await until(lambda: run.hub.epoch == 2)
        assert watcher.epochs == [1], "nothing was taken away meanwhile"
        await until(lambda: watcher.epochs == [1, 2] and watcher.states())
        await run.stop()
        await ended(*tasks)
        return watcher, before

    watcher, before = asyncio.run(scenario())
    assert frames_of(before)[0]["t_s"] == 0
    newest = watcher.states()[-1]
    assert (newest["state"], newest["to_s"], newest["t_s"]) == ("paused", None, FAR_S)
    assert [m["t_s"] for m in watcher.messages if m["type"] == "tick"][-1] == FAR_S


def test_the_program_answers_everybody_while_a_replay_jumps(
    recording: Recording, tmp_path: Path
) -> None:
    writer = SessionWriter(tmp_path, recording.session)
    for event in recording.events:
        writer.put(event)
    writer.close()
    with Program("replay", str(writer.path), data=tmp_path) as app:
        app.sign_in()
        replays = f"/api/sessions/{recording.session.id}/replay"
        other = json.loads(app.request("POST", replays, {"rate": 60.0})[2])["run"]
        with app.watch() as viewer, app.watch(other) as bystander:
            received(viewer, lambda m: m["type"] == "tick")
            received(bystander, lambda m: m["type"] == "tick" and m["t_s"] > 1)
            viewer.send(json.dumps({"type": "jump", "t_s": FAR_S}))
            received(viewer, lambda m: m["type"] == "state" and m["to_s"] == FAR_S)
            # All of this is asked and answered before the jump is over.
            viewer.send(json.dumps({"type": "ping", "id": 7}))
            bystander.send(json.dumps({"type": "ping", "id": 8}))
            assert app.request("GET", "/api/sessions")[0] == 200
            received(bystander, lambda m: m["type"] == "pong")
            received(bystander, lambda m: m["type"] == "tick")
            order: list[str] = []
            received(viewer, lambda m: order.append(m["type"]) or m["type"] == "hello")
            assert "pong" in order
            received(viewer, lambda m: m["type"] == "tick" and m["t_s"] == FAR_S)
        assert app.ask_to_stop() == 0


def test_a_second_jump_takes_the_place_of_the_first(recording: Recording, watched: Watched) -> None:
    async def scenario() -> Watcher:
        run = ReplayRun(recording, clock=FastClock)
        watcher = Watcher(run)
        tasks = [asyncio.ensure_future(work) for work in (run.drive(), watcher.watch())]
        run.pause()
        run.jump(FAR_S)
        await until(lambda: watched.calls["pass_over"] > 20)
        run.jump(50.0)
        await until(lambda: len(watcher.epochs) == 2 and watcher.states())
        assert run.now_s == 50.0
        for _ in range(100):
            await asyncio.sleep(0)
        await run.stop()
        await ended(*tasks)
        return watcher

    watcher = asyncio.run(scenario())
    assert watcher.epochs == [1, 2], "the first one is never shown"
    assert max(m["t_s"] for m in watcher.messages) == 50.0
    assert watched.calls["frame"] == 4 * 50 + 1, "and no frame of it is made"


def test_play_and_pause_count_during_a_jump_and_play_at_the_end_does_not_undo_it(
    recording: Recording,
) -> None:
    async def scenario() -> None:
        run = ReplayRun(recording, clock=FastClock)
        run.hub.join()
        driving = asyncio.ensure_future(run.drive())
        await moved(run, LENGTH_S)
        run.hub.join()
        run.watched()
        await until(lambda: run.hello(resumed=False)["state"]["message"] is not None)
        run.jump(600.0)
        run.play()
        assert run.hello(resumed=False)["state"]["to_s"] == 600.0
        run.pause()
        await until(lambda: run.hello(resumed=False)["state"]["to_s"] is None)
        assert run.now_s == 600.0
        assert run.hello(resumed=False)["state"]["state"] == "paused"
        await run.stop()
        await driving

    asyncio.run(scenario())


@pytest.mark.parametrize("closer", ["stop", "desk"])
def test_whoever_ends_a_replay_does_not_wait_for_its_jump(
    recording: Recording, watched: Watched, tmp_path: Path, closer: str
) -> None:
    async def scenario() -> int:
        desk = Desk(tmp_path)
        run = desk.runs[desk.replay(recording)]
        assert isinstance(run, ReplayRun)
        run.jump(FAR_S)
        await until(lambda: watched.calls["pass_over"] > 20)
        if closer == "stop":
            await run.stop()
            await until(lambda: len(asyncio.all_tasks()) == 1)
        else:
            await desk.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"
        assert run.hub.epoch == 1
        return watched.calls.total()

    calls = asyncio.run(scenario())
    assert calls == watched.calls.total(), "the thread has stopped, too"
    assert watched.calls["frame"] == 0, "the rest was not done"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Much of what is kept, in a short recording."""
    monkeypatch.setattr(film, "STATION_S", 100)
    monkeypatch.setattr(film, "MOST_KEPT", 340)
    monkeypatch.setattr(runs, "HISTORY_S", 40.0)


def straight(recording: Recording) -> list[dict[str, Any]]:
    """What a replay shows that is never moved."""

    def messages() -> Iterator[dict[str, Any]]:
        whole = film.Film(recording)
        for tick in range(4 * 590):
            shown = None
            work = whole.frame(tick)
            while shown is None:
                try:
                    next(work)
                except StopIteration as end:
                    shown = end.value
            yield from (json.loads(message.text) for message in shown)

    return list(messages())


def test_wherever_a_replay_was_before_a_jump_shows_the_same(
    recording: Recording, short: None
) -> None:
    expected = straight(recording)
    targets = [580.0, 575.0, 580.25, 260.0, 270.0, 30.0, 430.0, 480.5, 425.0, 0.0]
    targets += [360.0, 560.0, 380.0]  # half of the last is kept, and is what was kept for longest

    async def scenario() -> list[tuple[float, list[dict[str, Any]]]]:
        run = ReplayRun(recording, clock=FastClock)
        driving = asyncio.ensure_future(run.drive())
        seen = []
        for target_s in targets:
            run.pause()
            await moved(run, target_s)
            watcher = Watcher(run)
            watching = asyncio.ensure_future(watcher.watch())
            run.play()
            await until(lambda target_s=target_s: run.error or run.now_s >= target_s + 8.0)
            run.pause()
            for _ in range(20):
                await asyncio.sleep(0)
            seen.append((target_s, frames_of(watcher.messages)))
            await ended(watching)
            run.hub.viewers.clear()
        await run.stop()
        await driving
        return seen

    for target_s, messages in asyncio.run(scenario()):
        from_s = float(max(int(target_s - 40.0), 0))
        reached_s = messages[-1]["t_s"]
        assert reached_s >= target_s + 8.0
        if from_s:
            told = [m for m in expected if m["t_s"] <= from_s]
            assert_lasts([m for m in messages if m["t_s"] <= from_s], told)
        drawn = [m for m in messages if m["t_s"] > from_s or not from_s]
        first_s = from_s if from_s else -1.0
        assert drawn == [m for m in expected if first_s < m["t_s"] <= reached_s]


def assert_lasts(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """What is told of the way: words and turns as they were, and points of the connection."""
    for kind in ("mark", "speech"):
        told = [{**m, "t_s": 0.0} for m in found if m["type"] == kind]
        assert told == [{**m, "t_s": 0.0} for m in expected if m["type"] == kind]
    points = [p for m in found if m["type"] == "connection" for p in m["points"]]
    known = [p for m in expected if m["type"] == "connection" for p in m["points"]]
    assert len(points) >= 0.9 * found[-1]["t_s"] / 10.0
    assert all(point in known for point in points)


def behind(minutes: float) -> tuple[Session, list[Event]]:
    session, endless = simulated_session(TURNS, minutes_behind=minutes)
    return session, list(takewhile(lambda event: event.t_s <= 60.0 * minutes + 30.0, endless))


def test_between_two_turns_of_the_loop_a_demo_does_no_more_than_a_live_run(
    watched: Watched, tmp_path: Path
) -> None:
    session, events = behind(10.0)

    async def scenario() -> None:
        run = LiveRun(session, events, SessionWriter(tmp_path, session), clock=FastClock)
        counting = asyncio.ensure_future(watched.count_turns())
        driving = asyncio.ensure_future(run.drive())
        await until(lambda: run.now_s >= 600.0)
        await run.stop()
        await driving
        await ended(counting)

    asyncio.run(scenario())
    assert watched.calls["frame"] >= runs.HISTORY_S * 4
    assert watched.calls["look"] > 50
    # To skip is to pass over; nothing else is ever done together with a frame.
    assert max(watched.turns.values()) <= 3
    assert len(watched.turns) > 1300


def test_a_demo_that_catches_up_can_be_marked_and_stopped(watched: Watched, tmp_path: Path) -> None:
    session, events = behind(20.0)

    async def scenario() -> tuple[Path, float]:
        writer = SessionWriter(tmp_path, session)
        run = LiveRun(session, events, writer, clock=FastClock)
        driving = asyncio.ensure_future(run.drive())
        await until(lambda: watched.calls["pass_over"] > 40)
        passed_s = run.now_s
        assert run.hello(resumed=False)["state"]["to_s"] == 20 * 60
        await run.mark("now", None)
        await run.stop()
        await driving
        assert run.error is None
        assert run.hello(resumed=False)["state"]["to_s"] is None
        return writer.path, passed_s

    path, passed_s = asyncio.run(scenario())
    kept = read_session(path)
    assert 200.0 <= passed_s < kept.duration_s < 20 * 60
    assert kept.end is not None
    assert all(event.t_s <= kept.end.t_s for event in kept.events)
    (marker,) = (event for event in kept.events if isinstance(event, Marker))
    before = [e for e in kept.events if isinstance(e, Packet) and e.t_s <= passed_s]
    assert {e.partner for e in before} == set(PARTNERS)
    assert marker.t_s > passed_s, "a replay shows it no earlier than it was made"
    order = [event.t_s for event in kept.events]
    assert order == sorted(order)
