"""What each stage of a job does: its inputs from the store, one room's work, its result into the store.

Every stage first looks whether its result is already there, so running it again costs nothing (a second length of the same video, a retry, a message
delivered twice). The order of the stages is run.py's.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from pipeline import episodes, following, listings, live, manners, recordings
from pipeline.account import Visitor, visiting
from pipeline.context import Context
from pipeline.errors import ModelError, NotFound, NotYet, cause
from pipeline.library.indexed import indexed
from pipeline.library.suggest import suggested
from pipeline.recordings import Shelf
from pipeline.source import captions, uploads, youtube
from pipeline.speech.speakers import labelled, told_apart
from pipeline.speech.voices import Turn
from pipeline.speech.whisper import Heard
from pipeline.steps import check_duration, embed, source_of, wants_english
from pipeline.store import jobs, media, renditions, transcripts, videos
from pipeline.store.media import Media
from pipeline.store.renditions import Key
from pipeline.summary import chunks as chunking
from pipeline.summary.sentences import split
from pipeline.summary.summarize import Chapters, Overview, make_gist, make_summary
from pipeline.translating import translate
from pipeline.types import Origin, Point, Summary, Transcript
from pipeline.workplace import job_folder

log = structlog.get_logger()


def fetch(ctx: Context) -> None:
    """Metadata, captions and, where those will not do, the sound."""
    if not _is_read(ctx):
        with ctx.db.session() as s:
            kind = videos.get_kind(s, ctx.video_id)
        if kind == "youtube":
            with job_folder(ctx.settings, ctx.claim.job_id, ctx.video_id) as folder, visiting(ctx.db, ctx.settings, folder) as visitor:
                _fetch_youtube(ctx, folder, visitor)
        elif episodes.is_one(ctx.video):
            found = episodes.fetch(ctx, _shelf(ctx))
            if found is not None and ctx.transcript() is None:
                _store_transcript(ctx, found)
        elif ctx.transcript() is None:
            _read_file(ctx, kind)
    if _is_read(ctx):  # who has captions does not wait in line behind those whose sound is heard
        with ctx.db.session() as s:
            jobs.skip(s, ctx.claim, "speech")


def _is_read(ctx: Context) -> bool:
    """Whether the words are there and nothing has to be heard."""
    have = ctx.transcript()
    return have is not None and not wants_english(ctx.options, have)


def _fetch_youtube(ctx: Context, folder: Path, visitor: Visitor) -> None:
    ctx.say(0.0, "Asking YouTube")
    source, language = source_of(ctx.video), ctx.options.language
    known = youtube.probed(folder)  # by an attempt that came as far as the sound
    pause = manners.captions_pause(ctx.settings, batch=ctx.claim.priority > jobs.INTERACTIVE)
    with _when_shown(ctx):
        probe = known or visitor.ask(
            lambda: youtube.probe(source, ctx.settings, folder, ctx.emit, captions=ctx.options.captions, language=language, pause=pause)
        )
    with ctx.db.session() as s:
        videos.save_video(s, probe.video, fence=ctx.claim.fence)
    ctx.publish("video")
    if probe.transcript is not None:
        _store_transcript(ctx, probe.transcript)
    if probe.transcript is None or wants_english(ctx.options, probe.transcript):
        ctx.say(0.2, f"Fetching the sound. {probe.video.captions_note}".strip())
        with manners.downloading(ctx.settings, ctx.emit) as emit:
            audio = (visitor.ask if known else visitor.go_on)(lambda: youtube.fetch_audio(probe, ctx.settings, folder, emit))
        _shelf(ctx).keep(audio, "audio")
    picture = youtube.fetch_thumbnail(probe.video, ctx.settings, folder)
    if picture is not None:
        _shelf(ctx).keep(picture, "thumbnail")
        ctx.publish("video")


def _shelf(ctx: Context) -> Shelf:
    return Shelf(ctx.claim, ctx.db, ctx.settings, ctx.blobs, ctx.video, ctx.emit)


@contextmanager
def _when_shown(ctx: Context) -> Iterator[None]:
    """What is live or has not begun is waited for.

    Raises:
        Postponed: until it is worth another look.
        SourceError: the waiting has an end.
    """
    try:
        yield
    except NotYet as error:
        with ctx.db.session() as s:
            videos.name_video(s, ctx.video_id, error.title)
            job = jobs.get_job(s, ctx.claim.job_id)
        now = datetime.now(UTC)
        raise live.look_again(error, job.created_at if job else now, now) from error


def _read_file(ctx: Context, kind: str | None) -> None:
    ctx.say(0.0, "Opening the file")
    video = ctx.video
    with ctx.blobs.local(_stored(ctx, "upload").key) as path:
        if kind == "transcript":
            transcript = captions.parse_file(path)
            duration = max((segment.end for segment in transcript.segments), default=0.0)
            video = replace(video, duration=duration, language=transcript.language)
        else:
            transcript = None
            found = uploads.probe_media(path, video.title)
            video = replace(video, duration=found.duration, chapters=found.chapters, title=video.title or found.title)
            check_duration(video, ctx.settings)
    with ctx.db.session() as s:
        videos.save_video(s, video, fence=ctx.claim.fence)
    if transcript is not None:
        _store_transcript(ctx, transcript)
    ctx.publish("video")


def _stored(ctx: Context, kind: str) -> Media:
    with ctx.db.session() as s:
        found = media.get_media(s, ctx.video_id, kind)
    if found is None:
        raise NotFound("no_media", "This file is not kept any more. Add the video again.")
    return found


def _store_transcript(ctx: Context, transcript: Transcript) -> None:
    with ctx.db.session() as s:
        transcripts.save_transcript(s, ctx.video_id, transcript, fence=ctx.claim.fence)
        transcripts.save_sentences(s, ctx.video_id, split(transcript), origin=transcript.origin, fence=ctx.claim.fence)
    ctx.publish("transcript")


def speech(ctx: Context) -> None:
    """Whisper, window by window, each stored as it comes; a new attempt goes on where the last one stopped."""
    if _is_read(ctx):
        if ctx.claim.attempt > 1:  # the one before may have been killed between its last word and the removal of what it heard
            _let_go(ctx)
        return
    have = ctx.transcript()
    english = have is not None
    origin = Origin.SPEECH_TRANSLATED if english else Origin.SPEECH
    with ctx.db.session() as s:
        start = transcripts.parts_until(s, ctx.video_id, origin)
        known = have or transcripts.get_transcript(s, ctx.video_id, origin)
    stored = _stored(ctx, "audio" if ctx.video.source_url else "upload")
    ctx.say(0.0, "Listening")
    with ctx.blobs.local(stored.key) as path:
        heard = ctx.models.recogniser.transcribe(
            path, language=known.language if known and known.language != "und" else None, task="translate" if english else "transcribe", start=start,
            emit=ctx.emit, duration=ctx.video.duration,
        )  # fmt: skip
        for part in heard:
            _store_part(ctx, origin, part)
        turns = _turns(ctx, path)
    _seal(ctx, origin, turns)
    _let_go(ctx)


def _turns(ctx: Context, path: Path) -> tuple[Turn, ...]:
    if ctx.settings.speakers:
        ctx.say(0.99, "Telling the speakers apart")
    turns, note = told_apart(ctx.settings, path, lambda: ctx.say(0.99, "Telling the speakers apart"))
    if note and note not in ctx.video.captions_note:
        with ctx.db.session() as s:
            video = replace(ctx.video, captions_note=f"{ctx.video.captions_note} {note}".strip())
            videos.save_video(s, video, fence=ctx.claim.fence)
    return turns


def _let_go(ctx: Context) -> None:
    """What was fetched to be heard is not kept, unless that is wished, or nothing else of it could be played."""
    if ctx.settings.keep_media or not ctx.video.source_url or episodes.is_one(ctx.video):
        return
    with ctx.db.session() as s:
        stored = media.get_media(s, ctx.video_id, "audio")
        if stored is not None:
            media.delete_media(s, stored.key)
    if stored is not None:
        ctx.blobs.delete(stored.key)


def _store_part(ctx: Context, origin: Origin, part: Heard) -> None:
    language = "en" if origin is Origin.SPEECH_TRANSLATED else part.language
    with ctx.db.session() as s:
        model = ctx.models.recogniser.model_name
        transcripts.append_part(s, ctx.video_id, origin, language, model, part.segments, part.until, fence=ctx.claim.fence)
    ctx.publish("transcript", until=part.until)


def _seal(ctx: Context, origin: Origin, turns: Sequence[Turn]) -> None:
    with ctx.db.session() as s:
        transcripts.seal_parts(s, ctx.video_id, origin, partial(labelled, turns=turns), fence=ctx.claim.fence)
        transcript = transcripts.get_transcript(s, ctx.video_id, origin)
        if transcript is None or not transcript.segments:
            raise cause("no_speech")
        transcripts.save_sentences(s, ctx.video_id, split(transcript), origin=origin, fence=ctx.claim.fence)
        video = videos.get_video(s, ctx.video_id)
        if video is not None and origin is Origin.SPEECH:
            videos.save_video(s, replace(video, language=transcript.language), fence=ctx.claim.fence)
    ctx.publish("transcript")


def gist(ctx: Context) -> None:
    """One sentence at once, before anything that takes long."""
    text = ctx.text()
    with ctx.db.session() as s:
        stored = renditions.get_rendition(s, text.key)
    if stored is not None and stored.gist is not None:
        return
    ctx.say(0.0, "Finding the gist")
    made = make_gist(ctx.video, text.sentences, ctx.models.generator, ctx.options, language=text.key.language, embedder=ctx.models.embedder)
    with ctx.db.session() as s:
        renditions.save_gist(s, text.key, made, fence=ctx.claim.fence)
    ctx.publish("gist")


def index(ctx: Context) -> None:
    """Chunks with their vectors: for search, for questions, and for finding the chapters."""
    text, here = ctx.text(), indexed(ctx.db, ctx.models.embedder)
    origin = text.transcript.origin
    with here.db.session() as s:
        stored, _ = transcripts.get_chunks(s, ctx.video_id, origin)
    if stored:
        return
    ctx.say(0.0, "Making it searchable")
    cut = chunking.cut(text.sentences)
    vectors = embed(here.embedder, [chunk.text for chunk in cut], ctx.emit)
    with here.db.session() as s:
        transcripts.save_chunks(s, ctx.video_id, cut, vectors, text.transcript.language, origin=origin, fence=ctx.claim.fence)


def summary(ctx: Context) -> None:
    """Chapters, points with receipts, overview, coverage; each stored and shown as it is made."""
    text = ctx.text()
    here = indexed(ctx.db, ctx.models.embedder)
    with here.db.session() as s:
        stored = renditions.get_rendition(s, text.key)
        cut, vectors = transcripts.get_chunks(s, ctx.video_id, text.transcript.origin)
    if stored is not None and stored.complete:
        return
    gist_made = stored.gist if stored else None
    if stored is None or gist_made is None:
        raise ModelError("stage_order", "The gist was made by another model. Start the video again.")
    ctx.say(0.0, "Reading for the points")
    if here.embedder.model != ctx.models.embedder.model:  # a summary's thresholds are those of the built-in model, whatever the library is searched with
        vectors = embed(ctx.models.embedder, [chunk.text for chunk in cut], ctx.emit)
    made = make_summary(
        ctx.video, text.sentences, cut, vectors, ctx.models.generator, ctx.models.embedder, ctx.options, gist_made,
        emit=ctx.emit, on_partial=partial(_store_partial, ctx, text.key), done=stored.points, made_chapters=stored.chapters,
        language=text.key.language,
    )  # fmt: skip
    with ctx.db.session() as s:
        renditions.save_summary(s, text.key, made, fence=ctx.claim.fence)
    ctx.publish("summary")
    _suggest(ctx, made, text.transcript.language)


def _suggest(ctx: Context, made: Summary, language: str) -> None:
    """Questions to begin with. What goes wrong here costs them, and not the summary, which is stored."""
    try:
        here = indexed(ctx.db, ctx.models.embedder)
        questions = suggested(here.db, here.embedder, ctx.models.generator, ctx.video_id, language, made.chapters, made.points)
    except ModelError as error:
        log.warning("no_suggestions", code=error.code)
        return
    with ctx.db.session() as s:
        videos.save_questions(s, ctx.video_id, questions, fence=ctx.claim.fence)
    ctx.publish("questions")


def _store_partial(ctx: Context, key: Key, made: Chapters | Point | Overview) -> None:
    with ctx.db.session() as s:
        match made:
            case Point():
                renditions.save_point(s, key, made, fence=ctx.claim.fence)
                event = "point"
            case Chapters():
                renditions.save_chapters(s, key, made.chapters, fence=ctx.claim.fence)
                event = "chapters"
            case Overview():
                renditions.save_overview(s, key, made.points, fence=ctx.claim.fence)
                event = "overview"
    ctx.publish(event)


def download(ctx: Context) -> None:
    """A form of the recording into the media store."""
    ctx.say(0.0, "Downloading")
    with _when_shown(ctx):
        recordings.download(_shelf(ctx))
    ctx.publish("download")


STAGES: dict[str, Callable[[Context], None]] = {
    "list": listings.read,
    "check": following.check,
    **{stage.__name__: stage for stage in (fetch, speech, gist, index, summary, translate, download)},
}
