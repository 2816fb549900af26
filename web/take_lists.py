"""A list to take away: its recordings or texts in one zip, which is made as it is sent, and its sound as the feed of a podcast."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from pipeline import downloads
from pipeline.errors import InputError
from pipeline.export.render import KINDS, render
from pipeline.store import listings, media, notes, renditions, transcripts, videos
from pipeline.store.listings import Filter, Item, Listing
from pipeline.store.media import Media
from web import podcast, submit
from web.media import disposition
from web.podcast import Episode
from web.security import job_number
from web.services import Services, services

blueprint = Blueprint("take_lists", __name__)

SUMMARISED = ("here", "done")
"""States of items that the library has."""
PAGE = 200
EPISODES = 500
"""Of a feed; readers of podcasts load it whole every hour."""


@blueprint.get("/l/<list_id>/download.zip")
def download(list_id: str) -> Response:
    """`?as=` a kind of export (md, srt, …), or the name of a form of the recordings (audio, audio-mp3, video-480p, …): those that are kept."""
    listing, kind = _listing(list_id), request.args.get("as", "")
    if kind not in KINDS:
        downloads.parse(kind)
    found = services()
    members = _texts(found, listing.id, kind) if kind in KINDS else _recordings(found, listing.id, kind)
    response = Response(_zipped(members), mimetype="application/zip")
    response.headers["Content-Disposition"] = disposition("attachment", _name(listing))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/l/<list_id>/downloads")
def fetch(list_id: str) -> BaseResponse:
    """Has a form of every recording fetched that is not kept yet, of the videos that are summarised."""
    listing, form = _listing(list_id), downloads.parse(request.form.get("as", ""))
    wanted = [item.video_id for item in _items(services(), listing.id)]
    if not wanted:
        raise InputError("nothing_chosen", "Nothing of this list is summarised yet.")
    refused = [error for video_id in wanted if (error := _refused(video_id, form)) is not None]
    if len(refused) == len(wanted):
        raise refused[0]
    return redirect(f"/l/{list_id}", 303)


def _refused(video_id: str, form: downloads.Form) -> InputError | None:
    """Why a list's download leaves this one out: a transcript beside recordings keeps nobody from those."""
    try:
        submit.download(services(), video_id, form, batch=True)
    except InputError as error:
        if error.code != "bad_download":
            raise
        return error
    return None


@blueprint.get("/l/<list_id>/podcast.xml")
def feed(list_id: str) -> Response:
    """What is kept of the list's sound, as RSS 2.0 for any podcast player."""
    listing = _listing(list_id)
    where = services().settings.public_url.rstrip("/") or request.host_url.rstrip("/")
    found = (episode for item in _items(services(), listing.id) if (episode := _episode(services(), item, where)))
    episodes = list(islice(found, EPISODES))
    response = Response(podcast.feed(listing.title or listing.url, f"{where}/l/{listing.id}", listing.channel or "", episodes), mimetype="application/rss+xml")
    response.add_etag()
    response.make_conditional(request)
    return response


def _listing(list_id: str) -> Listing:
    with services().db.session() as s:
        found = listings.get(s, job_number(list_id))
    if found is None:
        raise NotFound
    return found


def _items(found: Services, list_id: int) -> Iterator[Item]:
    """Summarised items in their order, a page at a time: no session is held while one is sent."""
    for state in SUMMARISED:
        for offset in range(0, 1_000_000, PAGE):
            with found.db.session() as s:
                page = listings.items(s, list_id, Filter(state=state), offset=offset, limit=PAGE)
            yield from page
            if len(page) < PAGE:
                break


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the zip."""

    name: str
    body: Iterator[bytes]
    stored: bool
    """Not compressed: sound and pictures are already."""


def _texts(found: Services, list_id: int, kind: str) -> Iterator[Member]:
    for item in _items(found, list_id):
        with found.db.session() as s:
            video, transcript = videos.get_video(s, item.video_id), transcripts.get_transcript(s, item.video_id)
            summary, kept = renditions.get_summary(s, item.video_id), notes.kept(s, item.video_id)
        if video is not None and transcript is not None:
            made = render(kind, video, transcript, summary.whole() if summary and summary.complete else None, kept=kept)
            yield Member(_numbered(item, made.filename), iter((made.body,)), stored=False)


def _recordings(found: Services, list_id: int, kind: str) -> Iterator[Member]:
    for item in _items(found, list_id):
        with found.db.session() as s:
            kept = media.use_media(s, item.video_id, kind)
        if kept is not None and found.blobs.exists(kept.key):
            yield Member(_numbered(item, kept.name), found.blobs.stream(kept.key), stored=True)


def _numbered(item: Item, name: str) -> str:
    """In the order of the list, wherever the zip is opened."""
    return f"{max(item.position, 0) + 1:04d} {name}"


class _Outbox:
    """What the zip writes to, emptied as it is sent. It cannot seek, so sizes come behind each member, which zip allows."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Everything goes out with the next part."""

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def _zipped(members: Iterator[Member]) -> Iterator[bytes]:
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w") as archive:  # type: ignore[call-overload]  # all that it needs of a file is `write` and `flush`
        for member in members:
            info = zipfile.ZipInfo(member.name)
            info.compress_type = zipfile.ZIP_STORED if member.stored else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as file:
                for data in member.body:
                    file.write(data)
                    yield outbox.take()
    yield outbox.take()


def _name(listing: Listing) -> str:
    title = "".join(c for c in listing.title if c.isalnum() or c in " -_").strip()[:80]
    return f"{title or 'list'}.zip"


def _episode(found: Services, item: Item, where: str) -> Episode | None:
    """None: its sound is not kept."""
    with found.db.session() as s:
        video = videos.get_video(s, item.video_id)
        kept = {file.kind: file for file in media.list_media(s, item.video_id)}
        summary = renditions.get_summary(s, item.video_id)
    sound = _best(kept)
    if video is None or sound is None:
        return None
    gist = summary.gist.text if summary and summary.gist else ""
    return Episode(
        key=video.source_id, title=video.title or item.title, link=f"{where}/v/{video.id}", sound=f"{where}/api/v1/media/{video.id}/{sound.kind}",
        content_type=sound.content_type, size=sound.size, seconds=video.duration, published=video.published_at or item.published_at, words=gist,
    )  # fmt: skip


def _best(kept: dict[str, Media]) -> Media | None:
    """What most players play first."""
    return next((kept[kind] for kind in ("audio-mp3", "audio-m4a", "audio", "audio-opus", "upload") if kind in kept and _is_sound(kept[kind])), None)


def _is_sound(file: Media) -> bool:
    return file.content_type.startswith(("audio/", "video/"))
