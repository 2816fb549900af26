"""Jobs: what was asked for, in stages. This file has the whole; what happens to one stage is in stages.py, and both are used as `jobs.…`.

Nothing here talks to the broker: functions return the hints to announce once the transaction is committed.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from pipeline.errors import InputError, NotFound
from pipeline.jobs import FINAL, Queue, State
from pipeline.store.stages import (
    Claim,
    Hint,
    claim,
    claim_next,
    due,
    fail,
    finish,
    free_expired,
    heartbeat,
    listing_subject,
    others_first,
    postpone,
    reap,
    release,
    release_lost,
    renew,
    skip,
    waited,
)  # fmt: skip
from pipeline.store.tables import JobRow, Outcome, StageRow, StageRunRow, VideoRow, WorkerRow
from pipeline.types import Length, Options

__all__ = [
    "BATCH", "INTERACTIVE", "Claim", "Counts", "Hint", "JobView", "StageView", "Submission", "cancel", "claim", "claim_next", "counts",
    "due", "fail", "finish", "free_expired", "get_job", "heartbeat", "jobs_of", "listing_subject", "options_of", "others_first",
    "postpone", "queue_position", "reading_of", "reap", "release", "release_lost", "renew", "retry", "sign_in", "skip", "states_of",
    "submit", "submit_reading", "waited", "workers_seen",
]  # fmt: skip

INTERACTIVE = 0
"""Priority of what a person pasted and waits for."""
BATCH = 10
"""Priority of playlists, imports and subscriptions."""
UNFINISHED = tuple(state for state in State if state not in FINAL)


@dataclass(frozen=True, slots=True)
class Submission:
    job_id: int
    created: bool
    """False: the same was asked for before and is not finished; this is that job."""
    first_stage_id: int
    hint: Hint
    """To announce."""


@dataclass(frozen=True, slots=True)
class StageView:
    name: str
    queue: Queue
    state: State
    fraction: float
    message: str
    attempt: int
    error_code: str | None
    error: str | None
    """Also of a stage that waits for its next try."""
    not_before: datetime


@dataclass(frozen=True, slots=True)
class JobView:
    id: int
    video_id: str
    """Empty where it reads a listing."""
    kind: str
    state: State
    stages: tuple[StageView, ...]
    created_at: datetime
    options: dict[str, Any]
    listing_id: int | None = None

    @property
    def subject(self) -> str:
        """What events about it are called after."""
        return self.video_id or listing_subject(self.listing_id)


@dataclass(frozen=True, slots=True)
class Counts:
    """For /metrics."""

    stages: dict[tuple[Queue, State], int]
    oldest: dict[Queue, float]
    """Seconds that the first stage in line has been due; queues with nobody waiting are left out."""


def options_of(stored: Mapping[str, Any]) -> Options:
    """The options of a job back from its row; names that Options does not have are left out."""
    known = {field.name: stored[field.name] for field in fields(Options) if field.name in stored}
    if "length" in known:
        known["length"] = Length(known["length"])
    return Options(**known)


def submit(
    s: Session,
    kind: str,
    video_id: str,
    options: Options | Mapping[str, Any],
    stages: Sequence[tuple[str, Queue]],
    *,
    priority: int = INTERACTIVE,
) -> Submission:
    """A new job, or the unfinished one for the same video, kind and options; that one is moved forward if `priority` is better.

    Raises:
        NotFound: `video_gone`.
    """
    stored = asdict(options) if isinstance(options, Options) else dict(options)
    name = hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()
    if s.get(VideoRow, video_id, with_for_update={"key_share": True}) is None:
        raise NotFound("video_gone", "This video was deleted from the library.")
    row = {"kind": kind, "video_id": video_id, "options": stored, "options_hash": name, "state": State.WAITING, "priority": priority}
    while True:
        job_id = s.execute(upsert(JobRow).values(row).on_conflict_do_nothing().returning(JobRow.id)).scalar_one_or_none()
        if job_id is not None:
            return _with_stages(s, job_id, stages, priority)
        # Somebody else's: joined, unless it ended between the two statements.
        same = and_(JobRow.kind == kind, JobRow.video_id == video_id, JobRow.options_hash == name)
        if (joined := _join(s, same, stages, priority)) is not None:
            return joined


def submit_reading(s: Session, listing_id: int, stages: Sequence[tuple[str, Queue]], *, priority: int) -> Submission:
    """A job that reads a listing (listings.py), or the one that is at it, which is moved forward if `priority` is better."""
    row = {"kind": "listing", "listing_id": listing_id, "options": {}, "options_hash": "", "state": State.WAITING, "priority": priority}
    while True:
        job_id = s.execute(upsert(JobRow).values(row).on_conflict_do_nothing().returning(JobRow.id)).scalar_one_or_none()
        if job_id is not None:
            return _with_stages(s, job_id, stages, priority)
        if (joined := _join(s, JobRow.listing_id == listing_id, stages, priority)) is not None:
            return joined


def _with_stages(s: Session, job_id: int, stages: Sequence[tuple[str, Queue]], priority: int) -> Submission:
    rows = [
        {"job_id": job_id, "position": i, "name": name, "queue": queue, "state": State.WAITING, "ready": i == 0, "priority": priority}
        for i, (name, queue) in enumerate(stages)
    ]
    s.execute(insert(StageRow), rows)
    first = _current(s, job_id)
    return Submission(job_id, True, first.stage_id, first)


def _join(s: Session, same: ColumnElement[bool], stages: Sequence[tuple[str, Queue]], priority: int) -> Submission | None:
    found = s.execute(select(JobRow.id, JobRow.priority).where(same, JobRow.state.in_(UNFINISHED))).one_or_none()
    if found is None:
        return None
    if priority < found.priority:
        s.execute(update(StageRow).where(StageRow.job_id == found.id).values(priority=priority))
        for name, queue in stages:  # whoever is in a hurry has workers of their own
            waits = (StageRow.job_id == found.id) & (StageRow.name == name) & (StageRow.state == State.WAITING)
            s.execute(update(StageRow).where(waits).values(queue=queue))
        s.execute(update(JobRow).where(JobRow.id == found.id).values(priority=priority))
    current = _current(s, found.id)
    return Submission(found.id, False, current.stage_id, current)


def _current(s: Session, job_id: int) -> Hint:
    """The first stage that is not done, or the last one."""
    query = select(StageRow.queue, StageRow.id).where(StageRow.job_id == job_id)
    row = s.execute(query.order_by(StageRow.state == State.DONE, StageRow.position).limit(1)).one()
    return Hint(row.queue, row.id)


def cancel(s: Session, job_id: int) -> bool:
    """Stops it; a running stage sees it at its next renew. False: it had ended already. What was stored stays.

    Raises:
        NotFound: `no_job`.
    """
    stages = _locked_stages(s, job_id)
    state = s.execute(select(JobRow.state).where(JobRow.id == job_id).with_for_update()).scalar_one_or_none()
    if state is None:
        raise _no_job()
    if state in FINAL:
        return False
    for stage in stages:
        if stage.state is State.RUNNING:
            run = (StageRunRow.stage_id == stage.id) & (StageRunRow.attempt == stage.attempt)
            s.execute(update(StageRunRow).where(run).values(outcome=Outcome.CANCELLED, ended_at=func.clock_timestamp()))
        if stage.state not in FINAL:
            stage.state, stage.lease_until = State.CANCELLED, None
    s.flush()
    s.execute(update(JobRow).where(JobRow.id == job_id).values(state=State.CANCELLED, ended_at=func.clock_timestamp()))
    return True


def retry(s: Session, job_id: int) -> tuple[Hint, ...]:
    """A failed or cancelled job goes on with the stage that had not been done; what to announce.

    Raises:
        NotFound: `no_job`.
        InputError: `not_failed` when it runs or is done; `already_running` when the same was asked for again meanwhile.
    """
    stages = _locked_stages(s, job_id)
    job = s.execute(select(JobRow).where(JobRow.id == job_id).with_for_update()).scalar_one_or_none()
    if job is None:
        raise _no_job()
    if job.state not in (State.FAILED, State.CANCELLED):
        raise InputError("not_failed", "Only what failed or was cancelled can be started again.")
    same = (
        select(JobRow.id)
        .where(JobRow.video_id.is_not_distinct_from(job.video_id), JobRow.listing_id.is_not_distinct_from(job.listing_id))
        .where(JobRow.kind == job.kind, JobRow.options_hash == job.options_hash, JobRow.state.in_(UNFINISHED))
    )
    if s.execute(same).first() is not None:
        raise InputError("already_running", "The same is being made already.")
    undone = [stage for stage in stages if stage.state is not State.DONE]
    for stage in undone:
        stage.state, stage.ready = State.WAITING, stage is undone[0]
        stage.crashes = stage.failures = 0
        stage.error_code = stage.error = None
        stage.not_before = func.clock_timestamp()
    job.state, job.ended_at = State.WAITING, None
    s.flush()
    return tuple(Hint(stage.queue, stage.id) for stage in undone[:1])


def _locked_stages(s: Session, job_id: int) -> Sequence[StageRow]:
    return s.execute(select(StageRow).where(StageRow.job_id == job_id).order_by(StageRow.position).with_for_update()).scalars().all()


def _no_job() -> NotFound:
    return NotFound("no_job", "This job does not exist.")


def get_job(s: Session, job_id: int) -> JobView | None:
    job = s.get(JobRow, job_id)
    return None if job is None else _view(s, job)


def states_of(s: Session, job_ids: Collection[int]) -> dict[int, State]:
    """Those that exist."""
    return {row.id: row.state for row in s.execute(select(JobRow.id, JobRow.state).where(JobRow.id.in_(job_ids)))}


def jobs_of(s: Session, video_id: str) -> tuple[JobView, ...]:
    """Newest first."""
    rows = s.execute(select(JobRow).where(JobRow.video_id == video_id).order_by(JobRow.id.desc())).scalars().all()
    return tuple(_view(s, row) for row in rows)


def _view(s: Session, job: JobRow) -> JobView:
    rows = s.execute(select(StageRow).where(StageRow.job_id == job.id).order_by(StageRow.position)).scalars()
    stages = tuple(StageView(x.name, x.queue, x.state, x.fraction, x.message, x.attempt, x.error_code, x.error, x.not_before) for x in rows)
    return JobView(job.id, job.video_id or "", job.kind, job.state, stages, job.created_at, job.options, job.listing_id)


def reading_of(s: Session, listing_id: int) -> JobView | None:
    """The newest job that reads this listing."""
    row = s.execute(select(JobRow).where(JobRow.listing_id == listing_id).order_by(JobRow.id.desc()).limit(1)).scalar_one_or_none()
    return None if row is None else _view(s, row)


def queue_position(s: Session, job_id: int) -> int | None:
    """How many unfinished jobs come before it; 0: it is next or runs. None: it has ended or never was."""
    job = s.execute(select(JobRow).where(JobRow.id == job_id, JobRow.state.in_(UNFINISHED))).scalar_one_or_none()
    if job is None:
        return None
    if job.state is State.RUNNING:
        return 0
    before = (JobRow.priority < job.priority) | ((JobRow.priority == job.priority) & (JobRow.id < job.id))
    return s.execute(select(func.count()).select_from(JobRow).where(JobRow.state.in_(UNFINISHED), before)).scalar_one()


def counts(s: Session) -> Counts:
    stages = s.execute(select(StageRow.queue, StageRow.state, func.count()).group_by(StageRow.queue, StageRow.state))
    waited = func.extract("epoch", func.clock_timestamp() - func.min(StageRow.not_before))
    line = (StageRow.state == State.WAITING) & StageRow.ready & (StageRow.not_before <= func.clock_timestamp())
    oldest = s.execute(select(StageRow.queue, waited).where(line).group_by(StageRow.queue))
    return Counts({(queue, state): number for queue, state, number in stages}, {queue: float(seconds) for queue, seconds in oldest})


def sign_in(s: Session, worker: str, queue: Queue, about: str = "") -> None:
    """A worker says that it lives; `about`: see WorkerRow."""
    now = func.clock_timestamp()
    row = upsert(WorkerRow).values(name=worker, queue=queue, about=about)
    s.execute(row.on_conflict_do_update(index_elements=[WorkerRow.name], set_={"seen_at": now, "queue": queue, "about": about}))


def workers_seen(s: Session, *, within: float = 60.0) -> dict[Queue, int]:
    """How many workers of each queue said that they live in the last `within` seconds."""
    seconds = func.extract("epoch", func.clock_timestamp() - WorkerRow.seen_at)
    rows = s.execute(select(WorkerRow.queue, func.count()).where(seconds <= within).group_by(WorkerRow.queue))
    return dict.fromkeys(Queue, 0) | {row[0]: row[1] for row in rows}
