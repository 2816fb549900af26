"""Any file that people hand in becomes samples, or one of three errors; the child that does it has nothing to lose."""

import io
import os
import signal
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipeline.errors import InputError, NutshellError
from pipeline.speech.audio import RATE, windows
from pipeline.speech.decode_child import Sink
from tests.integration.speech.media import tone, write_audio, write_video


def samples_of(path: Path, **options: float) -> np.ndarray:
    return np.concatenate([window.samples for window in windows(path, **options)] or [np.zeros(0, np.float32)])


def pitch(samples: np.ndarray) -> float:
    """The strongest frequency, in Hz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples))


def child_of_this_process() -> psutil.Process:
    (child,) = [one for one in psutil.Process().children() if "pipeline.speech.decode_child" in one.cmdline()]
    return child


def code_of(path: Path) -> str:
    with pytest.raises(NutshellError) as caught:
        samples_of(path)
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout"),
    [
        ("a.wav", "pcm_s16le", 16_000, "mono"),
        ("telephone.wav", "pcm_alaw", 8_000, "mono"),
        ("cinema.wav", "pcm_s16le", 48_000, "7.1"),
        ("a.flac", "flac", 44_100, "stereo"),
        ("a.mp3", "libmp3lame", 44_100, "stereo"),
        ("a.m4a", "aac", 44_100, "5.1"),
        ("a.aac", "aac", 44_100, "mono"),
        ("a.webm", "libopus", 48_000, "stereo"),
        ("a.ogg", "libopus", 48_000, "mono"),
        ("a.mkv", "ac3", 48_000, "5.1"),
        ("a.mov", "alac", 44_100, "mono"),
        ("a.aiff", "pcm_s16be", 44_100, "mono"),
    ],
)
def test_containers_codecs_rates_and_channels(tmp_path: Path, name: str, codec: str, rate: int, layout: str) -> None:
    channels = {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}[layout]
    path = write_audio(tmp_path / name, np.tile(tone(3.0, rate), (channels, 1)), codec=codec, rate=rate, layout=layout)

    samples = samples_of(path)

    assert len(samples) / RATE == pytest.approx(3.0, abs=0.15)
    assert pitch(samples) == pytest.approx(440, abs=2)
    assert 0.1 < samples[RATE : 2 * RATE].max() <= 1.0


def test_windows_join_without_gap_and_the_last_is_shorter(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", tone(5.0), codec="pcm_s16le")

    found = list(windows(path, seconds=2.0))

    assert [(window.start, window.end) for window in found] == [(0.0, 2.0), (2.0, 4.0), (4.0, 5.0)]


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("a.wav", "pcm_s16le", 16_000), ("a.mp3", "libmp3lame", 16_000), ("a.webm", "libopus", 48_000), ("a.m4a", "aac", 44_100)],
)
def test_a_start_gives_the_same_samples_as_the_whole(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    rising = np.concatenate([tone(1.0, rate, frequency=300.0 + 100 * second) for second in range(10)])
    path = write_audio(tmp_path / name, rising, codec=codec, rate=rate)

    rest = samples_of(path, start=6.5)

    assert len(rest) / RATE == pytest.approx(3.5, abs=0.1)
    assert pitch(rest[: RATE // 4]) == pytest.approx(900, abs=5)
    assert pitch(rest[RATE : RATE + RATE // 4]) == pytest.approx(1000, abs=5)


def test_a_start_beyond_the_end_gives_nothing(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", tone(2.0), codec="pcm_s16le")

    assert list(windows(path, start=60.0)) == []


def test_sound_that_begins_late_keeps_its_time(tmp_path: Path) -> None:
    """As in a video whose sound sets in after the picture: times are those that a player shows."""
    path = tmp_path / "late.mkv"
    import av

    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for _ in range(100):
            container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(picture.encode(None))
        block = (tone(2.0) * 32767).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 2 * RATE
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))

    samples = samples_of(path)

    assert len(samples) == pytest.approx(4 * RATE, abs=RATE // 20)
    assert np.abs(samples[: int(1.9 * RATE)]).max() == 0
    assert pitch(samples[int(2.1 * RATE) : 3 * RATE]) == pytest.approx(440, abs=2)


def test_many_small_gaps_add_up(tmp_path: Path) -> None:
    """Packets that a stream lost: each gap is too small to count, and after an hour they were minutes."""
    import av

    path = tmp_path / "lossy.mkv"
    block = (tone(0.02) * 32767).astype(np.int16)[None, :]
    with av.open(str(path), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for number in range(1000):
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, round(number * 0.022 * RATE)
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))

    assert len(samples_of(path)) / RATE == pytest.approx(22.0, abs=0.3)


@pytest.mark.parametrize(("start", "first", "seconds"), [(0.0, 2.0, 3.0), (703.0, 706.0, 4.0), (703.0, 702.5, 0.5), (10.0, 12.0, 3.0)])
def test_what_is_heard_after_a_jump_begins_at_the_start(start: float, first: float, seconds: float) -> None:
    """Also where START lies in a hole, and the first sound behind it."""
    out = io.BytesIO()
    sink = Sink(out, start, 3600.0)
    sink.place(first)
    sink.write(memoryview(bytes(2 * RATE)))

    assert out.tell() / 2 / RATE == pytest.approx(seconds)
    assert sink.at / RATE == pytest.approx(first + 1.0)


def playlist(kind: str, target: Path) -> bytes:
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {target}\n",
        "dash": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>{target}</BaseURL></Period></MPD>',
        "sdp": "v=0\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    }[kind].encode()


@pytest.mark.parametrize("kind", ["hls", "concat", "dash", "sdp"])
def test_a_list_of_other_files_under_a_false_name_opens_none_of_them(tmp_path: Path, kind: str) -> None:
    secret = write_audio(tmp_path / "secret.wav", tone(1.0), codec="pcm_s16le")
    path = tmp_path / "song.mp3"
    path.write_bytes(playlist(kind, secret))

    assert code_of(path) == "bad_media"


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 100_000, b"just some text, renamed\n" * 100, b"ID3" + b"\xff" * 5000, os.urandom(50_000)]
)
def test_what_is_no_sound_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)

    assert code_of(path) == "bad_media"


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", tone(1.0), codec="flac").rename(tmp_path / "a.mp3")

    assert len(samples_of(path)) == RATE


def test_a_video_without_sound(tmp_path: Path) -> None:
    assert code_of(write_video(tmp_path / "silent.mp4")) == "no_audio"


def test_what_is_not_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")

    assert [code_of(path) for path in (tmp_path, tmp_path / "missing.mp3", tmp_path / "pipe.mp3")] == ["bad_media"] * 3


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("a.webm", "libopus", 48_000), ("a.mp3", "libmp3lame", 44_100), ("a.flac", "flac", 16_000), ("a.wav", "pcm_s16le", 16_000)],
)
def test_a_truncated_file_gives_what_is_there(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    path = write_audio(tmp_path / name, tone(20.0, rate), codec=codec, rate=rate)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert 5 < len(samples_of(path)) / RATE < 15


def test_a_truncated_mp4_whose_index_is_lost(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.m4a", tone(20.0, 44_100), codec="aac", rate=44_100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert code_of(path) == "bad_media"


def test_damage_in_the_middle_costs_only_what_is_damaged(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.mp3", tone(20.0, 44_100), codec="libmp3lame", rate=44_100)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = os.urandom(4000)
    path.write_bytes(content)

    assert len(samples_of(path)) / RATE == pytest.approx(20.0, abs=1.5)


def forged_wav(path: Path, *, rate: int, channels: int, data: int = 200_000) -> Path:
    """A header that says what `rate` and `channels` say, over as much data."""
    header = struct.pack("<HHIIHH", 1, channels, rate, min(rate * channels * 2, 2**32 - 1), channels * 2 % 65536, 16)
    path.write_bytes(
        b"RIFF"
        + struct.pack("<I", 2**32 - 1)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + header
        + b"data"
        + struct.pack("<I", 2**32 - 9)
        + os.urandom(data)
    )
    return path


@pytest.mark.parametrize(("rate", "channels"), [(1, 1), (2**31 - 1, 1), (16_000, 60_000), (0, 1), (16_000, 0)])
def test_forged_headers_cost_no_memory(tmp_path: Path, rate: int, channels: int) -> None:
    assert code_of(forged_wav(tmp_path / "a.wav", rate=rate, channels=channels)) == "bad_media"


def test_length_is_counted_in_decoded_samples(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", np.zeros(60 * RATE, np.float32), codec="flac")

    with pytest.raises(NutshellError) as caught:
        samples_of(path, longest=30.0)

    assert caught.value.code == "too_long"


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Iterator[tuple[psutil.Process, Iterator[object]]]:
    """A child that waits for its second window to be taken."""
    path = write_audio(tmp_path / "a.wav", tone(60.0), codec="pcm_s16le")
    sound = windows(path, seconds=5.0)
    next(sound)
    yield child_of_this_process(), sound
    sound.close()


def test_closing_ends_the_child(running: tuple[psutil.Process, Iterator[object]]) -> None:
    child, sound = running

    sound.close()  # type: ignore[attr-defined]

    assert not child.is_running()


def test_a_child_that_dies_is_a_bad_file(running: tuple[psutil.Process, Iterator[object]]) -> None:
    child, sound = running
    child.send_signal(signal.SIGKILL)

    with pytest.raises(InputError) as caught:
        list(sound)

    assert caught.value.code == "bad_media"


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="needs Linux's /proc")
def test_the_child_has_limits_and_no_environment(running: tuple[psutil.Process, Iterator[object]], monkeypatch: pytest.MonkeyPatch) -> None:
    child, _ = running

    limits = {line[:26].strip(): line[26:].split()[0] for line in Path(f"/proc/{child.pid}/limits").read_text().splitlines()[1:]}
    assert limits["Max address space"] == str(1024**3)
    assert limits["Max open files"] == "16"
    assert limits["Max file size"] == "0"
    assert limits["Max core file size"] == "0"
    assert int(limits["Max cpu time"]) < 2 * 6 * 3600
    assert set(child.environ()) <= {"PYTHONPATH", "LANG", "LC_CTYPE"}
    assert not child.net_connections()
