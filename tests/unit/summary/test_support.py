"""Statements in other words than their sentences: what carries them, and what turns them round."""

import pytest

from pipeline.summary.support import attributed, supported

TURNED = [
    ("We need a camera.", "I don't think we need a camera."),
    ("The remote should be yellow.", "I do not believe the remote should be yellow."),
    ("The team can afford a speaker.", "The team can't really afford a speaker."),
    ("The model works in production.", "It is not true that the model works in production."),
    ("The model needs labels.", "The model never actually needs labels."),
    ("The vaccine is safe for children.", "Nobody has proven the vaccine is safe for children."),
    ("They do not want a bigger garden.", "They want a bigger garden, and nobody was there."),
    ("The bridge was not closed in March.", "The bridge was closed in March."),
    ("The bridge was closed in March.", "The bridge was not closed in March."),
]


@pytest.mark.parametrize(("text", "said"), TURNED)
def test_what_was_denied_is_not_said_and_what_was_said_is_not_denied(text: str, said: str) -> None:
    assert not supported(text, [said], "en").ok


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The wind destroyed the bridge in 1940.", "Nobody had tested it, so the wind destroyed the bridge in 1940."),
        ("The queue was long because the doors were late.", "They did not open the doors in time. The queue was long because the doors were late."),
        ("It is not easy to see how large the hall is.", "It is not easy to see how large the hall is, and nobody measured it."),
        ("They talked about the camera and its buttons.", "I do not think the camera is cheap. They talked about its buttons."),
    ],
)
def test_a_negation_elsewhere_does_no_harm(text: str, said: str) -> None:
    assert supported(text, [said], "en").ok


def test_the_fewest_sentences_that_have_the_words_are_cited() -> None:
    said = ["Bees dance on the comb.", "The weather was fine.", "The dance tells where the flowers are."]

    assert attributed("The dance of the bees tells where the flowers are.", said, "en").used == (0, 2)


def test_numbers_and_names_that_nobody_said_are_refused() -> None:
    assert not supported("The bridge cost 20 million in Oslo.", ["The bridge cost 30 million in Oslo."], "en").ok
    assert not supported("The bridge cost 30 million in Bergen.", ["The bridge cost 30 million in Oslo."], "en").ok
