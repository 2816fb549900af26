"""Events to those who look, hints to those who work, and what both do while the broker is away."""

import queue
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import broker
from pipeline.config import Settings
from pipeline.jobs import Queue
from pipeline.store.jobs import Hint
from tests.integration.jobs.fleet import eventually
from workers import servers
from workers.embedded import EmbeddedServers


@pytest.fixture(scope="module", name="own")
def _own() -> Iterator[EmbeddedServers]:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        own = EmbeddedServers(Settings(home=Path(home)))
        servers.prepare_folders(own.settings)
        own.start_valkey()
        yield own
        own.stop()


@pytest.fixture(name="heard")
def _heard(own: EmbeddedServers) -> Iterator["queue.Queue[tuple[str, dict[str, Any]]]"]:
    """What a listener hears, from the moment it listens."""
    stop, heard = threading.Event(), queue.Queue[tuple[str, dict[str, Any]]]()

    def listen() -> None:
        for item in broker.listen(own.settings, stop):
            heard.put(item)

    listener = threading.Thread(target=listen)
    listener.start()

    def listens() -> bool:
        broker.publish(own.settings, "probe", {"event": "probe"})
        return not heard.empty()

    eventually(listens, "it listens")
    yield heard
    stop.set()
    listener.join(30)
    assert not listener.is_alive()


def _next(heard: "queue.Queue[tuple[str, dict[str, Any]]]") -> tuple[str, dict[str, Any]]:
    while (item := heard.get(timeout=60))[0] == "probe":
        pass
    return item


def test_events_arrive_in_order_with_their_video(own: EmbeddedServers, heard: "queue.Queue[tuple[str, dict[str, Any]]]") -> None:
    for number in range(3):
        broker.publish(own.settings, f"v{number}", {"event": "progress", "fraction": number / 3, "message": "läuft"})

    assert [_next(heard) for _ in range(3)] == [
        (f"v{number}", {"event": "progress", "fraction": number / 3, "message": "läuft"}) for number in range(3)
    ]


def test_what_is_no_event_is_passed_over(own: EmbeddedServers, heard: "queue.Queue[tuple[str, dict[str, Any]]]") -> None:
    client = broker._client(broker.broker_url(own.settings))
    for garbage in (b"garbage", b"[1]", b"\xff", b""):
        client.publish(broker.CHANNEL + "v", garbage)
    broker.publish(own.settings, "v", {"event": "done"})

    assert _next(heard) == ("v", {"event": "done"})


def test_a_listener_says_that_it_may_have_missed_something(own: EmbeddedServers, heard: "queue.Queue[tuple[str, dict[str, Any]]]") -> None:
    own.stop_one("valkey", signal.SIGKILL)
    broker.publish(own.settings, "v", {"event": "missed"})
    own.start_valkey()

    assert _next(heard) == ("", {"event": "resync"})
    eventually(lambda: broker.ping(own.settings), "the broker answers")

    def arrives() -> bool:
        broker.publish(own.settings, "w", {"event": "after"})
        return not heard.empty()

    eventually(arrives, "events arrive again")
    assert _next(heard) == ("w", {"event": "after"})


def test_hints_wait_in_the_queue_they_were_meant_for(own: EmbeddedServers) -> None:
    broker.announce_all(own.settings, [Hint(Queue.FETCH, 1), Hint(Queue.TEXT, 2), Hint(Queue.TEXT, 3)])

    assert [broker.hints_waiting(own.settings, name) for name in Queue] == [1, 0, 0, 0, 2]


def test_announcing_after_the_broker_was_restarted_needs_no_second_try(own: EmbeddedServers) -> None:
    assert broker.announce(own.settings, Queue.FETCH, 1)
    own.stop_one("valkey", signal.SIGKILL)
    assert not broker.announce(own.settings, Queue.FETCH, 2)
    own.start_valkey()

    assert broker.announce(own.settings, Queue.FETCH, 3)
    assert broker.hints_waiting(own.settings, Queue.FETCH) == 1
