"""The thread that keeps a worker honest, because Celery's time limits do nothing in a solo pool and a lost broker has left workers silent.

Every few seconds it signs in, and
 - extends the lease of the running stage during a long model call, but not of one that has made no progress for STALLED_SECONDS: then the call hangs, and the
   process is ended, so that the supervisor starts a fresh one and the stage is tried again;
 - ends the process when rows have been waiting for a minute though it has nothing to do: it no longer hears the broker;
 - ends the process when it breaks itself: nobody would do the above;
 - at a stop, hands the running stage back at once, and ends the process if the stage does not notice in time.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from pipeline.errors import ModelError, Stopped
from pipeline.jobs import Queue
from pipeline.store import jobs
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from pipeline.store.stages import STALLED_SECONDS

log = structlog.get_logger(__name__)

BEAT_SECONDS = 5.0
DEAF_SECONDS = 60.0
STOP_SECONDS = 5.0
"""From the hand-back to the end of the process; `up` kills a worker after 8."""
EXIT_STOPPED = 0
EXIT_STALLED = 70
EXIT_DEAF = 71
EXIT_UNFIT = 72
"""Its database went away while a worker began, or is not migrated; the supervisor starts another."""
EXIT_UNWATCHED = 73


class Watchdog:
    """`start` it once; wrap each stage in `watching`. A database that is away is logged and waited for; what nobody foresaw ends the process."""

    def __init__(self, db: Database, worker: str, queue: Queue, about: Callable[[], str] = str) -> None:
        """`about`: what the worker says of itself each time it signs in."""
        self.db = db
        self.worker = worker
        self.queue = queue
        self.about = about
        self._claim: Claim | None = None
        self._idle_since = time.monotonic()
        self._gone_since: float | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop_soon(self) -> None:
        """The worker was asked to stop. Safe in a signal handler: the main thread never waits for this event."""
        self._stopping = True
        self._wake.set()

    def end(self) -> None:
        """The worker stops by itself; nobody need end it."""
        self._ended = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    @contextmanager
    def watching(self, claim: Claim) -> Iterator[None]:
        self._gone_since = None
        self._claim = claim
        if self._stopping:
            self._wake.set()
        try:
            yield
        finally:
            self._claim = None
            self._idle_since = time.monotonic()

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait(BEAT_SECONDS)
            self._wake.clear()
            try:
                self._look()
            except ModelError as error:
                log.warning("watchdog cannot look", reason=error.code)
            except Exception:  # a worker that nobody watches may be silent for ever
                log.exception("watchdog broke, ending this process")
                os._exit(EXIT_UNWATCHED)
            if self._stopping:
                self._stop()

    def _look(self) -> None:
        claim = self._claim
        with self.db.session() as s:
            jobs.sign_in(s, self.worker, self.queue, self.about())
        if claim is not None and not self._stopping:
            self._look_at(claim)
        elif claim is None and time.monotonic() - self._idle_since > DEAF_SECONDS:
            self._listen()

    def _look_at(self, claim: Claim) -> None:
        try:
            with self.db.session() as s:
                stalled = jobs.heartbeat(s, claim)
        except Stopped:
            # The stage ends at its next report. If none comes, its call hangs although nobody waits for it any more.
            self._gone_since = self._gone_since or time.monotonic()
            stalled = time.monotonic() - self._gone_since
        if stalled > STALLED_SECONDS and self._claim is claim:
            log.error("stage hangs, ending this process", stage=claim.name, job=claim.job_id, video=claim.video_id, seconds=round(stalled))
            os._exit(EXIT_STALLED)

    def _listen(self) -> None:
        with self.db.session() as s:
            waited = jobs.waited(s, self.queue)
        if waited > DEAF_SECONDS and self._claim is None:
            log.error("stages wait and no hint comes, ending this process", queue=self.queue.value, seconds=round(waited))
            os._exit(EXIT_DEAF)

    def _stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        if (claim := self._claim) is not None:
            try:
                with self.db.session() as s:
                    jobs.release(s, claim)
            except ModelError as error:
                log.warning("stage not handed back, its lease will run out", reason=error.code)
        while self._claim is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        if self._claim is not None:
            os._exit(EXIT_STOPPED)
