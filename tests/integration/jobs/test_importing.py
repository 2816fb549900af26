"""`nutshell import` into the real database, with files as people have them and the playlists of the loopback YouTube."""

import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import imports, run
from pipeline.config import Settings
from pipeline.errors import InputError, SourceError
from pipeline.jobs import Queue
from pipeline.source import sandbox
from pipeline.source.hosts import NONE
from pipeline.store import jobs, listings, media, subscriptions, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.types import Length, Options
from tests.integration.jobs.helpers import finish
from tests.standin import StandIn
from tests.unit.source.test_importing import CHANNEL, PLAYLIST, SUBSCRIPTIONS, archive, watched
from workers import importing
from workers.importing import Importer, Outcome, Wish

MEDIA = Path(__file__).parents[2] / "standin" / "media"
SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello number {0}\n"
PLAIN = Wish()
SUBSCRIBE = Wish(Options(language="es"), subscribe=True)
SPANISH = Wish(Options(language="es", length=Length.SHORT))


@pytest.fixture(name="settings")
def _settings(servers: Settings, standin: StandIn, url: str, tmp_path: Path) -> Settings:
    standin.reset()
    more = {"proxy": standin.proxy, "extra_ca": str(standin.ca_file), "videos_per_hour": 0.0, "home": tmp_path / "home"}
    return servers.model_copy(update=more | {"broker_url": servers.embedded_broker_url, "database_url": url})


Import = Callable[..., Outcome]


