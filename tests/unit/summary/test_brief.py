"""Statements and their receipts: what a model writes is read leniently and believed only where it stands."""

from hypothesis import given
from hypothesis.strategies import integers, text

from pipeline.summary.brief import FEWER, LEAST, VARIANTS, Asked, Statement, asked, judged, statements, variants
from pipeline.types import Sentence

SAID = (
    Sentence(0, 0.0, 4.0, "The remote control must cost at most 25 Euros.", "Project Manager"),
    Sentence(1, 4.0, 8.0, "Mm.", "Marketing"),
    Sentence(2, 8.0, 12.0, "Our survey says that people do not like the many buttons of theirs.", "Marketing"),
    Sentence(3, 12.0, 16.0, "So we should take a rubber case with few large buttons.", "Industrial Designer"),
)


def ask(question: str = "What did they say about the buttons?") -> Asked:
    return asked(question, SAID, "en", lambda text: len(text.split()), None)


def test_receipts_stand_before_or_behind_the_full_stop() -> None:
    assert statements("They met on Monday [2]. The price is 25 Euros. [1, 4]", 4) == (
        Statement("They met on Monday.", (1,)),
        Statement("The price is 25 Euros.", (0, 3)),
    )


def test_a_full_stop_after_a_title_ends_no_statement() -> None:
    assert statements("The plan by Dr. Smith costs 3.5 million. J. Doe agreed with it [1].", 4) == (
        Statement("The plan by Dr. Smith costs 3.5 million.", ()),
        Statement("J. Doe agreed with it.", (0,)),
    )


def test_numbers_that_do_not_exist_are_left_out() -> None:
    assert statements("They met on Monday [0,9,2].", 4) == (Statement("They met on Monday.", (1,)),)


def test_not_found_is_no_statement() -> None:
    assert statements("Not found.", 4) == ()


@given(text(), integers(0, 9))
def test_any_answer_is_read(answer: str, shown: int) -> None:
    for statement in statements(answer, shown):
        assert statement.text
        assert all(0 <= number < shown for number in statement.rests_on)


def test_prompt_numbers_the_sentences_and_names_the_speakers() -> None:
    made = ask()
    assert "(1) Project Manager: The remote control" in made.prompt.user
    assert made.shown[0] == SAID[0]


def test_a_statement_keeps_the_sentences_that_carry_it() -> None:
    (point,) = judged(ask(), ["Marketing said that people do not like the many buttons [1]."])
    assert point.kind == "phrased"
    assert [citation.sentence for citation in point.citations] == [2]


def test_what_nobody_said_is_not_told() -> None:
    points = judged(ask(), ["Marketing said that people like the many buttons [3]. The case costs 30 Euros [1]. Philips was praised [2]."])
    assert all(point.kind == "quote" for point in points)
    assert {point.text for point in points} <= {sentence.text for sentence in SAID}


def test_an_end_mark_of_another_script_is_one() -> None:
    assert [found.text for found in statements("我们将在五月采用新的方案。[1]", 2)] == ["我们将在五月采用新的方案。"]


def test_the_same_is_said_once() -> None:
    answer = "The remote must cost at most 25 Euros [1]. The remote control must cost at most 25 Euros [1]."
    assert len(judged(ask(), [answer])) == 1


def test_an_answer_is_no_longer_than_what_is_shown_allows() -> None:
    """Who must write more than there is to say invents."""
    little, much = (asked("What about the price?", SAID[:1] * times, "en", lambda text: len(text.split()), None) for times in (1, 60))

    assert little.prompt.min_tokens == len("Project Manager: The remote control must cost at most 25 Euros.".split()) // FEWER
    assert much.prompt.min_tokens == LEAST


def test_of_several_answers_what_most_say_is_kept_and_what_does_not_stand_is_replaced() -> None:
    good = "Marketing said that people do not like the many buttons [2]."
    answers = [f"{good} The case costs 30 Euros [1].", f"{good} The remote control must cost at most 25 Euros [1].", "They should take a rubber case with few large buttons [3]."]
    points = judged(ask(), answers)

    assert [point.text for point in points[:1]] == [good.replace(" [2]", "")]
    assert all(point.kind == "phrased" and "30" not in point.text for point in points)


def test_variants_are_one_prompt_with_numbers() -> None:
    made = variants(ask())

    assert [prompt.variant for prompt in made] == list(range(VARIANTS))
    assert {(prompt.system, prompt.user) for prompt in made} == {(made[0].system, made[0].user)}
