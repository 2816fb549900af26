"""One Nutshell per data folder: the lock, and what an earlier one that was killed has left running."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable
from typing import IO, Self

import psutil

from pipeline.config import Settings
from pipeline.errors import ModelError
from workers.processes import MARK
from workers.supervision import pid_file


class Instance:
    """The right to run servers on a data folder, from `__enter__` to `__exit__`; the kernel gives it back when the process dies, however it dies.

    Raises:
        ModelError: `already_running`, with the address of the other.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        file = (self.settings.run_dir / "lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            other = _read(file.read())
            file.close()
            raise ModelError(
                "already_running",
                f"Nutshell already runs on {self.settings.home}: {other.get('url', 'starting')} (process {other.get('pid', 'unknown')})."
                " Use that one, stop it with Ctrl-C, or set NUTSHELL_HOME to another folder.",
            ) from error
        self._file = file
        self.announce("starting")
        return self

    def announce(self, url: str) -> None:
        """Write down what whoever comes second is told."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.write(json.dumps({"pid": os.getpid(), "url": url}))
            self._file.flush()

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()


def _read(text: str) -> dict[str, object]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def is_running(settings: Settings) -> bool:
    """Somebody holds the lock of this data folder: its servers are there, or will be in a moment."""
    try:
        with (settings.run_dir / "lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def clear_leftovers(settings: Settings) -> int:
    """Stop the processes that an earlier `up` on this data folder left when it was killed; their number. The caller holds the lock."""
    supervisors = _supervisor(settings)
    found = [*supervisors, *_descendants(supervisors), *_marked(settings), *_postmaster(settings)]
    if not found:
        return 0
    _end(supervisors, signal.SIGTERM, 25)  # it stops its own in order
    _end(_postmaster(settings), signal.SIGINT, 20)
    _end(found, signal.SIGTERM, 3)
    _end(found, signal.SIGKILL, 5)
    return len(set(found))


def _end(processes: Iterable[psutil.Process], how: signal.Signals, seconds: float) -> None:
    alive = [process for process in set(processes) if process.is_running() and process.pid != os.getpid()]
    for process in alive:
        try:
            process.send_signal(how)
        except psutil.Error:
            continue  # gone meanwhile, or somebody else's
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(_is_alive(process) for process in alive):
        time.sleep(0.05)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _supervisor(settings: Settings) -> list[psutil.Process]:
    """supervisord by its pid file, if the number is not somebody else's by now."""
    try:
        process = psutil.Process(int(pid_file(settings).read_text()))
        return [process] if str(settings.run_dir / "supervisord.conf") in process.cmdline() else []
    except (OSError, ValueError, psutil.Error):
        return []


def _descendants(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [child for process in processes for child in process.children(recursive=True)]


def _marked(settings: Settings) -> list[psutil.Process]:
    """Processes whose environment says that they belong to this data folder; and Valkey, which writes its title over its environment, by that title."""
    found = []
    for process in psutil.process_iter():
        try:
            is_ours = process.environ().get(MARK) == str(settings.home) or (
                process.name() == "valkey-server" and str(settings.valkey_socket) in " ".join(process.cmdline())
            )
        except (psutil.Error, OSError):
            continue  # another user's, or gone
        if is_ours and process.pid != os.getpid():
            found.append(process)
    return found


def _postmaster(settings: Settings) -> list[psutil.Process]:
    """PostgreSQL writes over its environment, so it is found by its own pid file."""
    try:
        process = psutil.Process(int((settings.postgres_dir / "postmaster.pid").read_text().split("\n", 1)[0]))
        return [process] if process.cwd() == str(settings.postgres_dir) else []
    except (OSError, ValueError, psutil.Error):
        return []
