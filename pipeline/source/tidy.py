"""Cues as files have them -> the segments that a reader would see: no markup, no line twice, times that only go forward. Pure."""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.source import plain
from pipeline.source.cues import Cue
from pipeline.types import Segment

TOUCHING = 0.1
"""Seconds between two cues that count as following at once."""
ROLLING = 10.0
"""Seconds for which a line may wait to be moved up by the next one."""
LONGEST = 1000
"""Characters of a segment; longer cues are divided, their time in proportion."""
CHARACTERS_A_SECOND = 15.0
"""How fast people speak, for cues whose end is missing or broken."""

_TIME_TAG = re.compile(r"<\d+:[\d:.]+>")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]{1,100})>")
_TAG = re.compile(r"</?(?:c|i|b|u|s|v|em|strong|font|span|lang|ruby|rt|br)(?:[.\s][^<>]*)?/?>", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_DASH = re.compile(r"^[-–—]\s+(?=\S)")
_CHANGE = re.compile(r"^(?:>>+|»)\s*|(?<=[.!?…])\s+>>+\s*")
_NOTES = re.compile(r"[♪♫♬♩🎵🎶]+")
_SOUND = re.compile(r"(?:\[[^\[\]]*\]|【[^【】]*】|[\s.…*~#–—-])+")
_ASIDE = re.compile(r"[(（*]\s*\S+(?:\s+\S+){0,3}\s*[)）*]")
_LABEL = re.compile(r"([A-ZÀ-ÖØ-Þ][\w.'’-]*(?: [A-ZÀ-ÖØ-Þ0-9][\w.'’-]*){0,3}):\s+(?=\S)")
_NOT_A_NAME = frozenset(
    {"note", "question", "answer", "warning", "example", "step", "chapter", "part", "tip", "update", "http", "https", "ps", "re"}
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A cue after cleaning: the lines that were on the screen."""

    start: float
    end: float
    lines: tuple[str, ...]
    speaker: str | None
    changed: bool = False
    """A mark says that somebody else speaks now."""


def tidy(cues: Iterable[Cue]) -> tuple[Segment, ...]:
    """Segments in order: starts never fall, and none ends after the next one starts."""
    shown = sorted((line for cue in cues for line in _cleaned(cue)), key=lambda line: line.start)
    spoken = [line for line in _once(shown) if not is_sound(" ".join(line.lines))]
    return tuple(_timed(list(_divided(_named(spoken)))))


def is_sound(text: str) -> bool:
    """Whether a whole cue describes a sound ("[Music]", "(laughter)", "♪♪") instead of saying something."""
    words = _NOTES.sub(" ", text).strip()
    return not words or bool(_SOUND.fullmatch(words) or _ASIDE.fullmatch(words))


def _cleaned(cue: Cue) -> Iterator[_Line]:
    """One line group a voice; a cue in which two people speak shares its time between them by length."""
    pieces = _VOICE.split(_TIME_TAG.sub("", cue.text))
    voices = [(cue.speaker, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    said = [(plain.line(html.unescape(name), 100) or None if name else None, *_lines(words)) for name, words in voices]
    said = [item for item in said if item[1]]
    whole = sum(len(" ".join(lines)) for _, lines, _ in said)
    end = cue.end if cue.end is not None and cue.end > cue.start else cue.start + whole / CHARACTERS_A_SECOND
    now = cue.start
    for name, lines, changed in said:
        length = (end - cue.start) * len(" ".join(lines)) / whole
        yield _Line(now, now + length, lines, name, changed)
        now += length


def _lines(text: str) -> tuple[tuple[str, ...], bool]:
    """The lines without markup and without the marks of a change of speaker, and whether the first line had one."""
    words = plain.text(html.unescape(_TAG.sub("", _OVERRIDE.sub("", text))).replace("\\N", "\n"), 1 << 24)
    lines: list[str] = []
    changed = False
    for line in words.split("\n"):
        bare = _DASH.sub("", _CHANGE.sub(" ", " ".join(line.split())).strip())
        changed = changed or (not lines and bool(re.match(r"\s*(?:>>|»)", line)))
        if bare := " ".join(_NOTES.sub(" ", bare).split()) or (bare and "♪"):
            lines.append(bare)
    return tuple(lines), changed


def _once(cues: list[_Line]) -> Iterator[_Line]:
    """Rolling captions show a line up to three times, growing ones show a sentence word by word: each word is kept once.

    Cues that say the same and touch are joined in any file. More is taken for a repetition only where the whole file works so: people do say things twice.
    """
    rolling = _is_rolling(cues)
    before: _Line | None = None
    shown: tuple[str, ...] = ()
    for cue in cues:
        lines = cue.lines
        if before and cue.start <= before.end + (ROLLING if rolling else TOUCHING):
            lines = _new_lines(shown, lines, touching=cue.start <= before.end + TOUCHING) if rolling else () if lines == shown else lines
            if not lines:
                before = replace(before, end=max(before.end, cue.end))
                shown = cue.lines
                continue
        if before:
            yield before
        before, shown = replace(cue, lines=lines), cue.lines
    if before:
        yield before


def _is_rolling(cues: list[_Line]) -> bool:
    """Whether at least every fifth cue carries the text of the one before it and adds to it."""
    carried = sum(
        (len(two.lines) > 1 and two.lines[0] == one.lines[-1]) or " ".join(two.lines).startswith(" ".join(one.lines) + " ")
        for one, two in pairwise(cues)
    )
    return carried * 5 >= len(cues) > 1


def _new_lines(shown: tuple[str, ...], lines: tuple[str, ...], *, touching: bool) -> tuple[str, ...]:
    """What a cue adds to what was shown. After a pause only a line that moved up to make room is old; the same words alone are said again."""
    if not touching:
        return lines[1:] if len(lines) > 1 and lines[0] == shown[-1] else lines
    for count in range(min(len(shown), len(lines)), 0, -1):
        if shown[-count:] == lines[:count]:
            return lines[count:]
    new = " ".join(lines)
    for old in (" ".join(shown), shown[-1]):
        if new.startswith(old + " "):
            return (new[len(old) + 1 :],)
    return lines


def _named(cues: list[_Line]) -> Iterator[_Line]:
    """Speakers from labels like "ANNA: ". A label counts when it stands at the head of several cues: "Note: " once is no name. It holds until the next."""
    heads = Counter(match[1] for cue in cues if cue.speaker is None and (match := _LABEL.match(cue.lines[0])))
    names = {
        head
        for head, times in heads.items()
        if times >= (2 if head.isupper() else 3) and head.lower() not in _NOT_A_NAME and len(head) <= 40
    }
    current: str | None = None
    for cue in cues:
        match = _LABEL.match(cue.lines[0]) if cue.speaker is None else None
        if match and match[1] in names:
            current = match[1]
            cue = replace(cue, lines=(cue.lines[0][match.end() :], *cue.lines[1:]))
        elif cue.changed or cue.speaker:
            current = None
        yield replace(cue, speaker=cue.speaker or current)


def _divided(cues: Iterable[_Line]) -> Iterator[Segment]:
    for cue in cues:
        text = " ".join(cue.lines)
        pieces = list(_pieces(text)) if len(text) > LONGEST else [text]
        whole, now = sum(map(len, pieces)), cue.start
        for piece in pieces:
            length = (cue.end - cue.start) * len(piece) / whole
            yield Segment(now, max(now, now + length), piece, cue.speaker)
            now += length


def _pieces(text: str) -> Iterator[str]:
    """Cut at the last space before LONGEST, or hard where there is none."""
    at = 0
    while at < len(text):
        end = at + LONGEST
        if end < len(text) and (space := text.rfind(" ", at, end)) > at:
            end = space + 1
        if piece := text[at:end].strip():
            yield piece
        at = end


def _timed(segments: list[Segment]) -> Iterator[Segment]:
    """Cuts each end at the next later start; segments that start together share the time in proportion to their length."""
    at = 0
    while at < len(segments):
        start = segments[at].start
        until = at
        while until < len(segments) and segments[until].start - start < 0.001:
            until += 1
        group = segments[at:until]
        end = max(segment.end for segment in group)
        if until < len(segments):
            end = min(end, segments[until].start)
        whole, now = sum(len(segment.text) for segment in group), start
        for number, segment in enumerate(group, 1):
            stop = end if number == len(group) else min(end, now + (end - start) * len(segment.text) / whole)
            yield replace(segment, start=now, end=max(now, stop))
            now = max(now, stop)
        at = until
