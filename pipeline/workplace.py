"""Folders in which jobs work. Each is locked while its job lives, so what a killed process left is known by its lock being free, whatever else runs on the data folder."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.config import Settings


@contextmanager
def work_folder(settings: Settings) -> Iterator[Path]:
    """A folder of its own that is gone afterwards, so a zombie of an earlier attempt never writes into its successor's."""
    base = settings.home / "work"
    base.mkdir(parents=True, exist_ok=True)
    with _gate(base, fcntl.LOCK_SH):  # between its making and its locking nobody may take it for a dead one's
        temporary = tempfile.TemporaryDirectory(dir=base, ignore_cleanup_errors=True)
        held = os.open(temporary.name, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with temporary as folder:
            yield Path(folder)
    finally:
        os.close(held)


def clear(settings: Settings) -> int:
    """Removes the work folders of processes that are dead; how many. Safe at any time."""
    base = settings.home / "work"
    if not base.is_dir():
        return 0
    removed = 0
    with _gate(base, fcntl.LOCK_EX):
        for folder in [entry for entry in base.iterdir() if entry.is_dir()]:
            removed += _clear_dead(folder)
    return removed


def _clear_dead(folder: Path) -> bool:
    try:
        held = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:  # its job has just ended
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(held)


@contextmanager
def _gate(base: Path, how: int) -> Iterator[None]:
    with (base / ".lock").open("w") as lock:
        fcntl.flock(lock, how)
        yield
