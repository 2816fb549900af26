"""The watched folder, with a clock of the test's own: files that are being written, that change, that cannot be read, and restarts."""

import os
import shutil
from pathlib import Path

import pytest
import structlog

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.store import listings, videos
from pipeline.store.database import Database
from pipeline.store.listings import Item
from tests.unit.source.test_importing import PLAYLIST
from workers.watch import MEMORY, STILL_SECONDS, TITLE, Watcher

MEDIA = Path(__file__).parents[2] / "standin" / "media"
SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello number {0}\n"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="settings")
def _settings(servers: Settings, url: str, tmp_path: Path) -> Settings:
    for name in ("home", "watched"):
        (tmp_path / name).mkdir()
    return servers.model_copy(
        update={"broker_url": servers.embedded_broker_url, "database_url": url, "home": tmp_path / "home", "watch": str(tmp_path / "watched")}
    )


@pytest.fixture(name="folder")
def _folder(settings: Settings) -> Path:
    return Path(settings.watch)


@pytest.fixture(name="watcher")
def _watcher(db: Database, settings: Settings, clock: Clock) -> Watcher:
    return Watcher(db, settings, clock)


def later(watcher: Watcher, clock: Clock, seconds: float = STILL_SECONDS) -> int:
    """A look now, and another after so many seconds; how many files the second took up."""
    assert watcher.look() == 0
    clock.now += seconds
    return watcher.look()


def items(db: Database) -> list[Item]:
    with db.session() as s:
        found = [one for one in listings.recent(s) if one.title == TITLE]
        return list(listings.items(s, found[0].id)) if found else []


def told(db: Database) -> list[tuple[str, str]]:
    return [(item.title, item.state) for item in items(db)]


def test_what_is_put_there_is_taken_up_once_it_is_still(db: Database, watcher: Watcher, clock: Clock, folder: Path) -> None:
    (folder / "deep").mkdir()
    shutil.copy(MEDIA / "bees.m4a", folder / "deep" / "bees.m4a")
    growing = folder / "talk.srt"
    growing.write_text(SRT.format(1))
    assert later(watcher, clock, STILL_SECONDS / 2) == 0
    with growing.open("a") as file:
        file.write("\n" + SRT.format(2))
    clock.now += STILL_SECONDS / 2
    assert watcher.look() == 1
    assert told(db) == [("bees", "waiting")]
    clock.now += STILL_SECONDS
    assert watcher.look() == 1

    assert told(db) == [("bees", "waiting"), ("talk", "waiting")]
    clock.now += 100
    assert watcher.look() == 0
    assert sorted(path.name for path in folder.rglob("*")) == ["bees.m4a", "deep", "talk.srt"]


def test_after_a_restart_nothing_is_taken_up_again_with_or_without_its_memory(db: Database, settings: Settings, watcher: Watcher, clock: Clock, folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.srt").write_text(SRT.format(number))
    assert later(watcher, clock) == 3
    before = items(db)
    assert later(Watcher(db, settings, clock), clock) == 0
    (settings.home / MEMORY).unlink()
    (folder / "0.srt").rename(folder / "renamed.srt")
    assert later(Watcher(db, settings, clock), clock) == 3

    assert items(db) == before
    with db.session() as s:
        assert videos.count_videos(s) == 3


def test_one_that_was_killed_in_between_goes_on(db: Database, settings: Settings, watcher: Watcher, clock: Clock, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listed, but neither chosen nor remembered."""
    (folder / "a.srt").write_text(SRT.format(1))

    def killed(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(listings, "choose", killed)
        with pytest.raises(KeyboardInterrupt):
            later(watcher, clock)
    assert told(db) == [("a", "new")]
    (settings.home / MEMORY).write_bytes(b"12 34 5\xff torn")

    assert later(Watcher(db, settings, clock), clock) == 1
    assert told(db) == [("a", "waiting")]


def test_a_file_that_cannot_be_used_is_said_once(db: Database, settings: Settings, watcher: Watcher, clock: Clock, folder: Path) -> None:
    (folder / "bro\x1b]0;ken\n.mp3").write_bytes(b"\x7fELF" + bytes(500))
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    with structlog.testing.capture_logs() as logs:
        later(watcher, clock)
        later(watcher, clock)
        later(Watcher(db, settings, clock), clock)

    refused = [line for line in logs if line["event"] == "watched file refused"]
    assert len(refused) == 2
    assert all(line["file"].isascii() and line["file"].isprintable() for line in refused)
    assert [(item.state, item.problem) for item in items(db)] == [("unavailable", "bad_media")]


def test_unfinished_hidden_and_outside_files_are_left_alone(db: Database, watcher: Watcher, clock: Clock, folder: Path) -> None:
    outside = folder.parent / "secret.srt"
    outside.write_text(SRT.format("secret"))
    (folder / "link.srt").symlink_to(outside)
    (folder / "dir").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe.mp3")
    for name in (".a.srt", "a.srt.part", "b.mp3.crdownload", "c.tmp"):
        (folder / name).write_text(SRT.format(name))
    later(watcher, clock)

    assert told(db) == []


def test_lists_are_read_and_their_videos_chosen(db: Database, watcher: Watcher, clock: Clock, folder: Path) -> None:
    (folder / "mine.csv").write_text(PLAYLIST)
    assert later(watcher, clock) == 1
    with db.session() as s:
        found = listings.recent(s)

        assert [(one.title, listings.counts(s, one.id)) for one in found] == [("mine", {"waiting": 2})]


def test_a_folder_that_is_away_is_said_once_and_waited_for(db: Database, watcher: Watcher, clock: Clock, folder: Path) -> None:
    folder.rmdir()
    with structlog.testing.capture_logs() as logs:
        assert [watcher.look() for _ in range(3)] == [0, 0, 0]
    folder.mkdir()
    (folder / "a.srt").write_text(SRT.format(1))

    assert len([line for line in logs if line["log_level"] == "warning"]) == 1
    assert later(watcher, clock) == 1


def test_without_the_database_files_wait(settings: Settings, clock: Clock, folder: Path, db: Database) -> None:
    (folder / "a.srt").write_text(SRT.format(1))
    away = Database("postgresql+psycopg://nobody@127.0.0.1:9/none", patience=0.0)
    watcher = Watcher(away, settings, clock)
    with pytest.raises(ModelError):
        later(watcher, clock)
    watcher.db = db
    away.dispose()

    assert watcher.look() == 1
    assert told(db) == [("a", "waiting")]
