"""The tables. Rows are written by the other files of this room only; nothing outside sees these classes.

Rules: times of a video are float seconds; moments of the world are `timestamptz` on the database's clock; what is read as a whole is one compressed
blob (segments: 6 kB instead of 30 kB as rows for a ten-minute video), what is cited or searched is rows. Deleting a video deletes everything of it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, func, literal_column, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.jobs import Queue, State
from pipeline.store import collection_tables, listing_tables  # noqa: F401  # so that the metadata knows all tables
from pipeline.store.base import Base, identity, now, of_video, one_of
from pipeline.types import Length, Origin

DIMENSIONS = 384
"""Of the embedding model."""


class Role(StrEnum):
    """What a point is in its rendition."""

    GIST = "gist"
    OVERVIEW = "overview"
    POINT = "point"


class Place(StrEnum):
    """Where a sentence stands that a reader thinks something of."""

    GIST = "gist"
    OVERVIEW = "overview"
    POINT = "point"
    ANSWER = "answer"


class Opinion(StrEnum):
    """What a reader thinks of a sentence."""

    UP = "up"
    DOWN = "down"
    EDIT = "edit"
    """It should be said in the reader's words."""
    QUOTE = "quote"
    """It should be said in the speaker's own words."""


class Outcome(StrEnum):
    """How one attempt at a stage ended."""

    DONE = "done"
    FAILED = "failed"
    """It ended with an error of errors.py; the stage may be tried again."""
    LOST = "lost"
    """Its process died or was paused beyond the lease."""
    RELEASED = "released"
    """Handed back when its worker was asked to stop."""
    CANCELLED = "cancelled"


class Slot(StrEnum):
    """The columns of `chunks` that hold vectors."""

    VECTOR = "vector"
    OTHER = "other_vector"


class VideoRow(Base):
    __tablename__ = "videos"
    id: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(unique=True)
    source_url: Mapped[str]
    kind: Mapped[str]
    """youtube, media or transcript: where it came from."""
    title: Mapped[str]
    duration: Mapped[float] = mapped_column(server_default=text("0"))
    channel: Mapped[str | None]
    language: Mapped[str | None]
    published_at: Mapped[str | None]
    description: Mapped[str] = mapped_column(server_default="")
    thumbnail_url: Mapped[str | None]
    chapters: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """The source's own chapters, [[start, end, title], …]."""
    captions_note: Mapped[str] = mapped_column(server_default="")
    added_at: Mapped[datetime] = now()
    questions: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Suggested ones, each of which is answered here."""
    watched_at: Mapped[datetime | None]
    """When the reader marked it, or it had been played through; NULL: not watched."""
    __table_args__ = (
        Index(None, "added_at"),
        Index(None, "channel"),
        Index("ix_videos_title_words", func.to_tsvector(literal_column("'simple'"), literal_column("title")), postgresql_using="gin"),
    )


class MediaRow(Base):
    __tablename__ = "media_files"
    id: Mapped[int] = identity()
    video_id: Mapped[str] = of_video()
    kind: Mapped[str]
    """upload, audio, video, thumbnail, subtitles."""
    key: Mapped[str] = mapped_column(unique=True)
    """Where the bytes are: a key of store/blobs.py."""
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = now()
    used_at: Mapped[datetime] = now()
    """When somebody last looked at it or made something of it: the longest unused is the first to make room."""
    __table_args__ = (Index(None, "video_id"), Index(None, "used_at"))


class MediaReservationRow(Base):
    """Bytes of the media store that a stage is about to fill. Counts while the stage runs, so a killed worker's ends with its lease."""

    __tablename__ = "media_reservations"
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)


