"""An engine for translation whose work is done in the embedding process: the page shows translations, and loads no model."""

import re
from collections.abc import Sequence

from pipeline.config import Settings
from pipeline.language.connection import Connection
from pipeline.language.engines import Engine, Way, engines_of
from pipeline.language.remote import own_connection


class Elsewhere:
    """See `engines.Engine`. What it can do is seen from here, by the folders of models; it does it there."""

    def __init__(self, engine: Engine, connection: Connection) -> None:
        self._engine = engine
        self._connection = connection

    @property
    def way(self) -> Way:
        return self._engine.way

    @property
    def rough(self) -> bool:
        return self._engine.rough

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        return self._engine.pairs

    def label(self, source: str, target: str) -> str:
        return self._engine.label(source, target)

    def translate(self, texts: Sequence[str], source: str, target: str, *, kept: re.Pattern[str], again: bool = False) -> list[str]:  # noqa: ARG002
        """See `engines.Engine`; what is kept is the same everywhere (translated.KEPT), so it is not sent."""
        body = {"way": self.way, "source": source, "target": target, "texts": list(texts), "again": again}
        return [str(text) for text in self._connection.post("translations", body)["texts"]]


def engines_elsewhere(settings: Settings) -> tuple[Engine, ...]:
    """Best first, as `engines_of`."""
    connection = own_connection("The translating process", settings.embed_address, settings, settings.embed_socket)
    return tuple(Elsewhere(engine, connection) for engine in engines_of(settings))
