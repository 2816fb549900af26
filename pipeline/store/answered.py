"""Answers that were given before, as results of a search: in any conversation, until it is deleted."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Integer, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from pipeline.languages import detect
from pipeline.store import fulltext
from pipeline.store.packing import clean
from pipeline.store.search import EVERYWHERE, about_video, languages_of
from pipeline.store.tables import TurnRow, VideoRow
from pipeline.types import Answer, Answered, Scope

WORDS = 16
SHARE = 0.6
"""Of the words of a search that question and answer must have; titles, chapters and points need as many (named.py)."""


def document(answer: Answer) -> ColumnElement[str]:
    """What is indexed of a turn. Nothing of one without an answer: that something was not found is of no use to who looks for it."""
    if not answer.found:
        return fulltext.document("", "und")
    text = clean(f"{answer.question}\n{answer.text}")
    return fulltext.document(text, detect(text))


def find(s: Session, words: str, limit: int, scope: Scope = EVERYWHERE) -> tuple[Answered, ...]:
    """Those with most of `words`, the newest of equals first. In a narrower scope only answers that cite one of its videos; none for a speaker."""
    languages = tuple({*languages_of(s), detect(words)})
    telling = s.execute(fulltext.telling(list(dict.fromkeys(clean(words).split()))[:WORDS], languages)).scalars().all()
    if not telling or scope.speaker is not None:
        return ()
    has = [TurnRow.words.bool_op("@@")(fulltext.query(word, languages, every_word=True)) for word in telling]
    share = sum((cast(one, Integer) for one in has), literal(0))
    query = (
        select(TurnRow)
        .where(TurnRow.words.bool_op("@@")(_any_of(telling, languages)), share >= SHARE * len(telling), *_cites(scope))
        .order_by(share.desc(), TurnRow.created_at.desc(), TurnRow.conversation_id.desc(), TurnRow.index.desc())
        .limit(limit)
    )
    return tuple(Answered(row.conversation_id, row.index, row.question, row.answer["text"]) for row in s.execute(query).scalars())


def _any_of(words: Sequence[str], languages: tuple[str, ...]) -> ColumnElement[str]:
    """For the index, which knows nothing of shares."""
    return fulltext.query(" ".join(words), languages, every_word=False)


def _cites(scope: Scope) -> list[ColumnElement[bool]]:
    where = about_video(scope)
    if not where:
        return []
    cited = func.jsonb_array_elements(TurnRow.answer["citations"]).table_valued(column("value", JSONB), name="cited").render_derived()
    of_one = select(literal(1)).select_from(cited).join(VideoRow, VideoRow.id == cited.c.value["video_id"].astext).where(*where)
    return [of_one.correlate(TurnRow).exists()]
