"""Damaged files of every container: samples or an expected error, never anything else, and no child left behind."""

import random
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pipeline.errors import NutshellError
from pipeline.speech.audio import RATE, windows
from tests.integration.speech.media import tone, write_audio

SOURCES = {
    "a.mp3": ("libmp3lame", 44_100),
    "a.m4a": ("aac", 44_100),
    "a.webm": ("libopus", 48_000),
    "a.ogg": ("libopus", 48_000),
    "a.flac": ("flac", 16_000),
    "a.wav": ("pcm_s16le", 16_000),
}
Change = Callable[[bytearray, random.Random], bytes]


def flip(content: bytearray, chance: random.Random) -> bytes:
    for _ in range(40):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def scramble_header(content: bytearray, chance: random.Random) -> bytes:
    for _ in range(12):
        content[chance.randrange(16, min(400, len(content)))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
    return bytes(content)


def cut_out(content: bytearray, chance: random.Random) -> bytes:
    first = chance.randrange(len(content))
    del content[first : first + chance.randrange(1, len(content))]
    return bytes(content) or b"\0"


def repeat(content: bytearray, chance: random.Random) -> bytes:
    first = chance.randrange(len(content))
    return bytes(content) + bytes(content[first:]) * 3


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("change", [flip, scramble_header, cut_out, repeat])
def test_damaged_files(tmp_path: Path, name: str, change: Change) -> None:
    codec, rate = SOURCES[name]
    good = write_audio(tmp_path / name, tone(4.0, rate), codec=codec, rate=rate).read_bytes()
    path = tmp_path / f"bad-{name}"
    path.write_bytes(change(bytearray(good), random.Random(name)))

    outcome = outcome_of(path)

    assert outcome in {"bad_media", "no_audio", "too_long"} or 0 < float(outcome) <= 600
    assert not [child for child in psutil.Process().children() if "pipeline.speech.decode_child" in child.cmdline()]


def outcome_of(path: Path) -> str:
    """The code of the error, or the seconds of sound."""
    try:
        return str(sum(len(window.samples) for window in windows(path, longest=600.0)) / RATE)
    except NutshellError as error:
        return error.code
