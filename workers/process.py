"""What one worker process has for as long as it lives: its name and queue, the database, its models, its watchdog."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline import broker, workplace
from pipeline.config import Settings
from pipeline.jobs import Queue
from pipeline.store import jobs
from pipeline.store.database import Database, database_url
from workers.watchdog import Watchdog

if TYPE_CHECKING:
    from pipeline.steps import Models

PATIENCE = 60.0
"""Seconds that a worker waits for a database that restarts, before it gives the stage up."""


@dataclass
class Process:
    """One per process, made before the first task."""

    settings: Settings
    name: str
    """`queue@host`; two living workers must not share one."""
    queue: Queue

    @cached_property
    def db(self) -> Database:
        return Database(database_url(self.settings), patience=PATIENCE, pool_size=3)

    @cached_property
    def models(self) -> "Models":
        from pipeline.language.generator import Priority
        from pipeline.steps import Models

        return Models(self.settings, priority=Priority.INTERACTIVE if self.queue is Queue.GIST else Priority.BATCH)

    @cached_property
    def watchdog(self) -> Watchdog:
        return Watchdog(self.db, self.name, self.queue, self.about)

    def about(self) -> str:
        """The yt-dlp that the next video is fetched with; for who asks YouTube."""
        if self.queue not in (Queue.FETCH, Queue.BULK):
            return ""
        from pipeline.source import ytdlp

        found = ytdlp.in_use(self.settings)
        return found.version if found else ""

    def begin(self) -> None:
        """Frees what the worker of this name held before: it is dead, or we would not be starting. Then starts the watchdog and what the first video needs."""
        import pipeline.stages  # noqa: F401  # half a second that the first video need not wait for

        workplace.clear(self.settings)  # what the one before left, cookies perhaps
        with self.db.session() as s:
            lost = jobs.release_lost(s, self.name)
            jobs.sign_in(s, self.name, self.queue, self.about())
        broker.announce_all(self.settings, lost)
        self.watchdog.start()
        if self.queue is Queue.FETCH:
            from pipeline.source import youtube

            youtube.keep_ready(self.settings)

    def end(self) -> None:
        self.watchdog.end()
        self.db.dispose()
