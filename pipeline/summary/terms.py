"""Words that tell most of a summary, and questions made by taking them out: both point at what is written, neither writes anything."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.summary.lexicon import STOP
from pipeline.summary.words import is_cjk, is_unspaced, length, light_words, stem
from pipeline.types import Point

GAP = "____"
LEAST = 4.0
"""Words of a sentence that still says something without one of them."""
SHORTEST = 3
"""Letters of a term; one more where the language's function words are not known."""
FEW = 4
"""Points so few that a word need not be said again."""
NAME, PAIR = 1.3, 1.5
"""What a name, and two words that belong together, are worth beside one plain word."""

_TOKEN = re.compile(r"[^\s—–…/|]+")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,:]\d+)*(?:\s?%)?(?!\w)")
_HAN, _KATAKANA = re.compile(r"[\u3005\u3400-\u4dbf\u4e00-\u9fff]{2,}"), re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
_RUN = (2, 4)
"""Characters of a term in Han script, where nothing says where a word ends: only what is said again counts."""


@dataclass(frozen=True, slots=True)
class Term:
    """`text` as it stands in the text of `point`, which is the first that has it."""

    text: str
    point: Point


@dataclass(frozen=True, slots=True)
class Gap:
    """A point with one word or number taken out: `before` + `answer` + `after` is its text."""

    before: str
    answer: str
    after: str
    point: Point

    @property
    def question(self) -> str:
        return f"{self.before}{GAP}{self.after}"


@dataclass(frozen=True, slots=True)
class _Seen:
    key: tuple[str, ...]
    text: str
    is_name: bool


def key_terms(points: Sequence[Point], language: str, most: int) -> tuple[Term, ...]:
    """At most `most` terms, each with a point of its own, in the order in which they are introduced. None in scripts without any sign of where a word ends (Thai, Khmer)."""
    stop = light_words(language, (point.text for point in points))
    seen = [{found.key: found for found in _candidates(point.text, stop, known=language in STOP)} for point in points]
    count: dict[tuple[str, ...], int] = {}
    names: dict[tuple[str, ...], bool] = {}
    for found in seen:
        for key, one in found.items():
            count[key] = count.get(key, 0) + 1
            names[key] = names.get(key, False) or one.is_name
    worth = {
        key: _worth(key, number, len(points), is_name=names[key])
        for key, number in count.items()
        if _counts(key, number, len(points), is_name=names[key])
    }
    first = {key: at for at, found in reversed(list(enumerate(seen))) for key in found}
    chosen: dict[int, tuple[str, ...]] = {}
    for key in sorted(worth, key=lambda key: (-worth[key], key)):
        if len(chosen) < most and first[key] not in chosen and not any(_again(key, other) for other in chosen.values()):
            chosen[first[key]] = key
    return tuple(Term(seen[at][key].text, points[at]) for at, key in sorted(chosen.items()))


def gap(point: Point, terms: Sequence[Term]) -> Gap | None:
    """`point` without its number, or else without the first of `terms` that stands in it once; None when it has neither or is too short."""
    if length(point.text) < LEAST:
        return None
    spots = [match.span() for match in _NUMBER.finditer(point.text)] + [span for term in terms if (span := _span(term.text, point.text))]
    for first, last in spots:
        answer = point.text[first:last]
        if point.text.casefold().count(answer.casefold()) == 1:  # a second one would give it away
            return Gap(point.text[:first], answer, point.text[last:], point)
    return None


def _span(term: str, text: str) -> tuple[int, int] | None:
    word = re.escape(term) if is_cjk(term[0]) else rf"(?<!\w){re.escape(term)}(?!\w)"
    match = re.search(word, text, re.IGNORECASE)
    return match.span() if match else None


def _candidates(text: str, stop: frozenset[str], *, known: bool) -> Iterator[_Seen]:
    """Words and pairs of words that carry meaning; runs of characters in Han script, words in Katakana."""
    before: _Seen | None = None
    opening = True
    for match in _TOKEN.finditer(text):
        token = _bare(match.group())
        if is_unspaced(token):
            yield from _runs(token)
            before = None
            continue
        here = _word(token, stop, opening=opening, known=known)
        if here is not None:
            yield here
            if before is not None:
                yield _Seen((*before.key, *here.key), f"{before.text} {here.text}", before.is_name and here.is_name)
        ended = not match.group().endswith(token) or not token
        before, opening = None if ended else here, ended and match.group()[-1] in ".!?…:"


def _bare(token: str) -> str:
    """Without punctuation around it. Not by `\\W`, which takes the vowel signs of Hindi and its neighbours for none of a word."""
    first, last = 0, len(token)
    while first < last and unicodedata.category(token[first])[0] in "PSZC":
        first += 1
    while first < last and unicodedata.category(token[last - 1])[0] in "PSZC":
        last -= 1
    return token[first:last]


def _word(token: str, stop: frozenset[str], *, opening: bool, known: bool) -> _Seen | None:
    plain = token.casefold().replace("’", "'")
    if len(plain) < SHORTEST + (not known) or plain in stop or any(char.isdigit() for char in plain):
        return None
    return _Seen((stem(plain),), token, token[0].isupper() and not opening)


def _runs(token: str) -> Iterator[_Seen]:
    for match in _KATAKANA.finditer(token):
        yield _Seen((match.group(),), match.group(), is_name=True)
    for match in _HAN.finditer(token):
        run = match.group()
        for size in range(_RUN[0], _RUN[1] + 1):
            for first in range(len(run) - size + 1):
                yield _Seen((run[first : first + size],), run[first : first + size], is_name=False)


def _counts(key: tuple[str, ...], number: int, of: int, *, is_name: bool) -> bool:
    """What is said again, and names; of few points any word, but no pair and no run of Han characters."""
    return number > 1 or is_name or (of < FEW and len(key) == 1 and not _HAN.fullmatch(key[0]))


def _worth(key: tuple[str, ...], number: int, of: int, *, is_name: bool) -> float:
    """Said often, but not everywhere."""
    size = len(key[0]) - 1 if _HAN.fullmatch(key[0]) else min(1.3, 0.7 + 0.05 * sum(map(len, key)))
    return number * math.log(1 + of / number) * size * (NAME if is_name else 1.0) * (PAIR if len(key) > 1 else 1.0)


def _again(key: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one says no more than the other."""
    return bool(set(key) & set(other)) or any(a in b or b in a for a in key for b in other if is_cjk(a[0]) and is_cjk(b[0]))


_QUESTIONS = {
    "en": "What is said about “{}”?",
    "es": "¿{}?",
    "zh": "{}？",
    "ja": "{}？",
    "el": "{};",
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ckb"), "{}؟"),
}
_ASKED = ("?", "？", "؟", ";")


def question(title: str, language: str) -> str:
    """What a chapter of that title answers, by rule; a title that asks already stays as it is."""
    bare = title.strip().rstrip(".。 ")
    return bare if bare.endswith(_ASKED) else _QUESTIONS.get(language, "{}?").format(bare)
