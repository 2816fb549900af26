"""For whom a summary is told. Nothing is said in other words for anybody: of what was verified, the hard is left out where something easier stands beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.summary.words import content, length, light_words, words
from pipeline.types import Point


@dataclass(frozen=True, slots=True)
class Audience:
    name: str
    label: str
    hardest: float | None
    """A point harder than this is left out, see Ease; None: none is."""


EVERYONE = Audience("everyone", "For everyone", None)
PLAIN = Audience("plain", "Plain language", 1.15)
AUDIENCES = {audience.name: audience for audience in (EVERYONE, PLAIN)}

LONG, LETTERS, RARE = 0.4, 0.4, 0.2
"""What the length of a sentence, the length of its words and their rarity are worth."""


def audience_of(name: str | None) -> Audience:
    """The audience of that name, everyone without one. Raises: InputError: `bad_audience`."""
    found = AUDIENCES.get(name or EVERYONE.name)
    if found is None:
        raise InputError("bad_audience", f"The audience is {' or '.join(AUDIENCES)}.")
    return found


class Ease:
    """How hard sentences are, compared with all points of one summary: 1 is their mean. No word list, so it is the same rule in every language."""

    def __init__(self, points: Sequence[Point], language: str) -> None:
        self._stop = light_words(language, (point.text for point in points))
        self._counts: dict[str, int] = {}
        for point in points:
            for one in set(content(point.text, self._stop)):
                self._counts[one] = self._counts.get(one, 0) + 1
        measured = [self._measures(point.text) for point in points] or [(1.0, 1.0, 1.0)]
        self._means = tuple(sum(column) / len(measured) or 1.0 for column in zip(*measured, strict=True))

    def hardness(self, text: str) -> float:
        shares = (measure / mean for measure, mean in zip(self._measures(text), self._means, strict=True))
        return sum(weight * share for weight, share in zip((LONG, LETTERS, RARE), shares, strict=True))

    def fitting(self, points: Iterable[Point], audience: Audience) -> tuple[Point, ...]:
        """Those that `audience` can follow, in their order; the easiest one where none would be left."""
        all_of = tuple(points)
        if audience.hardest is None or not all_of:
            return all_of
        easy = tuple(point for point in all_of if self.hardness(point.text) <= audience.hardest)
        return easy or (min(all_of, key=lambda point: self.hardness(point.text)),)

    def _measures(self, text: str) -> tuple[float, float, float]:
        """Words, letters of a word, and the share of the telling words that stand in this point alone."""
        row, bag = words(text), content(text, self._stop)
        letters = sum(map(len, row)) / len(row) if row else 0.0
        rare = sum(self._counts.get(one, 0) < 2 for one in bag) / len(bag) if bag else 0.0
        return length(text), letters, rare
