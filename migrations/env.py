"""Alembic's entry; see pipeline/store/migrate.py, which is how it is called."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from pipeline.store import tables  # noqa: F401  # fills the metadata
from pipeline.store.base import Base

LOCK = 7_230_114
"""An arbitrary number that every Nutshell uses: one migration at a time."""

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool, connect_args={"connect_timeout": 10})
with engine.connect() as connection:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    # A migration that waits for a table would make everybody else wait behind it; and a killed one must not go on by itself.
    connection.execute(text("SET lock_timeout = '10s'; SET client_connection_check_interval = '5s'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
