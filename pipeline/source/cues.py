"""Caption files -> cues as they stand in the file: still with markup, in any order, with broken times. One reader a family of formats; pure.

Real files are broken in every way, so the readers take what can be read and leave the rest: no line of another cue is lost because one is bad. They are written by
hand, in linear time, because parsers that know the formats' rules (webvtt-py, an XML parser) refuse whole files that break them.
"""

import html
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pipeline.errors import cause

MOST_CUES = 200_000
LATEST = 7 * 24 * 3600.0
"""Seconds; a cue later than a week is a broken one."""
WORDS_A_MINUTE = 150
"""How fast people speak, for texts without times."""


@dataclass(frozen=True, slots=True)
class Cue:
    """`end` may be before `start`, or absent; `text` may have lines and markup."""

    start: float
    end: float | None
    text: str
    speaker: str | None = None


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
        if 0 <= cue.start <= LATEST:
            cues.append(cue)
    return cues


# ---------------------------------------------------------------- JSON


def _read_json(text: str) -> Iterator[Cue]:
    """YouTube's json3 (`events`), and the lists of segments that Nutshell, Whisper and youtube-transcript-api write."""
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
            if not isinstance(event, dict) or (start := _number(event.get("tStartMs"))) is None:
                continue
            segs, length = event.get("segs"), _number(event.get("dDurationMs"))
            parts = [seg.get("utf8") for seg in segs if isinstance(seg, dict)] if isinstance(segs, list) else []
            text = "".join(part for part in parts if isinstance(part, str))
            yield Cue(start / 1000, None if length is None else (start + length) / 1000, text), bool(event.get("aAppend"))

    return _completed(shown())


def _completed(shown: Iterable[tuple[Cue, bool]]) -> Iterator[Cue]:
    """YouTube's automatic captions keep a line on the screen for long; an appended line break says when its last word was spoken."""
    waiting: Cue | None = None
    for cue, appended in shown:
        blank = not cue.text.strip()
        if waiting and blank and appended and waiting.start < cue.start < (waiting.end or math.inf):
            waiting = replace(waiting, end=cue.start)
        if blank:
            continue
        if waiting:
            yield waiting
        waiting = cue
    if waiting:
        yield waiting


def _segments(segments: list[Any]) -> Iterator[Cue]:
    for segment in segments:
        if not isinstance(segment, dict) or not isinstance(segment.get("text"), str) or (start := _number(segment.get("start"))) is None:
            continue
        end, length = _number(segment.get("end")), _number(segment.get("duration"))
        speaker = segment.get("speaker")
        yield Cue(
            start,
            end if end is not None or length is None else start + length,
            segment["text"],
            speaker if isinstance(speaker, str) else None,
        )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


# ---------------------------------------------------------------- YouTube's XML

_ELEMENT = re.compile(r"<(?:text|p)\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*[\"']([^\"']*)[\"']")
_INNER = re.compile(r"</?\w[^<>]*>")


def _read_xml(text: str) -> Iterator[Cue]:
    """srv1 (`<text start dur>` in seconds), srv2 (`<text t d>`) and srv3 (`<p t d>`, in milliseconds).

    Not an XML parser: no entities that expand, no depth, and a file that breaks off gives what came before.
    """

    def shown() -> Iterator[tuple[Cue, bool]]:
        pieces = _ELEMENT.split(text)
        for attributes, body in zip(pieces[1::2], pieces[2::2], strict=True):
            found = dict(_ATTRIBUTE.findall(attributes))
            unit, start, length = (1.0, found["start"], found.get("dur")) if "start" in found else (1000.0, found.get("t"), found.get("d"))
            begin, duration = _number(start), _number(length)
            if begin is not None:
                words = _INNER.sub("", re.split(r"</(?:text|p)\s*>", body, maxsplit=1)[0]).partition("<")[0]  # a tag that breaks off
                end = None if duration is None else (begin + duration) / unit
                yield Cue(begin / unit, end, html.unescape(html.unescape(words))), found.get("a") == "1"

    return _completed(shown())


# ---------------------------------------------------------------- lines with times

_CLOCK = r"((?:\d{1,4}:)?\d{1,4}:\d{1,2}(?:[.,]\d{1,9})?)"
_TIMING = re.compile(rf"\s*{_CLOCK}\s*(?:-{{1,3}}>|,)\s*{_CLOCK}(?:\s.*)?", re.ASCII)
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
    for line in text.split("\n"):
        match = _TIMING.fullmatch(line)
        if not match and line:  # a line of spaces is no end: YouTube writes one into every automatic cue
            lines.append(line)
            continue
        if times:
            if match and lines and lines[-1].strip().isdecimal():  # the number of the next cue of a file without empty lines
                lines.pop()
            yield Cue(*times, "\n".join(lines).rstrip())
            times = None
        if match:
            times = _seconds(match[1]), _seconds(match[2])
        lines = []
    if times:
        yield Cue(*times, "\n".join(lines).rstrip())


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
    return [_BOLD_NAME.sub(r"\1: ", line) for line in spoken.split("\n") if line.strip() and not _HEADING.match(line)]


def _are_stamped(lines: list[str]) -> bool:
    """At least every tenth line begins with a time, and so does one of the first three."""
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
        for sentence in _SENTENCE.split(line):
            if not sentence or not sentence.strip():
                continue
            wide = sum(character > "\u2e80" for character in sentence)  # a Chinese or Japanese character is about half a word
            length = (len(sentence.split()) + wide / 2) / WORDS_A_MINUTE * 60
            yield Cue(now, now + length, sentence)
            now += length


_READERS = {
    "json3": _read_json, "json": _read_json, "srv1": _read_xml, "srv2": _read_xml, "srv3": _read_xml, "vtt": _read_blocks, "srt": _read_blocks,
    "sbv": _read_blocks, "txt": _read_plain,
}  # fmt: skip
