"""How much a summary says follows a law, and what was promised is there in the end. Run: pytest tests/unit/summary/test_lengths.py"""

import random

import pytest

from pipeline.summary.chunks import cut
from pipeline.summary.summarize import make_gist, make_summary, quotas
from pipeline.types import Chapter, Length, Options, Sentence, Summary, Video
from tests.unit.summary.fakes import Counter
from tests.unit.summary.test_ten_hours import _line

EACH = 8.0
"""Seconds of a sentence."""


def points_of(minutes: float, length: Length, chapters: int = 4) -> int:
    step = minutes * 60 / chapters
    cut_up = [Chapter(at * step, (at + 1) * step, f"Part {at}") for at in range(chapters)]
    return sum(quotas(cut_up, minutes * 60, round(minutes * 60 / EACH), length))


def summary_of(minutes: int, length: Length) -> Summary:
    chance = random.Random(minutes)
    sentences = tuple(Sentence(at, at * EACH, (at + 1) * EACH, _line(chance)) for at in range(round(minutes * 60 / EACH)))
    video = Video("file:" + "a" * 64, "", "A talk", minutes * 60.0, language="en")
    chunks, embedder, options = cut(sentences), Counter(), Options(length=length)
    gist = make_gist(video, sentences, None, options)
    vectors = embedder.passages([chunk.text for chunk in chunks])
    return make_summary(video, sentences, chunks, vectors, None, embedder, options, gist, emit=lambda _: None, on_partial=lambda _: None)


@pytest.mark.parametrize(("minutes", "points"), [(5, 11), (20, 20), (60, 60), (180, 180), (600, 600)])
def test_the_long_form_has_a_point_for_every_minute(minutes: float, points: int) -> None:
    assert points_of(minutes, Length.LONG) == points


@pytest.mark.parametrize("length", Length)
@pytest.mark.parametrize("chapters", [1, 4, 12])
def test_a_longer_talk_never_gets_a_shorter_summary(length: Length, chapters: int) -> None:
    found = [points_of(minutes, length, chapters) for minutes in (2, 5, 20, 60, 180, 600)]

    assert found == sorted(found)
    assert found[-1] > found[0]


@pytest.mark.parametrize("minutes", [5, 20, 60, 180])
def test_short_is_shorter_than_medium_and_long_is_longer(minutes: float) -> None:
    short, medium, long = (points_of(minutes, length, chapters=2) for length in Length)

    assert short < medium < long


def test_three_hours_in_the_long_form_are_told_in_proportion() -> None:
    three_hours, five_minutes = (summary_of(minutes, Length.LONG) for minutes in (180, 5))

    assert len(three_hours.points) == points_of(180, Length.LONG)
    assert len(three_hours.points) > 15 * len(five_minutes.points)
    for hour in range(3):
        assert sum(hour * 3600 <= point.start < (hour + 1) * 3600 for point in three_hours.points) >= 45
