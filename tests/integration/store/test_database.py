"""What a process meets when the database is away, comes back, or refuses."""

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.store import migrate, videos
from pipeline.store.database import Database, database_url
from workers.embedded import EmbeddedServers


@pytest.fixture(scope="module", name="own")
def _own() -> Iterator[EmbeddedServers]:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home, EmbeddedServers(Settings(home=Path(home))) as servers:
        migrate.upgrade(database_url(servers.settings))
        yield servers


def test_session_commits_at_its_end_and_rolls_back_on_any_error(db: Database) -> None:
    with db.session() as s:
        videos.ensure_video(s, "youtube:bbbbbbbbbbb", "", "youtube")
    with pytest.raises(RuntimeError), db.session() as s:
        videos.ensure_video(s, "youtube:ccccccccccc", "", "youtube")
        raise RuntimeError

    with db.session() as s:
        assert [card.id for card in videos.list_videos(s)] == ["bbbbbbbbbbb"]


def test_a_broken_rule_is_not_taken_for_a_missing_server(db: Database) -> None:
    with pytest.raises(IntegrityError), db.session() as s:
        s.execute(text("INSERT INTO sentences VALUES (1, 0, 0, 1, 'orphan', NULL)"))


def test_limits_are_set_in_every_session(db: Database) -> None:
    with db.session() as s:
        limits = [
            s.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]

    assert limits == ["30s", "10s", "1min"]


def test_a_server_that_is_away_is_one_sentence_that_may_be_tried_again(tmp_path: Path) -> None:
    db = Database(database_url(Settings(home=tmp_path)), patience=0.3)

    with pytest.raises(ModelError, match="database cannot be reached") as caught:
        db.ping()

    assert (caught.value.code, caught.value.retryable) == ("database_unavailable", True)


def test_a_statement_over_its_limit_may_be_tried_again(db: Database) -> None:
    with pytest.raises(ModelError) as caught, db.session() as s:
        s.execute(text("SET LOCAL statement_timeout = '20ms'"))
        s.execute(text("SELECT pg_sleep(5)"))

    assert caught.value.code == "database_unavailable"


def _start_again(own: EmbeddedServers) -> None:
    """As the supervisor does: children of the server that was killed may hold its memory for a moment, and then the new one gives up."""
    for _ in range(20):
        try:
            own.start_postgres()
        except ModelError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("PostgreSQL does not start again")


def test_a_crash_in_the_middle_loses_the_transaction_and_nothing_else(own: EmbeddedServers) -> None:
    db = Database(database_url(own.settings), patience=20.0)
    with db.session() as s:
        videos.ensure_video(s, "youtube:kept_______", "", "youtube")

    with pytest.raises(ModelError, match="database cannot be reached"), db.session() as s:
        videos.ensure_video(s, "youtube:lost_______", "", "youtube")
        s.flush()
        own.stop_one("postgres", SIGKILL)

    restart = threading.Timer(0.5, _start_again, [own])
    restart.start()
    with db.session() as s:  # waits until it is back
        assert [card.id for card in videos.list_videos(s)] == ["kept_______"]
    restart.join()
    db.dispose()


def test_connections_that_died_with_the_server_are_replaced(own: EmbeddedServers) -> None:
    db = Database(database_url(own.settings), patience=0.0)
    db.ping()
    own.stop_one("postgres", SIGKILL)
    _start_again(own)

    db.ping()
    db.dispose()
