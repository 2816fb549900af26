"""Caption shards and Whisper segments become sentences with times.

Words are never altered: every sentence is a stretch of `joined(transcript)`, so that a citation can be found again letter by letter. Times inside a segment
are interpolated by characters. Text without full stops (automatic captions) is cut by pauses, length and the words that begin clauses.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sentencex import get_sentence_boundaries

from pipeline.summary.lexicon import CLAUSE_OPENERS, DANGLING
from pipeline.summary.words import CJK, is_cjk, length, squeeze
from pipeline.types import Segment, Sentence, Transcript

PAUSE = 3.0
"""Seconds without words that end a sentence, whatever the punctuation."""
LONGEST = 44.0
"""Words; a longer sentence is cut into clauses."""
CLAUSE = 18.0
"""Words that a clause cut from a long stretch should have."""

_MARKS = re.compile(r"[♪♫🎵🎶]+")
_SOUND = re.compile(r"\s*[\[(（【](?![^\])）】]*(?:\s\S+){3}[.!?][\])）】])[^\])）】]{1,40}[\])）】]\s*")
"""A noise in brackets, and no sentence of four words or more: "(I don't trust her at all.)" """
_TURN = re.compile(r"^(?:>>+|&gt;&gt;|[-–—](?!\d))\s*")
"""Marks of a new speaker; "-4" is a number."""
_END = re.compile(r"[.!?…。！？؟।۔][\"'”’»)\]」』]*$")
_TOKEN = re.compile(rf"[{CJK}]|[^\s{CJK}]+")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A segment within the joined text of a run: characters `offset..offset+len(text)`."""

    offset: int
    segment: Segment
    text: str


@dataclass(frozen=True, slots=True)
class _Run:
    """Segments of one speaker without a long pause, joined."""

    text: str
    pieces: tuple[_Piece, ...]
    starts: tuple[int, ...]
    """Of the pieces."""
    speaker: str | None

    def times(self, first: int, last: int) -> tuple[float, float]:
        """When the characters `first..last` (exclusive) are said."""
        return self._time(first), max(self._time(first), self._time(last, closing=True))

    def _time(self, at: int, *, closing: bool = False) -> float:
        piece = self.pieces[max(0, bisect_right(self.starts, at - closing) - 1)]
        share = min(1.0, max(0.0, (at - piece.offset) / max(1, len(piece.text))))
        return piece.segment.start + share * (piece.segment.end - piece.segment.start)

    def gaps(self) -> dict[int, float]:
        """Seconds of pause before each segment, by the character it begins at."""
        pairs = pairwise(self.pieces)
        return {after.offset: max(0.0, after.segment.start - before.segment.end) for before, after in pairs}


def joined(transcript: Transcript) -> str:
    """All words of a transcript as one text, white space squeezed: what every quote can be found in."""
    text = ""
    for segment in _in_order(transcript.segments):
        text += _glue(text, squeeze(segment.text)) + squeeze(segment.text)
    return text


def plain(text: str) -> str:
    """`text` without any white space, so that a quote is found whether shards were joined with a space or not."""
    return "".join(text.split())


def split(transcript: Transcript) -> tuple[Sentence, ...]:
    """The sentences of `transcript`, in the order of their times, numbered from 0."""
    out: list[Sentence] = []
    for run in _runs(transcript.segments):
        for first, last in _spans(run, transcript.language):
            start, end = run.times(first, last)
            out.append(Sentence(len(out), round(start, 3), round(end, 3), run.text[first:last], run.speaker))
    return tuple(out)


def _in_order(segments: Sequence[Segment]) -> list[Segment]:
    return sorted((segment for segment in segments if segment.text.strip()), key=lambda segment: segment.start)


def _glue(before: str, after: str) -> str:
    """What stands between two shards: a space, or nothing where both sides are in a script without spaces."""
    if not before or not after:
        return ""
    tight = is_cjk(before[-1]) or before[-1] in "。！？、」』"
    return "" if tight and (is_cjk(after[0]) or after[0] in "「『") else " "


def _is_sound(text: str) -> bool:
    """Whether a caption tells of a sound (`[Music]`, `♪`) instead of words."""
    return not re.search(r"\w", _SOUND.sub(" ", _MARKS.sub(" ", text)))


def _runs(segments: Sequence[Segment]) -> Iterator[_Run]:
    pieces: list[_Piece] = []
    text = ""
    ordered = _in_order(segments)
    for number, segment in enumerate(ordered):
        if _is_sound(segment.text):
            yield from _close(text, pieces)
            text, pieces = "", []
            continue
        words = squeeze(segment.text)
        turn = _TURN.match(words)
        if turn:
            words = words[turn.end() :]
        last = pieces[-1].segment if pieces else None
        if last and (bool(turn) or segment.speaker != last.speaker or segment.start - last.end > PAUSE):
            yield from _close(text, pieces)
            text, pieces = "", []
        text += _glue(text, words)
        pieces.append(_Piece(len(text), _clipped(segment, ordered, number), words))
        text += words
    yield from _close(text, pieces)


