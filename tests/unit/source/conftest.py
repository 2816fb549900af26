"""Media made on the spot: a tone and a grey picture, in the containers that people have."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("nutshell", deadline=None)  # other work may keep a test waiting
settings.load_profile("nutshell")
RATE = 48_000
Make = Callable[..., Path]


def _tone(output: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    size = stream.codec_context.frame_size or 1024
    wave = (np.sin(np.arange(int(seconds * RATE)) * 2 * np.pi * 440 / RATE) * 8000).astype(np.int16)
    for at in range(0, len(wave), size):
        frame = av.AudioFrame.from_ndarray(wave[at : at + size].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, at
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def _pictures(output: av.container.OutputContainer, stream: av.VideoStream, seconds: float) -> None:
    for number in range(int(seconds * 5)):
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number % 255, np.uint8), format="rgb24")
        frame.pts = number
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


@pytest.fixture(name="make", scope="session")
def _make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    folder = tmp_path_factory.mktemp("media")

    def make(
        name: str,
        audio: str | None,
        video: str | None = None,
        *,
        seconds: float = 2.0,
        title: str = "",
        chapters: tuple[tuple[float, str], ...] = (),
    ) -> Path:
        path = folder / name
        with av.open(str(path), "w") as output:
            output.metadata["title"] = title
            pictures = output.add_stream(video, rate=5, width=64, height=64, pix_fmt="yuv420p") if video else None
            sound = output.add_stream(audio, rate=RATE, layout="mono") if audio else None
            if chapters:
                ends = [start for start, _ in chapters[1:]] + [seconds]
                output.set_chapters(
                    [
                        {"id": i, "start": int(s * 1000), "end": int(e * 1000), "time_base": Fraction(1, 1000), "metadata": {"title": t}}
                        for i, ((s, t), e) in enumerate(zip(chapters, ends, strict=True))
                    ]
                )
            if pictures is not None:
                _pictures(output, pictures, seconds)
            if sound is not None:
                _tone(output, sound, seconds)
        return path

    return make
