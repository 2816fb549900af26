"""What a caption file has: cues as they stand there, still with markup, in any order, with broken times. The words that its readers share; pure."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Cue:
    """`end` may be before `start`, or absent; `text` may have lines and markup."""

    start: float
    end: float | None
    text: str
    speaker: str | None = None
    words: tuple[tuple[int, float], ...] = ()
    """Where in `text` a word begins whose time is known, and that time in seconds. The first word's is `start`."""


def number(value: object) -> float | None:
    """A finite number, or None: files write them as text, as `true`, as 1e999."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def completed(shown: Iterable[tuple[Cue, bool]]) -> Iterator[Cue]:
    """YouTube's automatic captions keep a line on the screen for long; an appended line break says when its last word was spoken.

    The flag of a cue: it is appended to the one before.
    """
    waiting: Cue | None = None
    for cue, appended in shown:
        blank = not cue.text.strip()
        if waiting and blank and appended and waiting.start < cue.start < (waiting.end or math.inf):
            waiting = replace(waiting, end=cue.start)
        if blank:
            continue
        if waiting:
            yield waiting
        waiting = cue
    if waiting:
        yield waiting
