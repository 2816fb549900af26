"""Cues as files have them -> the segments that a reader would see: no markup, no line twice, times that only go forward. Pure."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.source import plain
from pipeline.source.cue import Cue
from pipeline.types import Segment

TOUCHING = 0.1
"""Seconds between two cues that count as following at once."""
ROLLING = 10.0
"""Seconds for which a line may wait to be moved up by the next one."""
LONGEST = 1000
"""Characters of a segment; longer cues are divided, their time in proportion."""
CHARACTERS_A_SECOND = 15.0
"""How fast people speak, for cues whose end is missing or broken."""
PAUSE = 1.0
"""Seconds without a word at which a cue is divided, where its words have times."""
MOST_VOICES = 100
"""In one cue; a cue with more is no conversation."""

_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]{1,100})>")
_TAG = re.compile(r"</?(?:c|i|b|u|s|v|em|strong|font|span|lang|ruby|rt|br)(?:[.\s][^<>]*)?/?>|<\d+:[\d:.,]+>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|\[br\]|\\N", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_DASH = re.compile(r"^[-–—]\s+(?=\S)")
_UPPER = "A-ZÀ-ÖØ-ÞΆ-ΏΑ-ΫЀ-Я"
_CHANGE = re.compile(rf"^(?:>>+|»)\s*|(?<=[.!?…])\s+>>+\s*|\s+>>+\s+(?=[\"“¿¡]?[{_UPPER}])")
_NOTES = re.compile(r"[♪♫♬♩🎵🎶]+")
_SOUND = re.compile(r"(?:\[[^\[\]]*\]|【[^【】]*】|[\s.…*~#–—-])+")
_ASIDE = re.compile(r"[(（*]\s*\S+(?:\s+\S+){0,3}\s*[)）*]")
_LONG_ASIDE = re.compile(r"[(（*][^()（）*]{1,120}[)）*]")
_SOUND_WORD = re.compile(
    r"\b(?:music|musik|musique|música|musica|müzik|muzyk|muziek|applau|applaud|aplau|applaus|laugh|lach|gelächter|risas|risos|risate|rires|rire\b|gülüş|śmiech|"
    r"oklaski|alkış|cheer|chuckl|sigh|cough|scream|whisper|whistl|phone ring|door|footstep|silence|instrumental|intro|jingle|музык|смех|смеё|аплодисм|музик|сміх|оплески)"
    r"|音楽|音乐|音樂|拍手|掌声|掌聲|笑|음악|박수|웃음|موسيق|تصفيق|ضحك|מוזיקה|מחיאות|צחוק|संगीत|ताली|हँसी|ดนตรี|เพลง|เสียง|âm nhạc|vỗ tay|μουσικ",
    re.IGNORECASE,
)
"""Words that tell of sounds, for descriptions too long to be told from speech by their shape."""
_ENDS = re.compile(r"[.!?…。！？؟।][\"'”’»)\]」』]*$")
_LABEL = re.compile(rf"([{_UPPER}][\w.'’-]*(?: [{_UPPER}0-9][\w.'’-]*){{0,3}}):\s+(?=\S)")
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
    words: tuple[tuple[int, float], ...] = ()
    """Words whose times are known: how many characters, spaces not counted, stand from there to the end, and the time. Counted from the end, because
    what rolling captions repeat is taken off the front."""


def tidy(cues: Iterable[Cue]) -> tuple[Segment, ...]:
    """Segments in order: starts never fall, and none ends after the next one starts."""
    shown = sorted((line for cue in cues for line in _cleaned(cue)), key=lambda line: line.start)
    spoken = [said for line in _once(shown) if (said := _without_sounds(line))]
    return tuple(_timed(list(_divided(_named(spoken)))))


def is_sound(text: str) -> bool:
    """Whether a whole cue describes a sound ("[Music]", "(laughter)", "♪♪") instead of saying something."""
    words = _NOTES.sub(" ", text).strip()
    if not words or _SOUND.fullmatch(words) or _ASIDE.fullmatch(words):
        return True
    return bool(_LONG_ASIDE.fullmatch(words) and _SOUND_WORD.search(words))


def _without_sounds(line: _Line) -> _Line | None:
    """Without the lines in brackets that describe a sound beside others that say something."""
    if is_sound(" ".join(line.lines)):
        return None
    lines = tuple(text for text in line.lines if not _SOUND.fullmatch(_NOTES.sub(" ", text)))
    if len(lines) == len(line.lines):
        return line
    return replace(line, lines=lines, words=()) if lines else None


def _cleaned(cue: Cue) -> Iterator[_Line]:
    """One line group a voice; a cue in which two people speak shares its time between them by length."""
    pieces = _VOICE.split(cue.text, maxsplit=MOST_VOICES)
    voices = [(cue.speaker, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    said = [(plain.line(plain.unescape(name), 100) or None if name else None, *_lines(words)) for name, words in voices]
    said = [item for item in said if item[1]]
    words = _placed(cue) if cue.words and len(voices) == 1 else ()
    whole = sum(len(" ".join(lines)) for _, lines, _ in said)
    end = cue.end if cue.end is not None and cue.end > cue.start else cue.start + whole / CHARACTERS_A_SECOND
    now = cue.start
    for name, lines, changed in said:
        length = (end - cue.start) * len(" ".join(lines)) / whole
        yield _Line(now, now + length, lines, name, changed, words)
        now += length


def _lines(text: str) -> tuple[tuple[str, ...], bool]:
    """The lines without markup and without the marks of a change of speaker, and whether the first line had one."""
    unmarked = _TAG.sub("", _OVERRIDE.sub("", _BREAK.sub("\n", text)))
    words = plain.text(plain.unescape(plain.unescape(unmarked)), 1 << 24)  # careless programs escape twice
    lines: list[str] = []
    changed = False
    for line in words.split("\n"):
        bare = _DASH.sub("", _CHANGE.sub(" ", " ".join(line.split())).strip())
        changed = changed or (not lines and bool(re.match(r"\s*(?:>>|»)", line)))
        if bare := " ".join(_NOTES.sub(" ", bare).split()) or (bare and "♪"):
            lines.append(bare)
    return tuple(lines), changed


def _placed(cue: Cue) -> tuple[tuple[int, float], ...]:
    """The times of a cue's words as _Line has them. Those that are not in order, or not within the cue, are left out."""
    kept: list[tuple[int, float]] = []
    size, until = 0, len(cue.text)
    latest = math.inf if cue.end is None else cue.end
    for at, time in reversed(cue.words):
        if 0 <= at <= until:
            size += sum(len(line) - line.count(" ") for line in _lines(cue.text[at:until])[0])
            until = at
            if cue.start < time < latest:
                kept.append((size, time))
                latest = time
    return tuple(reversed(kept))


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
    """Speakers from labels like "ANNA: ". A label counts when it stands at the head of several lines: "Note: " once is no name. It holds until the next."""
    heads = Counter(match[1] for cue in cues if cue.speaker is None for line in cue.lines if (match := _LABEL.match(line)))
    names = {
        head
        for head, times in heads.items()
        if times >= (2 if head.isupper() else 3) and head.lower() not in _NOT_A_NAME and len(head) <= 40
    }
    current: str | None = None
    for whole in cues:
        for cue in _by_label(whole, names):
            match = _LABEL.match(cue.lines[0]) if cue.speaker is None else None
            if match and match[1] in names:
                current = match[1]
                cue = replace(cue, lines=(cue.lines[0][match.end() :], *cue.lines[1:]))
            elif cue.changed or cue.speaker:
                current = None
            yield replace(cue, speaker=cue.speaker or current)


