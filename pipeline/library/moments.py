"""From chunks that a search found to the sentences in them: the moments that hits and answers point at."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.errors import InputError
from pipeline.language.generator import Embedder
from pipeline.languages import detect
from pipeline.store.database import Session
from pipeline.store.transcripts import sentences_within
from pipeline.summary.lexicon import STOP
from pipeline.summary.numbers import numbers, unit_of
from pipeline.summary.reading import unit
from pipeline.summary.words import content, inverse_frequency, length, light_words, squeeze, words
from pipeline.types import Hit, Sentence

LONGEST_QUERY = 2000
"""Characters of a question or a search."""

_QUESTION = re.compile(r"[?？؟]")
FOREIGN = 0.82
"""Cosine that counts as an answer where no words can be shared: of XQuAD's Spanish questions to its English paragraphs 70 % of those with an answer reach it, 8 % of the others."""
RANK = np.array([4.0, 0.2, 5.4, 0.9, 0.7])
"""Weights of a sentence's cosine, of its words, of its chunk's score, of being of the kind that is asked for, and of being said by whom the question names. Fitted so that a
sentence inside the annotators' spans is the likeliest (softmax over the sentences of a question) on 55 of QMSum's training meetings and half of our own questions. With each eighth of
the meetings left out in turn it comes first for 50 % of the questions (46 % with weights set by hand and without the speakers), and one that is quoted lies inside for 77 % (74 %)."""
ASKS_NUMBER = tuple(
    "how many|how much|how old|how long|how far|how deep|how high|how cold|how hot|how often|when|what year|which year|what date|what time|cuánt|cuándo|¿cuánt|¿cuándo|combien|quand|"
    "wie viel|wie lange|wie alt|wie oft|wann|quant|quando".split("|")
)
_COUNTED = re.compile(r"(?:how many|cuánt[oa]s|wie viele|combien d[e'’]|quant[oa]s|quant[ei]) ?(\w+)")
"""With the word for what is counted: "26 buses" answers "how many buses"."""
ASKS_NAME = ("who", "quién", "¿quién", "qui ", "wer ", "quem", "chi ")


@dataclass(frozen=True, slots=True)
class Moment:
    """One sentence with the hit that it stands in. `near` is its cosine to the question (0 when not measured), `words` the share of the question's word weight it has."""

    hit: Hit
    sentence: Sentence
    words: float
    near: float = 0.0
    foreign: bool = False
    """Question and sentence share no word because they are in two languages."""


def cleaned(text: str) -> str:
    """What was typed, on one line.

    Raises:
        InputError: `empty_question` or `long_question`.
    """
    if len(text) > LONGEST_QUERY:
        raise InputError("long_question", f"This is {len(text):,} characters long. Ask in at most {LONGEST_QUERY:,}.")
    text = squeeze(text.replace("\x00", " "))
    if not any(char.isalnum() for char in text):
        raise InputError("empty_question", "Type a question or a few words to look for.")
    return text


def language_of(text: str) -> str:
    """The language of a text, as far as there are stop words for it; English otherwise."""
    code = detect(text)
    return code if code in STOP else "en"


def sentences_of(session: Session, hits: Sequence[Hit]) -> dict[str, tuple[Sentence, ...]]:
    """By video the sentences that begin in one of its hits."""
    return sentences_within(session, [(hit.video_id, hit.start, hit.end) for hit in hits])


