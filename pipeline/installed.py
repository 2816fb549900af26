"""A folder that is made once: under another name, then renamed, by one process at a time. Whoever sees it sees it complete, whatever was interrupted before."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import cause

Say = Callable[[str], None]


def install(target: Path, build: Callable[[Path], None], *, complete: Callable[[Path], bool], megabytes: int) -> None:
    """Make `target` with `build`, which fills the new folder that it is given, unless it is `complete`. What an interrupted run left is removed first.

    Raises:
        ModelError: `storage` when the disk is full or not writable; what `build` raises.
    """
    try:
        with _locked(target):
            if complete(target):
                return
            scratch = target.with_name(f"{target.name}.part")
            for left in (target, scratch):
                with suppress(FileNotFoundError):
                    shutil.rmtree(left)
            scratch.mkdir()
            build(scratch)
            scratch.replace(target)
    except OSError as error:
        raise cause("storage", f"About {megabytes} MB are needed in {target.parent} ({error.strerror}).") from error


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """The lock goes with the process that holds it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