@pytest.fixture(name="bring")
def _bring(db: Database, settings: Settings) -> Import:
    def bring(what: object, wish: Wish = PLAIN) -> Outcome:
        return Importer(db, settings, wish, sandbox.quiet).run(str(what))

    return bring


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Two recordings, two transcripts (one of them twice), and what is none of them."""
    folder = tmp_path / "My talks"
    (folder / "deep" / "deeper").mkdir(parents=True)
    shutil.copy(MEDIA / "bees.m4a", folder / "bees.m4a")
    shutil.copy(MEDIA / "tea.webm", folder / "deep" / "tea.webm")
    (folder / "one.srt").write_text(SRT.format(1))
    (folder / "deep" / "deeper" / "again.srt").write_text(SRT.format(1))
    (folder / "tw\x1bo\n\udcff.srt").write_text(SRT.format(2))
    (folder / "broken.mp3").write_bytes(b"\x7fELF" + bytes(500))
    for name in (".hidden.srt", "half.mp3.part", "cover.jpg", "deep/.git"):
        (folder / name).write_text(SRT.format(name))
    os.mkfifo(folder / "pipe.mp3")
    secret = tmp_path / "secret.srt"
    secret.write_text(SRT.format("secret"))
    (folder / "out.srt").symlink_to(secret)
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.srt").symlink_to(folder / "gone.srt")
    return folder


def counts(db: Database, outcome: Outcome) -> list[tuple[str, dict[str, int]]]:
    with db.session() as s:
        return [(one.title, listings.counts(s, one.listing_id)) for one in outcome.lists]


def titles(db: Database, listing_id: int, state: str = "") -> list[str]:
    with db.session() as s:
        return [item.title for item in listings.items(s, listing_id, listings.Filter(state=state), limit=500)]


def test_a_folder_becomes_a_list_of_what_can_be_heard_or_read_in_it(db: Database, settings: Settings, bring: Import, folder: Path) -> None:
    outcome = bring(folder, SPANISH)

    assert counts(db, outcome) == [("My talks", {"waiting": 4, "unavailable": 1})]
    assert [Path(one.name).name for one in outcome.refused] == ["broken.mp3"]
    with db.session() as s:
        found = listings.get(s, outcome.lists[0].listing_id)
        items = listings.items(s, outcome.lists[0].listing_id)
        kept = [media.list_media(s, item.video_id)[0] for item in items if not item.problem]
    assert found is not None
    assert (found.kind, found.complete, found.options) == ("import", True, SPANISH.options)
    assert sorted((item.title, item.kind, item.problem) for item in items) == [
        ("bees", "media", ""), ("broken", "media", "bad_media"), ("one", "transcript", ""), ("tea", "media", ""), ("two", "transcript", ""),
    ]  # fmt: skip
    assert all(Blobs(settings).exists(file.key) for file in kept)
    assert {file.content_type.partition("/")[0] for file in kept} == {"text", "audio", "video"}
    assert (folder / "bees.m4a").stat().st_size == (MEDIA / "bees.m4a").stat().st_size


def test_a_second_time_adds_what_is_new_and_nothing_else(db: Database, settings: Settings, bring: Import, folder: Path) -> None:
    first = bring(folder)
    before = sorted(path.name for path in settings.media_dir.rglob("*"))
    again = bring(folder)
    (folder / "bees.m4a").rename(folder / "deep" / "renamed.m4a")
    (folder / "three.srt").write_text(SRT.format(3))
    third = bring(folder)

    assert [(one.found, one.added, one.chosen) for one in first.lists + again.lists + third.lists] == [(6, 5, 4), (6, 0, 0), (7, 1, 1)]
    assert {one.listing_id for one in first.lists + again.lists + third.lists} == {first.lists[0].listing_id}
    assert len(sorted(path.name for path in settings.media_dir.rglob("*"))) == len(before) + 1
    with db.session() as s:
        assert videos.count_videos(s) == 5


def test_only_some_files_of_a_folder(db: Database, bring: Import, tmp_path: Path) -> None:
    for number in range(5):
        path = tmp_path / f"{number}.srt"
        path.write_text(SRT.format(number))
        os.utime(path, (1_600_000_000 + number * 86400 * 30,) * 2)
    outcome = bring(tmp_path, Wish(newest=3, after="2020-12-01"))

    assert titles(db, outcome.lists[0].listing_id) == ["4", "3"]


def test_a_file_a_worker_can_read_it(db: Database, settings: Settings, bring: Import, folder: Path) -> None:
    outcome = bring(folder / "one.srt")
    with db.session() as s:
        claim = jobs.claim_next(s, Queue.BULK, "w")
    assert claim is not None
    run.run_stage(claim, db, settings, models=None)  # type: ignore[arg-type]
    finish(db, claim)

    with db.session() as s:
        item = listings.items(s, outcome.lists[0].listing_id)[0]
        video = videos.get_video(s, item.video_id)
    assert video is not None
    assert (outcome.lists[0].title, item.title, item.state, video.title, video.duration) == ("one", "one", "running", "one", 2.0)


def test_takeout_s_archive(db: Database, bring: Import, tmp_path: Path) -> None:
    history = json.dumps([watched(number) for number in range(1200)])
    path = archive(tmp_path / "takeout.zip", {"T/V/Wiedergabeverlauf.json": history, "T/P/Später.csv": PLAYLIST, "T/A/Abos.csv": SUBSCRIPTIONS})
    outcome = bring(path)

    assert counts(db, outcome) == [("Watch history", {"new": 1200}), ("Später", {"waiting": 2}), ("Subscriptions", {"list": 1})]
    assert [(channel.source.url, channel.title) for channel in outcome.channels] == [(f"https://www.youtube.com/channel/{CHANNEL}/videos", "Some, body")]
    with db.session() as s:
        assert len(listings.recent(s)) == 3


@pytest.mark.parametrize(("wish", "number"), [(Wish(newest=7), 7), (Wish(everything=True), 1200), (Wish(after="2026-09-01"), 133), (Wish(after="2026-09-01", newest=5), 5)])
def test_of_a_watch_history_as_much_as_is_wished(db: Database, bring: Import, tmp_path: Path, wish: Wish, number: int) -> None:
    path = tmp_path / "h.json"
    path.write_text(json.dumps([watched(number) for number in range(1200)]))
    outcome = bring(path, wish)

    assert outcome.lists[0].chosen == number
    assert (bring(path, wish).lists[0].added, bring(path).lists[0].listing_id) == (0, outcome.lists[0].listing_id)


def test_an_unpacked_export_and_a_folder_with_both(db: Database, bring: Import, tmp_path: Path) -> None:
    (tmp_path / "Takeout" / "sub").mkdir(parents=True)
    (tmp_path / "Takeout" / "watch-history.json").write_text(json.dumps([watched(1)]))
    (tmp_path / "Takeout" / "sub" / "mine.csv").write_text(PLAYLIST)
    (tmp_path / "Takeout" / "talk.srt").write_text(SRT.format(1))
    (tmp_path / "Takeout" / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    outcome = bring(tmp_path / "Takeout")

    assert [(one.title, one.found, one.chosen) for one in outcome.lists] == [("Takeout", 1, 1), ("Watch history", 1, 0), ("mine", 2, 2)]
    assert [Path(one.name).name for one in outcome.refused] == ["broken.zip"]


def test_subscriptions_are_listed_and_followed_when_that_is_wished(db: Database, bring: Import, tmp_path: Path) -> None:
    path = tmp_path / "subscriptions.csv"
    path.write_text(SUBSCRIPTIONS)
    outcome = bring(path)
    assert counts(db, outcome) == [("Subscriptions", {"list": 1})]
    with db.session() as s:
        assert subscriptions.followed(s) == ()
    again = bring(path, SUBSCRIBE)

    assert [one.listing_id for one in again.lists] == [one.listing_id for one in outcome.lists]
    with db.session() as s:
        found = subscriptions.followed(s)
        assert jobs.claim_next(s, Queue.BULK, "w") is None, "of many each is looked at in its time"
    assert [(listing.url, subscription.options.language) for listing, subscription in found] == [(f"https://www.youtube.com/channel/{CHANNEL}/videos", "es")]


def work(db: Database, settings: Settings, stop: threading.Event) -> None:
    """A worker of the queue that reads lists."""
    while not stop.wait(0.05):
        with db.session() as s:
            claim = jobs.claim_next(s, Queue.BULK, "w")
        if claim is None:
            continue
        try:
            run.run_stage(claim, db, settings, models=None)  # type: ignore[arg-type]
        except SourceError as error:
            with db.session() as s:
                jobs.fail(s, claim, error)
        else:
            finish(db, claim)


@pytest.fixture(name="worker")
def _worker(db: Database, settings: Settings) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(db, settings, stop))
    thread.start()
    yield
    stop.set()
    thread.join()


def test_links_of_a_text_videos_and_playlists(db: Database, bring: Import, tmp_path: Path, worker: None) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("# to see\nhttps://youtu.be/talkMedium1\nhttps://www.youtube.com/playlist?list=PLstandin0001 and youtu.be/talkShort01\n")
    outcome = bring(path, Wish(newest=2))

    assert [(one.title == "mine", one.chosen) for one in outcome.lists] == [(True, 2), (False, 2)]
    states = [set(states) - {"running"} for _, states in counts(db, outcome)]  # the worker may have begun with one
    assert states == [{"waiting"}, {"waiting", "new"}]


def test_a_playlist_that_cannot_be_read_says_why(db: Database, bring: Import, worker: None) -> None:
    with pytest.raises(SourceError, match="private, deleted or empty") as caught:
        bring("https://www.youtube.com/playlist?list=PLstandinGone")
    assert caught.value.code == "playlist_unavailable"


@pytest.mark.parametrize("what", ["", "nonsense", "/no/such/folder", "https://vimeo.com/1", "x" * 5000, "a\x00b"])
def test_what_is_nothing_to_import(bring: Import, what: str) -> None:
    with pytest.raises(InputError) as caught:
        bring(what)
    assert caught.value.code in ("bad_link", "nothing_to_import")


def test_a_preview_says_all_and_changes_nothing(db: Database, folder: Path, tmp_path: Path) -> None:
    (folder / "h.json").write_text(json.dumps([watched(number) for number in range(9)]))
    (folder / "s.csv").write_text(SUBSCRIPTIONS)
    lines: list[str] = []
    importing.preview(str(folder), Wish(newest=2), NONE, lines.append)

    assert [line.split("\t")[0] for line in lines] == ["file", "file", "video", "video", "channel"]
    with db.session() as s:
        assert (listings.recent(s), videos.count_videos(s)) == ((), 0)


def test_who_waits_is_told_how_each_item_ended(db: Database, settings: Settings, bring: Import, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.srt").write_text(SRT.format(number))
    (tmp_path / "bad.mp3").write_bytes(b"\x7fELF")
    outcome = bring(tmp_path)
    with db.session() as s:
        items = listings.items(s, outcome.lists[0].listing_id)
    for number in range(sum(item.job_id is not None for item in items)):
        with db.session() as s:
            claim = jobs.claim_next(s, Queue.BULK, "w")
            assert claim is not None
            if number == 0:
                jobs.fail(s, claim, InputError("bad_transcript", "No."))
            else:
                for stage in ("speech", "gist", "index", "summary", "translate"):
                    jobs.skip(s, claim, stage)
                jobs.finish(s, claim)
    said: list[str] = []

    assert importing.wait(db, outcome.lists, lambda item: said.append(f"{item.title} {item.state}")) == {"unavailable": 1, "failed": 1, "done": 2}
    assert sorted(said) == ["0 failed", "1 done", "2 done", "bad unavailable"]


def test_ten_thousand_videos_keep_their_order(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "h.json"
    path.write_text(json.dumps([watched(number) for number in range(10_000)]))
    read = imports.read_lists(db, path, path.name, sandbox.quiet)

    with db.session() as s:
        assert listings.counts(s, read.listings[0].listing_id) == {"new": 10_000}
        first = listings.items(s, read.listings[0].listing_id, limit=2)
        last = listings.items(s, read.listings[0].listing_id, offset=9_999)
    assert [item.video_id for item in (*first, *last)] == ["v0000000000", "v0000000001", "v0000009999"]


def test_a_zip_in_a_folder_is_not_taken_for_a_recording(bring: Import, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as file:
        file.writestr("a.jpg", "x")
    assert [one.reason for one in bring(tmp_path).refused] == ["No links to videos, playlists or channels can be read in this."]
