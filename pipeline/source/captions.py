"""Captions and transcript files -> Transcript, and whether captions are good enough to be read instead of listening."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import cause
from pipeline.languages import detect
from pipeline.source import cues, plain
from pipeline.source.tidy import tidy
from pipeline.types import Origin, Transcript

MOST_BYTES = 20 * 1024**2
TIMED_SUFFIXES = frozenset({".vtt", ".srt", ".sbv", ".json3", ".srv1", ".srv2", ".srv3"})
"""Names that promise times: a text without any under such a name is a broken file, not a text."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
         (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Scripts that write a syllable or a word with one character: Chinese, Japanese, Korean."""
SLOWEST, FASTEST = 1.5, 60.0
"""Letters a second over the whole video, a wide character counting for three: people speak 12 to 17."""
SHORTEST = 60.0
"""Seconds; of shorter videos nothing is demanded but a word."""


@dataclass(frozen=True, slots=True)
class TranscriptFile:
    """A transcript file as it was understood."""

    transcript: Transcript
    format: str
    encoding: str
    notes: tuple[str, ...]
    """What had to be assumed, in sentences for the reader."""


def parse(data: bytes, format: str, *, language: str, origin: Origin) -> Transcript:  # noqa: A002 - the word of the field
    """Captions in one of the formats json3, srv1, srv2, srv3, vtt, srt, sbv, json, txt.

    Raises:
        InputError: `bad_transcript`: too large, not this format, or no cue with text and time in it. Nothing else, whatever the bytes.
    """
    text, _ = decode(data)
    return _transcript(text, format, language, origin)


def parse_file(path: Path) -> Transcript:
    """The transcript of a file in any of the formats, recognised by its content; `read_file` also tells what was assumed.

    Raises:
        InputError: `bad_transcript`.
    """
    return read_file(path).transcript


def read_file(path: Path) -> TranscriptFile:
    """As parse_file, with format, encoding and notes. The language is the file's own word, else recognised from the text."""
    if path.stat().st_size > MOST_BYTES:
        raise cause("bad_transcript", f"It is larger than {MOST_BYTES // 1024**2} MB.")
    text, encoding = decode(path.read_bytes())
    form = recognise(text)
    notes = []
    if form == "txt" and path.suffix.lower() in TIMED_SUFFIXES and not cues.has_times(text):
        raise cause("bad_transcript")
    if encoding == "cp1252":
        notes.append("The file is neither UTF-8 nor UTF-16 and was read as Windows-1252.")
    if form == "txt" and not cues.has_times(text):
        notes.append(f"The text has no times; they are estimated from {cues.WORDS_A_MINUTE} words a minute.")
    transcript = _transcript(text, form, _stated_language(text, form) or "", Origin.FILE)
    return TranscriptFile(transcript, form, encoding, tuple(notes))


def decode(data: bytes) -> tuple[str, str]:
    """The text and the encoding it was read in: by its mark, else UTF-8, else UTF-16 where every other byte is zero, else cp1252.

    Raises:
        InputError: `bad_transcript`: too large.
    """
    if len(data) > MOST_BYTES:
        raise cause("bad_transcript", f"It is larger than {MOST_BYTES // 1024**2} MB.")
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), None) or _guessed(data)
    text = data.decode(encoding, errors="replace")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), encoding


def _guessed(data: bytes) -> str:
    head = data[:4096]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(head) > 3 and zeros.count(0) > 0.7 * len(zeros):
            return name
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def recognise(text: str) -> str:
    """The format of a transcript file, by its content: names lie.

    Raises:
        InputError: `bad_transcript`: a web page or another kind of XML.
    """
    head = text[:4096].lstrip("\ufeff \t\n")
    if head.startswith("WEBVTT"):
        return "vtt"
    if head.startswith(("{", "[{", "[\n")) and not re.match(r"\[[\d:.,]+\]", head):
        return "json"
    if re.match(r"(?:<\?xml[^>]*>\s*)?<(?:transcript|timedtext)\b", head):
        return "srv3"
    if re.match(r"(?:<\?xml|<!doctype|<html|<tt\b)", head, re.IGNORECASE):
        raise cause("bad_transcript", "Give .vtt, .srt, .json3 or .txt.")
    if re.search(r"^\s*\d+:\d\d(?::\d\d)?[.,]\d+\s*(?:-+>|,\s*\d+:\d\d)", text[:20_000], re.MULTILINE):
        return "srt"
    return "txt"


def _stated_language(text: str, form: str) -> str | None:
    header = re.match(r"WEBVTT(?:[^\n]*\n){1,8}?Language:[ \t]*([\w-]{2,20})", text[:2000]) if form == "vtt" else None
    stated = header or (re.search(r'"language"\s*:\s*"([A-Za-z-]{2,20})"', text[:2000]) if form == "json" else None)
    return plain.language(stated[1]) if stated else None


def _transcript(text: str, form: str, language: str, origin: Origin) -> Transcript:
    segments = tidy(cues.read(text, form))
    if not segments:
        raise cause("bad_transcript")
    return Transcript(language or detect(" ".join(segment.text for segment in segments[:200])), origin, None, segments)


def usable(transcript: Transcript, duration: float) -> str | None:
    """Why captions had better not be used ("they stop after 2:10 of 58:03"), or None when they will do.

    Judged by how much is said: letters a second over the whole video, and how far the captions reach. `duration` 0 means unknown.
    """
    segments = transcript.segments
    letters = sum(_letters(segment.text) for segment in segments)
    if not letters:
        return "they hold no words"
    length = duration or segments[-1].end
    if sum(_letters(segment.text) for segment in segments if segment.start > length + 30) > letters / 2:
        return "most of them lie behind the end of the video"
    if len(segments) >= 20 and len({segment.text for segment in segments}) <= len(segments) // 10:
        return "they say the same again and again"
    if letters / max(length, 1.0) > FASTEST:
        return "they hold more words than anybody can say in that time"
    if length < SHORTEST:
        return None
    if letters / length < SLOWEST:
        return f"they hold too few words ({letters / length:.1f} letters a second)"
    if segments[-1].end < 0.5 * length:
        return f"they end at {segments[-1].end / length:.0%} of the video"
    return None


def _letters(text: str) -> int:
    wide = len(_WIDE.findall(text))
    return sum(character.isalnum() for character in text) + 2 * wide
