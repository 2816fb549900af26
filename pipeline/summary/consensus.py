"""Of several answers of one model, the statements that say what most of them say.

Minimum Bayes risk decoding (Kumar and Byrne 2004): the best answer is the one that is most like all the others that the model might have given, since what it makes
up differs from draw to draw and what it has read comes back. Here the unit is the statement, so that one that does not stand is replaced by another draw's that does.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from pipeline.summary.words import words

Row = tuple[str, ...]


def likeness(a: Row, b: Row) -> float:
    """0..1: how much two texts share, as ROUGE counts (Lin 2004): mean F-measure of pairs of words and of the longest common subsequence. Single words say less of what
    is said: with them, ROUGE-1/2/L of the answers to every fourth of QMSum's validation questions is 36.5/12.0/22.9 instead of 37.2/11.9/23.3."""
    if not a or not b:
        return 0.0
    sizes = len(a) + len(b)
    pairs = 2 * (Counter(pairwise(a)) & Counter(pairwise(b))).total() / max(1, sizes - 2)
    return (pairs + 2 * _longest(a, b) / sizes) / 2


def agreed(statements: Sequence[str], answers: Sequence[str], alike: Callable[[str, str], bool]) -> tuple[int, ...]:
    """Positions of the `statements` that together are most like all `answers`, in the order in which they are most like them; none of which are `alike`.

    Greedy: the statement and the place that add most, as long as any adds something.
    """
    rows = [tuple(words(text)) for text in statements]
    wanted = [tuple(words(text)) for text in answers]
    chosen: list[int] = []
    reached = 0.0
    while True:
        fresh = [at for at in range(len(rows)) if at not in chosen and not any(alike(statements[at], statements[other]) for other in chosen)]
        tries = [[*chosen[:place], at, *chosen[place:]] for at in fresh for place in range(len(chosen) + 1)]
        worth = [sum(likeness(_joined(rows, order), answer) for answer in wanted) for order in tries]
        best = max(range(len(tries)), key=lambda number: worth[number], default=None)
        if best is None or worth[best] <= reached:
            return tuple(chosen)
        chosen, reached = tries[best], worth[best]


def _joined(rows: Sequence[Row], order: Sequence[int]) -> Row:
    return tuple(word for at in order for word in rows[at])


def _longest(a: Row, b: Row) -> int:
    """Length of the longest common subsequence, a bit for each word of `b` (Hyyrö 2004): a consensus compares some thousand texts."""
    places: dict[str, int] = {}
    for at, word in enumerate(b):
        places[word] = places.get(word, 0) | 1 << at
    everything = (1 << len(b)) - 1
    open_places = everything
    for word in a:
        met = open_places & places.get(word, 0)
        open_places = ((open_places + met) | (open_places - met)) & everything
    return len(b) - open_places.bit_count()
