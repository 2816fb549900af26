"""Pictures and sound become one file, in the container that their codecs want, without being decoded."""

from pathlib import Path

import av
import pytest

from pipeline.errors import InputError
from pipeline.source.labels import Labels
from pipeline.source.merge import container_for, merge
from tests.unit.source.conftest import Make

CHAPTERS = [(0.0, 1.0, "One"), (1.0, 2.0, "Zwei & drei")]


@pytest.mark.parametrize(
    ("video", "audio", "suffix"),
    [("libx264", "aac", "mp4"), ("libvpx-vp9", "libopus", "webm"), ("libx264", "libopus", "mkv"), ("libvpx-vp9", "aac", "mkv")],
)
def test_the_streams_arrive_whole(make: Make, tmp_path: Path, video: str, audio: str, suffix: str) -> None:
    pictures, sound = make(f"{video}.{'mp4' if video == 'libx264' else 'webm'}", None, video), make(f"{audio}.mkv", audio)
    said: list[float] = []
    path = merge(pictures, sound, tmp_path / "out.merged", Labels("A title", CHAPTERS), lambda fraction, _: said.append(fraction))
    assert path.name == f"out.{suffix}"
    with av.open(str(path)) as merged, av.open(str(pictures)) as one, av.open(str(sound)) as two:
        assert {name.lower(): value for name, value in merged.metadata.items()}["title"] == "A title"
        assert [chapter["metadata"]["title"] for chapter in merged.chapters()] == ["One", "Zwei & drei"]
        counts = {stream.type: 0 for stream in merged.streams if stream.type in ("video", "audio")}
        for packet in merged.demux(*(stream for stream in merged.streams if stream.type in counts)):
            counts[packet.stream.type] += packet.size > 0
        assert counts == {"video": sum(p.size > 0 for p in one.demux(video=0)), "audio": sum(p.size > 0 for p in two.demux(audio=0))}
    assert said == sorted(said)


@pytest.mark.parametrize(
    ("video", "audio", "suffix"),
    [
        ("h264", "aac", "mp4"),
        ("av1", "aac", "mp4"),
        ("av1", "opus", "webm"),
        ("vp9", "opus", "webm"),
        ("vp9", "aac", "mkv"),
        ("h264", "opus", "mkv"),
        ("", "", "mkv"),
    ],
)
def test_which_container(video: str, audio: str, suffix: str) -> None:
    assert container_for(video, audio) == suffix


def test_sound_without_sound_is_an_error(make: Make, tmp_path: Path) -> None:
    pictures = make("only-pictures.mkv", None, "libx264")
    with pytest.raises(InputError) as caught:
        merge(pictures, pictures, tmp_path / "out.merged", Labels("", []), lambda *_: None)
    assert caught.value.code == "no_audio"
    assert not list(tmp_path.iterdir())
