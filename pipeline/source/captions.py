"""Captions and transcript files -> Transcript, and whether captions are good enough to be read instead of listening."""

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, cause
from pipeline.languages import detect
from pipeline.source import cues, plain
from pipeline.source.tidy import tidy
from pipeline.types import Origin, Transcript

MOST_BYTES = 20 * 1024**2
TIMED_SUFFIXES = frozenset({".vtt", ".srt", ".sbv", ".json3", ".srv1", ".srv2", ".srv3", ".ttml", ".dfxp"})
"""Names that promise times: a text without any under such a name is a broken file, not a text."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
         (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u303f\u3105-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
"""Chinese characters and Korean syllables: each is said as long as three Latin letters."""
_SYLLABLES = re.compile("[\u0590-\u08ff\u0900-\u0fff\u1000-\u109f\u1200-\u137f\u1780-\u17ff\u3040-\u3104]")
"""Scripts that leave out vowels or write them as marks (Arabic, Hebrew, those of India, Thai, Lao, Khmer, Burmese), and kana: a letter is said as long as two Latin ones."""
SLOWEST, FASTEST = 1.5, 60.0
"""Latin letters a second over the whole video, other scripts weighed: people speak 12 to 17."""
SHORTEST = 60.0
"""Seconds; of shorter videos nothing is demanded but a word."""
_BRACKETED = re.compile(r"\[[^\[\]]*\]")
_ROOT = re.compile(r"(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*){0,9}<(?:[\w.-]+:)?(transcript|timedtext|tt)\b")
_STATED = {
    "vtt": re.compile(r"\A\s*WEBVTT(?:[^\n]*\n){1,8}?Language:[ \t]*([\w-]{2,20})"),
    "json": re.compile(r'"language"\s*:\s*"([A-Za-z-]{2,20})"'),
    "ttml": re.compile(r"<(?:[\w.-]+:)?tt\b[^<>]*\sxml:lang\s*=\s*[\"']([\w-]{2,20})"),
}
"""Where a file says which language it is in."""
READS = "Give .vtt, .srt, .ttml, .json3 or .txt."
_NO_WORDS = "they hold no words"


@dataclass(frozen=True, slots=True)
class TranscriptFile:
    """A transcript file as it was understood."""

    transcript: Transcript
    format: str
    encoding: str
    notes: tuple[str, ...]
    """What had to be assumed, in sentences for the reader."""


def parse(data: bytes, format: str, *, language: str, origin: Origin) -> Transcript:  # noqa: A002 - the word of the field
    """Captions in one of the formats json3, srv1, srv2, srv3, ttml, vtt, srt, sbv, json, txt.

    Raises:
        InputError: `bad_transcript`: too large, not this format, or no cue with text and time in it. Nothing else, whatever the bytes.
    """
    text, _ = decode(data)
    return _transcript(text, format, language, origin)


def judge(data: bytes, format: str, duration: float, *, language: str, origin: Origin) -> Transcript | str:  # noqa: A002 - the word of the field
    """A track that YouTube handed out: its transcript, or what is wrong with it as the end of a sentence ("came empty"). `duration` in seconds, 0 unknown."""
    if not data.strip():
        return "came empty"
    try:
        found = cues.read(decode(data)[0], format)
    except InputError:
        return "could not be read"
    if not found:
        return "could not be read"
    segments = tidy(found)
    transcript = Transcript(language, origin, None, segments)
    problem = usable(transcript, duration)
    return f"were not used: {problem}" if problem else transcript


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
    try:
        text = data.decode(encoding, "surrogatepass")  # half characters, as Java writes them, become whole in plain.text
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), encoding


def _guessed(data: bytes) -> str:
    head = data[:4096]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(head) > 3 and zeros.count(0) > 0.7 * len(zeros):
            return name
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")  # a file that was cut off within a character is still UTF-8
        strange = len(text) - len(text.encode("ascii", "ignore"))
        return "utf-8" if text.count("\ufffd") * 10 <= strange else "cp1252"
    return "utf-8"


_TIMED = re.compile(r"^[ \t]*-?\d+:\d\d(?::\d\d)?(?:[ \t]*--+>|[.,]\d+[ \t]*(?:-+>|,[ \t]*-?\d+:\d\d))", re.MULTILINE)
"""SubRip, also without parts of seconds, or SBV."""


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
    root = _ROOT.match(head)
    if root and root[1] in ("transcript", "timedtext"):
        return "srv3"
    if root and root[1] == "tt":
        return "ttml"
    if re.match(r"<(?:\?xml|!doctype|!--|html\b)", head, re.IGNORECASE):
        raise cause("bad_transcript", READS)
    if _TIMED.search(text[:20_000]):
        return "srt"
    return "txt"


def _stated_language(text: str, form: str) -> str | None:
    stated = _STATED[form].search(text[:2000]) if form in _STATED else None
    return plain.language(stated[1]) if stated else None


def _transcript(text: str, form: str, language: str, origin: Origin) -> Transcript:
    segments = tidy(cues.read(text, form))
    if not segments:
        raise cause("bad_transcript")
    return Transcript(language or detect(" ".join(segment.text for segment in segments[:200])), origin, None, segments)


def usable(transcript: Transcript, duration: float) -> str | None:
    """Why captions had better not be used ("they end at 31% of the video"), or None when they will do.

    Judged by how much is said: letters a second over the whole video, and how far the captions reach. `duration` 0 means unknown.
    """
    segments = transcript.segments
    said = [_letters(segment.text) for segment in segments]
    letters = sum(said)
    if not letters:
        return _NO_WORDS
    length = duration or segments[-1].end
    if sum(count for segment, count in zip(segments, said, strict=True) if segment.start > length + 30) > letters / 2:
        return "most of them lie behind the end of the video"
    if _repeats(transcript):
        return "they say the same again and again"
    if letters / max(length, 1.0) > FASTEST:
        return "they hold more words than anybody can say in that time"
    if length < SHORTEST:
        return None
    if letters / length < SLOWEST:
        return f"they hold too few words ({letters / length:.1f} letters a second)"
    reach = _reach(transcript, said)
    if reach < 0.5 * length:
        return f"they end at {reach / length:.0%} of the video"
    return None


def _repeats(transcript: Transcript) -> bool:
    """Every second line is the same, or there are hardly any different ones."""
    lines = Counter(segment.text.casefold() for segment in transcript.segments)
    most, count = lines.most_common(1)[0][1], len(transcript.segments)
    return count >= 20 and (most * 2 >= count or len(lines) <= count // 10)


def _reach(transcript: Transcript, said: list[int]) -> float:
    """The second by which nearly all is said: a last line that names the translator does not make captions reach to the end."""
    left = sum(said) * 0.05
    for segment, count in zip(reversed(transcript.segments), reversed(said), strict=True):
        left -= count
        if left < 0:
            return segment.end
    return 0.0


def _letters(text: str) -> int:
    """How many Latin letters take as long to say. Marks on letters do not count, nor do sounds ("[Music]")."""
    text = _BRACKETED.sub("", text)
    return sum(character.isalnum() for character in text) + 2 * len(_WIDE.findall(text)) + len(_SYLLABLES.findall(text))
