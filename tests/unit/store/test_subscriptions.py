"""How much later a look comes after looks that failed."""

import pytest

from pipeline.store.subscriptions import LEAST, LONGEST_PAUSE, MOST, pause

HOUR = 3600.0


def test_a_source_that_is_not_to_blame_is_looked_at_soon() -> None:
    assert [pause(6 * HOUR, failures, soon=True) / 60 for failures in (1, 2, 3, 4)] == [15, 30, 60, 120]


def test_a_source_that_is_gone_is_looked_at_ever_more_rarely() -> None:
    assert [pause(6 * HOUR, failures, soon=False) / HOUR for failures in (1, 2, 3, 4, 5, 60)] == [12, 24, 48, 96, 168, 168]


@pytest.mark.parametrize("every", [LEAST, LONGEST_PAUSE, MOST])
@pytest.mark.parametrize("soon", [True, False])
def test_no_pause_is_shorter_than_a_quarter_of_an_hour_or_grows_for_ever(every: float, soon: bool) -> None:
    pauses = [pause(every, failures, soon=soon) for failures in range(1, 100)]

    assert pauses == sorted(pauses)
    assert pauses[0] >= LEAST
    assert pauses[-1] == max(every, LONGEST_PAUSE)
