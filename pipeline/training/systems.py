"""What is measured side by side: the ways to answer a question about a meeting, from its first sentences to the product's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.language.generator import Embedder, Generator, Prompt
from pipeline.summary import brief
from pipeline.summary.focus import focus
from pipeline.summary.words import length
from pipeline.types import Sentence

WORDS = 65.0
"""Words that the answers of QMSum's annotators have on average: what `lead` and `selected` may use."""
PLAIN_TOKENS = 160
ROOM = 1600
"""Tokens of the meeting that `plain` is given, from its beginning, as chunks of the usual tools are: more than fits a small window would be cut in silence."""


@dataclass(frozen=True, slots=True)
class Task:
    """One question with the sentences that answer it."""

    question: str
    sentences: tuple[Sentence, ...]
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Output:
    statements: tuple[str, ...]
    receipts: tuple[tuple[int, ...], ...] = ()
    """For each statement the indexes of the sentences that it cites; empty for systems that cite nothing."""

    unparsed: int = 0
    """Answers of the model in which nothing could be read."""

    @property
    def text(self) -> str:
        return " ".join(self.statements)


System = Callable[[Sequence[Task]], list[Output]]


def lead(tasks: Sequence[Task]) -> list[Output]:
    """The first sentences."""
    return [_cited(_until(task.sentences, WORDS)) for task in tasks]


def selected(embedder: Embedder | None) -> System:
    """The sentences that speak most of the question: our floor."""

    def run(tasks: Sequence[Task]) -> list[Output]:
        return [_selected(task, embedder) for task in tasks]

    return run


def _selected(task: Task, embedder: Embedder | None) -> Output:
    found = focus(task.question, task.sentences, task.language, embedder)
    worth = dict(zip(found.reading.sentences, found.worth, strict=True))
    chosen = _until(sorted(found.best(8), key=lambda sentence: -worth[sentence]), WORDS)
    return _cited(sorted(chosen, key=lambda sentence: sentence.index))


def _until(sentences: Sequence[Sentence], most: float) -> list[Sentence]:
    """As many as fit into `most` words, but one at least."""
    out: list[Sentence] = []
    used = 0.0
    for sentence in sentences:
        used += length(sentence.text)
        if out and used > most:
            break
        out.append(sentence)
    return out


def _cited(sentences: Sequence[Sentence]) -> Output:
    return Output(tuple(sentence.text for sentence in sentences), tuple((sentence.index,) for sentence in sentences))


def plain(generator: Generator) -> System:
    """The model asked for it as others ask: no numbers, no check."""

    def run(tasks: Sequence[Task]) -> list[Output]:
        answers = generator.generate([_plain_prompt(task, generator) for task in tasks])
        return [Output((answer.strip(),)) for answer in answers]

    return run


def _plain_prompt(task: Task, generator: Generator) -> Prompt:
    lines, left = [], ROOM
    for sentence in task.sentences:
        left -= generator.count(brief.line(sentence)) + 1
        if left < 0:
            break
        lines.append(brief.line(sentence))
    return Prompt("You are a helpful assistant.", f"{task.question}\n\nTranscript:\n" + "\n".join(lines), PLAIN_TOKENS)


def ours(generator: Generator, embedder: Embedder | None) -> System:
    """The product's way: chosen and numbered sentences, statements with receipts, each checked."""

    def run(tasks: Sequence[Task]) -> list[Output]:
        made = [brief.asked(task.question, task.sentences, task.language, generator.count, embedder) for task in tasks]
        answers = iter(generator.generate([prompt for asked in made for prompt in brief.variants(asked)]))
        return [_pointed(asked, list(islice(answers, brief.VARIANTS))) for asked in made]

    return run


def _pointed(asked: brief.Asked, answers: Sequence[str]) -> Output:
    points = brief.judged(asked, answers)
    unread = sum(not brief.statements(answer, len(asked.shown)) and not brief.says_not_found(answer) for answer in answers)
    return Output(
        tuple(point.text for point in points), tuple(tuple(citation.sentence for citation in point.citations) for point in points), unread
    )
