"""Chapters: the video's own, cleaned, else found where the talk changes its subject.

Topic segmentation is exact: dynamic programming finds the borders that make the stretches between them most alike inside (least scatter around their mean), after
Utiyama and Isahara's idea of segmentation as an optimum over all borders instead of local dips. Words and embeddings count both; pauses and phrases such as
"let's move on" draw a border to them.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from pipeline.summary.lexicon import JOINERS, MOVES
from pipeline.summary.reading import Reading, matrix, unit
from pipeline.summary.sense import Sense
from pipeline.summary.words import is_unspaced, length, raw_words, squeeze, stem
from pipeline.types import Chapter, Chunk, Sentence, Video

SHORTEST = 45.0
"""Seconds: a shorter stretch is no chapter of its own."""
UNITS = 600
"""Most rows of the dynamic programming; a longer transcript is taken in blocks of sentences."""
SNAP = 4
PHRASES = 6
"""Titles that are weighed for each chapter."""

_PLACEHOLDER = re.compile(r"<?untitled chapter \d+>?", re.IGNORECASE)


def chapters(
    video: Video, reading: Reading, chunks: Sequence[Chunk], vectors: np.ndarray, duration: float, sense: Sense | None = None
) -> tuple[Chapter, ...]:
    """Chapters that join from 0 to `duration` (seconds), each with a title that stands in the video's metadata or in its words; `sense` chooses the better words."""
    made = own(video.chapters, duration) or found(reading, chunks, vectors, duration)
    out: list[Chapter] = []
    for chapter in made:
        taken = {other.title for other in out}
        out.append(chapter if chapter.title else replace(chapter, title=_title(reading, chapter, taken, sense)))
    return tuple(out)


def _title(reading: Reading, chapter: Chapter, taken: set[str], sense: Sense | None) -> str:
    inside = within(reading.sentences, chapter)
    phrases = {phrase: worth for phrase, worth in key_phrases(reading, inside, PHRASES).items() if phrase not in taken}
    if sense is None or len(phrases) < 2 or is_unspaced(reading.sentences[inside[0]].text):
        return key_phrase(reading, inside)
    return sense.closest(phrases, chapter)


def own(given: Sequence[Chapter], duration: float) -> tuple[Chapter, ...]:
    """The video's chapters in order, clipped to `duration` and joined end to start; empty when there are fewer than two."""
    starts: dict[float, str] = {}
    for chapter in sorted(given, key=lambda chapter: chapter.start):
        if 0 <= chapter.start < duration - 1:
            title = squeeze(chapter.title)[:120]
            starts.setdefault(chapter.start, "" if _PLACEHOLDER.fullmatch(title) else title)
    if len(starts) < 2:
        return ()
    edges = [0.0, *sorted(starts)[1:], duration]
    titles = [starts[at] for at in sorted(starts)]
    return tuple(Chapter(a, b, title, "source") for a, b, title in zip(edges, edges[1:], titles, strict=False))


