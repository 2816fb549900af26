"""A transcript read once: what chapters, selection and verification all need to know of its sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.summary.words import content, inverse_frequency, light_words
from pipeline.types import Sentence


@dataclass(frozen=True, slots=True)
class Reading:
    """Lives as long as one summary is made. `bags[i]` are the content stems of `sentences[i]`, `weights` their inverse frequency."""

    sentences: tuple[Sentence, ...]
    language: str
    stop: frozenset[str]
    bags: tuple[tuple[str, ...], ...]
    weights: dict[str, float]

    def weight(self, stem: str) -> float:
        return self.weights.get(stem, 0.0)


def read(sentences: Sequence[Sentence], language: str) -> Reading:
    """Count the words of `sentences`, in `language` (ISO 639-1; any other value works with less knowledge)."""
    stop = light_words(language, (sentence.text for sentence in sentences))
    bags = tuple(tuple(content(sentence.text, stop)) for sentence in sentences)
    return Reading(tuple(sentences), language, stop, bags, inverse_frequency(bags))


def matrix(reading: Reading, most: int = 1500) -> np.ndarray:
    """Sentences as unit rows of term weights over the `most` frequent repeated stems, for cosines by one product."""
    counts: dict[str, int] = {}
    for bag in reading.bags:
        for word in set(bag):
            counts[word] = counts.get(word, 0) + 1
    repeated = sorted((word for word, count in counts.items() if count > 1), key=lambda word: (-counts[word], word))[:most]
    column = {word: number for number, word in enumerate(repeated)}
    rows = np.zeros((len(reading.bags), max(1, len(repeated))), dtype=np.float32)
    for number, bag in enumerate(reading.bags):
        for word in bag:
            if word in column:
                rows[number, column[word]] += reading.weights[word]
    return unit(rows)


def unit(rows: np.ndarray) -> np.ndarray:
    """`rows` scaled to length 1; zero rows stay zero."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(norms == 0, 1.0, norms), dtype=np.float32)
