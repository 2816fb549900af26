"""Questions to the library: the answer whole, or streamed as it is written and at last checked."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context

from pipeline.errors import NutshellError
from pipeline.library import answer as answering
from pipeline.library.moments import cleaned
from pipeline.types import Answer
from web import opinions, rows
from web.events import message
from web.security import valid_video_id
from web.services import services

blueprint = Blueprint("asking", __name__)


def whole(question: str, video_id: str | None) -> Answer:
    """Raises: ModelError when no model answers."""
    used = services()
    return answering.ask(used.db, used.embedder, used.generator, question, video_id=video_id)


def streamed(question: str, video_id: str | None, final: Callable[[Answer], dict[str, Any]]) -> Response:
    """An event stream: `words` while the answer is written, `answer` with `final` of the checked one, or `failed` with the sentence."""
    response = Response(stream_with_context(_events(question, video_id, final)), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _events(question: str, video_id: str | None, final: Callable[[Answer], dict[str, Any]]) -> Iterator[str]:
    used = services()
    try:
        for piece in answering.answer(used.db, used.embedder, used.generator, question, video_id=video_id):
            yield message("answer", final(piece)) if isinstance(piece, Answer) else message("words", {"text": piece})
    except NutshellError as error:
        yield message("failed", {"code": error.code, "sentence": str(error)})


@blueprint.post("/ask")
def ask() -> Response:
    """For the page's script: as the API's, but the answer comes as the server draws it, and is kept."""
    question = cleaned(request.form.get("q", ""))
    video_id = request.form.get("video") or None
    if video_id:
        services().require_video(valid_video_id(video_id))
    heading = bool(request.form.get("heading"))

    def drawn(found: Answer) -> dict[str, Any]:
        rows.keep_answer(services().db, found, video_id)
        thought = opinions.load(services(), video_id) if video_id else None
        return {"html": render_template("parts/answer.html", answer=found, video_id=video_id, show_question=heading, opinions=thought)}

    return streamed(question, video_id, drawn)
