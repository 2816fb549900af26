"""The stage `download` with the real yt-dlp, PostgreSQL and Valkey: forms in the store, resumed after a kill, room made, places kept, cancelled without a trace."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import av
import psutil
import pytest
import redis
from sqlalchemy import func, update

from pipeline import downloads, manners, recordings, run
from pipeline.config import PREFIX, Settings
from pipeline.downloads import Clip, Form
from pipeline.errors import Cancelled, InputError, ModelError, NutshellError, Postponed
from pipeline.jobs import Queue, State
from pipeline.run import Submitted
from pipeline.source.links import parse_link, parse_source
from pipeline.store import jobs, media, quota, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.media import Media
from pipeline.store.quota import Room
from pipeline.store.tables import MediaRow
from pipeline.types import Options, Progress
from tests.integration.jobs.fleet import ROOT, eventually
from tests.integration.jobs.helpers import be_due, claim, expire, finish, job, paste
from tests.standin import Response, StandIn

BEES = "stVideo0001"
AUDIO, VIDEO = 251, 136


@pytest.fixture(name="settings")
def _settings(servers: Settings, standin: StandIn, tmp_path: Path) -> Iterator[Settings]:
    """A data folder of one's own on the servers of the run: the media store and the work folders are empty."""
    client = redis.Redis(unix_socket_path=str(servers.valkey_socket))
    address = f"redis+socket://{servers.valkey_socket}"
    yield Settings(home=tmp_path / "home", broker_url=address, proxy=standin.proxy, extra_ca=str(standin.ca_file))
    for key in client.scan_iter(f"{manners.PREFIX}*"):
        client.delete(key)


@pytest.fixture(name="served")
def _served(standin: StandIn) -> dict[int, bytes]:
    return {number: path.read_bytes() for number, path in standin.app.videos[BEES].media.items()}


def add(db: Database, video_id: str = BEES) -> None:
    with db.session() as s:
        source = parse_link(video_id)
        videos.ensure_video(s, source.source_id, source.url, "youtube", "How Bees Talk")


def order(db: Database, form: Form, video_id: str = BEES) -> Submitted:
    return run.submit_download(db, video_id, form, 1080)


def work(db: Database, settings: Settings) -> None:
    """The next stage of the queue, as a worker does it."""
    be_due(db)
    with db.session() as s:
        held = jobs.claim_next(s, Queue.BULK, "a worker")
    assert held is not None
    try:
        run.run_stage(held, db, settings, models=None)  # type: ignore[arg-type]
    except Postponed as error:
        with db.session() as s:
            jobs.postpone(s, held, error)
        raise
    except NutshellError as error:
        if not isinstance(error, Cancelled):
            with db.session() as s:
                jobs.fail(s, held, error)
        raise
    finish(db, held)


def stored(db: Database, kind: str, video_id: str = BEES) -> Media:
    with db.session() as s:
        found = media.get_media(s, video_id, kind)
    assert found is not None
    return found


def kinds(db: Database, video_id: str = BEES) -> list[str]:
    with db.session() as s:
        return sorted(file.kind for file in media.list_media(s, video_id))


def files(settings: Settings) -> list[str]:
    """Everything in the media store and the work folders but the lock of the latter."""
    return sorted(str(path.relative_to(settings.home)) for path in settings.home.rglob("*") if path.is_file() and path.name != ".lock")


def left_folders(settings: Settings) -> list[str]:
    return [folder.name for folder in (settings.home / "work").iterdir() if folder.is_dir()]


def seconds(settings: Settings, found: Media) -> float:
    with Blobs(settings).local(found.key) as path, av.open(str(path)) as container:
        return float(container.duration or 0) / av.time_base


def age(db: Database, **hours: float) -> None:
    """By kind: when it was last used."""
    with db.session() as s:
        for kind, since in hours.items():
            when = func.clock_timestamp() - timedelta(hours=since)
            s.execute(update(MediaRow).where(MediaRow.kind == kind.replace("_", "-")).values(used_at=when))


