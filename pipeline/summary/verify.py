"""Nothing is shown that its sentences do not carry.

A statement passes when everything in it can be pointed at: numbers with their units, names, quotations and nearly every word that carries meaning must stand in
the sentences it cites, in their order, with the same negations and limits. The checks are words and not another model's opinion, so a reader can follow each
refusal; they refuse some good statements, and then the speaker's own sentence stands in, which is never wrong.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from pipeline.summary.claims import (
    ADVERBS,
    BOUNDS,
    CARRIERS,
    COMPANY,
    DENIALS,
    GLUE,
    HEDGES,
    NEGATING_SIGNS,
    NEGATIONS,
    OF,
    PAST,
    PRATTLE,
    SEVERABLE,
    STRENGTH,
)
from pipeline.summary.facts import missing
from pipeline.summary.lexicon import DANGLING, FIRST_PERSON
from pipeline.summary.numbers import in_digits, unsupported
from pipeline.summary.select import leans
from pipeline.summary.words import is_unspaced, length, overlap, squeeze, stem, stop_words, words

LONGEST = 40.0
"""Words of a statement."""
KEPT = 0.4
"""Least share of the meaningful words of its main sentence that a statement keeps: "the third rule was the strangest" does not tell which rule."""
SHORTEST = 4.0
NEW_WORDS = 0.12
"""Share of meaningful words that may be new: one in nine, for a word such as "named" where "called" was said. Chosen by reading answers of the built-in model, not by a count."""
IN_ORDER = 0.6
"""Share of the meaningful words that must come in the order of the sentences."""
SAME = 0.6
"""Overlap with another point from which both say the same."""
REACH = 7
"""Words that a negation may govern."""
NEAR = 0.84
"""Least cosine of statement and sentences (multilingual e5 crowds between 0.75 and 1)."""

_FINISHED = re.compile(r"[.!。！…।۔][\"'”’»)」]*$")
_CLAUSE = re.compile(r"[.,;:!?…—–。！？]\s|\b(?:because|but|although|porque|pero|weil|aber|mais|mas)\b", re.IGNORECASE)
_ANSWER = re.compile(r"^\W*(?:no|nein|non|não)\s*[,.!]", re.IGNORECASE)
_LABEL = re.compile(r"^(?:said|short|answer|sentence|shortened|statement)\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is empty for a statement that stands; `support` is the share of its meaningful words found, `used` which of the sentences carry it."""

    reason: str
    support: float = 0.0
    used: tuple[int, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.reason


def tidy(answer: str) -> str:
    """The first finished sentences of a model's answer on one line, without list marks or enclosing quotation marks; empty when there are none."""
    line = squeeze(answer.strip().split("\n")[0])
    line = re.sub(r"^(?:[-*•–]|\d+[.)])\s+", "", line).strip()
    line = _LABEL.sub("", line)
    if len(line) > 2 and line[0] in '"“' and line[-1] in '"”' and not re.search(r"[\"“”]", line[1:-1]):
        line = line[1:-1].strip()
    if _FINISHED.search(line):
        return line
    ends = [match.end() for match in re.finditer(r"[.!。！।۔](?=\s|$)", line)]
    return line[: ends[-1]] if ends else ""


def check(text: str, sentences: Sequence[str], language: str, others: Sequence[str] = ()) -> Verdict:
    """Whether `text` says only what `sentences` say, and nothing that `others` (points already made) say."""
    source = " ".join(sentences)
    stop = stop_words(language)
    reason = (
        _form(text, source, language)
        or ("breaks off" if any(_breaks_off(text, sentence, language) for sentence in sentences) else "")
        or ("leaves out what something is said of" if any(_loses_a_noun(text, sentence, language) for sentence in sentences) else "")
        or _facts(text, source)
        or _operators(text, source, stop)
        or ("says the same as another point" if any(alike(text, other, stop) for other in others) else "")
    )
    if reason:
        return Verdict(reason)
    have, share, ordered = _aligned(text, source, stop)
    if share < 1 - NEW_WORDS:
        return Verdict("words that were not said", share)
    if ordered < IN_ORDER or not _carried(text, _units(sentences, language), stop):
        return Verdict("words put together in another way", share)
    used = _used(have, sentences, stop)
    if _takes_back(text, [sentences[number] for number in used], stop):
        return Verdict("a negation was added or lost", share)
    if not any(len(set(have) & (said := set(meaning(sentences[number], stop)))) >= KEPT * len(said) for number in used):
        return Verdict("says too little", share)
    return Verdict("", round(share, 3), used)


def alike(a: str, b: str, stop: frozenset[str]) -> bool:
    """Whether two statements repeat each other."""
    return overlap(meaning(a, stop), meaning(b, stop)) >= SAME


def meaning(text: str, stop: frozenset[str]) -> list[str]:
    """Stems that carry meaning, without glue, limits and negations (those are checked apart)."""
    return [
        stem(word)
        for word in words(text)
        if word not in stop and word not in GLUE and word not in NEGATIONS and word not in HEDGES and len(word) > 1
    ]


def _form(text: str, source: str, language: str) -> str:
    """Why `text` does not read as a statement; empty when it does."""
    low, said = text.casefold(), source.casefold()
    size = length(text)
    row = words(text)
    checks = (
        (size < SHORTEST, "too short"),
        (size > LONGEST, "too long"),
        (not _FINISHED.search(text), "not a finished sentence"),
        ("?" in text, "a question"),
        (any(sign in low and sign not in said for sign in PRATTLE), "speaks about its task"),
        (bool(row) and row[0] in FIRST_PERSON.get(language, frozenset()), "speaks as a person"),
        (looping(text), "repeats itself"),
        (bool(row) and row[-1] in stop_words(language) and row[-1] in DANGLING, "breaks off"),
    )
    return next((reason for failed, reason in checks if failed), "")


def _breaks_off(text: str, sentence: str, language: str) -> bool:
    """Whether `text` is a stretch of `sentence`, word for word, that ends within a clause: "Only after a whole year without any work" of "… without any work the plot is given away"."""
    _, found, rest = sentence.casefold().partition(_FINISHED.sub("", text).casefold())
    after = words(rest)
    if language not in SEVERABLE or not found or not after:
        return False
    return rest[0].isspace() and rest.lstrip()[0].isalnum() and after[0] not in SEVERABLE[language]


def _loses_a_noun(text: str, sentence: str, language: str) -> bool:
    """Whether `text` is `sentence` without a noun and its "of": "You use [the conversion of] energy to heat" speaks of something else."""
    said, told = list(words(sentence)), list(words(text))
    steps = SequenceMatcher(None, said, told, autojunk=False).get_opcodes()
    gone = [said[first:last] for step, first, last, *_ in steps if step == "delete" and last < len(said)]
    return all(step in ("equal", "delete") for step, *_ in steps) and any(row[-1] in OF.get(language, ()) and meaning(" ".join(row), stop_words(language)) for row in gone)


def looping(text: str) -> bool:
    """Whether three words in a row come twice, or most words more than once."""
    row = words(text)
    triples = list(zip(row, row[1:], row[2:], strict=False))
    return len(set(triples)) < len(triples) or (len(row) > 7 and len(set(row)) < 0.6 * len(row)) or any(a == b for a, b in pairwise(row))


def _facts(text: str, source: str) -> str:
    """Numbers, quotations and names must stand in the source, and so must a "team" or "group": the built-in model learned from meetings, and puts one where somebody said "you"."""
    lost = missing(text, source)
    said = set(words(source))
    reasons = (
        (lost.numbers, "a number that was not said"),
        (lost.quotations, "a quotation that was not said"),
        (lost.names, "a name that was not said"),
        (any(word in COMPANY and word not in said for word in words(text)), "a group that was not said"),
    )
    return next((reason for found, reason in reasons if found), "")


def _operators(text: str, source: str, stop: frozenset[str]) -> str:
    """Negations and limits must govern the same words in both; strong words are not added."""
    here, there = list(words(in_digits(text))), list(words(in_digits(source)))
    if any(word in STRENGTH and word not in there for word in here):
        return "stronger than what was said"
    if any(word in PAST and word not in there for word in here) and not PAST & set(there):
        return "told as over, and said as it is"
    for kind, reason in ((NEGATIONS, "a negation was added or lost"), (HEDGES, "a limit was added or lost")):
        if _turned(here, there, kind, stop):
            return reason
    return "a bound of a number was added or lost" if _bounds(here, there) != _bounds(there, here) else ""


def _takes_back(text: str, sentences: Sequence[str], stop: frozenset[str]) -> bool:
    """Whether one of `sentences` denies or turns what `text` says, which has no word for that: "Nobody in the field believes that …", "We do not, under any circumstances, …".

    Strict: of any negation before most of the statement's words it is taken that it governs them. Where that is wrong, the speaker's own sentence is shown. In scripts without
    spaces a negation is a sign or two within the words, and both have one or none has.
    """
    if is_unspaced(text):
        return any(sign in text for sign in NEGATING_SIGNS) != any(sign in sentence for sentence in sentences for sign in NEGATING_SIGNS)
    if any(word in NEGATIONS or word in DENIALS for word in words(text)):
        return False
    meant = set(meaning(text, stop))
    return any(2 * len(meant & group) > len(meant) for sentence in sentences for group in _behind_negations(sentence))


def _behind_negations(sentence: str) -> Iterator[set[str]]:
    """Stems of all words behind each negation. "No, …" answers somebody, and "not only" adds."""
    row = words(_ANSWER.sub("", sentence))
    for at, word in enumerate(row):
        if (word in NEGATIONS or word in DENIALS) and row[at + 1 : at + 2] not in (("only",), ("just",)):
            yield {stem(other) for other in row[at + 1 :]}


def negated(text: str, source: str, language: str) -> bool:
    """Whether `text` denies what `source` says without a negation, or says what `source` only denies.

    A sentence of several carries a "not" that has nothing to do with what a summary says of it: with `_turned`, which any negation near a shared word breaks,
    a fifth of the fine-tuned model's statements about meetings was refused, most of them wrongly. Words that carry a negation on ("I do not think that …", "never
    really") are passed over.
    """
    here, there, stop = _clauses(text), _clauses(source), stop_words(language)
    said, told = _free(there, stop), _free(here, stop)
    if any(group <= said for group in _denied(here, stop)):
        return True
    return any(group <= told and not group <= said for group in _denied(there, stop))


def _clauses(text: str) -> list[list[str]]:
    """The words of each stretch that one negation may govern."""
    return [list(words(part)) for part in _CLAUSE.split(in_digits(text))]


def _denied(clauses: Sequence[Sequence[str]], stop: frozenset[str]) -> set[frozenset[str]]:
    """What each negation denies: the first meaningful word after it, or the first two where the negation stands before "think" and the like."""
    out: set[frozenset[str]] = set()
    for row in clauses:
        for at, word in enumerate(row):
            if word in NEGATIONS:
                after = row[at + 1 : at + 1 + REACH]
                carried = any(other in CARRIERS for other in after)
                group = [stem(other) for other in after if other not in stop and other not in NEGATIONS | CARRIERS | ADVERBS]
                out.add(frozenset(group[: 2 if carried else 1]))
    return out - {frozenset()}


def _free(clauses: Sequence[Sequence[str]], stop: frozenset[str]) -> set[str]:
    """Stems of the words that no negation stands before, within seven words of a clause."""
    out: set[str] = set()
    for row in clauses:
        shadow = {at + step for at, word in enumerate(row) if word in NEGATIONS for step in range(1, REACH + 1)}
        out.update(stem(word) for at, word in enumerate(row) if at not in shadow and word not in stop)
    return out


def _turned(here: Sequence[str], there: Sequence[str], kind: frozenset[str], stop: frozenset[str]) -> bool:
    """Whether a word of `kind` governs in `here` what none governs in `there`, or the other way round for words that `here` has."""
    if _governed(here, kind, stop) - _governed(there, kind, stop, reach=7):
        return True
    meant = {stem(word) for word in here if word not in stop}
    return bool((_governed(there, kind, stop, reach=3) & meant) - _governed(here, kind, stop, reach=7))


def _bounds(row: Sequence[str], other: Sequence[str]) -> set[tuple[str, str]]:
    """ "about", "more than" and the like with the number after them, for the numbers that both texts have."""
    shared = {word for word in row if word in other and word[0].isdigit()}
    out: set[tuple[str, str]] = set()
    for at, word in enumerate(row):
        if word in shared:
            before = row[max(0, at - 2) : at]
            out.update((bound, word) for bound in before if bound in BOUNDS)
    return out


def _governed(row: Sequence[str], kind: frozenset[str], stop: frozenset[str], reach: int = 4) -> set[str]:
    """Stems of the next meaningful words after each word of `kind`: at most two, within `reach` words."""
    out: set[str] = set()
    for at, word in enumerate(row):
        if word in kind:
            after = [stem(other) for other in row[at + 1 : at + 1 + reach] if other not in stop and other not in kind]
            out.update(after[: 2 if reach < 5 else 4])
    return out


def _aligned(text: str, source: str, stop: frozenset[str]) -> tuple[list[str], float, float]:
    """The meaningful stems of `text`, the share of them that `source` has, and the share that comes in its order (longest common subsequence)."""
    have, said = meaning(text, stop), meaning(source, stop)
    if not have:
        return have, 0.0, 0.0
    found = [word for word in have if word in set(said)]
    lengths = [0] * (len(said) + 1)
    for word in found:
        before = 0
        for at, other in enumerate(said, start=1):
            before, lengths[at] = lengths[at], before + 1 if word == other else max(lengths[at], lengths[at - 1])
    return have, len(found) / len(have), lengths[-1] / max(1, len(found))


def _units(sentences: Sequence[str], language: str) -> list[str]:
    """The sentences, each joined with the one before when it begins with "this" or "they"."""
    out: list[str] = []
    for sentence in sentences:
        if out and leans(sentence, language):
            out[-1] += " " + sentence
        else:
            out.append(sentence)
    return out


def _carried(text: str, units: Sequence[str], stop: frozenset[str]) -> bool:
    """Whether each clause comes from one sentence, with its words following each other as there: "B beat A" is not carried by "A beat B"."""
    said = [meaning(unit, stop) for unit in units]
    return all(any(_follows(clause, row) for row in said) for part in re.split(r"[,;:—–]", text) if (clause := meaning(part, stop)))


def _follows(clause: Sequence[str], row: Sequence[str]) -> bool:
    """Whether `row` has the words of `clause` (but for new ones that the share allows), and every pair of neighbours in their order."""
    known = [word for word in clause if word in row]
    if len(known) < len(clause) - 1 or not known:
        return False
    last = {word: at for at, word in enumerate(row)}
    return all(row.index(a) < last[b] for a, b in pairwise(known) if a != b)


def _used(have: Sequence[str], sentences: Sequence[str], stop: frozenset[str]) -> tuple[int, ...]:
    """The fewest sentences that carry the statement: the one with most of its words, then others that add two more or the rest."""
    bags = [set(meaning(sentence, stop)) for sentence in sentences]
    missing = set(have) & set().union(*bags)
    used: list[int] = []
    while missing:
        best = max(range(len(bags)), key=lambda number: (len(bags[number] & missing), -number))
        gain = bags[best] & missing
        if not gain or (used and len(gain) < 2 and len(missing) / max(1, len(set(have))) < 0.15):
            break
        used.append(best)
        missing -= gain
    return tuple(sorted(used))


def title_stands(title: str, texts: Sequence[str], language: str) -> bool:
    """Whether a chapter's title is made of words of its chapter: every meaningful one stands there, it is short, and it is no sentence about the task."""
    said = {stem(word) for text in texts for word in words(text)}
    stop = stop_words(language)
    asked = [word for word in words(title) if word not in stop]
    shape = 1.0 <= length(title) <= 8 and not re.search(r"[.!?:\n<>\[\]{}]", title)
    return (
        shape
        and bool(asked)
        and all(stem(word) in said for word in asked)
        and not unsupported(title, " ".join(texts))
        and not any(sign in title.casefold() for sign in PRATTLE)
    )
