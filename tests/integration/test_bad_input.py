"""Every bad input gives its exit status and one plain sentence on standard error, through the real command, yt-dlp and decoder. Run: pytest tests/integration/test_bad_input.py"""

import wave
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

from tests.standin.server import StandIn
from workers.cli import main

Command = Callable[..., click.testing.Result]


@pytest.fixture(name="nutshell")
def _nutshell(standin: StandIn, prepared_home: Path) -> Command:
    """The command against the loopback YouTube, in a data folder that has the models and nothing else."""

    def run(*args: str) -> click.testing.Result:
        env = {"NUTSHELL_HOME": str(prepared_home), "NUTSHELL_PROXY": standin.proxy, "NUTSHELL_EXTRA_CA": str(standin.ca_file)}
        return click.testing.CliRunner().invoke(main, args, env=env)

    return run


def one_line(result: click.testing.Result) -> str:
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return lines[0]


@pytest.mark.parametrize(
    "link",
    [
        "nonsense",
        "",
        "https://youtu.be/short",
        "https://www.youtube.com/watch?v=",
        "https://vimeo.com/123456",
        "https://evil.example/watch?v=stVideo0001",
        "https://www.youtube.com@evil.example/watch?v=stVideo0001",
        "file:///etc/passwd",
        "ytsearch:bees",
        "--exec=id",
        "http://127.0.0.1/watch?v=stVideo0001",
        "https://www.youtube.com/playlist?list=PLstandin0001",
        "https://www.youtube.com/@standin",
        "no/such/file.mp3",
    ],
)
def test_links_that_are_none(nutshell: Command, link: str) -> None:
    result = nutshell("tldr", "--", link)

    assert result.exit_code == 2
    assert one_line(result).startswith("nutshell: ")


@pytest.mark.parametrize(
    ("video", "sentence"),
    [
        ("stPrivate01", "This video is private."),
        ("stRemoved01", "no longer on YouTube"),
        ("stUnavail01", "unavailable"),
        ("stAgeGate01", "signed-in adult"),
        ("stMembers01", "Only members"),
        ("stPaid00001", "must be bought"),
        ("stGeoBlock1", "country"),
        ("stLiveNow01", "still live"),
        ("stUpcoming1", "not started yet"),
        ("stPostLive1", "still preparing"),
        ("stTooMany01", "limiting this server"),
        ("stRateLim01", "limiting this server"),
        ("stBotCheck1", "no robot"),
        ("stDrmOnly01", "copy-protected"),
        ("stForbid001", "refused the audio"),
        ("stHuge00001", "longer than this server allows"),
    ],
)
def test_videos_that_cannot_be_had(nutshell: Command, video: str, sentence: str) -> None:
    result = nutshell("tldr", f"https://youtu.be/{video}")

    assert result.exit_code == 3, result.stderr
    assert sentence in one_line(result)


def test_no_network_is_said_as_such(prepared_home: Path) -> None:
    env = {"NUTSHELL_HOME": str(prepared_home), "NUTSHELL_PROXY": "http://127.0.0.1:9"}
    result = click.testing.CliRunner().invoke(main, ["tldr", "stVideo0001"], env=env)

    assert result.exit_code == 3, result.stderr
    assert "proxy" in one_line(result) or "reached" in one_line(result)


def silent_wav(path: Path, seconds: int = 3) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(2 * 16000 * seconds))
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("zero.mp3", b""),
        ("text.mp3", b"The bees leave the hive in the morning. They come home with pollen."),
        ("renamed.mp4", b"\x7fELF" + bytes(range(256)) * 20),
        ("list.mp3", b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/secret\n"),
        ("concat.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
        ("cut.wav", b"RIFF\xff\xff\xff\x7fWAVEfmt "),
        ("broken.vtt", b"WEBVTT\n\nnonsense without a time\n"),
        ("empty.srt", b"\n\n"),
        ("broken.json3", b'{"events": [{"segs":'),
    ],
)
def test_files_that_cannot_be_read(nutshell: Command, tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    result = nutshell("tldr", str(path))

    assert result.exit_code == 2, result.stderr
    one_line(result)


def test_a_little_text_is_enough(nutshell: Command, tmp_path: Path) -> None:
    path = tmp_path / "bees.txt"
    path.write_text("The bees leave the hive in the morning. They come home with pollen. The queen stays.")

    result = nutshell("tldr", str(path))

    assert result.exit_code == 0, result.stderr
    assert "bees" in result.stdout


def test_silence_has_no_tldr(nutshell: Command, tmp_path: Path) -> None:
    result = nutshell("tldr", str(silent_wav(tmp_path / "silence.wav")))

    assert result.exit_code == 3, result.stderr
    assert "No speech was found" in one_line(result)


def test_a_language_that_no_model_writes_is_refused_before_the_work(nutshell: Command) -> None:
    result = nutshell("tldr", "stVideo0001", "--lang", "ro")

    assert result.exit_code == 4
    assert "Romanian" in one_line(result)


@pytest.mark.parametrize(
    "args",
    [("tldr", "x", "--lang", "klingonish"), ("tldr", "stVideo0001", "--length", "endless"), ("download", "stVideo0001"), ("nosuch",)],
)
def test_wrong_words_on_the_command_line(nutshell: Command, args: tuple[str, ...]) -> None:
    assert nutshell(*args).exit_code == 2


@pytest.mark.parametrize("args", [("tldr", "stVideo0001"), ("export", "abcdefghijk", "--as", "md")])
def test_a_style_that_is_none_is_refused_before_the_work(nutshell: Command, args: tuple[str, ...]) -> None:
    result = nutshell(*args, "--style", "poem")

    assert result.exit_code == 2
    assert one_line(result) == "nutshell: The style is bullets, paragraph, chapters, qa or notes."


@pytest.mark.parametrize(
    "args",
    [("search", "bees"), ("ask", "What do bees do?"), ("export", "abcdefghijk", "--as", "md"), ("translate", "abcdefghijk", "--to", "es")],
)
def test_what_needs_the_library_says_how_to_start_it(nutshell: Command, args: tuple[str, ...]) -> None:
    result = nutshell(*args)

    assert result.exit_code == 4
    assert "nutshell up" in one_line(result)


@pytest.mark.parametrize("name", ["users", "tokens", "backup", "restore"])
def test_what_is_not_there_yet_says_so(nutshell: Command, name: str) -> None:
    result = nutshell(name, "anything", "--at-all")

    assert result.exit_code == 2
    assert "not there yet" in one_line(result)


def test_a_setting_that_is_none_names_the_nearest(nutshell: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTSHELL_PROXI", "x")

    result = nutshell("doctor")

    assert result.exit_code == 2
    assert "NUTSHELL_PROXY" in one_line(result)
