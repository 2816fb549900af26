"""Connections to PostgreSQL: a small pool per process, deadlines on everything, one sentence when it is away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy

import structlog
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from pipeline.config import Settings
from pipeline.errors import cause
from pipeline.vectors import BUILTIN_INDEX, Index

__all__ = ["Database", "Session", "database_url"]

log = structlog.get_logger()

SERVER_OPTIONS = {
    # No statement of ours needs longer; migrations set their own.
    "statement_timeout": "30s",
    # Waiting longer for a row than this means that somebody hangs: better an error that is retried.
    "lock_timeout": "10s",
    # A client that is paused inside a transaction would hold its rows for ever.
    "idle_in_transaction_session_timeout": "60s",
    # Without it the server goes on with the statement of a client that was killed: an abandoned index build was seen to hold its locks for over six minutes.
    "client_connection_check_interval": "5s",
}


def database_url(settings: Settings) -> str:
    """SQLAlchemy's address of the database: the one set, or the embedded server's socket in the data folder."""
    if settings.database_url:
        scheme, _, rest = settings.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in ("postgresql", "postgres") else settings.database_url
    return settings.embedded_database_url


class Database:
    """One per process, as long as the process. `patience`: seconds to wait for a server that is away before a session is refused."""

    def __init__(self, url: str, *, patience: float = 2.0, pool_size: int = 5) -> None:
        self.patience = patience
        self.index = BUILTIN_INDEX
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5.0,
            pool_pre_ping=True,  # a connection that died with the server is replaced before it is used
            connect_args={
                "connect_timeout": 5,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "options": " ".join(f"-c {name}={value}" for name, value in SERVER_OPTIONS.items()),
                "application_name": "nutshell",
            },
        )

    def on(self, index: Index) -> "Database":
        """The same database, for who brings vectors of `index`: its sessions search those and no others."""
        bound = copy(self)
        bound.index = index
        return bound

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back on any exception. Never keep one open across model work or network.

        Raises:
            ModelError: `database_unavailable` (retryable) when the server is away, goes away meanwhile, or does not answer within its limits.
        """
        self._wait()
        try:
            with Session(self.engine, expire_on_commit=False, info={"index": self.index}) as session, session.begin():
                yield session
        except PoolTimeout as error:
            raise cause("database_unavailable") from error
        except DBAPIError as error:
            if isinstance(error, OperationalError) or error.connection_invalidated:
                raise cause("database_unavailable") from error
            raise

    def _wait(self) -> None:
        """Until a connection can be had. Costs one round trip that the pool would make anyway."""
        end = time.monotonic() + self.patience
        delay = 0.1
        while True:
            try:
                with self.engine.connect():
                    return
            except (OperationalError, PoolTimeout) as error:
                if time.monotonic() + delay > end:
                    raise cause("database_unavailable") from error
                log.info("database is away", again_in=delay)
                time.sleep(delay)
                delay = min(delay * 2, 2.0)

    def ping(self) -> None:
        """Raises: ModelError `database_unavailable`."""
        with self.session() as s:
            s.execute(text("SELECT 1"))

    def dispose(self) -> None:
        self.engine.dispose()
