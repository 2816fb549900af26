"""What the tests of jobs say often."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, text, update

from pipeline.jobs import Queue
from pipeline.store import jobs, videos
from pipeline.store.database import Database
from pipeline.store.jobs import Claim, JobView, Submission
from pipeline.store.tables import StageRow, StageRunRow

STAGES = (("a", Queue.FETCH), ("b", Queue.SPEECH), ("c", Queue.TEXT))


def paste(
    db: Database,
    name: str = "v",
    *,
    stages: Sequence[tuple[str, Queue]] = STAGES,
    options: Mapping[str, Any] | None = None,
    priority: int = 0,
) -> Submission:
    with db.session() as s:
        video_id = videos.ensure_video(s, f"youtube:{name}", "", "youtube")
        return jobs.submit(s, "tldr", video_id, options or {}, stages, priority=priority)


def claim(db: Database, stage_id: int, worker: str = "w") -> Claim:
    with db.session() as s:
        found = jobs.claim(s, stage_id, worker)
    assert found is not None
    return found


def finish(db: Database, held: Claim) -> tuple[jobs.Hint, ...]:
    with db.session() as s:
        return jobs.finish(s, held)


def job(db: Database, job_id: int) -> JobView:
    with db.session() as s:
        found = jobs.get_job(s, job_id)
    assert found is not None
    return found


def states(db: Database, job_id: int) -> tuple[str, ...]:
    """Of the job, then of its stages."""
    found = job(db, job_id)
    return (found.state.value, *(stage.state.value for stage in found.stages))


def expire(db: Database, stage_id: int | None = None) -> None:
    """The lease of a stage, or of all, has run out."""
    query = update(StageRow).where(StageRow.state == "running").values(lease_until=func.clock_timestamp() - text("interval '1 second'"))
    with db.session() as s:
        s.execute(query if stage_id is None else query.where(StageRow.id == stage_id))


def be_due(db: Database) -> None:
    """Every pause is over."""
    with db.session() as s:
        s.execute(update(StageRow).values(not_before=func.clock_timestamp()))


def reap(db: Database) -> tuple[jobs.Hint, ...]:
    with db.session() as s:
        return jobs.reap(s)


def runs(db: Database) -> list[tuple[int, int, str | None]]:
    """Every attempt there was: stage, attempt, how it ended."""
    with db.session() as s:
        rows = s.execute(
            select(StageRunRow.stage_id, StageRunRow.attempt, StageRunRow.outcome).order_by(StageRunRow.stage_id, StageRunRow.attempt)
        )
        return [(stage, attempt, outcome and outcome.value) for stage, attempt, outcome in rows]
