"""Looks after what nobody holds: gives chosen items of lists their jobs, frees stages whose lease ran out, tells workers again of everything that waits, removes files that belong to nothing.

`python -m workers.reaper`; several do no harm.
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from itertools import groupby, islice

import structlog

from pipeline import broker, logs, run, workplace
from pipeline.config import Settings, load
from pipeline.errors import ModelError
from pipeline.jobs import REAP_SECONDS, State
from pipeline.store import jobs, media, quota
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database, database_url

SWEEP_SECONDS = 3600.0
ORPHAN_SECONDS = 3600.0
"""A file is stored a moment before its row."""

log = structlog.get_logger(__name__)


def reap(db: Database, settings: Settings) -> int:
    """One round; how many stages were announced. A queue that has hints which no worker has taken is not told again.

    Raises:
        ModelError: `database_unavailable`.
    """
    run.feed(db)
    with db.session() as s:
        hints = jobs.reap(s)
    announced = 0
    for queue, group in groupby(hints, key=lambda hint: hint.queue):
        if broker.hints_waiting(settings, queue) == 0:
            again = tuple(group)
            broker.announce_all(settings, again)
            announced += len(again)
    return announced


def sweep(db: Database, settings: Settings) -> int:
    """Removes files of the media store without a row (their video was deleted while a worker stored them, or the worker was killed before it wrote the row),
    media beyond the quota, and work folders that nobody comes back to; how many. What is younger than a worker may need is left alone.

    Raises:
        ModelError: `database_unavailable`, `storage`.
    """
    blobs = Blobs(settings)
    removed = 0
    for keys in _batched(blobs.older_than(ORPHAN_SECONDS), 500):
        with db.session() as s:
            orphans = media.without_row(s, keys)
        for key in orphans:
            blobs.delete(key)
        removed += len(orphans)
    with db.session() as s:
        over = quota.shrink(s, settings.media_quota)
    for key in over:
        blobs.delete(key)
    return removed + len(over) + workplace.clear(settings) + _end_jobs(db, settings)


def _end_jobs(db: Database, settings: Settings) -> int:
    """Removes the folders of jobs that will not go on."""
    folders = workplace.job_folders(settings)
    with db.session() as s:
        states = jobs.states_of(s, set(folders.values()))
    return sum(workplace.end(folder) for folder, job in folders.items() if states.get(job) in (None, State.DONE, State.CANCELLED))


def _batched(keys: Iterator[str], size: int) -> Iterator[list[str]]:
    while batch := list(islice(keys, size)):
        yield batch


def _reap(db: Database, settings: Settings) -> None:
    if announced := reap(db, settings):
        log.info("stages announced again", number=announced)


def _try(what: str, step: Callable[[], None]) -> None:
    """It is tried again the next time, and nothing else waits for it."""
    try:
        step()
    except (ModelError, OSError) as error:
        log.warning(f"reaper cannot {what}", reason=error.code if isinstance(error, ModelError) else str(error))


def main() -> None:
    settings = load()
    logs.configure(settings.log_level)
    db = Database(database_url(settings), pool_size=1)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("reaper ready", every=REAP_SECONDS)
    keep(db, settings, stop)
    db.dispose()


def keep(db: Database, settings: Settings, stop: threading.Event) -> None:
    """Looks and sweeps until `stop`."""
    swept = -math.inf
    while not stop.is_set():
        if time.monotonic() - swept > SWEEP_SECONDS:
            swept = time.monotonic()  # whatever comes of it: a store that is away must not keep leases from being looked at
            _try("sweep", lambda: log.info("swept", removed=sweep(db, settings)))
        _try("look", lambda: _reap(db, settings))
        stop.wait(REAP_SECONDS)


if __name__ == "__main__":
    main()
