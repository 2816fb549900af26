"""What readers think of sentences that the model wrote. A sentence is known by its text, so that the opinion holds wherever it stands and after the summary is made again."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from pipeline.store import conversations, transcripts
from pipeline.store.packing import citations_from, clean
from pipeline.store.tables import ChapterRow, FeedbackRow, Opinion, Place, PointRow, RenditionRow, Role
from pipeline.types import Citation, Sentence

__all__ = ["Feedback", "Made", "Opinion", "Place", "around", "digest", "everything", "find", "forget", "forget_all", "of_video", "save"]

NEIGHBOURS = 2
"""Sentences before and after a cited one that are kept with it: among them the model has to find those that it rests on."""
NEAR = 120.0
"""Seconds around a receipt in which its sentence and its neighbours are looked for."""


@dataclass(frozen=True, slots=True)
class Made:
    """A sentence as it was made: what a reader can think something of."""

    place: Place
    text: str
    kind: str
    """phrased or quote."""
    citations: tuple[Citation, ...]
    about: str
    """Title of the chapter that a point stands in, or the question that an answer answers; else empty."""
    model: str
    """Empty where it is not known."""
    prompt_version: str
    language: str
    """Empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """An opinion, with what the model was shown: enough to learn from when the summary is long gone."""

    video_id: str
    place: Place
    opinion: Opinion
    text: str
    kind: str
    instead: str
    """The reader's or the speaker's words in its place; empty where the opinion is a thumb."""
    question: str
    shown: tuple[Sentence, ...]
    cited: tuple[int, ...]
    """`Sentence.index` of those that the text rests on."""
    model: str
    prompt_version: str
    language: str
    given_at: datetime | None = None
    """None: not stored yet."""


def digest(text: str) -> str:
    """The name of a text in forms and rows."""
    return hashlib.sha256(clean(text).encode()).hexdigest()[:24]


def save(s: Session, given: Feedback) -> None:
    """In place of the opinion on the same text that there was."""
    values = {
        "place": given.place, "opinion": given.opinion, "text": clean(given.text), "kind": given.kind, "instead": clean(given.instead), "question": clean(given.question),
        "shown": [[x.index, x.start, x.end, clean(x.text), x.speaker] for x in given.shown], "cited": list(given.cited), "model": given.model,
        "prompt_version": given.prompt_version, "language": given.language,
    }  # fmt: skip
    row = upsert(FeedbackRow).values(video_id=given.video_id, digest=digest(given.text), **values)
    s.execute(row.on_conflict_do_update(index_elements=["video_id", "digest"], set_={**values, "given_at": row.excluded.given_at}))


def of_video(s: Session, video_id: str) -> tuple[Feedback, ...]:
    """Oldest first."""
    rows = s.execute(select(FeedbackRow).where(FeedbackRow.video_id == video_id).order_by(FeedbackRow.id)).scalars()
    return tuple(_feedback(row) for row in rows)


def everything(s: Session) -> tuple[Feedback, ...]:
    """Of all videos, oldest first."""
    return tuple(_feedback(row) for row in s.execute(select(FeedbackRow).order_by(FeedbackRow.id)).scalars())


def forget(s: Session, video_id: str, text_digest: str) -> bool:
    """The text stands as it was made again. False: nobody thought anything of it."""
    gone = s.execute(delete(FeedbackRow).where(FeedbackRow.video_id == video_id, FeedbackRow.digest == text_digest).returning(FeedbackRow.id))
    return gone.first() is not None


def forget_all(s: Session) -> int:
    """How many there were."""
    return len(s.execute(delete(FeedbackRow).returning(FeedbackRow.id)).all())


def find(s: Session, video_id: str, text_digest: str) -> Made | None:
    """The sentence of that name in any summary of the video or in its answers, the newest; None: there is none (any more)."""
    return next((made for made in (*_in_summaries(s, video_id), *_in_answers(s, video_id)) if digest(made.text) == text_digest), None)


def around(s: Session, video_id: str, citations: Sequence[Citation]) -> tuple[tuple[Sentence, ...], tuple[int, ...]]:
    """The sentences that stand around receipts, and the indexes of the cited ones. Where the transcript was another one meanwhile, the receipts themselves."""
    said = transcripts.get_sentences(s, video_id, spans=[(cited.start - NEAR, cited.end + NEAR) for cited in citations])
    found = [_sentence_of(cited, said) for cited in citations]
    if not all(found):
        return tuple(Sentence(at, cited.start, cited.end, cited.quote) for at, cited in enumerate(citations)), tuple(range(len(citations)))
    indexes = sorted({sentence.index for sentence in found if sentence})
    near = (sentence for sentence in said if any(abs(sentence.index - index) <= NEIGHBOURS for index in indexes))
    return tuple(near), tuple(indexes)


def _sentence_of(cited: Citation, said: Sequence[Sentence]) -> Sentence | None:
    """The one that has the words of a receipt, the nearest where several do."""
    same = [sentence for sentence in said if cited.quote.casefold() in sentence.text.casefold()]
    return min(same, key=lambda sentence: abs(sentence.start - cited.start), default=None)


def _in_summaries(s: Session, video_id: str) -> Iterator[Made]:
    """Points first, since they know their chapter: the overview repeats some of them."""
    order = (Role.POINT, Role.OVERVIEW, Role.GIST)
    query = (
        select(PointRow, RenditionRow, ChapterRow.title)
        .join(RenditionRow, RenditionRow.id == PointRow.rendition_id)
        .outerjoin(ChapterRow, (ChapterRow.rendition_id == PointRow.rendition_id) & (ChapterRow.index == PointRow.chapter))
        .where(RenditionRow.video_id == video_id)
        .order_by(RenditionRow.id.desc(), PointRow.index)
    )
    for row, rendition, title in sorted(s.execute(query), key=lambda found: order.index(found[0].role)):
        about = title or "" if row.role is Role.POINT else ""
        yield Made(
            Place(row.role.value), row.text, row.kind, citations_from(row.citations), about, rendition.model, rendition.prompt_version, rendition.language
        )  # fmt: skip


ASKED = 500
"""Answers to earlier questions among which a sentence is looked for."""


def _in_answers(s: Session, video_id: str) -> Iterator[Made]:
    for answer in conversations.asked_of(s, video_id, limit=ASKED):
        if answer.found:
            cited = tuple(Citation(x.start, x.end, x.quote, number) for number, x in enumerate(answer.citations))
            yield Made(Place.ANSWER, answer.text, answer.kind, cited, answer.question, "", "", "")


def _feedback(row: FeedbackRow) -> Feedback:
    shown = tuple(Sentence(*sentence) for sentence in row.shown)
    return Feedback(
        row.video_id, row.place, row.opinion, row.text, row.kind, row.instead, row.question, shown, tuple(row.cited), row.model, row.prompt_version, row.language, row.given_at,
    )  # fmt: skip
