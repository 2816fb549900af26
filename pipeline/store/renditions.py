"""Summaries as they are made and when they are whole. Each is kept under everything it depends on, so nothing is computed twice and nothing stale is shown as new."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from pipeline.store.fences import Fence, advanced, fenced
from pipeline.store.packing import citations_from, citations_to, clean, coverage_from, coverage_to
from pipeline.store.tables import ChapterRow, PointRow, RenditionRow, Role, VideoRow
from pipeline.types import Chapter, Coverage, Length, Point, Summary


@dataclass(frozen=True, slots=True)
class Key:
    """What a summary is made of and how."""

    video_id: str
    transcript_hash: str
    model: str
    prompt_version: str
    length: Length
    language: str


@dataclass(frozen=True, slots=True)
class PartialSummary:
    """A summary, as far as it has been made."""

    key: Key
    gist: Point | None
    chapters: tuple[Chapter, ...]
    points: tuple[Point, ...]
    overview: tuple[Point, ...]
    coverage: tuple[Coverage, ...]
    notes: tuple[str, ...]
    complete: bool

    @property
    def language(self) -> str:
        return self.key.language

    @property
    def length(self) -> Length:
        return self.key.length

    @property
    def model(self) -> str:
        return self.key.model

    @property
    def prompt_version(self) -> str:
        return self.key.prompt_version

    def whole(self) -> Summary:
        """Raises: ValueError while it is not complete."""
        if not self.complete or self.gist is None:
            raise ValueError("the summary is still being made")
        return Summary(
            language=self.language,
            length=self.length,
            gist=self.gist,
            overview=self.overview,
            points=self.points,
            chapters=self.chapters,
            coverage=self.coverage,
            model=self.model,
            prompt_version=self.prompt_version,
            notes=self.notes,
        )


def save_gist(s: Session, key: Key, gist: Point, *, fence: Fence | None) -> None:
    """Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    rendition = _ensure(s, key)
    if _points(s, rendition, Role.GIST) != (gist,):
        _replace_points(s, rendition, Role.GIST, (gist,))
        advanced(s, fence)


def save_chapters(s: Session, key: Key, chapters: Sequence[Chapter], *, fence: Fence | None) -> None:
    """In place of those it had. Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    rendition = _ensure(s, key)
    if _chapters(s, rendition) != tuple(chapters):
        _replace_chapters(s, rendition, chapters)
        advanced(s, fence)


def save_point(s: Session, key: Key, point: Point, *, fence: Fence | None) -> int:
    """One more point; its index. One that is there already (same words, same chapter) is not stored again. Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    rendition = _ensure(s, key)
    there = _points(s, rendition, Role.POINT)
    for index, other in enumerate(there):
        if (other.text, other.chapter) == (clean(point.text), point.chapter):
            return index
    s.execute(insert(PointRow), [_point_row(rendition, Role.POINT, len(there), point)])
    advanced(s, fence)
    return len(there)


def save_overview(s: Session, key: Key, overview: Sequence[Point], *, fence: Fence | None) -> None:
    """In place of the one it had. Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    rendition = _ensure(s, key)
    if _points(s, rendition, Role.OVERVIEW) != tuple(overview):
        _replace_points(s, rendition, Role.OVERVIEW, overview)
        advanced(s, fence)


def save_summary(s: Session, key: Key, summary: Summary, *, fence: Fence | None) -> None:
    """The whole, in place of its parts; complete from now on. Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    rendition = _ensure(s, key)
    for role, points in ((Role.GIST, (summary.gist,)), (Role.OVERVIEW, summary.overview), (Role.POINT, summary.points)):
        _replace_points(s, rendition, role, points)
    _replace_chapters(s, rendition, summary.chapters)
    values = {"complete": True, "coverage": coverage_to(summary.coverage), "notes": [clean(note) for note in summary.notes]}
    s.execute(update(RenditionRow).where(RenditionRow.id == rendition).values(values))
    advanced(s, fence)


