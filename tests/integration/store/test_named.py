"""Titles, chapters and points by the beginnings of their words, and what is suggested while somebody types."""

import numpy as np
import pytest

from pipeline.store import named, renditions, transcripts, videos
from pipeline.store.database import Database
from pipeline.store.renditions import Key
from pipeline.types import Chapter, Chunk, Citation, Length, Origin, Point, Scope, Transcript, Video

SAID = ("In the evening Lady Marble Arch spoke.", "We asked Marble about it, and Marble laughed.", "也许明天")


@pytest.fixture(name="library")
def _library(db: Database) -> Database:
    for name, title, channel in (("aaaaaaaaaaa", "The marble quarry", "Stone & Co"), ("bbbbbbbbbbb", "机器学习的历史", "100% 学")):
        with db.session() as s:
            video_id = videos.ensure_video(s, f"youtube:{name}", "", "youtube", title)
            videos.save_video(s, Video(f"youtube:{name}", "", title, 60.0, channel=channel, language="en"))
            transcripts.save_transcript(s, video_id, Transcript("en", Origin.FILE, None, ()), fence=None)
            transcripts.save_chunks(s, video_id, [Chunk(i, float(i), i + 1.0, text, i, i) for i, text in enumerate(SAID)], np.eye(3, 384), "en", fence=None)
            for length in (Length.SHORT, Length.LONG):  # what two summaries have is found once
                key = Key(video_id, "hash", "llama", "3", length, "en")
                renditions.save_gist(s, key, Point("Drilling took nine winters.", (Citation(7.5, 9.0, "quote", 1),), "phrased", 1.0, 0), fence=None)
                renditions.save_chapters(s, key, (Chapter(0.0, 30.0, "How marble is drilled", "made"), Chapter(30.0, 60.0, "Questions", "made")), fence=None)
    return db


def _found(db: Database, words: str, scope: Scope = Scope()) -> list[tuple[str, str, float]]:  # noqa: B008 - frozen
    with db.session() as s:
        return [(one.kind, one.video_id[0], one.start) for one in named.named(s, words, scope, 10)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("marble quarry", [("title", "a", 0.0)]),
        ("drill marble", [("chapter", "a", 0.0), ("chapter", "b", 0.0)]),
        ("nine winters", [("point", "a", 7.5), ("point", "b", 7.5)]),
        ("question", [("chapter", "a", 30.0), ("chapter", "b", 30.0)]),
        ("学习", [("title", "b", 0.0)]),
        ("' | 'x':* & !marble", []),
        ("", []),
    ],
)
def test_names_are_found_once_with_their_moment(library: Database, words: str, found: list[tuple[str, str, float]]) -> None:
    assert _found(library, words) == found


def test_names_lie_in_the_scope(library: Database) -> None:
    assert _found(library, "question", Scope(channel="Stone & Co")) == [("chapter", "a", 30.0)]
    assert _found(library, "question", Scope(languages=("es",))) == []


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("sto", ("channel", "Stone & Co")),
        ("100%", ("channel", "100% 学")),
        ("lady m", ("name", "Lady Marble Arch")),
        ("marble q", ("title", "The marble quarry")),
        ("how mar", ("chapter", "How marble is drilled")),
        ("_", None),
        ("%", None),
    ],
)
def test_suggestions_begin_as_what_is_typed(library: Database, typed: str, first: tuple[str, str] | None) -> None:
    with library.session() as s:
        found = named.suggestions(s, typed, 8)

    assert (None if not found else (found[0].kind, found[0].text)) == first
    assert len({one.text.casefold() for one in found}) == len(found) <= 8
