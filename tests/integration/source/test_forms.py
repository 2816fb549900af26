"""Every form of a recording from the real yt-dlp, opened with another reader: ffprobe where there is one, else PyAV without our own limits."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.downloads import BEST, Clip, Form
from pipeline.errors import InputError, NutshellError
from pipeline.source import convert, sandbox, youtube
from pipeline.source.labels import Labels, labels_of
from pipeline.source.links import parse_link
from pipeline.source.sound import extract
from pipeline.source.youtube import Probe
from tests.standin import Response, StandIn

LENGTH = 22.78
"""Seconds of the talk about bees."""
CHAPTERS = ["Welcome", "The colony", "The dance"]


@pytest.fixture(name="probe")
def _probe(settings: Settings, work: Path) -> Probe:
    return youtube.probe(parse_link("stVideo0001"), settings, work, sandbox.quiet, captions=False, cover=True)


def shown(path: Path) -> dict[str, Any]:
    """What ffprobe says of it."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        pytest.skip("needs ffprobe")
    command = [ffprobe, "-v", "error", "-show_format", "-show_streams", "-show_chapters", "-of", "json", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)  # type: ignore[no-any-return]


def tags(found: dict[str, Any]) -> dict[str, str]:
    """Of the file; Ogg keeps them with the stream."""
    both = found["format"].get("tags", {}) | found["streams"][0].get("tags", {})
    return {name.lower(): value for name, value in both.items()}


