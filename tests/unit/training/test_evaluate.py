"""What systems come to on talks of our own, and planted errors: pure functions of texts."""

from dataclasses import replace

import pytest

from pipeline.training import systems
from pipeline.training.evaluate import Row, as_table, cases, judge, measure, to_json
from pipeline.training.examples import examples, receipts, with_receipts
from pipeline.training.meetings import load
from pipeline.training.planted import KINDS, statements, trust
from pipeline.training.systems import Output
from pipeline.training.whole import equal, texttiling, topic_borders
from workers.cli_training import OWN


def row(**given: float) -> Row:
    return replace(Row(0.0, 0.0, 0.0, 0.0, 0.0, None, 0.0, 0.0, 0, 0, 0, 0.0, 0.0), **given)


@pytest.fixture(name="meetings")
def _meetings():  # type: ignore[no-untyped-def]
    return load(OWN)


def count(text: str) -> int:
    return len(text.split())


def test_the_annotators_own_answer_is_perfect_and_an_invention_is_counted(meetings) -> None:  # type: ignore[no-untyped-def]
    asked = cases(meetings, 2)
    gold = judge(asked, [Output((case.question.answer,)) for case in asked], 1.0)
    wrong = judge(asked, [Output(("They bought 77 tanks from Aldous in Prague.",)) for _ in asked], 1.0)

    assert (gold.rouge1, gold.rouge2, gold.rougeL, gold.empty, gold.loops) == (100.0, 100.0, 100.0, 0, 0)
    assert gold.unsupported_rate == 0.0
    assert gold.receipt_overlap is None
    assert wrong.rouge1 < 20
    assert wrong.unsupported_rate == 100.0


def test_loops_and_empty_answers_are_counted(meetings) -> None:  # type: ignore[no-untyped-def]
    found = judge(
        cases(meetings, 2), [Output(("so it goes on and so it goes on and so it goes on and so it goes on and",)), Output(())], 0.5
    )

    assert (found.loops, found.empty, found.seconds) == (1, 1, 0.5)


def test_cited_sentences_outside_the_spans_are_no_receipts(meetings) -> None:  # type: ignore[no-untyped-def]
    (case,) = cases(meetings, 1)
    inside, outside = case.task.sentences[0].index, meetings[0].sentences[-1].index

    assert judge([case], [Output(("Water.",), ((inside, outside),))], 0.0).receipt_overlap == 50.0


def test_lead_and_selected_are_sentences_of_the_source(meetings) -> None:  # type: ignore[no-untyped-def]
    rows = measure(cases(meetings), {"lead": systems.lead, "selected": systems.selected(None)}, lambda _: None)

    assert all(found.quoted == 100.0 and found.unsupported_rate == 0.0 for found in rows.values())
    assert rows["selected"].rouge1 > 30
    assert to_json("own", 10, rows)["systems"]["lead"]["rougeL"] == rows["lead"].rougeL
    assert "selected" in as_table(rows, 10)


def test_examples_teach_only_what_is_shown(meetings) -> None:  # type: ignore[no-untyped-def]
    made = examples(meetings, count)
    kinds = {example.kind for example in made}

    assert kinds >= {"brief", "gist", "title"}
    assert made == examples(meetings, count)
    assert made != examples(meetings, count, seed=2)
    for example in made:
        if example.kind == "brief":
            assert example.answer.endswith("]")
            shown = example.prompt.user.count("\n(")
            cited = [int(number) for part in example.answer.split("[")[1:] for number in part.split("]")[0].split(",")]
            assert cited
            assert all(1 <= number <= shown for number in cited)


def test_a_fact_that_is_not_shown_is_not_taught(meetings) -> None:  # type: ignore[no-untyped-def]
    from pipeline.summary.brief import asked

    question = meetings[0].questions[0]
    shown = asked(question.text, meetings[0].inside(question.spans), "en", count, None)

    assert with_receipts("The tanks hold 1,000 litres. They cost 77 euros in Prague.", shown).startswith("The tanks hold 1,000 litres. [")
    assert "Prague" not in with_receipts("The tanks hold 1,000 litres. They cost 77 euros in Prague.", shown)


def test_receipts_are_the_sentences_with_the_words() -> None:
    bags = [{"rain", "tank"}, {"fence", "gate"}, {"tank", "easter", "jonas"}]

    assert receipts("Jonas puts the tank up before Easter.", bags, frozenset({"the", "up", "before", "puts"})) == (2,)


def test_planted_errors_are_found(meetings) -> None:  # type: ignore[no-untyped-def]
    made = statements(meetings, 10)
    found = trust(made, "en")

    assert {statement.kind for statement in made} == {"", *KINDS}
    assert sum(found.planted.values()) == found.true
    assert all(value >= 80 for value in found.recall.values()), found
    assert found.precision >= 90


def test_a_judge_that_accepts_everything_is_found_out(meetings, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    from pipeline.summary.verify import Verdict
    from pipeline.training import planted

    monkeypatch.setattr(planted, "supported", lambda *_: Verdict("", 1.0))
    found = trust(statements(meetings, 10), "en")

    assert (found.all_recall, found.precision) == (0.0, 0.0)


def test_borders_of_subjects_and_of_baselines(meetings) -> None:  # type: ignore[no-untyped-def]
    borders = topic_borders(meetings[0])

    assert len(borders) == 4
    assert [meetings[0].sentences[at].text.split()[0] for at in borders] == ["Then", "Good.", "Now", "Then"]
    assert equal(3, 100) == [25, 50, 75]
    assert all(0 < at < len(meetings[0].sentences) for at in texttiling(meetings[0]))


def test_what_is_not_carried_is_counted(meetings) -> None:  # type: ignore[no-untyped-def]
    """Statements by what they cite, free text by all that was said."""
    case = cases(meetings, 1)[0]
    first, *_, last = case.task.sentences
    cited = judge([case], [Output((first.text, first.text), ((first.index,), (last.index,)))], 1.0)
    free = judge([case], [Output((f"{first.text} Elephants paint the roof of the harbour.",))], 1.0)

    assert (cited.carried, free.carried) == (50.0, 50.0)
