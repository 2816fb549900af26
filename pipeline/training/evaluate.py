"""`nutshell evaluate qmsum`: several systems on the same questions in one run, with the product's own code, as a table or as JSON."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Self

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.language.adapters import NONE, adapter_for
from pipeline.language.generator import Embedder, Generator, open_embedder, open_generator
from pipeline.language.profiles import name_of_llm
from pipeline.summary.brief import line
from pipeline.summary.support import attributed, supported
from pipeline.summary.words import length
from pipeline.training import systems
from pipeline.training.examples import ended
from pipeline.training.meetings import Meeting, Question, is_inside, load
from pipeline.training.metrics import is_looping, repetition, rouge, unsupported
from pipeline.training.systems import Output, System, Task

SYSTEMS = ("lead", "selected", "plain", "ours-plain", "ours")


@dataclass(frozen=True, slots=True)
class Case:
    """A question of a meeting, and what the answer is measured by."""

    meeting: Meeting
    question: Question
    task: Task


@dataclass(frozen=True, slots=True)
class Row:
    """What a system came to. Shares are percent."""

    rouge1: float
    rouge2: float
    rougeL: float  # noqa: N815 - its usual name
    unsupported_rate: float
    """Of the numbers, names and quotations, those that do not occur in what was said."""
    carried: float
    """Of the statements, those that the validated judge (`nutshell evaluate judge`) finds carried by the sentences they cite, or by any of the source where they cite none."""
    receipt_overlap: float | None
    """Of the cited sentences, those that stand in the annotators' spans; None: it cites nothing, or all of what it was given is such a span."""
    words: float
    repetition: float
    loops: int
    empty: int
    unparsed: int
    """Answers of the model in which no statement could be read, though it did not say that nothing was found."""
    quoted: float
    """Answers that are sentences of the talk, word for word."""
    seconds: float
    """For each question."""


def cases(meetings: Sequence[Meeting], limit: int | None = None) -> tuple[Case, ...]:
    """The questions with the sentences of their gold spans; those without any words there are left out."""
    found = (
        Case(meeting, question, Task(question.text, meeting.inside(question.spans)))
        for meeting in meetings
        for question in meeting.questions
        if meeting.inside(question.spans)
    )
    return tuple(found)[:limit]


def measure(cases: Sequence[Case], named: dict[str, System], report: Callable[[str], None]) -> dict[str, Row]:
    """Every system on every case, one system after another."""
    rows = {}
    for name, system in named.items():
        began = time.monotonic()
        outputs = system([case.task for case in cases])
        rows[name] = judge(cases, outputs, (time.monotonic() - began) / len(cases))
        report(f"{name}: {rows[name].seconds:.1f} s a question")
    return rows


def judge(cases: Sequence[Case], outputs: Sequence[Output], seconds: float) -> Row:
    """Averages over the cases."""
    scores = [rouge(output.text, case.question.answer) for case, output in zip(cases, outputs, strict=True)]
    facts = [unsupported(output.text, source(case)) for case, output in zip(cases, outputs, strict=True)]
    cited = [_in_gold(case, output) for case, output in zip(cases, outputs, strict=True)]
    places = sum(total for _, total in cited)
    carried = [stands for case, output in zip(cases, outputs, strict=True) for stands in _carried(case, output)]
    return Row(
        rouge1=mean(score.one for score in scores), rouge2=mean(score.two for score in scores), rougeL=mean(score.longest for score in scores),
        unsupported_rate=100 * sum(lost for lost, _ in facts) / max(1, sum(total for _, total in facts)),
        carried=100 * mean(carried or [0.0]),
        receipt_overlap=100 * sum(hits for hits, _ in cited) / places if places else None,
        words=mean(len(output.text.split()) for output in outputs),
        repetition=100 * mean(repetition(output.text) for output in outputs),
        loops=sum(is_looping(output.text) for output in outputs),
        empty=sum(not output.text.strip() for output in outputs),
        unparsed=sum(output.unparsed for output in outputs),
        quoted=100 * mean(all(statement in source(case) for statement in output.statements) for case, output in zip(cases, outputs, strict=True)),
        seconds=seconds,
    )  # fmt: skip


def source(case: Case) -> str:
    """All that may be told: what was said, by whom, and what was asked."""
    return " ".join([case.task.question, *(line(sentence) for sentence in case.task.sentences)])