class JobRow(Base):
    __tablename__ = "jobs"
    id: Mapped[int] = identity()
    kind: Mapped[str]
    video_id: Mapped[str | None] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("listings.id", ondelete="CASCADE"))
    """What it works on: a video, or a listing that is read."""
    options: Mapped[dict[str, Any]]
    options_hash: Mapped[str]
    state: Mapped[State] = mapped_column(one_of(State, "state"))
    priority: Mapped[int] = mapped_column(SmallInteger)
    """Smaller is sooner."""
    created_at: Mapped[datetime] = now()
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        # Two pastes of one video meet here: only one unfinished job per video, kind and options can exist.
        Index(
            "uq_jobs_unfinished", "video_id", "kind", "options_hash", unique=True, postgresql_where=text("state IN ('waiting', 'running')")
        ),
        Index("uq_jobs_unfinished_listing", "listing_id", unique=True, postgresql_where=text("state IN ('waiting', 'running')")),
        CheckConstraint("num_nonnulls(video_id, listing_id) = 1", name="subject"),
        Index(None, "video_id", "id"),
        Index(None, "listing_id", "id"),
        Index("ix_jobs_unfinished_priority", "priority", "id", postgresql_where=text("state IN ('waiting', 'running')")),
    )


class StageRow(Base):
    __tablename__ = "stages"
    id: Mapped[int] = identity()
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str]
    queue: Mapped[Queue] = mapped_column(one_of(Queue, "queue"))
    state: Mapped[State] = mapped_column(one_of(State, "state"))
    ready: Mapped[bool]
    """Every earlier stage of the job is done. Kept here so that a claim looks at one index only, however many wait."""
    priority: Mapped[int] = mapped_column(SmallInteger)
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    """Claims so far; together with the id the fence of every write."""
    crashes: Mapped[int] = mapped_column(server_default=text("0"))
    """Attempts that ended without a word since something new was last stored."""
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """Retryable errors since something new was last stored."""
    not_before: Mapped[datetime] = now()
    lease_until: Mapped[datetime | None]
    progress_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    fraction: Mapped[float] = mapped_column(server_default=text("0"))
    message: Mapped[str] = mapped_column(server_default="")
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("job_id", "position"),
        Index("ix_stages_due", "queue", "priority", "job_id", postgresql_where=text("state = 'waiting' AND ready")),
        Index("ix_stages_leases", "lease_until", postgresql_where=text("state = 'running'")),
    )


class StageRunRow(Base):
    """One attempt at a stage. Never deleted while its stage lives: the proof that nothing finished runs twice."""

    __tablename__ = "stage_runs"
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    worker: Mapped[str]
    started_at: Mapped[datetime] = now()
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(one_of(Outcome, "outcome"))
    __table_args__ = (Index("uq_stage_runs_done", "stage_id", unique=True, postgresql_where=text("outcome = 'done'")),)


class WorkerRow(Base):
    """Who is alive. A worker with the solo pool does not answer Celery's ping while it works, so it signs here."""

    __tablename__ = "workers"
    name: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[Queue] = mapped_column(one_of(Queue, "queue"))
    started_at: Mapped[datetime] = now()
    seen_at: Mapped[datetime] = now()
    about: Mapped[str] = mapped_column(server_default="")
    """The version of yt-dlp, of those that use it."""


class TranscriptRow(Base):
    __tablename__ = "transcripts"
    id: Mapped[int] = identity()
    video_id: Mapped[str] = of_video()
    origin: Mapped[Origin] = mapped_column(one_of(Origin, "origin"))
    language: Mapped[str]
    model: Mapped[str | None]
    hash: Mapped[str | None]
    """Of language, model and segments; NULL while parts are still coming."""
    segments: Mapped[bytes | None]
    """zstd of JSON [[start, end, text, speaker], …]; NULL while parts are still coming."""
    created_at: Mapped[datetime] = now()
    __table_args__ = (UniqueConstraint("video_id", "origin"), CheckConstraint("(hash IS NULL) = (segments IS NULL)", name="sealed"))


class TranscriptPartRow(Base):
    """What a growing transcript has so far, one row per group of windows; gone when it is sealed."""

    __tablename__ = "transcript_parts"
    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True)
    until: Mapped[float] = mapped_column(primary_key=True)
    """Everything before this second has been heard."""
    segments: Mapped[bytes]


