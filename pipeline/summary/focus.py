"""The sentences of a stretch that speak of a question, or of a title: what fits into one prompt, and our answer when no model's stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.language.generator import Embedder
from pipeline.summary.reading import Reading, matrix, read, unit
from pipeline.summary.select import pick, shape
from pipeline.summary.words import content
from pipeline.types import Sentence

TELLING = 2
"""Different words, apart from the commonest, that a sentence must have to be shown: "Mm-hmm", "Yeah, right" say nothing by themselves."""
LOOKED_AT = 64
"""Sentences whose meaning is compared with the question: about two seconds of a CPU's work."""
ASKED, CENTRAL, MEANT, SHAPE = 1.0, 0.6, 1.0, 0.25
"""Weights of shared words, of being like the rest, of meaning the same, and of reading well alone. Chosen on QMSum's training meetings."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Lives as long as one question is answered. `worth[i]`: how much `reading.sentences[i]` says about it; `rows`: unit term vectors."""

    reading: Reading
    worth: np.ndarray
    rows: np.ndarray

    def within(self, room: int, cost: Callable[[Sentence], int]) -> tuple[Sentence, ...]:
        """The best sentences whose costs (tokens) fit into `room`, in the order of the talk. What says nothing is left out even where there is room."""
        kept: list[int] = []
        for at in np.argsort(-self.worth, kind="stable"):
            size = cost(self.reading.sentences[at])
            if len(set(self.reading.bags[at])) >= TELLING and size <= room:
                room -= size
                kept.append(int(at))
        return tuple(self.reading.sentences[at] for at in sorted(kept))

    def best(self, count: int) -> tuple[Sentence, ...]:
        """The `count` best that do not say the same, in the order of the talk; one at least, though it may be no more than "So do I"."""
        value = {at: float(worth) for at, worth in enumerate(self.worth) if self.reading.bags[at]} or dict(enumerate(self.worth.tolist()))
        chosen = pick(value, {at: self.rows[at] for at in value}, count) if value else []
        return tuple(self.reading.sentences[at] for at in chosen)


def focus(question: str, sentences: Sequence[Sentence], language: str, embedder: Embedder | None) -> Focus:
    """Weigh `sentences` by words, and the best of them by meaning where there is an `embedder`."""
    reading = read(sentences, language)
    rows = matrix(reading)
    asked = set(content(question, reading.stop))
    said = np.array([sum(reading.weight(word) for word in asked.intersection(bag)) for bag in reading.bags], dtype=np.float32)
    central = rows @ unit(rows.mean(axis=0)) if len(rows) else np.zeros(0, dtype=np.float32)
    worth = ASKED * _scaled(said) + CENTRAL * _scaled(central)
    worth += SHAPE * np.array([max(-2.0, shape(sentence.text, language)) for sentence in sentences], dtype=np.float32)
    if embedder is not None and len(sentences):
        near = [int(at) for at in np.argsort(-worth, kind="stable")[:LOOKED_AT]]
        vectors = unit(np.asarray(embedder.passages([sentences[at].text for at in near])))
        cosines = vectors @ unit(np.asarray(embedder.queries([question])[0]))
        worth[near] += MEANT * (cosines - cosines.min()) / max(0.03, float(cosines.max() - cosines.min()))
    return Focus(reading, worth, rows)


def _scaled(values: np.ndarray) -> np.ndarray:
    """To 0..1 by the greatest."""
    return np.asarray(values / max(1e-6, float(values.max(initial=0.0))), dtype=np.float32)
