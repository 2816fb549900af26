"""Folders in which jobs work. Each is locked while its job lives, so what a killed process left is known by its lock being free, whatever else runs on the data folder.

What a killed process left is removed, but for the folder of a job that can go on with what is in it, which loses its secrets only.
"""

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import LeaseLost, NutshellError

COOKIES = "cookies.txt"
"""Name of the one secret that a folder may hold."""
KEPT_SECONDS = 24 * 3600.0
"""Nobody comes back for the parts of a download after so long."""
_JOB = re.compile(r"job-(\d{1,18})-")


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


@contextmanager
def job_folder(settings: Settings, job_id: int, name: str) -> Iterator[Path]:
    """The folder of one job, kept when an attempt is killed, handed back or fails with what may go away by itself: the next one goes on with its parts.
    `name` tells jobs of the same number apart: letters, digits, `_` and `-`.

    An attempt that lost its lease and does not know it yet may still write there: then this one gets a folder of its own.
    """
    base = settings.home / "work"
    base.mkdir(parents=True, exist_ok=True)
    folder = base / f"job-{job_id}-{name}"
    with _gate(base, fcntl.LOCK_SH):
        folder.mkdir(mode=0o700, exist_ok=True)
        held = os.open(folder, os.O_RDONLY)
        is_ours = _lock(held)
    try:
        if not is_ours:
            with work_folder(settings) as own:
                yield own
            return
        (folder / COOKIES).unlink(missing_ok=True)  # of an attempt that was killed
        try:
            yield folder
        except NutshellError as error:
            if not error.retryable and not isinstance(error, LeaseLost):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(held)


def job_folders(settings: Settings) -> dict[Path, int]:
    """Folders that are kept for jobs, with the number of the job; those of commands, which have none, are left out."""
    found = {folder: _JOB.match(folder.name) for folder in (settings.home / "work").glob("job-*")}
    return {folder: int(match[1]) for folder, match in found.items() if match and int(match[1])}


def end(folder: Path) -> bool:
    """Removes the folder of a job that will not go on, unless somebody works there. Safe at any time."""
    with _gate(folder.parent, fcntl.LOCK_EX):
        return _if_dead(folder, lambda: shutil.rmtree(folder, ignore_errors=True))


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
    if folder.name.startswith("job-") and _age(folder) < KEPT_SECONDS:
        _if_dead(folder, lambda: (folder / COOKIES).unlink(missing_ok=True))
        return False
    return _if_dead(folder, lambda: shutil.rmtree(folder, ignore_errors=True))


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:  # its job has just ended
        return 0.0


def _if_dead(folder: Path, do: Callable[[], None]) -> bool:
    """Whether nobody worked there, and it was done."""
    try:
        held = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:  # its job has just ended
        return False
    try:
        if not _lock(held):
            return False
        do()
        return True
    finally:
        os.close(held)


def _lock(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _gate(base: Path, how: int) -> Iterator[None]:
    with (base / ".lock").open("w") as lock:
        fcntl.flock(lock, how)
        yield
