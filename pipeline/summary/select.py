"""Choose the sentences that carry a video: a floor that cannot invent anything, since it only picks.

A sentence is worth what it shares with its chapter (centrality), where it stands, whether it speaks of the title, and whether it can be read alone. Maximal
marginal relevance (Carbonell and Goldstein) keeps the chosen from saying the same thing twice.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from pipeline.summary.lexicon import (
    ABOUT,
    CHATTER,
    CLINGING,
    CUES,
    DEICTIC,
    FIRST_PERSON,
    LEADS,
    SECOND_PERSON,
    SPONSOR,
    SPONSOR_NEAR,
    SUBSCRIBE,
)
from pipeline.summary.reading import Reading, matrix, unit
from pipeline.summary.sentences import is_cased
from pipeline.summary.words import is_unspaced, length, stem, words
from pipeline.types import Citation, Sentence

IDEAL = (9.0, 28.0)
"""Words of a sentence that reads well as a point."""
NEAR = 5
"""Sentences around a sponsor's name that may belong to the advertisement."""
SPREAD = 0.55
"""How much a chosen sentence costs those that are like it."""
AGAIN = 0.6
"""Cosine of term vectors from which two sentences say the same thing."""
OPENING = 14
"""Sentences that a gist is chosen from."""
LEAST = 0.15
"""Worth below which nothing is chosen just to fill a quota."""

_QUESTION = re.compile(r"[?？؟]")
_NUMBER = re.compile(r"\d")
_ENDED = re.compile(r"[.!。！…\"'”’»)]$")
_DEBRIS = re.compile(r"[\[\]<>{}\\]|unintelligible|inaudible")
_NOISE = (" um", " uh", "you know", "kind of", "sort of", "--", " like,", "i mean")
_NAME = re.compile(r"(?<=[a-zà-ÿ,;] )[A-Z][\w-]+|\b[A-Z]{2,}\b")


@dataclass(frozen=True, slots=True)
class Scored:
    """Worth of every sentence of a Reading: `worth` for points (higher is better), `rows` unit term vectors to compare them by."""

    worth: np.ndarray
    rows: np.ndarray
    skipped: dict[int, str]
    """Positions left out on purpose, with the reason."""


def advertisements(sentences: Sequence[Sentence]) -> dict[int, str]:
    """Positions of sentences that advertise or ask to subscribe, with the reason.

    A sponsor's mention is a pitch when a second sign stands near it; then all between the first and the last sign, or mention of its names, belongs to it.
    """
    low = [sentence.text.casefold().replace("’", "'") for sentence in sentences]
    sure = [i for i, text in enumerate(low) if _PITCH.search(text) and not _DENIED.search(text)]
    signs = {i: len(_SIGN.findall(text)) + len(_PITCH.findall(text)) for i, text in enumerate(low)} if sure else {}
    out: dict[int, str] = {}
    for at in sure:
        window = range(max(0, at - NEAR), min(len(low), at + NEAR + 1))
        if sum(signs[i] for i in window) < 2:
            continue
        names = set(_NAME.findall(sentences[at].text))
        near = [i for i in window if signs[i] or any(name in sentences[i].text for name in names)]
        out.update(dict.fromkeys(range(min(near), max(near) + 1), "advertisement"))
    for i, text in enumerate(low):
        if i not in out and length(text) <= 40 and any(sign in text for sign in SUBSCRIBE) and _is_call(text):
            out[i] = "call to subscribe"
    return out


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    """Any of the phrases, at the beginning of a word."""
    return re.compile("|".join(rf"(?<!\w){re.escape(phrase)}" for phrase in phrases))


_PITCH, _SIGN = _any_of(SPONSOR), _any_of(SPONSOR_NEAR)
_DENIED = re.compile(r"\b(?:not|no|n't|never) (?:\w+ )?sponsor")


def _is_call(text: str) -> bool:
    """`subscribe` alone may be the subject of a talk; with the channel, the bell or an order it is a call."""
    return not re.search(r"subscri", text) or bool(
        re.search(r"channel|bell|video|please|podcast|don't forget|like and|make sure|episode|newsletter|button|^subscribe", text)
    )


def _is_fragment(text: str) -> bool:
    """Where sentences have capitals and full stops: a piece of a long one, cut from it."""
    return text[:1].islower() or text.rstrip()[-1:] in ",;:-–—"


def score(reading: Reading, title: str, chunk_share: np.ndarray | None = None) -> Scored:
    """Weigh every sentence as a candidate for a point. `chunk_share` adds, per sentence, how central its chunk is in its chapter (0..1)."""
    rows = matrix(reading)
    skipped = advertisements(reading.sentences)
    asked = {stem(word) for word in words(title) if word not in reading.stop}
    worth = np.array([_plain_worth(reading, i, asked) for i in range(len(reading.sentences))], dtype=np.float32)
    if chunk_share is not None:
        worth += 0.3 * chunk_share
    if is_cased(reading.sentences):
        worth -= 0.5 * np.array([_is_fragment(sentence.text) for sentence in reading.sentences])
    worth[list(skipped)] = -9.0
    return Scored(worth, rows, skipped)


def _plain_worth(reading: Reading, at: int, asked: set[str]) -> float:
    """What a sentence is worth without its neighbours."""
    text = reading.sentences[at].text
    bag = reading.bags[at]
    size = length(text)
    value = shape(text, reading.language)
    value += 0.15 * min(3, len(asked.intersection(bag)))
    value += 0.10 * min(2, len(_NUMBER.findall(text))) / 2 + 0.12 * min(3, len(_NAME.findall(text))) / 3
    density = len(set(bag)) / max(1.0, size)
    return value + 0.6 * min(0.6, density)


