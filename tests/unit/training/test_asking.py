"""The measure of answers: which questions are put to which meeting, and what the figures count."""

from pipeline.training.asking import Asked, Outcome, as_table, questions, read, series_of, summed
from pipeline.types import Answer, AnswerCitation


def test_our_own_talks_have_enough_questions_of_each_kind() -> None:
    meetings = read(None, None)
    asked = questions(meetings)
    answered, near = [one for one in asked if one.spans], [one for one in asked if one.near]

    assert len(answered) >= 40
    assert len(near) >= 40
    assert all(one.meeting.inside(one.spans) for one in answered)
    assert all(one.text not in {question.text for question in one.meeting.questions} for one in asked if not one.spans)


def test_two_halves_have_nothing_in_common_and_are_all() -> None:
    meetings = read(None, None)
    halves = [{(one.meeting.name, one.text) for one in questions(meetings, half)} for half in (0, 1)]

    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == {(one.meeting.name, one.text) for one in questions(meetings)}


def test_the_series_of_a_meeting() -> None:
    assert [series_of(name) for name in ("ES2006a", "Bmr012", "covid_2", "garden")] == ["AMI", "ICSI", "committee", "garden"]


def test_what_is_counted() -> None:
    meeting = next(one for one in read(None, None) if one.name == "garden")
    said = next(sentence for sentence, turn in zip(meeting.sentences, meeting.turns, strict=True) if turn == 2)
    right = Answer("", True, "It goes up by 18 percent.", (AnswerCitation("v", "", said.start, said.end, "The price of water goes up by 18 percent in April."),), "phrased")
    elsewhere = Answer("", True, "It costs 99 euros.", (AnswerCitation("v", "", 900.0, 901.0, "It is dear."),), "phrased")
    refused = Answer("", False, "", (), "none")
    asked, not_said, near = Asked(meeting, "How much?", ((2, 2),)), Asked(meeting, "Who?", ()), Asked(meeting, "When?", (), near=True)
    found = summed([Outcome(asked, right, 1.0), Outcome(asked, elsewhere, 1.0), Outcome(asked, refused, 1.0), Outcome(not_said, refused, 1.0), Outcome(near, elsewhere, 1.0)])

    assert (found.answerable, found.elsewhere, found.near) == (3, 1, 1)
    assert found.overlap == 50.0
    assert (round(found.refused_answerable or 0, 1), found.refused_elsewhere, found.refused_near) == (33.3, 100.0, 0.0)
    assert round(found.unsupported or 0, 1) == 66.7, "two of three numbers"
    assert len(found.wrong) == 3
    assert "33.3 %" in as_table(found)
