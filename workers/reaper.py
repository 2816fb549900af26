"""Looks after what nobody holds: frees stages whose lease ran out and tells workers again of everything that waits. `python -m workers.reaper`; several do no harm."""

import signal
import threading
from itertools import groupby

import structlog

from pipeline import broker, logs
from pipeline.config import Settings, load
from pipeline.errors import ModelError
from pipeline.jobs import REAP_SECONDS
from pipeline.store import jobs
from pipeline.store.database import Database, database_url

log = structlog.get_logger(__name__)


def reap(db: Database, settings: Settings) -> int:
    """One round; how many stages were announced. A queue that has hints which no worker has taken is not told again.

    Raises:
        ModelError: `database_unavailable`.
    """
    with db.session() as s:
        hints = jobs.reap(s)
    announced = 0
    for queue, group in groupby(hints, key=lambda hint: hint.queue):
        if broker.hints_waiting(settings, queue) == 0:
            again = tuple(group)
            broker.announce_all(settings, again)
            announced += len(again)
    return announced


def main() -> None:
    settings = load()
    logs.configure(settings.log_level)
    db = Database(database_url(settings), pool_size=1)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("reaper ready", every=REAP_SECONDS)
    while not stop.is_set():
        try:
            if announced := reap(db, settings):
                log.info("stages announced again", number=announced)
        except ModelError as error:
            log.warning("reaper cannot look", reason=error.code)
        stop.wait(REAP_SECONDS)
    db.dispose()


if __name__ == "__main__":
    main()