# ---------------------------------------------------------------- forms


def test_a_form_is_made_of_what_is_kept_and_youtube_is_asked_once(
    db: Database, settings: Settings, standin: StandIn, served: dict[int, bytes]
) -> None:
    add(db)
    order(db, Form("audio", "mp3"))
    work(db, settings)
    order(db, Form("audio", "m4a", clip=Clip(4.0, 9.0)))
    work(db, settings)

    assert kinds(db) == ["audio", "audio-m4a-4000-9000", "audio-mp3"]
    assert len(standin.lines("videoplayback")) == len(standin.lines(r"/watch\?")) == 1
    with Blobs(settings).local(stored(db, "audio").key) as path:
        assert path.read_bytes() == served[AUDIO]
    clip = stored(db, "audio-m4a-4000-9000")
    assert (clip.name, clip.content_type) == ("How Bees Talk (0.04–0.09) [stVideo0001].m4a", "audio/mp4")
    assert seconds(settings, clip) == pytest.approx(5.0, abs=0.1)
    assert order(db, Form("audio", "mp3")).job_id is None
    assert left_folders(settings) == []


def test_a_clip_of_a_file_of_ones_own(db: Database, settings: Settings, standin: StandIn) -> None:
    source = parse_source(str(standin.app.videos[BEES].media[AUDIO]))
    video_id = run.store_upload(db, Blobs(settings), source, "Bees")
    order(db, Form("audio", "mp3", clip=Clip(1.0, 3.0)), video_id)
    work(db, settings)

    assert kinds(db, video_id) == ["audio-mp3-1000-3000", "upload"]
    assert seconds(settings, stored(db, "audio-mp3-1000-3000", video_id)) == pytest.approx(2.0, abs=0.1)
    with pytest.raises(InputError):
        order(db, Form("audio"), video_id)


# ---------------------------------------------------------------- interrupted


def start_worker(settings: Settings, url: str) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    chosen = {"HOME": settings.home, "BROKER_URL": settings.broker_url, "PROXY": settings.proxy, "EXTRA_CA": settings.extra_ca}
    environment |= {PREFIX + name: str(value) for name, value in chosen.items()}
    return subprocess.Popen([sys.executable, "-m", "tests.integration.jobs.one_stage", url], cwd=ROOT, env=environment)


def parts(settings: Settings) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (settings.home / "work").glob("job-*/*.part")}


@pytest.mark.parametrize(("form", "itag"), [(Form("audio"), AUDIO), (Form("video"), 140)], ids=["audio", "video"])
def test_after_a_kill_in_the_middle_the_next_attempt_goes_on_where_it_was(
    db: Database, url: str, settings: Settings, standin: StandIn, served: dict[int, bytes], form: Form, itag: int
) -> None:
    """Of the video the pictures are whole when it happens: they are not fetched again."""
    add(db)
    order(db, form)
    slow = standin.fault(f"itag={itag}", rate=12_000)
    killed = start_worker(settings, url)
    eventually(lambda: any(size > 16_000 and f".{itag}." in name for name, size in parts(settings).items()), "some of it is on the disk")
    killed.kill()
    killed.wait()
    eventually(lambda: not busy(settings), "the children end with their parent")
    before = parts(settings)
    standin.faults.remove(slow)
    asked = len(standin.log)
    expire(db)
    with db.session() as s:
        jobs.free_expired(s)
    work(db, settings)

    again = [request for request in standin.log[asked:] if request.path == "/videoplayback"]
    assert [request.query["itag"] for request in again] == [str(itag)]
    assert again[0].headers["range"].startswith(f"bytes={next(iter(before.values()))}-")
    assert not standin.lines(r"/watch\?")[1:]
    found = stored(db, form.name)
    assert seconds(settings, found) == pytest.approx(22.8, abs=0.5)
    if form.what == "audio":
        with Blobs(settings).local(found.key) as path:
            assert path.read_bytes() == served[AUDIO]
    assert left_folders(settings) == []