class SentenceRow(Base):
    __tablename__ = "sentences"
    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[float]
    end: Mapped[float]
    text: Mapped[str]
    speaker: Mapped[str | None]
    __table_args__ = (Index("ix_sentences_speaker", "speaker", "transcript_id", "index", postgresql_where=literal_column("speaker IS NOT NULL")),)


class ChunkRow(Base):
    __tablename__ = "chunks"
    id: Mapped[int] = identity()
    video_id: Mapped[str] = of_video()
    transcript_id: Mapped[int] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"))
    index: Mapped[int]
    start: Mapped[float]
    end: Mapped[float]
    first: Mapped[int]
    last: Mapped[int]
    text: Mapped[str]
    language: Mapped[str]
    words: Mapped[str] = mapped_column(TSVECTOR)
    """Lexemes in the text's own language and as they stand (`simple`); see fulltext.py."""
    vector: Mapped[Any | None] = mapped_column(HALFVEC(DIMENSIONS), deferred=True)
    """Unit length, so that inner product is cosine. Which model's it is, and whether it is this column that is searched, says `IndexRow`."""
    other_vector: Mapped[Any | None] = mapped_column(HALFVEC(), deferred=True)
    __table_args__ = (
        UniqueConstraint("transcript_id", "index"),
        Index(None, "video_id"),
        Index(None, "language"),
        Index("ix_chunks_words", "words", postgresql_using="gin"),
        # Questions lie a little apart from what is said. With pgvector's defaults (16, 64) 90 % of the ten moments nearest to one are found among a million, with these 95 %.
        Index(
            "ix_chunks_vector",
            "vector",
            postgresql_using="hnsw",
            postgresql_ops={"vector": "halfvec_ip_ops"},
            postgresql_with={"m": 24, "ef_construction": 128},
        ),
    )


class IndexRow(Base):
    """The vectors of all chunks that one model made; see indexes.py. While there is no row at all, `vector` holds the built-in model's."""

    __tablename__ = "search_indexes"
    slot: Mapped[Slot] = mapped_column(one_of(Slot, "slot"), primary_key=True)
    """The column of `chunks`."""
    model: Mapped[str] = mapped_column(unique=True)
    dimensions: Mapped[int] = mapped_column(SmallInteger)
    serving: Mapped[bool]
    """It is the one that is searched. Then no chunk is without its vector."""
    begun_at: Mapped[datetime] = now()
    served_at: Mapped[datetime | None]
    """When it was last made the one that is searched; NULL: it never was."""
    __table_args__ = (Index("uq_search_indexes_serving", "serving", unique=True, postgresql_where=text("serving")),)


