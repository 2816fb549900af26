"""The JSON API of what readers think: given for a video, taken away or deleted as a whole."""

from typing import Any

from flask import Blueprint

from pipeline.store import feedback
from pipeline.store.feedback import Feedback, digest
from web import feedback_schemas as schemas, opinions
from web.security import valid_video_id
from web.services import services
from web.spec import responses, spec

blueprint = Blueprint("api_feedback", __name__, url_prefix="/api/v1")

Answer = tuple[Any, int]


@blueprint.post("/videos/<video_id>/feedback")
@spec.validate(resp=responses(HTTP_200=schemas.Given), tags=["feedback"])
def give(video_id: str, json: schemas.FeedbackRequest) -> schemas.Given:
    """Say what you think of a sentence of the summary or of an answer, by its text as it was made. The last opinion counts; `none` takes it back.

    Nothing is kept unless the server's setting NUTSHELL_FEEDBACK is on (422 `feedback_off`), and nothing leaves the machine.
    """
    opinion = opinions.opinion_named(json.opinion)
    given = opinions.give(services(), valid_video_id(video_id), digest(json.text), opinion, json.instead)
    return schemas.Given(text=json.text, opinion=given.opinion.value if given else opinions.NONE, instead=given.instead if given else "")


@blueprint.get("/feedback")
@spec.validate(resp=responses(HTTP_200=schemas.Everything), tags=["feedback"])
def export() -> schemas.Everything:
    """All that was kept of all videos, oldest first, with what the model was shown."""
    with services().db.session() as s:
        found = feedback.everything(s)
    return schemas.Everything(feedback=[_body(one) for one in found])


@blueprint.delete("/feedback")
@spec.validate(resp=responses(HTTP_204=None), tags=["feedback"])
def delete() -> Answer:
    """Delete all of it. What was learned from it stays in the adapters that were made; `nutshell models back` takes those out of use."""
    with services().db.session() as s:
        feedback.forget_all(s)
    return "", 204


def _body(one: Feedback) -> schemas.FeedbackBody:
    return schemas.FeedbackBody(
        video_id=one.video_id, place=one.place.value, opinion=one.opinion.value, text=one.text, kind=one.kind, instead=one.instead, question=one.question,
        shown=[schemas.ShownSentence(index=x.index, start=x.start, end=x.end, text=x.text, speaker=x.speaker) for x in one.shown], cited=list(one.cited),
        model=one.model, prompt_version=one.prompt_version, language=one.language, given_at=one.given_at,
    )  # fmt: skip
