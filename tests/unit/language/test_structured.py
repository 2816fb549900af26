"""Statements as JSON: what the schema allows is read, anything else is refused with a reason."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, strategies as st

from pipeline.language import structured
from pipeline.language.structured import NotInForm, Wanted, unfenced
from pipeline.summary.brief import statements

WANTED = Wanted(shown=7, most=3, longest=80)
WORDS = st.lists(st.sampled_from(["bees", "dance", "for", "3.5", "hours", "Ø", "花", "(so)"]), min_size=3, max_size=8).map(" ".join)
NUMBERS = st.lists(st.integers(1, WANTED.shown), min_size=1, max_size=WANTED.numbers)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["statements", "text", "sentences", "x"]), inner, max_size=3),
)


def answer(*made: tuple[Any, Any]) -> str:
    return json.dumps({"statements": [{"text": text, "sentences": numbers} for text, numbers in made]})


def allowed(found: object, wanted: Wanted = WANTED) -> bool:
    return jsonschema.Draft202012Validator(structured.schema(wanted)).is_valid(found)


def test_an_answer_becomes_the_text_that_is_judged() -> None:
    said = answer(("The group met in May.", [2]), ("They agreed on  the\nbudget [all of it]", [4, 7, 4]))

    text = structured.read(said, WANTED)
    assert text == "The group met in May. [2] They agreed on the budget (all of it) [4,7]"
    assert [(one.text, one.rests_on) for one in statements(text, WANTED.shown)] == [
        ("The group met in May.", (1,)),
        ("They agreed on the budget (all of it).", (3, 6)),
    ]


def test_a_statement_of_two_sentences_loses_its_numbers_in_neither() -> None:
    text = structured.read(answer(("They met in May. All of them agreed.", [3])), WANTED)

    assert [one.rests_on for one in statements(text, WANTED.shown)] == [(2,), (2,)]


def test_nothing_to_say() -> None:
    assert structured.read(answer(), WANTED) == ""
    with pytest.raises(NotInForm, match="no list of 1 to 3"):
        structured.read(answer(), Wanted(shown=7, most=3, longest=80, least=1))


@given(st.lists(st.tuples(WORDS, NUMBERS), max_size=WANTED.most))
def test_what_was_said_and_what_it_rests_on_come_back(made: list[tuple[str, list[int]]]) -> None:
    text = structured.read(answer(*made), WANTED)

    expected = [(f"{said}.", tuple(sorted({number - 1 for number in numbers}))) for said, numbers in made]
    assert [(one.text, one.rests_on) for one in statements(text, WANTED.shown)] == expected


@given(JSON)
def test_nothing_is_read_that_the_schema_does_not_allow(found: Any) -> None:
    for candidate in (found, {"statements": found}, {"statements": [found]}, {"statements": [{"text": "They met.", "sentences": found}]}):
        try:
            structured.read(json.dumps(candidate), WANTED)
        except NotInForm:
            continue
        assert allowed(candidate)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for said in (text, answer((text, [1])), answer()[:-2] + text):
        try:
            structured.read(said, WANTED).encode()
        except NotInForm:
            continue


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "no JSON"),
        ("They met [2].", "no JSON"),
        (f"```json\n{answer()}\n```", "no JSON"),
        (answer(("They met.", [2]))[:-4], "no JSON"),
        ("[" * 100_000, "nested"),
        ("9" * 5000, "no JSON"),
        ("[]", "the answer is no object"),
        ('{"statements": [], "more": 1}', "the answer is no object of statements"),
        ('{"statements": [], "statements": []}', "twice"),
        ('{"statements": {}}', "no list"),
        (answer(*[("They met.", [1])] * 4), "no list of 0 to 3"),
        ('{"statements": [{"text": "They met."}]}', "a statement is no object"),
        (answer((5, [1])), "no text"),
        (answer(("x" * 81, [1])), "up to 80"),
        (answer((" \n ", [1])), "empty"),
        (answer(("a\x00b", [1])), "characters that are none"),
        (answer(("\ud800", [1])), "characters that are none"),
        (answer(("They met.", 1)), "1 to 4 sentences"),
        (answer(("They met.", [])), "1 to 4 sentences"),
        (answer(("They met.", [1, 2, 3, 4, 5])), "1 to 4 sentences"),
        (answer(("They met.", [0])), "0 is no sentence from 1 to 7"),
        (answer(("They met.", [8])), "8 is no sentence from 1 to 7"),
        (answer(("They met.", [True])), "True is no sentence"),
        (answer(("They met.", [1.0])), "1.0 is no sentence"),
        (answer(("They met.", ["1"])), "1 is no sentence"),
    ],
)
def test_what_does_not_keep_to_the_form_is_refused_with_a_reason(said: str, why: str) -> None:
    with pytest.raises(NotInForm, match=why):
        structured.read(said, WANTED)


@pytest.mark.parametrize(("shown", "numbers"), [(1, 1), (3, 3), (200, structured.NUMBERS)])
def test_the_schema_allows_existing_numbers_only(shown: int, numbers: int) -> None:
    wanted = Wanted(shown=shown, most=2, longest=20)
    jsonschema.Draft202012Validator.check_schema(structured.schema(wanted))

    assert allowed(json.loads(answer(("They met.", [shown]))), wanted)
    assert not allowed(json.loads(answer(("They met.", [shown + 1]))), wanted)
    assert not allowed(json.loads(answer(("They met.", [1] * (numbers + 1)))), wanted)
    assert not allowed(json.loads(answer(("They met. " * 3, [1]))), wanted)


def test_a_request_says_it_in_the_fields_that_servers_know() -> None:
    form = structured.schema(WANTED)

    chat = structured.fields(form, chat=True)
    assert chat == {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": form}}}
    assert structured.fields(form, chat=False) == chat | {"json_schema": form}
    assert structured.fields(None, chat=True) == structured.fields(None, chat=False) == {}


def test_marks_of_a_block_of_code_are_taken_off() -> None:
    assert unfenced('```json\n{"statements": []}\n```') == '{"statements": []}'
    assert unfenced("They met. [1]") == "They met. [1]"
