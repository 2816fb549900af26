"""What the library says by itself is known to the pages, which say it in their own language."""

import re

import pytest

from pipeline.library.counted import COUNTED, _listed
from pipeline.library.moments import Moment
from pipeline.library.reach import LIBRARY, Reach
from pipeline.types import Hit, Sentence
from web.answers import _OURS, ours


def speaking(count: int) -> list[Moment]:
    return [Moment(Hit(f"v{number}", f"Talk {number}", 0.0, 9.0, "", 1.0), Sentence(0, 0.0, 9.0, "Bees dance."), 1.0) for number in range(count)]


@pytest.mark.parametrize(
    "text",
    [
        LIBRARY.unfound, Reach(("a",)).unfound, Reach(("a", "b", "c")).unfound, "“the demo” was not found in this video.", "Nothing is said there.",
        "This was not found in that part of the video.",
        *(_listed("?", "bees", speaking(count), more=more).text for count, more in ((1, False), (2, False), (7, False), (20, True))),
    ],
)  # fmt: skip
def test_every_sentence_of_the_library_has_words(text: str) -> None:
    assert any(pattern.fullmatch(text) for pattern, _ in _OURS)
    assert ours(text) == text, "outside of a request it is English"


def test_what_somebody_said_is_left_alone() -> None:
    assert ours("This was not found in the attic.") == "This was not found in the attic."
    assert not re.match(COUNTED, "Bees speak of flowers.")
