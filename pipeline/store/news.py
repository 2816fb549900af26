"""What subscriptions brought, the newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pipeline.jobs import State
from pipeline.store import jobs
from pipeline.store.listing_tables import Listed, ListingItemRow as Row, ListingRow, SubscriptionRow
from pipeline.store.tables import JobRow, PointRow, RenditionRow, Role, VideoRow
from pipeline.types import Options


@dataclass(frozen=True, slots=True)
class New:
    """An item that a subscription chose."""

    source_id: str
    video_id: str
    title: str
    list_id: int
    list_title: str
    channel: str | None
    duration: float | None
    options: Options
    followed_at: datetime
    state: str
    """done, waiting, running, failed or cancelled."""
    gist: str | None
    made_at: datetime | None
    """When its newest whole summary was begun; None: there is none."""


_GIST = (
    select(PointRow.text)
    .join(RenditionRow, RenditionRow.id == PointRow.rendition_id)
    .where(RenditionRow.video_id == Row.video_id, PointRow.role == Role.GIST, RenditionRow.complete)
    .order_by((RenditionRow.language == Row.options["language"].astext).desc().nulls_last(), RenditionRow.id.desc())
    .limit(1)
    .scalar_subquery()
)
_MADE = select(func.max(RenditionRow.created_at)).where(RenditionRow.video_id == Row.video_id, RenditionRow.complete).scalar_subquery()


def news(s: Session, *, list_id: int | None = None, done: bool = False, offset: int = 0, limit: int = 50) -> tuple[New, ...]:
    """Of all subscriptions or of one, the newest first; `done`: only what can be read. A video that several brought comes once, with the last of them; one that was
    deleted does not come."""
    once = (
        select(Row.listing_id, Row.source_id)
        .join(SubscriptionRow, SubscriptionRow.listing_id == Row.listing_id)
        .where(Row.followed_at.is_not(None))
        .ext(distinct_on(Row.video_id))
        .order_by(Row.video_id, Row.followed_at.desc())
    )
    if list_id is not None:
        once = once.where(Row.listing_id == list_id)
    which = once.subquery()
    query = (
        select(Row, ListingRow, VideoRow, JobRow.state, _GIST, _MADE)
        .join(which, (which.c.listing_id == Row.listing_id) & (which.c.source_id == Row.source_id))
        .join(ListingRow, ListingRow.id == Row.listing_id)
        .outerjoin(VideoRow, VideoRow.id == Row.video_id)
        .outerjoin(JobRow, JobRow.id == Row.job_id)
        .order_by(Row.followed_at.desc(), Row.position, Row.source_id)
    )
    kept = _MADE.is_not(None) if done else or_(_MADE.is_not(None), Row.job_id.is_not(None), Row.stage == Listed.CHOSEN)
    return tuple(_new(*row) for row in s.execute(query.where(kept).offset(offset).limit(limit)))


def _new(row: Row, listing: ListingRow, video: VideoRow | None, state: State | None, gist: str | None, made_at: datetime | None) -> New:
    assert row.followed_at is not None
    return New(
        source_id=row.source_id, video_id=row.video_id, title=(video.title if video else "") or row.title, list_id=listing.id, list_title=listing.title,
        channel=(video.channel if video else None) or listing.channel, duration=(video.duration if video else None) or row.duration,
        options=jobs.options_of(row.options or {}), followed_at=row.followed_at, gist=gist, made_at=made_at,
        state="done" if gist is not None else state.value if state else "waiting",
    )  # fmt: skip
