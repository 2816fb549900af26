"""The files of a folder that could be recordings, transcripts or lists of videos."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.imports import FILES
from pipeline.source import importing

UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".!qb", ".opdownload")
"""Endings under which browsers and other programs write what is not whole yet."""


@dataclass(frozen=True, slots=True)
class File:
    path: Path
    size: int
    changed_ns: int

    @property
    def fingerprint(self) -> str:
        """Changes with the file, as far as can be told without reading it."""
        return f"{self.size} {self.changed_ns} {os.fsencode(self.path).hex()}"

    @property
    def day(self) -> str:
        """Of its last change, as an ISO date."""
        return datetime.fromtimestamp(self.changed_ns / 1e9, UTC).date().isoformat()


def file_of(path: Path) -> File:
    """Raises: OSError."""
    about = path.stat()
    return File(path.absolute(), about.st_size, about.st_mtime_ns)


def files(folder: Path) -> Iterator[File]:
    """Regular files below the folder in the order of their names. Left out: hidden ones, what other programs are writing, and links that lead out of the folder."""
    root = folder.resolve()
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not name.lower().endswith(UNFINISHED) and (found := _file(Path(place) / name, root)):
                yield found


def _file(path: Path, root: Path) -> File | None:
    try:
        if path.is_symlink() and not path.resolve(strict=True).is_relative_to(root):
            return None
        return file_of(path) if stat.S_ISREG(path.stat().st_mode) else None
    except OSError:  # gone meanwhile, or a link to nothing
        return None


def is_recording(file: File) -> bool:
    """By its name: a recording or transcript. What it is indeed, its content says when it is taken up."""
    return file.path.suffix.lower() in FILES


def is_list(file: File) -> bool:
    """By its content: a list of videos."""
    try:
        return importing.is_list(file.path)
    except OSError:
        return False
