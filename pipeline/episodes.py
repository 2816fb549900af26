"""Recordings of other hosts than YouTube, most of them episodes of podcasts: the transcript that their feed names, else their sound."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.context import Context
from pipeline.errors import cause
from pipeline.recordings import Shelf
from pipeline.source import elsewhere, uploads
from pipeline.source.elsewhere import Extras
from pipeline.steps import check_duration, wants_english
from pipeline.store import listings, videos
from pipeline.store.listings import Episode
from pipeline.types import Transcript, Video
from pipeline.workplace import job_folder


def is_one(video: Video) -> bool:
    """It came by an address, and not from YouTube: nothing but what is kept here can be played."""
    return video.source_id.startswith("media:")


def fetch(ctx: Context, shelf: Shelf) -> Transcript | None:
    """What is known of the episode into its row, its sound into the media store unless its transcript will do; that transcript.

    Raises:
        NutshellError: see elsewhere.fetch_recording; `bad_media`, `no_audio`, `too_long`, `quota`, `storage`.
    """
    with ctx.db.session() as s:
        said = listings.episode(s, ctx.video_id)
    with job_folder(ctx.settings, ctx.claim.job_id, ctx.video_id) as folder:
        extras = _extras(ctx, said, folder)
        found = extras.transcript
        video = _described(ctx.video, said, extras)
        check_duration(video, ctx.settings)
        if found is None or wants_english(ctx.options, found):
            ctx.say(0.1, f"Fetching the recording. {extras.note}".strip())
            video = _sound(ctx, video, shelf, folder)
    with ctx.db.session() as s:
        videos.save_video(s, video, fence=ctx.claim.fence)
    ctx.publish("video")
    return found


def _extras(ctx: Context, said: Episode | None, folder: Path) -> Extras:
    captions = said.captions_url if said and ctx.options.captions else None
    chapters = said.chapters_url if said else None
    return elsewhere.fetch_extras(captions, chapters, (said and said.duration) or 0.0, ctx.settings, folder, ctx.emit)


def _described(video: Video, said: Episode | None, extras: Extras) -> Video:
    """With what the feed says. Where it tells no length, the transcript's."""
    last = extras.transcript.segments[-1].end if extras.transcript else 0.0
    title = video.title or (said.title if said else "") or uploads.clean_title(urlsplit(video.source_url).path.rpartition("/")[2])
    if said is None:
        return replace(video, title=title)
    return replace(
        video, title=title, duration=max(said.duration or 0.0, last), channel=said.channel or None, published_at=said.published_at, chapters=extras.chapters,
        language=extras.transcript.language if extras.transcript else video.language, captions_note=extras.note,
    )  # fmt: skip


def _sound(ctx: Context, video: Video, shelf: Shelf, folder: Path) -> Video:
    """The recording into the store; the video with the length that it really has."""
    path = elsewhere.fetch_recording(video.source_url, ctx.settings, folder, ctx.emit)
    if uploads.sniff(path) != "media":
        raise cause("bad_media", "There is a text or a feed at its address.")
    found = uploads.probe_media(path, video.title)
    video = replace(video, duration=found.duration, chapters=video.chapters or found.chapters)
    check_duration(video, ctx.settings)
    shelf.make_room(path.stat().st_size)
    replace(shelf, video=video).keep(path, "audio")
    return video
