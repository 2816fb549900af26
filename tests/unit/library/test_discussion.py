"""Which questions are answered by a few statements, and that what does not stand is not told."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.library.discussion import asks_much, told
from pipeline.library.moments import Moment
from pipeline.library.receipts import quoting, with_further
from pipeline.types import Answer, AnswerCitation, Hit, Sentence
from tests.unit.summary.fakes import Away, Model

HIT = Hit("v1", "Beekeeping", 0.0, 30.0, "", 1.0)
SAID = tuple(
    Sentence(at, at * 5.0, at * 5.0 + 5.0, text)
    for at, text in enumerate(
        (
            "A new queen is raised in a large cell that hangs from the comb.",
            "The workers feed the young queen with royal jelly for sixteen days.",
            "The old queen leaves the hive with half of the workers before the new one hatches.",
            "That swarm looks for a hollow tree within a few days.",
        )
    )
)
BEST = [Moment(HIT, SAID[2], 0.8, 0.9)]
QUESTION = "What did she say about the old queen?"


class Vectors:
    """Everything means the same."""

    def passages(self, texts: list[str]) -> np.ndarray:
        return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))

    queries = passages

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("question", "much"),
    [
        (QUESTION, True),
        ("Summarize the discussion about swarming.", True),
        ("Why did the board decide to close the bridge?", True),
        ("How many days does a queen need?", False),
        ("Who raises the queen?", False),
        ("When is the hive inspected?", False),
        ("What was decided about the hive?", True),
        ("What is the proposed price?", False),
        ("What was the agreed date?", False),
        ("What is an agreement?", False),
        ("How does a thinking machine work?", False),
        ("What did Anna say the population was?", False),
    ],
)
def test_a_few_statements_are_wanted(question: str, much: bool) -> None:
    assert asks_much(question) == much


def test_what_the_model_says_is_told_with_its_moments() -> None:
    model = Model(lambda _: "The old queen leaves the hive with half of the workers [3].")
    found = told(QUESTION, BEST, {"v1": SAID}, "en", model, Vectors())

    assert found is not None
    assert (found.text, found.kind) == ("The old queen leaves the hive with half of the workers.", "phrased")
    assert [(one.start, one.end) for one in found.citations] == [(10.0, 15.0)]


@pytest.mark.parametrize(
    "answer",
    [
        "The old queen stays in the hive until winter comes back [3].",
        "The old queen leaves the hive with 300 of the workers [3].",
        "The old queen never leaves the hive with half of the workers [3].",
        "The team agreed that the old queen leaves the hive with half of the workers [3].",
        "Not found.",
    ],
)
def test_what_was_not_said_is_not_told(answer: str) -> None:
    assert told(QUESTION, BEST, {"v1": SAID}, "en", Model(lambda _: answer), Vectors()) is None


@pytest.mark.parametrize(("seconds", "told_of"), [(5.0, True), (100.0, False)])
def test_what_two_places_say_is_not_joined(seconds: float, told_of: bool) -> None:
    said = tuple(replace(sentence, start=sentence.index * seconds, end=sentence.index * seconds + 5.0) for sentence in SAID)
    model = Model(lambda _: "A new queen is raised in a large cell and the swarm looks for a hollow tree [1,4].")

    assert (told(QUESTION, [replace(BEST[0], sentence=said[2])], {"v1": said}, "en", model, Vectors()) is not None) == told_of


def test_a_model_that_is_away_tells_nothing() -> None:
    assert told(QUESTION, BEST, {"v1": SAID}, "en", Away(lambda _: ""), Vectors()) is None


def test_further_moments_stand_beside_an_answer_that_rests_on_others() -> None:
    carried = AnswerCitation("v1", "Beekeeping", 5.0, 10.0, SAID[1].text, "Anna")
    answer = Answer(QUESTION, True, "She feeds it.", (carried,), "phrased")
    best = [Moment(HIT, sentence, 0.8, 0.9) for sentence in SAID]

    found = with_further(answer, best).citations

    assert [(one.start, one.also) for one in found] == [(5.0, False), (0.0, True), (10.0, True), (15.0, True)], "not the one that is cited already"
    assert with_further(answer, []) == answer


def test_who_says_it_stands_in_the_receipt() -> None:
    said = tuple(replace(sentence, speaker="Anna") for sentence in SAID)

    assert {one.speaker for one in quoting(QUESTION, [replace(BEST[0], sentence=said[2])]).citations} == {"Anna"}
    assert {one.speaker for one in quoting(QUESTION, BEST).citations} == {""}
