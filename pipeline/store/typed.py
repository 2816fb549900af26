"""What a person typed into a search box: words that rank, "phrases that must stand there", and -words that must not."""

import re
from dataclasses import dataclass

from pipeline.store.packing import clean

CHARACTERS = 2_000
"""Of a question that are looked at for words; its meaning is that of the whole."""
PARTS = 16
"""Phrases and unwanted words that count; each is one more condition of the query."""

_PART = re.compile(r'(?<![\w-])(-?)["“”„«»]([^"“”„«»]+)["“”„«»]|(?<!\S)-(\w\S*)')


@dataclass(frozen=True, slots=True)
class Typed:
    """A query taken apart."""

    words: str
    """All that ranks, on one line, phrases included: what is embedded too."""
    phrases: tuple[str, ...] = ()
    """Each must stand in a moment, word for word."""
    unwanted: tuple[str, ...] = ()
    """Words and phrases that no moment may have."""

    @property
    def exact(self) -> bool:
        """Whether nothing but phrases ranks."""
        return self.words == " ".join(self.phrases)


def parse(text: str) -> Typed:
    """Never fails: a quote that is not closed is a character like others, and a query of nothing but -words ranks nothing."""
    phrases: list[str] = []
    unwanted: list[str] = []
    ranking: list[str] = []
    last = 0
    text = clean(text)[:CHARACTERS]
    for match in _PART.finditer(text):
        ranking.append(text[last : match.start()])
        last = match.end()
        minus, quoted, word = match.groups()
        if word or minus:
            unwanted.append(word or quoted)
        else:
            phrases.append(quoted)
            ranking.append(quoted)
    ranking.append(text[last:])
    return Typed(" ".join(" ".join(ranking).split()), _telling(phrases), _telling(unwanted))


def _telling(parts: list[str]) -> tuple[str, ...]:
    kept = (" ".join(part.split()) for part in parts if any(character.isalnum() for character in part))
    return tuple(dict.fromkeys(kept))[:PARTS]
