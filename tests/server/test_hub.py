"""Fan-out: numbering, resuming, and viewers that do not keep up."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from interbeat_server.hub import Hub, Viewer


def told(texts: list[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in texts]


def taken(viewer: Viewer) -> list[dict[str, Any]]:
    return told(asyncio.run(viewer.take(10_000)))


def ticks(n: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"type": "tick", "t_s": float(i)} for i in range(start, start + n)]


def test_messages_are_numbered_without_holes() -> None:
    hub = Hub()
    viewer, _ = hub.join()
    hub.publish(ticks(3))
    hub.publish([{"type": "mark", "label": "x"}])
    assert [message["seq"] for message in taken(viewer)] == [1, 2, 3, 4]


def test_a_late_viewer_gets_the_history_first() -> None:
    hub = Hub()
    hub.publish(ticks(5))
    viewer, resumed = hub.join()
    hub.publish(ticks(1, 5))
    assert not resumed
    assert [message["t_s"] for message in taken(viewer)] == [0, 1, 2, 3, 4, 5]


def test_a_returning_viewer_gets_exactly_what_it_missed() -> None:
    hub = Hub()
    hub.publish(ticks(10))
    viewer, resumed = hub.join(epoch=hub.epoch, since=7)
    assert resumed
    assert [message["seq"] for message in taken(viewer)] == [8, 9, 10]


def test_resuming_needs_the_same_epoch_and_an_unbroken_history() -> None:
    hub = Hub(history=4)
    hub.publish(ticks(10))
    assert hub.join(hub.epoch, since=6)[1]
    assert not hub.join(hub.epoch, since=5)[1], "message 6 is gone"
    assert not hub.join(hub.epoch, since=11)[1], "message 11 was never sent"
    assert not hub.join(hub.epoch + 1, since=10)[1]
    assert not hub.join(hub.epoch, None)[1]


def test_a_viewer_that_is_up_to_date_resumes_with_nothing() -> None:
    hub = Hub()
    hub.publish(ticks(3))
    viewer, resumed = hub.join(hub.epoch, since=3)
    hub.publish([{"type": "mark"}])
    assert resumed
    assert [message["seq"] for message in taken(viewer)] == [4]


def test_a_full_queue_lets_go_of_the_oldest_ticks_and_of_no_mark() -> None:
    hub = Hub(queue_limit=4)
    viewer, _ = hub.join()
    hub.publish([*ticks(2), {"type": "mark"}, *ticks(2, 2), {"type": "gap"}])
    assert [message["seq"] for message in taken(viewer)] == [3, 4, 5, 6]


def test_a_queue_full_of_marks_closes_the_viewer_and_nothing_else() -> None:
    hub = Hub(queue_limit=4)
    stalled, _ = hub.join()
    hub.publish([{"type": "mark"}] * 4)
    healthy, _ = hub.join()
    hub.publish([{"type": "tick"}])
    assert stalled.closed
    assert stalled not in hub.viewers
    assert taken(stalled) == []
    assert len(taken(healthy)) == 5
    again, resumed = hub.join(hub.epoch, since=0)
    assert resumed
    assert len(taken(again)) == 5, "it resumes where it was"


def test_answers_go_to_their_viewer_alone() -> None:
    hub = Hub()
    one, _ = hub.join()
    other, _ = hub.join()
    one.tell({"type": "pong", "id": 7})
    hub.publish([{"type": "tick"}])
    assert [message["type"] for message in taken(one)] == ["pong", "tick"]
    assert [message["type"] for message in taken(other)] == ["tick"]


def test_a_new_epoch_sends_viewers_to_join_again_with_an_empty_history() -> None:
    hub = Hub()
    hub.publish(ticks(3))
    viewer, _ = hub.join()
    before = hub.epoch
    hub.restart()
    assert viewer.closed
    assert viewer.sent_away
    assert hub.epoch == before + 1
    again, _ = hub.join()
    hub.publish(ticks(1))
    assert [message["seq"] for message in taken(again)] == [4]


def test_a_waiting_viewer_is_woken_by_the_next_message_and_by_closing() -> None:
    async def scenario() -> None:
        hub = Hub()
        viewer, _ = hub.join()
        waiting = asyncio.ensure_future(viewer.take())
        await asyncio.sleep(0)
        assert not waiting.done()
        hub.publish([{"type": "tick"}])
        assert len(await waiting) == 1
        waiting = asyncio.ensure_future(viewer.take())
        await asyncio.sleep(0)
        hub.leave(viewer)
        assert await waiting == []

    asyncio.run(scenario())


def test_history_beyond_one_take_comes_in_order_over_several() -> None:
    async def scenario() -> list[str]:
        hub = Hub()
        hub.publish(ticks(25))
        viewer, _ = hub.join()
        hub.publish(ticks(5, 25))
        return [text for _ in range(3) for text in await viewer.take(10)]

    assert [message["seq"] for message in told(asyncio.run(scenario()))] == list(range(1, 31))
