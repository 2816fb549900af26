"""What a request may use: the database, the language services, the event hub. One object per process, opened lazily, found through `services()`."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from flask import current_app
from werkzeug.exceptions import NotFound

from pipeline import broker
from pipeline.config import Settings
from pipeline.language.generator import Embedder, Generator, open_embedder, open_generator
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

    def __post_init__(self) -> None:
        self.hub = Hub(lambda: broker.listen(self.settings))

    @cached_property
    def db(self) -> Database:
        return Database(database_url(self.settings))

    @cached_property
    def blobs(self) -> Blobs:
        return Blobs(self.settings)

    @cached_property
    def embedder(self) -> Embedder:
        return open_embedder(self.settings, in_process=False)

    @cached_property
    def generator(self) -> Generator:
        return open_generator(self.settings, in_process=False)

    def require_video(self, video_id: str) -> None:
        """404 unless the library has this video; holds no session afterwards."""
        with self.db.session() as s:
            if videos.get_kind(s, video_id) is None:
                raise NotFound


def services() -> Services:
    return cast(Services, current_app.extensions[EXTENSION])
