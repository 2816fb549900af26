"""Chapters: the video's own, cleaned; else where the subject changes."""

import numpy as np
import pytest

from pipeline.summary.chapters import chapters, count_for, found, key_phrase, own, within
from pipeline.summary.chunks import cut
from pipeline.summary.reading import read
from pipeline.types import Chapter, Sentence, Video
from tests.unit.summary.fakes import TOPICS, Counter, talk


def test_own_chapters_are_sorted_clipped_and_joined() -> None:
    given = [
        Chapter(300, 900, "Three"),
        Chapter(0, 90, "One"),
        Chapter(100, 310, "  Two  "),
        Chapter(100, 120, "Again"),
        Chapter(5000, 5100, "After the end"),
    ]

    assert own(given, 600) == (Chapter(0, 100, "One"), Chapter(100, 300, "Two"), Chapter(300, 600, "Three"))


def test_a_late_first_chapter_begins_at_the_beginning() -> None:
    assert own([Chapter(12, 50, "One"), Chapter(50, 90, "Two")], 100)[0] == Chapter(0, 50, "One")


@pytest.mark.parametrize("given", [[], [Chapter(0, 100, "All")], [Chapter(0, 50, "One"), Chapter(200, 300, "Outside")]])
def test_fewer_than_two_are_none(given: list[Chapter]) -> None:
    assert own(given, 100) == ()


@pytest.mark.parametrize(("minutes", "count"), [(0.5, 1), (3.9, 1), (5, 2), (20, 4), (60, 8), (120, 11), (600, 16)])
def test_their_number_follows_the_duration(minutes: float, count: int) -> None:
    assert count_for(minutes * 60, 10_000) == count


def test_few_sentences_make_few_chapters() -> None:
    assert count_for(3600, 15) == 1


@pytest.mark.parametrize("vectors", [True, False])
def test_borders_lie_where_the_subject_changes(vectors: bool) -> None:
    sentences = talk(topics=("bees", "coffee", "bridges"))
    chunks = cut(sentences)
    rows = Counter().passages([chunk.text for chunk in chunks]) if vectors else np.zeros((0, 384), dtype=np.float32)

    got = found(read(sentences, "en"), chunks, rows, sentences[-1].end)

    assert len(got) == 3
    assert [round(chapter.start / 10) for chapter in got] == [0, 24, 48]


def test_titles_come_from_the_words() -> None:
    sentences = talk()
    reading = read(sentences, "en")
    video = Video("file:" + "0" * 64, "", "", sentences[-1].end)

    made = chapters(video, reading, (), np.zeros((0, 384), dtype=np.float32), video.duration)

    for chapter, topic in zip(made, TOPICS.values(), strict=True):
        said = " ".join(topic).casefold() + " ".join(sentences[i].text for i in within(sentences, chapter)).casefold()
        assert chapter.title.casefold() in said
        assert 1 <= len(chapter.title.split()) <= 4


def test_placeholders_of_the_downloader_get_a_title() -> None:
    sentences = talk()
    video = Video("file:" + "0" * 64, "", "", 720, chapters=(Chapter(0, 240, "<Untitled Chapter 1>"), Chapter(240, 720, "Bridges")))

    made = chapters(video, read(sentences, "en"), (), np.zeros((0, 384), dtype=np.float32), 720)

    assert "Untitled" not in made[0].title
    assert made[0].title


def test_scripts_without_spaces_get_a_title_too() -> None:
    sentences = [Sentence(0, 0, 5, "今日は天気がいいです。"), Sentence(1, 5, 9, "散歩に行きましょう、みんなで。")]

    assert key_phrase(read(sentences, "ja"), [0, 1]) in ("今日は天気がいいです", "散歩に行きましょう")
    assert key_phrase(read(sentences, "ja"), []) == ""
