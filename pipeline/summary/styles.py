"""The ways in which one summary is told. A style arranges verified points and writes nothing: whatever stands in a block is a point with its receipts, or the title of a chapter."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import InputError
from pipeline.summary.audience import EVERYONE, Audience, Ease, audience_of
from pipeline.summary.terms import Gap, Term, gap, key_terms, question
from pipeline.summary.words import content, inverse_frequency, light_words, raw_words
from pipeline.types import Chapter, Point


class Told(Protocol):
    """A summary, whole or as far as it is made."""

    @property
    def language(self) -> str: ...
    @property
    def overview(self) -> tuple[Point, ...]: ...
    @property
    def points(self) -> tuple[Point, ...]: ...
    @property
    def chapters(self) -> tuple[Chapter, ...]: ...


@dataclass(frozen=True, slots=True)
class Heading:
    """Of a chapter, or of a part of the style's own (`chapter` is None)."""

    text: str
    chapter: Chapter | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Points one below the other."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Flowing:
    """Points one after the other, as a text."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A question made by rule of a chapter's title, and the points that answer it."""

    question: str
    points: tuple[Point, ...]
    chapter: Chapter | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Gaps:
    """Questions to test oneself with; the answers stay covered."""

    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What the reader should know of the arrangement, for example that something was left out."""

    text: str


Block = Heading | Listed | Flowing | Answered | Terms | Gaps | Note


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter with those of its points that are told; `chapter` is None for points outside any."""

    chapter: Chapter | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Style:
    name: str
    label: str
    """On its switch."""
    title: str
    """Above what it arranges."""
    arrange: Callable[[Sequence[Part], str, "Style"], Iterator[Block]]
    best: int | None = None
    """Points of a chapter at most, the most telling; None: all."""
    overview: bool = True
    """Whether the sentences of the overview stand before it."""
    terms: int = 0
    """Key terms at most."""
    gaps: int = 0
    """Questions to test oneself with, of each chapter at most."""


def _bullets(parts: Sequence[Part], _language: str, _style: Style) -> Iterator[Block]:
    yield from _by_chapter(parts, Listed)


def _paragraph(parts: Sequence[Part], _language: str, _style: Style) -> Iterator[Block]:
    yield from _by_chapter(parts, Flowing)


def _questions(parts: Sequence[Part], language: str, _style: Style) -> Iterator[Block]:
    for part in parts:
        if part.points:
            yield Answered(question(_subject(part, language), language), part.points, part.chapter)


def _notes(parts: Sequence[Part], language: str, style: Style) -> Iterator[Block]:
    terms = key_terms([point for part in parts for point in part.points], language, style.terms)
    if terms:
        yield Heading("Key terms")
        yield Terms(terms)
    yield Heading("What was said")
    yield from _by_chapter(parts, Listed)
    found = [[made for point in part.points if (made := gap(point, terms))][: style.gaps] for part in parts]
    if any(found):
        yield Heading("Test yourself")
        yield Gaps(tuple(made for some in found for made in some))


BULLETS = Style("bullets", "Bullets", "Point by point", _bullets)
STYLES = {
    style.name: style
    for style in (
        BULLETS,
        Style("paragraph", "Paragraphs", "In paragraphs", _paragraph),
        Style("chapters", "Chapters", "Chapter by chapter", _bullets, best=2),
        Style("qa", "Q&A", "Questions and answers", _questions, overview=False),
        Style("notes", "Study notes", "Study notes", _notes, overview=False, terms=8, gaps=2),
    )
}


@dataclass(frozen=True, slots=True)
class Telling:
    """How a reader wants a summary told."""

    style: Style = BULLETS
    audience: Audience = EVERYONE

    @property
    def is_usual(self) -> bool:
        return self == USUAL

    @property
    def query(self) -> dict[str, str]:
        """What an address says of it: nothing of what is usual."""
        style = {} if self.style is BULLETS else {"style": self.style.name}
        return style if self.audience is EVERYONE else {**style, "audience": self.audience.name}


USUAL = Telling()


def style_of(name: str | None) -> Style:
    """The style of that name, bullets without one. Raises: InputError: `bad_style`."""
    found = STYLES.get(name or BULLETS.name)
    if found is None:
        *names, last = STYLES
        raise InputError("bad_style", f"The style is {', '.join(names)} or {last}.")
    return found


