"""Celery and Valkey as they behave when things go wrong: what every new version of either has to pass."""

import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import select

from pipeline import broker
from pipeline.config import Settings
from pipeline.jobs import MAX_ATTEMPTS, Queue
from pipeline.store import jobs, transcripts
from pipeline.store.database import Database, database_url
from pipeline.store.jobs import Submission
from pipeline.store.tables import StageRunRow
from pipeline.types import Origin
from tests.integration.jobs.fleet import Fleet, eventually
from tests.integration.jobs.helpers import STAGES, expire, job, paste, runs, states
from tests.integration.store.fresh import clear
from workers import servers, watchdog
from workers.embedded import EmbeddedServers
from workers.reaper import reap

ONE = STAGES[2:]
"""A job of one stage, `c` on the queue `text`."""
FIRST = (("a", Queue.TEXT),)


@pytest.fixture(scope="module", name="own")
def _own() -> Iterator[EmbeddedServers]:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home, EmbeddedServers(Settings(home=Path(home))) as own:
        servers.migrate(own.settings)
        yield own


@pytest.fixture(scope="module", name="fleet")
def _fleet(own: EmbeddedServers) -> Iterator[Fleet]:
    """With one worker, `text`, that lives through the tests."""
    with Fleet(own.settings) as fleet:
        fleet.start(Queue.TEXT, "text")
        yield fleet


@pytest.fixture(name="alone")
def _alone(own: EmbeddedServers, fleet: Fleet) -> Iterator[Fleet]:
    """The workers of one test, with none beside them, which would take the hints that are meant for these."""
    for name in list(fleet.workers):
        fleet.stop(name)
    with Fleet(own.settings) as alone:
        yield alone
    fleet.start(Queue.TEXT, "text")


@pytest.fixture(name="db")
def _db(own: EmbeddedServers) -> Iterator[Database]:
    db = Database(database_url(own.settings), patience=20.0)
    clear(db)
    yield db
    db.dispose()


def _client(own: EmbeddedServers) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(own.settings.valkey_socket))


def _announce(own: EmbeddedServers, pasted: Submission) -> Submission:
    broker.announce_all(own.settings, [pasted.hint])
    return pasted


def _done(db: Database, *pasted: Submission) -> bool:
    return all(states(db, one.job_id)[0] == "done" for one in pasted)


def _in_the_middle(db: Database, pasted: Submission) -> bool:
    """At least one window is stored and the last is not."""
    return any(0 < stage.fraction < 1 for stage in job(db, pasted.job_id).stages)


def _windows(db: Database, video_id: str = "v", origin: Origin = Origin.SPEECH_TRANSLATED) -> list[str]:
    with db.session() as s:
        found = transcripts.get_transcript(s, video_id, origin)
    return [segment.text for segment in found.segments] if found else []