def get_summary(s: Session, video_id: str, *, language: str | None = None, length: Length | None = None) -> PartialSummary | None:
    """The best one there is: complete before growing, the video's own language before others, medium before other lengths, newest first."""
    query = select(RenditionRow).join(VideoRow, VideoRow.id == RenditionRow.video_id).where(RenditionRow.video_id == video_id)
    row = s.execute(_best(query, language, length)).scalar_one_or_none()
    return None if row is None else _partial(s, row)


def get_rendition(s: Session, key: Key) -> PartialSummary | None:
    """Exactly the one of `key`."""
    row = s.execute(select(RenditionRow).filter_by(**asdict(key))).scalar_one_or_none()
    return None if row is None else _partial(s, row)


def list_renditions(s: Session, video_id: str) -> tuple[tuple[Key, bool], ...]:
    """What there is, oldest first, and whether it is complete."""
    rows = s.execute(select(RenditionRow).where(RenditionRow.video_id == video_id).order_by(RenditionRow.id)).scalars()
    return tuple((_key(row), row.complete) for row in rows)


def _best(query: Select[RenditionRow], language: str | None, length: Length | None) -> Select[RenditionRow]:
    if language is not None:
        query = query.where(RenditionRow.language == language)
    if length is not None:
        query = query.where(RenditionRow.length == length)
    own = func.coalesce(RenditionRow.language == VideoRow.language, False)
    return query.order_by(
        RenditionRow.complete.desc(), own.desc(), (RenditionRow.length == Length.MEDIUM).desc(), RenditionRow.id.desc()
    ).limit(1)


def _partial(s: Session, row: RenditionRow) -> PartialSummary:
    gist = _points(s, row.id, Role.GIST)
    return PartialSummary(
        key=_key(row),
        gist=gist[0] if gist else None,
        chapters=_chapters(s, row.id),
        points=_points(s, row.id, Role.POINT),
        overview=_points(s, row.id, Role.OVERVIEW),
        coverage=coverage_from(row.coverage),
        notes=tuple(row.notes),
        complete=row.complete,
    )


def _key(row: RenditionRow) -> Key:
    return Key(row.video_id, row.transcript_hash, row.model, row.prompt_version, row.length, row.language)


def _ensure(s: Session, key: Key) -> int:
    """The id of the row of `key`. Two writers at once get the same one."""
    s.execute(upsert(RenditionRow).values(**asdict(key)).on_conflict_do_nothing())
    return s.execute(select(RenditionRow.id).filter_by(**asdict(key))).scalar_one()


def _points(s: Session, rendition: int, role: Role) -> tuple[Point, ...]:
    rows = s.execute(select(PointRow).where(PointRow.rendition_id == rendition, PointRow.role == role).order_by(PointRow.index)).scalars()
    return tuple(Point(x.text, citations_from(x.citations), cast(Literal["phrased", "quote", "original"], x.kind), x.support, x.chapter) for x in rows)


def _replace_points(s: Session, rendition: int, role: Role, points: Sequence[Point]) -> None:
    s.execute(delete(PointRow).where(PointRow.rendition_id == rendition, PointRow.role == role))
    if points:
        s.execute(insert(PointRow), [_point_row(rendition, role, index, point) for index, point in enumerate(points)])


def _point_row(rendition: int, role: Role, index: int, point: Point) -> dict[str, object]:
    return {
        "rendition_id": rendition,
        "role": role,
        "index": index,
        "text": clean(point.text),
        "kind": point.kind,
        "support": float(point.support),
        "chapter": point.chapter,
        "citations": citations_to(point),
    }


def _chapters(s: Session, rendition: int) -> tuple[Chapter, ...]:
    rows = s.execute(select(ChapterRow).where(ChapterRow.rendition_id == rendition).order_by(ChapterRow.index)).scalars()
    return tuple(Chapter(x.start, x.end, x.title, cast(Literal["source", "made"], x.origin)) for x in rows)


def _replace_chapters(s: Session, rendition: int, chapters: Sequence[Chapter]) -> None:
    s.execute(delete(ChapterRow).where(ChapterRow.rendition_id == rendition))
    rows = [
        {"rendition_id": rendition, "index": i, "start": x.start, "end": x.end, "title": clean(x.title), "origin": x.origin}
        for i, x in enumerate(chapters)
    ]
    if rows:
        s.execute(insert(ChapterRow), rows)
