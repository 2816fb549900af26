"""Small media files of every kind, good and bad, made on the spot with PyAV."""

from pathlib import Path

import av
import numpy as np


def tone(seconds: float, rate: int = 16_000, *, frequency: float = 440.0, level: float = 0.3) -> np.ndarray:
    """Mono float samples in -1..1."""
    return (level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def write_audio(path: Path, samples: np.ndarray, *, codec: str, rate: int = 16_000, layout: str = "mono", start: float = 0.0) -> Path:
    """`samples` (channels, n) or (n,) into the container of the suffix, the sound beginning at `start`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        samples = np.atleast_2d(samples)
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size or 1024
        )
        for first in range(0, samples.shape[1], rate):
            interleaved = np.ascontiguousarray(samples[:, first : first + rate].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
            frame.sample_rate, frame.pts = rate, first + int(start * rate)
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def write_video(path: Path, *, frames: int = 25) -> Path:
    """A moving picture without sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number * 7 % 256, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
