"""Uploads that have begun and not ended: a file of bytes, whose size is how far it has come, and beside it what was said of it. On disk only, so that they outlive the process."""

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from werkzeug.exceptions import Locked, NotFound, TooManyRequests

from pipeline.errors import cause
from web.uploads import DAY, PREFIX, sweep

MOST = 200
"""Unfinished uploads at a time."""
SPARE = 64 * 1024**2
"""Bytes that stay free on the disk."""
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class About:
    """What was said when it began, and what became of it."""

    length: int
    """Bytes of the whole."""
    name: str = ""
    language: str = ""
    size: str = ""
    """Length of the summary."""
    listen: bool = False
    batch: bool = False
    """One of many: it gives way to what somebody waits for."""
    page: str = ""
    """Where it can be read; empty until it has ended."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One upload."""

    id: str
    folder: Path
    about: About

    @classmethod
    def begin(cls, folder: Path, about: About) -> Self:
        """Raises: ModelError: `storage`: it will not fit. TooManyRequests."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(folder)
        others = [found for path in folder.glob(f"{PREFIX}*.json") if (found := cls._read(folder, path.stem.removeprefix(PREFIX)))]
        if sum(not other.about.page for other in others) >= MOST:
            raise TooManyRequests
        promised = sum(2 * other.about.length - other.offset for other in others if not other.about.page)
        free = shutil.disk_usage(folder).free - promised - SPARE
        if 2 * about.length > free:  # once here, once in the media store
            raise cause("storage", f"This needs {2 * about.length / 1e6:.0f} MB, and {max(0, free) / 1e6:.0f} MB are free.")
        new = cls(secrets.token_hex(16), folder, about)
        new.data.touch(0o600)
        new.save(about)
        return new

    @classmethod
    def find(cls, folder: Path, upload_id: str) -> Self:
        """Raises: NotFound: there is none, or it has expired."""
        found = cls._read(folder, upload_id) if _ID.fullmatch(upload_id) else None
        if found is None:
            raise NotFound
        return found

    @classmethod
    def _read(cls, folder: Path, upload_id: str) -> Self | None:
        try:
            about = json.loads((folder / f"{PREFIX}{upload_id}.json").read_text())
        except FileNotFoundError:
            return None
        return cls(upload_id, folder, About(**about))

    @property
    def data(self) -> Path:
        return self.folder / f"{PREFIX}{self.id}.data"

    @property
    def _said(self) -> Path:
        return self.folder / f"{PREFIX}{self.id}.json"

    @property
    def offset(self) -> int:
        """Bytes that are here."""
        if self.about.page:
            return self.about.length
        try:
            return self.data.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def expires(self) -> float:
        """When it is swept away unless more comes, in seconds since 1970."""
        try:
            return self._said.stat().st_mtime + DAY
        except FileNotFoundError:
            return 0.0

    @contextmanager
    def writing(self) -> Iterator[IO[bytes]]:
        """The file, to append to, for one at a time: also among processes, and freed when its holder dies.

        Raises:
            Locked: somebody else is at it. NotFound: it is gone.
        """
        try:
            file = self.data.open("r+b")
        except FileNotFoundError as error:
            raise NotFound from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Locked from error
            file.seek(0, os.SEEK_END)
            yield file
            file.flush()
            os.fsync(file.fileno())

    def touch(self) -> None:
        """More has come: it lives a day from now."""
        for path in (self._said, self.data):
            if path.exists():
                os.utime(path)

    def save(self, about: About) -> None:
        fresh = self._said.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(about)))
        fresh.replace(self._said)

    def end(self, about: About) -> None:
        """The bytes are elsewhere now; where is remembered until it expires."""
        self.save(about)
        self.data.unlink(missing_ok=True)

    def discard(self) -> None:
        self.data.unlink(missing_ok=True)
        self._said.unlink(missing_ok=True)
