"""Whether sentences carry a statement that is put in other words than theirs.

verify.py asks that nearly every word was said; that refuses whatever is summed up. Here a statement passes when all that can be looked up letter by letter
stands in its sentences (numbers, names, quotations), no negation was added or lost, and most of its words are theirs.
"""

from collections.abc import Sequence

from pipeline.summary.facts import missing
from pipeline.summary.verify import Verdict, meaning, negated
from pipeline.summary.words import stop_words

SAID = 0.6
"""Share of its meaningful words that the sentences must have. Taking statements with fewer where vectors say that the meaning is near (multilingual e5, cosine 0.84) let through
more than it gained: on every fourth of QMSum's validation questions ROUGE-1/2/L of what stands 36.6/11.3/22.0, and 36.5/12.1/22.9 by words alone."""
MOST = 4
"""Sentences that one statement may rest on."""


def supported(text: str, sentences: Sequence[str], language: str) -> Verdict:
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
    if share < SAID:
        return Verdict("another meaning", share)
    return Verdict("", round(share, 3), tuple(range(len(sentences))))


def attributed(text: str, sentences: Sequence[str], language: str) -> Verdict:
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
    found = supported(text, [sentences[at] for at in used], language) if used else Verdict("another meaning")
    return Verdict(found.reason, found.support, tuple(used[at] for at in found.used))
