"""Which parts of a stretch of sound are speech, and how they are packed into what Whisper hears at once.

Whisper hears exactly 30 s at a time, whatever they contain, and its encoder is most of the cost. So the silences between stretches of speech are left
out and the stretches packed into clips as full as they go; a clip remembers where its parts stood, which gives words their times back.
"""

import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
HEARD_AT_ONCE = 30.0
"""Seconds that Whisper hears at once."""
PAUSE = 0.16
"""Seconds of silence that end a stretch of speech; faster-whisper's value for its batched pipeline."""
PADDING = 0.4
"""Seconds kept around a stretch: the soft beginnings and ends of words that the detector misses."""
FULL = 1.0
"""Seconds that a stretch may lack of HEARD_AT_ONCE and still be one that was cut for its length."""
LOOSE = 0.85
"""A clip may be closed from this share of its length on, at the longest pause: words at the edges of a clip are heard worst."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech between two silences, in seconds from the start of the recording."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Clip:
    """Stretches joined without the silences between them, at most HEARD_AT_ONCE long."""

    stretches: tuple[Stretch, ...]

    @property
    def length(self) -> float:
        return sum(stretch.length for stretch in self.stretches)

    @property
    def offsets(self) -> list[float]:
        """Where in the clip each stretch begins."""
        offsets, at = [], 0.0
        for stretch in self.stretches:
            offsets.append(at)
            at += stretch.length
        return offsets

    def place(self, start: float, end: float) -> tuple[float, float]:
        """Times in the recording of a word at `start..end` of the clip. Both lie in the stretch of its middle, so no word spans a silence."""
        offsets = self.offsets
        number = max(0, bisect_right(offsets, (start + end) / 2) - 1)
        stretch, offset = self.stretches[number], offsets[number]
        first = min(max(stretch.start, stretch.start + start - offset), stretch.end)
        return first, max(first, min(stretch.start + end - offset, stretch.end))


def find_speech(samples: "np.ndarray", start: float) -> tuple[Stretch, ...]:
    """Stretches of speech of at most HEARD_AT_ONCE, found by Silero, of `samples` that begin at `start` of the recording."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read by onnxruntime when it is first imported, which the next line does
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        max_speech_duration_s=HEARD_AT_ONCE, min_silence_duration_ms=round(PAUSE * 1000), speech_pad_ms=round(PADDING * 1000)
    )
    return tuple(Stretch(start + found["start"] / RATE, start + found["end"] / RATE) for found in get_speech_timestamps(samples, options))


def pack(stretches: Sequence[Stretch]) -> tuple[Clip, ...]:
    """Clips that hold all stretches in order."""
    clips: list[Clip] = []
    rest = list(stretches)
    while rest:
        count = _how_many(rest)
        clips.append(Clip(tuple(rest[:count])))
        rest = rest[count:]
    return tuple(clips)


def _how_many(stretches: Sequence[Stretch]) -> int:
    """How many of the first stretches go into one clip: up to the longest pause of those that leave it nearly full."""
    fits, length = 0, 0.0
    best, longest = 0, -1.0
    for number, stretch in enumerate(stretches):
        length += stretch.length
        if length > HEARD_AT_ONCE and number:
            return best or fits
        fits = number + 1
        pause = stretches[fits].start - stretch.end if fits < len(stretches) else float("inf")
        if length >= LOOSE * HEARD_AT_ONCE and pause >= longest:
            best, longest = fits, pause
    return fits


def cut(stretches: Sequence[Stretch], end: float) -> tuple[tuple[Stretch, ...], float]:
    """What is finished of a stretch of sound that ends at `end` but goes on, and from where on to look again.

    Speech that touches the end is still going on; it is left for the next look, unless nothing else was found and it is as long as a clip.
    """
    if not stretches or stretches[-1].end < end - PADDING:
        return tuple(stretches), end
    if len(stretches) == 1 and stretches[0].length >= HEARD_AT_ONCE - FULL:
        return tuple(stretches), stretches[0].end
    return tuple(stretches[:-1]), stretches[-1].start


def whole_clips(stretches: Sequence[Stretch], end: float) -> tuple[tuple[Clip, ...], float]:
    """The clips that are finished of a stretch of sound that ends at `end` but goes on, and from where on to look again.

    A last clip that is not full waits too (its speech fills the next one), unless it is the only one.
    """
    finished, until = cut(stretches, end)
    clips = pack(finished)
    if len(clips) > 1 and clips[-1].length < LOOSE * HEARD_AT_ONCE:
        return clips[:-1], clips[-1].stretches[0].start
    return clips, until


def take(samples: "np.ndarray", start: float, clip: Clip) -> "np.ndarray":
    """The clip's sound out of `samples` that begin at `start` of the recording."""
    import numpy as np

    return np.concatenate([samples[round((part.start - start) * RATE) : round((part.end - start) * RATE)] for part in clip.stretches])
