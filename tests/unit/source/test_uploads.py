"""Files that people hand in, in real containers made on the spot; and what is no media at all."""

import random
import shutil
import struct
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.source import media, sandbox, uploads
from pipeline.types import Chapter
from tests.unit.source.conftest import Make

KINDS = {
    "a.wav": ("pcm_s16le", None), "a.mp3": ("libmp3lame", None), "a.flac": ("flac", None), "a.ogg": ("libopus", None), "a.opus": ("libopus", None), "a.aac": ("aac", None),
    "a.aiff": ("pcm_s16be", None), "a.m4a": ("aac", None), "a.mp4": ("aac", "libx264"), "a.mov": ("aac", "libx264"), "a.mkv": ("flac", "libx264"), "a.webm": ("libopus", "libvpx"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_every_container_is_recognised_and_measured(make: Make, name: str) -> None:
    path = make(name, *KINDS[name])
    assert uploads.sniff(path) == "media"
    video = uploads.probe_media(path, f"C:\\talks\\My_long talk.{name.rpartition('.')[2]}")
    assert (video.title, video.source_url, video.source_id) == ("My long talk", "", uploads.source_id(path))
    assert video.duration == pytest.approx(2.0, abs=0.15)


def test_the_container_s_title_and_chapters_are_taken(make: Make) -> None:
    path = make(
        "chapters.mkv", "libopus", seconds=3.0, title="A \u202etitle\n of its own", chapters=((0.0, "One"), (1.0, ""), (2.0, "Three"))
    )
    video = uploads.probe_media(path, "name.mkv")
    assert video.title == "A title of its own"
    assert [(c.start, c.title) for c in video.chapters] == [(0.0, "One"), (1.0, "Chapter 2"), (2.0, "Three")]
    assert video.chapters[0] == Chapter(0.0, 1.0, "One")
    assert video.chapters[-1].end == pytest.approx(3.0, abs=0.1)


def test_a_video_without_sound(make: Make) -> None:
    with pytest.raises(InputError) as caught:
        uploads.probe_media(make("silent.mp4", None, "libx264"), "silent.mp4")
    assert caught.value.code == "no_audio"


def test_a_recording_cut_off_in_the_middle_is_as_long_as_what_is_left(make: Make, tmp_path: Path) -> None:
    whole = make("cut.webm", "libopus", seconds=20.0)
    cut = tmp_path / "cut.webm"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert 5.0 < uploads.probe_media(cut, "cut.webm").duration < 15.0


PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
JUNK = {
    "empty": b"", "picture named song.mp3": PNG, "zip": b"PK\x03\x04" + bytes(500), "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3" + bytes(range(256)) * 4, "zeros": bytes(5000),
    "program": b"\x7fELF\x02\x01\x01" + bytes(500), "m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://127.0.0.1/x.m3u8\n", "m3u8 of files": b"\xef\xbb\xbf#EXTM3U\nfile:///etc/passwd\n",
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n", "avi with a playlist inside": b"RIFF\x20\x00\x00\x00AVI LIST\x14\x00\x00\x00hdrlavih" + b"#EXTM3U\nfile:///etc/passwd\n",
    "dash": b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', "pls": b"[playlist]\nFile1=http://127.0.0.1/\n",
}  # fmt: skip


@pytest.mark.parametrize("name", JUNK)
def test_what_is_neither_media_nor_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(JUNK[name])
    with pytest.raises(InputError) as caught:
        uploads.sniff(path)
    assert caught.value.code == "bad_media"


@pytest.mark.parametrize(
    "data",
    [
        b"1\n00:00:01,000 --> 00:00:02,000\nHi\n",
        "Grüße".encode("cp1252"),
        "日本語のテキスト".encode(),
        "text".encode("utf-16"),
        "text in plain".encode("utf-16-le"),
        b'{"events": []}',
    ],
)
def test_text_is_a_transcript_whatever_its_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "movie.mp4"
    path.write_bytes(data)
    assert uploads.sniff(path) == "transcript"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("My_talk.mp4", "My talk"), ("../../etc/passwd", "passwd"), ("C:\\Users\\x\\Talk 1.mp3", "Talk 1"), ("Dr. Strange", "Dr. Strange"), ("v1.2 final.wav", "v1.2 final"), (".mp4", ".mp4"),
        ("", "Untitled"), ("/", "Untitled"), ("a\x00b\x07\u202e.mp4", "ab"), ("x" * 500 + ".mp4", "x" * 200), ("talk.MP4", "talk"), ("日本語.webm", "日本語"), ("<script>.mp4", "<script>"),
    ],
)  # fmt: skip
def test_titles_from_file_names(name: str, title: str) -> None:
    assert uploads.clean_title(name) == title


def test_a_hundred_damaged_files_never_take_more_than_an_error(make: Make, tmp_path: Path) -> None:
    """Bytes changed, cut out and repeated in real files, all opened by one child: it must live to the end and say duration, bad_media or no_audio for each."""
    dice = random.Random(7)
    for name in ("a.mp4", "a.webm", "a.ogg", "a.mp3", "a.flac"):
        data = make(f"fuzz-{name}", *KINDS[name]).read_bytes()
        for number in range(20):
            damaged = bytearray(data)
            for _ in range(dice.choice([1, 5, 50])):
                at = dice.randrange(min(len(damaged), dice.choice([100, 2000, 10**9])))
                damaged[at : at + dice.choice([0, 1, 8])] = dice.choice(
                    [b"\xff\xff\xff\xff", b"\x00", bytes([dice.randrange(256)]), struct.pack(">I", dice.randrange(2**32))]
                )
            (tmp_path / f"{number}-{name}").write_bytes(damaged[: dice.randrange(1, len(damaged))] if number % 4 == 0 else damaged)
    limits = sandbox.Limits(seconds=120, cpu_seconds=60, file_bytes=0, open_files=64, memory_bytes=media.MEMORY)
    job = sandbox.Job("tests.unit.source.sandbox_child", tmp_path, limits, sandbox.Deaths("network", "internal"), "fetch")
    outcomes = sandbox.run(job, {"do": "probe", "folder": str(tmp_path)}, sandbox.quiet)
    assert len(outcomes) == 100
    assert {outcome.split()[0] for outcome in outcomes.values()} <= {"duration", "bad_media", "no_audio"}
    assert len({outcome.split()[0] for outcome in outcomes.values()}) > 1


def test_a_forged_container_inside_another_s_name_is_opened_as_what_it_is(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "talk.txt"
    shutil.copy(make("a.wav", *KINDS["a.wav"]), path)
    assert uploads.sniff(path) == "media"
    assert uploads.probe_media(path, path.name).title == "talk"


def test_formats_that_open_other_files_are_not_opened(tmp_path: Path) -> None:
    """Even past `sniff`: the allow-list of containers holds in the decoder itself."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"RIFF")
    for name, text in (
        ("x.ffconcat", f"ffconcat version 1.0\nfile {secret}\n"),
        ("x.m3u8", f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n"),
        ("x.sdp", "v=0\nm=audio 1 RTP/AVP 0\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError) as caught:
            uploads.probe_media(tmp_path / name, name)
        assert caught.value.code == "bad_media"
