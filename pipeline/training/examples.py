"""What the model is taught: prompts in the very form in which the product asks, and the answers that it shall give.

Made by rule from QMSum (MIT): answers of annotators with receipts found by their words, topics as titles, and questions beside sentences that do not answer them.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.language.generator import Prompt
from pipeline.summary import prompts
from pipeline.summary.brief import Asked, line, showing
from pipeline.summary.facts import missing
from pipeline.summary.focus import focus
from pipeline.summary.verify import meaning
from pipeline.summary.words import stop_words
from pipeline.training.meetings import Meeting, Question
from pipeline.types import Sentence

NEGATIVES = 0.12
"""Of the questions, those that are asked of another stretch of the meeting as well."""
RECEIPTS = 3
"""Sentences that one statement of an answer cites at most."""
LEAST = 0.15
"""Share of a statement's words that a sentence must add to be cited."""
HINT = 0.5
"""Weight of the answer's own words when sentences are chosen: what the model shall say should stand in what it is shown, or it learns to invent."""
ROOMS = (300, 450, 700)
"""Tokens of sentences that an example shows, one of these by chance: fewer than the product shows, because training costs by the token, and different, so that
the model does not learn a length.
"""
TITLE_SENTENCES = 2
"""As the product shows them (prompts.title)."""

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Example:
    kind: str
    """`brief`, `not_found`, `gist`, `title`; `own`, of its own answers (own_answers.py)."""
    prompt: Prompt
    answer: str


def examples(meetings: Sequence[Meeting], count: Count, seed: int = 1) -> tuple[Example, ...]:
    """All of all meetings, in a random order that `seed` fixes."""
    chance = random.Random(seed)
    made = [example for meeting in meetings for example in _of(meeting, count, chance)]
    chance.shuffle(made)
    return tuple(made)


def _of(meeting: Meeting, count: Count, chance: random.Random) -> Iterator[Example]:
    for question in meeting.questions:
        shown = _hinted(question, meeting.inside(question.spans), count, chance.choice(ROOMS))
        if len(shown.shown) >= 2 and (answer := with_receipts(question.answer, shown)):
            yield Example("brief", shown.prompt, answer)
        if chance.random() < NEGATIVES and (elsewhere := _elsewhere(meeting, question, chance)):
            beside = showing(question.text, focus(question.text, elsewhere, "en", None), count, chance.choice(ROOMS))
            yield Example("not_found", beside.prompt, prompts.NOT_FOUND)
    yield from _gists(meeting, count, chance)
    for topic in meeting.topics:
        best = focus(topic.title, meeting.inside(topic.spans), "en", None).best(TITLE_SENTENCES)
        if best and len(topic.title.split()) <= 8:
            yield Example("title", prompts.title([sentence.text for sentence in best], "en"), topic.title.strip().rstrip("."))


def _gists(meeting: Meeting, count: Count, chance: random.Random) -> Iterator[Example]:
    """What is said of the whole meeting, from the answers to the questions about its parts, as a summary is made of points."""
    texts = [text for question in meeting.questions for text in ended(question.answer)]
    points = [Sentence(at, at, at + 1, text) for at, text in enumerate(texts)]
    for question in meeting.general:
        shown = _hinted(question, points, count, chance.choice(ROOMS))
        if len(shown.shown) >= 4 and (answer := with_receipts(question.answer, shown)):
            yield Example("gist", shown.prompt, answer)


def _elsewhere(meeting: Meeting, question: Question, chance: random.Random) -> tuple[Sentence, ...] | None:
    """The sentences of a topic that has no turn in common with what answers the question."""
    turns = {turn for first, last in question.spans for turn in range(first, last + 1)}
    others = [topic for topic in meeting.topics if not any(turn in turns for first, last in topic.spans for turn in range(first, last + 1))]
    return meeting.inside(chance.choice(others).spans) if others else None


def _hinted(question: Question, sentences: Sequence[Sentence], count: Count, room: int) -> Asked:
    """As the product asks, but the sentences that have the answer's words are likelier to be shown."""
    stop = stop_words("en")
    found = focus(question.text, sentences, "en", None)
    answer = set(meaning(question.answer, stop))
    shared = np.array([len(answer.intersection(meaning(line(sentence), stop))) for sentence in sentences], dtype=np.float32)
    return showing(question.text, replace(found, worth=found.worth + HINT * shared / max(1.0, float(shared.max(initial=0.0)))), count, room)


def with_receipts(answer: str, shown: Asked) -> str:
    """The sentences of the answer, each with the numbers of the shown sentences that have most of its words.

    Those with a number, a name or a quotation that is not shown are left out: a third of the annotators' facts stand elsewhere in the meeting, or in notes.
    """
    return receipted(answer, shown.question, [line(sentence) for sentence in shown.shown], "en")


def receipted(answer: str, question: str, lines: Sequence[str], language: str) -> str:
    """As with_receipts, from the lines as they are shown."""
    stop = stop_words(language)
    bags = [set(meaning(text, stop)) for text in lines]
    source = " ".join([question, *lines])
    kept = [text for text in ended(answer, language) if not len(missing(text, source))]
    return " ".join(f"{text} [{','.join(str(number + 1) for number in receipts(text, bags, stop))}]" for text in kept)


def receipts(text: str, bags: Sequence[set[str]], stop: frozenset[str]) -> tuple[int, ...]:
    """Greedily those that add most words of `text`, RECEIPTS at most; one at least."""
    have = set(meaning(text, stop))
    left = set(have)
    used: list[int] = []
    while len(used) < RECEIPTS:
        best = max(range(len(bags)), key=lambda at: (len(bags[at] & left), -len(bags[at]), -at))
        gain = bags[best] & left
        if best in used or (used and len(gain) < max(1.0, LEAST * len(have))):
            break
        used.append(best)
        left -= gain
    return tuple(sorted(used))


def ended(answer: str, language: str = "en") -> list[str]:
    """The sentences of an answer that somebody wrote, each ended."""
    from sentencex import segment

    found = [" ".join(text.split()) for text in segment(language, answer)]
    return [text if text.endswith((".", "!", "?")) else f"{text}." for text in found if text]
