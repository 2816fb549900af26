"""What readers think becomes what the model is taught."""

from dataclasses import replace

import pytest

from pipeline.store.feedback import Feedback, Opinion, Place
from pipeline.summary import prompts
from pipeline.summary.brief import statements
from pipeline.training.feedback import lessons, prompt_of, split
from pipeline.types import Sentence

SAID = (
    "The keeper lived on the rock.",
    "He wound the clockwork of the lens every four hours.",
    "In 1907 a valve took over his work.",
    "Then he went home.",
)
SHOWN = tuple(Sentence(at + 7, 10.0 * at, 10.0 * at + 9, text, "Anna" if at == 1 else None) for at, text in enumerate(SAID))
GIVEN = Feedback(
    "aaaaaaaaaaa", Place.POINT, Opinion.EDIT, "The clockwork was wound.", "phrased", "He wound the lens every four hours.",
    "What is said about “The keepers”?", SHOWN, (8,), "a-model", "1", "en",
)  # fmt: skip


def test_an_edit_is_an_answer_in_the_products_own_form() -> None:
    (example,) = lessons([GIVEN]).examples

    assert example.prompt == prompts.brief(GIVEN.question, [SAID[0], f"Anna: {SAID[1]}", *SAID[2:]], "en")
    assert example.answer == "He wound the lens every four hours. [2]"
    (read,) = statements(example.answer, len(SHOWN))
    assert (read.text, read.rests_on) == (GIVEN.instead, (1,))


def test_an_edit_is_liked_better_than_what_it_replaced() -> None:
    (pair,) = lessons([GIVEN]).pairs

    assert (pair.chosen, pair.rejected) == ("He wound the lens every four hours. [2]", "The clockwork was wound. [2]")
    assert pair.prompt == prompt_of(GIVEN)


@pytest.mark.parametrize(
    ("opinion", "instead"), [(Opinion.DOWN, ""), (Opinion.QUOTE, "He wound the clockwork of the lens every four hours.")]
)
def test_a_dislike_likes_the_speakers_sentence_better(opinion: Opinion, instead: str) -> None:
    found = lessons([replace(GIVEN, opinion=opinion, instead=instead)])

    assert found.examples == ()
    assert [(pair.chosen, pair.rejected) for pair in found.pairs] == [(f"{SAID[1]} [2]", "The clockwork was wound. [2]")]


def test_what_was_liked_is_an_answer_and_no_pair() -> None:
    found = lessons([replace(GIVEN, opinion=Opinion.UP, instead="")])

    assert [example.answer for example in found.examples] == ["The clockwork was wound. [2]"]
    assert found.pairs == ()


@pytest.mark.parametrize("opinion", [Opinion.UP, Opinion.DOWN])
def test_a_thumb_on_the_speakers_words_teaches_nothing(opinion: Opinion) -> None:
    assert lessons([replace(GIVEN, kind="quote", opinion=opinion, instead="")]) == lessons([])


def test_an_edit_of_the_speakers_words_is_an_answer_only() -> None:
    found = lessons([replace(GIVEN, kind="quote", text=SAID[1])])

    assert (len(found.examples), len(found.pairs)) == (1, 0)


def test_what_nobody_said_is_not_taught() -> None:
    """The reader may know better than the talk; the model would learn to invent."""
    found = lessons([replace(GIVEN, instead="He wound the clockwork 6 times a day. His name was Olaf.")])
    half = lessons([replace(GIVEN, instead="He wound the clockwork. His name was Olaf.")])

    assert found == lessons([])
    assert [example.answer for example in half.examples] == ["He wound the clockwork. [2]"]


def test_a_translation_teaches_nothing() -> None:
    assert lessons([replace(GIVEN, language="es", text="Se dio cuerda al reloj.")]) == lessons([])


def test_answers_are_taught_in_the_form_of_answers() -> None:
    given = replace(GIVEN, place=Place.ANSWER, question="Who wound the clockwork?", text="It was wound.", instead="The keeper did.", language="")
    found = lessons([given])

    assert found.examples[0].prompt == prompts.reply("Who wound the clockwork?", [SAID[1]], "en")
    assert found.examples[0].answer == "The keeper did."
    assert (found.pairs[0].chosen, found.pairs[0].rejected) == ("The keeper did.", "It was wound.")
    assert lessons([replace(given, instead="It was Olaf.")]) == lessons([])


def test_one_of_five_is_checked_by_and_always_the_same_ones() -> None:
    given = [replace(GIVEN, text=f"The clockwork was wound {'again ' * at}.") for at in range(10)]
    taught, checked = split([*given, replace(GIVEN, kind="quote", opinion=Opinion.UP, instead="")])

    assert (len(taught), len(checked)) == (8, 2)
    assert not set(taught) & set(checked)
    assert split(given[::-1]) == (taught, checked)
