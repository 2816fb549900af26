"""What was embedded once is not embedded again, also by another process."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError, ModelError
from pipeline.language.generator import DIMENSIONS, Vectors
from pipeline.training.kept import TOGETHER, KeptVectors


class Counting:
    """Vectors that are told apart by the length of the text, and what was asked for. Ends at "stop", as an interrupted run does."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def passages(self, texts: Sequence[str]) -> Vectors:
        if "stop" in texts:
            raise ModelError("model_unavailable", "Gone.", retryable=True)
        self.asked += texts
        return np.array([np.full(DIMENSIONS, len(text)) for text in texts], np.float32)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return -self.passages(texts)

    def close(self) -> None:
        raise AssertionError("it is not ours to close")


def test_each_text_is_embedded_once(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    kept = KeptVectors(first, tmp_path / "kept")
    rows = kept.passages(["one", "three", "one"])
    asked = kept.queries(["one"])
    kept.close()
    again = KeptVectors(second, tmp_path / "kept")

    assert rows[:, 0].tolist() == [3.0, 5.0, 3.0]
    assert asked[0, 0] == -3.0, "as a question the same words have another vector"
    assert first.asked == ["one", "three", "one"]
    assert again.passages(["three", "one"])[:, 0].tolist() == [5.0, 3.0]
    assert second.asked == []
    assert again.passages([]).shape == (0, DIMENSIONS)
    again.close()


def test_what_was_done_before_an_interruption_is_kept(tmp_path: Path) -> None:
    many = [f"text {'x' * number}" for number in range(TOGETHER)]
    kept = KeptVectors(Counting(), tmp_path / "kept")
    with pytest.raises(ModelError):
        kept.passages([*many, "stop"])
    kept.close()
    later = Counting()

    assert KeptVectors(later, tmp_path / "kept").passages(many).shape == (TOGETHER, DIMENSIONS)
    assert later.asked == []


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Not a database, but long enough that SQLite looks at it." * 20)

    with pytest.raises(InputError) as error:
        KeptVectors(Counting(), tmp_path / "notes.txt")
    assert error.value.code == "bad_data"
