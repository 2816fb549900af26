"""The measures against values that can be worked out by hand."""

import pytest

from pipeline.training.metrics import border_f1, is_looping, repetition, rouge, unsupported, window_diff


def test_rouge_of_the_same_and_of_nothing_shared() -> None:
    same = rouge("The group met on Monday.", "The group met on Monday.")
    assert (same.one, same.two, same.longest) == (100, 100, 100)
    assert rouge("Cats sleep.", "Dogs bark loudly.").one == 0


def test_rouge_counts_pairs_and_order() -> None:
    found = rouge("Monday the group met.", "The group met Monday.")
    assert found.one == 100
    assert found.two == pytest.approx(100 * 2 / 3)
    assert found.longest == 75


def test_what_does_not_occur_in_the_source() -> None:
    assert unsupported("Anna paid 30 dollars in Berkeley.", "Anna: we paid thirty dollars.") == (1, 2)  # Berkeley, of 30 and Berkeley
    assert unsupported("They said \u201cnever again\u201d.", "We will never do it again.") == (1, 1)


@pytest.mark.parametrize(("found", "gold", "value"), [([], [], 0.0), ([5], [5], 0.0), ([5], [], 1.0), ([4], [5], 2 / 8), ([9], [5], 3 / 8)])
def test_window_diff_by_hand(found: list[int], gold: list[int], value: float) -> None:
    """Of ten units; with one gold border a window is two units, and there are eight of them."""
    assert window_diff(found, gold, 10) == value


def test_a_border_counts_once() -> None:
    assert border_f1([3, 4], [4], 1) == pytest.approx(2 / 3)
    assert border_f1([], [], 1) == 1
    assert border_f1([9], [4], 1) == 0


def test_loops() -> None:
    assert is_looping("we go on and on and on and on and on")
    assert is_looping("the plan is good. " * 5)
    assert not is_looping("The plan is good, since it is cheap, and the team that made it knows the market.")
    assert repetition("one two three four") == 0