def telling(style: str | None, audience: str | None) -> Telling:
    """Raises: InputError: `bad_style`, `bad_audience`."""
    return Telling(style_of(style), audience_of(audience))


def arranged(summary: Told, style: Style, audience: Audience = EVERYONE) -> tuple[Block, ...]:
    """The points of `summary` as `style` tells them. What is left out is counted in a note at the end."""
    parts = parts_of(summary.chapters, summary.points)
    ease = Ease(summary.points, summary.language)
    told = [Part(part.chapter, ease.fitting(part.points, audience)) for part in parts]
    if style.best is not None:
        telling_most = _Worth(summary)
        told = [Part(part.chapter, telling_most.best(part.points, style.best)) for part in told]
    left = sum(len(part.points) for part in parts) - sum(len(part.points) for part in told)
    return (*style.arrange(told, summary.language, style), *_left_out(left))


def opening(summary: Told, style: Style, audience: Audience = EVERYONE) -> tuple[Point, ...]:
    """The sentences of the overview that stand before the blocks."""
    return Ease(summary.points, summary.language).fitting(summary.overview, audience) if style.overview else ()


def parts_of(chapters: Sequence[Chapter], points: Sequence[Point]) -> tuple[Part, ...]:
    """Points under their chapters, in the order of the talk. A chapter without points is kept: that nothing rests on it is worth seeing."""
    if not chapters:
        return (Part(None, tuple(points)),) if points else ()
    inside: list[list[Point]] = [[] for _ in chapters]
    for point in points:
        inside[min(max(point.chapter, 0), len(chapters) - 1)].append(point)
    return tuple(Part(chapter, _in_order(mine)) for chapter, mine in zip(chapters, inside, strict=True))


def points_in(blocks: Iterable[Block]) -> Iterator[Point]:
    """Every point that stands in `blocks`, as often as it does."""
    for block in blocks:
        match block:
            case Listed() | Flowing() | Answered():
                yield from block.points
            case Terms():
                yield from (term.point for term in block.terms)
            case Gaps():
                yield from (made.point for made in block.gaps)


class _Worth:
    """Which points say most: those of the overview, which was chosen over the whole, then those that share most with the others."""

    def __init__(self, summary: Told) -> None:
        self._overview = set(summary.overview)
        stop = light_words(summary.language, (point.text for point in summary.points))
        self._bags = {point: set(content(point.text, stop)) for point in summary.points}
        self._weights = inverse_frequency(list(self._bags.values()))
        self._counts: dict[str, int] = {}
        for bag in self._bags.values():
            for word in bag:
                self._counts[word] = self._counts.get(word, 0) + 1

    def best(self, points: Sequence[Point], most: int) -> tuple[Point, ...]:
        return _in_order(sorted(points, key=lambda point: (point not in self._overview, -self._central(point), point.start))[:most])

    def _central(self, point: Point) -> float:
        bag = self._bags[point]
        return sum(self._weights[word] for word in bag if self._counts[word] > 1) / math.sqrt(len(bag) or 1)


def _by_chapter(parts: Sequence[Part], block: Callable[[tuple[Point, ...]], Block]) -> Iterator[Block]:
    for part in parts:
        if part.chapter is not None:
            yield Heading(part.chapter.title, part.chapter)
        yield block(part.points) if part.points else Note("Nothing in the summary rests on this chapter.")


def _subject(part: Part, language: str) -> str:
    """The title of the chapter; where it has none, the first term or else the first words of its first point."""
    if part.chapter is not None and part.chapter.title.strip():
        return part.chapter.title
    terms = key_terms(part.points[:1], language, 1)
    return terms[0].text if terms else f"{' '.join(raw_words(part.points[0].text)[:6])[:40]}…"


def _in_order(points: Iterable[Point]) -> tuple[Point, ...]:
    return tuple(sorted(points, key=lambda point: point.start))


def _left_out(number: int) -> Iterator[Note]:
    if number:
        yield Note(f"{number} more {'point is' if number == 1 else 'points are'} not told here; the bullets for everyone have them all.")
