"""One stage from claim to end. The row is the truth; a message of the broker only says that it is worth looking.

    waiting ──claim──► running ──finish──► done
       ▲                 │ fail: retryable: waiting again after a pause, else failed
       └──── reap ◄──────┘ lease ran out, or release at a worker's stop

A claim is one statement. Whoever holds a stage holds its lease, on the database's clock, and extends it while it makes progress. Rows are locked in one
order, stages by position before their job, so two changes at once cannot block each other for ever.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, insert, select, text, update
from sqlalchemy.orm import Session

from pipeline.errors import NutshellError, Postponed, cause
from pipeline.jobs import LEASE_SECONDS, MAX_ATTEMPTS, Queue, State, backoff
from pipeline.store.fences import LEASE, Fence, raise_why
from pipeline.store.tables import JobRow, Outcome, StageRow, StageRunRow
from pipeline.types import Progress

MAX_FAILURES = 8
"""Retryable errors in a row before a stage fails for good: with the pauses of backoff() about two hours."""
STALLED_SECONDS = 4 * LEASE_SECONDS
"""A stage that has made no progress for so long hangs; its process is ended."""

LINE = (StageRow.priority, StageRow.job_id)
"""Who comes first."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What to tell the broker."""

    queue: Queue
    stage_id: int


def listing_subject(listing_id: int | None) -> str:
    return f"listing-{listing_id}"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a stage until the lease runs out."""

    stage_id: int
    job_id: int
    video_id: str
    """Empty where the job reads a listing."""
    name: str
    queue: Queue
    attempt: int
    options: dict[str, Any]
    priority: int = 0
    listing_id: int | None = None

    @property
    def subject(self) -> str:
        """What events about it are called after."""
        return self.video_id or listing_subject(self.listing_id)

    @property
    def fence(self) -> Fence:
        return Fence(self.stage_id, self.attempt)


def claim(s: Session, stage_id: int, worker: str) -> Claim | None:
    """This stage, if it may run now: waiting, its pause over, every stage before it done. None: it may not, or somebody else has it."""
    return _claim(s, StageRow.id == stage_id, worker)


def claim_next(s: Session, queue: Queue, worker: str) -> Claim | None:
    """The stage of `queue` that is first in line: by priority, then the job that came first. None: nothing may run now."""
    return _claim(s, StageRow.queue == queue, worker)


def _claim(s: Session, which: ColumnElement[bool], worker: str) -> Claim | None:
    first = select(StageRow.id).where(which, _due()).order_by(*LINE).limit(1).with_for_update(skip_locked=True).cte("first")
    now = func.clock_timestamp()
    row = s.execute(
        update(StageRow)
        .where(StageRow.id == first.c.id)
        .values(
            state=State.RUNNING, attempt=StageRow.attempt + 1, worker=worker, lease_until=now + LEASE, progress_at=now,
            fraction=0.0, message="", error_code=None, error=None,
        )
        .returning(StageRow.id, StageRow.job_id, StageRow.name, StageRow.queue, StageRow.attempt, StageRow.priority)
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    s.execute(insert(StageRunRow).values(stage_id=row.id, attempt=row.attempt, worker=worker))
    s.execute(update(JobRow).where(JobRow.id == row.job_id, JobRow.state == State.WAITING).values(state=State.RUNNING))
    job = s.execute(select(JobRow.video_id, JobRow.listing_id, JobRow.options).where(JobRow.id == row.job_id)).one()
    return Claim(row.id, row.job_id, job.video_id or "", row.name, row.queue, row.attempt, job.options, row.priority, job.listing_id)


def _due() -> ColumnElement[bool]:
    # In the words of the partial index, not as a parameter: a prepared statement with a parameter could not use it.
    return and_(text("stages.state = 'waiting'"), StageRow.ready, StageRow.not_before <= func.clock_timestamp())


def _held(claim: Claim) -> ColumnElement[bool]:
    return (StageRow.id == claim.stage_id) & (StageRow.attempt == claim.attempt) & (StageRow.state == State.RUNNING)


def _locked(s: Session, claim: Claim) -> StageRow | None:
    """The row, as long as the claim holds it."""
    return s.execute(select(StageRow).where(_held(claim)).with_for_update()).scalar_one_or_none()


def renew(s: Session, claim: Claim, progress: Progress) -> None:
    """Extends the lease and stores the progress. Only a fraction or a message that changed counts as progress for `heartbeat`.

    Raises:
        Cancelled: somebody stopped the job, or deleted the video.
        LeaseLost: another attempt holds the stage.
    """
    now = func.clock_timestamp()
    moved = (StageRow.fraction != progress.fraction) | (StageRow.message != progress.message)
    values = {
        StageRow.progress_at: case((moved, now), else_=StageRow.progress_at),
        StageRow.lease_until: now + LEASE,
        StageRow.fraction: progress.fraction,
        StageRow.message: progress.message,
    }
    if s.execute(update(StageRow).where(_held(claim)).values(values).returning(StageRow.id)).scalar_one_or_none() is None:
        raise_why(s, claim.stage_id)


def heartbeat(s: Session, claim: Claim) -> float:
    """Extends the lease during a long call that reports nothing; the seconds since the last progress. The caller ends its process at STALLED_SECONDS.

    Raises:
        Cancelled, LeaseLost: as `renew`.
    """
    now = func.clock_timestamp()
    stalled = func.extract("epoch", now - StageRow.progress_at)
    found = s.execute(update(StageRow).where(_held(claim)).values(lease_until=now + LEASE).returning(stalled)).scalar_one_or_none()
    if found is None:
        raise_why(s, claim.stage_id)
    return float(found)


def skip(s: Session, claim: Claim, name: str) -> None:
    """Marks a later stage of the same job as done without running it: there is nothing for it to do."""
    s.execute(
        update(StageRow)
        .where(StageRow.job_id == claim.job_id, StageRow.name == name, StageRow.state == State.WAITING)
        .values(state=State.DONE, fraction=1.0)
    )


def finish(s: Session, claim: Claim) -> tuple[Hint, ...]:
    """The stage is done; what to announce next. In the transaction that stores the results they appear together. A second call for the same claim changes nothing.

    Raises:
        Cancelled, LeaseLost: as `renew`; the transaction must be given up.
    """
    done = s.execute(
        update(StageRow).where(_held(claim)).values(state=State.DONE, fraction=1.0, lease_until=None).returning(StageRow.id)
    ).scalar_one_or_none()
    if done is not None:
        _ended(s, claim.fence, Outcome.DONE)
    elif not _finished_before(s, claim):
        raise_why(s, claim.stage_id)
    return _go_on(s, claim.job_id)


def _finished_before(s: Session, claim: Claim) -> bool:
    run = s.get(StageRunRow, (claim.stage_id, claim.attempt))
    return run is not None and run.outcome is Outcome.DONE


def _go_on(s: Session, job_id: int) -> tuple[Hint, ...]:
    """Makes the first stage that is not done ready, or ends the job."""
    query = select(StageRow).where(StageRow.job_id == job_id, StageRow.state != State.DONE).order_by(StageRow.position).limit(1)
    following = s.execute(query.with_for_update()).scalar_one_or_none()
    if following is None:
        s.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == State.RUNNING)
            .values(state=State.DONE, ended_at=func.clock_timestamp())
        )
        return ()
    if following.state is not State.WAITING:
        return ()
    following.ready = True
    s.flush()
    return (Hint(following.queue, following.id),)


def fail(s: Session, claim: Claim, error: NutshellError) -> State:
    """The attempt ended with an error; what became of the stage: WAITING (tried again after a pause) or FAILED, and the job with it. What earlier stages stored stays.

    Raises:
        Cancelled, LeaseLost: as `renew`.
    """
    row = _locked(s, claim) or raise_why(s, claim.stage_id)
    _ended(s, claim.fence, Outcome.FAILED)
    row.failures += 1
    again = error.retryable and row.failures < MAX_FAILURES
    _give_up_or_wait(s, row, error, again, _pause(error, row.failures))
    return row.state


def _pause(error: NutshellError, failures: int) -> float:
    """Seconds. What the error says is right twice; a server that has not come back by then is given more and more time."""
    if error.retry_after is None:
        return backoff(failures)
    return error.retry_after if failures <= 2 else max(error.retry_after, backoff(failures - 2))


def postpone(s: Session, claim: Claim, error: Postponed) -> None:
    """The stage waits for something outside, a little longer than it must, so that not all who wait come at once.

    Raises:
        Cancelled, LeaseLost: as `renew`.
    """
    row = _locked(s, claim) or raise_why(s, claim.stage_id)
    _ended(s, claim.fence, Outcome.RELEASED)
    row.error_code, row.error = error.code, str(error)
    _wait(row, error.seconds * random.uniform(1.0, 1.1) + random.uniform(0.0, 2.0))
    s.flush()


def release(s: Session, claim: Claim) -> None:
    """Hands the stage back because its worker must stop: it waits again, and nothing is held against it. Somebody else has it already: nothing happens."""
    row = _locked(s, claim)
    if row is not None:
        _ended(s, claim.fence, Outcome.RELEASED)
        _wait(row, 0.0)
        s.flush()


def release_lost(s: Session, worker: str) -> tuple[Hint, ...]:
    """Frees what a worker of this name held. Called when one starts: the one before it is dead, and nobody need wait for its lease."""
    return _free(s, StageRow.worker == worker)


def free_expired(s: Session) -> tuple[Hint, ...]:
    """Frees stages whose lease ran out."""
    return _free(s, StageRow.lease_until < func.clock_timestamp())


def _free(s: Session, which: ColumnElement[bool]) -> tuple[Hint, ...]:
    query = select(StageRow).where(which, text("stages.state = 'running'")).order_by(StageRow.job_id, StageRow.position).limit(100)
    rows = s.execute(query.with_for_update(skip_locked=True)).scalars().all()
    for row in rows:
        _ended(s, Fence(row.id, row.attempt), Outcome.LOST)
        row.crashes += 1
        _give_up_or_wait(s, row, cause("crashed"), row.crashes < MAX_ATTEMPTS, 0.0)
    return tuple(Hint(row.queue, row.id) for row in rows if row.state is State.WAITING)


def _give_up_or_wait(s: Session, row: StageRow, error: NutshellError, again: bool, pause: float) -> None:
    row.lease_until = None
    row.error_code, row.error = error.code, str(error)
    if again:
        _wait(row, pause)
        s.flush()
        return
    row.state = State.FAILED
    s.flush()
    s.execute(
        update(JobRow)
        .where(JobRow.id == row.job_id, JobRow.state == State.RUNNING)
        .values(state=State.FAILED, ended_at=func.clock_timestamp())
    )


def _wait(row: StageRow, pause: float) -> None:
    row.state = State.WAITING
    row.lease_until = None
    row.not_before = func.clock_timestamp() + timedelta(seconds=pause)


def _ended(s: Session, fence: Fence, outcome: Outcome) -> None:
    run = (StageRunRow.stage_id == fence.stage_id) & (StageRunRow.attempt == fence.attempt)
    s.execute(update(StageRunRow).where(run).values(outcome=outcome, ended_at=func.clock_timestamp()))


def due(s: Session, queue: Queue | None = None, *, limit: int = 64) -> tuple[Hint, ...]:
    """Stages that may run now and that nobody has, first in line first."""
    query = select(StageRow.queue, StageRow.id).where(_due())
    if queue is not None:
        query = query.where(StageRow.queue == queue)
    return tuple(Hint(row.queue, row.id) for row in s.execute(query.order_by(*LINE).limit(limit)))


def others_first(s: Session, claim: Claim) -> bool:
    """Somebody of a better priority waits for the worker that has this stage."""
    query = select(StageRow.id).where(StageRow.queue == claim.queue, StageRow.priority < claim.priority, _due()).limit(1)
    return s.execute(query).first() is not None


def waited(s: Session, queue: Queue) -> float:
    """Seconds that the stage which is first in line has been due; 0.0: nobody waits."""
    found = s.execute(select(StageRow.not_before).where(StageRow.queue == queue, _due()).order_by(*LINE).limit(1)).scalar_one_or_none()
    return 0.0 if found is None else float(s.execute(select(func.extract("epoch", func.clock_timestamp() - found))).scalar_one())


def reap(s: Session, queues: Sequence[Queue] = tuple(Queue)) -> tuple[Hint, ...]:
    """Frees what nobody holds any more; then everything that should be announced again, some of each queue."""
    free_expired(s)
    return tuple(hint for queue in queues for hint in due(s, queue))
