"""The pages alone, on a database of their own: nothing is summarised there."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import make_server

from pipeline.config import Settings
from pipeline.language.generator import open_embedder
from pipeline.store.database import Database
from tests.integration.store.fresh import clear, migrated_database
from tests.integration.web import talk
from tests.integration.web.conftest import make_app
from web.app import create_app


def settings(servers: Settings, home: Path, **others: object) -> Settings:
    url = migrated_database(servers, "pages")
    return Settings(home=home, database_url=url, broker_url=servers.embedded_broker_url, llm_url="http://127.0.0.1:9/v1", **others)


@contextmanager
def serving(made: Settings, *, searchable: bool = False) -> Iterator[str]:
    """The address. `searchable`: with embeddings, which search needs."""
    embedder = open_embedder(made, in_process=True) if searchable else None
    app = make_app(made, embedder=embedder) if embedder else create_app(made)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    if embedder:
        embedder.close()


def one_talk(made: Settings) -> None:
    """A library with one finished video and nothing else."""
    db = Database(made.database_url)
    clear(db)
    talk.add(db)
    db.dispose()
