"""Words with times, and how they become segments that can be cited: sentences, as far as the punctuation tells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.types import Segment

ENDING = re.compile(r"[.!?…。！？।॥؟۔]['\"”’»)\]」』]*$")
PAUSING = re.compile(r"[,;:、，；：،؛–—]['\"”’»)\]」』]*$")
ABBREVIATION = re.compile(
    r"^(?:[^\W\d_]|mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|no|vol|fig|inc|ltd|bzw|z\.b|d\.h|ca|sra?|dra|mme|mlle)\.$", re.IGNORECASE
)
LONG = 15.0
"""Seconds from which on a sentence may be broken where the voice pauses."""
LONGEST = 28.0
SHORTEST = 0.1
PAUSE = 0.3
"""Seconds after a number with a full stop that tell the end of a sentence from an ordinal (German) or a decimal point."""
LONGEST_WORD = 1.2
"""Seconds. Alignment gives the silence before or after a sentence to its first or last word."""
SILENCE = 2.0
"""Seconds without a word that end a segment whatever the punctuation: nothing may claim to be said in them."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as Whisper writes it, with its leading space where the language has one, and its times in the recording."""

    text: str
    start: float
    end: float
    probability: float = 1.0


def sentences(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """The words in runs that end with a sentence, at a silence, or, when they become too long, at a pause."""
    run: list[Word] = []
    for number, word in enumerate(words):
        run.append(word)
        following = words[number + 1] if number + 1 < len(words) else None
        if following is None or _ends(word, following) or following.start - word.end > SILENCE:
            yield from _shortened(run)
            run = []


def segment(words: Sequence[Word]) -> Segment:
    """What the words say and when."""
    start = max(0.0, words[0].start)
    end = max(word.end for word in words)
    return Segment(round(start, 2), round(max(end, start + SHORTEST), 2), " ".join("".join(word.text for word in words).split()))


def trimmed(words: Sequence[Word]) -> tuple[Word, ...]:
    """A sentence without the silence that its first and last word have been given."""
    first, *rest = words
    first = replace(first, start=max(first.start, first.end - LONGEST_WORD))
    if not rest:
        return (first,)
    last = replace(rest[-1], end=min(rest[-1].end, rest[-1].start + LONGEST_WORD))
    return (first, *rest[:-1], last)


def _ends(word: Word, following: Word) -> bool:
    text = word.text.strip()
    if not ENDING.search(text) or ABBREVIATION.match(text):
        return False
    start = following.text.strip()[:1]
    return not (
        text.endswith(".") and (start.islower() or (start.isdigit() and text[:-1].isdigit() and following.start - word.end < PAUSE))
    )


def _shortened(run: list[Word]) -> Iterator[tuple[Word, ...]]:
    """The run, broken where it is longer than anyone wants to cite: at the clearest pause in its second half, again and again."""
    while run and run[-1].end - run[0].start > LONG:
        place = _pause(run)
        if place is None:
            break
        yield tuple(run[:place])
        run = run[place:]
    if run:
        yield tuple(run)


def _pause(run: Sequence[Word]) -> int | None:
    """Where to break: after a comma or the like, else (only when it must be) at the longest gap; None when nothing fits."""
    begin = run[0].start
    places = [n for n in range(1, len(run)) if LONG / 3 <= run[n - 1].end - begin <= LONG]
    commas = [n for n in places if PAUSING.search(run[n - 1].text)]
    if not commas and run[-1].end - begin <= LONGEST:
        return None
    return max(commas or places, key=lambda n: run[n].start - run[n - 1].end, default=None)
