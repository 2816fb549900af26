"""Questions and their answers, over one video, a selection of videos, what a listing holds, or the whole library."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from pipeline.errors import InputError, NotFound
from pipeline.store import answered
from pipeline.store.listing_tables import ListingItemRow, ListingRow
from pipeline.store.packing import clean
from pipeline.store.tables import ConversationRow, TurnRow, VideoRow
from pipeline.types import Answer, AnswerCitation, Hit, Rendered

LONGEST_TITLE = 120
"""Characters of a title; one that is made of a question has TITLED."""
TITLED = 80
MOST_VIDEOS = 200
"""Videos of a selection."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a question is asked: a listing (playlist, channel, subscription), some videos, or, without either, the whole library."""

    videos: tuple[str, ...] = ()
    listing: int | None = None

    def __post_init__(self) -> None:
        """Raises: InputError: `bad_scope`."""
        if self.videos and self.listing is not None:
            raise InputError("bad_scope", "Ask either some videos or a list, not both.")
        if len(self.videos) > MOST_VIDEOS:
            raise InputError("bad_scope", f"A selection has at most {MOST_VIDEOS} videos. Ask the whole library instead.")


@dataclass(frozen=True, slots=True)
class Conversation:
    id: int
    title: str
    scope: Scope
    where: str
    """The title of the video or listing, or how many videos; empty for the whole library."""
    turns: int
    created_at: datetime
    changed_at: datetime


def no_conversation() -> NotFound:
    return NotFound("no_conversation", "This conversation does not exist any more. Ask again.")


def start(s: Session, video_id: str | None = None, scope: Scope | None = None) -> int:
    """A new conversation; its id. Over `scope`, or `video_id`, or the whole library."""
    if scope is not None and len(scope.videos) == 1:
        video_id, scope = scope.videos[0], None
    stored: dict[str, Any] = {}
    if scope is not None and scope.listing is not None:
        stored = {"listing": scope.listing}
    elif scope is not None and scope.videos:
        stored = {"videos": list(scope.videos)}
    return s.execute(insert(ConversationRow).values(video_id=video_id, scope=stored).returning(ConversationRow.id)).scalar_one()


def add_turn(s: Session, conversation_id: int, answer: Answer) -> None:
    """One more question with its answer; the first gives the title.

    Raises:
        NotFound: `no_conversation`.
    """
    row = s.get(ConversationRow, conversation_id, with_for_update=True)
    if row is None:
        raise no_conversation()
    index = s.execute(select(func.count()).select_from(TurnRow).where(TurnRow.conversation_id == conversation_id)).scalar_one()
    s.add(TurnRow(conversation_id=conversation_id, index=index, question=answer.question, answer=asdict(answer), words=answered.document(answer)))
    row.title = row.title or clean(answer.question[:TITLED])
    s.flush()
    s.execute(update(ConversationRow).where(ConversationRow.id == conversation_id).values(changed_at=func.clock_timestamp()))


def turns(s: Session, conversation_id: int) -> tuple[Answer, ...]:
    """Oldest first."""
    rows = s.execute(select(TurnRow).where(TurnRow.conversation_id == conversation_id).order_by(TurnRow.index)).scalars()
    return tuple(_answer(row.answer) for row in rows)


def asked_of(s: Session, video_id: str | None = None, *, limit: int = 20) -> tuple[Answer, ...]:
    """The newest answers first, of all conversations over `video_id`, or over the library."""
    where = [ConversationRow.video_id == video_id] if video_id else [ConversationRow.video_id.is_(None), ConversationRow.scope == {}]
    query = select(TurnRow).join(ConversationRow, ConversationRow.id == TurnRow.conversation_id).where(*where)
    rows = s.execute(query.order_by(TurnRow.created_at.desc(), TurnRow.conversation_id.desc(), TurnRow.index.desc()).limit(limit)).scalars()
    return tuple(_answer(row.answer) for row in rows)


def get(s: Session, conversation_id: int) -> Conversation:
    """Raises: NotFound: `no_conversation`."""
    row = s.get(ConversationRow, conversation_id)
    if row is None:
        raise no_conversation()
    return _made(s, row)