class WordRow(Base):
    """A word that was said or written somewhere, for queries with typing errors. Never deleted: a word too many does no harm."""

    __tablename__ = "vocabulary"
    word: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    grams: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Every three neighbouring characters of it, with two spaces before and one behind."""
    __table_args__ = (Index(None, "grams", postgresql_using="gin"),)


class NameRow(Base):
    """A name that was said in a video, for suggestions while somebody types."""

    __tablename__ = "names"
    video_id: Mapped[str] = of_video(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    folded: Mapped[str] = mapped_column(Text(collation="C"))
    """In lower case."""
    said: Mapped[int]
    """How often."""
    __table_args__ = (Index(None, "folded"),)


class RenditionRow(Base):
    __tablename__ = "renditions"
    id: Mapped[int] = identity()
    video_id: Mapped[str] = of_video()
    transcript_hash: Mapped[str]
    model: Mapped[str]
    prompt_version: Mapped[str]
    length: Mapped[Length] = mapped_column(one_of(Length, "length"))
    language: Mapped[str]
    complete: Mapped[bool] = mapped_column(server_default=text("false"))
    coverage: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    notes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    created_at: Mapped[datetime] = now()
    __table_args__ = (
        UniqueConstraint("video_id", "transcript_hash", "model", "prompt_version", "length", "language", name="uq_renditions_key"),
    )


class ChapterRow(Base):
    __tablename__ = "chapters"
    rendition_id: Mapped[int] = mapped_column(ForeignKey("renditions.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[float]
    end: Mapped[float]
    title: Mapped[str]
    origin: Mapped[str]
    __table_args__ = (
        Index("ix_chapters_title_words", func.to_tsvector(literal_column("'simple'"), literal_column("title")), postgresql_using="gin"),
    )


class PointRow(Base):
    __tablename__ = "points"
    rendition_id: Mapped[int] = mapped_column(ForeignKey("renditions.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(one_of(Role, "role"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    kind: Mapped[str]
    support: Mapped[float]
    chapter: Mapped[int]
    citations: Mapped[list[Any]]
    """[[start, end, quote, sentence], …]"""
    __table_args__ = (
        Index("ix_points_text_words", func.to_tsvector(literal_column("'simple'"), literal_column("text")), postgresql_using="gin"),
    )


class TranslationRow(Base):
    __tablename__ = "translations"
    id: Mapped[int] = identity()
    video_id: Mapped[str] = of_video()
    kind: Mapped[str]
    """transcript or summary."""
    source_hash: Mapped[str]
    model: Mapped[str]
    version: Mapped[str]
    language: Mapped[str]
    complete: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = now()
    __table_args__ = (UniqueConstraint("video_id", "kind", "source_hash", "model", "version", "language", name="uq_translations_key"),)


class TranslationPartRow(Base):
    __tablename__ = "translation_parts"
    translation_id: Mapped[int] = mapped_column(ForeignKey("translations.id", ondelete="CASCADE"), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    """Index of the first text of this part."""
    texts: Mapped[bytes]
    """zstd of JSON [text, …]."""


class ConversationRow(Base):
    __tablename__ = "conversations"
    id: Mapped[int] = identity()
    video_id: Mapped[str | None] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    """NULL: over several videos, or the whole library."""
    created_at: Mapped[datetime] = now()
    title: Mapped[str] = mapped_column(server_default="")
    scope: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """{"videos": [id, …]}, {"listing": id}, or empty: `video_id`, or the whole library."""
    changed_at: Mapped[datetime] = now()
    """When it was last asked."""
    __table_args__ = (Index(None, "video_id"), Index(None, "changed_at"))


class TurnRow(Base):
    __tablename__ = "turns"
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    question: Mapped[str]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = now()
    words: Mapped[str] = mapped_column(TSVECTOR, server_default="")
    """Of question and answer, where one was found."""
    __table_args__ = (Index("ix_turns_words", "words", postgresql_using="gin"),)


class SecretRow(Base):
    """Encrypted values; see secrets.py."""

    __tablename__ = "secrets"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes]
    revision: Mapped[str]
    """Another one at each change of the value."""
    about: Mapped[dict[str, Any]]
    """What may be shown."""
    added_at: Mapped[datetime] = now()
    changed_at: Mapped[datetime] = now()
    used_at: Mapped[datetime | None]
    result: Mapped[str | None]


class FeedbackRow(Base):
    """What a reader thinks of a sentence that the model wrote, with all that is needed to learn from it; the last opinion counts."""

    __tablename__ = "feedback"
    id: Mapped[int] = identity()
    video_id: Mapped[str] = of_video()
    digest: Mapped[str]
    """Names the text, wherever it stands; see feedback.py."""
    place: Mapped[Place] = mapped_column(one_of(Place, "place"))
    opinion: Mapped[Opinion] = mapped_column(one_of(Opinion, "opinion"))
    text: Mapped[str]
    """As it was made."""
    kind: Mapped[str]
    """phrased or quote."""
    instead: Mapped[str]
    """What stands in its place; empty where the opinion is a thumb."""
    question: Mapped[str]
    shown: Mapped[list[Any]]
    """The sentences of the talk around it, [[index, start, end, text, speaker], …]."""
    cited: Mapped[list[Any]]
    """Indexes of those of them that it rests on."""
    model: Mapped[str]
    prompt_version: Mapped[str]
    language: Mapped[str]
    given_at: Mapped[datetime] = now()
    __table_args__ = (UniqueConstraint("video_id", "digest"),)
