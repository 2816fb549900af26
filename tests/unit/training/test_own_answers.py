"""Of several answers of a model and of the annotator's, that is taught which stands and comes nearest to both."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.language.generator import Prompt
from pipeline.summary.brief import Asked, asked, statements
from pipeline.training.meetings import Question, load
from pipeline.training.own_answers import TOGETHER, Draws, asked as questions_of, chosen, drawn, pairs
from pipeline.types import Sentence
from workers.cli_training import OWN

SAID = (
    Sentence(0, 0.0, 4.0, "The remote control must cost at most 25 Euros to make.", "Project Manager"),
    Sentence(1, 4.0, 8.0, "Our survey says that people do not like the many small buttons of theirs.", "Marketing"),
    Sentence(2, 8.0, 12.0, "So we should take a rubber case with few large buttons.", "Industrial Designer"),
    Sentence(3, 12.0, 16.0, "A speaker inside would be too expensive for us.", "Industrial Designer"),
)
GOLD = "The remote control must cost at most 25 Euros to make. They want a rubber case with few large buttons."


def view() -> Asked:
    return asked("What did they say about the remote control?", SAID, "en", lambda text: len(text.split()), None)


def told(answer: str) -> list[str]:
    return [made.text for made in statements(answer, len(SAID))]


def test_what_the_annotator_wrote_comes_before_what_he_did_not() -> None:
    draws = [
        "A rubber case with few large buttons should be taken [1]. A speaker inside would be too expensive [4].",
        "A rubber case with few large buttons should be taken [3]. People do not like many small buttons [2].",
    ]
    answer = chosen(view(), draws, GOLD)

    assert told(answer)[0] == "The remote control must cost at most 25 Euros to make."
    assert not any("speaker" in text for text in told(answer))
    assert all(made.rests_on for made in statements(answer, len(SAID)))


def test_numbers_are_those_that_carry_it() -> None:
    answer = chosen(view(), ["A rubber case with few large buttons should be taken [1]."], GOLD)
    (made,) = (made for made in statements(answer, len(SAID)) if "rubber" in made.text)

    assert [view().shown[at].index for at in made.rests_on] == [2]


def test_what_does_not_stand_is_never_taught() -> None:
    wrong = "The remote control must cost at most 75 Euros. People like the many small buttons."

    assert "75" not in chosen(view(), [wrong] * 3, GOLD)
    assert "like the many" not in chosen(view(), [wrong] * 3, GOLD)
    assert chosen(view(), [wrong], "It may cost 75 Euros, as the minister of finance announced.") == ""
    assert chosen(view(), ["Not found."], GOLD).startswith("The remote control must cost at most 25 Euros")


class Asking:
    """Answers with its name, the number of the draw and what it was asked."""

    def __init__(self, model: str = "llama") -> None:
        self.model = model
        self.calls: list[int] = []

    def generate(self, prompts: Sequence[Prompt], **_: object) -> list[str]:
        self.calls.append(len(prompts))
        return [f"{self.model} {prompt.variant} {prompt.user}" for prompt in prompts]


def draw(views: Sequence[Asked], model: Asking, kept: Path, count: int = 2) -> list[list[str]]:
    return drawn(views, model, Draws(count), kept, lambda _: None)  # type: ignore[arg-type]


def test_draws_are_kept_and_gone_on_with(tmp_path: Path) -> None:
    views = [asked(f"What is said of button {number}?", SAID, "en", lambda text: len(text.split()), None) for number in range(TOGETHER + 3)]
    kept, whole = tmp_path / "own.jsonl", Asking()
    every = draw(views, whole, kept)
    assert every == [[f"llama {number} {view.prompt.user}" for number in (0, 1)] for view in views]
    assert whole.calls == [2 * TOGETHER, 6]

    lines = kept.read_text().splitlines(keepends=True)
    kept.write_text("".join(lines[:TOGETHER]) + lines[TOGETHER][:9])  # killed while it wrote
    rest = Asking()

    assert draw(views, rest, kept) == every
    assert rest.calls == [6]
    assert kept.read_text().splitlines(keepends=True) == lines
    assert draw(views[:3], Asking(), kept) == every[:3]
    assert kept.read_text().splitlines(keepends=True) == lines, "fewer are asked for, and none is lost"


def test_draws_of_another_model_or_question_are_not_taken_for_these(tmp_path: Path) -> None:
    other = asked("What is said of the speaker?", SAID, "en", lambda text: len(text.split()), None)
    first = draw([view()], Asking(), tmp_path / "own.jsonl")

    assert draw([view()], Asking("llama+taught"), tmp_path / "own.jsonl") != first
    assert draw([other], Asking(), tmp_path / "own.jsonl") != first
    assert len(draw([view()], Asking(), tmp_path / "own.jsonl", 3)[0]) == 3
    assert draw([view()], Asking(), tmp_path / "own.jsonl") == first


def test_questions_are_taken_by_chance_and_always_the_same() -> None:
    def taken(**given: int) -> list[str]:
        return [question.text for question, _ in questions_of(load(OWN), lambda text: len(text.split()), Draws(2, **given))]

    assert len(taken(questions=4)) == 4
    assert taken(questions=4) == taken()[:4]
    assert taken() != taken(seed=2)
    assert sorted(taken()) == sorted(taken(seed=2))


def test_a_pair_asks_as_the_product_does_and_its_worse_text_has_least_of_the_annotators_in_what_stands() -> None:
    best = "A rubber case with few large buttons should be taken [3]."
    untrue = "The remote control must cost at most 75 Euros to make, with a rubber case and few large buttons [1]."
    (made,) = pairs([(Question("Why?", GOLD, ()), view())], [[best, untrue, "People do not like many small buttons [2]."]])

    assert made.prompt == view().prompt
    assert made.rejected == untrue
    assert made.chosen == chosen(view(), [best, untrue, "People do not like many small buttons [2]."], GOLD)


def test_where_nothing_can_be_taught_there_is_no_pair() -> None:
    wrong = "The remote control must cost at most 75 Euros."

    assert not list(pairs([(Question("Why?", "The minister of finance announced it.", ()), view())], [[wrong, wrong]]))
