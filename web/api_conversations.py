"""The JSON API of conversations, under /api/v1/conversations. Questions are put to them by POST /api/v1/ask."""

from typing import Any

from flask import Blueprint, Response

from pipeline.store import conversations as stored
from pipeline.store.conversations import Conversation, Scope
from web import asking, conversation_schemas as schemas
from web.api_find import body as answer_body
from web.security import job_number
from web.services import services
from web.spec import responses, spec

blueprint = Blueprint("api_conversations", __name__, url_prefix="/api/v1/conversations")


@blueprint.get("")
@spec.validate(resp=responses(HTTP_200=schemas.Conversations), tags=["conversations"])
def recent(query: schemas.ConversationQuery) -> schemas.Conversations:
    """Those last asked first."""
    with services().db.session() as s:
        found = stored.recent(s, before=query.before, limit=query.limit)
    return schemas.Conversations(conversations=[schemas.ConversationCard(**_card(one)) for one in found])


@blueprint.post("")
@spec.validate(resp=responses(HTTP_201=schemas.ConversationBody), tags=["conversations"])
def create(json: schemas.ConversationRequest) -> tuple[Any, int]:
    """Begin one. It is listed from its first question on."""
    scope = Scope(tuple(json.videos), json.list)
    with services().db.session() as s:
        stored.videos_in(s, scope)
        number = stored.start(s, scope=scope)
    return _body(number), 201


@blueprint.get("/<conversation_id>")
@spec.validate(resp=responses(HTTP_200=schemas.ConversationBody), tags=["conversations"])
def one(conversation_id: str) -> schemas.ConversationBody:
    """All its questions and answers."""
    return _body(job_number(conversation_id))


@blueprint.patch("/<conversation_id>")
@spec.validate(resp=responses(HTTP_200=schemas.ConversationBody), tags=["conversations"])
def rename(conversation_id: str, json: schemas.ConversationChange) -> schemas.ConversationBody:
    """Give it another title."""
    number = job_number(conversation_id)
    with services().db.session() as s:
        stored.rename(s, number, json.title)
    return _body(number)


@blueprint.delete("/<conversation_id>")
@spec.validate(resp=responses(HTTP_204=None), tags=["conversations"])
def delete(conversation_id: str) -> tuple[str, int]:
    """Forget it, with all its questions and answers."""
    with services().db.session() as s:
        stored.remove(s, job_number(conversation_id))
    return "", 204


@blueprint.get("/<conversation_id>/export")
@spec.validate(resp=responses(HTTP_200=None), tags=["conversations"])
def export(conversation_id: str) -> Response:
    """As Markdown, every answer with links to its moments."""
    return asking.exported(job_number(conversation_id))


def _card(one: Conversation) -> dict[str, Any]:
    return {
        "id": one.id, "title": one.title, "videos": list(one.scope.videos), "list_id": one.scope.listing, "where": one.where, "turns": one.turns,
        "created_at": one.created_at, "changed_at": one.changed_at,
    }  # fmt: skip


def _body(number: int) -> schemas.ConversationBody:
    with services().db.session() as s:
        found, turns = stored.get(s, number), stored.turns(s, number)
    return schemas.ConversationBody(**_card(found), answers=[answer_body(turn) for turn in turns])
