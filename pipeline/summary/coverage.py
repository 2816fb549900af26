"""Every minute of the video is accounted for: cited, read, silent, or skipped and why. So nothing can be cut off unseen."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pipeline.types import Coverage, Point, Sentence, Status

SILENCE = 2.0
"""Seconds; a shorter pause belongs to what was said before it."""
_RANK = {Status.CITED: 3, Status.SKIPPED: 2, Status.READ: 1, Status.SILENCE: 0}


def coverage(
    duration: float, sentences: Sequence[Sentence], points: Sequence[Point], others: Sequence[Point], skipped: Mapping[int, str]
) -> tuple[Coverage, ...]:
    """Stretches that join from 0 to `duration` (seconds) without gap or overlap.

    `points` are Summary.points, `others` the gist and the overview; `skipped` holds positions in `sentences` left out on purpose, with the reason.
    """
    if duration <= 0:
        return ()
    citing: dict[int, tuple[int, ...]] = {}
    for number, point in enumerate(points):
        for citation in point.citations:
            citing[citation.sentence] = (*citing.get(citation.sentence, ()), number)
    for point in others:
        for citation in point.citations:
            citing.setdefault(citation.sentence, ())
    fates = [_fate(sentence, citing, skipped.get(at)) for at, sentence in enumerate(sentences)]
    return tuple(_joined(_without_short_pauses(list(_stretches(duration, fates)))))


def _fate(sentence: Sentence, citing: Mapping[int, tuple[int, ...]], reason: str | None) -> Coverage:
    if sentence.index in citing:
        return Coverage(sentence.start, sentence.end, Status.CITED, citing[sentence.index])
    if reason is not None:
        return Coverage(sentence.start, sentence.end, Status.SKIPPED, (), reason)
    return Coverage(sentence.start, sentence.end, Status.READ)


def _stretches(duration: float, fates: Sequence[Coverage]) -> Iterator[Coverage]:
    """The time line cut at every border, each piece with the strongest fate that lies over it (sentences of two speakers may overlap)."""
    edges = {0.0, duration}
    for fate in fates:
        edges.update(at for at in (fate.start, fate.end) if 0 < at < duration)
    coming = sorted(fates, key=lambda fate: fate.start)
    active: list[Coverage] = []
    at = 0
    for start, end in pairwise(sorted(edges)):
        while at < len(coming) and coming[at].start <= start:
            active.append(coming[at])
            at += 1
        active = [fate for fate in active if fate.end > start]
        best = max(active, key=lambda fate: _RANK[fate.status], default=Coverage(start, end, Status.SILENCE))
        yield Coverage(start, end, best.status, best.points, best.reason)


def _without_short_pauses(stretches: Sequence[Coverage]) -> list[Coverage]:
    """A breath takes the fate of what stands before it (at the very start: after it)."""
    out: list[Coverage] = []
    for at, stretch in enumerate(stretches):
        brief = stretch.status is Status.SILENCE and stretch.end - stretch.start < SILENCE
        source = (out[-1] if out else stretches[at + 1] if at + 1 < len(stretches) else None) if brief else None
        model = source or stretch
        out.append(Coverage(stretch.start, stretch.end, model.status, model.points, model.reason))
    return out


def _joined(stretches: Sequence[Coverage]) -> list[Coverage]:
    """Neighbours of one fate as one."""
    out: list[Coverage] = []
    for stretch in stretches:
        last = out[-1] if out else None
        if last and (last.status, last.points, last.reason) == (stretch.status, stretch.points, stretch.reason):
            out[-1] = Coverage(last.start, stretch.end, last.status, last.points, last.reason)
        else:
            out.append(stretch)
    return out
