"""What readers think of sentences -> what the model is taught: what they wrote and what they liked as answers, and pairs of what they liked better and what they did not like.

Prompts have the form in which the product asks. What a reader wrote is only taught as far as its numbers and names were said: whoever knows more than the talk may
write it on his page, but a model that learns it learns to invent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.language.generator import Prompt
from pipeline.languages import detect
from pipeline.library.discussion import asks_much
from pipeline.store.feedback import Feedback, Opinion, Place, digest
from pipeline.summary import prompts
from pipeline.summary.brief import line
from pipeline.summary.facts import missing
from pipeline.training.examples import Example, receipted
from pipeline.training.preferences import Pair
from pipeline.types import Sentence

HELD = 5
"""One of so many opinions is not taught, but checked by."""


@dataclass(frozen=True, slots=True)
class Lessons:
    examples: tuple[Example, ...]
    pairs: tuple[Pair, ...]


def split(given: Sequence[Feedback]) -> tuple[tuple[Feedback, ...], tuple[Feedback, ...]]:
    """Those to teach and those to check by. By the names of their texts, so that the same stay apart whatever comes to them."""
    ordered = sorted((one for one in given if is_lesson(one)), key=lambda one: (digest(one.text), one.video_id))
    return tuple(one for at, one in enumerate(ordered) if at % HELD != HELD - 1), tuple(ordered[HELD - 1 :: HELD])


def is_lesson(given: Feedback) -> bool:
    found = lessons([given])
    return bool(found.examples or found.pairs)


def lessons(given: Sequence[Feedback]) -> Lessons:
    """All that can be learned. A thumb on a sentence of the speaker teaches nothing, nor does what was translated: other prompts made it."""
    own = [one for one in given if not _is_translated(one)]
    return Lessons(
        tuple(example for one in own if (example := _example(one)) is not None),
        tuple(pair for one in own if (pair := _pair(one)) is not None),
    )


def _is_translated(given: Feedback) -> bool:
    return bool(given.language) and _spoken(given) not in (given.language, "und")


def _example(given: Feedback) -> Example | None:
    """An edit, or a sentence of the model's own that was liked."""
    if _is_consensus(given):
        return None
    if given.opinion is Opinion.EDIT:
        answer = _answer(given.instead, given)
        return Example("edit", prompt_of(given), answer) if answer else None
    if given.opinion is Opinion.UP and given.kind == "phrased":
        return Example("liked", prompt_of(given), _as_written(given))
    return None


def _is_consensus(given: Feedback) -> bool:
    """Whether it was chosen from several answers (library/discussion.py): no single prompt has it as its answer."""
    return given.place is Place.ANSWER and asks_much(given.question)


def _pair(given: Feedback) -> Pair | None:
    """The reader's words, or else the speaker's, beside those of the model that were not liked."""
    if _is_consensus(given) or given.opinion is Opinion.UP or given.kind != "phrased":
        return None
    liked = given.instead if given.opinion is Opinion.EDIT else _nearest(given)
    chosen, rejected = _answer(liked, given), _as_written(given)
    return Pair(prompt_of(given), chosen, rejected) if chosen and chosen != rejected else None


def prompt_of(given: Feedback) -> Prompt:
    """As the product asks: a point about its chapter, among the sentences around it; an answer about its question."""
    if given.place is Place.ANSWER:
        return prompts.reply(given.question, [sentence.text for sentence in _cited(given)], _language(given))
    return prompts.brief(given.question, _lines(given), _language(given))


def _answer(text: str, given: Feedback) -> str:
    """`text` as an answer to the prompt, with the numbers of what it rests on; empty where nothing of it was said."""
    if given.place is Place.ANSWER:
        source = " ".join([given.question, *(sentence.text for sentence in _cited(given))])
        return "" if len(missing(text, source)) else text
    return receipted(text, given.question, _lines(given), _language(given))


def _as_written(given: Feedback) -> str:
    """As the model wrote it, with the numbers of what it was found to rest on."""
    if given.place is Place.ANSWER:
        return given.text
    numbers = [str(at) for at, sentence in enumerate(given.shown, start=1) if sentence.index in given.cited]
    return f"{given.text} [{','.join(numbers)}]"


def _nearest(given: Feedback) -> str:
    """The speaker's sentence that stands in: the one that was chosen when it was asked for, else the first that the text rests on."""
    return given.instead or next((sentence.text for sentence in _cited(given)), "")


def _cited(given: Feedback) -> tuple[Sentence, ...]:
    return tuple(sentence for sentence in given.shown if sentence.index in given.cited)


def _lines(given: Feedback) -> list[str]:
    return [line(sentence) for sentence in given.shown]


def _language(given: Feedback) -> str:
    return given.language or _spoken(given)


def _spoken(given: Feedback) -> str:
    return detect(" ".join(sentence.text for sentence in given.shown))
