"""Numbers are one number however they are written."""

import pytest

from pipeline.summary.numbers import numbers, unsupported


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,500 people", 1500),
        ("1.500 Leute", 1500),
        ("1.5 meters", 1.5),
        ("1,5 Meter", 1.5),
        ("fifteen hundred people", 1500),
        ("two thousand and five things", 2005),
        ("twenty five percent", 25),
        ("twenty-five percent", 25),
        ("three million dollars", 3_000_000),
        ("3 million dollars", 3_000_000),
        ("1,234,567.8 tons", 1234567.8),
        ("1911", 1911),
    ],
)
def test_values(text: str, value: float) -> None:
    assert [number for number, _ in numbers(text)] == [value]


@pytest.mark.parametrize(
    ("a", "b"),
    [("25%", "twenty-five percent"), ("$30", "thirty dollars"), ("8 hours", "eight hour"), ("5,000 euros", "five thousand euros")],
)
def test_the_same_said_in_two_ways(a: str, b: str) -> None:
    assert unsupported(a, b) == []
    assert unsupported(b, a) == []


def test_a_lone_one_is_no_number() -> None:
    assert numbers("No one knows which one it was.") == []


def test_numbers_and_units_that_were_not_said() -> None:
    said = "The house cost 200 dollars and is 40 meters long."

    assert unsupported("It cost 300 dollars.", said) == [300]
    assert unsupported("It cost 40 dollars.", said) == [40]
    assert unsupported("It is 200 meters long.", said) == [200]
    assert unsupported("It cost 200 dollars.", said) == []
