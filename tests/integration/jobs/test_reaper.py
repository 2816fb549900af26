"""What the reaper removes, and what it does not."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.store import media, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.media import Media
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
    for name in ("left", "in use"):
        folder = settings.home / "work" / name
        folder.mkdir(parents=True)
        (folder / "part").write_bytes(b"x")
        _age(folder, reaper.WORK_SECONDS + 60 if name == "left" else 0)

    assert reaper.sweep(db, settings) == 2

    assert [key for key in ("audio/known", "audio/orphan", "audio/young") if blobs.exists(key)] == ["audio/known", "audio/young"]
    assert [folder.name for folder in (settings.home / "work").iterdir()] == ["in use"]
    assert reaper.sweep(db, settings) == 0
