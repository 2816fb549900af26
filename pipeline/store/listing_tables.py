"""The tables of what holds many videos; tables.py has the others."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.store.base import Base, identity, now, one_of


class Listed(StrEnum):
    """How far an item of a listing has come; from SENT on its job says what became of it."""

    SEEN = "seen"
    CHOSEN = "chosen"
    """Somebody wants it; it gets a job when its turn comes."""
    SENT = "sent"
    """It has a job, or everything was there already."""
    DROPPED = "dropped"
    """Chosen, then cancelled before its turn."""


class ListingRow(Base):
    """What holds many videos: a playlist, a channel's tab, a feed, or what was imported at once."""

    __tablename__ = "listings"
    id: Mapped[int] = identity()
    source_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    """playlist, feed or import."""
    url: Mapped[str]
    title: Mapped[str] = mapped_column(server_default="")
    channel: Mapped[str | None]
    feed_url: Mapped[str | None]
    """Where its newest items can be had with one cheap request."""
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """How its chosen items are summarised."""
    complete: Mapped[bool] = mapped_column(server_default=text("false"))
    """Read to its end at least once."""
    listed_at: Mapped[datetime | None]
    added_at: Mapped[datetime] = now()
    __table_args__ = (Index(None, "added_at"),)


class ListingItemRow(Base):
    """One item, from the moment it is listed: what came of it is the state of its job, once it has one."""

    __tablename__ = "listing_items"
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    """The first has 0; newer ones that come in front count down from there."""
    kind: Mapped[str]
    """youtube, media or transcript; playlist where a channel lists its playlists."""
    url: Mapped[str]
    video_id: Mapped[str]
    title: Mapped[str]
    duration: Mapped[float | None]
    published_at: Mapped[str | None]
    problem: Mapped[str] = mapped_column(server_default="")
    """Why it cannot be watched, a code of errors.py; empty: it can."""
    captions_url: Mapped[str | None]
    """Of an episode: its transcript and its chapters, as its feed names them."""
    chapters_url: Mapped[str | None]
    stage: Mapped[Listed] = mapped_column(one_of(Listed, "stage"), server_default=Listed.SEEN.value)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"))
    found_at: Mapped[datetime] = now()
    seen_at: Mapped[datetime] = now()
    """When it was last listed: what has left the playlist is older than the last whole reading."""
    options: Mapped[dict[str, Any] | None]
    """How it is summarised where a subscription chose it; NULL: as the listing says."""
    followed_at: Mapped[datetime | None]
    """When a subscription chose it."""
    __table_args__ = (
        Index("ix_listing_items_position", "listing_id", "position"),
        Index("ix_listing_items_chosen", "listing_id", "position", postgresql_where=text("stage = 'chosen'")),
        Index(None, "job_id"),
        Index(None, "video_id"),
        Index(None, "followed_at", postgresql_where=text("followed_at IS NOT NULL")),
    )


class SubscriptionRow(Base):
    """A listing that is looked at again and again; what is new in it is summarised by itself."""

    __tablename__ = "subscriptions"
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True)
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    filters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Of store.listings.Filter: words, without, min_duration, max_duration."""
    paused: Mapped[bool] = mapped_column(server_default=text("false"))
    every: Mapped[float]
    """Seconds between two looks."""
    backlog: Mapped[int] = mapped_column(server_default=text("0"))
    """So many of the newest are summarised with the next look, though they are not new."""
    since: Mapped[datetime | None]
    """What was found later is new; NULL: it has not been looked at yet."""
    size: Mapped[int | None]
    """How many items the source said it holds when it was last read whole."""
    next_check: Mapped[datetime] = now()
    last_checked: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(server_default="")
    """Of the last look: new, nothing, or a code of errors.py; empty: there was none."""
    found: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str] = mapped_column(server_default="")
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """In a row."""
    created_at: Mapped[datetime] = now()
    __table_args__ = (Index("ix_subscriptions_due", "next_check", postgresql_where=text("NOT paused")),)
