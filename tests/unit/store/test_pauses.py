"""How long a stage waits before it is tried again."""

import pytest

from pipeline.errors import ModelError, cause
from pipeline.store.stages import MAX_FAILURES, _pause


def test_without_advice_pauses_grow() -> None:
    error = cause("network")

    assert [_pause(error, failures) for failures in (1, 2, 3)] == [10.0, 30.0, 90.0]


def test_advice_is_followed_twice_and_then_only_a_lower_bound() -> None:
    error = ModelError("model_unavailable", "x", retryable=True, retry_after=5.0)

    assert [_pause(error, failures) for failures in range(1, 7)] == [5.0, 5.0, 10.0, 30.0, 90.0, 270.0]


@pytest.mark.parametrize("code", ["bot_check", "rate_limited"])
def test_long_advice_stays_long(code: str) -> None:
    error = cause(code)

    assert [_pause(error, failures) for failures in range(1, 6)] == [error.retry_after] * 5


def test_a_server_that_starts_slowly_has_ten_minutes() -> None:
    error = ModelError("model_unavailable", "x", retryable=True, retry_after=5.0)

    assert sum(_pause(error, failures) for failures in range(1, MAX_FAILURES)) > 600
