"""The JSON API under /api/v1: search, questions, models."""

from flask import Blueprint, Response, request

from pipeline.errors import NutshellError
from pipeline.language.engines import is_rough
from pipeline.library import search as searching
from pipeline.store.conversations import Scope
from pipeline.types import Answer, Rendered
from web import asking, found as searching_page, schemas, search_schemas as found_json, words
from web.services import services
from web.spec import responses, spec

blueprint = Blueprint("api_find", __name__, url_prefix="/api/v1")


@blueprint.get("/search")
@spec.validate(resp=responses(HTTP_200=found_json.FoundMoments), tags=["library"])
def search(query: found_json.SearchQuery) -> found_json.FoundMoments:
    """Moments in the library, the best first. "Phrases" must stand in them, -words must not."""
    if query.video:
        services().require_video(query.video)
    scope, here = searching_page.scope_of(query), services().indexed()
    found = searching.find(here.db, here.embedder, query.q, limit=query.limit, scope=scope)
    return searching_page.as_json(found, query.q)


@blueprint.get("/search/similar")
@spec.validate(resp=responses(HTTP_200=found_json.FoundMoments), tags=["library"])
def similar(query: found_json.SimilarQuery) -> found_json.FoundMoments:
    """Moments like one, the likest first, without those right beside it."""
    services().require_video(query.to)
    hits = searching.similar(services().indexed().db, query.to, query.at, limit=query.limit, scope=searching_page.scope_of(query))
    return searching_page.as_json(searching.Found(hits), "")


@blueprint.get("/search/suggest")
@spec.validate(resp=responses(HTTP_200=found_json.Suggestions), tags=["library"])
def suggest(query: found_json.SuggestQuery) -> found_json.Suggestions:
    """What somebody who types this may be looking for: channels, names, titles, chapters."""
    return searching_page.suggestions(searching.suggest(services().db, query.q, limit=query.limit))


@blueprint.post("/ask")
@spec.validate(resp=responses(HTTP_200=schemas.Answer), tags=["library"])
def ask(json: schemas.AskRequest) -> schemas.Answer | Response:
    """A question over one video, some videos, a list or the library, answered with citations or not at all; in a conversation it may lean on what was asked before."""
    scope = Scope(tuple(dict.fromkeys([*([json.video] if json.video else []), *json.videos])), json.list)
    asked = asking.question(json.question, scope, json.conversation, (words.language_code(json.language),) if json.language else ())

    def told(found: Answer) -> schemas.Answer:
        number = asking.kept(asked, found) if json.conversation is not None else None
        return body(found, number)

    if request.accept_mimetypes.best_match(("application/json", "text/event-stream")) == "text/event-stream":
        return asking.streamed(asked, lambda found: told(found).model_dump(mode="json"))
    return told(asking.whole(asked))


def body(found: Answer, conversation: int | None = None) -> schemas.Answer:
    return schemas.Answer(
        question=found.question, understood=found.understood or found.question, conversation=conversation, found=found.found, answer=found.text, kind=found.kind,
        citations=[schemas.AnswerCitation(**{name: getattr(c, name) for name in schemas.AnswerCitation.model_fields}) for c in found.citations],
        nearest=[schemas.Hit(**{name: getattr(hit, name) for name in schemas.Hit.model_fields}) for hit in found.nearest],
        translation=_translation(found.rendered) if found.rendered else None,
    )  # fmt: skip


def _translation(made: Rendered) -> schemas.AnswerTranslation:
    return schemas.AnswerTranslation(
        language=made.language, answer=made.text or None, quotes=list(made.quotes), translated_by=made.engine or None, rough=is_rough(made.engine),
        kept=made.kept, advice=made.advice,
    )  # fmt: skip


@blueprint.get("/models")
@spec.validate(resp=responses(HTTP_200=schemas.ModelsBody), tags=["library"])
def models() -> schemas.ModelsBody:
    """The language model that answers here."""
    generator = services().generator
    try:
        return schemas.ModelsBody(llm=generator.model, window=generator.window, languages=sorted(generator.languages), trouble="")
    except NutshellError as error:
        return schemas.ModelsBody(llm=None, window=None, languages=[], trouble=str(error))
