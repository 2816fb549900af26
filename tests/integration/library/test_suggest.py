"""What a video suggests to ask is answered by it."""

import pytest

from pipeline.language.generator import Embedder
from pipeline.library.answer import ask
from pipeline.library.suggest import MOST, candidates, suggested
from pipeline.store.database import Database
from pipeline.types import Chapter, Citation, Point
from tests.integration.library.conftest import id_of
from tests.standin.talks import load_talk


@pytest.mark.parametrize("name", ["medium", "spanish"])
def test_each_suggestion_is_answered_and_what_is_not_said_is_not_suggested(db: Database, embedder: Embedder, name: str) -> None:
    talk = load_talk(name)
    ends = [*(start for start, _ in talk.chapters[1:]), talk.duration]
    chapters = tuple(Chapter(start, end, title) for (start, title), end in zip(talk.chapters, ends, strict=True))
    unsaid = Chapter(0.0, talk.duration + 1, "Quantum chromodynamics of helicopters")
    points = tuple(Point(fact.sentence, (Citation(fact.start, fact.end, fact.sentence, 0),), "quote", 1.0) for fact in talk.facts)

    found = suggested(db, embedder, None, id_of(name), talk.language, (unsaid, *chapters), points)

    assert 1 <= len(found) <= MOST
    assert set(found) <= set(candidates(talk.language, (unsaid, *chapters), points))
    assert not any("helicopters" in question for question in found)
    for question in found:
        assert ask(db, embedder, None, question, video_id=id_of(name)).found, question