def recent(s: Session, *, before: datetime | None = None, limit: int = 50) -> tuple[Conversation, ...]:
    """Those last asked first; only with a question in them. `before`: only those last asked earlier."""
    asked = select(TurnRow.conversation_id).where(TurnRow.conversation_id == ConversationRow.id).exists()
    query = select(ConversationRow).where(asked).order_by(ConversationRow.changed_at.desc(), ConversationRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(ConversationRow.changed_at < before)
    return tuple(_made(s, row) for row in s.execute(query).scalars())


def rename(s: Session, conversation_id: int, title: str) -> None:
    """Raises: InputError: `bad_title`; NotFound: `no_conversation`."""
    wanted = " ".join(clean(title).split())
    if not wanted or len(wanted) > LONGEST_TITLE:
        raise InputError("bad_title", f"A title has 1 to {LONGEST_TITLE} characters.")
    found = s.execute(update(ConversationRow).where(ConversationRow.id == conversation_id).values(title=wanted).returning(ConversationRow.id))
    if found.first() is None:
        raise no_conversation()


def remove(s: Session, conversation_id: int) -> None:
    """With its questions and answers. Raises: NotFound: `no_conversation`."""
    if s.execute(delete(ConversationRow).where(ConversationRow.id == conversation_id).returning(ConversationRow.id)).first() is None:
        raise no_conversation()


def videos_in(s: Session, scope: Scope, *, missing_ok: bool = False) -> tuple[str, ...] | None:
    """The videos of the library that a question over `scope` is put to; None: all. `missing_ok`: those that were deleted since are left out.

    Raises:
        NotFound: `no_listing`, `no_such_video`.
    """
    if scope.listing is not None:
        if not missing_ok and s.get(ListingRow, scope.listing) is None:
            raise NotFound("no_listing", "There is no such list. The page shows those that there are.")
        query = select(VideoRow.id).join(ListingItemRow, ListingItemRow.video_id == VideoRow.id).where(ListingItemRow.listing_id == scope.listing)
        return tuple(s.execute(query.distinct()).scalars())
    if not scope.videos:
        return None
    there = set(s.execute(select(VideoRow.id).where(VideoRow.id.in_(scope.videos))).scalars())
    missing = [video_id for video_id in scope.videos if video_id not in there]
    if missing and not missing_ok:
        raise NotFound("no_such_video", f"There is no video {missing[0][:40]!r} in the library. `nutshell search` shows the ids.")
    return tuple(video_id for video_id in dict.fromkeys(scope.videos) if video_id in there)


def titles_of(s: Session, video_ids: Sequence[str]) -> dict[str, str]:
    return {row.id: row.title for row in s.execute(select(VideoRow.id, VideoRow.title).where(VideoRow.id.in_(video_ids)))}


def where_of(s: Session, scope: Scope) -> str:
    """What a scope is called; empty for the whole library."""
    if scope.listing is not None:
        row = s.get(ListingRow, scope.listing)
        return (row.title or "A list") if row else "A list that is gone"
    if len(scope.videos) == 1:
        return titles_of(s, scope.videos).get(scope.videos[0], "")
    return f"{len(scope.videos)} videos" if scope.videos else ""


def _made(s: Session, row: ConversationRow) -> Conversation:
    scope = Scope((row.video_id,)) if row.video_id else Scope(tuple(row.scope.get("videos", ())), row.scope.get("listing"))
    count = s.execute(select(func.count()).select_from(TurnRow).where(TurnRow.conversation_id == row.id)).scalar_one()
    return Conversation(row.id, row.title, scope, where_of(s, scope), count, row.created_at, row.changed_at)


def _answer(stored: dict[str, Any]) -> Answer:
    citations = tuple(AnswerCitation(**citation) for citation in stored["citations"])
    nearest = tuple(Hit(**hit) for hit in stored["nearest"])
    rendered = stored.get("rendered")
    made = Rendered(**{**rendered, "quotes": tuple(rendered["quotes"])}) if rendered else None
    return Answer(stored["question"], stored["found"], stored["text"], citations, stored["kind"], nearest, stored.get("understood", ""), made)
