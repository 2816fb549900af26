"""Bytes of media files: a folder on one machine, an S3-compatible store on many, by the same calls. A key appears at once with all its bytes, or not at all."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url

from pipeline.config import Settings
from pipeline.errors import NotFound, cause
from pipeline.workplace import work_folder

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
PIECE = 1024 * 1024


class Blobs:
    """One per process or per use: it holds no connection. Keys are ours, `audio/dQw4w9WgXcQ.webm`: letters, digits, `._-` and `/`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.folder: Path | None = None
        if settings.media_url:
            # Addresses and secrets of an S3-compatible store come from the variables that every such tool reads: AWS_ACCESS_KEY_ID, AWS_ENDPOINT, …
            self._store = from_url(settings.media_url)
        else:
            self.folder = settings.media_dir
            self.folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(self.folder, mkdir=True)

    def put(self, path: Path, key: str) -> int:
        """Stores a copy of the file; its size in bytes.

        Raises:
            ModelError: `storage` when it cannot be written.
        """
        with _causes():
            obstore.put(self._store, _checked(key), path)
        return path.stat().st_size

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """The file under a path of this machine, to read only: the stored one itself, or a copy that is gone afterwards.

        Raises:
            NotFound: `no_media`.
        """
        if self.folder is not None:
            path = self.folder / _checked(key)
            if not path.is_file():
                raise _missing()
            yield path
            return
        with work_folder(self._settings) as folder:  # not in /tmp, which may lie in memory
            path = folder / Path(key).name
            with _causes(), path.open("wb") as file:
                for piece in self.stream(key):
                    file.write(piece)
            yield path

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes `start` up to, not including, `end`, in pieces of about a megabyte.

        Raises:
            NotFound: `no_media`.
            ModelError: `storage`.
        """
        size = self.size(key)
        stop = size if end is None else min(end, size)
        while start < stop:
            until = min(start + PIECE, stop)
            with _causes():
                piece = bytes(obstore.get_range(self._store, key, start=start, end=until))
            yield piece
            start = until

    def size(self, key: str) -> int:
        """Raises: NotFound: `no_media`."""
        with _causes():
            return int(obstore.head(self._store, _checked(key))["size"])

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """It is gone afterwards, whether it was there or not."""
        with suppress(NotFound), _causes():
            obstore.delete(self._store, _checked(key))

    def older_than(self, seconds: float) -> Iterator[str]:
        """Keys that were put more than so many seconds ago."""
        last = datetime.now(UTC) - timedelta(seconds=seconds)
        pages = iter(obstore.list(self._store))
        while True:
            with _causes():
                rows = next(pages, None)
            if rows is None:
                return
            yield from (row["path"] for row in rows if row["last_modified"] < last)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a key")
    return key


@contextmanager
def _causes() -> Iterator[None]:
    """obstore's errors as ours."""
    try:
        yield
    except (FileNotFoundError, NotFoundError) as error:
        raise _missing() from error
    except (OSError, BaseError) as error:
        raise cause("storage") from error


def _missing() -> NotFound:
    return NotFound("no_media", "This file is not kept any more. Download it again.")
