"""Questions and their answers, over one video or the whole library."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from pipeline.errors import NotFound
from pipeline.store.tables import ConversationRow, TurnRow
from pipeline.types import Answer, AnswerCitation, Hit


def start(s: Session, video_id: str | None = None) -> int:
    """A new conversation; its id. None: over the whole library."""
    return s.execute(insert(ConversationRow).values(video_id=video_id).returning(ConversationRow.id)).scalar_one()


def add_turn(s: Session, conversation_id: int, answer: Answer) -> None:
    """One more question with its answer.

    Raises:
        NotFound: `no_conversation`.
    """
    if s.get(ConversationRow, conversation_id, with_for_update=True) is None:
        raise NotFound("no_conversation", "This conversation does not exist any more. Ask again.")
    index = s.execute(select(func.count()).select_from(TurnRow).where(TurnRow.conversation_id == conversation_id)).scalar_one()
    s.add(TurnRow(conversation_id=conversation_id, index=index, question=answer.question, answer=asdict(answer)))
    s.flush()


def turns(s: Session, conversation_id: int) -> tuple[Answer, ...]:
    """Oldest first."""
    rows = s.execute(select(TurnRow).where(TurnRow.conversation_id == conversation_id).order_by(TurnRow.index)).scalars()
    return tuple(_answer(row.answer) for row in rows)


def latest(s: Session, video_id: str | None = None) -> int | None:
    """The id of the newest conversation over `video_id`, or over the library."""
    where = ConversationRow.video_id.is_(None) if video_id is None else ConversationRow.video_id == video_id
    return s.execute(select(ConversationRow.id).where(where).order_by(ConversationRow.id.desc()).limit(1)).scalar_one_or_none()


def _answer(stored: dict[str, Any]) -> Answer:
    citations = tuple(AnswerCitation(**citation) for citation in stored["citations"])
    nearest = tuple(Hit(**hit) for hit in stored["nearest"])
    return Answer(stored["question"], stored["found"], stored["text"], citations, stored["kind"], nearest)
