"""The only file that knows the order of the stages.

A job is a row with one stage row per step of its plan; a worker claims a stage and calls `run_stage`. Importing this file loads no model and no yt-dlp, so
the web process may: what a stage does (stages.py), and the same way without a database (offline.py), are imported when they are needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pipeline.config import Settings
from pipeline.downloads import Form, allowed
from pipeline.errors import InputError, cause
from pipeline.jobs import Queue
from pipeline.source.links import Source
from pipeline.store import jobs, listings, media, renditions, subscriptions, transcripts, translations, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database, Session
from pipeline.store.jobs import BATCH, INTERACTIVE, Claim, Hint
from pipeline.store.listings import Item, Listing
from pipeline.store.media import Media
from pipeline.store.subscriptions import Wanted
from pipeline.types import Emit, Options, Origin, public_id

if TYPE_CHECKING:
    from pipeline.offline import Result
    from pipeline.steps import Models

TLDR = (
    ("fetch", Queue.FETCH),
    ("speech", Queue.SPEECH),
    ("gist", Queue.GIST),
    ("index", Queue.TEXT),
    ("summary", Queue.TEXT),
    ("translate", Queue.TEXT),
)
UNHURRIED = {Queue.FETCH: Queue.BULK, Queue.GIST: Queue.TEXT}
"""Where the stages of a playlist's or subscription's videos go instead, so that the workers of the first two are free for what somebody has just pasted."""
DOWNLOAD = (("download", Queue.BULK),)
LISTING = (("list", Queue.BULK),)
CHECK = (("check", Queue.BULK),)
WINDOW = 16
"""Jobs that a listing has at a time: enough for every queue to have the next one waiting."""


@dataclass(frozen=True, slots=True)
class Submitted:
    video_id: str
    job_id: int | None
    """None: everything asked for is there already."""
    created: bool
    """False: there already, or joined to the job that was running."""
    hint: Hint | None
    """To be announced (broker.py) after the transaction, which has been committed."""


def submit_source(db: Database, source: Source, options: Options, *, title: str = "", batch: bool = False) -> Submitted:
    """A TLDR of what was pasted, uploaded or imported. A file must be in the media store already (`store_upload`).

    Raises:
        InputError: `playlist`.
    """
    if source.kind in ("playlist", "feed"):
        raise cause("playlist")
    with db.session() as s:
        return _submit(s, source, options, title, BATCH if batch else INTERACTIVE)


def _submit(s: Session, source: Source, options: Options, title: str, priority: int) -> Submitted:
    assert source.kind != "playlist"
    assert source.kind != "feed"
    if _is_there(s, public_id(source.source_id), options):
        return Submitted(public_id(source.source_id), None, False, None)
    video_id = videos.ensure_video(s, source.source_id, source.url, source.kind, title)
    submission = jobs.submit(s, "tldr", video_id, options, _plan(priority), priority=priority)
    return Submitted(video_id, submission.job_id, submission.created, submission.hint)


def _plan(priority: int) -> Sequence[tuple[str, Queue]]:
    return TLDR if priority < BATCH else tuple((name, UNHURRIED.get(queue, queue)) for name, queue in TLDR)


def _is_there(s: Session, video_id: str, options: Options) -> bool:
    video = videos.get_video(s, video_id)
    if video is None or not options.captions:
        return False
    found = renditions.get_summary(s, video_id, language=options.language or video.language, length=options.length)
    return found is not None and found.complete and found.key.transcript_hash in _readable(s, video_id)


def _readable(s: Session, video_id: str) -> set[str | None]:
    """What names the transcripts that a summary may rest on: all but automatic captions where the video was listened to since."""
    origins = (None, Origin.FILE, Origin.CAPTIONS_MANUAL, Origin.SPEECH, Origin.SPEECH_TRANSLATED)
    return {transcripts.get_hash(s, video_id, origin) for origin in origins}


def _is_said(s: Session, video_id: str, language: str) -> bool:
    """Whether the transcript can be read in `language`, as it was spoken or translated."""
    video = videos.get_video(s, video_id)
    there = translations.get_translation(s, video_id, "transcript", language)
    translated = there is not None and there.complete and there.key.source_hash == transcripts.get_hash(s, video_id)
    listened = language == "en" and transcripts.get_hash(s, video_id, Origin.SPEECH_TRANSLATED) is not None
    return (video is not None and video.language == language) or listened or translated


@dataclass(frozen=True, slots=True)
class Reading:
    listing_id: int
    hint: Hint


def submit_listing(db: Database, source: Source, *, batch: bool = False) -> Reading:
    """Reads a playlist, channel or podcast feed, anew when it was read before. What is in it can be chosen (`store.listings.choose`) from then on, and as it comes.

    Raises:
        InputError: `bad_link`: not a playlist.
    """
    if source.kind not in ("playlist", "feed"):
        raise cause("bad_link")
    with db.session() as s:
        listing_id = listings.ensure(s, source.source_id, "feed" if source.kind == "feed" else "playlist", source.url)
        submission = listings.submit_reading(s, listing_id, LISTING, priority=BATCH if batch else INTERACTIVE)
    return Reading(listing_id, submission.hint)


@dataclass(frozen=True, slots=True)
class Following:
    listing_id: int
    hints: tuple[Hint, ...]
    """To be announced."""


def subscribe(db: Database, source: Source, wanted: Wanted, *, batch: bool = False) -> Following:
    """Follows a playlist, channel or feed, or one that is followed already as is `wanted` now; it is looked at at once unless it is paused, of many (`batch`) each at another
    moment of its interval.

    Raises:
        InputError: `bad_link`: not a playlist or channel; `not_followed`: one whose items are lists.
    """
    if source.kind not in ("playlist", "feed"):
        raise cause("bad_link")
    if source.kind == "playlist" and holds_lists(source.url):
        raise cause("not_followed")
    with db.session() as s:
        listing_id = listings.ensure(s, source.source_id, "feed" if source.kind == "feed" else "playlist", source.url)
    return follow(db, listing_id, wanted, batch=batch)


def follow(db: Database, listing_id: int, wanted: Wanted, *, batch: bool = False) -> Following:
    """As `subscribe`, for a listing that is there. Raises: NotFound: `no_listing`; InputError: `not_followed`: also an import, which has no source."""
    with db.session() as s:
        found = listings.get(s, listing_id)
        if found is not None and (found.kind == "import" or (found.kind == "playlist" and holds_lists(found.url))):
            raise cause("not_followed")
        subscriptions.follow(s, listing_id, wanted, within=wanted.every if batch else 0.0)
        now = subscriptions.get(s, listing_id)
    return Following(listing_id, () if batch or (now and now.paused) else (check(db, listing_id),))


def holds_lists(url: str) -> bool:
    """A tab of a channel whose items are playlists."""
    return url.endswith(("/playlists", "/podcasts", "/releases"))


def check(db: Database, listing_id: int) -> Hint:
    """Looks now for what is new in a listing that is followed, paused or not. Raises: NotFound: `no_subscription`."""
    with db.session() as s:
        if subscriptions.get(s, listing_id) is None:
            raise subscriptions.no_subscription()
        submission = listings.submit_reading(s, listing_id, CHECK, priority=INTERACTIVE)
        if not submission.created:
            subscriptions.put_off(s, listing_id)
    return submission.hint


def check_due(db: Database) -> tuple[Hint, ...]:
    """Gives subscriptions whose time has come their jobs; what to announce. Whoever calls it, and how often, each is looked at once."""
    with db.session() as s:
        waiting = subscriptions.due(s)
    hints = []
    for listing_id in waiting:
        with db.session() as s:
            if subscriptions.take(s, listing_id):
                submission = listings.submit_reading(s, listing_id, CHECK, priority=BATCH)
                hints.append(submission.hint)
                if not submission.created:
                    subscriptions.put_off(s, listing_id)
    return tuple(hints)


def feed(db: Database) -> tuple[Hint, ...]:
    """Gives chosen items of listings their jobs, as many as may run at a time; what to announce. Called whenever one may have ended; calling it too often does no harm."""
    with db.session() as s:
        waiting = listings.in_need(s)
    hints: list[Hint] = []
    for listing_id in waiting:
        hints += _feed(db, listing_id)
    return tuple(hints)


def _feed(db: Database, listing_id: int) -> list[Hint]:
    hints: list[Hint] = []
    while True:
        with db.session() as s:
            taken = listings.take(s, listing_id, WINDOW)
            found = listings.get(s, listing_id)
            if not taken or found is None:
                return hints
            sent = [_send(s, found, item) for item in taken]
        hints += [submitted.hint for submitted in sent if submitted.hint]
        if all(submitted.job_id for submitted in sent):  # else some were there already, and others may take their place
            return hints


def _send(s: Session, of: Listing, item: Item) -> Submitted:
    source = Source(cast(videos.Kind, item.kind), item.source_id, item.url)
    submitted = _submit(s, source, item.options or of.options, item.title, BATCH)
    listings.sent(s, of.id, item.source_id, submitted.job_id)
    return submitted


def submit_translation(db: Database, video_id: str, language: str, *, transcript: bool = True) -> Submitted:
    """Summary (and `transcript`) of a stored video in another language; the same plan, whose first stages find their work done."""
    with db.session() as s:
        if _is_there(s, video_id, Options(language=language)) and (not transcript or _is_said(s, video_id, language)):
            return Submitted(video_id, None, False, None)
        submission = jobs.submit(s, "translation", video_id, Options(language=language), TLDR)
    return Submitted(video_id, submission.job_id, submission.created, submission.hint)


def submit_download(db: Database, video_id: str, form: Form, most_lines: int, *, batch: bool = False) -> Submitted:
    """A form of the recording of a stored video into the media store. A clip and an encoded form may be of an upload as well.

    Raises:
        InputError: `bad_download`, `bad_clip`.
    """
    with db.session() as s:
        kind, video = videos.get_kind(s, video_id), videos.get_video(s, video_id)
        if video is None or kind not in ("youtube", "media") or (kind == "media" and form == form.base and not video.source_url):
            raise InputError("bad_download", "This came from a file of yours, so there is nothing to download.")
        if kind == "media" and form == form.base and form.what != "audio":
            raise InputError("bad_download", "Of this only the audio can be downloaded.")
        form = allowed(form, most_lines, video.duration)
        if media.use_media(s, video_id, form.name) is not None:
            return Submitted(video_id, None, False, None)
        submission = jobs.submit(s, "download", video_id, {"as": form.name}, DOWNLOAD, priority=BATCH if batch else INTERACTIVE)
    return Submitted(video_id, submission.job_id, submission.created, submission.hint)


def store_upload(db: Database, blobs: Blobs, source: Source, name: str, content_type: str = "application/octet-stream") -> str:
    """Puts a file into the media store and the library; the id of its video. `name` is shown, never used as a path."""
    if source.path is None or source.kind not in ("media", "transcript"):
        raise InputError("bad_link", "This is no file.")
    video_id = public_id(source.source_id)
    key = f"upload/{video_id}"
    size = blobs.put(source.path, key)
    with db.session() as s:
        videos.ensure_video(s, source.source_id, "", source.kind, name)
        media.save_media(s, Media(video_id, "upload", key, name, content_type, size))
    return video_id


def run_stage(claim: Claim, db: Database, settings: Settings, models: "Models") -> None:
    """The work of one claimed stage; its results are stored when it returns.

    Raises:
        NutshellError: the cause of a failure, or Cancelled, LeaseLost.
    """
    from pipeline.context import Context
    from pipeline.language.connection import beating
    from pipeline.stages import STAGES

    context = Context(claim, db, settings, models)
    with beating(context.beat):
        STAGES[claim.name](context)


def process(source: Source, options: Options, settings: Settings, emit: Emit) -> "Result":
    """A TLDR here and now, without servers and without the library.

    Raises:
        NutshellError: the cause of a failure.
    """
    from pipeline import offline

    return offline.process(source, options, settings, emit)


def save_download(source: Source, form: Form, settings: Settings, folder: Path, emit: Emit) -> Path:
    """Writes a form of the recording of a link or file into `folder`; the path.

    Raises:
        NutshellError: the cause of a failure.
    """
    from pipeline import offline

    return offline.save_download(source, form, settings, folder, emit)


def save_subtitles(source: Source, kind: str, settings: Settings, folder: Path, emit: Emit) -> Path:
    """Writes what is said in a link or file into `folder`, as one of the exports; the path.

    Raises:
        NutshellError: the cause of a failure.
    """
    from pipeline import offline

    return offline.save_subtitles(source, kind, settings, folder, emit)
