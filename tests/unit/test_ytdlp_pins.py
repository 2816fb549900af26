"""yt-dlp and the solver of its JavaScript challenges are made for each other: what is pinned is what the installed yt-dlp asks for."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

from pipeline.source import ytdlp

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
DEPENDENCIES = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
REQUIRES = importlib.metadata.distribution("yt-dlp").requires or []


def locked(name: str) -> str:
    (version,) = re.findall(rf"^{name}==([^\s\\]+)", LOCK, re.MULTILINE)
    return version


def test_the_pins_move_together() -> None:
    wanted = ytdlp.wanted_solver(REQUIRES)

    assert wanted is not None
    assert locked("yt-dlp") == importlib.metadata.version("yt-dlp")
    assert locked("yt-dlp-ejs") == importlib.metadata.version("yt-dlp-ejs") == wanted
    assert f"yt-dlp-ejs=={wanted}" in DEPENDENCIES


def test_all_that_yt_dlp_wants_by_default_is_a_dependency_of_ours() -> None:
    """Named one by one instead of yt-dlp[default]: of that pip takes an older yt-dlp without a word when one bound cannot be met."""
    ours = {re.split(r"[\[<>=]", entry)[0] for entry in DEPENDENCIES}

    assert {name for name, _ in ytdlp.default_needs(REQUIRES)} - ours == {"mutagen", "brotlicffi"}
    assert not any(entry.startswith("yt-dlp[") for entry in DEPENDENCIES)


@pytest.mark.parametrize(
    ("versions", "newest"), [(["2026.8.19", "2026.10.26"], "2026.10.26"), (["2026.10.26", "2026.10.26.1"], "2026.10.26.1"), (["2026.10.26.232900.dev0", "2026.10.27"], "2026.10.27")]
)
def test_versions_are_ordered_as_dates(versions: list[str], newest: str) -> None:
    assert max(reversed(versions), key=ytdlp.order) == max(versions, key=ytdlp.order) == newest


@pytest.mark.parametrize(("version", "age"), [("2026.10.26", 28), ("2026.7.4", 142), ("2027.1.1", 0), ("unknown", None), ("2026.13.45", None)])
def test_a_version_says_how_old_it_is(version: str, age: int | None) -> None:
    from datetime import date

    assert ytdlp.age(version, date(2026, 11, 23)) == age
