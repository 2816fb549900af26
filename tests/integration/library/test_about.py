"""What a whole video is about, asked of it, of several, and of a library that has no other."""

from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.language.generator import Embedder
from pipeline.library.answer import ask
from pipeline.library.reach import LIBRARY, Reach, few_videos
from pipeline.store.database import Database
from pipeline.store.renditions import Key, save_gist
from pipeline.types import Citation, Point
from tests.integration.library.conftest import TALKS, id_of, stored
from tests.integration.store.fresh import migrated_database
from tests.standin.talks import load_talk

ABOUT = "What is the talk about?"


@pytest.fixture(scope="module", name="alone")
def _alone(servers: Settings) -> Iterator[Database]:
    db = Database(migrated_database(servers, "onevideo"))
    stored(db, "short", lambda texts: np.zeros((len(texts), 384), np.float32))
    yield db
    db.dispose()


@pytest.mark.parametrize("reach", [LIBRARY, Reach((id_of("short"),))])
def test_a_library_of_one_video_is_about_it(alone: Database, embedder: Embedder, reach: Reach) -> None:
    """It was refused: only a question to one named video was told of as a whole, and only with a summary."""
    found = ask(alone, embedder, None, ABOUT, reach=reach)
    said = " ".join(text for _, _, text in load_talk("short").cues)

    assert found.found
    assert found.kind == "quote"
    assert {citation.video_id for citation in found.citations} == {id_of("short")}
    assert all(citation.quote in said for citation in found.citations)


def test_several_videos_are_told_of_one_by_one(db: Database, embedder: Embedder) -> None:
    found = ask(db, embedder, None, "What are my videos about?")

    assert {citation.video_id for citation in found.citations} == {id_of(name) for name in TALKS}
    assert all(f"“{load_talk(name).title}”: " in found.text for name in TALKS)


def test_the_summary_answers_where_there_is_one(alone: Database, embedder: Embedder) -> None:
    start, end, quote = load_talk("short").cues[1]
    gist = Point("It is told in short.", (Citation(start, end, quote, 1),), "phrased", 0.9)
    with alone.session() as s:
        save_gist(s, Key(id_of("short"), "hash", "model", "1", "medium", "en"), gist, fence=None)

    found = ask(alone, embedder, None, ABOUT)

    assert (found.text, found.kind) == ("It is told in short.", "phrased")
    assert [citation.quote for citation in found.citations] == [quote]


def test_few_videos_are_named_and_many_are_not(db: Database) -> None:
    every = tuple(sorted(id_of(name) for name in TALKS))

    assert few_videos(db, LIBRARY, 3) == every
    assert few_videos(db, LIBRARY, 2) == ()
    assert few_videos(db, Reach(every[:2]), 3) == every[:2]
    assert few_videos(db, Reach(("nothing0000",)), 3) == ("nothing0000",), "the one that is asked is asked, whether read or not"
