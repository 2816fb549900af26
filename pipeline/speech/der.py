"""How well speakers are told apart: diarization error rate on recordings whose speakers are known (RTTM files beside them)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.speech.speakers import who_speaks
from pipeline.speech.voices import Turn

STEP = 0.01
SOUNDS = (".opus", ".wav", ".ogg", ".mp3", ".flac")
COLLAR = 0.25
"""Seconds around each border of the reference that are not counted where a collar is named, as in the NIST evaluations."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Shares of the reference's speech in percent."""

    missed: float
    false_alarm: float
    confused: float

    @property
    def error(self) -> float:
        """The diarization error rate."""
        return self.missed + self.false_alarm + self.confused


def evaluate(settings: Settings, folder: Path, report: Callable[[str], None]) -> None:
    """A row for each recording below `folder` that has an RTTM file of its name.

    Raises:
        InputError: `no_data`: there is none.
    """
    found = list(recordings(folder))
    if not found:
        raise InputError("no_data", f"{folder} holds no recordings with RTTM files of the same name.")
    report(f"{'recording':<28}{'speakers':>9}{'found':>7}{'missed %':>10}{'false %':>9}{'confused %':>12}{'DER %':>8}{'DER %, collar':>15}")
    for sound, known in found:
        turns, truth = who_speaks(settings, sound), read_rttm(known)
        strict, loose = rate(truth, turns), rate(truth, turns, COLLAR)
        report(
            f"{sound.stem[:27]:<28}{_voices(truth):>9}{_voices(turns):>7}{strict.missed:>10.1f}{strict.false_alarm:>9.1f}{strict.confused:>12.1f}"
            f"{strict.error:>8.1f}{loose.error:>15.1f}"
        )


def recordings(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Recordings with their RTTM files."""
    for known in sorted(folder.rglob("*.rttm")):
        sound = next((known.with_suffix(suffix) for suffix in SOUNDS if known.with_suffix(suffix).is_file()), None)
        if sound is not None:
            yield sound, known


def read_rttm(path: Path) -> tuple[Turn, ...]:
    """Its SPEAKER lines, of one recording."""
    order: dict[str, int] = {}
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("SPEAKER")]
    turns = [Turn(float(row[3]), float(row[3]) + float(row[4]), order.setdefault(row[7], len(order))) for row in rows]
    return tuple(sorted(turns, key=lambda turn: turn.start))


def rate(truth: Sequence[Turn], found: Sequence[Turn], collar: float = 0.0) -> Rate:
    """Errors counted every STEP, overlapping speech included, voices paired so that most time agrees."""
    length = round(max(turn.end for turn in (*truth, *found)) / STEP) + 1
    theirs, ours = _raster(truth, length), _raster(found, length)
    if collar:
        inside = np.ones(length, dtype=bool)
        for edge in (edge for turn in truth for edge in (turn.start, turn.end)):
            inside[max(0, round((edge - collar) / STEP)) : round((edge + collar) / STEP)] = False
        theirs, ours = theirs[:, inside], ours[:, inside]
    spoken, said = theirs.sum(axis=0, dtype=np.int64), ours.sum(axis=0, dtype=np.int64)
    total = max(1, int(spoken.sum()))
    right = np.zeros(theirs.shape[1], dtype=np.int64)
    for a, b in _paired(theirs.astype(np.int64) @ ours.T.astype(np.int64)):
        right += theirs[a] & ours[b]
    missed, extra = np.maximum(0, spoken - said).sum(), np.maximum(0, said - spoken).sum()
    confused = np.minimum(spoken, said).sum() - right.sum()
    return Rate(*(100 * float(value) / total for value in (missed, extra, confused)))


def _raster(turns: Sequence[Turn], length: int) -> np.ndarray:
    out = np.zeros((max((turn.voice for turn in turns), default=0) + 1, length), dtype=np.uint8)
    for turn in turns:
        out[turn.voice, round(turn.start / STEP) : round(turn.end / STEP)] = 1
    return out


def _paired(shared: np.ndarray) -> list[tuple[int, int]]:
    """Row and column of each pair so that the sum is greatest: over subsets of the smaller side, which is a handful of voices."""
    if shared.shape[1] > shared.shape[0]:
        return [(b, a) for a, b in _paired(shared.T)]
    best: dict[frozenset[int], tuple[int, list[tuple[int, int]]]] = {frozenset(): (0, [])}
    for row in range(len(shared)):
        after = dict(best)
        for used, (total, pairs) in best.items():
            for column in set(range(shared.shape[1])) - used:
                key, value = used | {column}, total + int(shared[row, column])
                if key not in after or value > after[key][0]:
                    after[key] = (value, [*pairs, (row, column)])
        best = after
    return max(best.values(), key=lambda entry: entry[0])[1]


def _voices(turns: Sequence[Turn]) -> int:
    return len({turn.voice for turn in turns})
