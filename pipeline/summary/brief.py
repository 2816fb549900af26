"""What was said about a question: a few statements from numbered sentences, each with the sentences that carry it.

The model is shown the sentences that speak of the question, writes statements and the numbers of what each rests on. Numbers are only believed when those
sentences carry the statement; else those that do are looked for; a statement that none carry is dropped. When nothing is left, the best sentences stand in.

The model answers several times, and of all statements that stand those are kept that say what most answers say (consensus.py): one that was made up seldom comes twice.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.language.generator import Embedder, Prompt
from pipeline.summary import prompts
from pipeline.summary.claims import COMPANY
from pipeline.summary.consensus import agreed
from pipeline.summary.focus import Focus, focus
from pipeline.summary.points import quoted
from pipeline.summary.select import quote, whole
from pipeline.summary.support import attributed, supported
from pipeline.summary.verify import Verdict, alike, looping
from pipeline.summary.words import squeeze, stop_words, words
from pipeline.types import Point, Sentence

ROOM = 450
"""Tokens of sentences that are shown. 900 have more of an annotator's words (44 % instead of 39 %), but the built-in model says less of them: on 24 of QMSum's
questions ROUGE-1 28.9 instead of 32.7.
"""
LEAST = 64
"""Tokens of an answer at least, where enough is shown. Left alone the model ends after its first statement: 31 words where annotators write 65, ROUGE-1 25.5 instead of 32.7."""
FEWER = 3
"""An answer need not be longer than the part of what is shown that this is the divisor of."""
QUOTES = 3
"""Sentences that stand in for an answer."""
VARIANTS = 12
"""Answers that are asked for. ROUGE-1/2/L on all 237 of QMSum's validation questions: 38.0/12.9/23.98 of eight, 38.4/13.5/24.6 of twelve; on every fifth
of them, with another adapter that the same command made, 38.2/12.8/24.3 of three and 40.0/14.8/25.9 of six. Only their reading costs once.
"""

_STATEMENT = re.compile(r"(?P<text>[^\[\]]+?[.!?。！？।۔]?)\s*(?:\[(?P<numbers>[\d,\s]*)\]|(?<=[.!?。！？।۔])\s+|$)")
_ENDED = tuple("!?。！？।۔…")
_JOIN = "\ue000"
_SHORT = re.compile(r"\b((?:Dr|Mr|Mrs|Ms|St|Prof|Sr|Jr|vs|etc|No|e\.g|i\.e|[A-Z])\.) (?=\w)")
"""Full stops that end no sentence: "Dr. Smith met them" would become "Smith met them"."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what is shown of the talk. Lives from the making of its prompt to the judging of the answers."""

    question: str
    focus: Focus
    shown: tuple[Sentence, ...]
    prompt: Prompt

    @property
    def language(self) -> str:
        return self.focus.reading.language


@dataclass(frozen=True, slots=True)
class Statement:
    """As the model wrote it. `rests_on`: positions in `Asked.shown`; numbers that do not exist are left out."""

    text: str
    rests_on: tuple[int, ...]


def line(sentence: Sentence) -> str:
    """A sentence as it is shown, with who says it where that is known."""
    return f"{sentence.speaker}: {sentence.text}" if sentence.speaker else sentence.text


def asked(question: str, sentences: Sequence[Sentence], language: str, count: Callable[[str], int], embedder: Embedder | None) -> Asked:
    """The prompt about `question`. `count`: tokens of a text, see Generator."""
    return showing(question, focus(question, sentences, language, embedder), count)


def showing(question: str, found: Focus, count: Callable[[str], int], room: int = ROOM) -> Asked:
    """The prompt about `question` with the best sentences that were found, as many as fit into `room` tokens."""
    language = found.reading.language
    shown = found.within(room, lambda sentence: count(line(sentence)) + 4)  # and its number
    said = [line(sentence) for sentence in shown]
    least = min(LEAST, sum(count(text) for text in said) // FEWER)
    return Asked(question, found, shown, prompts.brief(question, said, language, least))


def says_not_found(answer: str) -> bool:
    return answer.strip().startswith(prompts.NOT_FOUND.rstrip("."))


def statements(answer: str, shown: int) -> tuple[Statement, ...]:
    """The statements of a model's answer: "The group met [2]. They agreed [4,7]."."""
    out: list[Statement] = []
    if says_not_found(answer):
        return ()
    for match in _STATEMENT.finditer(_SHORT.sub(lambda short: short[1] + _JOIN, squeeze(answer))):
        text = match["text"].replace(_JOIN, " ").strip(" .")
        numbers = {int(number) - 1 for number in re.findall(r"\d{1,4}", match["numbers"] or "")}
        if len(words(text)) >= 3:
            out.append(Statement(text if text.endswith(_ENDED) else f"{text}.", tuple(sorted(number for number in numbers if 0 <= number < shown))))
    return tuple(out)


def variants(asked: Asked, count: int = VARIANTS) -> tuple[Prompt, ...]:
    """What the model is asked: the same `count` times, the first for its likeliest answer."""
    return tuple(replace(asked.prompt, variant=number) for number in range(count))


def judged(asked: Asked, answers: Sequence[str]) -> tuple[Point, ...]:
    """The statements of the answers to `variants` that stand and that most answers agree on, with their receipts; sentences of the talk when none stands."""
    found = [statements(answer, len(asked.shown)) for answer in answers]
    every = dict.fromkeys(made for answer in found for made in answer)
    points = [_point(asked, made, carried) for made, carried in standing(asked, every)]
    stop = stop_words(asked.language)
    told = [" ".join(made.text for made in answer) for answer in found]
    kept = agreed([point.text for point in points], told, lambda a, b: alike(a, b, stop))
    return tuple(points[at] for at in kept) or tuple(quoted(quote(sentence, asked.language)) for sentence in asked.focus.best(QUOTES))


def standing(asked: Asked, found: Iterable[Statement]) -> Iterator[tuple[Statement, Verdict]]:
    """Those that the shown sentences carry; `Verdict.used`: positions in `asked.shown`."""
    lines = [line(sentence) for sentence in asked.shown]
    for made in found:
        carried = _carried(made, lines, asked.language)
        if carried.ok and not looping(made.text) and not _invents_company(made.text, asked):
            yield made, carried


def _point(asked: Asked, made: Statement, carried: Verdict) -> Point:
    return Point(made.text, tuple(whole(asked.shown[at]) for at in carried.used), "phrased", carried.support)


def _invents_company(text: str, asked: Asked) -> bool:
    """Whether a "team" or "group" acts in it where one person speaks and nobody said the word: the built-in model learned from meetings."""
    if len({sentence.speaker for sentence in asked.shown if sentence.speaker}) > 1:
        return False
    said = {word for sentence in asked.shown for word in words(line(sentence))}
    return any(word in COMPANY and word not in said for word in words(text))


def _carried(made: Statement, lines: Sequence[str], language: str) -> Verdict:
    """By the sentences that the model names, or else by others that were shown."""
    if made.rests_on:
        named = supported(made.text, [lines[at] for at in made.rests_on], language)
        if named.ok:
            return Verdict("", named.support, tuple(made.rests_on[at] for at in named.used))
    return attributed(made.text, lines, language)
