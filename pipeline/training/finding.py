"""`nutshell evaluate xquad` and `nutshell evaluate moments`: how well questions find the moments that answer them, by words, by meaning and by the product's search.

All three are the product's own code over its own tables in a database of their own: words alone are a search without a vector, meaning alone one without words.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.errors import InputError
from pipeline.language.generator import Embedder
from pipeline.language.usual import usual
from pipeline.store.database import Database
from pipeline.store.search import hybrid
from pipeline.summary.chunks import cut
from pipeline.training.meetings import Meeting, load
from pipeline.training.stored import add
from pipeline.types import Chunk, Hit

Way = Literal["words", "meaning", "search"]
WAYS: tuple[Way, ...] = ("words", "meaning", "search")
AMONG_FIRST = 5
"""Moments that a reader looks at."""
TEN = 10
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pair:
    """Questions in one language to passages in another; shares of the questions whose passage is first, and among the first ten."""

    language: str
    questions: int
    first: dict[Way, float]
    ten: dict[Way, float]


@dataclass(frozen=True, slots=True)
class Moments:
    """Per cent of the questions with a gold moment among the first AMONG_FIRST: of their own meeting, and of all meetings together."""

    meetings: int
    chunks: int
    words: float
    """Of a chunk, on average."""
    questions: int
    inside: dict[Way, float]
    everywhere: dict[Way, float]


def ways(db: Database, question: str, vector: np.ndarray, limit: int, video_id: str | None = None) -> dict[Way, tuple[Hit, ...]]:
    with db.session() as s:
        return {
            "words": hybrid(s, question, None, limit=limit, video_id=video_id),
            "meaning": hybrid(s, "", vector, limit=limit, video_id=video_id),
            "search": hybrid(s, question, vector, limit=limit, video_id=video_id, usual=usual(question)),
        }


def xquad(db: Database, embedder: Embedder, folder: Path, limit: int | None, say: Say) -> tuple[Pair, ...]:
    """`limit`: so many questions of each language, spread over all passages.

    Raises:
        InputError: `no_data`, `bad_data`.
    """
    passages, _ = _xquad(folder / "xquad.en.json")
    vectors = embedder.passages(passages)
    ids = [
        add(db, f"passage{number}", (Chunk(0, 0.0, 1.0, text, 0, 0),), vector[None])
        for number, (text, vector) in enumerate(zip(passages, vectors, strict=True))
    ]
    pairs = []
    for path in sorted(folder.glob("xquad.*.json")):
        _, asked = _xquad(path)
        asked = asked[:: max(1, len(asked) // limit)][:limit] if limit else asked
        language = path.name.split(".")[1]
        pairs.append(_pair(db, language, [(question, ids[number]) for question, number in asked], embedder))
        say(f"{language}: {len(asked)} questions")
    return tuple(pairs)


def _xquad(path: Path) -> tuple[list[str], list[tuple[str, int]]]:
    """The passages of a file in SQuAD's form, and its questions with the number of the passage that answers each."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        paragraphs = [paragraph for article in found["data"] for paragraph in article["paragraphs"]]
        return [p["context"] for p in paragraphs], [
            (asked["question"], number) for number, p in enumerate(paragraphs) for asked in p["qas"]
        ]
    except FileNotFoundError as error:
        raise InputError("no_data", f"There is no {path}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("bad_data", f"{path} is no file of XQuAD: {error!r}.") from error


def _pair(db: Database, language: str, asked: Sequence[tuple[str, str]], embedder: Embedder) -> Pair:
    first, ten = dict.fromkeys(WAYS, 0), dict.fromkeys(WAYS, 0)
    vectors = embedder.queries([question for question, _ in asked])
    for (question, gold), vector in zip(asked, vectors, strict=True):
        for way, hits in ways(db, question, vector, TEN).items():
            found = [hit.video_id for hit in hits]
            first[way] += found[:1] == [gold]
            ten[way] += gold in found
    count = max(1, len(asked))
    return Pair(language, len(asked), {way: first[way] / count for way in WAYS}, {way: ten[way] / count for way in WAYS})


def moments(db: Database, embedder: Embedder, folder: Path, limit: int | None, say: Say) -> Moments:
    """`limit`: so many meetings. Raises: InputError: `no_data`, `bad_data`."""
    meetings = load(folder, limit)
    stored = [(meeting, cut(meeting.sentences)) for meeting in meetings]
    ids = []
    for meeting, chunks in stored:
        ids.append(add(db, meeting.name, chunks, embedder.passages([chunk.text for chunk in chunks]), meeting.sentences))
        say(f"{meeting.name}: {len(chunks)} moments")
    count, inside, everywhere = 0, dict.fromkeys(WAYS, 0), dict.fromkeys(WAYS, 0)
    for (meeting, _), video_id in zip(stored, ids, strict=True):
        for question, vector, gold in _asked(meeting, embedder):
            count += 1
            for counts, within in ((inside, video_id), (everywhere, None)):
                for way, hits in ways(db, question, vector, AMONG_FIRST, within).items():
                    counts[way] += any(hit.video_id == video_id and _overlaps(hit, gold) for hit in hits)
    all_chunks = [chunk for _, chunks in stored for chunk in chunks]
    share = {way: 100 * inside[way] / max(1, count) for way in WAYS}, {way: 100 * everywhere[way] / max(1, count) for way in WAYS}
    return Moments(len(meetings), len(all_chunks), float(np.mean([len(c.text.split()) for c in all_chunks])), count, *share)


def _asked(meeting: Meeting, embedder: Embedder) -> Iterator[tuple[str, np.ndarray, tuple[tuple[float, float], ...]]]:
    """Each question with its vector and the spans that answer it, in seconds."""
    questions = [question for question in meeting.questions if question.spans and meeting.inside(question.spans)]
    vectors = embedder.queries([question.text for question in questions])
    for question, vector in zip(questions, vectors, strict=True):
        yield question.text, vector, tuple((sentence.start, sentence.end) for sentence in meeting.inside(question.spans))


def _overlaps(hit: Hit, gold: Sequence[tuple[float, float]]) -> bool:
    return any(start < hit.end and hit.start < end for start, end in gold)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows))