def moments(question: str, hits: Sequence[Hit], texts: dict[str, tuple[Sentence, ...]]) -> list[Moment]:
    """Every sentence of the hits, with the share of the question's words it has (weighed by how rare they are among these sentences)."""
    found = [(hit, sentence) for hit in hits for sentence in texts[hit.video_id] if hit.start <= sentence.start <= hit.end]
    stop = light_words(language_of(question))
    asked = set(content(question, stop))
    bags = [set(content(sentence.text, stop)) for _, sentence in found]
    weights = inverse_frequency(bags)
    total = sum(weights.get(word, 3.0) for word in asked) or 1.0
    shares = [sum(weights[word] for word in asked & bag) / total for bag in bags]
    apart = not any(shares) and detect(question)
    spoken = {video_id: detect(" ".join(sentence.text for sentence in inside[:40])) for video_id, inside in texts.items()} if apart else {}
    return [
        Moment(hit, sentence, share, foreign=bool(apart) and apart != spoken[hit.video_id])
        for (hit, sentence), share in zip(found, shares, strict=True)
    ]


def nearest(question: str, found: Sequence[Moment], vector: np.ndarray, embedder: Embedder, most: int) -> list[Moment]:
    """`found` by meaning and words, best first. Only the `most` that look best by words and by the rank of their chunk are embedded."""
    likely = sorted(found, key=lambda moment: -(moment.words + 0.5 * moment.hit.score + 0.02 * min(10.0, length(moment.sentence.text))))[
        :most
    ]
    if not likely:
        return []
    rows = unit(np.asarray(embedder.passages([moment.sentence.text for moment in likely])))
    measured = [replace(moment, near=float(row @ vector)) for moment, row in zip(likely, rows, strict=True)]
    asked = named(question, {moment.sentence.speaker for moment in found if moment.sentence.speaker})

    def rank(moment: Moment) -> float:
        told = (moment.near, moment.words, moment.hit.score, fits(question, moment.sentence.text), float(moment.sentence.speaker in asked))
        return float(RANK @ told)

    stated = [moment for moment in measured if not _QUESTION.search(moment.sentence.text)]
    return sorted(stated or measured, key=lambda moment: -rank(moment))


def named(question: str, speakers: Collection[str]) -> frozenset[str]:
    """Those of `speakers` whom the question names: in full, or by a word of the name that no other has ("Kirsty" for "Kirsty Williams AM")."""
    said = words(question)
    parts = {speaker: words(speaker) for speaker in speakers}
    shared = Counter(word for name in parts.values() for word in set(name))
    return frozenset(
        speaker
        for speaker, name in parts.items()
        if (name and f" {' '.join(name)} " in f" {' '.join(said)} ") or any(len(word) > 2 and shared[word] == 1 and word in said for word in name)
    )


def worth(moment: Moment) -> float:
    """One number for words and meaning. On talks and encyclopedia paragraphs a sentence that answers has 0.5 to 0.95, the best one for a question that nothing answers 0 to 0.35."""
    if moment.foreign:
        return 0.4 + 4.0 * (moment.near - FOREIGN)
    return 0.45 * moment.words + 4.0 * (moment.near - 0.78)


def _counted(question: str) -> str | None:
    """The word for what is counted; None for another question, and for "how many were there"."""
    asked = _COUNTED.search(question.casefold())
    return asked[1] if asked and asked[1] not in STOP[language_of(question)] else None


def counts(question: str, text: str) -> float:
    """Asked how many there are, a sentence that counts them ("26 buses" for "how many buses") is likely the answer, and one that does not is not."""
    counted = _counted(question)
    if counted is None:
        return 0.0
    found = numbers(text)
    if any(unit == unit_of(counted) for _, unit in found):
        return 0.4
    return -0.2 if found or "how many" in question.casefold() else 0.0  # words for numbers are known in English only


def fits(question: str, text: str) -> float:
    """Whether a sentence is of the kind that is asked for: what is counted, a number for "how long", a name for "who"."""
    if _counted(question):
        return counts(question, text)
    low = question.casefold()
    if low.startswith(ASKS_NUMBER) or any(f" {start}" in low for start in ASKS_NUMBER):
        return 0.15 if numbers(text) else -0.05
    if low.startswith(ASKS_NAME):
        return 0.1 if re.search(r"(?<=[a-zà-ÿ,;] )[A-ZÀ-Þ][\w-]+", text) else 0.0
    return 0.0
