"""The two tasks, and the signals that give a worker process its belongings."""

import os

import structlog
from celery import signals

from pipeline import broker, run
from pipeline.errors import GaveWay, ModelError, NutshellError, Postponed, Stopped, cause
from pipeline.jobs import Queue, State
from pipeline.store import jobs, listings
from pipeline.store.jobs import Claim, Hint
from workers.celery_app import app, settings
from workers.process import Process
from workers.watchdog import EXIT_UNFIT

log = structlog.get_logger(__name__)

_process: list[Process] = []
"""The process of this worker; empty until it is ready."""


@app.task(name=broker.STAGE_TASK)
def stage(stage_id: int) -> None:
    """There is work, it says. What is done is the stage that is first in line now, which with more than one in line may be another than the one announced."""
    process = _process[0]
    with process.db.session() as s:
        claim = jobs.claim_next(s, process.queue, process.name)
    if claim is None:
        return
    with (
        process.watchdog.watching(claim),
        structlog.contextvars.bound_contextvars(job=claim.job_id, stage=claim.name, video=claim.subject, hint=stage_id),
    ):
        hints = work(process, claim)
    broker.announce_all(process.settings, hints)


@app.task(name=broker.DUE_TASK)
def due() -> None:
    """The minute is over, says beat. What is due says the database, so that a message that is lost, late or doubled changes nothing."""
    process = _process[0]
    try:
        hints = run.check_due(process.db)
    except ModelError as error:
        log.warning("subscriptions not looked at", reason=error.code)
        return
    broker.announce_all(process.settings, hints)


def work(process: Process, claim: Claim) -> tuple[Hint, ...]:
    """Runs a stage and records how it ended; what to announce next."""
    log.info("stage begins", attempt=claim.attempt)
    try:
        run.run_stage(claim, process.db, process.settings, process.models)
        with process.db.session() as s:
            hints = jobs.finish(s, claim)
    except GaveWay:
        return _gave_way(process, claim)
    except Stopped as stopped:
        log.info("stage stopped", reason=stopped.code)
        return _ended(process, claim)
    except Postponed as postponed:
        return _postponed(process, claim, postponed)
    except NutshellError as error:
        return _failed(process, claim, error)
    except Exception:  # the one place where what nobody foresaw becomes a failure with a name
        log.exception("stage broke")
        return _failed(process, claim, cause("internal"))
    log.info("stage done")
    if hints:
        return hints
    broker.publish(process.settings, claim.subject, {"event": "done", "job": claim.job_id})
    return _ended(process, claim)


def _ended(process: Process, claim: Claim) -> tuple[Hint, ...]:
    """The job is over: lists that hold its video say so, and their next items get their turn."""
    with process.db.session() as s:
        waiting = listings.of_job(s, claim.job_id)
    for listing_id in waiting:
        broker.publish(process.settings, jobs.listing_subject(listing_id), {"event": "items"})
    return run.feed(process.db)


def _gave_way(process: Process, claim: Claim) -> tuple[Hint, ...]:
    log.info("stage gives way")
    with process.db.session() as s:
        jobs.release(s, claim)
    return (Hint(claim.queue, claim.stage_id),)


def _postponed(process: Process, claim: Claim, error: Postponed) -> tuple[Hint, ...]:
    log.info("stage postponed", code=error.code, seconds=round(error.seconds))
    try:
        with process.db.session() as s:
            jobs.postpone(s, claim, error)
    except Stopped as stopped:
        log.info("stage stopped", reason=stopped.code)
    else:
        broker.publish(process.settings, claim.subject, {"event": "progress", "job": claim.job_id, "stage": claim.name})
    return ()


def _failed(process: Process, claim: Claim, error: NutshellError) -> tuple[Hint, ...]:
    log.warning("stage failed", code=error.code, retryable=error.retryable, reason=str(error))
    try:
        with process.db.session() as s:
            state = jobs.fail(s, claim, error)
    except Stopped as stopped:
        log.info("stage stopped", reason=stopped.code)
        return ()
    event = "failed" if state is State.FAILED else "progress"
    broker.publish(
        process.settings,
        claim.subject,
        {"event": event, "job": claim.job_id, "stage": claim.name, "code": error.code, "message": str(error)},
    )
    return _ended(process, claim)


@signals.celeryd_after_setup.connect
def _begin(sender: str, **_: object) -> None:
    """`sender` is the worker's name, its queue the one that it was started for."""
    names = list(app.amqp.queues.consume_from)
    if len(names) != 1 or names[0] not in list(Queue):
        raise SystemExit(f"A worker serves one queue. Start it with --queues {', '.join(Queue)}: one of them.")
    process = Process(settings, sender, Queue(names[0]))
    try:
        process.begin()
    except Exception:  # Celery logs what a signal's receiver raises and goes on: as a worker that takes hints and claims nothing, for ever
        log.exception("worker cannot begin, ending this process", worker=sender)
        raise SystemExit(EXIT_UNFIT) from None
    _process[:] = [process]
    log.info("worker ready", worker=sender, queue=names[0], pid=os.getpid())


@signals.worker_shutting_down.connect
def _stop_soon(**_: object) -> None:
    for process in _process:
        process.watchdog.stop_soon()


@signals.worker_shutdown.connect
def _end(**_: object) -> None:
    while _process:
        _process.pop().end()
