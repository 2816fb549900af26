"""The tables of what readers keep: tags, folders and notes; tables.py has the others."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.store.base import Base, identity, now, of_video, one_of


class NoteKind(StrEnum):
    """What a note stands beside."""

    VIDEO = "video"
    MOMENT = "moment"
    POINT = "point"
    HIGHLIGHT = "highlight"


class TagRow(Base):
    """A tag of a video. There is no row for a tag by itself: one that no video has is gone."""

    __tablename__ = "video_tags"
    video_id: Mapped[str] = of_video(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """Folded, so that "Physics" and "physics" are one."""
    name: Mapped[str]
    words: Mapped[str] = mapped_column(TSVECTOR)
    added_at: Mapped[datetime] = now()
    __table_args__ = (Index(None, "key"),)


class FolderRow(Base):
    __tablename__ = "folders"
    id: Mapped[int] = identity()
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = now()


class FolderVideoRow(Base):
    __tablename__ = "folder_videos"
    folder_id: Mapped[int] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"), primary_key=True)
    video_id: Mapped[str] = of_video(primary_key=True)
    added_at: Mapped[datetime] = now()
    __table_args__ = (Index(None, "video_id"),)


class NoteRow(Base):
    """A highlight or note. Not tied to a transcript or summary: times and quote are its own."""

    __tablename__ = "notes"
    id: Mapped[int] = identity()
    video_id: Mapped[str] = of_video()
    kind: Mapped[NoteKind] = mapped_column(one_of(NoteKind, "kind"))
    start: Mapped[float | None]
    end: Mapped[float | None]
    quote: Mapped[str]
    text: Mapped[str]
    language: Mapped[str]
    """Of the own words as far as can be told, else of what was said: by it they are found."""
    words: Mapped[str] = mapped_column(TSVECTOR)
    created_at: Mapped[datetime] = now()
    changed_at: Mapped[datetime] = now()
    __table_args__ = (
        CheckConstraint("(kind = 'video') = (start IS NULL) AND (start IS NULL) = (\"end\" IS NULL)", name="times"),
        Index(None, "video_id"),
        Index("ix_notes_words", "words", postgresql_using="gin"),
    )