def _carried(case: Case, output: Output) -> list[bool]:
    """For each statement whether the judge finds it carried. Free text is cut into sentences first, and looked for in all of the source."""
    language = case.task.language
    if output.receipts:
        lines = {sentence.index: line(sentence) for sentence in case.meeting.sentences}
        cited = [[lines[index] for index in receipt] for receipt in output.receipts]
        return [supported(text, given, language).ok for text, given in zip(output.statements, cited, strict=True)]
    said = [line(sentence) for sentence in case.task.sentences]
    return [attributed(text, said, language).ok for text in ended(output.text) if length(text) >= 3]


def _in_gold(case: Case, output: Output) -> tuple[int, int]:
    turns = dict(zip((sentence.index for sentence in case.meeting.sentences), case.meeting.turns, strict=True))
    cited = [index for receipt in output.receipts for index in receipt]
    return sum(is_inside(turns[index], case.question.spans) for index in cited), len(cited)


def evaluate(
    settings: Settings, folder: Path, limit: int | None, wanted: Sequence[str], report: Callable[[str], None]
) -> tuple[dict[str, Row], int]:
    """The rows of all systems, or of those `wanted`, and on how many questions. A model is loaded when its first system is due.

    Raises:
        InputError: `no_data`, `bad_data`; `bad_option`: a system that does not exist.
        ModelError: `not_installed`: rouge-score; what loading a model raises.
    """
    unknown = sorted(set(wanted) - set(SYSTEMS))
    if unknown:
        raise InputError("bad_option", f"There is no system {unknown[0]!r}; there are {', '.join(SYSTEMS)}.")
    asked = cases(load(folder), limit)
    rows: dict[str, Row] = {}
    with _Models(settings) as models:
        for name in wanted or SYSTEMS:
            system = models.system(name)
            if system is None:
                report(f"{name}: left out, since the language model has no adapter here")
            else:
                rows |= measure(asked, {name: system}, report)
    return rows, len(asked)


class _Models:
    """The models that systems need, one LLaMA at a time; closed with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._plain = settings.model_copy(update={"llm_adapter": NONE})
        self._embedder: Embedder | None = None
        self._generator: Generator | None = None
        self._loaded: Settings | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._generator, self._embedder):
            if one is not None:
                one.close()

    def system(self, name: str) -> System | None:
        """None: there is no adapter for `ours`."""
        if name == "lead":
            return systems.lead
        if self._embedder is None:
            self._embedder = open_embedder(self._settings, in_process=True)
        if name == "selected":
            return systems.selected(self._embedder)
        if name == "ours" and not self._settings.llm_url and adapter_for(self._settings, name_of_llm(self._settings)) is None:
            return None
        generator = self._generator_of(self._settings if name == "ours" else self._plain)
        return systems.plain(generator) if name == "plain" else systems.ours(generator, self._embedder)

    def _generator_of(self, settings: Settings) -> Generator:
        if self._generator is None or self._loaded is not settings:
            if self._generator is not None:
                self._generator.close()
            self._generator, self._loaded = open_generator(settings, in_process=True), settings
        return self._generator


def to_json(name: str, count: int, rows: dict[str, Row]) -> dict[str, Any]:
    return {"set": name, "n": count, "systems": {system: asdict(row) for system, row in rows.items()}}


def as_table(rows: dict[str, Row], count: int) -> str:
    """A row for each system, and below it what the columns are."""
    columns = {"R-1": 6, "R-2": 6, "R-L": 6, "not said %": 12, "carried %": 11, "in gold %": 11, "words": 7, "repeated %": 12}
    columns |= {"loops": 7, "empty": 7, "unread": 8, "quoted %": 10, "seconds": 9}
    head = f"{'system':<12}" + "".join(f"{name:>{width}}" for name, width in columns.items())
    lines = [
        f"{name:<12}{row.rouge1:>6.1f}{row.rouge2:>6.1f}{row.rougeL:>6.1f}{row.unsupported_rate:>12.1f}{row.carried:>11.1f}"
        f"{'-' if row.receipt_overlap is None else format(row.receipt_overlap, '.1f'):>11}{row.words:>7.1f}{row.repetition:>12.1f}{row.loops:>7}{row.empty:>7}{row.unparsed:>8}"
        f"{row.quoted:>10.1f}{row.seconds:>9.2f}"
        for name, row in rows.items()
    ]
    below = (
        "not said: of the numbers, names and quotations those that do not occur in the source; carried: statements that the judge finds in what they cite;\n"
        "in gold: cited sentences inside the annotators' spans; unread: answers of the model without a statement in them; seconds: for each question"
    )
    return "\n".join([f"{count} questions", head, *lines, below])
