"""Highlights and own notes: kept with times and words of their own, and found by them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from pipeline.languages import detect
from pipeline.store import collections, fulltext
from pipeline.store.collection_tables import NoteKind, NoteRow, TagRow
from pipeline.store.packing import clean
from pipeline.store.search import EVERYWHERE, about_video
from pipeline.store.tables import VideoRow
from pipeline.types import Kept, Note, NoteHit, Scope

__all__ = ["NoteKind", "add", "change", "count", "everything", "find", "get", "highlighted", "kept", "of_video", "remove"]

QUERY_CHARACTERS = 2_000
"""Of what was typed that are looked for."""
SURE = 40
"""Characters of own words from which their language is told; of less, that of the video counts."""


def add(s: Session, video_id: str, kind: NoteKind, span: tuple[float, float] | None, quote: str, text: str, language: str) -> Note:
    """`language`: what is spoken. The video has a row."""
    own = detect(text) if len(text) >= SURE else "und"
    language = language if own == "und" else own
    start, end = span or (None, None)
    row = NoteRow(
        video_id=video_id, kind=kind, start=start, end=end, quote=clean(quote), text=clean(text), language=language, words=_words(quote, text, language)
    )  # fmt: skip
    s.add(row)
    s.flush()
    s.refresh(row)
    return _note(row)


def change(s: Session, note_id: int, text: str) -> Note | None:
    """Other words of the reader's. None: there is no such note."""
    row = s.get(NoteRow, note_id)
    if row is None:
        return None
    text = clean(text)
    s.execute(
        update(NoteRow).where(NoteRow.id == note_id).values(text=text, words=_words(row.quote, text, row.language), changed_at=func.clock_timestamp())
    )  # fmt: skip
    s.refresh(row)
    return _note(row)


def remove(s: Session, note_id: int) -> bool:
    """False: there was none."""
    return s.execute(delete(NoteRow).where(NoteRow.id == note_id).returning(NoteRow.id)).first() is not None


def get(s: Session, note_id: int) -> tuple[str, Note] | None:
    """With the id of its video."""
    row = s.get(NoteRow, note_id)
    return (row.video_id, _note(row)) if row else None


def highlighted(s: Session, video_id: str, span: tuple[float, float]) -> Note | None:
    """The highlight of exactly this stretch, the newest."""
    same = select(NoteRow).where(NoteRow.video_id == video_id, NoteRow.kind == NoteKind.HIGHLIGHT, NoteRow.start == span[0], NoteRow.end == span[1])
    row = s.execute(same.order_by(NoteRow.id.desc()).limit(1)).scalar_one_or_none()
    return _note(row) if row else None


def count(s: Session, video_id: str) -> int:
    return s.execute(select(func.count()).where(NoteRow.video_id == video_id)).scalar_one()


def of_video(s: Session, video_id: str) -> tuple[Note, ...]:
    """Those on the whole video first, then by time."""
    rows = s.execute(select(NoteRow).where(NoteRow.video_id == video_id).order_by(NoteRow.start.nulls_first(), NoteRow.id)).scalars()
    return tuple(_note(row) for row in rows)


def everything(s: Session, after: int = 0, limit: int = 1000) -> tuple[tuple[str, str, Note], ...]:
    """Id and title of the video, and the note: of all videos, in the order in which they were made, those behind id `after`."""
    query = select(NoteRow, VideoRow.title).join(VideoRow, VideoRow.id == NoteRow.video_id).where(NoteRow.id > after).order_by(NoteRow.id).limit(limit)
    return tuple((row.video_id, title, _note(row)) for row, title in s.execute(query))


def kept(s: Session, video_id: str) -> Kept:
    """Everything that the reader keeps with a video."""
    folders = tuple(name for _, name in collections.folders_of(s, video_id))
    return Kept(collections.tags_of(s, video_id), folders, of_video(s, video_id))


def find(s: Session, typed: str, limit: int = 10, scope: Scope = EVERYWHERE) -> tuple[NoteHit, ...]:
    """Notes with all of the words that were typed, then notes with some that mean something, the best first; videos with such a tag before both.

    No note is a speaker's, so a scope with a speaker holds none.
    """
    words = clean(typed[:QUERY_CHARACTERS])
    if not words.strip() or scope.speaker is not None:
        return ()
    where = about_video(scope)
    languages = tuple(s.execute(select(NoteRow.language).distinct()).scalars())
    found = _tags(s, words, limit, where)
    seen: set[int] = set()
    for every_word in (True, False):
        if len(found) >= limit:
            break
        telling = words if every_word else " ".join(s.execute(fulltext.telling(words.split()[:64], languages or ("und",))).scalars())
        query = fulltext.query(telling, languages, every_word=every_word)
        for note_id, hit in _notes(s, query, limit, where):
            if note_id not in seen:
                seen.add(note_id)
                found.append(hit)
    return tuple(found[:limit])


def _tags(s: Session, words: str, limit: int, where: Sequence[ColumnElement[bool]]) -> list[NoteHit]:
    query = fulltext.query(words, (), every_word=True)
    rows = s.execute(
        select(TagRow, VideoRow.title)
        .join(VideoRow, VideoRow.id == TagRow.video_id)
        .where(TagRow.words.bool_op("@@")(query), *where)
        .order_by(TagRow.key, VideoRow.added_at.desc(), VideoRow.id)
        .limit(limit)
    )
    return [NoteHit(row.video_id, title, "tag", None, row.name, "") for row, title in rows]


def _notes(s: Session, query: ColumnElement[str], limit: int, where: Sequence[ColumnElement[bool]]) -> Sequence[tuple[int, NoteHit]]:
    rank = func.ts_rank_cd(NoteRow.words, query, 1)
    rows = s.execute(
        select(NoteRow, VideoRow.title)
        .join(VideoRow, VideoRow.id == NoteRow.video_id)
        .where(NoteRow.words.bool_op("@@")(query), *where)
        .order_by(rank.desc(), NoteRow.id.desc())
        .limit(limit)
    )
    return [(row.id, NoteHit(row.video_id, title, row.kind.value, row.start, row.text, row.quote)) for row, title in rows]


def _words(quote: str, text: str, language: str) -> ColumnElement[str]:
    return fulltext.document(clean(f"{text}\n{quote}"), language)


def _note(row: NoteRow) -> Note:
    return Note(row.id, row.kind.value, row.start, row.end, row.quote, row.text, row.created_at, row.changed_at)
