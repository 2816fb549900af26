"""Videos: one row each, however often they are pasted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import ColumnElement, delete, func, not_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pipeline.jobs import State
from pipeline.store import collections
from pipeline.store.fences import Fence, fenced
from pipeline.store.packing import chapters_from, chapters_to, clean
from pipeline.store.tables import JobRow, PointRow, RenditionRow, Role, VideoRow
from pipeline.types import Video, public_id

Kind = Literal["youtube", "media", "transcript"]


@dataclass(frozen=True, slots=True)
class Card:
    """What the library shows of a video."""

    id: str
    title: str
    channel: str | None
    duration: float
    thumbnail_url: str | None
    language: str | None
    added_at: datetime
    gist: str | None
    state: State | None
    """Of the newest job that makes its summary; None when there never was one."""
    kind: Kind
    watched: bool


def ensure_video(s: Session, source_id: str, source_url: str, kind: Kind, title: str = "") -> str:
    """The id of the video, which has a row from now on; an existing row is left as it is."""
    video_id = public_id(source_id)
    row = {"id": video_id, "source_id": source_id, "source_url": source_url, "kind": kind, "title": clean(title)}
    s.execute(insert(VideoRow).values(row).on_conflict_do_nothing())
    return video_id


def save_video(s: Session, video: Video, *, fence: Fence | None = None) -> None:
    """What the source says about it. A row that was deleted meanwhile stays deleted.

    Raises:
        LeaseLost: see fenced().
    """
    fenced(s, fence)
    s.execute(
        update(VideoRow)
        .where(VideoRow.id == video.id)
        .values(
            source_url=video.source_url,
            title=clean(video.title),
            duration=video.duration,
            channel=None if video.channel is None else clean(video.channel),
            language=video.language,
            published_at=video.published_at,
            description=clean(video.description),
            thumbnail_url=video.thumbnail_url,
            chapters=chapters_to(video.chapters),
            captions_note=clean(video.captions_note),
        )
    )


def name_video(s: Session, video_id: str, title: str) -> None:
    """The title alone, while nothing else is known of it."""
    s.execute(update(VideoRow).where(VideoRow.id == video_id, VideoRow.title == "").values(title=clean(title)))


def get_video(s: Session, video_id: str) -> Video | None:
    row = s.get(VideoRow, video_id)
    if row is None:
        return None
    return Video(
        source_id=row.source_id,
        source_url=row.source_url,
        title=row.title,
        duration=row.duration,
        channel=row.channel,
        language=row.language,
        published_at=row.published_at,
        description=row.description,
        thumbnail_url=row.thumbnail_url,
        chapters=chapters_from(row.chapters),
        captions_note=row.captions_note,
    )


def get_kind(s: Session, video_id: str) -> Kind | None:
    return cast(Kind | None, s.execute(select(VideoRow.kind).where(VideoRow.id == video_id)).scalar_one_or_none())


def save_questions(s: Session, video_id: str, questions: Sequence[str], *, fence: Fence | None) -> None:
    """Suggested ones, in place of those that it had. Raises: LeaseLost: see fenced()."""
    fenced(s, fence)
    s.execute(update(VideoRow).where(VideoRow.id == video_id).values(questions=[clean(question) for question in questions]))


def get_questions(s: Session, video_id: str) -> tuple[str, ...]:
    return tuple(s.execute(select(VideoRow.questions).where(VideoRow.id == video_id)).scalar_one_or_none() or ())


def set_watched(s: Session, video_id: str, watched: bool) -> None:
    """Marked again it keeps the time of the first mark."""
    first = func.coalesce(VideoRow.watched_at, func.clock_timestamp())
    s.execute(update(VideoRow).where(VideoRow.id == video_id).values(watched_at=first if watched else None))


def watched_at(s: Session, video_id: str) -> datetime | None:
    return s.execute(select(VideoRow.watched_at).where(VideoRow.id == video_id)).scalar_one_or_none()


def is_watched() -> ColumnElement[bool]:
    """A condition on videos."""
    return VideoRow.watched_at.is_not(None)


def any_watched(s: Session) -> bool:
    return s.execute(select(VideoRow.id).where(is_watched()).limit(1)).first() is not None


def list_videos(
    s: Session, *, before: datetime | None = None, limit: int = 50, tag: str | None = None, folder: int | None = None, watched: bool | None = None
) -> tuple[Card, ...]:
    """Newest first; `before`: the `added_at` of the last card of the page before. `tag`, `folder`, `watched` as in Scope."""
    gist = (
        select(PointRow.text)
        .join(RenditionRow, RenditionRow.id == PointRow.rendition_id)
        .where(RenditionRow.video_id == VideoRow.id, PointRow.role == Role.GIST)
        .order_by((RenditionRow.language == VideoRow.language).desc().nulls_last(), RenditionRow.complete.desc(), RenditionRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    state = (
        select(JobRow.state)
        .where(JobRow.video_id == VideoRow.id, JobRow.kind == "tldr")
        .order_by(JobRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(VideoRow, gist, state).order_by(VideoRow.added_at.desc(), VideoRow.id).limit(limit)
    if before is not None:
        query = query.where(VideoRow.added_at < before)
    if tag is not None:
        query = query.where(collections.tagged(tag))
    if folder is not None:
        query = query.where(collections.in_folder(folder))
    if watched is not None:
        query = query.where(is_watched() if watched else not_(is_watched()))
    return tuple(_card(row, text, found) for row, text, found in s.execute(query))


def _card(row: VideoRow, gist: str | None, state: State | None) -> Card:
    return Card(
        id=row.id,
        title=row.title,
        channel=row.channel,
        duration=row.duration,
        thumbnail_url=row.thumbnail_url,
        language=row.language,
        added_at=row.added_at,
        gist=gist,
        state=state,
        kind=cast(Kind, row.kind),
        watched=row.watched_at is not None,
    )


@dataclass(frozen=True, slots=True)
class Labels:
    """What a search could be narrowed to by a video."""

    channel: str | None
    language: str | None
    published_at: str | None
    watched: bool
    tags: tuple[str, ...]
    folders: tuple[tuple[int, str], ...]
    """Id and name."""


def labels(s: Session, video_ids: Collection[str]) -> dict[str, Labels]:
    if not video_ids:
        return {}
    columns = (VideoRow.id, VideoRow.channel, VideoRow.language, VideoRow.published_at, is_watched())
    tags, folders = collections.tags_among(s, video_ids), collections.folders_among(s, video_ids)
    rows = s.execute(select(*columns).where(VideoRow.id.in_(video_ids)))
    return {row[0]: Labels(*row[1:], tags.get(row[0], ()), folders.get(row[0], ())) for row in rows}


def count_videos(s: Session) -> int:
    return s.execute(select(func.count()).select_from(VideoRow)).scalar_one()


def delete_video(s: Session, video_id: str) -> bool:
    """The video and every row made of it; a worker still at it finds its stage gone. Its files are the caller's: ask media.list_media before this, delete them after the commit."""
    return s.execute(delete(VideoRow).where(VideoRow.id == video_id).returning(VideoRow.id)).scalar_one_or_none() is not None
