"""The migrations make exactly the tables that the code believes in, from any start."""

from concurrent.futures import ThreadPoolExecutor

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from pipeline.config import Settings
from pipeline.store import migrate
from pipeline.store.base import Base
from tests.integration.store.fresh import empty_database


def test_migrated_database_has_the_tables_of_the_code(servers: Settings) -> None:
    url = empty_database(servers, "migrations")

    assert not migrate.is_current(url)
    migrate.upgrade(url)

    assert migrate.is_current(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
        indexes = connection.execute(text("SELECT indexdef FROM pg_indexes WHERE tablename = 'chunks'")).scalars().all()
    engine.dispose()
    assert any("USING hnsw (vector halfvec_ip_ops) WITH (m='24', ef_construction='128')" in index for index in indexes)
    assert any("USING gin (words)" in index for index in indexes)


def test_down_and_up_again(servers: Settings) -> None:
    url = empty_database(servers, "migrations")
    migrate.upgrade(url)

    command.downgrade(migrate._config(url), "base")
    assert not migrate.is_current(url)
    migrate.upgrade(url)

    assert migrate.is_current(url)


def test_two_that_migrate_at_once_wait_for_each_other(servers: Settings) -> None:
    url = empty_database(servers, "migrations")

    with ThreadPoolExecutor(1) as other:  # alembic's context is global to a process, so the second is a lock held by hand
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(7230114)"))
            upgrading = other.submit(migrate.upgrade, url)
            waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            while not connection.execute(waiting).scalar_one():
                assert not upgrading.done()
            assert not migrate.is_current(url)
            connection.execute(text("SELECT pg_advisory_unlock(7230114)"))
        upgrading.result(30)
        engine.dispose()

    assert migrate.is_current(url)


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrate._config("")).get_heads()) == 1
