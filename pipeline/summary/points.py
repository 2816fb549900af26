"""Sentences chosen become points: phrased by the LLaMA where what it writes stands, else quoted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.language.generator import Embedder, Prompt
from pipeline.summary import prompts
from pipeline.summary.chapters import within
from pipeline.summary.lexicon import FIRST_PERSON
from pipeline.summary.reading import Reading
from pipeline.summary.select import Scored, lead, leans, pick, quote, values, whole
from pipeline.summary.sense import BATCH, Sense
from pipeline.summary.verify import NEAR, Verdict, check, tidy
from pipeline.summary.words import words
from pipeline.types import Chapter, Citation, Point, Sentence

LISTED, LISTED_EACH = 2, 2
"""Sentences of a chapter whose meaning is looked at: so many, and so many more for each point."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A point to be made: position of the sentence that carries it, and of those shown with it (in the order of the talk)."""

    chapter: int
    seed: int
    shown: tuple[int, ...]


def drafts(
    reading: Reading,
    scored: Scored,
    chapters: Sequence[Chapter],
    quotas: Sequence[int],
    sense: Sense | None = None,
    between: Callable[[], None] = lambda: None,
) -> list[Draft]:
    """What is worth a point, chapter by chapter: at most `quotas[i]` in chapter i, chosen by words and, with `sense`, by meaning.

    The same input gives the same drafts, so that a resumed summary goes on where it was. `between` is called between pieces of work.
    """
    out: list[Draft] = []
    taken: list[int] = []
    for number, chapter in enumerate(chapters):
        inside = within(reading.sentences, chapter)
        value = values(scored, inside)
        if sense is not None:
            value = _with_sense(value, sense, chapter, quotas[number], between)
        rows = {at: scored.rows[at] for at in (*value, *taken)}
        chosen = pick(value, rows, quotas[number], taken)
        taken += chosen
        out += [Draft(number, seed, _shown(reading, scored, seed, inside)) for seed in chosen]
    return out


def _with_sense(value: Mapping[int, float], sense: Sense, chapter: Chapter, quota: int, between: Callable[[], None]) -> dict[int, float]:
    """The short list of a chapter with its meaning weighed too."""
    listed = sorted(value, key=lambda at: (-value[at], at))[: LISTED + LISTED_EACH * quota]
    for first in range(0, len(listed), BATCH):
        between()
        sense.look(listed[first : first + BATCH])
    extra = sense.weigh(listed, chapter)
    return {at: value[at] + extra[at] for at in listed}


def _shown(reading: Reading, scored: Scored, seed: int, inside: Sequence[int]) -> tuple[int, ...]:
    """The seed, after the sentence that it leans on when it begins with "this" or "they"."""
    before = seed - 1
    if leans(reading.sentences[seed].text, reading.language) and before in inside and before not in scored.skipped:
        return (before, seed)
    return (seed,)


def quoted(receipt: Citation, chapter: int = 0) -> Point:
    """The words of a receipt as a statement: the same, but that a statement begins with a capital."""
    return Point(receipt.quote[:1].upper() + receipt.quote[1:], (receipt,), "quote", 1.0, chapter)


def as_quote(draft: Draft, reading: Reading) -> Point:
    """The speaker's own sentence as a point."""
    receipt = quote(reading.sentences[draft.seed], reading.language)
    return quoted(receipt, draft.chapter)


class Phraser:
    """Turns drafts into points with one model; lives as long as one summary is made."""

    def __init__(self, reading: Reading, embedder: Embedder | None) -> None:
        self._reading = reading
        self._embedder = embedder
        self.refused: list[tuple[str, str]] = []
        """What the model wrote and why it was refused, for people who tune prompts."""

    def asks(self, draft: Draft) -> bool:
        """Whether the model is asked at all: what somebody says of himself is quoted."""
        row = words(self._said(draft.seed))
        return bool(row) and row[0] not in FIRST_PERSON.get(self._reading.language, frozenset())

    def prompt(self, draft: Draft, attempt: int) -> Prompt:
        """First the sentence that carries the point is shortened; then, in another form, all that is shown is put into one sentence."""
        if attempt == 0:
            return prompts.shorten(self._said(draft.seed), self._reading.language)
        return prompts.combine([self._said(position) for position in draft.shown], self._reading.language)

    def judge(self, draft: Draft, answer: str, asked: Prompt, made: Sequence[Point]) -> Point | None:
        """The point that `answer` makes, or None when it does not stand."""
        text = tidy(prompts.continued(asked, answer))
        sentences = [self._reading.sentences[position] for position in draft.shown]
        verdict = check(text, [sentence.text for sentence in sentences], self._reading.language, [point.text for point in made])
        if verdict.ok and not self._is_near(text, sentences):
            verdict = Verdict("another meaning by its vector")
        if not verdict.ok:
            self.refused.append((text, verdict.reason))
            return None
        cited = [sentences[number] for number in verdict.used] or sentences
        return stated(text, cited, verdict.support, draft.chapter, self._reading.language)

    def _said(self, position: int) -> str:
        text = self._reading.sentences[position].text
        return text[lead(text, self._reading.language) :]

    def _is_near(self, text: str, sentences: Sequence[Sentence]) -> bool:
        if self._embedder is None:
            return True
        vectors = self._embedder.passages([text, *(sentence.text for sentence in sentences)])
        return bool((vectors[1:] @ vectors[0]).max() >= NEAR)


def stated(text: str, cited: Sequence[Sentence], support: float, chapter: int, language: str) -> Point:
    """What stood the checks as a point: phrased, or a quote when the model gave back the very words."""
    for sentence in cited:
        receipt = quote(sentence, language)
        if text.casefold().rstrip(".!") == receipt.quote.casefold().rstrip(".!"):
            return quoted(receipt, chapter)
    return Point(text, tuple(whole(sentence) for sentence in cited), "phrased", support, chapter)
