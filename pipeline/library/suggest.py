"""Questions that a video answers, to begin with: from its chapters and the names in its points, by rule, each tried before it is suggested."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.language.generator import Embedder, Generator, Priority
from pipeline.library.moments import moments, nearest
from pipeline.library.reach import Reach, found, heard, sentences_of, sure
from pipeline.store.database import Database
from pipeline.types import Chapter, Point

MOST = 5
TRIED = 10
"""Candidates that are tried at most: each costs about half a second, a fifth of a second of it the language model's."""
CHUNKS = 4
EMBEDDED = 8
ABOUT = {
    "en": "What is said about “{}”?",
    "es": "¿Qué se dice sobre «{}»?",
    "de": "Was wird über „{}“ gesagt?",
    "fr": "Que dit-on de « {} » ?",
    "pt": "O que se diz sobre “{}”?",
    "it": "Che cosa si dice di «{}»?",
}
"""In other languages chapters that are questions are suggested as they are."""
WHO = {"en": "Who is {}?", "es": "¿Quién es {}?", "de": "Wer ist {}?", "fr": "Qui est {} ?", "pt": "Quem é {}?", "it": "Chi è {}?"}

_NAME = re.compile(r"(?<=[a-zà-ÿ,] )[A-ZÀ-Þ][a-zà-ÿ’'-]+ [A-ZÀ-Þ][a-zà-ÿ’'-]+\b(?! [A-ZÀ-Þ])")


def suggested(
    db: Database, embedder: Embedder, generator: Generator | None, video_id: str, language: str, chapters: Sequence[Chapter], points: Sequence[Point]
) -> tuple[str, ...]:
    """At most MOST, each of which `ask` would find answered in the video. Raises ModelError."""
    kept: list[str] = []
    for number, question in enumerate(candidates(language, chapters, points)):
        if number == TRIED or len(kept) == MOST:
            break
        is_answered, generator = _tried(db, embedder, generator, video_id, question)
        if is_answered:
            kept.append(question)
    return tuple(kept)


def candidates(language: str, chapters: Sequence[Chapter], points: Sequence[Point]) -> Iterator[str]:
    """The longest chapters in their order, then those who are named most, then the other chapters."""
    named = [chapter for chapter in chapters if 3 < len(chapter.title) < 70 and not chapter.title.lower().startswith(("intro", "outro"))]
    longest = sorted(sorted(named, key=lambda chapter: chapter.start - chapter.end)[:3], key=lambda chapter: chapter.start)
    names = Counter(name for point in points for name in _NAME.findall(point.text))
    asked = [*(_about(chapter.title, language) for chapter in longest)]
    if language in WHO:
        asked += [WHO[language].format(name) for name, _ in names.most_common(2)]
    asked += [_about(chapter.title, language) for chapter in named if chapter not in longest]
    return (question for question in dict.fromkeys(asked) if question)


def _about(title: str, language: str) -> str:
    title = title.rstrip(". ")
    if title.endswith(("?", "？", "؟")):
        return title
    return ABOUT[language].format(title) if language in ABOUT else ""


def _tried(db: Database, embedder: Embedder, generator: Generator | None, video_id: str, question: str) -> tuple[bool, Generator | None]:
    """Whether it is answered, and the model while it is there."""
    vector = np.asarray(embedder.queries([question])[0])
    hits = found(db, embedder, question, vector, Reach((video_id,)), limit=CHUNKS)
    texts = sentences_of(db, hits)
    best = nearest(question, moments(question, hits, texts), vector, embedder, EMBEDDED)
    likelier, generator = heard(question, best, texts, generator, priority=Priority.BATCH)
    return sure(db, embedder, question, vector, best, likelier), generator