def shape(text: str, language: str) -> float:
    """How well a sentence reads by itself, whatever it says: about -2 (greeting, fragment) to 0.4 (announces what matters)."""
    low = text.casefold().replace("’", "'")
    body = text[lead(text, language) :]
    row, size = words(body), length(body)
    none: frozenset[str] = frozenset()
    value = -0.12 * max(0.0, IDEAL[0] - size) - 0.03 * max(0.0, size - IDEAL[1])
    costs = (
        (0.9, bool(_QUESTION.search(text))),
        (0.9, any(sign in low for sign in CHATTER.get(language, CHATTER["en"]))),
        (0.35, leans(text, language)),
        (0.3, bool(row) and row[0] in CLINGING.get(language, none)),
        (0.2, text[:1].isupper() and not _ENDED.search(text.strip()) and not is_unspaced(text)),
        (0.4, len(set(row)) < 0.6 * len(row)),
        (0.8, bool(_DEBRIS.search(low))),
    )
    value -= sum(cost for cost, met in costs if met)
    value += 0.25 * any(sign in low for sign in CUES.get(language, ()))
    value -= 0.14 * min(4, sum(word in FIRST_PERSON.get(language, none) for word in row))
    value -= 0.08 * min(4, sum(word in SECOND_PERSON.get(language, none) for word in row))
    return value - 0.15 * sum(low.count(noise) for noise in _NOISE)


def lead(text: str, language: str) -> int:
    """Characters at the start of `text` that only join it to what came before ("So, you know, …"); 0 when nothing readable would remain."""
    match = _joining(language).match(text)
    at = match.end() if match else 0
    return at if at and length(text[at:]) >= 6 else 0


@cache
def _joining(language: str) -> re.Pattern[str]:
    """Up to four of the language's joining words, each followed by a space or a mark."""
    words_or = "|".join(re.escape(word) for word in sorted(LEADS.get(language, ("\0",)), key=len, reverse=True))
    return re.compile(rf"(?:(?:{words_or})(?:\s*[,.…]\s*|\s*--\s*|\s+)){{1,4}}", re.IGNORECASE)


def leans(text: str, language: str) -> bool:
    """Whether a sentence begins with a word such as "this" or "they", which stands for something said before."""
    row = words(text[lead(text, language) :])
    return bool(row) and row[0] in DEICTIC.get(language, frozenset())


def quote(sentence: Sentence, language: str) -> Citation:
    """The sentence as a receipt, without the words that join it to the one before; its time moves with it."""
    at = lead(sentence.text, language)
    start = sentence.start + (sentence.end - sentence.start) * at / max(1, len(sentence.text))
    return Citation(round(start, 3), sentence.end, sentence.text[at:], sentence.index)


def whole(sentence: Sentence) -> Citation:
    """The sentence as a receipt."""
    return Citation(sentence.start, sentence.end, sentence.text, sentence.index)


def values(scored: Scored, inside: Sequence[int]) -> dict[int, float]:
    """What each position of `inside` is worth as a point of this stretch, by words alone; those left out on purpose are missing."""
    pool = [i for i in inside if i not in scored.skipped]
    if not pool:
        return {}
    rows = scored.rows[pool]
    central = rows @ unit(rows.mean(axis=0))
    central = central / (float(central.max()) or 1.0)
    return {
        at: float(scored.worth[at] + 0.9 * near + _position(number, len(pool)))
        for number, (at, near) in enumerate(zip(pool, central, strict=True))
    }


def pick(value: Mapping[int, float], rows: Mapping[int, np.ndarray], wanted: int, taken: Sequence[int] = ()) -> list[int]:
    """The `wanted` best positions (fewer where the rest is not worth reading), in the order of the talk and unlike each other and `taken` by their unit `rows`."""
    chosen: list[int] = []
    near = {at: max((float(rows[at] @ rows[other]) for other in taken), default=0.0) for at in value}
    while len(chosen) < min(wanted, len(value)):
        left = {at: value[at] - _likeness(near[at]) for at in value if at not in chosen}
        best = max(left, key=lambda at: (left[at], -at))
        if chosen and left[best] < LEAST:
            break
        chosen.append(best)
        for at in left:  # only what is new: long summaries of long talks have hundreds
            near[at] = max(near[at], float(rows[at] @ rows[best]))
    return sorted(chosen)


def _likeness(near: float) -> float:
    """What a sentence loses for being like one that is chosen (`near`, their cosine): little for a shared subject, nearly everything for saying it again."""
    return SPREAD * near + 4.0 * max(0.0, near - AGAIN)


def _position(number: int, count: int) -> float:
    """Speakers say what a part is about near its beginning, and what follows from it at its end."""
    if count < 6:
        return 0.0
    share = number / (count - 1)
    return 0.15 if share < 0.2 else 0.08 if share > 0.9 else 0.0


def opening(reading: Reading, scored: Scored, title: str) -> dict[int, float]:
    """Positions that may tell what the whole video is about, with their worth as a gist: central to everything, announcing, speaking of the title."""
    asked = {stem(word) for word in words(title) if word not in reading.stop}
    central = scored.rows @ unit(scored.rows.mean(axis=0))
    central = central / (float(central.max()) or 1.0)
    about = ABOUT.get(reading.language, ())
    early = max(12, len(reading.sentences) // 12)
    value = scored.worth + 1.2 * central
    for i, sentence in enumerate(reading.sentences):
        announces = any(sign in sentence.text.casefold() for sign in about)
        value[i] += 0.1 * (i < early) + 0.45 * (announces and i < early) + 0.2 * min(3, len(asked.intersection(reading.bags[i])))
    best = [int(i) for i in np.argsort(-value, kind="stable") if int(i) not in scored.skipped][:OPENING]
    return {i: float(value[i]) for i in best}
