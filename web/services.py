"""What a request may use: the database, the language services, the event hub. One object per process, opened lazily, found through `services()`."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import cast

from flask import current_app
from werkzeug.exceptions import NotFound

from pipeline import broker
from pipeline.config import Settings
from pipeline.errors import NutshellError
from pipeline.language.elsewhere import engines_elsewhere
from pipeline.language.engines import Engine
from pipeline.language.generator import Embedder, Generator, Priority, open_embedder, open_generator
from pipeline.library.indexed import Indexed, indexed
from pipeline.source.hosts import Hosts
from pipeline.store import videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database, database_url
from web.hub import Hub

EXTENSION = "nutshell"


@dataclass
class Services:
    """Lives as long as the process. Every model behind it lives in another process and is reached over HTTP."""

    settings: Settings
    hub: Hub = field(init=False)
    db: Database = field(init=False)
    blobs: Blobs = field(init=False)
    embedder: Embedder = field(init=False)
    generator: Generator = field(init=False)
    engines: tuple[Engine, ...] = field(init=False)
    """What translates beside the language model, as far as this host can see; the work is done in another process."""
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, thread_name_prefix="ready"))
    _waiting: dict[str, "Future[object]"] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Makes clients only; nothing is connected before it is used."""
        self.hub = Hub(lambda: broker.listen(self.settings))
        self.db = Database(database_url(self.settings))
        self.blobs = Blobs(self.settings)
        self.embedder = open_embedder(self.settings, in_process=False, priority=Priority.INTERACTIVE)
        self.generator = open_generator(self.settings, in_process=False)
        self.engines = engines_elsewhere(self.settings)

    def asked(self, name: str, test: Callable[[], object]) -> "Future[object]":
        """The answer of `test`, asked in the background. While an earlier one of this name is still waiting, that one: a dead server costs one thread, not one a look."""
        with self._lock:
            waiting = self._waiting.get(name)
            if waiting is None or waiting.done():
                waiting = self._waiting[name] = self._threads.submit(test)
            return waiting

    def languages(self) -> frozenset[str] | None:
        """What the language model's card lists; None while it does not say. Asked in the background: a page does not wait for a model."""
        try:
            return cast(frozenset[str], self.asked("languages", lambda: self.generator.languages).result(0.2))
        except (NutshellError, TimeoutError):
            return None

    def indexed(self) -> Indexed:
        """For one search or question. Raises ModelError."""
        return indexed(self.db, self.embedder)

    def warm(self) -> None:
        """Loads in the background what the first submission would wait for."""
        threading.Thread(target=lambda: broker.celery_app(broker.broker_url(self.settings)), name="warm", daemon=True).start()

    @property
    def hosts(self) -> Hosts:
        """Other hosts than YouTube's that recordings and feeds may come from."""
        return Hosts.of(self.settings.media_hosts)

    def require_video(self, video_id: str) -> None:
        """404 unless the library has this video; holds no session afterwards."""
        with self.db.session() as s:
            if videos.get_kind(s, video_id) is None:
                raise NotFound


def services() -> Services:
    return cast(Services, current_app.extensions[EXTENSION])
