"""What a video suggests to ask is answered by it."""

from collections.abc import Sequence

import pytest

from pipeline.errors import ModelError
from pipeline.language.generator import Embedder, Priority, Prompt
from pipeline.language.models import BUILTIN
from pipeline.library.answer import ask
from pipeline.library.suggest import MOST, candidates, suggested
from pipeline.store.database import Database
from pipeline.types import Chapter, Citation, Point
from tests.integration.library.conftest import id_of
from tests.integration.summary import builtin
from tests.standin.talks import load_talk
from tests.unit.summary.fakes import Model


@pytest.mark.parametrize(("name", "model"), [("medium", False), ("medium", True), ("spanish", False)])
def test_each_suggestion_is_answered_and_what_is_not_said_is_not_suggested(db: Database, embedder: Embedder, name: str, model: bool) -> None:
    generator = builtin.generator() if model else None
    talk = load_talk(name)
    ends = [*(start for start, _ in talk.chapters[1:]), talk.duration]
    chapters = tuple(Chapter(start, end, title) for (start, title), end in zip(talk.chapters, ends, strict=True))
    unsaid = Chapter(0.0, talk.duration + 1, "Quantum chromodynamics of helicopters")
    points = tuple(Point(fact.sentence, (Citation(fact.start, fact.end, fact.sentence, 0),), "quote", 1.0) for fact in talk.facts)

    found = suggested(db, embedder, generator, id_of(name), talk.language, (unsaid, *chapters), points)

    assert 1 <= len(found) <= MOST
    assert set(found) <= set(candidates(talk.language, (unsaid, *chapters), points))
    assert not any("helicopters" in question for question in found)
    for question in found:
        assert ask(db, embedder, generator, question, video_id=id_of(name)).found, question


class Counting(Model):
    """By the name of the built-in model; it holds every question for likely, or is away."""

    def __init__(self, *, away: bool) -> None:
        super().__init__(lambda prompt: "")
        self.model = BUILTIN
        self.away = away
        self.heard: list[Priority] = []

    def likelihoods(self, prompts: Sequence[Prompt], answers: Sequence[str], *, priority: Priority = Priority.INTERACTIVE) -> list[float]:
        self.heard.append(priority)
        if self.away:
            raise ModelError("model_unavailable", "The language model is not running.", retryable=True)
        return [float(number) for number in range(len(prompts))]


def test_the_language_model_is_heard_behind_those_who_wait_and_not_again_where_it_is_away(db: Database, embedder: Embedder) -> None:
    talk = load_talk("medium")
    chapters = tuple(Chapter(start, start + 60.0, title) for start, title in talk.chapters)
    there, away = Counting(away=False), Counting(away=True)

    with_it, without = (suggested(db, embedder, model, id_of("medium"), talk.language, chapters, ()) for model in (there, away))

    assert set(there.heard) == {Priority.BATCH}
    assert len(there.heard) > 1
    assert len(away.heard) == 1
    assert with_it
    assert without