def count_for(duration: float, sentences: int) -> int:
    """How many chapters a talk gets: the root of its minutes (4 for 20 minutes, 8 for an hour, 11 for two), never fewer than a dozen sentences each."""
    minutes = duration / 60
    return 1 if minutes < 4 else max(1, min(round(math.sqrt(minutes)), sentences // 10, 16))


def found(reading: Reading, chunks: Sequence[Chunk], vectors: np.ndarray, duration: float) -> tuple[Chapter, ...]:
    """Chapters by topic, titles still empty."""
    sentences = reading.sentences
    wanted = count_for(duration, len(sentences))
    if wanted == 1:
        return (Chapter(0.0, duration, "", "made"),)
    size = -(-len(sentences) // UNITS)
    firsts = list(range(0, len(sentences), size))
    rows = _features(reading, chunks, vectors, firsts, size)
    borders = _borders(rows, [_bonus(sentences, first) for first in firsts], [sentences[first].start for first in firsts], wanted, duration)
    edges = sorted({0.0, *(sentences[_snapped(sentences, firsts[border])].start for border in borders), duration})
    return tuple(Chapter(a, b, "", "made") for a, b in pairwise(edges))


def within(sentences: Sequence[Sentence], chapter: Chapter) -> tuple[int, ...]:
    """Positions in `sentences` of those that begin in `chapter`."""
    return tuple(i for i, sentence in enumerate(sentences) if chapter.start <= sentence.start < chapter.end)


def _features(reading: Reading, chunks: Sequence[Chunk], vectors: np.ndarray, firsts: Sequence[int], size: int) -> np.ndarray:
    """A row for each block of sentences: its words, smoothed over its neighbours, beside the centred vector of its chunk (e5's cosines crowd near 0.8)."""
    terms = matrix(reading)
    blocks = np.stack([terms[first : first + size].sum(axis=0) for first in firsts])
    smooth = blocks.copy()
    for distance, share in ((1, 0.6), (2, 0.3)):
        smooth[distance:] += share * blocks[:-distance]
        smooth[:-distance] += share * blocks[distance:]
    rows = [unit(smooth)]
    if len(chunks) == len(vectors) > 1:
        centred = unit(np.asarray(vectors, dtype=np.float32) - np.asarray(vectors, dtype=np.float32).mean(axis=0))
        place = np.zeros(len(reading.sentences), dtype=np.int64)
        for number, chunk in enumerate(chunks):
            place[chunk.first : chunk.last + 1] = number
        rows.append(centred[place[list(firsts)]])
    return np.concatenate(rows, axis=1)


def _bonus(sentences: Sequence[Sentence], at: int) -> float:
    """How much sentence `at` looks like the beginning of something new, in units of scatter."""
    if at == 0:
        return 0.0
    pause = sentences[at].start - sentences[at - 1].end
    turn = sentences[at].speaker != sentences[at - 1].speaker
    return min(1.0, max(0.0, pause) / 2) * 0.8 + (0.9 if _begins(sentences[at].text) else 0.0) + (0.3 if turn else 0.0)


def _snapped(sentences: Sequence[Sentence], at: int) -> int:
    """The clear beginning (a phrase, a long pause) within SNAP sentences of a border, else the border: vectors of whole chunks blur it by some sentences."""
    near = range(max(1, at - SNAP), min(len(sentences), at + SNAP + 1))
    best = max(near, key=lambda i: (_bonus(sentences, i) - 0.05 * abs(i - at), -i))
    return best if _bonus(sentences, best) >= 0.7 else at


def _begins(text: str) -> bool:
    """Whether a sentence announces a new part."""
    low = " ".join(word for word in text.casefold().split()[:8] if word.strip(",.") not in JOINERS)
    return low.startswith(MOVES)


def _borders(rows: np.ndarray, bonus: Sequence[float], starts: Sequence[float], wanted: int, duration: float) -> list[int]:
    """The `wanted - 1` rows at which new stretches begin, none shorter than SHORTEST or a quarter of its fair share."""
    n = len(rows)
    sums = np.concatenate([np.zeros((1, rows.shape[1]), dtype=np.float32), np.cumsum(rows, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((rows**2).sum(axis=1))])
    product = sums @ sums.T
    norm = np.diag(product)
    spread = norm[None, :] + norm[:, None] - 2 * product
    lengths = np.maximum(1, np.arange(n + 1)[None, :] - np.arange(n + 1)[:, None])
    scatter = squares[None, :] - squares[:, None] - spread / lengths
    times = np.array([*starts, duration])
    shortest = max(SHORTEST, duration / wanted / 4)
    scatter[(times[None, :] - times[:, None]) < shortest] = np.inf
    scatter[1:n] -= np.asarray(bonus)[1:, None]
    best, back = scatter[0], []
    for _ in range(wanted - 1):
        options = best[:, None] + scatter
        back.append(options.argmin(axis=0))
        best = options.min(axis=0)
    if not np.isfinite(best[n]):
        return []
    out, at = [], n
    for choice in reversed(back):
        at = int(choice[at])
        out.append(at)
    return out[::-1]


def key_phrase(reading: Reading, inside: Sequence[int]) -> str:
    """The best of `key_phrases`; a first clause where there are none, the empty string for an empty chapter."""
    here = [reading.sentences[i].text for i in inside]
    if here and is_unspaced("".join(here)):
        return _opening(min(here, key=lambda text: abs(length(text) - 8)))
    return next(iter(key_phrases(reading, inside)), _opening(here[0]) if here else "")


def key_phrases(reading: Reading, inside: Sequence[int], most: int = 1) -> dict[str, float]:
    """Titles from the words themselves, best first: runs of one to four words, as they are written there, that are this chapter's own and that it comes back to."""
    counts: Counter[tuple[str, ...]] = Counter()
    shown: dict[tuple[str, ...], Counter[str]] = {}
    for i in inside:
        for phrase in _phrases(reading.sentences[i].text, reading.stop):
            key = tuple(stem(word.casefold()) for word in raw_words(phrase))
            counts[key] += 1
            shown.setdefault(key, Counter())[phrase] += 1
    totals = Counter(word for bag in reading.bags for word in bag)
    local = Counter(word for i in inside for word in reading.bags[i])
    share = {word: local[word] / totals[word] for word in local}

    def worth(key: tuple[str, ...]) -> float:
        own_words = sum(share.get(word, 0.0) * reading.weight(word) for word in key) / len(key)
        written = _written(shown[key])
        single = 1.0 if len(key) > 1 or any(letter.isupper() for letter in written[1:]) else 0.8 if written[0].isupper() else 0.45
        return own_words * single * math.log(1 + counts[key]) * (1.0 + 0.45 * (len(key) - 1 if counts[key] > 1 else 0))

    best = sorted(((worth(key), key) for key in counts), reverse=True)[:most]
    return {_capital(_written(shown[key])): value for value, key in best}


def _written(forms: Counter[str]) -> str:
    """The form in which a phrase stands most often."""
    return max(forms.items(), key=lambda item: (item[1], item[0]))[0]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _phrases(text: str, stop: frozenset[str]) -> Iterator[str]:
    """Runs of one to four words within a clause, as written, whose first and last word carry meaning."""
    for clause in re.split(r"[,.;:!?()\"“”—–]+", text):
        row = list(re.finditer(r"[^\s]+", clause))
        strong = [_is_strong(match.group(), stop) for match in row]
        for first in range(len(row)):
            for last in range(first, min(first + 4, len(row))):
                joined = last - first == 2 and row[first + 1].group().casefold() in ("of", "de", "du", "des", "und", "and", "del")
                if strong[first] and strong[last] and (joined or all(strong[first : last + 1])):
                    yield clause[row[first].start() : row[last].end()]


def _is_strong(word: str, stop: frozenset[str]) -> bool:
    bare = word.casefold().replace("’", "'")
    return (
        len(bare) > 2
        and bare not in stop
        and bare.removesuffix("'s") not in stop
        and not any(char.isdigit() for char in bare)
        and bare[0].isalpha()
        and bare[-1].isalpha()
    )


def _opening(text: str) -> str:
    """The first clause of `text`, for scripts in which words cannot be told apart."""
    clause = re.split(r"[。！？!?，,、;；]", text.strip('「『“"'), maxsplit=1)[0] or text
    return clause[:24]
