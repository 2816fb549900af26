"""A form of a recording into the media store: fetched, or made of what is kept, with room looked for first. The work of the stage `download`."""

import mimetypes
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from pipeline import downloads, manners
from pipeline.account import visiting
from pipeline.config import Settings
from pipeline.downloads import Form
from pipeline.errors import Cancelled, NotFound, Stopped, cause
from pipeline.export.render import file_name
from pipeline.source import convert, elsewhere, youtube
from pipeline.source.labels import labels_of
from pipeline.source.sound import ENCODERS
from pipeline.steps import source_of
from pipeline.store import jobs, media, quota
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from pipeline.store.media import Media
from pipeline.store.quota import Room
from pipeline.types import Emit, Video
from pipeline.workplace import job_folder

COPIES = 3
"""Of a file at one time on one disk: as it came, merged, and in the media store."""
RESERVE = 256 * 1024**2
"""Bytes of a disk that are left to everything else."""
TYPES = {
    ".webm": "{}/webm",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".mkv": "video/x-matroska",
    ".mka": "audio/x-matroska",
}
"""Content types that systems know differently or not at all."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The recordings of one video, for a stage that may write to them."""

    claim: Claim
    db: Database
    settings: Settings
    blobs: Blobs
    video: Video
    emit: Emit

    @property
    def video_id(self) -> str:
        return self.claim.video_id

    def keep(self, path: Path, kind: str) -> None:
        """Into the media store, then its row: a file is real when its row is there. The key of a recording belongs to this attempt alone, so who removes
        an older one of its kind can never hit it."""
        attempt = "" if kind == "thumbnail" else f".{self.claim.stage_id}-{self.claim.attempt}"
        key = f"{kind}/{self.video_id}{attempt}{path.suffix}"
        size = self.blobs.put(path, key)
        row = Media(self.video_id, kind, key, self._name(kind, path.suffix), content_type(kind, path.suffix), size)
        try:
            with self.db.session() as s:
                media.save_media(s, row, fence=self.claim.fence)
        except Stopped:
            self._take_away(key, kind)
            raise

    def _take_away(self, key: str, kind: str) -> None:
        """The bytes that a stopped stage has stored in vain. Pictures have one key for all attempts: another one may be storing its own now."""
        try:
            with self.db.session() as s:
                jobs.heartbeat(s, self.claim)
        except Stopped as stopped:
            if kind == "thumbnail" and not isinstance(stopped, Cancelled):
                return
        with self.db.session() as s:
            in_vain = media.without_row(s, [key])
        for name in in_vain:
            self.blobs.delete(name)

    def _name(self, kind: str, suffix: str) -> str:
        clip = downloads.parse(kind).clip if kind.startswith(("audio", "video")) else None
        return file_name(self.video, suffix.lstrip("."), clip.name if clip else "")

    def used(self, kind: str) -> Media | None:
        with self.db.session() as s:
            return media.use_media(s, self.video_id, kind)

    def make_room(self, size: int) -> None:
        """Reserves it for this stage; what has been unused for longest makes way.

        Raises:
            ModelError: `quota`, `storage`.
        """
        shortage = max(0, COPIES * size + RESERVE - shutil.disk_usage(self.settings.home).free)
        if shortage and self.blobs.folder is None:  # nothing that is removed elsewhere makes room here
            raise cause("storage")
        with self.db.session() as s:
            gone = quota.make_room(s, self.claim.stage_id, Room(size, self.settings.media_quota, shortage))
        remove(self.blobs, gone)


def remove(blobs: Blobs, keys: tuple[str, ...]) -> None:
    """The bytes of rows that had to go."""
    for key in keys:
        blobs.delete(key)
    if keys:
        log.info("media removed to make room", number=len(keys), keys=keys[:20])


def content_type(kind: str, suffix: str) -> str:
    known = TYPES.get(suffix, "").format(kind.partition("-")[0])
    return known or mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream"


def download(shelf: Shelf) -> None:
    """The form that the job asks for; nothing where it is there already.

    Raises:
        NutshellError: any code of the source room; `quota`, `storage`, `no_media`.
        Postponed: not now.
    """
    form = downloads.parse(str(shelf.claim.options["as"]))
    if shelf.used(form.name) is not None:
        return
    with job_folder(shelf.settings, shelf.claim.job_id, shelf.video_id) as folder, _base(shelf, form, folder) as base:
        if base is not None:
            cover = _cover(shelf, folder)
            made = convert.make([base], form, labels_of(shelf.video, cover), shelf.settings, folder, shelf.emit)
            shelf.keep(made, form.name)


@contextmanager
def _base(shelf: Shelf, form: Form, folder: Path) -> Iterator[Path | None]:
    """The file that the form is made of, from the store or else fetched and kept; None: what was fetched is the form itself."""
    from_file = not shelf.video.source_url
    stored = shelf.used("upload" if from_file else form.base.name)
    if stored is not None:
        shelf.make_room(estimated(form, stored.size, shelf.video.duration))
        with shelf.blobs.local(stored.key) as path:
            yield path
        return
    if from_file:
        raise NotFound("no_media", "This file is not kept any more. Add it again.")
    fetched = _fetch(shelf, form, folder)
    shelf.keep(fetched, form.base.name)
    yield None if form == form.base else fetched


def _fetch(shelf: Shelf, form: Form, folder: Path) -> Path:
    """What an attempt before this one has of it in `folder` is gone on with."""
    settings = shelf.settings
    if not shelf.video.source_id.startswith("youtube:"):  # yt-dlp is never given an address of another host
        path = elsewhere.fetch_recording(shelf.video.source_url, settings, folder, shelf.emit)
        shelf.make_room(path.stat().st_size)
        return path

    def fetch() -> Path:
        probe = youtube.probed(folder) or youtube.probe(source_of(shelf.video), settings, folder, emit, captions=False, cover=True)
        promised = youtube.promised(probe.info_path, form.base, settings)
        shelf.make_room(promised + (0 if form == form.base else estimated(form, promised, shelf.video.duration)))
        return youtube.fetch_form(probe, form, settings, folder, emit)

    with manners.downloading(settings, shelf.emit) as emit, visiting(shelf.db, settings, folder) as visitor:
        return visitor.ask(fetch)


def estimated(form: Form, base: int, duration: float) -> int:
    """Bytes that a form made of `base` bytes will have, about."""
    length = form.clip.length if form.clip else duration
    if form.format:
        return int(ENCODERS[form.format].bit_rate / 8 * length * 1.1)
    return int(base * min(1.0, length / duration)) if duration else base


def _cover(shelf: Shelf, folder: Path) -> Path | None:
    """The preview picture as a JPEG file; None: there is none, or in another format, which media files do not take."""
    fetched = folder / "thumbnail.jpg"
    with shelf.db.session() as s:
        stored = media.get_media(s, shelf.video_id, "thumbnail")
    if not fetched.is_file() and stored is not None and stored.content_type == "image/jpeg" and shelf.blobs.exists(stored.key):
        fetched.write_bytes(b"".join(shelf.blobs.stream(stored.key)))
    return fetched if fetched.is_file() else None
