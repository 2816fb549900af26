"""When to look again at what cannot be read yet."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import HOUR, NotYet, SourceError
from pipeline.live import DAY, FARTHEST, MINUTE, PATIENCE, look_again

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def pause(code: str, *, ahead: float | None = None, asked: float = 0.0) -> float:
    """Seconds until the next look. `ahead`: seconds until it begins; `asked`: seconds since it was asked for."""
    begins = None if ahead is None else (NOW + timedelta(seconds=ahead)).timestamp()
    return look_again(NotYet(code, "Not yet.", begins=begins), NOW - timedelta(seconds=asked), NOW).seconds


@pytest.mark.parametrize(
    ("code", "ahead", "seconds"),
    [
        ("live_upcoming", 3 * HOUR, 3 * HOUR + 2 * MINUTE),
        ("live_upcoming", 30 * DAY, DAY),
        ("live_upcoming", -5 * MINUTE, 10 * MINUTE),
        ("live_upcoming", None, HOUR),
        ("live_now", -HOUR, 15 * MINUTE),
        ("live_now", -5 * HOUR, 30 * MINUTE),
        ("live_now", None, 15 * MINUTE),
        ("live_processing", -4 * MINUTE, 5 * MINUTE),
        ("live_processing", -HOUR, 30 * MINUTE),
        ("live_processing", -8 * HOUR, HOUR),
    ],
)
def test_the_next_look(code: str, ahead: float | None, seconds: float) -> None:
    assert pause(code, ahead=ahead) == seconds


def test_what_is_announced_for_later_than_the_patience_is_waited_for_to_its_end() -> None:
    """Asked for five weeks ago, began a minute ago."""
    assert pause("live_now", ahead=-MINUTE, asked=35 * DAY) == 15 * MINUTE


@pytest.mark.parametrize(
    ("code", "ahead", "asked", "why"),
    [
        ("live_upcoming", FARTHEST + DAY, 0.0, "more than a year ahead"),
        ("live_upcoming", -PATIENCE - DAY, 0.0, "should have begun more than 14 days ago"),
        ("live_upcoming", None, PATIENCE + DAY, "should have begun"),
        ("live_now", -PATIENCE - DAY, 0.0, "live for more than 14 days"),
        ("live_now", None, PATIENCE + DAY, "live for more than 14 days"),
        ("live_processing", -PATIENCE - DAY, PATIENCE + DAY, "taken more than 14 days"),
    ],
)
def test_the_waiting_has_an_end(code: str, ahead: float | None, asked: float, why: str) -> None:
    with pytest.raises(SourceError, match=why) as caught:
        pause(code, ahead=ahead, asked=asked)

    assert (caught.value.code, caught.value.retryable) == (code, False)


def test_a_recording_that_was_asked_for_late_is_given_its_time() -> None:
    assert pause("live_processing", ahead=-PATIENCE - DAY, asked=HOUR) == HOUR