def streams(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Without the cover and the track of chapters that MP4 has."""
    return [(s["codec_type"], s["codec_name"]) for s in found["streams"] if s["codec_type"] != "data" and not s["disposition"]["attached_pic"]]


def covers(found: dict[str, Any]) -> list[str]:
    return [s["codec_name"] for s in found["streams"] if s["disposition"]["attached_pic"]]


def made(probe: Probe, form: Form, settings: Settings, work: Path) -> Path:
    base = youtube.fetch_form(probe, form.base, settings, work, sandbox.quiet)
    labels = labels_of(probe.video, work / "thumbnail.jpg")
    return base if form == form.base else convert.make([base], form, labels, settings, work, sandbox.quiet)


@pytest.mark.parametrize(("kind", "codec"), [("mp3", "mp3"), ("m4a", "aac"), ("opus", "opus")])
def test_audio_in_each_format_has_its_words_chapters_and_picture(
    probe: Probe, settings: Settings, work: Path, standin: StandIn, kind: str, codec: str
) -> None:
    path = made(probe, Form("audio", kind), settings, work)

    found = shown(path)
    assert path.suffix == f".{kind}"
    assert streams(found) == [("audio", codec)]
    assert float(found["format"]["duration"]) == pytest.approx(LENGTH, abs=0.3)  # YouTube says 23 seconds, where the last chapter ends
    assert [chapter["tags"]["title"] for chapter in found["chapters"]] == CHAPTERS
    assert float(found["chapters"][1]["start_time"]) == pytest.approx(3.99, abs=0.01)
    said = tags(found)
    assert (said["title"], said["artist"], said["date"]) == ("How Bees Talk", "Stand-in Channel", "2026-03-04")
    assert said["comment"] == "https://www.youtube.com/watch?v=stVideo0001"
    assert covers(found) == ["mjpeg"]
    assert standin.errors == standin.refused == []


def test_sound_that_has_the_codec_already_is_not_encoded_again(probe: Probe, settings: Settings, work: Path) -> None:
    base = youtube.fetch_audio(probe, settings, work, sandbox.quiet)
    path = convert.make([base], Form("audio", "opus"), labels_of(probe.video), settings, work, sandbox.quiet)

    assert packets(path, "audio") == packets(base, "audio")


def packets(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


@pytest.mark.parametrize("form", [Form("video"), Form("video", quality=360), Form("video", quality=BEST)], ids=lambda form: form.name)
def test_video_is_merged_with_its_words_chapters_and_picture(probe: Probe, settings: Settings, work: Path, form: Form) -> None:
    path = made(probe, form, settings, work)

    found = shown(path)
    assert path.suffix == ".mp4"
    assert streams(found) == [("video", "h264"), ("audio", "aac")]
    assert float(found["format"]["duration"]) == pytest.approx(LENGTH, abs=0.5)
    assert [chapter["tags"]["title"] for chapter in found["chapters"]] == CHAPTERS
    assert (tags(found)["title"], tags(found)["artist"]) == ("How Bees Talk", "Stand-in Channel")
    assert covers(found) == ["mjpeg"]
    assert not [file.name for file in work.glob("stVideo0001.*")]


def test_a_picture_that_is_no_jpeg_is_left_out_and_the_rest_is_there(probe: Probe, settings: Settings, work: Path) -> None:
    (work / "thumbnail.jpg").write_bytes(b"RIFF\0\0\0\0WEBP" * 100)
    found = shown(made(probe, Form("audio", "mp3"), settings, work))

    assert covers(found) == []
    assert tags(found)["title"] == "How Bees Talk"


def test_a_webp_preview_is_asked_for_as_jpeg(settings: Settings, work: Path, standin: StandIn) -> None:
    standin.fault(r"GET i\.ytimg\.com.*maxres", Response("", 404))
    youtube.probe(parse_link("stVideo0001"), settings, work, sandbox.quiet, captions=False, cover=True)

    assert all(".webp" not in line for line in standin.lines("ytimg"))
    assert (work / "thumbnail.jpg").read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize("kind", ["mp3", "m4a", "opus", ""])
def test_a_clip_of_the_sound_has_its_length_and_its_own_chapters(probe: Probe, settings: Settings, work: Path, kind: str) -> None:
    path = made(probe, Form("audio", kind, clip=Clip(3.0, 8.5)), settings, work)

    found = shown(path)
    assert path.suffix == (f".{kind}" if kind else ".webm")
    assert float(found["format"]["duration"]) == pytest.approx(5.5, abs=0.1)
    assert [chapter["tags"]["title"] for chapter in found["chapters"]] == CHAPTERS[:2]
    assert float(found["chapters"][1]["start_time"]) == pytest.approx(0.99, abs=0.02)


@pytest.mark.parametrize("kind", ["", "mp3"])
def test_a_clip_of_a_recording_that_does_not_know_its_length_ends(tmp_path: Path, kind: str) -> None:
    """As a browser records, which writes the header before it knows."""
    recording = tmp_path / "live.webm"
    with av.open(str(recording), "w", options={"live": "1"}) as container:
        sound = container.add_stream("libopus", rate=48_000, layout="mono")
        for second in range(12):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, second * 48_000
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    with av.open(str(recording)) as container:
        assert not container.duration

    path = extract(recording, tmp_path / "clip", kind, Labels("A talk", ()), lambda *_: None, Clip(3.0, 5.0))
    with av.open(str(path)) as container:
        heard = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert heard == pytest.approx(2.0, abs=0.2)


def test_a_clip_that_is_encoded_holds_the_sound_of_its_time(probe: Probe, settings: Settings, work: Path) -> None:
    """Loudness along the clip is that of the same stretch of the whole."""
    base = youtube.fetch_audio(probe, settings, work, sandbox.quiet)
    path = convert.make([base], Form("audio", "mp3", clip=Clip(3.5, 9.0)), labels_of(probe.video), settings, work, sandbox.quiet)

    whole, part = loudness(base), loudness(path)
    assert len(part) == pytest.approx(55, abs=2)
    differences = {shift: sum(abs(a - b) for a, b in zip(part, whole[35 + shift :], strict=False)) for shift in range(-5, 6)}
    assert min(differences, key=lambda shift: differences[shift]) in (-1, 0, 1)


def loudness(path: Path) -> list[float]:
    """Of each tenth of a second."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", 8000, frame_size=800)
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return [float(abs(frame.to_ndarray()).mean()) for frame in frames]


