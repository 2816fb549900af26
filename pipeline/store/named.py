"""What has a name in the library: titles, chapters, points, channels, and names that were said. For hits beside the moments, and for suggestions while somebody types.

These texts are short, so their words are found as they begin (`drill` finds "drilling"), in any language and without a dictionary.
"""

import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Float, Select, and_, cast, func, literal, literal_column, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, Session

from pipeline.store.search import about_video
from pipeline.store.tables import ChapterRow, NameRow, PointRow, RenditionRow, VideoRow
from pipeline.types import Named, Scope, Suggestion

WORDS = 16
READ = 100
"""Candidates of a kind that are looked at."""
LAST = "\U0010ffff"
"""Sorts behind whatever follows a beginning."""

_WORD = re.compile(r"\w+")
_TOUCHING = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff]{2,}")
"""Scripts without spaces: no word begins there, so such a text is looked through."""


def named(s: Session, words: str, scope: Scope, limit: int) -> tuple[Named, ...]:
    """Titles, chapters and points with most of `words`; those with all of them first, and short ones before long ones."""
    typed = _words(words)
    if not typed or scope.speaker is not None:
        return ()
    found: dict[tuple[str, str], tuple[float, Named]] = {}
    for query in (_titles, _chapters, _points):
        for row in s.execute(query(typed, any_word=len(typed) > 2).where(*about_video(scope)).limit(READ)):
            share = _share(row.text, typed)
            one = Named(row.kind, row.video_id, row.title, float(row.start or 0.0), row.text)
            if share >= 0.6 and (one.video_id, one.text) not in found:
                found[one.video_id, one.text] = (share, one)
    best = sorted(found.values(), key=lambda rated: (-rated[0], len(rated[1].text), rated[1].video_id, rated[1].start))
    return tuple(one for _, one in best[:limit])


def suggestions(s: Session, typed: str, limit: int) -> tuple[Suggestion, ...]:
    """For letters of a word not yet finished; empty for nothing that means anything."""
    words = _words(typed)
    if not words:
        return ()
    begun = typed.strip().casefold()
    out = [Suggestion("channel", row) for row in s.execute(_channels(begun).limit(3)).scalars() if row]
    out += [Suggestion("name", row[0]) for row in s.execute(_names(begun).limit(limit))]
    for kind, query in (("title", _titles), ("chapter", _chapters)):
        rows = s.execute(query(words, any_word=False).limit(READ))
        best = sorted({(len(row.text), row.text, row.video_id, float(row.start or 0.0)) for row in rows})[:limit]
        out += [Suggestion("title" if kind == "title" else "chapter", text, video_id, start) for _, text, video_id, start in best]
    unique = {one.text.casefold(): one for one in reversed(out)}
    return tuple(one for one in dict.fromkeys(out) if unique[one.text.casefold()] is one)[:limit]


def _words(typed: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(typed.casefold())))[:WORDS]


def _share(text: str, typed: Sequence[str]) -> float:
    said, whole = _words(text), text.casefold()
    return sum(any(word.startswith(one) for word in said) or (_TOUCHING.search(one) is not None and one in whole) for one in typed) / len(typed)


def _has(column: InstrumentedAttribute[str], typed: Sequence[str], *, any_word: bool) -> ColumnElement[bool]:
    """By the index of the column's words. A word of \\w has no quote in it, so that quoting it makes a lexeme of it."""
    lexemes = cast(literal((" | " if any_word else " & ").join(f"'{word}':*" for word in typed)), TSQUERY)
    indexed = func.to_tsvector(literal_column("'simple'"), column).bool_op("@@")(lexemes)
    touching = [column.contains(word, autoescape=True) for word in typed if _TOUCHING.search(word)]
    if not touching:
        return indexed
    return or_(indexed, or_(*touching) if any_word else and_(*touching))


def _titles(typed: Sequence[str], *, any_word: bool) -> Select[str, str, str, float, str]:
    columns = (literal("title").label("kind"), VideoRow.id.label("video_id"), VideoRow.title, literal(0.0).label("start"), VideoRow.title.label("text"))
    # "+ 0" keeps the planner from reading all titles, newest first, for beginnings of words, which it takes for common: 23 ms of 10,000 titles instead of less than one.
    newest = (VideoRow.added_at + timedelta(0)).desc()
    return select(*columns).where(_has(VideoRow.title, typed, any_word=any_word)).order_by(newest, VideoRow.id)


def _chapters(typed: Sequence[str], *, any_word: bool) -> Select[str, str, str, float, str]:
    columns = (literal("chapter").label("kind"), VideoRow.id.label("video_id"), VideoRow.title, ChapterRow.start, ChapterRow.title.label("text"))
    query = select(*columns).join(RenditionRow, RenditionRow.id == ChapterRow.rendition_id).join(VideoRow, VideoRow.id == RenditionRow.video_id)
    return query.where(_has(ChapterRow.title, typed, any_word=any_word)).order_by(RenditionRow.id.desc(), ChapterRow.index)


def _points(typed: Sequence[str], *, any_word: bool) -> Select[str, str, str, float, str]:
    start = cast(PointRow.citations[0][0].astext, Float).label("start")
    columns = (literal("point").label("kind"), VideoRow.id.label("video_id"), VideoRow.title, start, PointRow.text)
    query = select(*columns).join(RenditionRow, RenditionRow.id == PointRow.rendition_id).join(VideoRow, VideoRow.id == RenditionRow.video_id)
    return query.where(_has(PointRow.text, typed, any_word=any_word)).order_by(RenditionRow.id.desc(), PointRow.role, PointRow.index)


def _channels(begun: str) -> Select[str | None]:
    return select(VideoRow.channel).where(func.lower(VideoRow.channel).startswith(begun, autoescape=True)).group_by(VideoRow.channel).order_by(func.count().desc())


def _names(begun: str) -> Select[str, int]:
    """Most said over all videos first."""
    said = func.sum(NameRow.said).label("said")
    query = select(func.min(NameRow.name), said).where(NameRow.folded >= begun, NameRow.folded < begun + LAST)
    return query.group_by(NameRow.folded).order_by(said.desc(), NameRow.folded)
