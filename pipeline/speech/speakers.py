"""Who speaks when: voices of short windows as vectors, grouped without knowing how many there are.

The vectors are those of Resemblyzer's encoder (Wan and others 2018, "Generalized end-to-end loss for speaker verification"): three LSTMs over 40 mel bands of 1.6 s.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import structlog

from pipeline.config import Settings
from pipeline.errors import InputError, ModelError, SourceError
from pipeline.speech.audio import RATE, windows
from pipeline.speech.clips import Stretch, find_speech
from pipeline.speech.voice_model import BANDS, VoiceModel
from pipeline.speech.voices import Turn, turns_of
from pipeline.types import Segment

log = structlog.get_logger(__name__)

FRAME, HOP = 400, 160
"""Samples of a frame, and from one to the next."""
FRAMES = 160
"""Frames of a window: 1.6 s."""
STEP = 0.6
"""Seconds from one window to the next."""
LEAST = 0.4
"""Seconds of speech that are worth a window."""
LOUDNESS = -30.0
"""dBFS to which the encoder was given speech."""
BATCH = 64
BLOCK = 60.0
"""Seconds of sound in memory."""


@dataclass(frozen=True, slots=True)
class Window:
    """`vector`: 256 float32 of length 1, the voice in `start..end` (seconds)."""

    start: float
    end: float
    vector: np.ndarray


def who_speaks(settings: Settings, path: Path, idle: Callable[[], None] = lambda: None) -> tuple[Turn, ...]:
    """Turns in the order of their starts, for any recording. `idle` is called between pieces of work; what it raises ends it.

    Raises:
        InputError, SourceError: as `audio.windows`.
        ModelError: `model_missing`.
    """
    model = VoiceModel(settings)
    found: list[Window] = []
    for block in windows(path, seconds=BLOCK, idle=idle):
        found += voices(model, block.samples, find_speech(block.samples, block.start), block.start)
        idle()
    return turns_of([(window.start, window.end) for window in found], np.array([window.vector for window in found], dtype=np.float32))


NOT_TOLD = "The speakers could not be told apart."


def told_apart(settings: Settings, path: Path, idle: Callable[[], None] = lambda: None) -> tuple[tuple[Turn, ...], str]:
    """The turns where `settings.speakers` wishes it, and a note for the reader when that went wrong: it never costs the words. Raises what `idle` raises."""
    if not settings.speakers:
        return (), ""
    try:
        return who_speaks(settings, path, idle), ""
    except (ModelError, InputError, SourceError, OSError, ValueError, MemoryError) as error:
        log.warning("speakers not told apart", error=repr(error))
        return (), NOT_TOLD


def voices(model: VoiceModel, samples: np.ndarray, stretches: Sequence[Stretch], start: float) -> list[Window]:
    """The windows of all stretches of speech in `samples`, which begin at `start` of the recording."""
    pieces = [(at, until) for stretch in stretches for at, until in _pieces(stretch)]
    # A shorter stretch is heard again and again until it is as long as a window.
    pictures = [
        np.resize(mel(_leveled(samples[round((at - start) * RATE) : round((until - start) * RATE)])), (FRAMES, BANDS)) for at, until in pieces
    ]
    vectors = [vector for first in range(0, len(pictures), BATCH) for vector in model.vectors(np.stack(pictures[first : first + BATCH]))]
    return [Window(at, until, vector) for (at, until), vector in zip(pieces, vectors, strict=True)]


def mel(samples: np.ndarray) -> np.ndarray:
    """Power in BANDS mel bands (Slaney's, as librosa has them), a row for each frame, of sound padded by half a frame on both sides."""
    padded = np.pad(samples, FRAME // 2)
    count = 1 + (len(padded) - FRAME) // HOP
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[:: HOP][:count]
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return np.asarray(power @ _filters().T, dtype=np.float32)[:FRAMES]


def _filters() -> np.ndarray:
    from faster_whisper.feature_extractor import FeatureExtractor

    return np.asarray(FeatureExtractor.get_mel_filters(RATE, FRAME, n_mels=BANDS))


def _pieces(stretch: Stretch) -> list[tuple[float, float]]:
    """A stretch as windows of 1.6 s that overlap; the last one ends with it."""
    length = FRAMES * HOP / RATE
    if stretch.length < LEAST:
        return []
    if stretch.length <= length:
        return [(stretch.start, stretch.end)]
    count = 1 + int(np.ceil((stretch.length - length) / STEP))
    return [(float(at), float(at) + length) for at in np.linspace(stretch.start, stretch.end - length, count)]


def _leveled(samples: np.ndarray) -> np.ndarray:
    """As loud as the encoder is used to; silence stays."""
    level = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    return samples * np.float32(10 ** (LOUDNESS / 20) / level) if level > 1e-5 else samples


def labelled(segments: Sequence[Segment], turns: Sequence[Turn]) -> tuple[Segment, ...]:
    """The segments with "Speaker 1" and so on, each by whom most of it is spoken; all without where one voice speaks all, or nobody is heard in one."""
    if len({turn.voice for turn in turns}) < 2:
        return tuple(segments)
    return tuple(replace(segment, speaker=_name(segment, turns)) for segment in segments)


def _name(segment: Segment, turns: Sequence[Turn]) -> str | None:
    shares: dict[int, float] = {}
    first = bisect_left(turns, segment.start, key=lambda turn: turn.end)
    for turn in turns[first:]:
        if turn.start >= segment.end:
            break
        shares[turn.voice] = shares.get(turn.voice, 0.0) + min(segment.end, turn.end) - max(segment.start, turn.start)
    return f"Speaker {1 + max(shares, key=lambda voice: (shares[voice], -voice))}" if shares else segment.speaker