def test_a_clip_of_the_video_begins_at_the_key_frame_before(probe: Probe, settings: Settings, work: Path) -> None:
    path = made(probe, Form("video", clip=Clip(4.0, 9.0)), settings, work)

    found = shown(path)
    assert streams(found) == [("video", "h264"), ("audio", "aac")]
    assert float(found["format"]["duration"]) == pytest.approx(9.0, abs=0.6)  # the talk has one key frame, at its start


def test_a_clip_of_a_longer_video_is_cut_at_both_ends(settings: Settings, tmp_path: Path) -> None:
    """The recording of five minutes has a key frame every 30 seconds."""
    media = Path(__file__).parents[2] / "standin" / "media"
    base = tmp_path / "base"
    base.mkdir()
    labels = replace(labels_of_none(), chapters=[(0.0, 70.0, "One"), (70.0, 90.0, "Two"), (90.0, 300.0, "Three")])
    whole = convert.make([media / "medium.video.mp4", media / "medium.webm"], Form("video"), labels, settings, base, sandbox.quiet)
    path = convert.make([whole], Form("video", clip=Clip(65.0, 95.0)), labels, settings, tmp_path, sandbox.quiet)

    found = shown(path)
    assert float(found["format"]["duration"]) == pytest.approx(35.0, abs=0.6)
    assert [(c["tags"]["title"], round(float(c["start_time"]))) for c in found["chapters"]] == [("One", 0), ("Two", 10), ("Three", 30)]
    with av.open(str(path)) as container:
        firsts = [next(p for p in container.demux(s) if p.size) for s in (container.streams.video[0], container.streams.audio[0])]
        assert all(0 <= float(p.pts * p.time_base) < 0.1 for p in firsts)
    with av.open(str(path)) as container:
        pictures = sum(1 for _ in container.decode(video=0))
    assert pictures == pytest.approx(35 * rate(media / "medium.video.mp4"), abs=3)


def rate(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(container.streams.video[0].average_rate or 0)


def labels_of_none() -> Any:
    from pipeline.source.labels import Labels

    return Labels("", [])


@pytest.mark.parametrize("form", [Form("audio", "mp3", clip=Clip(100.0, 120.0)), Form("audio", clip=Clip(100.0, 120.0))], ids=lambda f: f.name)
def test_a_clip_behind_the_end_is_an_error(probe: Probe, settings: Settings, work: Path, form: Form) -> None:
    with pytest.raises(InputError) as caught:
        made(probe, form, settings, work)
    assert caught.value.code == "bad_media"


@pytest.mark.parametrize(("kind", "wanted"), [("audio", Form("audio")), ("video", Form("video"))])
def test_parts_of_other_bytes_are_thrown_away_and_the_next_try_is_whole(
    probe: Probe, settings: Settings, work: Path, standin: StandIn, kind: str, wanted: Form
) -> None:
    """A part of the right length that is another file's: nothing sees it before the file is opened."""
    for file in standin.app.videos["stVideo0001"].media.items():
        number, served = file
        suffix = "webm" if served.suffix == ".webm" else "m4a" if served.suffix == ".m4a" else "mp4"
        (work / f"stVideo0001.{number}.{suffix}.part").write_bytes(b"\0" * (served.stat().st_size - 2000))
    with pytest.raises(NutshellError) as caught:
        youtube.fetch_form(probe, wanted, settings, work, sandbox.quiet)
    assert (caught.value.code, caught.value.retryable) == ("range_lost", True)

    for left in work.glob("*.part"):  # of formats that were not asked for
        left.unlink()
    path = youtube.fetch_form(probe, wanted, settings, work, sandbox.quiet)
    assert float(shown(path)["format"]["duration"]) == pytest.approx(LENGTH, abs=0.5)


def test_progress_says_how_much_how_fast_and_how_long(probe: Probe, settings: Settings, work: Path, standin: StandIn) -> None:
    standin.fault("videoplayback", rate=40_000)
    seen: list[str] = []
    youtube.fetch_audio(probe, settings, work, lambda progress: seen.append(progress.message))

    assert any(" of 0.1 MB, " in line and "kB/s" in line and line.endswith("s left") for line in seen), seen
