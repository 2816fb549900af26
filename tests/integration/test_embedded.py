"""The two servers: made once, found again, closed to others, with the limits that protect the library."""

import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipeline.config import SOCKET_FOLDER_LIMIT, Settings
from pipeline.errors import ModelError
from workers.embedded import EmbeddedServers
from workers.servers import migrate, prepare_database, shared_buffers


def _ask(settings: Settings, statement: str) -> tuple[object, ...]:
    with psycopg.connect(f"host={settings.postgres_socket_dir} user=postgres dbname=postgres", autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]
        return (cursor.fetchone() or ()) if cursor.description else ()


@pytest.mark.parametrize(
    ("name", "value"),
    [("client_connection_check_interval", "5s"), ("idle_in_transaction_session_timeout", "1min"), ("listen_addresses", ""), ("data_checksums", "on")],
)
def test_database_runs_with_the_limits_that_protect_it(bare_servers: EmbeddedServers, name: str, value: str) -> None:
    assert _ask(bare_servers.settings, f"SHOW {name}") == (value,)


@pytest.mark.parametrize(("memory", "size"), [(2**29, "128MB"), (8 * 2**30, "1024MB"), (2**37, "2048MB")])
def test_its_cache_is_an_eighth_of_the_memory_within_bounds(memory: int, size: str) -> None:
    assert shared_buffers(memory) == size


def test_full_text_folds_case_and_umlauts_without_a_system_locale(bare_servers: EmbeddedServers) -> None:
    found = _ask(bare_servers.settings, "SELECT to_tsvector('german', 'Die «HÄUSER»') @@ to_tsquery('german', 'Haus'), lower('ŽÄ')")

    assert found == (True, "žä")


def test_sockets_are_closed_to_other_users(bare_servers: EmbeddedServers) -> None:
    sockets = (bare_servers.settings.valkey_socket, bare_servers.settings.postgres_socket_dir / ".s.PGSQL.5432")

    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in sockets] == [0, 0]


@pytest.fixture(name="deep")
def _deep() -> Iterator[Settings]:
    """A data folder with a path too long for sockets. Not under pytest's own folder: other runs of pytest close that again to the database's user."""
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
        settings = Settings(home=Path(folder) / ("deep" * 25))
        yield settings
        shutil.rmtree(settings.socket_dir, ignore_errors=True)


def test_data_outlive_a_stop_and_a_crash_and_a_half_made_folder_is_repaired(deep: Settings) -> None:
    half = deep.home / ".postgres-new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    with EmbeddedServers(deep) as servers:
        _ask(deep, "CREATE TABLE kept (n int)")
        _ask(deep, "INSERT INTO kept VALUES (41)")
        servers.stop_one("postgres", signal.SIGKILL)
        servers.start_postgres()

        assert _ask(deep, "SELECT n FROM kept") == (41,)
        assert not half.exists()
        assert len(os.fsencode(deep.socket_dir)) <= SOCKET_FOLDER_LIMIT < len(os.fsencode(deep.run_dir))
    assert prepare_database(deep) is False


def test_a_library_of_another_postgresql_is_refused_by_name(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.postgres_dir.mkdir()
    (settings.postgres_dir / "PG_VERSION").write_text("17\n")

    with pytest.raises(ModelError, match="made by PostgreSQL 17") as caught:
        prepare_database(settings)
    assert caught.value.code == "database_version"


def test_a_foreign_folder_is_never_overwritten(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.postgres_dir.mkdir()
    (settings.postgres_dir / "letter.txt").write_text("mine")

    with pytest.raises(ModelError, match="not a library"):
        prepare_database(settings)
    assert (settings.postgres_dir / "letter.txt").read_text() == "mine"


def test_a_library_of_a_newer_version_is_refused_and_left_alone(bare_servers: EmbeddedServers) -> None:
    settings = bare_servers.settings
    with psycopg.connect(f"host={settings.postgres_socket_dir} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE newer")
    other = Settings(home=settings.home, database_url=settings.embedded_database_url.replace("/postgres?", "/newer?"))
    migrate(other)
    with psycopg.connect(f"host={settings.postgres_socket_dir} user=postgres dbname=newer", autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_tomorrow'")

        with pytest.raises(ModelError, match="newer version of Nutshell") as caught:
            migrate(other)

        assert caught.value.code == "library_newer"
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("from_tomorrow",)
