"""Encrypted in the database, with a key outside of it; and writing back never loses what somebody else has stored meanwhile."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from pipeline.config import Settings, load
from pipeline.errors import InputError, ModelError
from pipeline.store import secrets
from pipeline.store.database import Database
from pipeline.store.secrets import Secret

VALUE = "open sesame"


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def put(db: Database, settings: Settings, value: str = VALUE) -> Secret:
    with db.session() as s:
        secrets.put(s, settings, "it", value, {"number": 1})
    return held(db, settings)[0]


def held(db: Database, settings: Settings) -> tuple[Secret, str]:
    with db.session() as s:
        found = secrets.take(s, settings, "it")
    assert found is not None
    return found


def swap(db: Database, settings: Settings, old: Secret, value: str) -> bool:
    with db.session() as s:
        return secrets.swap(s, settings, old, value, {})


def test_the_database_holds_no_word_of_it(db: Database, settings: Settings) -> None:
    put(db, settings)

    assert held(db, settings)[1] == VALUE
    with db.session() as s:
        row = s.execute(text("SELECT secrets::text, convert_from(value, 'UTF8') FROM secrets")).one()
    assert not any("sesame" in column for column in row)
    assert str(settings.secret_file.read_bytes()) not in str(row)


def test_the_key_file_is_for_this_user_only_and_made_once(settings: Settings, db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secrets._key_file(settings.secret_file, make=True), range(16)))

    assert len(keys) == 1
    assert stat.S_IMODE(settings.secret_file.stat().st_mode) == 0o600
    assert [path.name for path in settings.home.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("harm", ["gone", "open", "damaged", "other", "setting"])
def test_without_its_key_it_says_so(db: Database, settings: Settings, harm: str) -> None:
    put(db, settings)
    key = settings.secret_file
    if harm == "gone":
        key.unlink()
    elif harm == "open":
        key.chmod(0o644)
    elif harm == "damaged":
        key.write_text("x")
    elif harm == "other":
        key.write_text("0" * 64)
    else:
        settings = settings.model_copy(update={"secret_key": SecretStr("k" * 32)})
    with pytest.raises(ModelError) as caught:
        held(db, settings)

    assert caught.value.code == "secret_key"
    assert not key.exists() or "0" * 64 not in str(caught.value)
    assert harm != "gone" or not key.exists()  # a new key would open nothing


def test_a_key_of_the_settings_is_the_same_everywhere(db: Database, tmp_path: Path) -> None:
    here, there = (Settings(home=tmp_path / name, secret_key=SecretStr("k" * 40)) for name in ("here", "there"))
    put(db, here)

    assert held(db, there)[1] == VALUE
    assert not here.secret_file.exists()


def test_a_short_key_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "NUTSHELL_SECRET_KEY", "sesame")
    with pytest.raises(InputError, match=r"NUTSHELL_SECRET_KEY is set: .*at least 32 characters") as caught:
        load()
    assert "sesame" not in str(caught.value)


def test_of_two_that_write_back_the_first_counts(db: Database, settings: Settings) -> None:
    lent = put(db, settings)

    assert swap(db, settings, lent, "first")
    assert not swap(db, settings, lent, "second")
    assert held(db, settings)[1] == "first"
    assert held(db, settings)[0].added_at == lent.added_at


def test_what_was_replaced_meanwhile_is_not_overwritten(db: Database, settings: Settings) -> None:
    lent = put(db, settings)
    new = put(db, settings, "new")

    assert not swap(db, settings, lent, "old, changed")
    with db.session() as s:
        secrets.used(s, lent, "old result")
    assert held(db, settings)[1] == "new"
    assert held(db, settings)[0].result is None
    assert new.revision != lent.revision


def test_what_was_deleted_meanwhile_does_not_come_back(db: Database, settings: Settings) -> None:
    lent = put(db, settings)
    with db.session() as s:
        assert secrets.remove(s, "it")
        assert not secrets.remove(s, "it")

    assert not swap(db, settings, lent, "back")
    put(db, settings, "again")
    assert not swap(db, settings, lent, "back")  # though it has the same name
    assert held(db, settings)[1] == "again"
