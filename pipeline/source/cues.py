"""Caption files -> cues as they stand in the file. One reader a family of formats, here JSON and lines with times, in markup.py the XML ones; pure.

Real files are broken in every way, so the readers take what can be read and leave the rest: no line of another cue is lost because one is bad. They are written by
hand, in linear time, because parsers that know the formats' rules (webvtt-py, an XML parser) refuse whole files that break them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pipeline.errors import cause
from pipeline.source import markup
from pipeline.source.cue import Cue, completed, number

MOST_CUES = 200_000
MOST_NODES = 2_000_000
"""Objects and lists of a JSON file: what 20 MB of brackets would take is gigabytes."""
LATEST = 7 * 24 * 3600.0
"""Seconds; a cue later than a week is a broken one."""
WORDS_A_MINUTE = 150
"""How fast people speak, for texts without times."""


def read(text: str, form: str) -> list[Cue]:
    """The cues of a caption file.

    Raises:
        InputError: `bad_transcript`: not this format at all, or more than MOST_CUES cues.
    """
    reader = _READERS.get(form)
    if reader is None:
        raise cause("bad_transcript", f"The format {form!r} is not read.")
    cues: list[Cue] = []
    for cue in reader(text):
        if len(cues) >= MOST_CUES:
            raise cause("bad_transcript", f"It has more than {MOST_CUES:,} cues.")
        if cue.start < 0 < (cue.end or 0.0):  # it begins before the video does, as after a cut at its head
            cue = replace(cue, start=0.0)
        if 0 <= cue.start <= LATEST:
            cues.append(replace(cue, end=None) if cue.end and cue.end > LATEST else cue)
    return cues


# ---------------------------------------------------------------- JSON


def _read_json(text: str) -> Iterator[Cue]:
    """YouTube's json3 (`events`), and the lists of segments that Nutshell, Whisper and youtube-transcript-api write."""
    if text.count("{") + text.count("[") > MOST_NODES:
        raise cause("bad_transcript", "It is too large.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise cause("bad_transcript", "It is not JSON.") from error
    if isinstance(data, dict) and isinstance(data.get("transcript"), dict):
        data = data["transcript"]
    if isinstance(data, dict) and isinstance(data.get("events"), list):
        yield from _events(data["events"])
    elif isinstance(data, dict) and isinstance(data.get("segments"), list):
        yield from _segments(data["segments"])
    elif isinstance(data, list):
        yield from _segments(data)


def _events(events: list[Any]) -> Iterator[Cue]:
    """json3. An event without `segs` is a window."""

    def shown() -> Iterator[tuple[Cue, bool]]:
        for event in events:
            if not isinstance(event, dict) or (start := number(event.get("tStartMs"))) is None:
                continue
            length = number(event.get("dDurationMs"))
            text, words = _words(event.get("segs"), start)
            yield Cue(start / 1000, None if length is None else (start + length) / 1000, text, words=words), bool(event.get("aAppend"))

    return completed(shown())


def _words(segs: object, start: float) -> tuple[str, tuple[tuple[int, float], ...]]:
    """The text of an event, and where and when its words begin. `start` in milliseconds."""
    text, words = [], []
    at = 0
    for seg in segs if isinstance(segs, list) else ():
        if not isinstance(seg, dict) or not isinstance(seg.get("utf8"), str):
            continue
        if offset := number(seg.get("tOffsetMs")):
            words.append((at, (start + offset) / 1000))
        text.append(seg["utf8"])
        at += len(seg["utf8"])
    return "".join(text), tuple(words)


def _segments(segments: list[Any]) -> Iterator[Cue]:
    for segment in segments:
        if not isinstance(segment, dict) or not isinstance(segment.get("text"), str) or (start := number(segment.get("start"))) is None:
            continue
        end, length = number(segment.get("end")), number(segment.get("duration"))
        speaker = segment.get("speaker")
        yield Cue(
            start,
            end if end is not None or length is None else start + length,
            segment["text"],
            speaker if isinstance(speaker, str) else None,
        )


# ---------------------------------------------------------------- lines with times

_CLOCK = r"((?:\d{1,4}:)?\d{1,4}:\d{1,2}(?:[.,]\d{1,9})?)"
_TIMING = re.compile(rf"\s*(-?){_CLOCK}\s*(?:-{{1,3}}>|(?<=\.\d{{3}}),(?=-?\d{{1,4}}:\d{{1,2}}:\d{{1,2}}\.\d))\s*(-?){_CLOCK}(?:\s.*)?", re.ASCII)
"""The comma is SBV's, between two whole times: "10:30, 11:45 or 12:00" is a line that is said."""
_BROKEN_TIMING = re.compile(r"\s*\S{0,20}\d:\S{0,20}\s{0,9}-{1,3}>")
"""A line that was meant to have times: what follows it is not of the cue before."""
_WORD_TIME = re.compile(rf"<{_CLOCK}>", re.ASCII)
_STAMP = re.compile(rf"\s*[\[(]?{_CLOCK}[\])]?(?:\s*[-–—:|]\s|\s|$)\s*(.*)", re.ASCII)
_NAMED_STAMP = re.compile(rf"\s*([A-Z][^\d:()\[\]]{{0,60}}?)\s*(?::\s*[(\[]?|[(\[]){_CLOCK}[)\]]?:?(?:\s+(.*))?")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_HEADING = re.compile(r"\s*(?:#{1,6}\s|---+\s*$|\*\*\*+\s*$)")
_BOLD_NAME = re.compile(r"^\s*\*\*([^*\n]{1,60}?):?\*\*:?\s+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")


def _read_blocks(text: str) -> Iterator[Cue]:
    """WebVTT, SubRip and SBV: a line with two times, then lines of text up to an empty line or the next times. Whatever stands elsewhere is not shown by a player."""
    times: tuple[float, float] | None = None
    lines: list[str] = []
    for line in _lines(text):
        match = _TIMING.fullmatch(line)
        timing = bool(match or _BROKEN_TIMING.match(line))
        if not timing and line:  # a line of spaces is no end: YouTube writes one into every automatic cue
            lines.append(line)
            continue
        if times:
            if timing and lines and lines[-1].strip().isdecimal():  # the number of the next cue of a file without empty lines
                lines.pop()
            yield _block(*times, "\n".join(lines).rstrip())
        times = (_signed(match[1], match[2]), _signed(match[3], match[4])) if match else None
        lines = []
    if times:
        yield _block(*times, "\n".join(lines).rstrip())


def _lines(text: str) -> Iterator[str]:
    """As text.split("\\n"), without holding millions of lines at once."""
    at = 0
    while (end := text.find("\n", at)) >= 0:
        yield text[at:end]
        at = end + 1
    yield text[at:]


def _block(start: float, end: float, text: str) -> Cue:
    """A cue whose words may have times: `lobsters<00:00:00.967><c> and</c>`."""
    if "<" not in text:
        return Cue(start, end, text)
    pieces = _WORD_TIME.split(text)
    whole, words = pieces[0], []
    kept = [whole]
    at = len(whole)
    for clock, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        words.append((at, _seconds(clock)))
        kept.append(piece)
        at += len(piece)
    return Cue(start, end, "".join(kept), words=tuple(words))


def _signed(minus: str, clock: str) -> float:
    return -_seconds(clock) if minus else _seconds(clock)


def _seconds(clock: str) -> float:
    hours, minutes, seconds = (["0", *clock.replace(",", ".").split(":")])[-3:]
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _read_plain(text: str) -> Iterator[Cue]:
    """Text with times at the head of its lines ("0:05 hello", "Ann: 00:00:05", or the time on a line of its own), else text alone with estimated times.

    Markdown is read as what it means: headings and the header of the file are not spoken, bold names are labels.
    """
    lines = _spoken_lines(text)
    return _stamped(lines) if _are_stamped(lines) else _estimated(lines)


def has_times(text: str) -> bool:
    """Whether a plain text has times, or they have to be estimated."""
    return _are_stamped(_spoken_lines(text))


def _spoken_lines(text: str) -> list[str]:
    spoken = _FRONT_MATTER.sub("", text, count=1)
    return [_BOLD_NAME.sub(r"\1: ", line) for line in _lines(spoken) if line.strip() and not _HEADING.match(line)]


def _are_stamped(lines: list[str]) -> bool:
    """Of the first thousands, at least every tenth line begins with a time, and so does one of the first three."""
    lines = lines[:5000]
    if not any(_stamp(line) for line in lines[:3]):
        return False
    return sum(_stamp(line) is not None for line in lines) >= max(2, len(lines) // 10)


def _stamp(line: str) -> Cue | None:
    """A line with a time at its head, as a cue without end."""
    if match := _STAMP.fullmatch(line):
        return Cue(_seconds(match[1]), None, match[2])
    if match := _NAMED_STAMP.fullmatch(line):
        return Cue(_seconds(match[2]), None, match[3] or "", match[1])
    return None


def _stamped(lines: Iterable[str]) -> Iterator[Cue]:
    """What stands between two times was said between them."""
    current: Cue | None = None
    words: list[str] = []
    for line in lines:
        stamp = _stamp(line)
        if stamp is None:
            words.append(line)
            continue
        if current and words:
            yield replace(current, text=" ".join(words), end=stamp.start)
        current, words = stamp, [stamp.text] if stamp.text.strip() else []
    if current and words:
        yield replace(current, text=" ".join(words))


def _estimated(lines: list[str]) -> Iterator[Cue]:
    now = 0.0
    for line in lines:
        for sentence in _sentences(line):
            wide = sum(character > "\u2e80" for character in sentence)  # a Chinese or Japanese character is about half a word
            length = (len(sentence.split()) + wide / 2) / WORDS_A_MINUTE * 60
            yield Cue(now, now + length, sentence)
            now += length


def _sentences(line: str) -> Iterator[str]:
    at = 0
    for match in _SENTENCE.finditer(line):
        yield line[at : match.start()]
        at = match.end()
    if at < len(line):
        yield line[at:]


_READERS = {
    "json3": _read_json, "json": _read_json, "srv1": markup.read_srv, "srv2": markup.read_srv, "srv3": markup.read_srv, "ttml": markup.read_ttml,
    "vtt": _read_blocks, "srt": _read_blocks, "sbv": _read_blocks, "txt": _read_plain,
}  # fmt: skip
