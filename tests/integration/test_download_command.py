"""`nutshell download` through the real command and yt-dlp: every kind of file, and a line that says why for what cannot be had."""

from collections.abc import Callable
from pathlib import Path

import av
import click.testing
import pytest

from tests.standin.server import StandIn
from workers.cli import main

Command = Callable[..., click.testing.Result]


@pytest.fixture(name="nutshell")
def _nutshell(standin: StandIn, prepared_home: Path) -> Command:
    def run(*args: str) -> click.testing.Result:
        env = {"NUTSHELL_HOME": str(prepared_home), "NUTSHELL_PROXY": standin.proxy, "NUTSHELL_EXTRA_CA": str(standin.ca_file)}
        return click.testing.CliRunner().invoke(main, args, env=env)

    return run


@pytest.mark.parametrize(
    ("asked", "name", "seconds", "codecs"),
    [
        (("--as", "audio"), "How Bees Talk [stVideo0001].webm", 22.8, {"opus"}),
        (("--as", "audio", "--format", "mp3"), "How Bees Talk [stVideo0001].mp3", 22.8, {"mp3", "mjpeg"}),
        (("--as", "audio", "--clip", "0:04-0:10"), "How Bees Talk (0.04–0.10) [stVideo0001].webm", 6.0, {"opus"}),
        (("--as", "video", "--quality", "480"), "How Bees Talk [stVideo0001].mp4", 22.8, {"h264", "aac", "mjpeg"}),
    ],
)
def test_what_is_saved(nutshell: Command, tmp_path: Path, asked: tuple[str, ...], name: str, seconds: float, codecs: set[str]) -> None:
    result = nutshell("download", "stVideo0001", *asked, "--to", str(tmp_path))

    assert (result.exit_code, result.stdout.strip()) == (0, str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with av.open(str(tmp_path / name)) as container:
        assert float(container.duration or 0) / av.time_base == pytest.approx(seconds, abs=0.5)
        found = {stream.codec_context.codec.canonical_name for stream in container.streams if stream.type in ("audio", "video")}
    assert found == codecs


@pytest.mark.parametrize(("kind", "begins"), [("", "1\n00:00:0"), ("vtt", "WEBVTT"), ("json", "{"), ("txt", "How Bees Talk")])
def test_subtitles(nutshell: Command, tmp_path: Path, kind: str, begins: str) -> None:
    result = nutshell("download", "stVideo0001", "--as", "subtitles", "--to", str(tmp_path), *(("--format", kind) if kind else ()))

    assert result.exit_code == 0, result.stderr
    path = tmp_path / f"How Bees Talk [stVideo0001].{kind or 'srt'}"
    assert path.read_text().startswith(begins)


def test_a_clip_of_a_file(nutshell: Command, tmp_path: Path, standin: StandIn) -> None:
    file = standin.app.videos["stVideo0001"].media[140]
    result = nutshell("download", str(file), "--as", "audio", "--format", "opus", "--clip", "2-5", "--to", str(tmp_path))

    assert result.exit_code == 0, result.stderr
    with av.open(result.stdout.strip()) as container:
        assert float(container.duration or 0) / av.time_base == pytest.approx(3.0, abs=0.1)
    assert not standin.log


@pytest.mark.parametrize(
    "asked",
    [
        ("--as", "audio", "--format", "exe"), ("--as", "audio", "--quality", "480"), ("--as", "video", "--format", "mp3"), ("--as", "video", "--quality", "999999"),
        ("--as", "audio", "--clip", "2:00-1:00"), ("--as", "audio", "--clip", "$(id)"), ("--as", "audio", "--clip", "1:00-2:00"), ("--as", "subtitles", "--clip", "1-2"),
        ("--as", "subtitles", "--format", "mp3"),
    ],
)  # fmt: skip
def test_what_cannot_be_had(nutshell: Command, tmp_path: Path, asked: tuple[str, ...], standin: StandIn) -> None:
    result = nutshell("download", "stVideo0001", *asked, "--to", str(tmp_path / "out"))

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert not standin.lines("videoplayback")
