"""Takes up what is put into the watched folder (NUTSHELL_WATCH): a recording or transcript becomes an item of the list "Watched folder", a list of videos one of its own.

The folder is looked through again and again, which works on every kind of mount. A file is taken up when it has not changed for some seconds, and is left as it is.
What was taken up is known by its content, in the database; a file of fingerprints in the data folder only spares reading everything again, and may be lost.

`python -m workers.watch`; one a folder.
"""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from pipeline import broker, imports, logs, run
from pipeline.config import Settings, load
from pipeline.errors import InputError, ModelError, cause
from pipeline.source import sandbox
from pipeline.store import listings
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database, database_url
from pipeline.store.listings import EVERYTHING, Filter
from pipeline.types import Options
from workers.folders import File, file_of, files, is_list, is_recording

POLL_SECONDS = 5.0
STILL_SECONDS = 10.0
"""A copy over a network may pause; one that pauses longer is taken up in part, and again when it has grown."""
TITLE = "Watched folder"
MEMORY = "watched.txt"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Watcher:
    db: Database
    settings: Settings
    clock: Callable[[], float] = time.monotonic
    _still: dict[Path, tuple[str, float]] = field(default_factory=dict)
    """Fingerprint of each file that waits, and since when it has been the same."""
    _known: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    """What could not be opened, or a folder that is away: said once, tried again."""

    def __post_init__(self) -> None:
        if self._memory.is_file():
            self._known.update(self._memory.read_text("ascii", errors="replace").splitlines())

    @property
    def folder(self) -> Path:
        return Path(self.settings.watch).expanduser()

    @property
    def _memory(self) -> Path:
        return self.settings.home / MEMORY

    def look(self) -> int:
        """One look through the folder; how many files were taken up.

        Raises:
            ModelError: `database_unavailable`, `storage`: what was not taken up is when they are back.
        """
        if not self.folder.is_dir():
            self._tell("folder", "watched folder is not there", folder=str(self.folder))
            return 0
        self._told.discard("folder")
        present = {file.path: file for file in files(self.folder)}
        ready = [file for file in present.values() if self._is_ready(file)]
        for file in ready:
            self._take(file)
        self._forget(present)
        if ready:
            broker.announce_all(self.settings, run.feed(self.db))
        return len(ready)

    def _is_ready(self, file: File) -> bool:
        if file.fingerprint in self._known:
            return False
        before = self._still.get(file.path)
        if before is None or before[0] != file.fingerprint:
            self._still[file.path] = (file.fingerprint, self.clock())
            return False
        return self.clock() - before[1] >= STILL_SECONDS

    def _take(self, file: File) -> None:
        try:
            if is_list(file):
                self._list(file)
            elif is_recording(file):
                self._recording(file)
            if file_of(file.path).fingerprint == file.fingerprint:
                self._remember(file)
        except OSError as error:
            self._tell(file.fingerprint, "watched file cannot be read", file=_name(file), reason=error.strerror)

    def _recording(self, file: File) -> None:
        into = imports.place_listing(self.db, self.folder, TITLE, "watch")
        entry = imports.take_file(self.db, Blobs(self.settings), into, file.path)
        imports.done(self.db, into.listing_id)
        with self.db.session() as s:
            chosen = listings.choose(s, into.listing_id, Filter(source_ids=(entry.source_id,)), Options())
        if entry.problem:
            log.warning("watched file refused", file=_name(file), reason=str(cause(entry.problem)))
        else:
            log.info("watched file taken up", file=_name(file), new=bool(chosen))

    def _list(self, file: File) -> None:
        """Its videos are summarised, but for a whole watch history; channels and playlists in it are listed."""
        try:
            read = imports.read_lists(self.db, file.path, file.path.name, sandbox.quiet)
        except InputError as error:
            log.warning("watched file refused", file=_name(file), reason=str(error))
            return
        for imported in read.listings:
            if imported.kind not in ("history", "channels"):
                with self.db.session() as s:
                    listings.choose(s, imported.listing_id, EVERYTHING, Options())
        broker.announce_all(self.settings, imports.hints(imports.read_links(self.db, read.links)))

    def _remember(self, file: File) -> None:
        self._known.add(file.fingerprint)
        self._still.pop(file.path, None)
        with self._memory.open("a", encoding="ascii") as memory:
            memory.write(file.fingerprint + "\n")

    def _forget(self, present: dict[Path, File]) -> None:
        """What is gone. The file of fingerprints is written anew when most of it is."""
        for path in self._still.keys() - present.keys():
            del self._still[path]
        there = {file.fingerprint for file in present.values()}
        if present and len(self._known) > 1000 and len(self._known) > 2 * len(self._known & there):
            self._known &= there
            fresh = self._memory.with_suffix(".new")
            fresh.write_text("".join(f"{one}\n" for one in sorted(self._known)), "ascii")
            fresh.replace(self._memory)

    def _tell(self, key: str, event: str, **values: object) -> None:
        if key not in self._told:
            self._told.add(key)
            log.warning(event, **values)


def _name(file: File) -> str:
    """For the log: no byte of it is anything but a letter there."""
    return ascii(str(file.path))


def main() -> None:
    settings = load()
    logs.configure(settings.log_level)
    db = Database(database_url(settings), pool_size=1)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watcher = Watcher(db, settings)
    log.info("watching", folder=str(watcher.folder), every=POLL_SECONDS)
    while not stop.is_set():
        try:
            watcher.look()
        except ModelError as error:
            log.warning("watched files wait", reason=error.code)
        stop.wait(POLL_SECONDS)
    db.dispose()


if __name__ == "__main__":
    main()
