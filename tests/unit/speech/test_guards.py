"""What was made up is told from what was said."""

import pytest

from pipeline.speech.guards import Evidence, collapse, compression, made_up
from pipeline.speech.words import Word


def words(text: str, *, probability: float = 0.9, each: float = 0.3) -> tuple[Word, ...]:
    return tuple(Word(f" {word}", n * each, (n + 1) * each, probability) for n, word in enumerate(text.split()))


def joined(found: tuple[Word, ...]) -> str:
    return "".join(word.text for word in found).strip()


SURE = Evidence(no_speech=0.05, log_probability=-0.2, text="")
UNSURE = Evidence(no_speech=0.4, log_probability=-0.9, text="")


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Subtitles by the Amara.org community",
        "Untertitel im Auftrag des ZDF",
        "ご視聴ありがとうございました",
        "Thank you.",
    ],
)
def test_credits_are_believed_only_when_they_were_heard_clearly(text: str) -> None:
    assert made_up(words(text, each=1.0), UNSURE)
    assert not made_up(words(text, each=1.0), SURE)


def test_ordinary_sentences_are_kept_even_when_heard_badly() -> None:
    assert not made_up(words("The second law says that entropy never falls."), UNSURE)


def test_guesses_over_what_may_be_no_speech_are_dropped() -> None:
    assert made_up(words("Vigor mood hats", probability=0.1), UNSURE)
    assert not made_up(words("Vigor mood hats", probability=0.1), SURE)


def test_nobody_speaks_that_fast() -> None:
    assert made_up(words("this whole sentence was squeezed into a blink", each=0.01), SURE)


def test_silence_needs_both_signs() -> None:
    assert Evidence(0.9, -1.5, "x").silent
    assert not Evidence(0.9, -0.3, "x").silent
    assert not Evidence(0.1, -1.5, "x").silent


def test_a_loop_is_doubtful_and_collapses() -> None:
    loop = "we begin " + "and so it goes on " * 30 + "the end"

    assert Evidence(0.1, -0.2, loop).doubtful
    assert compression("An ordinary sentence says something new with every word of it.") < 2.4
    assert joined(collapse(words(loop))) == "we begin and so it goes on and so it goes on the end"


def test_collapsing_sees_through_case_and_punctuation() -> None:
    assert joined(collapse(words("No, no. No! NO no stop"))) == "No, no. stop"


def test_what_is_said_twice_stays() -> None:
    assert joined(collapse(words("very very good and very very bad"))) == "very very good and very very bad"