def _by_label(cue: _Line, names: set[str]) -> Iterator[_Line]:
    """A cue in which several people are named, one piece for each; they share its time by length."""
    heads = [number for number, line in enumerate(cue.lines) if number and (match := _LABEL.match(line)) and match[1] in names]
    if cue.speaker or not heads:
        yield cue
        return
    now, whole = cue.start, len(" ".join(cue.lines))
    for first, last in pairwise([0, *heads, len(cue.lines)]):
        lines = cue.lines[first:last]
        length = (cue.end - cue.start) * len(" ".join(lines)) / whole
        yield replace(cue, start=now, end=now + length, lines=lines, changed=cue.changed and not first, words=())
        now += length


def _divided(cues: Iterable[_Line]) -> Iterator[Segment]:
    for cue in cues:
        for start, end, text in _at_words(cue, " ".join(cue.lines)):
            pieces = list(_pieces(text)) if len(text) > LONGEST else [text]
            whole, now = sum(map(len, pieces)), start
            for piece in pieces:
                length = (end - start) * len(piece) / whole
                yield Segment(now, max(now, now + length), piece, cue.speaker)
                now += length


def _at_words(cue: _Line, text: str) -> Iterator[tuple[float, float, str]]:
    """Start, end and text of the pieces of a cue whose words have times: it is divided where a sentence ends and where nobody speaks for PAUSE seconds.

    So the times of sentences are those of their first words, and not what their share of the letters makes of the times of the cue.
    """
    first, begin, last_word, last_time = 0, cue.start, 0, cue.start
    for at, time in _found(cue, text):
        spoken = min(time, last_time + 2 * len(text[last_word:at].strip()) / CHARACTERS_A_SECOND + 0.2)
        pause = time - spoken >= PAUSE
        if time > begin and (pause or _ENDS.search(text[max(first, at - 8) : at].rstrip())):
            yield begin, spoken if pause else time, text[first:at].strip()
            first, begin = at, time
        last_word, last_time = at, time
    yield begin, max(begin, cue.end), text[first:].strip()


def _found(cue: _Line, text: str) -> Iterator[tuple[int, float]]:
    """Where in `text` the words begin whose times are known. One that would begin inside of another is left out: cleaning moved it."""
    at, left = 0, len(text) - text.count(" ")
    for size, time in cue.words:
        if not 0 < size < left or not cue.start < time < cue.end:
            continue
        while left > size:
            left -= text[at] != " "
            at += 1
        if at < len(text) and text[at] == " ":
            at += 1
        if text[at - 1 : at] == " " or text[at - 1 : at] > "\u2e80":
            yield at, time


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
