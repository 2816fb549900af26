"""Hands news from one listener to many open streams: one listener per process, one bounded queue per stream.

An event only says what changed; the page then fetches it from the rows. So a lost event costs a moment, never a fact, and a stream that falls behind is
simply ended: the browser comes back and starts from the rows.
"""

import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipeline.errors import ModelError

THREADS = 256
"""Threads of the web server (gunicorn --threads); `nutshell up` and the Dockerfile use the same number."""
MOST_STREAMS = THREADS * 8 // 10
"""The rest of the threads stays free for everything that is not a stream."""
HEARTBEAT = 15.0
"""Seconds between comments, which is also how soon a client that left is noticed."""
BACKLOG = 64
"""Events a slow reader may lag behind before its stream is ended."""

Event = Mapping[str, Any]
Listen = Callable[[], Iterator[tuple[str, Event]]]


class Hub:
    """Hands what one listener hears to every open stream. Lives as long as the process; its thread starts with the first stream."""

    def __init__(self, listen: Listen, most: int = MOST_STREAMS, heartbeat: float = HEARTBEAT) -> None:
        self._listen = listen
        self._most = most
        self.heartbeat = heartbeat
        self._lock = threading.Lock()
        self._streams: dict[int, tuple[str | None, queue.Queue[Event | None]]] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    @contextmanager
    def subscribed(self, video_id: str | None) -> Iterator["queue.Queue[Event | None]"]:
        """A queue of events of one video, or of all (None). A None in it means: fell behind, end the stream.

        Raises:
            ModelError: `busy`, so many streams are open that no more threads may be bound.
        """
        events: queue.Queue[Event | None] = queue.Queue(BACKLOG)
        with self._lock:
            if len(self._streams) >= self._most:
                raise ModelError(
                    "busy", "Too many pages are open at once. This one goes on without live news; reload it to look again.", retry_after=10
                )
            number = next(self._numbers)
            self._streams[number] = (video_id, events)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
        try:
            yield events
        finally:
            with self._lock:
                self._streams.pop(number, None)

    def publish(self, video_id: str, event: Event) -> None:
        with self._lock:
            wanted = [events for about, events in self._streams.values() if about in (None, video_id)]
        for events in wanted:
            try:
                events.put_nowait({**event, "video": video_id})
            except queue.Full:
                _end(events)

    def end_all(self) -> None:
        with self._lock:
            everyone = [events for _, events in self._streams.values()]
        for events in everyone:
            _end(events)

    def _run(self) -> None:
        for video_id, event in self._listen():
            if event.get("event") == "resync":  # something may have been said unheard: every page looks at the rows again
                self.end_all()
            else:
                self.publish(video_id, event)


def _end(events: "queue.Queue[Event | None]") -> None:
    """Empties the queue and leaves the end mark, so that the stream ends at once whatever it has missed."""
    while True:
        try:
            events.get_nowait()
        except queue.Empty:
            break
    try:
        events.put_nowait(None)
    except queue.Full:  # the listener was quicker; it will end this queue again when it is next full
        return
