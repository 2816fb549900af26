"""The JSON API under /api/v1: search, questions, models."""

from flask import Blueprint, Response, request

from pipeline.errors import NutshellError
from pipeline.library import search as searching
from pipeline.library.moments import cleaned
from pipeline.types import Answer
from web import asking, schemas
from web.services import services
from web.spec import responses, spec

blueprint = Blueprint("api_find", __name__, url_prefix="/api/v1")


@blueprint.get("/search")
@spec.validate(resp=responses(HTTP_200=schemas.Hits), tags=["library"])
def search(query: schemas.SearchQuery) -> schemas.Hits:
    """Moments in the library, the best first."""
    if query.video:
        services().require_video(query.video)
    hits = searching.search(services().db, services().embedder, cleaned(query.q), limit=query.limit, video_id=query.video)
    return schemas.Hits(hits=[schemas.Hit(**{name: getattr(hit, name) for name in schemas.Hit.model_fields}) for hit in hits])


@blueprint.post("/ask")
@spec.validate(resp=responses(HTTP_200=schemas.Answer), tags=["library"])
def ask(json: schemas.AskRequest) -> schemas.Answer | Response:
    """A question over one video or the library, answered with citations or not at all."""
    question = cleaned(json.question)
    if json.video:
        services().require_video(json.video)
    if request.accept_mimetypes.best_match(("application/json", "text/event-stream")) == "text/event-stream":
        return asking.streamed(question, json.video, lambda found: body(found).model_dump(mode="json"))
    return body(asking.whole(question, json.video))


def body(found: Answer) -> schemas.Answer:
    return schemas.Answer(
        question=found.question, found=found.found, answer=found.text, kind=found.kind,
        citations=[schemas.AnswerCitation(**{name: getattr(c, name) for name in schemas.AnswerCitation.model_fields}) for c in found.citations],
        nearest=[schemas.Hit(**{name: getattr(hit, name) for name in schemas.Hit.model_fields}) for hit in found.nearest],
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
