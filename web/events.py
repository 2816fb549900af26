"""Server-Sent Events for open pages. A stream holds a thread but never a database session."""

import itertools
import json
import queue
from collections.abc import Iterator

from flask import Blueprint, Response

from web.hub import Event, Hub
from web.security import valid_video_id
from web.services import services

blueprint = Blueprint("events", __name__)

FINAL = frozenset({"done", "failed", "cancelled"})


def message(event: str, data: Event) -> str:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def stream(hub: Hub, video_id: str | None) -> Iterator[str]:
    """The text of one event stream. It begins with `state` (the page then looks at the rows) and ends after a final event of its video."""
    with hub.subscribed(video_id) as events:
        yield "retry: 3000\n\n" + message("state", {})
        while True:
            try:
                event = events.get(timeout=hub.heartbeat)
            except queue.Empty:
                yield ": still here\n\n"
                continue
            if event is None:
                return
            yield message(str(event.get("event", "progress")), event)
            if video_id is not None and event.get("event") in FINAL:
                return


def respond(hub: Hub, video_id: str | None) -> Response:
    body = stream(hub, video_id)
    first = next(body)  # subscribes now, so that "too many" is still an ordinary 503
    response = Response(itertools.chain((first,), body), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    # closing the chain does not close the generator inside it
    response.call_on_close(body.close)  # type: ignore[attr-defined]
    return response


@blueprint.get("/api/v1/videos/<video_id>/events")
def video_events(video_id: str) -> Response:
    valid_video_id(video_id)
    services().require_video(video_id)
    return respond(services().hub, video_id)


@blueprint.get("/api/v1/events")
def all_events() -> Response:
    """Everything that happens in the library, for the home page while something is running."""
    return respond(services().hub, None)