def busy(settings: Settings) -> list[int]:
    """Processes in the work folders."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(settings.home / "work") in process.cwd():
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_a_download_that_failed_goes_on_when_it_is_tried_again(db: Database, settings: Settings, standin: StandIn, served: dict[int, bytes]) -> None:
    add(db)
    order(db, Form("audio"))
    standin.fault("videoplayback", cut_after=20_000, times=1)
    broken = standin.fault("videoplayback", Response("", 503))
    with pytest.raises(NutshellError) as caught:
        work(db, settings)
    assert caught.value.code == "network"
    left = parts(settings)
    standin.faults.remove(broken)
    asked = len(standin.log)
    work(db, settings)

    assert left
    (again,) = standin.log[asked:]
    assert again.headers["range"].startswith(f"bytes={next(iter(left.values()))}-")
    with Blobs(settings).local(stored(db, "audio").key) as path:
        assert path.read_bytes() == served[AUDIO]


@pytest.mark.parametrize("name", ["audio", "video"])
def test_cancel_leaves_no_file(db: Database, settings: Settings, standin: StandIn, name: str) -> None:
    add(db)
    submitted = order(db, downloads.parse(name))
    standin.fault("videoplayback", rate=5_000)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work, db, settings)
        eventually(lambda: parts(settings), "it is being downloaded")
        with db.session() as s:
            jobs.cancel(s, int(submitted.job_id or 0))
        with pytest.raises(Cancelled):
            running.result(60)

    assert files(settings) == []
    assert kinds(db) == []
    assert busy(settings) == []


def test_an_attempt_that_lost_its_lease_is_not_written_over(db: Database, settings: Settings, standin: StandIn) -> None:
    """It holds the folder of the job; the next one works in a folder of its own, and both end whole or not at all."""
    add(db)
    order(db, Form("audio"))
    slow = standin.fault("videoplayback", rate=12_000)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(work, db, settings)
        eventually(lambda: parts(settings), "the first downloads")
        standin.faults.remove(slow)
        expire(db)
        with db.session() as s:
            jobs.free_expired(s)
        work(db, settings)
        with pytest.raises(NutshellError) as caught:
            late.result(60)

    assert caught.value.code == "lease_lost"
    assert kinds(db) == ["audio"]


# ---------------------------------------------------------------- room


def shelve(db: Database, settings: Settings, tmp_path: Path, sizes: dict[str, int], video_id: str = "aaaaaaaaaaa", kind: str = "youtube") -> None:
    file = tmp_path / "bytes"
    with db.session() as s:
        videos.ensure_video(s, f"youtube:{video_id}", "https://www.youtube.com/watch?v=" + video_id, kind)  # type: ignore[arg-type]
    for name, size in sizes.items():
        file.write_bytes(b"x" * size)
        key = f"{name}/{video_id}"
        Blobs(settings).put(file, key)
        with db.session() as s:
            media.save_media(s, Media(video_id, name, key, name, "", size))


def test_what_was_unused_for_longest_makes_way_and_nothing_that_cannot_come_again(
    db: Database, settings: Settings, standin: StandIn, tmp_path: Path, served: dict[int, bytes]
) -> None:
    shelve(db, settings, tmp_path, {"audio": 30_000, "audio-mp3": 30_000, "video": 30_000, "upload": 30_000, "thumbnail": 30_000, "video-480p": 30_000})
    shelve(db, settings, tmp_path, {"audio": 30_000}, "bbbbbbbbbbb")
    age(db, audio=50, audio_mp3=3, video=9, upload=99, thumbnail=99, video_480p=0)
    with db.session() as s:
        jobs.submit(s, "tldr", "bbbbbbbbbbb", Options(), run.TLDR, priority=50)
    add(db)
    order(db, Form("audio"))
    need = len(served[AUDIO])
    work(db, settings.model_copy(update={"media_quota": 210_000 - 40_000 + need}))  # two of 30,000 are too many

    assert kinds(db, "aaaaaaaaaaa") == ["audio-mp3", "thumbnail", "upload", "video-480p"]
    assert kinds(db, "bbbbbbbbbbb") == ["audio"]
    blobs = Blobs(settings)
    assert not blobs.exists("audio/aaaaaaaaaaa")
    assert not blobs.exists("video/aaaaaaaaaaa")
    assert blobs.exists("audio-mp3/aaaaaaaaaaa")
    assert stored(db, "audio").size == need


def test_where_nothing_may_go_the_download_is_refused_before_it_begins(db: Database, settings: Settings, standin: StandIn, tmp_path: Path) -> None:
    shelve(db, settings, tmp_path, {"upload": 90_000, "audio": 5_000})
    age(db, audio=5)
    add(db)
    submitted = order(db, Form("audio"))
    with pytest.raises(ModelError) as caught:
        work(db, settings.model_copy(update={"media_quota": 100_000}))

    assert caught.value.code == "quota"
    assert "NUTSHELL_MEDIA_QUOTA" in str(caught.value)
    assert not standin.lines("videoplayback")
    assert kinds(db, "aaaaaaaaaaa") == ["audio", "upload"]
    assert job(db, int(submitted.job_id or 0)).state is State.FAILED
    assert left_folders(settings) == []


def test_a_full_disk_is_found_out_before_it_begins(db: Database, settings: Settings, standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "RESERVE", 1 << 60)  # no disk has so much left
    add(db)
    order(db, Form("video"))
    with pytest.raises(ModelError) as caught:
        work(db, settings)

    assert caught.value.code == "storage"
    assert not standin.lines("videoplayback")


def test_workers_that_look_for_room_at_once_do_not_count_on_the_same_bytes(db: Database) -> None:
    held = [claim(db, paste(db, f"v{number}", stages=(("download", Queue.FETCH),)).first_stage_id) for number in range(8)]

    def reserve(stage_id: int) -> str:
        try:
            with db.session() as s:
                quota.make_room(s, stage_id, Room(30, 100))
        except ModelError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(reserve, (one.stage_id for one in held)))
    assert sorted(told) == ["", "", "", *["quota"] * 5]

    winner = held[told.index("")]
    finish(db, winner)  # what it stored counts from now on, what it reserved no more
    loser = held[told.index("quota")]
    assert reserve(loser.stage_id) == ""


def test_what_is_being_used_is_passed_over_by_who_looks_for_room(db: Database, settings: Settings, tmp_path: Path) -> None:
    shelve(db, settings, tmp_path, {"audio": 50, "video": 50})
    age(db, audio=50, video=9)
    held = claim(db, paste(db, "v", stages=(("download", Queue.FETCH),)).first_stage_id)
    with db.session() as reader:
        assert media.use_media(reader, "aaaaaaaaaaa", "audio") is not None
        with db.session() as s:
            gone = quota.make_room(s, held.stage_id, Room(50, 100))

    assert gone == ("video/aaaaaaaaaaa",)


# ---------------------------------------------------------------- places

HOLDER = """
import sys
from pipeline import manners
from pipeline.config import load
from pipeline.types import Progress

