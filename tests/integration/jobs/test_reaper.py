"""What the reaper removes, and what it does not."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, update

from pipeline import workplace
from pipeline.config import Settings
from pipeline.errors import ModelError, cause
from pipeline.source import cookies
from pipeline.store import jobs, media, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.media import Media
from pipeline.store.tables import MediaRow
from pipeline.workplace import job_folder, work_folder
from tests.integration.jobs.fleet import ROOT
from tests.integration.jobs.helpers import STAGES
from workers import reaper


@pytest.fixture(name="settings")
def _settings() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as home:
        yield Settings(home=Path(home))


def _age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_sweep_removes_old_files_that_belong_to_nothing(db: Database, settings: Settings, tmp_path: Path) -> None:
    blobs = Blobs(settings)
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with db.session() as s:
        video_id = videos.ensure_video(s, "youtube:aaaaaaaaaaa", "", "youtube")
        media.save_media(s, Media(video_id, "audio", "audio/known", "", "", 1))
    for key in ("audio/known", "audio/orphan", "audio/young"):
        blobs.put(file, key)
        _age(settings.media_dir / key, 0 if key.endswith("young") else reaper.ORPHAN_SECONDS + 60)

    assert reaper.sweep(db, settings) == 1

    assert [key for key in ("audio/known", "audio/orphan", "audio/young") if blobs.exists(key)] == ["audio/known", "audio/young"]
    assert reaper.sweep(db, settings) == 0


def test_sweep_removes_work_folders_of_killed_processes_and_no_others(db: Database, settings: Settings) -> None:
    code = "import os, sys; from pathlib import Path; from pipeline.config import Settings; from pipeline.workplace import work_folder\n"
    code += "with work_folder(Settings(home=Path(sys.argv[1]))) as folder: (folder / 'cookies.txt').write_text('x'); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", code, str(settings.home)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    with work_folder(settings) as used:
        (left,) = [folder for folder in used.parent.iterdir() if folder.is_dir() and folder != used]
        assert (left / "cookies.txt").exists()

        assert reaper.sweep(db, settings) == 1

        assert [folder for folder in used.parent.iterdir() if folder.is_dir()] == [used]
    assert not used.exists()
    assert reaper.sweep(db, settings) == 0


def test_sweep_takes_the_folders_of_jobs_that_will_not_go_on(db: Database, settings: Settings) -> None:
    with db.session() as s:
        ids = [jobs.submit(s, "download", videos.ensure_video(s, f"youtube:{n}", "", "youtube"), {}, STAGES).job_id for n in range(3)]
        jobs.cancel(s, ids[1])
        jobs.cancel(s, ids[2])
    names = [f"job-{number}-v" for number in (*ids, 999_999_999)] + ["job-0-v-audio"]
    for name in names:
        (settings.home / "work" / name).mkdir(parents=True)
    with job_folder(settings, ids[2], "v"):  # its attempt has not heard of the cancel yet
        assert reaper.sweep(db, settings) == 2
        kept = {folder.name for folder in (settings.home / "work").iterdir() if folder.is_dir()}

    assert kept == {names[0], names[2], "job-0-v-audio"}  # waiting, worked in, a command's


def test_what_a_killed_attempt_left_is_kept_for_the_next_one_but_for_its_cookies(settings: Settings) -> None:
    folder = settings.home / "work" / "job-7-v"
    folder.mkdir(parents=True)
    for name in ("v.251.webm.part", cookies.FILE):
        (folder / name).write_text("x")

    assert workplace.clear(settings) == 0
    assert [file.name for file in folder.iterdir()] == ["v.251.webm.part"]

    (folder / cookies.FILE).write_text("x")
    with job_folder(settings, 7, "v") as used:
        assert used == folder
        assert [file.name for file in used.iterdir()] == ["v.251.webm.part"]
    assert not folder.exists()

    folder.mkdir()
    _age(folder, workplace.KEPT_SECONDS + 60)
    assert workplace.clear(settings) == 1


def test_sweep_brings_the_media_within_the_quota(db: Database, settings: Settings, tmp_path: Path) -> None:
    blobs = Blobs(settings)
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    with db.session() as s:
        video_id = videos.ensure_video(s, "youtube:aaaaaaaaaaa", "", "youtube")
        for kind in ("upload", "video", "audio"):
            blobs.put(file, f"{kind}/x")
            media.save_media(s, Media(video_id, kind, f"{kind}/x", "", "", 100))
        s.execute(update(MediaRow).values(used_at=func.clock_timestamp() - timedelta(days=1)))
        s.execute(update(MediaRow).where(MediaRow.kind == "audio").values(used_at=func.clock_timestamp() - timedelta(days=2)))

    assert reaper.sweep(db, settings.model_copy(update={"media_quota": 250})) == 1
    assert [kind for kind in ("upload", "video", "audio") if blobs.exists(f"{kind}/x")] == ["upload", "video"]
    assert reaper.sweep(db, settings.model_copy(update={"media_quota": 10})) == 1
    assert blobs.exists("upload/x")


def test_a_store_that_is_away_keeps_no_lease_from_being_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, looked = threading.Event(), []
    swept: list[float] = []

    def away(*_: object) -> int:
        swept.append(time.monotonic())
        raise cause("storage")

    def look(*_: object) -> int:
        looked.append(len(swept))
        if len(looked) == 3:
            stop.set()
        return 0

    monkeypatch.setattr(reaper, "sweep", away)
    monkeypatch.setattr(reaper, "reap", look)
    monkeypatch.setattr(reaper, "REAP_SECONDS", 0.01)
    reaper.keep(Database("postgresql+psycopg://nobody@127.0.0.1:1/none"), Settings(), stop)

    assert looked == [1, 1, 1], "tried once, and the leases each time"


def test_what_the_object_store_says_is_a_cause(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ENDPOINT": "http://127.0.0.1:9", "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "c"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_RETRIES", "0")
    blobs = Blobs(settings.model_copy(update={"media_url": "s3://bucket/"}))

    with pytest.raises(ModelError) as caught:
        list(blobs.older_than(0))
    assert caught.value.code == "storage"
