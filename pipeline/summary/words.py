"""Words and weights of a text in any language: the small tools that sentences, selection and verification share.

Scripts without spaces between words are counted in characters and compared by pairs of characters. Words are compared by a crude stem (their first letters),
which needs no dictionary of any language; PostgreSQL has better stemmers, but selection must run before anything is stored.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pipeline.summary.lexicon import STOP, WEAK

CJK = r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
THAI = r"\u0e00-\u0e7f\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f"
_SIGNS = r"\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0980-\u0dff\u200c\u200d"
"""Vowel signs of the scripts of India, which \\w leaves out (their letters, here too, it does not), and what joins and parts letters."""
_LETTER = rf"(?:(?![{CJK}{THAI}_])[\w{_SIGNS}])"
_WORD = re.compile(rf"[{CJK}]+|[{THAI}]+|{_LETTER}+(?:['’]{_LETTER}+)*")
_UNSPACED = re.compile(rf"[{CJK}{THAI}]")
_CJK_CHAR = re.compile(rf"[{CJK}]")
_SPACES = re.compile(r"\s+")

STEM = 6
"""Letters that make a stem: `conver|sion` = `conver|ted`, while `energy` stays itself."""


def squeeze(text: str) -> str:
    """`text` with every run of white space as one space, and none at its ends."""
    return _SPACES.sub(" ", text).strip()


def is_unspaced(text: str) -> bool:
    """Whether most of `text` is in a script that writes no spaces between words."""
    letters = sum(ch.isalnum() for ch in text)
    return letters > 0 and len(_UNSPACED.findall(text)) * 2 > letters


def is_cjk(char: str) -> bool:
    return bool(_CJK_CHAR.match(char))


def raw_words(text: str) -> list[str]:
    """The words of `text` in their order, as written, with curly apostrophes made straight."""
    return [word.replace("’", "'") for word in _WORD.findall(unicodedata.normalize("NFKC", text))]


@lru_cache(maxsize=16384)
def words(text: str) -> tuple[str, ...]:
    """The words of `text` in lower case; pairs of characters where a script has no spaces."""
    out: list[str] = []
    for word in raw_words(text):
        word = word.casefold()
        if _UNSPACED.match(word):
            out.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            out.append(word)
    return tuple(out)


def length(text: str) -> float:
    """How long `text` is, in words; a character of a script without spaces counts as 0.5 (CJK) or 0.2 (Thai and its neighbours)."""
    total = 0.0
    for word in _WORD.findall(text):
        if is_cjk(word[0]):
            total += len(word) * 0.5
        elif _UNSPACED.match(word):
            total += len(word) * 0.2
        else:
            total += 1
    return total


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """What two forms of one word have in common: without the commonest endings, and no longer than STEM."""
    if _UNSPACED.match(word):
        return word
    word = word.removesuffix("'s")
    word = re.sub(r"(?<=\w{3})ies$", "y", word)
    word = re.sub(r"(?<=\w{3})(?<!s)s$", "", word)
    word = re.sub(r"(?<=\w{3})(?:ing|ed)$", "", word)
    word = re.sub(r"([bdfgmnprt])\1$", r"\1", word)
    return re.sub(r"(?<=\w{3})e$", "", word)[:STEM]


def stop_words(language: str, texts: Iterable[str] = ()) -> frozenset[str]:
    """Words without weight: the language's own list, else those that stand in more than an eighth of `texts` (which a list of function words resembles)."""
    known = STOP.get(language)
    if known is not None:
        return known
    counts: Counter[str] = Counter()
    n = 0
    for text in texts:
        counts.update(set(words(text)))
        n += 1
    return frozenset(word for word, count in counts.items() if n >= 24 and count > n / 8)


def light_words(language: str, texts: Iterable[str] = ()) -> frozenset[str]:
    """The stop words, and those that say little besides: what titles are not made of and sentences are not chosen for."""
    return stop_words(language, texts) | WEAK.get(language, frozenset())


def content(text: str, stop: frozenset[str]) -> list[str]:
    """Stems of the words of `text` that carry meaning, in their order."""
    return [stem(word) for word in words(text) if word not in stop and (len(word) > 1 or word.isdigit())]


def inverse_frequency(bags: Sequence[Iterable[str]]) -> dict[str, float]:
    """Weight of each stem: rare in `bags`, heavy. Smoothed so that a stem of every bag still counts a little."""
    counts: Counter[str] = Counter()
    for bag in bags:
        counts.update(set(bag))
    return {word: math.log(1 + len(bags) / count) for word, count in counts.items()}


def overlap(a: Iterable[str], b: Iterable[str]) -> float:
    """Jaccard's measure of two bags of stems, 0..1."""
    one, two = set(a), set(b)
    return len(one & two) / len(one | two) if one and two else 0.0
