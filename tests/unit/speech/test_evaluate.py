"""Texts are compared as people would, and times where words are sure."""

from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.speech.evaluate import evaluate, normalised, start_errors, units
from pipeline.types import Segment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World! It’s 15 o'clock.", ["hello", "world", "it's", "15", "o'clock"]),
        ("«états-unis» ÉTÉ", ["états", "unis", "été"]),
        ("ﬁne — 'quoted'", ["fine", "quoted"]),
        ("...", []),
    ],
)
def test_normalised(text: str, words: list[str]) -> None:
    assert normalised(text) == words


def test_errors_are_counted_in_characters_where_words_have_no_spaces() -> None:
    assert units("桥下 15 米。", "zh") == ["桥", "下", "1", "5", "米"]
    assert units("Under the bridge.", "en") == ["under", "the", "bridge"]


def test_start_errors_are_those_of_recognised_beginnings() -> None:
    reference = [Segment(1.0, 3.0, "the cat sat down"), Segment(5.0, 6.0, "nobody heard this"), Segment(8.0, 9.0, "then it left")]
    found = [Segment(1.5, 3.0, "The cat sat down."), Segment(7.0, 9.0, "Then it left.")]

    assert start_errors(reference, found) == [0.5, -1.0]


def test_times_inside_a_segment_are_spread_over_its_letters() -> None:
    reference = [Segment(0.0, 1.0, "aaaa"), Segment(1.0, 2.0, "bbbb")]

    assert start_errors(reference, [Segment(0.0, 2.0, "aaaa bbbb")]) == [0.0, 0.0]


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(Settings(home=tmp_path), tmp_path, lambda line: None)

    assert caught.value.code == "no_data"