def _clipped(segment: Segment, ordered: Sequence[Segment], number: int) -> Segment:
    """Rolling captions stay on screen while the next are shown: their words end where the next begin."""
    following = ordered[number + 1].start if number + 1 < len(ordered) else segment.end
    end = min(segment.end, following) if following > segment.start else segment.end
    return Segment(segment.start, end, segment.text, segment.speaker)


def _close(text: str, pieces: Sequence[_Piece]) -> Iterator[_Run]:
    if text:
        yield _Run(text, tuple(pieces), tuple(piece.offset for piece in pieces), pieces[0].segment.speaker)


def _spans(run: _Run, language: str) -> Iterator[tuple[int, int]]:
    """Character ranges of the sentences of a run, without the white space around them."""
    code = "en" if language == "und" else language
    for first, last in _merged(run.text, [(mark["start_index"], mark["end_index"]) for mark in get_sentence_boundaries(code, run.text)]):
        for begin, end in _clauses(run, first, last) if length(run.text[first:last]) > LONGEST else [(first, last)]:
            body = run.text[begin:end]
            begin, end = begin + len(body) - len(body.lstrip()), begin + len(body.rstrip())
            if end > begin:
                yield begin, end


def _merged(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Undo false ends: a piece without letters, or one that goes on in lower case after an abbreviation, belongs to the one before."""
    out: list[tuple[int, int]] = []
    lower = not any(ch.isupper() for ch in text)
    for first, last in spans:
        body = text[first:last].strip()
        before = text[out[-1][0] : out[-1][1]].rstrip() if out else ""
        abbreviated = bool(re.search(r"(?:^|\s)\S{1,4}\.$", before)) and body[:1].islower() and not lower
        opening = bool(before) and (before[-1] in "「『“«" or not _END.search(before))
        if out and (not re.search(r"\w", body) or abbreviated or opening):
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def _clauses(run: _Run, first: int, last: int) -> list[tuple[int, int]]:
    """Cut `first..last` where it hurts least, by dynamic programming over its words: pieces of about CLAUSE words, ends at pauses, commas and before clause openers."""
    tokens = [(match.start() + first, match.end() + first) for match in _TOKEN.finditer(run.text[first:last])]
    sizes = [length(run.text[a:b]) for a, b in tokens]
    gaps = run.gaps()
    hurts = [_hurt(run.text, tokens, number, gaps) for number in range(len(tokens))]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(tokens) + 1):
        options: list[tuple[float, int]] = []
        size = 0.0
        for begin in range(end - 1, -1, -1):
            size += sizes[begin]
            if size > LONGEST and options:
                break
            cost = ((size - CLAUSE) / CLAUSE) ** 2 * (2.0 if size < CLAUSE else 1.0)
            options.append((best[begin][0] + cost + (hurts[begin] if begin else 0.0), begin))
        best.append(min(options))
    cuts = []
    end = len(tokens)
    while end > 0:
        begin = best[end][1]
        cuts.append((tokens[begin][0], tokens[end - 1][1]))
        end = begin
    return cuts[::-1]


def _hurt(text: str, tokens: Sequence[tuple[int, int]], number: int, gaps: dict[int, float]) -> float:
    """The cost of a cut before token `number`."""
    if number == 0:
        return 0.0
    before, after = text[slice(*tokens[number - 1])], text[slice(*tokens[number])]
    if before[-1] in ".!?…。！？;；":
        return 0.0
    pause = gaps.get(tokens[number][0], 0.0)
    cost = 1.0
    if before[-1] in ",，、:：—–":
        cost = 0.35
    elif is_cjk(after[0]) and is_cjk(before[-1]):
        cost = 1.5
    if after.casefold().strip(",") in CLAUSE_OPENERS:
        cost = min(cost, 0.45)
    if before.casefold() in DANGLING:
        cost += 1.0
    return float(max(0.05, cost - min(pause, 1.0) * 0.7)) if pause > 0.15 else cost


def is_punctuated(sentences: Sequence[Sentence]) -> bool:
    """Whether most sentences end with a mark: false for automatic captions that have none."""
    ends = sum(bool(_END.search(sentence.text)) for sentence in sentences)
    return ends * 2 >= len(sentences)


def is_cased(sentences: Sequence[Sentence]) -> bool:
    """Whether most sentences begin with a capital letter, so that one in lower case is a piece."""
    return sum(sentence.text[:1].isupper() for sentence in sentences) * 2 >= len(sentences)
