"""Questions to the library, alone or in a conversation: the answer whole, or its checked words first and at last all of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, stream_with_context
from werkzeug.wrappers import Response as BaseResponse

from pipeline.errors import InputError, NutshellError
from pipeline.export import conversation as exporting
from pipeline.export.render import Export
from pipeline.language.generator import Priority
from pipeline.language.translator import Translator
from pipeline.library import answer as answering
from pipeline.library.in_language import in_one_of
from pipeline.library.moments import cleaned
from pipeline.library.reach import Reach
from pipeline.store import conversations
from pipeline.store.conversations import Conversation, Scope
from pipeline.types import Answer
from web import opinions
from web.answers import languages_of_reader
from web.events import message
from web.media import exported as download
from web.security import job_number, valid_video_id
from web.services import services

blueprint = Blueprint("asking", __name__)

LISTED = 30
"""Conversations beside the one that is shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, where, and after what."""

    text: str
    scope: Scope
    reach: Reach
    conversation: int | None = None
    earlier: tuple[Answer, ...] = ()
    languages: tuple[str, ...] = ()
    """The answer is put into the first of these that it is not in; none: it stays as it is."""


def question(text: str, scope: Scope, conversation: int | None = None, languages: tuple[str, ...] = ()) -> Question:
    """Within `conversation` that one's scope counts. Raises: InputError; NotFound: what is asked is not there."""
    asked = cleaned(text)
    with services().db.session() as s:
        if conversation is None:
            return Question(asked, scope, Reach(conversations.videos_in(s, scope)), languages=languages)
        found = conversations.get(s, conversation)
        reach = Reach(conversations.videos_in(s, found.scope, missing_ok=True))
        return Question(asked, found.scope, reach, conversation, conversations.turns(s, conversation), languages)


def scope_of(given: Any) -> Scope:
    """`video` (one or more) and `list` of a form or of an address. Raises: InputError, or 404."""
    listing = given.get("list")
    return Scope(tuple(valid_video_id(one) for one in given.getlist("video") if one), job_number(listing) if listing else None)


def whole(asked: Question) -> Answer:
    """Raises: ModelError when no model answers."""
    used, here = services(), services().indexed()
    return rendered(asked, answering.ask(here.db, here.embedder, used.generator, asked.text, reach=asked.reach, earlier=asked.earlier))


def rendered(asked: Question, found: Answer) -> Answer:
    """In the reader's language too, where that is another one."""
    used = services()
    return in_one_of(used.db, found, asked.languages, Translator(used.generator, used.engines, used.embedder, priority=Priority.INTERACTIVE)) if asked.languages else found


def kept(asked: Question, answer: Answer) -> int:
    """Stores it with its conversation, or with a new one; the id."""
    with services().db.session() as s:
        number = asked.conversation or conversations.start(s, scope=asked.scope)
        conversations.add_turn(s, number, answer)
    return number


def streamed(asked: Question, final: Callable[[Answer], dict[str, Any]]) -> Response:
    """An event stream: `words`, which are checked, `answer` with `final` of it, which a translation may keep waiting, or `failed` with the sentence."""
    response = Response(stream_with_context(_events(asked, final)), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _events(asked: Question, final: Callable[[Answer], dict[str, Any]]) -> Iterator[str]:
    used = services()
    try:
        here = used.indexed()
        for piece in answering.answer(here.db, here.embedder, used.generator, asked.text, reach=asked.reach, earlier=asked.earlier):
            yield message("answer", final(rendered(asked, piece))) if isinstance(piece, Answer) else message("words", {"text": piece})
    except NutshellError as error:
        yield message("failed", {"code": error.code, "sentence": str(error)})


@blueprint.post("/ask")
def ask() -> Response:
    """For the page's script: as the API's, but the answer comes as the server draws it, and is kept."""
    conversation = request.form.get("c")
    text = request.form.get("q", "")
    asked = question(text, scope_of(request.form), job_number(conversation) if conversation else None, languages_of_reader(text))
    single, heading, chat = asked.reach.single, bool(request.form.get("heading")), bool(request.form.get("chat"))

    def drawn(found: Answer) -> dict[str, Any]:
        number = kept(asked, found)
        thought = opinions.load(services(), single) if single else None
        html = render_template("parts/answer.html", answer=found, video_id=single, show_question=heading, opinions=thought)
        return {"html": html, "conversation": number, **(around(number) if chat else {})}

    return streamed(asked, drawn)


def around(number: int) -> dict[str, str]:
    """What stands around a chat: the line with its title and what can be done with it, and the list of all."""
    with services().db.session() as s:
        shown = conversations.get(s, number)
    return {"head": render_template("parts/chat_head.html", conversation=shown), "list": render_template("parts/chat_list.html", conversation=shown, listed=listed())}


def listed() -> tuple[Conversation, ...]:
    with services().db.session() as s:
        return conversations.recent(s, limit=LISTED)


@blueprint.post("/ask/<conversation_id>/rename")
def rename(conversation_id: str) -> BaseResponse:
    number = job_number(conversation_id)
    with services().db.session() as s:
        conversations.rename(s, number, request.form.get("title", ""))
    return redirect(f"/ask?c={number}", 303)


@blueprint.post("/ask/<conversation_id>/delete")
def delete(conversation_id: str) -> BaseResponse:
    with services().db.session() as s:
        conversations.remove(s, job_number(conversation_id))
    return redirect("/ask", 303)


@blueprint.get("/ask/<conversation_id>/export")
def export(conversation_id: str) -> Response:
    return exported(job_number(conversation_id))


def exported(number: int) -> Response:
    """Raises: NotFound, also while nothing was asked."""
    with services().db.session() as s:
        found, turns = conversations.get(s, number), conversations.turns(s, number)
    if not turns:
        raise InputError("empty_conversation", "Nothing was asked in this conversation yet.")
    base = services().settings.public_url.rstrip("/") or request.host_url.rstrip("/")
    text = exporting.markdown(found.title, found.where, turns, base)
    return download(Export(f"{exporting.file_name(found.title)} [{number}].md", "text/markdown; charset=utf-8", text.encode("utf-8", "replace")))
