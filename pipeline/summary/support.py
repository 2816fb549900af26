"""Whether sentences carry a statement that is put in other words than theirs.

verify.py asks that nearly every word was said; that refuses whatever is summed up. Here a statement passes when all that can be looked up letter by letter
stands in its sentences (numbers, names, quotations), no negation was added or lost, and its meaning is theirs by words or by vectors.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.language.generator import Embedder
from pipeline.summary.facts import missing
from pipeline.summary.reading import unit
from pipeline.summary.verify import Verdict, meaning, negated
from pipeline.summary.words import stop_words

SAID = 0.55
"""Share of the meaningful words that is enough without a look at the vectors."""
SHARED, NEAR = 0.2, 0.84
"""Share of words and cosine that are enough together (multilingual e5 crowds between 0.75 and 1). Of sentences that annotators wrote beside the talk of another question's
meeting 0.6 % pass, as with 0.85, and 4 % more of those beside their own."""
MOST = 4
"""Sentences that one statement may rest on."""


def supported(text: str, sentences: Sequence[str], language: str, embedder: Embedder | None) -> Verdict:
    """Whether `sentences` together carry `text`."""
    source = " ".join(sentences)
    lost = missing(text, source)
    if len(lost):
        return Verdict("a number, name or quotation that was not said")
    if negated(text, source, language):
        return Verdict("a negation was added or lost")
    stop = stop_words(language)
    have, said = set(meaning(text, stop)), set(meaning(source, stop))
    share = len(have & said) / len(have) if have else 0.0
    near = _cosine(text, source, embedder) if embedder is not None and SHARED <= share < SAID else 0.0
    if share < SAID and (share < SHARED or near < NEAR):
        return Verdict("another meaning", share)
    return Verdict("", round(max(share, near), 3), tuple(range(len(sentences))))


def attributed(text: str, sentences: Sequence[str], language: str, embedder: Embedder | None) -> Verdict:
    """As `supported`, by the fewest of `sentences` (MOST at most) that have the words of `text`."""
    stop = stop_words(language)
    bags = [set(meaning(sentence, stop)) for sentence in sentences]
    left = set(meaning(text, stop))
    used: list[int] = []
    while left and len(used) < MOST:
        best = max(range(len(bags)), key=lambda at: (len(bags[at] & left), -at), default=None)
        if best is None or not bags[best] & left:
            break
        used.append(best)
        left -= bags[best]
    used.sort()
    found = supported(text, [sentences[at] for at in used], language, embedder) if used else Verdict("another meaning")
    return Verdict(found.reason, found.support, tuple(used[at] for at in found.used))


def _cosine(a: str, b: str, embedder: Embedder) -> float:
    rows = unit(np.asarray(embedder.passages([a, b])))
    return float(rows[0] @ rows[1])
