"""The words and legal moves of jobs and stages. Rows live in store/; the order of stages in run.py."""

from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"
    """Ready to be claimed once `not_before` has passed and the stage before it is done."""
    RUNNING = "running"
    """Claimed; the lease says until when."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED})

MOVES: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.RUNNING, State.CANCELLED, State.FAILED, State.DONE}),
    State.RUNNING: frozenset({State.DONE, State.FAILED, State.CANCELLED, State.WAITING}),
    State.DONE: frozenset(),
    State.FAILED: frozenset({State.WAITING}),  # the Retry button
    State.CANCELLED: frozenset({State.WAITING}),  # "Start again"
}


class Queue(StrEnum):
    """One process per queue and device; models live with their queue."""

    FETCH = "fetch"
    BULK = "bulk"
    """Long transfers, playlists that are listed and downloads, so that a link that is pasted meanwhile does not stand behind them."""
    SPEECH = "speech"
    GIST = "gist"
    """The first sentence that somebody waits for; in a queue of its own, since the summary of a long talk takes its worker a minute."""
    TEXT = "text"


LEASE_SECONDS = 30.0
"""A stage that shows no progress for so long is given to another worker."""
MAX_ATTEMPTS = 3
"""Attempts without a new stored result before a stage is set aside as `crashed`."""
REAP_SECONDS = 10.0


def backoff(attempt: int) -> float:
    """Seconds before try number `attempt + 1`: 10, 30, 90, … capped at an hour."""
    return min(10.0 * 3.0 ** max(0, attempt - 1), 3600.0)