manners.PLACE_SECONDS = float(sys.argv[1])
with manners.downloading(load(), lambda _: None):
    print("in", flush=True)
    sys.stdin.readline()
"""


def hold(settings: Settings, lease: float = 60.0) -> "subprocess.Popen[bytes]":
    """Another worker that downloads; None of its place is ours."""
    environment = os.environ | {f"{PREFIX}HOME": str(settings.home), f"{PREFIX}BROKER_URL": settings.broker_url, f"{PREFIX}PROXY": settings.proxy}
    command = [sys.executable, "-c", HOLDER, str(lease)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"in\n"
    return process


def leave(process: "subprocess.Popen[bytes]") -> None:
    process.communicate(b"\n", timeout=60)


def is_there_a_place(settings: Settings) -> bool:
    try:
        with manners.downloading(settings, lambda _: None):
            return True
    except Postponed:
        return False


def test_the_third_worker_waits_in_its_row_until_a_place_is_free(db: Database, settings: Settings, standin: StandIn) -> None:
    add(db)
    submitted = order(db, Form("audio"))
    others = [hold(settings), hold(settings)]
    with pytest.raises(Postponed):
        work(db, settings)
    stage = job(db, int(submitted.job_id or 0)).stages[0]
    assert (stage.state, stage.error_code) == (State.WAITING, "youtube_downloads")
    assert not standin.log

    leave(others.pop())
    work(db, settings)
    assert kinds(db) == ["audio"]
    leave(others.pop())


def test_the_place_of_a_killed_worker_is_free_when_its_lease_is_over(settings: Settings) -> None:
    others = [hold(settings), hold(settings, lease=3.0)]
    assert not is_there_a_place(settings)
    others[1].kill()
    others[1].communicate()

    eventually(lambda: is_there_a_place(settings), "its place is free")
    third = hold(settings)
    assert not is_there_a_place(settings)
    leave(others[0])
    leave(third)


def test_who_goes_on_keeps_its_place(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "PLACE_SECONDS", 2.0)
    monkeypatch.setattr(manners, "KEEP_SECONDS", 0.0)
    one = settings.model_copy(update={"downloads_at_once": 1})
    client = redis.Redis(unix_socket_path=settings.broker_url.removeprefix("redis+socket://"))
    with manners.downloading(one, lambda _: None) as emit:
        first = client.zrange(f"{manners._prefix(one)}:downloads", 0, -1, withscores=True)
        client.flushdb()  # the broker was started again
        emit(Progress("download", 0.5, ""))
        second = client.zrange(f"{manners._prefix(one)}:downloads", 0, -1, withscores=True)
        assert not is_there_a_place(one)

    assert [name for name, _ in first] == [name for name, _ in second]
    assert second[0][1] > first[0][1]
    assert is_there_a_place(one)


def test_places_are_of_one_outgoing_address_and_end_with_the_download(settings: Settings) -> None:
    one = settings.model_copy(update={"downloads_at_once": 1})
    with manners.downloading(one, lambda _: None):
        assert not is_there_a_place(one)
        assert is_there_a_place(one.model_copy(update={"proxy": "http://elsewhere:3128"}))
        assert is_there_a_place(one.model_copy(update={"downloads_at_once": 0}))
    assert is_there_a_place(one)
    with pytest.raises(Cancelled), manners.downloading(one, lambda _: None):
        raise Cancelled
    assert is_there_a_place(one)


def test_a_broker_that_is_away_limits_nobody(tmp_path: Path) -> None:
    away = Settings(home=tmp_path, downloads_at_once=1)
    with manners.downloading(away, lambda _: None):
        assert is_there_a_place(away)


# ---------------------------------------------------------------- captions


def test_nobody_who_waits_is_held_up_until_many_have_asked(settings: Settings) -> None:
    few = settings.model_copy(update={"videos_per_hour": 100.0, "captions_pause": 4.0})

    def ask(times: int) -> None:
        for _ in range(times):
            with manners.asking(few):
                pass

    assert manners.captions_pause(few, batch=False) == 0.0
    assert {2.0 <= manners.captions_pause(few, batch=True) <= 6.0 for _ in range(50)} == {True}
    assert manners.captions_pause(few.model_copy(update={"captions_pause": 0.0}), batch=True) == 0.0
    ask(4)
    assert manners.captions_pause(few, batch=False) == 0.0
    ask(2)
    assert 2.0 <= manners.captions_pause(few, batch=False) <= 6.0


def test_the_pause_comes_before_the_file(settings: Settings, standin: StandIn, tmp_path: Path) -> None:
    from pipeline.source import youtube

    ticks: list[int] = []
    work_in = tmp_path / "work"
    work_in.mkdir()

    def emit(progress: Progress) -> None:
        if progress.message == "Reading the captions":
            ticks.append(len(standin.lines("timedtext")))
            if len(ticks) > 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        youtube.probe(parse_link(BEES), settings, work_in, emit, pause=100.0)
    assert ticks == [0, 0, 0, 0]
