"""Vectors of voices become turns: grouped from the most alike on (average linkage), until what is left is too unlike to be one person. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

ALIKE = 0.58
"""Mean cosine from which two groups are one voice. On clean recordings voices of one person lie above 0.6 (5th percentile), of two below 0.57 to 0.62 (95th); in a hall they come nearer."""
BLOCK = 1200
"""Vectors that are grouped at once; longer recordings are grouped block by block, then the groups."""
FEWEST = 6.0
"""Seconds that a voice must speak in all, or a fiftieth of the speech if that is less; the windows of a fainter one go to the nearest other."""
FRAME = 0.1
"""Seconds of the raster on which turns are decided."""
SHORTEST = 0.5
"""Seconds: a shorter turn between two of one voice is that voice's."""


@dataclass(frozen=True, slots=True)
class Turn:
    """`voice` counts from 0 in the order in which voices are first heard."""

    start: float
    end: float
    voice: int


def turns_of(spans: Sequence[tuple[float, float]], vectors: np.ndarray) -> tuple[Turn, ...]:
    """The turns of windows of speech at `spans` (seconds, in their order) with unit `vectors` (n, d)."""
    if not len(spans):
        return ()
    centres = _centres(vectors, grouped(vectors), np.array([end - start for start, end in spans]))
    return _numbered(_merged(_raster(spans, vectors @ centres.T)))


def grouped(vectors: np.ndarray) -> np.ndarray:
    """(n,) numbers of groups, from 0."""
    if len(vectors) <= BLOCK:
        return linked(vectors, np.ones(len(vectors)))
    labels = np.zeros(len(vectors), dtype=np.int64)
    centres: list[np.ndarray] = []
    sizes: list[float] = []
    for first in range(0, len(vectors), BLOCK):
        part = vectors[first : first + BLOCK]
        found = linked(part, np.ones(len(part)))
        labels[first : first + BLOCK] = found + len(centres)
        for group in range(found.max() + 1):
            centres.append(_unit(part[found == group].mean(axis=0)))
            sizes.append(float((found == group).sum()))
    return linked(np.array(centres), np.array(sizes))[labels]


def linked(vectors: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Agglomerative grouping by average linkage (Sokal and Michener 1958) of unit vectors that count `sizes` times, until none are ALIKE."""
    near = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(near, -np.inf)
    weight = sizes.astype(np.float64).copy()
    members = [[at] for at in range(len(vectors))]
    best = near.argmax(axis=1)
    value = near[np.arange(len(near)), best]
    while len(members) > 1:
        a = int(value.argmax())
        if value[a] < ALIKE:
            break
        b = int(best[a])
        near[a] = near[:, a] = (weight[a] * near[a] + weight[b] * near[b]) / (weight[a] + weight[b])
        near[a, a] = -np.inf
        near[b] = near[:, b] = -np.inf
        weight[a] += weight[b]
        members[a] += members[b]
        members[b] = []
        changed = np.flatnonzero((best == a) | (best == b))
        changed = np.union1d(changed, [a, b])
        best[changed] = near[changed].argmax(axis=1)
        value[changed] = near[changed, best[changed]]
        nearer = near[:, a] > value
        best[nearer], value[nearer] = a, near[nearer, a]
    labels = np.zeros(len(vectors), dtype=np.int64)
    for number, group in enumerate(group for group in members if group):
        labels[group] = number
    return labels


def _centres(vectors: np.ndarray, labels: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """The mean vector of every voice that speaks long enough; of the longest where none does."""
    spoken = np.bincount(labels, weights=seconds)
    least = min(FEWEST, spoken.sum() / 50)
    kept = np.flatnonzero(spoken >= least)
    kept = kept if len(kept) else np.array([spoken.argmax()])
    return np.array([_unit(vectors[labels == group].mean(axis=0)) for group in kept])


def _raster(spans: Sequence[tuple[float, float]], scores: np.ndarray) -> list[Turn]:
    """Each frame of speech goes to the voice that the windows over it are nearest to, those around its middle counting most."""
    count = int(np.ceil(max(end for _, end in spans) / FRAME)) + 1
    sums, weights = np.zeros((count, scores.shape[1])), np.zeros(count)
    for (start, end), row in zip(spans, scores, strict=True):
        first, last = round(start / FRAME), max(round(start / FRAME) + 1, round(end / FRAME))
        bell = 1e-3 + np.hanning(last - first + 2)[1:-1]
        sums[first:last] += bell[:, None] * row
        weights[first:last] += bell
    voices = np.where(weights > 0, sums.argmax(axis=1), -1)
    out, at = [], 0
    for voice, run in groupby(voices.tolist()):
        length = len(list(run))
        if voice >= 0:
            out.append(Turn(at * FRAME, (at + length) * FRAME, voice))
        at += length
    return out


def _merged(turns: Sequence[Turn]) -> list[Turn]:
    """Without turns that are too short to be one, where they touch a longer one."""
    out: list[Turn] = []
    for turn in turns:
        touching = bool(out) and turn.start - out[-1].end < FRAME / 2
        if touching and (turn.voice == out[-1].voice or turn.end - turn.start < SHORTEST):
            out[-1] = Turn(out[-1].start, turn.end, out[-1].voice)
        elif touching and out[-1].end - out[-1].start < SHORTEST:
            out[-1] = Turn(out[-1].start, turn.end, turn.voice)
        else:
            out.append(turn)
    return out


def _numbered(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Voices in the order of their first turns."""
    order: dict[int, int] = {}
    return tuple(Turn(round(turn.start, 2), round(turn.end, 2), order.setdefault(turn.voice, len(order))) for turn in turns)


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / max(1e-9, float(np.linalg.norm(vector))), dtype=np.float32)
