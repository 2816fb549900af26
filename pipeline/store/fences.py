"""Writes that a paused or replaced process cannot make.

A worker may be stopped (laptop lid, virtual machine, debugger) and wake up long after its lease ran out and another worker has taken over. Every write of a
stage therefore names the attempt that it belongs to, and the row of the stage is checked and locked in the same transaction.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from pipeline.errors import LeaseLost
from pipeline.jobs import LEASE_SECONDS, State
from pipeline.store.tables import StageRow

LEASE = timedelta(seconds=LEASE_SECONDS)


@dataclass(frozen=True, slots=True)
class Fence:
    stage_id: int
    attempt: int


def fenced(s: Session, fence: Fence | None) -> None:
    """To be called first in every transaction that stores something for a stage. It renews the lease as well: a stored result is progress.

    `None` stands for a write outside any job, which has nobody to be replaced by.

    Raises:
        LeaseLost: another attempt holds the stage, or it was cancelled or deleted; the transaction must be given up.
    """
    if fence is None:
        return
    now = func.clock_timestamp()
    held = s.execute(
        update(StageRow)
        .where(StageRow.id == fence.stage_id, StageRow.attempt == fence.attempt, StageRow.state == State.RUNNING)
        .values(lease_until=now + LEASE, progress_at=now)
        .returning(StageRow.id)
    ).scalar_one_or_none()
    if held is None:
        raise LeaseLost


def advanced(s: Session, fence: Fence | None) -> None:
    """Something new was stored: the count towards `crashed` starts again. Call it only for results that the next attempt will not make again."""
    if fence is not None:
        s.execute(update(StageRow).where(StageRow.id == fence.stage_id).values(crashes=0, failures=0))
