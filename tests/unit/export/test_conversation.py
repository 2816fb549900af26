"""A conversation as Markdown: what an answer rests on is told apart from what is only near it."""

from pipeline.export.conversation import markdown
from pipeline.types import Answer, AnswerCitation

ASKED = "What did they say about the lens?"


def test_further_moments_are_no_receipts_and_who_says_it_is_told() -> None:
    rests = AnswerCitation("aaaaaaaaaaa", "Lights", 10.0, 19.0, "Fresnel cut it away.", "Anna")
    beside = AnswerCitation("aaaaaaaaaaa", "Lights", 70.0, 79.0, "It *weighs* a ton.", also=True)
    made = markdown("Lenses", "", (Answer(ASKED, True, "Fresnel cut it away.", (rests, beside), "phrased"),), "http://here")

    assert made.splitlines() == [
        "# Lenses", "", "Asked: the whole library", "", f"## {ASKED}", "", "Fresnel cut it away.", "",
        "- [0:10](http://here/v/aaaaaaaaaaa?t=10) Anna: “Fresnel cut it away.” (Lights)", "", "Also about this:", "",
        "- [1:10](http://here/v/aaaaaaaaaaa?t=70) “It \\*weighs\\* a ton.” (Lights)",
    ]  # fmt: skip


def test_without_further_moments_nothing_is_said_of_them() -> None:
    rests = AnswerCitation("aaaaaaaaaaa", "Lights", 10.0, 19.0, "Fresnel cut it away.")

    assert "Also" not in markdown("Lenses", "", (Answer(ASKED, True, "Fresnel cut it away.", (rests,), "quote"),), "http://here")
