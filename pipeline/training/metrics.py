"""How good a summary is, in numbers. Pure functions of texts, spans and borders; what they measure is said at each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.errors import ModelError
from pipeline.summary.facts import facts, missing
from pipeline.summary.words import words


@dataclass(frozen=True, slots=True)
class Rouge:
    """F-measures in percent (Lin 2004), by Google's rouge-score with its stemmer."""

    one: float
    two: float
    longest: float


def rouge(answer: str, gold: str) -> Rouge:
    """How many words, pairs of words, and words in order two texts share.

    Raises:
        ModelError: `not_installed` when rouge-score is not.
    """
    found = _scorer().score(gold, answer)
    return Rouge(*(100 * found[name].fmeasure for name in ("rouge1", "rouge2", "rougeL")))


@cache
def _scorer() -> Any:
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError as error:
        raise ModelError("not_installed", "Measuring summaries needs rouge-score: pip install 'nutshell[evaluate]'.") from error
    return RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)


def unsupported(answer: str, source: str) -> tuple[int, int]:
    """How many numbers, names and quotations of `answer` do not occur in `source`, and how many it has."""
    return len(missing(answer, source)), len(facts(answer))


def repetition(text: str) -> float:
    """Share of its runs of three words that occurred before: 0 for a text that never repeats itself, above 0.5 for one that loops."""
    row = list(words(text))
    runs = list(zip(row, row[1:], row[2:], strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def is_looping(text: str) -> bool:
    """Whether the same stretch of words comes three times in a row, or most of it is repetition."""
    row = " ".join(words(text))
    return repetition(text) > 0.5 or re.search(r"(?:^| )(\S+(?: \S+){0,15})(?: \1){2}(?: |$)", row) is not None


def window_diff(found: Sequence[int], gold: Sequence[int], units: int) -> float:
    """WindowDiff (Pevzner and Hearst 2002): the share of windows in which two segmentations have different numbers of borders; 0 is best.

    Borders are the first units of segments but the first, of `units` in all; a window is half the mean gold segment.
    """
    if units < 2:
        return 0.0
    width = max(1, min(units - 1, round(units / (len(gold) + 1) / 2)))
    ours, theirs = _steps(found, units), _steps(gold, units)
    windows = range(units - width)
    return sum(ours[at + width] - ours[at] != theirs[at + width] - theirs[at] for at in windows) / len(windows)


def _steps(borders: Sequence[int], units: int) -> list[int]:
    """For each unit, how many borders lie at or before it."""
    inside = set(borders)
    out, count = [], 0
    for at in range(units):
        count += at in inside
        out.append(count)
    return out


def border_f1(found: Sequence[int], gold: Sequence[int], tolerance: int) -> float:
    """F1 of borders, each matched at most once and no farther than `tolerance` units."""
    left = list(gold)
    hits = 0
    for at in found:
        near = min(left, key=lambda other: abs(other - at), default=None)
        if near is not None and abs(near - at) <= tolerance:
            left.remove(near)
            hits += 1
    return 2 * hits / (len(found) + len(gold)) if found or gold else 1.0
