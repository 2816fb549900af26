"""What the model is taught of its own answers: the statements that stand and that come nearest to what annotators wrote.

Rejection sampling fine-tuning (Yuan et al. 2023, "Scaling relationship on learning mathematical reasoning"; Gulcehre et al. 2023, ReST), with the statement as the unit. The model answers a
question several times; of all these statements, and of the annotator's own, those that the shown sentences carry are the material, and of these a consensus is sought that weighs
the annotator's answer as much as all draws together. So nothing is taught that the judge would refuse, each statement with the numbers that carry it, and what a reader
waits for several draws of becomes the likeliest answer.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from pipeline.language.generator import Generator
from pipeline.summary import brief
from pipeline.summary.brief import Asked, Statement, showing, statements
from pipeline.summary.consensus import agreed
from pipeline.summary.focus import focus
from pipeline.summary.verify import alike
from pipeline.summary.words import length, stop_words
from pipeline.training.examples import ROOMS, Count, Example, ended
from pipeline.training.meetings import Meeting, Question

TOGETHER = 12
"""Questions that are asked at a time; what is drawn is kept after each of these."""
SHORTEST = 15.0
"""Words of an answer that is taught: a shorter one is what was left of a longer."""


@dataclass(frozen=True, slots=True)
class Draws:
    """How the model is asked before it is taught."""

    count: int
    """Answers to each question."""
    questions: int = 0
    """So many questions, taken by chance; 0: all."""
    seed: int = 1


def asked(meetings: Sequence[Meeting], count: Count, draws: Draws) -> tuple[tuple[Question, Asked], ...]:
    """The questions, in an order that the seed fixes, each as the product asks it, with one of ROOMS by chance."""
    chance = random.Random(draws.seed)
    every = [(meeting, question) for meeting in meetings for question in meeting.questions]
    chance.shuffle(every)
    views = (
        (question, showing(question.text, focus(question.text, meeting.inside(question.spans), "en", None), count, chance.choice(ROOMS)))
        for meeting, question in every
    )
    fit = ((question, view) for question, view in views if len(view.shown) >= 2)
    return tuple(islice(fit, draws.questions or None))


def drawn(views: Sequence[Asked], generator: Generator, draws: Draws, kept: Path, say: Callable[[str], None]) -> list[list[str]]:
    """The answers to each of `views`. They are kept in a file as they come, a line of JSON for each view, and a run that was interrupted goes on behind them."""
    answers = _kept(kept)[: len(views)]
    whole = kept.with_suffix(".tmp")
    whole.write_text("".join(f"{json.dumps(row)}\n" for row in answers), encoding="utf-8")
    whole.replace(kept)  # without the half line that one may have left that was killed
    with kept.open("a", encoding="utf-8") as file:
        for first in range(len(answers), len(views), TOGETHER):
            part = views[first : first + TOGETHER]
            given = iter(generator.generate([replace(view.prompt, variant=number) for view in part for number in range(draws.count)]))
            rows = [list(islice(given, draws.count)) for _ in part]
            file.writelines(f"{json.dumps(row)}\n" for row in rows)
            file.flush()
            answers += rows
            say(f"asked {len(answers)} of {len(views)} questions")
    return answers


def _kept(path: Path) -> list[list[str]]:
    rows: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def examples(questions: Sequence[tuple[Question, Asked]], answers: Sequence[Sequence[str]]) -> Iterator[Example]:
    for (question, view), given in zip(questions, answers, strict=True):
        if answer := chosen(view, given, question.answer):
            yield Example("own", view.prompt, answer)


def chosen(view: Asked, answers: Sequence[str], gold: str) -> str:
    """The answer that is taught, as the model writes it: "The group met. [2] They agreed. [4,7]". Empty where too little stands."""
    written = [statements(answer, len(view.shown)) for answer in answers]
    found = [*(made for answer in written for made in answer), *(Statement(text, ()) for text in ended(gold))]
    carried = {made.text: verdict.used for made, verdict in brief.standing(view, dict.fromkeys(found))}
    texts = list(carried)
    heads = [" ".join(made.text for made in answer[: brief.FIRST]) for answer in written if answer]
    stop = stop_words(view.language)
    order = agreed(texts, [*heads, *[gold] * max(1, len(heads))], lambda a, b: alike(a, b, stop))
    if sum(length(texts[at]) for at in order) < SHORTEST:
        return ""
    return " ".join(f"{texts[at]} [{','.join(str(number + 1) for number in carried[texts[at]])}]" for at in order)