def test_a_broker_that_dies_and_comes_back_empty_costs_no_worker_and_no_stage(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    long = _announce(own, paste(db, "long", stages=ONE, options={"windows": 20, "seconds": 0.1}))
    queued = _announce(own, paste(db, "queued", stages=ONE))
    worker = fleet.workers["text"]
    eventually(lambda: _in_the_middle(db, long), "the stage runs")
    pid = worker.pid

    own.stop_one("valkey", signal.SIGKILL)
    eventually(lambda: _done(db, long), "the stage ends without a broker")
    own.start_valkey()
    eventually(lambda: reap(db, own.settings) >= 0 and _done(db, queued), "the lost hint is said again")
    after = _announce(own, paste(db, "after", stages=ONE))
    eventually(lambda: _done(db, after), "the worker hears the new broker")

    assert (worker.pid, worker.exits) == (pid, [])
    assert [attempt for _, attempt, _ in runs(db)] == [1, 1, 1]


def test_a_paste_while_the_broker_is_away_is_stored_and_done_later(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    own.stop_one("valkey", signal.SIGKILL)

    pasted = paste(db, stages=ONE)
    assert not broker.announce(own.settings, pasted.hint.queue, pasted.hint.stage_id)
    broker.publish(own.settings, "v", {"event": "video"})
    assert (broker.ping(own.settings), broker.hints_waiting(own.settings, Queue.TEXT)) == (False, None)
    own.start_valkey()

    eventually(lambda: reap(db, own.settings) >= 0 and _done(db, pasted), "the reaper says it")


def test_flushed_hints_are_said_again(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    long = _announce(own, paste(db, "long", stages=ONE, options={"windows": 10, "seconds": 0.1}))
    queued = [_announce(own, paste(db, f"v{number}", stages=ONE)) for number in range(5)]
    eventually(lambda: _in_the_middle(db, long), "the stage runs")
    _client(own).flushall()

    eventually(lambda: reap(db, own.settings) >= 0 and _done(db, long, *queued), "all are done")
    assert [attempt for _, attempt, _ in runs(db)] == [1] * 6


@pytest.mark.parametrize(
    "garbage", [b"garbage", b"{}", b'{"body": "W10=", "content-type": "application/x-python-serialize", "properties": {}}', b"\xff\x00"]
)
def test_a_message_that_is_none_stops_nothing(own: EmbeddedServers, fleet: Fleet, db: Database, garbage: bytes) -> None:
    _client(own).lpush(Queue.TEXT.value, garbage)
    pasted = _announce(own, paste(db, stages=ONE))

    eventually(lambda: reap(db, own.settings) >= 0 and _done(db, pasted), "the next stage is done")


def test_hints_that_are_doubled_or_wrong_do_no_harm(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    pasted = paste(db, stages=ONE, options={"windows": 3, "seconds": 0.05})
    for stage_id in [pasted.first_stage_id] * 200 + [-1, 10**12]:
        broker.announce(own.settings, Queue.TEXT, stage_id)
    eventually(lambda: _done(db, pasted) and broker.hints_waiting(own.settings, Queue.TEXT) == 0, "all hints are taken")

    assert runs(db) == [(pasted.first_stage_id, 1, "done")]
    assert _windows(db) == ["c0", "c1", "c2"]


def test_a_killed_worker_goes_on_at_its_window_when_it_is_started_again(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    pasted = _announce(own, paste(db, stages=ONE, options={"windows": 20, "seconds": 0.1}))
    for _ in range(2):
        before = len(_windows(db))
        eventually(lambda before=before: len(_windows(db)) > before, "a window is stored")  # type: ignore[misc]
        fleet.workers["text"].send(signal.SIGKILL)
        eventually(
            lambda: job(db, pasted.job_id).stages[0].state == "waiting" or not _in_the_middle(db, pasted),
            "it is freed before its lease runs out",
        )
    eventually(lambda: _done(db, pasted), "the stage is done")

    assert _windows(db) == [f"c{window}" for window in range(20)]
    assert [outcome for _, _, outcome in runs(db)] == ["lost", "lost", "done"]


def test_a_worker_that_is_asked_to_stop_hands_its_stage_back(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    pasted = _announce(own, paste(db, stages=ONE, options={"windows": 100, "seconds": 0.1}))
    eventually(lambda: len(_windows(db)) > 1, "the stage runs")
    worker = fleet.workers["text"]
    exits = len(worker.exits)
    worker.send(signal.SIGTERM)
    eventually(lambda: len(worker.exits) > exits, "the worker ends", seconds=watchdog.STOP_SECONDS + 10)

    assert worker.exits[-1] == 0
    assert runs(db)[0] == (pasted.first_stage_id, 1, "released")
    eventually(lambda: reap(db, own.settings) >= 0 and len(runs(db)) > 1, "the next worker goes on")
    with db.session() as s:
        jobs.cancel(s, pasted.job_id)
    eventually(lambda: states(db, pasted.job_id) == ("cancelled", "cancelled"), "cancelled")
    assert _windows(db) == [f"c{window}" for window in range(len(_windows(db)))]


def test_cancel_stops_a_running_stage_and_the_worker_takes_the_next(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    long = _announce(own, paste(db, "long", stages=ONE, options={"windows": 10_000, "seconds": 0.05}))
    following = _announce(own, paste(db, "next", stages=ONE))
    eventually(lambda: _in_the_middle(db, long), "the stage runs")
    with db.session() as s:
        jobs.cancel(s, long.job_id)

    eventually(lambda: _done(db, following), "the next one is done")
    heard = len(_windows(db, "long"))
    assert states(db, long.job_id) == ("cancelled", "cancelled")
    assert len(_windows(db, "long")) == heard


def test_a_paused_worker_wakes_up_to_find_its_stage_taken(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    pasted = _announce(own, paste(db, stages=ONE, options={"windows": 12, "seconds": 0.1}))
    eventually(lambda: len(_windows(db)) > 1, "the stage runs")
    zombie = fleet.workers["text"]
    zombie.send(signal.SIGSTOP)
    expire(db)
    fleet.start(Queue.TEXT, "heir")
    eventually(lambda: reap(db, own.settings) >= 0 and len(_windows(db)) > 4, "another goes on")
    zombie.send(signal.SIGCONT)
    eventually(lambda: _done(db, pasted), "the stage is done")
    fleet.stop("heir")

    assert _windows(db) == [f"c{window}" for window in range(12)]
    assert [outcome for _, _, outcome in runs(db)] == ["lost", "done"]
    following = _announce(own, paste(db, "next", stages=ONE))
    eventually(lambda: _done(db, following), "the zombie is a worker again")


def test_what_goes_wrong_is_recorded_and_the_queue_goes_on(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    pasted = {fault: _announce(own, paste(db, fault, stages=FIRST, options={"fault": fault})) for fault in ("retryable", "unforeseen")}
    fine = _announce(own, paste(db, "fine", stages=ONE))
    eventually(lambda: _done(db, fine), "the next one is done")

    found = {fault: job(db, one.job_id) for fault, one in pasted.items()}
    assert {fault: (view.state, view.stages[0].state, view.stages[0].error_code) for fault, view in found.items()} == {
        "retryable": ("running", "waiting", "network"),
        "unforeseen": ("failed", "failed", "internal"),
    }


def test_a_stage_that_kills_its_worker_is_set_aside_and_the_queue_goes_on(own: EmbeddedServers, fleet: Fleet, db: Database) -> None:
    poison = _announce(own, paste(db, "poison", stages=FIRST, options={"fault": "dies"}))
    fine = _announce(own, paste(db, "fine", stages=ONE))
    eventually(lambda: reap(db, own.settings) >= 0 and _done(db, fine), "the next one is done")

    view = job(db, poison.job_id)
    assert (view.state, view.stages[0].error_code, view.stages[0].attempt) == ("failed", "crashed", MAX_ATTEMPTS)


def test_a_stage_that_hangs_ends_its_process(own: EmbeddedServers, alone: Fleet, db: Database) -> None:
    hasty = alone.start(Queue.TEXT, "hasty", hasty=True)
    hangs = _announce(own, paste(db, "hangs", stages=FIRST, options={"fault": "hangs"}))
    eventually(lambda: hasty.exits, "it is ended")
    with db.session() as s:
        jobs.cancel(s, hangs.job_id)

    assert hasty.exits == [watchdog.EXIT_STALLED]
    assert "stage hangs, ending this process" in hasty.log


def test_a_worker_that_hears_nothing_while_stages_wait_ends_itself(own: EmbeddedServers, alone: Fleet, db: Database) -> None:
    _client(own).flushdb()  # a hint for a worker that was killed comes again, and this one would hear it
    hasty = alone.start(Queue.TEXT, "hasty", hasty=True)
    paste(db, stages=ONE)  # and nobody announces it

    eventually(lambda: hasty.exits, "it ends")
    assert hasty.exits[0] == watchdog.EXIT_DEAF


def test_two_workers_a_queue_share_the_work_and_do_nothing_twice(own: EmbeddedServers, alone: Fleet, db: Database) -> None:
    queues = [queue for _, queue in STAGES]
    for queue in queues:
        for number in (1, 2):
            alone.start(queue, f"{queue.value}{number}")
    eventually(lambda: _alive(db) == {queue: 2 * (queue in queues) for queue in Queue}, "all workers live")
    pasted = [_announce(own, paste(db, f"v{number}", options={"windows": 3, "seconds": 0.05})) for number in range(12)]
    eventually(lambda: _done(db, *pasted), "all are done")

    assert Counter((attempt, outcome) for _, attempt, outcome in runs(db)) == {(1, "done"): 36}
    for number in range(12):
        assert [_windows(db, f"v{number}", origin) for origin in (Origin.CAPTIONS_MANUAL, Origin.SPEECH)] == [
            ["a0", "a1", "a2"],
            ["b0", "b1", "b2"],
        ]
    with db.session() as s:
        shares = Counter(s.scalars(select(StageRunRow.worker)))
    assert set(shares) == {f"{queue.value}{number}@test" for queue in queues for number in (1, 2)}


def _alive(db: Database) -> dict[Queue, int]:
    with db.session() as s:
        return jobs.workers_seen(s, within=60)


def _ends(settings: Settings, queues: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A worker of the product that is expected to end by itself."""
    command = [sys.executable, "-m", "celery", "--app", "workers.celery_app", "worker", "--queues", queues, "--pool", "solo", "--hostname", "x@test"]
    return subprocess.run(
        command, env=os.environ | {"NUTSHELL_HOME": str(settings.home)} | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_worker_needs_exactly_one_queue(own: EmbeddedServers) -> None:
    ended = _ends(own.settings, "text,fetch")

    assert ended.returncode != 0
    assert "A worker serves one queue" in ended.stderr


def test_a_worker_that_cannot_begin_ends_and_does_not_take_hints_in_silence(own: EmbeddedServers) -> None:
    """A signal's receiver may raise without any effect in Celery: a database that was killed while a worker began left one that claimed nothing, for ever."""
    without_our_tables = own.settings.embedded_database_url.replace("/postgres?", "/template1?")
    ended = _ends(own.settings, "text", NUTSHELL_DATABASE_URL=without_our_tables)

    assert ended.returncode == watchdog.EXIT_UNFIT
    assert "worker cannot begin, ending this process" in ended.stdout + ended.stderr


def test_a_worker_whose_watchdog_breaks_ends(own: EmbeddedServers, alone: Fleet, db: Database) -> None:
    """The stage breaks whichever worker takes it: with others on its queue it has ended three of those and was set aside before this one heard of it."""
    worker = alone.start(Queue.TEXT, "unwatched", hasty=True)
    pasted = _announce(own, paste(db, stages=FIRST, options={"fault": "unwatched"}))
    eventually(lambda: worker.exits, "it is ended")
    with db.session() as s:
        jobs.cancel(s, pasted.job_id)

    assert worker.exits[0] == watchdog.EXIT_UNWATCHED
    assert "watchdog broke, ending this process" in worker.log
