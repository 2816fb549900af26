"""What the pages show, read from the store in one short session: nothing of the database leaves this file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from werkzeug.exceptions import NotFound

from pipeline.jobs import FINAL, State
from pipeline.store import collections, conversations, jobs, media, renditions, transcripts, videos
from pipeline.store.collections import Folder, Tag
from pipeline.store.database import Database
from pipeline.store.jobs import JobView
from pipeline.store.media import Media
from pipeline.store.renditions import PartialSummary
from pipeline.store.videos import Card, Kind
from pipeline.types import Answer, Chapter, Length, Origin, Sentence, Transcript, Video
from web import foreign, views
from web.foreign import Foreign
from web.interface import N_, gettext
from web.views import JobStatus

PAGE = 24
"""Cards a page."""
UNTITLED = {"failed": N_("This video could not be fetched"), "cancelled": N_("This video was not fetched")}
"""What stands for a title when the work ended before there was one."""
TAGS = 30
"""That the library offers to filter by."""
NAMELESS = N_("A video without a title")
EARLIER = 20
"""Questions of earlier visits that are shown."""


@dataclass(frozen=True, slots=True)
class VideoRows:
    """Everything stored of one video that its page shows, for one language and length."""

    video: Video
    kind: Kind
    transcript: Transcript | None
    sealed: bool
    """The transcript is whole."""
    sentences: tuple[Sentence, ...]
    summary: PartialSummary | None
    renditions: tuple[tuple[str, Length], ...]
    """Language and length of what is made or being made."""
    media: tuple[Media, ...]
    statuses: tuple[JobStatus, ...]
    """Jobs worth showing: those that run, and the newest when it did not end well."""
    downloading: frozenset[str]
    """Names of forms."""
    downloaded: frozenset[str]
    """Names of forms that have been fetched; those that are not in `media` any more had to make room."""
    questions: tuple[str, ...] = ()
    """Suggested ones that were tried; empty while there are none."""
    foreign: Foreign | None = None
    """In the language asked for, where that is not the one that was spoken."""

    @property
    def live(self) -> bool:
        return any(status.live for status in self.statuses)

    @property
    def empty(self) -> bool:
        """Nothing was said that could be read or asked about, and nothing is coming."""
        return self.transcript is None and not self.live

    @property
    def heading(self) -> str:
        """The title; before it is known, what is known instead."""
        if self.video.title:
            return self.video.title
        state = self.statuses[0].state if self.statuses else ""
        if self.live:
            return gettext("Looking up the video")
        return gettext(UNTITLED.get(state, NAMELESS))

    @property
    def growing(self) -> bool:
        """The summary is being made: what will come has its place kept."""
        summarising = any(status.live and status.kind != "download" for status in self.statuses)
        return summarising and not (self.summary and self.summary.complete)

    @property
    def language(self) -> str | None:
        """What is spoken, as far as is known."""
        return self.transcript.language if self.transcript else self.video.language

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        return self.summary.chapters if self.summary and self.summary.chapters else self.video.chapters

    def media_of(self, *kinds: str) -> Media | None:
        return next((file for kind in kinds for file in reversed(self.media) if file.kind == kind), None)


def _ended_badly(found: Sequence[JobView]) -> list[JobView]:
    """The newest job, and the newest that is no download, where they failed or were cancelled: what was downloaded since hides no summary that failed."""
    last = next((number for number, job in enumerate(found) if job.kind != "download"), 0)
    return [found[number] for number in sorted({0, last}) if number < len(found) and found[number].state in (State.FAILED, State.CANCELLED)]


def load_video(db: Database, video_id: str, language: str | None = None, length: Length | None = None, *, said: bool = True) -> VideoRows:
    """Without `said` segments and sentences are left out: hours of them take megabytes. Raises: NotFound, when the library does not have the video."""
    with db.session() as s:
        video, kind = videos.get_video(s, video_id), videos.get_kind(s, video_id)
        if video is None or kind is None:
            raise NotFound
        summary = renditions.get_summary(s, video_id, language=language, length=length)
        transcript = transcripts.get_transcript(s, video_id, segments=said)
        origin = transcript.origin if transcript else None
        found = jobs.jobs_of(s, video_id)
        shown = [job for job in found if job.state not in FINAL] + _ended_badly(found)
        return VideoRows(
            video=video,
            kind=kind,
            transcript=transcript,
            sealed=transcripts.get_hash(s, video_id, origin) is not None,
            sentences=transcripts.get_sentences(s, video_id, origin) if transcript and said else (),
            summary=summary,
            renditions=tuple(dict.fromkeys((key.language, key.length) for key, _ in renditions.list_renditions(s, video_id))),
            media=media.list_media(s, video_id),
            statuses=tuple(views.job_status(job, jobs.queue_position(s, job.id), unneeded=_unneeded(job, transcript)) for job in shown),
            downloading=frozenset(str(job.options.get("as")) for job in shown if job.kind == "download" and job.state not in FINAL),
            downloaded=frozenset(str(job.options.get("as")) for job in found if job.kind == "download" and job.state is State.DONE),
            questions=videos.get_questions(s, video_id),
            foreign=foreign.load(s, video_id, language, said=said) if transcript and transcript.language != language else None,
        )


def _unneeded(job: JobView, transcript: Transcript | None) -> frozenset[str]:
    """Stages of the plan that this job only passes through."""
    names = set()
    if not job.options.get("language"):
        names.add("translate")
    if transcript and transcript.origin is not Origin.SPEECH and job.options.get("language") != "en":
        names.add("speech")
    return frozenset(names)


def earlier_answers(db: Database, video_id: str | None) -> tuple[Answer, ...]:
    """The newest first."""
    with db.session() as s:
        return conversations.asked_of(s, video_id, limit=EARLIER)


@dataclass(frozen=True, slots=True)
class Library:
    cards: tuple[Card, ...]
    running: dict[str, JobStatus]
    older: datetime | None
    """Where the next page begins."""
    tags: tuple[Tag, ...]
    """The most used."""
    folders: tuple[Folder, ...]
    any_watched: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """Which videos the library shows; what is left out does not narrow."""

    tag: str = ""
    folder: int | None = None
    watched: bool | None = None

    def __bool__(self) -> bool:
        return bool(self.tag) or self.folder is not None or self.watched is not None


EVERYTHING = Filter()


def load_library(db: Database, before: datetime | None = None, only: Filter = EVERYTHING) -> Library:
    with db.session() as s:
        cards = videos.list_videos(s, before=before, limit=PAGE + 1, tag=only.tag or None, folder=only.folder, watched=only.watched)
        tags, folders, any_watched = collections.tags(s, TAGS), collections.folders(s), videos.any_watched(s)
        shown = cards[:PAGE]
        running: dict[str, JobStatus] = {}
        for card in shown:
            if card.state is not None and card.state not in FINAL:
                for job in jobs.jobs_of(s, card.id):
                    if job.state not in FINAL:
                        running.setdefault(card.id, views.job_status(job, jobs.queue_position(s, job.id), unneeded=_unneeded(job, None)))
    return Library(shown, running, shown[-1].added_at if len(cards) > PAGE else None, tags, folders, any_watched)


def load_job(db: Database, job_id: int) -> tuple[JobView, int | None]:
    """The job and its place in line. Raises: NotFound."""
    with db.session() as s:
        job = jobs.get_job(s, job_id)
        if job is None:
            raise NotFound
        return job, jobs.queue_position(s, job_id)
