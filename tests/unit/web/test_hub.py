"""News to open streams: delivered, bounded, refused when there are too many."""

import queue
import threading
from collections.abc import Iterator

import pytest

from pipeline.errors import ModelError
from web.events import stream
from web.hub import BACKLOG, Event, Hub


class Broker:
    """What the hub listens to, said by the test."""

    def __init__(self) -> None:
        self.said: queue.Queue[tuple[str, Event]] = queue.Queue()
        self.listeners = 0

    def listen(self) -> Iterator[tuple[str, Event]]:
        self.listeners += 1
        while True:
            yield self.said.get()


@pytest.fixture(name="broker")
def _broker() -> Broker:
    return Broker()


@pytest.fixture(name="hub")
def _hub(broker: Broker) -> Hub:
    return Hub(broker.listen, most=3, heartbeat=0.05)


def test_an_event_reaches_the_streams_of_its_video_and_those_of_all(hub: Hub, broker: Broker) -> None:
    with hub.subscribed("a") as mine, hub.subscribed("b") as other, hub.subscribed(None) as everything:
        broker.said.put(("a", {"event": "gist", "job": 1}))

        assert mine.get(timeout=5) == {"event": "gist", "job": 1, "video": "a"}
        assert everything.get(timeout=5)["event"] == "gist"
        assert other.empty()
    assert broker.listeners == 1, "one listener, however many streams"


def test_too_many_streams_are_refused_and_a_closed_one_makes_room(hub: Hub) -> None:
    with hub.subscribed("a"), hub.subscribed("a"):
        with hub.subscribed("a"), pytest.raises(ModelError, match="Too many pages") as caught, hub.subscribed("a"):
            pass
        assert caught.value.retry_after
        with hub.subscribed("a"):
            assert hub.open_streams == 3
    assert hub.open_streams == 0


def test_a_stream_that_falls_behind_is_ended(hub: Hub) -> None:
    with hub.subscribed("a") as events:
        for number in range(BACKLOG + 1):
            hub.publish("a", {"event": "progress", "number": number})

        assert events.get_nowait() is None
        assert events.empty()


def test_after_a_lost_connection_every_stream_is_ended(hub: Hub, broker: Broker) -> None:
    with hub.subscribed("a") as events:
        broker.said.put(("", {"event": "resync"}))

        assert events.get(timeout=5) is None


def test_a_stream_begins_with_state_beats_and_ends_after_the_final_event(hub: Hub) -> None:
    said = stream(hub, "a")

    assert "event: state\n" in next(said)
    assert next(said).startswith(":"), "a comment after the heartbeat's time without news"
    hub.publish("a", {"event": "point"})
    assert next(said) == 'event: point\ndata: {"event": "point", "video": "a"}\n\n'
    hub.publish("a", {"event": "done"})
    assert next(said).startswith("event: done\n")
    assert next(said, None) is None
    assert hub.open_streams == 0


def test_the_stream_of_the_library_goes_on_after_the_end_of_one_job(hub: Hub) -> None:
    said = stream(hub, None)
    next(said)
    hub.publish("a", {"event": "done"})
    next(said)
    hub.publish("b", {"event": "gist"})

    assert next(said).startswith("event: gist\n")
    said.close()
    assert hub.open_streams == 0


def test_line_breaks_in_an_event_cannot_begin_another(hub: Hub) -> None:
    said = stream(hub, "a")
    next(said)
    hub.publish("a", {"event": "progress", "message": "a\n\nevent: done\ndata: {}"})

    assert next(said).count("\n") == 3
    said.close()


def test_many_threads_subscribe_at_once() -> None:
    hub = Hub(Broker().listen, most=50)
    opened = []

    def open_one() -> None:
        try:
            opened.append(stream(hub, "a"))
            next(opened[-1])
        except ModelError:
            opened.pop()

    threads = [threading.Thread(target=open_one) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hub.open_streams == 50
