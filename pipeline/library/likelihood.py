"""How much likelier a question is after what was found than after nothing: the language model as a judge of whether one answers the other.

The likelihood of the question given the passage is an old measure of relevance (Ponte and Croft 1998), and one that a language model gives without being taught (Sachan et al. 2022).
Less its likelihood after an everyday sentence, which takes off how usual the question is by itself, it is the information that the two share. Without a word in common it tells that
"Which laboratories checked the result?" and "Groups in Bergen and Potsdam repeated the measurements" go together (3.5 nats; for the cost of a ticket it is -2.7). As an order of the passages it was
no better than their cosines: by the built-in model without its adapter the right sentence of 12 comes first for 41 % of our own questions, by cosine for 51 %.
"""

from collections.abc import Sequence

from pipeline.language.generator import Generator, Priority
from pipeline.language.models import BUILTIN
from pipeline.languages import detect
from pipeline.library.moments import Moment
from pipeline.summary.prompts import asks, fenced
from pipeline.types import Sentence

AROUND = 1
"""Sentences before and after the best one that are read with it: answers lean on what stands beside them. With the passages that are quoted it is no better, with three stretches instead of one
neither, and each costs the model a hundred tokens."""
LONGEST = 600
"""Characters of a passage that are read: where people speak without a full stop, the rest is about something else."""
ASKED = 300
"""Characters of a question that count: none of QMSum's is longer, and what somebody pastes would take long to read."""
EVERYDAY = "Somebody said something."
LANGUAGE = "en"
"""Of EVERYDAY, and of all that the weights of `decide` were fitted on. After any German sentence every German question is likelier than after an English one."""


def shared(
    question: str, best: Moment, sentences: Sequence[Sentence], generator: Generator | None, *, priority: Priority = Priority.INTERACTIVE
) -> float:
    """Nats that the question and what is said around the `best` sentence share. `sentences`: those of its video that were read.

    0 where the model cannot tell: another than the built-in one, with whatever adapter, on which the weights of `decide` were fitted, or in another language than theirs.

    Raises:
        ModelError: `model_unavailable`.
    """
    asked = fenced(question)[:ASKED]
    passage = _around(best.sentence, sentences)
    if generator is None or not asked or {detect(asked), detect(passage)} != {LANGUAGE} or generator.model.split("+")[0] != BUILTIN:
        return 0.0
    found = generator.likelihoods([asks(EVERYDAY), asks(passage)], [asked] * 2, priority=priority)
    return 0.0 if found is None else found[1] - found[0]


def _around(sentence: Sentence, sentences: Sequence[Sentence]) -> str:
    """The sentence with those beside it that have room."""
    said = {one.index: one for one in sentences}
    inside = [sentence]
    for step in (*range(-1, -AROUND - 1, -1), *range(1, AROUND + 1)):
        beside = said.get(sentence.index + step)
        if beside is not None and sum(len(one.text) for one in (*inside, beside)) < LONGEST:
            inside.append(beside)
    return " ".join(one.text for one in sorted(inside, key=lambda one: one.index))[:LONGEST]
