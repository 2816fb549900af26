"""A migrated database of one's own on the servers of the test run, for tests that look at all rows or claim whatever is there."""

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from pipeline.config import Settings
from pipeline.store import migrate
from pipeline.store.base import Base
from pipeline.store.database import Database, database_url


def empty_database(settings: Settings, name: str) -> str:
    """Makes the database `name`, in place of one of that name; its address."""
    url = make_url(database_url(settings))
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


def migrated_database(settings: Settings, name: str) -> str:
    url = empty_database(settings, name)
    migrate.upgrade(url)
    return url


def clear(db: Database) -> None:
    with db.session() as s:
        s.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)}"))
