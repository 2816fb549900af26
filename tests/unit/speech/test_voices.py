"""Vectors of voices become turns. The vectors are made: directions with noise around them."""

import numpy as np
import pytest

from pipeline.speech import voices
from pipeline.speech.der import Rate, rate, read_rttm
from pipeline.speech.speakers import labelled
from pipeline.speech.voices import Turn, grouped, turns_of
from pipeline.types import Segment


def made(order: list[int], noise: float = 0.4, seed: int = 3) -> np.ndarray:
    """A unit vector for each window: one direction for each voice, and noise of that length."""
    chance = np.random.default_rng(seed)
    directions = chance.normal(size=(max(order) + 1, 64))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    other = chance.normal(size=(len(order), 64))
    rows = directions[order] + noise * other / np.linalg.norm(other, axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def spans(count: int) -> list[tuple[float, float]]:
    return [(0.8 * at, 0.8 * at + 1.6) for at in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_as_many_voices_are_found_as_there_are(count: int) -> None:
    order = [voice for voice in range(count) for _ in range(12)]

    labels = grouped(made(order))

    assert len(set(labels.tolist())) == count
    assert all(len(set(labels[first : first + 12].tolist())) == 1 for first in range(0, len(order), 12))


def test_turns_are_numbered_by_who_speaks_first() -> None:
    order = [1] * 10 + [0] * 10 + [1] * 10
    turns = turns_of(spans(30), made(order))

    assert [turn.voice for turn in turns] == [0, 1, 0]
    assert turns[0].start == 0.0
    assert turns[0].end == pytest.approx(8.4, abs=0.5)
    assert turns[-1].end == pytest.approx(24.8, abs=0.11)


def test_long_recordings_are_grouped_in_blocks_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    order = [at // 15 % 3 for at in range(180)]
    whole = grouped(made(order))
    monkeypatch.setattr(voices, "BLOCK", 40)
    blocks = grouped(made(order))

    assert len(set(whole.tolist())) == len(set(blocks.tolist())) == 3
    assert len(set(zip(whole.tolist(), blocks.tolist(), strict=True))) == 3


def test_a_cough_is_no_voice() -> None:
    """One odd window among a hundred goes to the voice that is nearest."""
    assert len({turn.voice for turn in turns_of(spans(101), made([0] * 50 + [1] + [0] * 50))}) == 1


def test_nobody_speaks() -> None:
    assert turns_of([], np.zeros((0, 64), dtype=np.float32)) == ()


def test_segments_get_the_voice_that_speaks_most_of_them() -> None:
    turns = (Turn(0.0, 4.0, 0), Turn(4.0, 9.0, 1), Turn(9.5, 12.0, 0))
    said = (Segment(0, 3.8, "a"), Segment(3.5, 8, "b"), Segment(9.2, 12, "c"), Segment(20, 21, "d"))

    assert [segment.speaker for segment in labelled(said, turns)] == ["Speaker 1", "Speaker 2", "Speaker 1", None]
    assert labelled(said, (Turn(0.0, 30.0, 0),)) == said
    assert labelled(said, ()) == said


def test_error_rates() -> None:
    truth = (Turn(0, 10, 0), Turn(10, 20, 1))

    assert rate(truth, (Turn(0, 10, 1), Turn(10, 20, 0))) == Rate(0.0, 0.0, 0.0)
    assert rate(truth, (Turn(0, 20, 0),)).error == pytest.approx(50.0, abs=0.2)
    assert rate(truth, (Turn(0, 9, 0), Turn(10, 20, 1))).missed == pytest.approx(5.0, abs=0.2)
    assert rate(truth, (Turn(0, 10, 0), Turn(10, 22, 1))).false_alarm == pytest.approx(10.0, abs=0.2)
    assert rate(truth, (Turn(0, 10.2, 0), Turn(10.2, 20, 1)), 0.25).error == 0.0
    assert rate(truth, tuple(Turn(at, at + 1, at) for at in range(20))).error == pytest.approx(90.0, abs=0.5)


def test_rttm(tmp_path) -> None:
    (tmp_path / "a.rttm").write_text("SPEAKER a 1 2.5 1.0 <NA> <NA> ben <NA> <NA>\nSPEAKER a 1 0.0 2.5 <NA> <NA> ann <NA> <NA>\nLEXEME x\n")

    assert read_rttm(tmp_path / "a.rttm") == (Turn(0.0, 2.5, 1), Turn(2.5, 3.5, 0))
