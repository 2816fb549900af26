"""What is taken off a question is what the embedder of this version says of everyday questions and passages."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.language.usual import ANY, PASSAGES, QUESTIONS, _vectors, everyday, measured, usual
from tests.integration.summary import builtin


@pytest.mark.parametrize("texts", [QUESTIONS, PASSAGES])
def test_the_stored_vectors_are_those_of_the_texts(texts: Path) -> None:
    made = measured(builtin.embedder().queries if texts is QUESTIONS else builtin.embedder().passages, texts)

    assert set(_vectors(texts)) == set(made)
    for name, vector in made.items():
        assert np.abs(_vectors(texts)[name] - vector).max() < 2e-3, name  # half precision


def test_a_question_loses_what_its_own_language_shares() -> None:
    assert usual("¿Cuánta gente vive en la ciudad de México?") is _vectors(QUESTIONS)["es"]
    assert usual("这座桥是什么时候建成的？") is _vectors(QUESTIONS)["zh"]
    assert usual("Hversu margir búa á Íslandi í dag?") is _vectors(QUESTIONS)[ANY]


def test_what_is_said_every_day_is_known_by_its_language() -> None:
    said = json.loads(PASSAGES.read_text(encoding="utf-8"))

    assert len({len(texts) for texts in said.values()}) == 1, "as many in every language"
    assert all(everyday(" ".join(texts)) is _vectors(PASSAGES)[language] for language, texts in said.items())
    assert everyday("这座桥是什么时候建成的？") is _vectors(PASSAGES)[ANY]
