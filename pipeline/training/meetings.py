"""QMSum (Zhong and others, NAACL 2021): meetings with questions, the answers of annotators, and the turns that answer them.

A meeting is read as the product reads a video: its turns become segments of a transcript, whose times are made from the number of words, and those become sentences.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.summary.sentences import split
from pipeline.types import Origin, Segment, Sentence, Transcript

WORDS_A_SECOND = 2.5
"""Meetings are written down without times."""

_MARK = re.compile(r"[{<][^{}<>]*[}>]|@\w+@")
_SPELLED = re.compile(r"\b(?:[A-Za-z0-9]_)+[A-Za-z0-9]?")
_BEFORE = re.compile(r"\s+([.,;:?!])|\s+(?=(?:'(?:s|m|re|ve|ll|d|t)|n't)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    answer: str
    spans: tuple[tuple[int, int], ...]
    """First and last turn of each stretch that answers it; empty: the whole meeting."""


@dataclass(frozen=True, slots=True)
class Topic:
    title: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Meeting:
    name: str
    sentences: tuple[Sentence, ...]
    turns: tuple[int, ...]
    """For each sentence the turn that it stands in, counted from 0 as the spans count."""
    questions: tuple[Question, ...]
    general: tuple[Question, ...]
    """Those about the whole meeting."""
    topics: tuple[Topic, ...]
    not_said: tuple[str, ...] = ()
    """Questions that sound fitting and that nothing here answers; QMSum has none."""
    title: str = ""

    def inside(self, spans: Sequence[tuple[int, int]]) -> tuple[Sentence, ...]:
        """The sentences of those turns; all where there are no spans."""
        return tuple(sentence for sentence, turn in zip(self.sentences, self.turns, strict=True) if not spans or is_inside(turn, spans))


def is_inside(turn: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(first <= turn <= last for first, last in spans)


def load(folder: Path, limit: int | None = None) -> tuple[Meeting, ...]:
    """The meetings of a folder of QMSum's files, by name; `limit`: so many at most.

    Raises:
        InputError: `no_data`: there is none; `bad_data`: a file is no meeting of QMSum.
    """
    paths = sorted(folder.glob("*.json"))[:limit]
    if not paths:
        raise InputError("no_data", f"{folder} holds no meetings of QMSum (*.json).")
    return tuple(read(path) for path in paths)


def read(path: Path) -> Meeting:
    """One file. Raises: InputError: `bad_data`."""
    try:
        return _meeting(path.stem, json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("bad_data", f"{path} is no meeting of QMSum: {error!r}.") from error


def _meeting(name: str, found: dict[str, Any]) -> Meeting:
    segments = tuple(_segments(found["meeting_transcripts"]))
    sentences = split(Transcript("en", Origin.FILE, None, tuple(segment for _, segment in segments)))
    starts, numbers = [segment.start for _, segment in segments], [number for number, _ in segments]
    turns = tuple(numbers[max(0, bisect_right(starts, sentence.start + 1e-6) - 1)] for sentence in sentences)
    asked = tuple(Question(one["query"], one["answer"], _spans(one["relevant_text_span"])) for one in found["specific_query_list"])
    general = tuple(Question(one["query"], one["answer"], ()) for one in found["general_query_list"])
    topics = tuple(Topic(one["topic"], _spans(one["relevant_text_span"])) for one in found["topic_list"])
    return Meeting(name, sentences, turns, asked, general, topics, tuple(found.get("not_said", ())), found.get("title", ""))


def _segments(turns: Sequence[dict[str, str]]) -> Iterator[tuple[int, Segment]]:
    """The turns with words in them, one after another in time, with their numbers."""
    at = 0.0
    for number, turn in enumerate(turns):
        text = readable(turn["content"])
        if any(letter.isalnum() for letter in text):
            end = at + len(text.split()) / WORDS_A_SECOND
            yield number, Segment(at, end, text, turn["speaker"])
            at = end


def readable(text: str) -> str:
    """Without marks of noises, and with the spaces that people write: the files hold tokens ("I 'm in , { vocalsound } "), and spelled words as "T_V_"."""
    spelled = _SPELLED.sub(lambda match: match.group().replace("_", ""), _MARK.sub(" ", text))
    return " ".join(_BEFORE.sub(lambda match: match.group(1) or "", spelled).split())


def _spans(given: Sequence[Sequence[str]]) -> tuple[tuple[int, int], ...]:
    return tuple((int(first), int(last)) for first, last in given)
