"""How far the judge of statements (summary/support.py) can be trusted: statements that are true of their sentences, and the same with one error planted.

Errors are those that summaries make: another number, another name, a negation added or lost, and the right statement beside sentences of another video.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.summary.brief import line
from pipeline.summary.facts import facts
from pipeline.summary.select import quote, shape
from pipeline.summary.support import supported
from pipeline.summary.words import length
from pipeline.training.meetings import Meeting

KINDS = ("number", "name", "negation", "other video")
WORDS = (7.0, 30.0)
"""Length of a sentence that a statement is made of."""
AROUND = 1
"""Sentences before and after it that are cited too: a citation is rarely exact."""

_DIGITS = re.compile(r"(?<![\w.,])\d{1,4}(?![\w.,]*\d|\w)")
_AUXILIARY = re.compile(r"\b(is|are|was|were|will|would|can|could|should|do|does|did|have|has)\b(?! not\b|n't)", re.IGNORECASE)
_NOT = re.compile(r"(?:\b(?:not|never)\s|n't\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """`kind`: the error that was planted; empty: none."""

    text: str
    cited: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the judge found. `recall` by kind of error, and over all; shares are percent."""

    true: int
    planted: dict[str, int]
    recall: dict[str, float]
    all_recall: float
    precision: float
    """Of what it refuses, what has an error."""


def statements(meetings: Sequence[Meeting], each: int, seed: int = 1) -> tuple[Statement, ...]:
    """`each` statements of every kind of error (fewer where the meetings have not enough), and as many true ones, each planted into a true one."""
    chance = random.Random(seed)
    pool = [statement for meeting in meetings for statement in _true(meeting)]
    chance.shuffle(pool)
    names = sorted({name for statement in pool for name in facts(statement.text).names if name[:1].isupper()})
    out: list[Statement] = []
    for kind in KINDS:
        made = 0
        for at, statement in enumerate(pool):
            wrong = _planted(kind, statement, pool[at - len(pool) // 2], names, chance)
            if wrong is not None:
                out += [statement, wrong]
                made += 1
            if made == each:
                break
    return tuple(out)


def trust(made: Sequence[Statement], language: str) -> Trust:
    """Judge them all."""
    refused = [not supported(statement.text, statement.cited, language).ok for statement in made]
    wrong = [statement.kind != "" for statement in made]
    hits = sum(a and b for a, b in zip(refused, wrong, strict=True))
    counts = {kind: sum(statement.kind == kind for statement in made) for kind in KINDS}
    found = {kind: sum(no and statement.kind == kind for no, statement in zip(refused, made, strict=True)) for kind in KINDS}
    return Trust(
        true=len(made) - sum(wrong), planted=counts, recall={kind: 100 * found[kind] / max(1, counts[kind]) for kind in KINDS},
        all_recall=100 * hits / max(1, sum(wrong)), precision=100 * hits / max(1, sum(refused)),
    )  # fmt: skip


def _true(meeting: Meeting) -> Iterator[Statement]:
    """What somebody said, without the words that join it to what came before, and cut at a comma where enough is left."""
    for at, sentence in enumerate(meeting.sentences):
        text = quote(sentence, "en").quote
        if not WORDS[0] <= length(text) <= WORDS[1] or "?" in text or shape(sentence.text, "en") < -0.4:
            continue
        cut = text.rsplit(", ", 1)[0]
        text = cut if length(cut) >= WORDS[0] else text
        around = meeting.sentences[max(0, at - AROUND) : at + AROUND + 1]
        yield Statement(text.rstrip(" .!,") + ".", tuple(line(one) for one in around))


def _planted(kind: str, true: Statement, other: Statement, names: Sequence[str], chance: random.Random) -> Statement | None:
    makers: dict[str, Callable[[], str | None]] = {
        "number": lambda: _other_number(true, chance),
        "name": lambda: _other_name(true, names, chance),
        "negation": lambda: _negated(true.text),
        "other video": lambda: true.text,
    }
    text = makers[kind]()
    if text is None:
        return None
    return Statement(text, other.cited if kind == "other video" else true.cited, kind)


def _other_number(true: Statement, chance: random.Random) -> str | None:
    found = _DIGITS.search(true.text)
    if found is None:
        return None
    said = " ".join(true.cited)
    others = [str(int(found.group()) + step) for step in (1, 2, 3, 5, 10, 20) if str(int(found.group()) + step) not in said]
    return true.text[: found.start()] + chance.choice(others) + true.text[found.end() :] if others else None


def _other_name(true: Statement, names: Sequence[str], chance: random.Random) -> str | None:
    here = [name for name in facts(true.text).names if name[:1].isupper()]
    said = " ".join(true.cited).casefold()
    others = [name for name in names if name.casefold() not in said]
    return true.text.replace(chance.choice(here), chance.choice(others)) if here and others else None


def _negated(text: str) -> str | None:
    """With a negation where there was none, without it where there was one; None where neither can be done."""
    denied = _NOT.search(text)
    if denied is not None:
        return text[: denied.start()] + " " * text[denied.start() - 1].isalpha() + text[denied.end() :].lstrip()
    verb = _AUXILIARY.search(text)
    return f"{text[: verb.end()]} not{text[verb.end() :]}" if verb is not None else None
