"""What a text claims that can be looked up letter by letter: numbers, names and quotations, and which of them its source does not have."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.summary.numbers import numbers, unsupported
from pipeline.summary.words import raw_words, squeeze

_QUOTED = re.compile(r"[\"“«„「]([^\"”»“」]{3,})[\"”»“」]")
_WRITTEN = re.compile(r"(?<!\w)\w[\w’'-]*")
_MODEL = re.compile(r"\b\w*\d\w*[A-Za-z]\w*\b")
_OPENING = re.compile(r"(?:^|[.!?…:]\s+)[\"“«'(]*")

@dataclass(frozen=True, slots=True)
class Facts:
    numbers: tuple[float, ...]
    names: tuple[str, ...]
    """Capitalised words and acronyms as they are written. The first word of a sentence is one only when it has another capital or a digit."""
    quotations: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.numbers) + len(self.names) + len(self.quotations)


def facts(text: str) -> Facts:
    """All that `text` claims. A name counts as often as it stands there."""
    return Facts(tuple(value for value, _ in numbers(text)), tuple(_names(text)), tuple(_QUOTED.findall(text)))


def missing(text: str, source: str) -> Facts:
    """What `text` claims and `source` does not have: numbers with their units, names, and quotations word for word."""
    flat = squeeze(source).casefold()
    said = {_bare(word) for word in raw_words(source)}
    claimed = facts(text)
    return Facts(
        tuple(unsupported(text, source)),
        tuple(name for name in claimed.names if not _is_said(name, said)),
        tuple(quoted for quoted in claimed.quotations if squeeze(quoted).casefold().rstrip(".,") not in flat),
    )


def _names(text: str) -> Iterator[str]:
    openings = {match.end() for match in _OPENING.finditer(text)}
    for match in _WRITTEN.finditer(text):
        word = match.group()
        if not any(letter.isupper() for letter in word):
            yield from _MODEL.findall(word)
        elif match.start() not in openings or any(letter.isupper() or letter.isdigit() for letter in word[1:]):
            yield word


def _is_said(name: str, said: set[str]) -> bool:
    return _bare(name) in said or all(_bare(part) in said for part in re.split(r"[-_’']", name) if part)


def _bare(word: str) -> str:
    """A name as it is compared: no case, no possessive, no plural."""
    word = word.casefold().replace("’", "'").removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
