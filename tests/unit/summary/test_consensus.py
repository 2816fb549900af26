"""What several answers agree on."""

from hypothesis import given
from hypothesis.strategies import lists, sampled_from

from pipeline.summary.consensus import _longest, agreed, likeness

ROWS = lists(sampled_from("abcd"), max_size=12).map(tuple)


def never(_a: str, _b: str) -> bool:
    return False


def test_what_most_answers_say_is_chosen_and_what_one_says_is_not() -> None:
    answers = ["Bees dance in the dark. The queen lays eggs.", "Bees dance in the dark hive.", "The bees dance in the dark. Wax is soft."]
    statements = ["Wax is soft.", "Bees dance in the dark.", "Honey never spoils."]

    assert agreed(statements, answers, never) == (1,)


def test_statements_stand_in_the_order_of_the_answers() -> None:
    answers = ["First they met on Monday. Then they ate bread."] * 2

    assert agreed(["Then they ate bread.", "First they met on Monday."], answers, never) == (1, 0)


def test_the_same_is_not_said_twice() -> None:
    assert len(agreed(["They met.", "They met!"], ["They met. They met."], lambda a, b: a[:8] == b[:8])) == 1


def test_nothing_comes_of_nothing() -> None:
    assert agreed([], ["They met."], never) == ()
    assert agreed(["They met."], [], never) == ()


@given(ROWS, ROWS)
def test_the_longest_common_subsequence_is_that_of_the_usual_table(a: tuple[str, ...], b: tuple[str, ...]) -> None:
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a, start=1):
        for j, y in enumerate(b, start=1):
            table[i][j] = table[i - 1][j - 1] + 1 if x == y else max(table[i - 1][j], table[i][j - 1])

    assert _longest(a, b) == table[-1][-1]
    assert 0 <= likeness(a, b) <= 1
    assert likeness(a, b) == likeness(b, a)
