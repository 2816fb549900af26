"""Sentences become chunks: what is embedded, found by search, and compared to find topics."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from pipeline.summary.words import length
from pipeline.types import Chunk, Sentence

MOST = 180
"""Tokens of a chunk: about fifty seconds of speech. e5 reads up to 512, but a moment should be found, not a chapter."""
PAUSE = 20.0
"""Seconds without words over which no chunk reaches."""


def estimate(text: str) -> int:
    """Tokens of `text` for e5 without asking it: 1.35 to a word of a European language, 0.7 to a Chinese or Japanese character."""
    return max(1, round(length(text) * 1.4))


def cut(sentences: Sequence[Sentence], count: Callable[[str], int] | None = None, most: int = MOST) -> tuple[Chunk, ...]:
    """Runs of whole sentences of about equal size and at most `most` tokens (more only where one sentence alone is longer).

    They join without gap or overlap: every sentence stands in exactly one chunk. `count` is the tokenizer of the embedder; an estimate stands in for it.
    """
    sizes = [(count or estimate)(sentence.text) for sentence in sentences]
    out: list[Chunk] = []
    for first, last in _stretches(sentences):
        total = sum(sizes[first : last + 1])
        target = total / -(-total // most)
        begin, size = first, 0
        for number in range(first, last + 1):
            ahead = size + sizes[number]
            if number > begin and (ahead > most or size >= target - sizes[number] / 2):
                out.append(_chunk(len(out), sentences, begin, number - 1))
                begin, ahead = number, sizes[number]
            size = ahead
        out.append(_chunk(len(out), sentences, begin, last))
    return tuple(out)


def _stretches(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Index ranges (inclusive) between long pauses."""
    edges = [0, *(i for i in range(1, len(sentences)) if sentences[i].start - sentences[i - 1].end > PAUSE), len(sentences)]
    return [(a, b - 1) for a, b in pairwise(edges) if b > a]


def text_of(sentences: Sequence[Sentence]) -> str:
    """Sentences as running text: a space between two, none where a script has none."""
    out = ""
    for sentence in sentences:
        tight = out and out[-1] in "。！？」』"
        out += ("" if tight or not out else " ") + sentence.text
    return out


def _chunk(index: int, sentences: Sequence[Sentence], first: int, last: int) -> Chunk:
    run = sentences[first : last + 1]
    return Chunk(index, run[0].start, max(sentence.end for sentence in run), text_of(run), run[0].index, run[-1].index)
