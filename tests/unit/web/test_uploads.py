"""Files on their way in."""

import hashlib
import os
import time
from pathlib import Path

from web.uploads import DAY, HashedFile, sweep


def test_a_file_knows_the_hash_of_what_was_written_and_can_be_given_up(tmp_path: Path) -> None:
    file = HashedFile(tmp_path / "uploads")
    file.write(b"one ")
    file.write(b"two")
    file.flush()

    assert file.hexdigest() == hashlib.sha256(b"one two").hexdigest()
    assert file.path.read_bytes() == b"one two"
    assert file.size == 7
    file.discard()
    file.discard()
    assert list((tmp_path / "uploads").iterdir()) == []


def test_only_old_leftovers_are_swept(tmp_path: Path) -> None:
    for name, age in (("incoming-old", 2 * DAY), ("incoming-new", 60), ("keep-old", 2 * DAY)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    sweep(tmp_path)
    sweep(tmp_path / "not-there")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["incoming-new", "keep-old"]
