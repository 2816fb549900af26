"""Questions to real talks, with the real embeddings and the built-in LLaMA: right moments, nothing invented, and "not found" where nothing was said."""

import pytest

from pipeline.errors import InputError, ModelError
from pipeline.language.generator import Embedder
from pipeline.language.models import BUILTIN
from pipeline.library.answer import answer, ask
from pipeline.library.likelihood import shared
from pipeline.library.moments import Moment
from pipeline.store.database import Database
from pipeline.summary.sentences import plain
from pipeline.types import Answer, Hit, Sentence
from tests.integration.library.conftest import TALKS, id_of
from tests.integration.summary import builtin
from tests.standin.talks import load_talk
from tests.unit.summary.fakes import Away, Model

FACTS = [(name, fact) for name in TALKS for fact in load_talk(name).facts]
BENCHES = "We put in 64 benches, and that cost 38,000 euros, which was the only new money in the whole project."
NOT_SAID = [(name, question) for name in TALKS for question in load_talk(name).unanswerable]


def stands(found: Answer) -> bool:
    """Every citation's words are in the talk that it names, at its time."""
    said = {id_of(name): load_talk(name).cues for name in TALKS}
    return all(
        plain(c.quote) in plain(" ".join(text for start, end, text in said[c.video_id] if end > c.start and start < c.end))
        for c in found.citations
    )


def test_most_facts_are_found_at_their_moment(db: Database, embedder: Embedder) -> None:
    """Quotes only: how good retrieval is, whatever the model does."""
    right = []
    for name, fact in FACTS:
        found = ask(db, embedder, None, fact.question)
        assert stands(found)
        right.append(found.found and any(c.video_id == id_of(name) and c.start < fact.end and c.end > fact.start for c in found.citations))

    assert sum(right) / len(right) >= 0.6, [fact.question for (_, fact), ok in zip(FACTS, right, strict=True) if not ok]


def test_most_questions_without_an_answer_get_none(db: Database, embedder: Embedder) -> None:
    wrong = []
    for _, question in NOT_SAID:
        found = ask(db, embedder, None, question)
        if found.found:
            wrong.append(question)
        else:
            assert found.text == "This was not found in your videos."
            assert found.citations == ()
            assert found.nearest

    assert len(wrong) / len(NOT_SAID) <= 0.34, wrong


def test_the_built_in_model_answers_with_what_was_said_or_is_not_heard(db: Database, embedder: Embedder) -> None:
    fact = load_talk("medium").facts[2]

    *words, last = answer(db, embedder, builtin.generator(), fact.question, video_id=id_of("medium"))

    assert isinstance(last, Answer)
    assert "".join(str(word) for word in words) == last.text
    assert last.found
    assert last.kind in ("phrased", "quote")
    assert fact.answered_by(last.text)
    assert stands(last)


def test_an_invention_is_replaced_by_the_sentence_itself(db: Database, embedder: Embedder) -> None:
    found = ask(db, embedder, Model(lambda prompt: "The benches cost nine million dollars."), "What did the benches cost?")

    assert found.kind == "quote"
    assert "38,000" in found.text


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (f"Sentence 1 says what it cost, 38,000 euros.\nAnswer: {BENCHES}", "phrased"),
        (f"<think>They ask for a price. Answer: 5 euros?</think>**Answer:** {BENCHES}\nDone.", "phrased"),
        ("It must be the first.\nAnswer: The benches cost nine million dollars.", "quote"),
        (BENCHES, "quote"),
        (f"<think>{BENCHES} Answer: {BENCHES}", "quote"),
    ],
)
def test_what_a_model_thinks_is_not_shown_and_its_answer_is_checked(db: Database, embedder: Embedder, written: str, kind: str) -> None:
    model = Model(lambda prompt: written)
    model.steps = True
    found = ask(db, embedder, model, "What did the benches cost?")

    assert "step by step" in model.asked[0][0].user
    assert found.kind == kind
    assert (found.text == BENCHES) == (kind == "phrased")
    assert "38,000" in found.text


def test_a_model_that_is_away_does_not_cost_the_answer(db: Database, embedder: Embedder) -> None:
    class Gone(Away):
        def stream(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def,override]
            raise ModelError("model_unavailable", "The language model is not running.", retryable=True)

        likelihoods = stream

    gone = Gone(lambda prompt: "")
    for gone.model in ("fake", BUILTIN):
        assert "38,000" in ask(db, embedder, gone, "What did the benches cost?").text


def test_the_built_in_model_tells_what_belongs_together(embedder: Embedder) -> None:
    """Without a word in common; and other models are not asked, since nothing was fitted on what they say."""
    texts = ("We drilled all summer.", "Groups in Bergen and Potsdam repeated the measurements and came to the same number.", "Then we packed the tents.")
    said = tuple(Sentence(n, 5.0 * n, 5.0 * n + 5, text) for n, text in enumerate(texts))
    best = Moment(Hit("v", "", 0.0, 15.0, "", 1.0), said[1], 0.0)
    fitting, strange = (shared(question, best, said, builtin.generator()) for question in ("Which laboratories checked the result?", "What does a monthly ticket cost?"))

    assert fitting > max(0.0, strange)
    assert shared("Which laboratories checked the result?", best, said, Model(lambda prompt: "")) == 0.0
    assert shared("Welche Labore haben das Ergebnis geprüft?", best, said, builtin.generator()) == 0.0, "English is all that it knows"
    assert shared("[|]", best, said, builtin.generator()) == 0.0
    assert shared("Which laboratories checked the result?", best, said, None) == 0.0


def test_a_library_without_videos_answers_nothing(empty: Database, embedder: Embedder) -> None:
    found = ask(empty, embedder, None, "What did the benches cost?")

    assert (found.found, found.nearest) == (False, ())


def test_one_video_is_not_answered_from_another(db: Database, embedder: Embedder) -> None:
    found = ask(db, embedder, None, "What did the benches cost?", video_id=id_of("short"))

    assert not found.found
    assert found.text == "This was not found in this video."


@pytest.mark.parametrize(
    ("question", "code"),
    [("", "empty_question"), (" \n", "empty_question"), ("why " * 501, "long_question"), ("x" * 100_000, "long_question")],
)
def test_bad_questions(db: Database, embedder: Embedder, question: str, code: str) -> None:
    with pytest.raises(InputError) as error:
        ask(db, embedder, None, question)
    assert error.value.code == code
