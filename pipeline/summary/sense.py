"""What sentences mean, by their embeddings: the second look at those that words have put on the short list.

Embedding a sentence costs as much as the LLaMA's reading it, so only a few for each point are looked at.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.language.generator import Embedder
from pipeline.summary.reading import unit
from pipeline.types import Chapter, Chunk, Sentence

BATCH = 16
SHARE = 1.0
"""Weight of meaning beside words, which make about as much."""


class Sense:
    """The vectors of one transcript: its chunks, its title, and the sentences looked at so far. Lives as long as one summary is made."""

    def __init__(self, sentences: Sequence[Sentence], chunks: Sequence[Chunk], vectors: np.ndarray, title: str, embedder: Embedder) -> None:
        self._sentences = sentences
        self._chunks = chunks if len(chunks) == len(vectors) else ()
        self._vectors = np.asarray(vectors, dtype=np.float32)
        self._title = title.strip()
        self._embedder = embedder
        self._asked: np.ndarray | None = None
        self.rows: dict[int, np.ndarray] = {}
        """Unit vectors by position, of the sentences looked at."""

    def look(self, positions: Iterable[int]) -> None:
        """Embed the sentences at `positions` that were not looked at yet; at most BATCH a call keeps the caller able to stop."""
        new = [at for at in dict.fromkeys(positions) if at not in self.rows]
        if new:
            found = unit(np.asarray(self._embedder.passages([self._sentences[at].text for at in new])))
            self.rows.update(zip(new, found, strict=True))

    def weigh(self, positions: Sequence[int], chapter: Chapter | None = None) -> dict[int, float]:
        """0..SHARE for each of `positions` (looked at before): how near it lies to the middle of its chapter (or of everything) and to the title."""
        if not positions:
            return {}
        rows = np.stack([self.rows[at] for at in positions])
        scores = _spread(rows @ self._middle(chapter))
        if self._title:
            if self._asked is None:
                self._asked = unit(np.asarray(self._embedder.queries([self._title])[0]))
            scores = (scores + _spread(rows @ self._asked)) / 2
        return {at: SHARE * float(score) for at, score in zip(positions, scores, strict=True)}

    def closest(self, phrases: Mapping[str, float], chapter: Chapter) -> str:
        """The phrase that means most of what its chapter does; the given worths (by words) count half of that."""
        rows = unit(np.asarray(self._embedder.passages(list(phrases))))
        worth = np.array(list(phrases.values())) / max(1e-6, max(phrases.values()))
        return list(phrases)[int((_spread(rows @ self._middle(chapter)) + 0.5 * worth).argmax())]

    def _middle(self, chapter: Chapter | None) -> np.ndarray:
        inside = [
            number
            for number, chunk in enumerate(self._chunks)
            if chapter is None or (chunk.end > chapter.start and chunk.start < chapter.end)
        ]
        rows = self._vectors[inside] if inside else np.stack(list(self.rows.values()))
        return unit(rows.mean(axis=0))


def _spread(cosines: np.ndarray) -> np.ndarray:
    """Cosines scaled to 0..1 among themselves (e5's lie close together); differences below 0.03 are no difference."""
    return np.asarray((cosines - cosines.min()) / max(0.03, float(cosines.max() - cosines.min())))
