"""Writes that a paused or replaced process cannot make.

A worker may be stopped (laptop lid, virtual machine, debugger) and wake up long after its lease ran out and another worker has taken over. Every write of a
stage therefore names the attempt that it belongs to, and the row of the stage is checked and locked in the same transaction.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pipeline.errors import Cancelled, LeaseLost
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
        Cancelled, LeaseLost: see raise_why; the transaction must be given up.
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
        raise_why(s, fence.stage_id)


def raise_why(s: Session, stage_id: int) -> NoReturn:
    """Why an attempt may not go on.

    Raises:
        Cancelled: the stage was cancelled or deleted, so nobody will go on with it.
        LeaseLost: another attempt holds it, or will.
    """
    state = s.execute(select(StageRow.state).where(StageRow.id == stage_id)).scalar_one_or_none()
    if state in (None, State.CANCELLED):
        raise Cancelled
    raise LeaseLost


def advanced(s: Session, fence: Fence | None) -> None:
    """Something new was stored: the count towards `crashed` starts again. Call it only for results that the next attempt will not make again."""
    if fence is not None:
        s.execute(update(StageRow).where(StageRow.id == fence.stage_id).values(crashes=0, failures=0))
