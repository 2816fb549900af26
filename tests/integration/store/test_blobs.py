"""Files in a folder and in an object store (obstore's own in memory): the same calls, the same results."""

import tempfile
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import ModelError, NotFound
from pipeline.store.blobs import Blobs


@pytest.fixture(name="blobs", params=["", "memory:///"])
def _blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return Blobs(Settings(home=tmp_path / "home", media_url=request.param))


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    path = tmp_path / "file.bin"
    path.write_bytes(bytes(range(256)) * 12_000)  # 3 MB, more than one piece
    return path


def test_what_is_put_can_be_read(blobs: Blobs, file: Path) -> None:
    assert blobs.put(file, "audio/abc.webm") == file.stat().st_size

    assert blobs.exists("audio/abc.webm")
    assert blobs.size("audio/abc.webm") == file.stat().st_size
    assert b"".join(blobs.stream("audio/abc.webm")) == file.read_bytes()
    with blobs.local("audio/abc.webm") as path:
        assert path.suffix == ".webm"
        assert path.read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("start", "end"), [(0, 10), (1_500_000, 2_600_000), (10, 10), (3_071_990, None), (3_071_990, 9_999_999), (9_999_999, None)]
)
def test_a_range_is_that_range(blobs: Blobs, file: Path, start: int, end: int | None) -> None:
    blobs.put(file, "x")

    assert b"".join(blobs.stream("x", start, end)) == file.read_bytes()[start:end]


def test_put_again_replaces(blobs: Blobs, file: Path) -> None:
    blobs.put(file, "x")
    file.write_bytes(b"short")
    blobs.put(file, "x")

    assert b"".join(blobs.stream("x")) == b"short"


def test_what_is_not_there(blobs: Blobs) -> None:
    assert not blobs.exists("nothing")
    blobs.delete("nothing")
    for missing in (lambda: blobs.size("nothing"), lambda: list(blobs.stream("nothing")), lambda: blobs.local("nothing").__enter__()):
        with pytest.raises(NotFound, match="not kept"):
            missing()


def test_delete_one(blobs: Blobs, file: Path) -> None:
    for key in ("v/a", "v/a.b"):
        blobs.put(file, key)
    blobs.delete("v/a")

    assert [key for key in ("v/a", "v/a.b") if blobs.exists(key)] == ["v/a.b"]


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", ".hidden", "a\\b", "a\x00", "ä", "a/"])
def test_a_key_cannot_leave_the_folder(blobs: Blobs, file: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        blobs.put(file, key)


def test_a_disk_that_cannot_be_written_is_a_cause(file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        blobs = Blobs(Settings(home=Path(folder)))
        Path(folder, "media", "x").write_bytes(b"")  # a file where a folder is needed
        with pytest.raises(ModelError) as caught:
            blobs.put(file, "x/y")
    assert caught.value.code == "storage"


def test_what_is_older(blobs: Blobs, file: Path) -> None:
    for key in ("v/a", "w"):
        blobs.put(file, key)

    assert sorted(blobs.older_than(-60)) == ["v/a", "w"]
    assert list(blobs.older_than(60)) == []
