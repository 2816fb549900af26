"""Files handed in through the browser: written to disk as they arrive, hashed on the way, named by us."""

import hashlib
import io
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flask import Request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from pipeline.errors import cause
from pipeline.source import captions, uploads
from pipeline.source.links import Source
from web.services import services

PREFIX = "incoming-"
DAY = 24 * 3600
FORM_ROOM = 1024 * 1024
"""Bytes that the rest of an upload's form may take."""


class HashedFile:
    """A new file in `folder` that knows the SHA-256 of what was written. Gone after `discard()`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file: IO[bytes] = tempfile.NamedTemporaryFile(dir=folder, prefix=PREFIX, delete=False)  # noqa: SIM115 - closed by discard()
        self.path = Path(self._file.name)
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        written = self._file.write(data)
        self.size += written
        return written

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def discard(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def sweep(folder: Path) -> None:
    """Removes what uploads left that were under way when their process was killed. Those of the last day may still be under way in another process."""
    for path in folder.glob(f"{PREFIX}*"):
        if path.stat().st_mtime < time.time() - DAY:
            path.unlink(missing_ok=True)


class UploadRequest(Request):
    """A request whose files go to the upload folder. Werkzeug's own would keep half a megabyte in memory and the rest in /tmp, which may be memory too."""

    def _get_file_stream(self, *_args: object, **_kwargs: object) -> IO[bytes]:
        if self.__dict__.get("in_memory"):
            return io.BytesIO()
        file = HashedFile(services().settings.uploads_dir)
        self.__dict__.setdefault("incoming", []).append(file)
        return file  # type: ignore[return-value]  # has what werkzeug uses: write, seek, close

    def allow_uploads(self) -> None:
        """For this request only: bodies up to the size of an upload. To be called before the form is looked at."""
        self.max_content_length = services().settings.max_upload + FORM_ROOM

    def keep_in_memory(self) -> None:
        """For this request only: its files never touch the disk. For small secrets; the limit of a body holds. To be called before the form is looked at."""
        self.__dict__["in_memory"] = True

    def discard_files(self) -> None:
        for file in self.__dict__.get("incoming", ()):
            file.discard()


TYPES = {
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg", "flac": "audio/flac",
    "wav": "audio/wav", "mka": "audio/x-matroska", "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska",
}  # fmt: skip
"""What a browser is told that a recording is, by the suffix it came with. A wrong one costs the player, nothing else: it is never served as a page."""


TIMED = frozenset({"srt", "vtt", "sbv", "json3", "srv1", "srv2", "srv3", "ttml", "dfxp"})
"""Suffixes that promise times."""


@dataclass(frozen=True, slots=True)
class Incoming:
    source: Source
    title: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that came whole."""

    path: Path
    name: str
    """As the sender calls it."""
    source_id: str


def handed(storage: FileStorage) -> Handed:
    """The file of a form.

    Raises:
        RequestEntityTooLarge: it is larger than `max_upload`.
    """
    file = storage.stream
    if not isinstance(file, HashedFile):
        raise BadRequest
    file.flush()
    if file.size > services().settings.max_upload:
        raise RequestEntityTooLarge
    return Handed(file.path, storage.filename or "", f"file:{file.hexdigest()}")


def incoming(file: Handed) -> Incoming:
    """What was uploaded, by its content; the name is only shown.

    Raises:
        InputError: `bad_media`, `bad_transcript`.
    """
    suffix = file.name.rpartition(".")[2].lower()
    kind = uploads.sniff(file.path)
    if kind == "transcript":
        _check_transcript(file.path, suffix)
    source = Source(kind=kind, source_id=file.source_id, url="", path=file.path)
    content_type = TYPES.get(suffix, "audio/mpeg") if kind == "media" else "text/plain"
    return Incoming(source, uploads.clean_title(file.name), content_type)


def _check_transcript(path: Path, suffix: str) -> None:
    """Refuses at once what a worker would refuse later, so that nothing of it enters the library. Media need a decoder, which this process has not."""
    if suffix in TYPES:
        raise cause("bad_media")
    found = captions.read_file(path)
    if suffix in TIMED and found.format == "txt":
        raise cause("bad_transcript")
