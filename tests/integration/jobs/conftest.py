from collections.abc import Iterator

import pytest

from pipeline.config import Settings
from pipeline.store.database import Database
from tests.integration.store.fresh import clear, migrated_database


@pytest.fixture(scope="package", name="url")
def _url(servers: Settings) -> str:
    return migrated_database(servers, "jobs")


@pytest.fixture(scope="package", name="database")
def _database(url: str) -> Iterator[Database]:
    db = Database(url, pool_size=16)
    yield db
    db.dispose()


@pytest.fixture(name="db")
def _db(database: Database) -> Database:
    """A database without rows."""
    clear(database)
    return database
