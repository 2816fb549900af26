"""What the model is taught of its own answers: the statements that stand and that come nearest to what annotators wrote.

Rejection sampling fine-tuning (Yuan et al. 2023, "Scaling relationship on learning mathematical reasoning"; Gulcehre et al. 2023, ReST), with the statement as the unit. The model answers a
question several times; of all these statements, and of the annotator's own, those that the shown sentences carry are the material, and of these a consensus is sought that weighs
the annotator's answer as much as all draws together. So nothing is taught that the judge would refuse, and each statement with the numbers that carry
it. What takes a reader several draws now shall become the likeliest answer.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from pipeline.language.generator import Generator, Prompt
from pipeline.summary import brief
from pipeline.summary.brief import Asked, Statement, showing, statements
from pipeline.summary.consensus import agreed, likeness
from pipeline.summary.focus import focus
from pipeline.summary.verify import alike
from pipeline.summary.words import length, stop_words, words
from pipeline.training.examples import ROOMS, Count, ended
from pipeline.training.meetings import Meeting, Question
from pipeline.training.preferences import Course, Pair

TOGETHER = 12
"""Questions that are asked at a time; what is drawn is kept after each of these."""
COURSE = Course(rounds=1, anchor=1.0)
"""How it is taught to prefer the best answer over the worst of its own, once the best have been taught. On 47 of QMSum's validation questions, of six answers
from one view: ROUGE-1/2/L 38.7/13.7/24.9; an adapter that was taught the best alone (276 questions instead of 264) has 38.0/12.5/23.3. 80 % of the statements stand, and 64.
"""
FIRST = 3
"""Statements of each answer that what is taught shall be like: later ones were more often beside the point (ROUGE-2 of the first two 11.1, of all 10.8, before it learned so)."""
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
    temperature: float = 0.7
    """What the adapter in the repository learned from was drawn at this; another was not tried."""


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
    """The answers to each of `views`. They are kept in the file `kept` as they come, by what was asked of which model, and nothing in it is asked again."""
    prompts = [replace(view.prompt, temperature=draws.temperature) for view in views]
    keys = [_key(generator.model, prompt, draws.count) for prompt in prompts]
    held = _kept(kept)
    left = [at for at, key in enumerate(keys) if key not in held]
    whole = kept.with_suffix(".tmp")
    whole.write_text("".join(_line(key, answers) for key, answers in held.items()), encoding="utf-8")
    whole.replace(kept)  # without the half line that one may have left that was killed
    with kept.open("a", encoding="utf-8") as file:
        for first in range(0, len(left), TOGETHER):
            part = left[first : first + TOGETHER]
            given = iter(generator.generate([replace(prompts[at], variant=number) for at in part for number in range(draws.count)]))
            for at in part:
                held[keys[at]] = list(islice(given, draws.count))
                file.write(_line(keys[at], held[keys[at]]))
            file.flush()
            say(f"asked {len(views) - len(left) + first + len(part)} of {len(views)} questions")
    return [held[key] for key in keys]


def _key(model: str, prompt: Prompt, count: int) -> str:
    return hashlib.sha256(json.dumps([model, prompt.system, prompt.user, prompt.temperature, count]).encode()).hexdigest()


def _line(key: str, answers: Sequence[str]) -> str:
    return json.dumps({"of": key, "answers": answers}) + "\n"


def _kept(path: Path) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        held[row["of"]] = row["answers"]
    return held


def pairs(questions: Sequence[tuple[Question, Asked]], answers: Sequence[Sequence[str]]) -> Iterator[Pair]:
    """The answer that is taught, and the one of the draws with the least of the annotator's in what stands of it. Only where both are there."""
    for (question, view), given in zip(questions, answers, strict=True):
        if answer := chosen(view, given, question.answer):
            yield Pair(view.prompt, answer, min(given, key=lambda text: _worth(view, text, question.answer)))


def _worth(view: Asked, answer: str, gold: str) -> float:
    standing = " ".join(made.text for made, _ in brief.standing(view, dict.fromkeys(statements(answer, len(view.shown)))))
    return likeness(tuple(words(standing)), tuple(words(gold)))


def chosen(view: Asked, answers: Sequence[str], gold: str) -> str:
    """The answer that is taught, as the model writes it: "The group met. [2] They agreed. [4,7]". Empty where too little stands."""
    written = [statements(answer, len(view.shown)) for answer in answers]
    found = [*(made for answer in written for made in answer), *(Statement(text, ()) for text in ended(gold))]
    carried = {made.text: verdict.used for made, verdict in brief.standing(view, dict.fromkeys(found))}
    texts = list(carried)
    heads = [" ".join(made.text for made in answer[:FIRST]) for answer in written if answer]
    stop = stop_words(view.language)
    order = agreed(texts, [*heads, *[gold] * max(1, len(heads))], lambda a, b: alike(a, b, stop))
    if sum(length(texts[at]) for at in order) < SHORTEST:
        return ""
    return " ".join(f"{texts[at]} [{','.join(str(number + 1) for number in carried[texts[at]])}]" for at in order)
