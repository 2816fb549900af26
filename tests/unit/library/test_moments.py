"""What is typed is cleaned or refused; sentences are ranked by words, meaning and kind."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.library.moments import LONGEST_QUERY, Moment, cleaned, fits, moments, named, nearest, worth
from pipeline.types import Hit, Sentence
from tests.unit.summary.fakes import Counter

HIT = Hit("v", "Talk", 0.0, 100.0, "", 0.5)
SENTENCES = (
    Sentence(0, 0, 5, "What did the benches cost?"),
    Sentence(1, 5, 10, "The benches on the way to the bus stops cost 38,000 euros."),
    Sentence(2, 10, 15, "People like the benches by the bus stops."),
    Sentence(3, 15, 20, "Marta Lindqvist draws the map of the buses."),
)


@pytest.mark.parametrize(("text", "kept"), [("  what \n is  it? ", "what is it?"), ("a\x00b", "a b"), ("日本", "日本")])
def test_cleaned(text: str, kept: str) -> None:
    assert cleaned(text) == kept


@pytest.mark.parametrize(("text", "code"), [("", "empty_question"), ("¿?", "empty_question"), ("x" * (LONGEST_QUERY + 1), "long_question")])
def test_refused(text: str, code: str) -> None:
    with pytest.raises(InputError) as error:
        cleaned(text)
    assert (error.value.code, error.value.http_status) == (code, 422)


def test_the_share_of_words_weighs_rare_ones_more() -> None:
    found = moments("What did the benches cost?", [HIT], {"v": SENTENCES})

    by_index = {moment.sentence.index: moment.words for moment in found}
    assert by_index[0] == by_index[1] == 1.0
    assert 0 < by_index[2] < 0.6
    assert by_index[3] == 0


def test_an_answer_is_no_question_and_has_the_number_asked_for() -> None:
    question = "How much did the benches cost?"
    vector = Counter().queries([question])[0]

    best = nearest(question, moments(question, [HIT], {"v": SENTENCES}), vector, Counter(), 10)

    assert best[0].sentence.index == 1


@pytest.mark.parametrize(
    ("question", "who"),
    [
        ("What did Kirsty say about schools?", {"Kirsty Williams AM"}), ("What does Phd F think?", {"PhD F"}), ("What does the PhD think?", set()),
        ("Why did Williams disagree?", set()), ("What is said about music?", set()), ("", set()),
    ],
)  # fmt: skip
def test_whom_a_question_names(question: str, who: set[str]) -> None:
    assert named(question, {"Kirsty Williams AM", "Owen Williams", "PhD F", "PhD A", "♪"}) == who


def test_who_is_named_is_heard_first() -> None:
    said = tuple(Sentence(i, 5.0 * i, 5.0 * i + 5, "The benches are too dear.", speaker) for i, speaker in enumerate(("Anna Berg", "Tom Lind")))
    question = "What does Tom think of the benches?"

    best = nearest(question, moments(question, [HIT], {"v": said}), Counter().queries([question])[0], Counter(), 10)

    assert best[0].sentence.speaker == "Tom Lind"


def test_kinds() -> None:
    assert fits("How many were there?", "There were 26 buses.") > fits("How many were there?", "There were many buses.")
    assert fits("How many buses are there?", "We have two bridges and 26 buses.") > fits("How many buses are there?", "We have two bridges, and buses.") + 0.2
    assert fits("How many buses are there?", "She plans the buses.") < 0
    assert fits("Who drew it?", "It was drawn by Marta.") > fits("Who drew it?", "It was drawn by hand.")
    assert fits("Why?", "Because there were 26 of Marta's.") == 0


def test_meaning_weighs_more_where_words_cannot_be_shared() -> None:
    sentence = SENTENCES[3]

    assert worth(Moment(HIT, sentence, words=0.0, near=0.83, foreign=True)) > worth(Moment(HIT, sentence, words=0.0, near=0.83))


def test_a_question_in_another_language_is_compared_by_meaning_alone() -> None:
    found = moments("¿Cuánto costaron los bancos de las paradas?", [HIT], {"v": SENTENCES})

    assert all(moment.foreign for moment in found)
    assert not any(moment.foreign for moment in moments("What did the benches cost?", [HIT], {"v": SENTENCES}))


def test_hits_without_sentences_give_nothing() -> None:
    assert moments("what?", [HIT], {"v": ()}) == []
    assert nearest("what?", [], np.zeros(384, dtype=np.float32), Counter(), 5) == []
