"""Videos that cannot be read before they have been shown to their end: when to look again, and how long at all."""

from datetime import UTC, datetime

from pipeline.errors import HOUR, NotYet, Postponed, SourceError

MINUTE, DAY = HOUR / 60, 24 * HOUR
SOON = 2 * MINUTE
"""After a beginning that was announced: streams begin late."""
FARTHEST = 365 * DAY
"""A beginning that lies further ahead is not waited for."""
PATIENCE = 14 * DAY
"""Nobody looks longer than this after something should have begun, is live, or is being prepared: some streams never end and some never begin."""
_LATE = {
    "live_upcoming": "It should have begun more than 14 days ago, so it is not waited for any more.",
    "live_now": "It has been live for more than 14 days, so it is not waited for.",
    "live_processing": "That has taken more than 14 days, so it is not waited for any more.",
}


def look_again(error: NotYet, asked: datetime, now: datetime) -> Postponed:
    """When to look again at what was asked for at `asked`.

    Raises:
        SourceError: the same code, for good: it begins more than a year from now, or PATIENCE is at its end.
    """
    begins = datetime.fromtimestamp(error.begins, UTC) if error.begins is not None else asked
    ahead = (begins - now).total_seconds()
    if ahead > FARTHEST:
        raise SourceError(error.code, f"{error} That is more than a year ahead, so it is not waited for.")
    since = max(begins, asked) if error.code == "live_processing" else begins
    if (now - since).total_seconds() > PATIENCE:
        raise SourceError(error.code, f"{error} {_LATE[error.code]}")
    return Postponed(error.code, _pause(error, ahead), f"{error} This goes on by itself when it has been shown to its end.")


def _pause(error: NotYet, ahead: float) -> float:
    """Seconds. `ahead` is negative for what has begun."""
    if error.code == "live_upcoming":
        if error.begins is None:
            return HOUR
        return min(ahead + SOON, DAY) if ahead > 0 else 10 * MINUTE  # once a day at least: a date may be moved forward
    if error.code == "live_now":
        return 15 * MINUTE if ahead > -2 * HOUR else 30 * MINUTE
    return min(max(-ahead / 2, 5 * MINUTE), HOUR)  # a short stream is prepared soon
