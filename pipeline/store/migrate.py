"""Bringing a database to the tables of this version. Alembic's configuration is built here, so that no ini file has to be found."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import ModelError

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """To `revision`. Two processes that start together do not meet: the second waits for an advisory lock and finds nothing to do.

    Raises:
        ModelError: `library_newer` when a newer Nutshell has been at work here; `migration_failed`, with everything as it was before the failed step.
    """
    try:
        command.upgrade(_config(url), revision)
    except CommandError as error:
        raise ModelError("library_newer", f"The library was made by a newer version of Nutshell ({error}). Use that version or a later one.") from error
    except SQLAlchemyError as error:
        cause = str(error).splitlines()[0]
        raise ModelError("migration_failed", f"The library could not be brought to the form of this version: {cause}. It is as it was; start again.") from error


def head() -> str:
    """The revision this version needs."""
    found: str | None = ScriptDirectory.from_config(_config("")).get_current_head()
    if found is None:
        raise RuntimeError("migrations/versions is empty")
    return found


def is_current(url: str) -> bool:
    """The database has exactly the tables this version needs."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found: str | None = MigrationContext.configure(connection).get_current_revision()
            return found == head()
    finally:
        engine.dispose()
