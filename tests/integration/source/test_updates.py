"""A newer yt-dlp without a release of ours, by the real pip from an index on disk: which one children use, and what happens when it is no good."""

import importlib.metadata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import NutshellError
from pipeline.source import sandbox, youtube, ytdlp
from tests.integration.source.conftest import Ask
from tests.integration.source.wheels import PIP_OFFLINE, solver_wheel, ytdlp_wheel
from workers import update_ytdlp

LOCKED = importlib.metadata.version("yt-dlp")
OLDER, NEWER, NEWEST = "2019.1.2", "2090.1.2", "2090.10.2"
BROKEN = {"yt_dlp/networking/common.py": "raise ImportError('rewritten')\n"}
Update = Callable[..., str]


@pytest.fixture(name="index")
def _index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that pip can see."""
    for name, value in PIP_OFFLINE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    solver_wheel(tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture(name="update")
def _update(settings: Settings) -> Update:
    """Runs the update; the version that is in use then, or the code of the error."""

    def update(version: str | None = None) -> str:
        try:
            return update_ytdlp.update(settings, version, lambda _: None).version
        except NutshellError as error:
            return error.code

    return update


@pytest.fixture(name="used")
def _used(settings: Settings, work: Path) -> Iterator[Callable[[], str]]:
    """The version that the next child uses, as the child itself says."""
    yield lambda: youtube.run_child("itself", settings, work, sandbox.quiet)["yt-dlp"]
    if ready := sandbox._ready.pop(youtube._CHILD, None):
        sandbox._end(ready)


def test_the_newest_is_used_and_undo_returns(settings: Settings, index: Path, update: Update, used: Callable[[], str], ask: Ask) -> None:
    assert used() == LOCKED
    ytdlp_wheel(index, NEWER)
    assert update() == NEWER
    youtube.keep_ready(settings)  # this one is older than the next update
    ytdlp_wheel(index, NEWEST)
    ytdlp_wheel(index, OLDER)
    assert update() == NEWEST

    assert used() == NEWEST
    assert used() == NEWEST  # by the child that was kept ready since
    assert ask("stCiphered1").video.title == "Needs a JS runtime"  # all of it works: solver and deno too
    assert [found.version for found in ytdlp.updates(settings)] == [NEWER, NEWEST]
    for expected in (NEWER, LOCKED, LOCKED):
        assert update_ytdlp.undo(settings, lambda _: None).version == expected  # type: ignore[union-attr]
        assert used() == expected


def test_what_is_older_than_what_is_used_is_not_taken(settings: Settings, index: Path, update: Update) -> None:
    ytdlp_wheel(index, OLDER)

    assert update() == LOCKED
    assert update(OLDER) == LOCKED
    assert not ytdlp.folder(settings).exists()


@pytest.mark.parametrize(
    ("changed", "needs"), [(BROKEN, ""), ({"yt_dlp/version.py": "__version__ = '2001.01.01'\n"}, ""), ({}, "Requires-Dist: requests<1; extra == 'default'\n"),
                           ({}, "Requires-Dist: surely-not-here>=1; extra == 'default'\n"), ({"yt_dlp/YoutubeDL.py": "class YoutubeDL:\n    pass\n"}, "")]
)  # fmt: skip
def test_one_that_does_not_run_here_changes_nothing(settings: Settings, index: Path, update: Update, used: Callable[[], str], changed: dict[str, str], needs: str) -> None:
    ytdlp_wheel(index, NEWER, changed, needs)

    assert update() == "not_updated"
    assert used() == LOCKED
    assert not ytdlp.folder(settings).exists()


@pytest.mark.parametrize(("version", "code"), [(NEWER, "index_unreachable"), ("latest", "bad_version"), ("2026.1.1; x", "bad_version"), ("--help", "bad_version")])
def test_what_the_index_does_not_have(index: Path, update: Update, version: str, code: str) -> None:
    assert update(version) == code


def test_half_an_update_is_none(settings: Settings, index: Path, update: Update, used: Callable[[], str]) -> None:
    """Killed while it was copied, or while it was removed."""
    ytdlp_wheel(index, NEWER)
    update()
    whole = ytdlp.folder(settings) / NEWER
    whole.rename(ytdlp.folder(settings) / f"{NEWER}.part")
    (ytdlp.folder(settings) / NEWEST).mkdir()

    assert used() == LOCKED
    assert update() == NEWER
    assert used() == NEWER
