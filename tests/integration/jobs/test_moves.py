"""What can become of a job and its stages, one move at a time."""

import pytest

from pipeline.errors import Cancelled, InputError, LeaseLost, ModelError, NotFound, cause
from pipeline.jobs import MAX_ATTEMPTS, Queue, State
from pipeline.store import jobs, stages, transcripts, videos
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from pipeline.types import Length, Options, Origin, Progress, Segment
from tests.integration.jobs.helpers import STAGES, be_due, claim, expire, finish, job, paste, reap, runs, states


def _claimed(db: Database, name: str = "v") -> Claim:
    return claim(db, paste(db, name).first_stage_id)


def _fail(db: Database, held: Claim, code: str) -> State:
    with db.session() as s:
        return jobs.fail(s, held, cause(code))


def test_stages_run_one_after_the_other_each_announced_when_it_may_run(db: Database) -> None:
    pasted = paste(db)
    assert pasted.hint == jobs.Hint(Queue.FETCH, pasted.first_stage_id)

    hint, seen = pasted.hint, []
    while True:
        held = claim(db, hint.stage_id)
        seen.append((held.name, held.queue, held.attempt, held.video_id))
        following = finish(db, held)
        if not following:
            break
        (hint,) = following

    assert seen == [(name, queue, 1, "v") for name, queue in STAGES]
    assert states(db, pasted.job_id) == ("done", "done", "done", "done")


def test_a_stage_waits_for_those_before_it(db: Database) -> None:
    pasted = paste(db)

    with db.session() as s:
        assert jobs.claim(s, pasted.first_stage_id + 1, "w") is None
        assert jobs.claim_next(s, Queue.SPEECH, "w") is None


def test_claims_take_the_better_priority_then_the_older_job(db: Database) -> None:
    order = [
        paste(db, name, priority=priority).job_id
        for name, priority in (("b1", jobs.BATCH), ("i1", jobs.INTERACTIVE), ("b2", jobs.BATCH), ("i2", jobs.INTERACTIVE))
    ]

    with db.session() as s:
        positions = [jobs.queue_position(s, job_id) for job_id in order]
        taken = [found.job_id for _ in order if (found := jobs.claim_next(s, Queue.FETCH, "w"))]

    assert positions == [2, 0, 3, 1]
    assert taken == [order[1], order[3], order[0], order[2]]


def test_progress_is_stored_and_renews_the_lease(db: Database) -> None:
    held = _claimed(db)
    expire(db)
    with db.session() as s:
        jobs.renew(s, held, Progress("a", 0.5, "half way"))

    assert reap(db) == ()
    view = job(db, held.job_id).stages[0]
    assert (view.state, view.fraction, view.message) == (State.RUNNING, 0.5, "half way")


def test_a_heartbeat_renews_the_lease_and_tells_how_long_nothing_moved(db: Database) -> None:
    held = _claimed(db)
    with db.session() as s:
        jobs.renew(s, held, Progress("a", 0.5, "x"))
        s.execute(stages.update(stages.StageRow).values(progress_at=stages.StageRow.progress_at - stages.timedelta(seconds=100)))
        jobs.renew(s, held, Progress("a", 0.5, "x"))  # said, but nothing moved
        stalled = jobs.heartbeat(s, held)
        jobs.renew(s, held, Progress("a", 0.6, "x"))
        moved = jobs.heartbeat(s, held)

    assert stalled >= 100
    assert moved < stalled - 99


def test_a_retryable_error_waits_and_is_tried_again(db: Database) -> None:
    held = _claimed(db)

    assert _fail(db, held, "network") is State.WAITING
    with db.session() as s:
        assert jobs.claim(s, held.stage_id, "w") is None, "its pause is not over"
    view = job(db, held.job_id).stages[0]
    assert (view.error_code, view.error) == ("network", str(cause("network")))
    be_due(db)
    assert claim(db, held.stage_id).attempt == 2
    assert runs(db) == [(held.stage_id, 1, "failed"), (held.stage_id, 2, None)]


def test_a_retryable_error_is_not_tried_for_ever(db: Database) -> None:
    pasted = paste(db)
    states_seen = []
    for _ in range(stages.MAX_FAILURES):
        be_due(db)
        states_seen.append(_fail(db, claim(db, pasted.first_stage_id), "network"))

    assert states_seen == [State.WAITING] * (stages.MAX_FAILURES - 1) + [State.FAILED]
    assert states(db, pasted.job_id) == ("failed", "failed", "waiting", "waiting")


def test_a_final_error_fails_the_job_and_keeps_what_earlier_stages_made(db: Database) -> None:
    held = _claimed(db)
    with db.session() as s:
        transcripts.append_part(s, held.video_id, Origin.SPEECH, "en", "m", [Segment(0, 1, "Kept.")], 1.0, fence=held.fence)
    (hint,) = finish(db, held)

    assert _fail(db, claim(db, hint.stage_id), "no_speech") is State.FAILED
    assert states(db, held.job_id) == ("failed", "done", "failed", "waiting")
    assert reap(db) == ()
    with db.session() as s:
        assert transcripts.get_transcript(s, held.video_id) is not None


def test_retry_goes_on_with_the_stage_that_failed(db: Database) -> None:
    held = _claimed(db)
    (hint,) = finish(db, held)
    _fail(db, claim(db, hint.stage_id), "no_speech")

    with db.session() as s:
        assert jobs.retry(s, held.job_id) == (hint,)
    assert states(db, held.job_id) == ("waiting", "done", "waiting", "waiting")
    assert claim(db, hint.stage_id).attempt == 2
    assert states(db, held.job_id) == ("running", "done", "running", "waiting")


def test_what_cannot_be_retried(db: Database) -> None:
    held = _claimed(db)
    with pytest.raises(InputError, match="failed or was cancelled"), db.session() as s:
        jobs.retry(s, held.job_id)
    _fail(db, held, "private")
    paste(db)
    with pytest.raises(InputError, match="being made already"), db.session() as s:
        jobs.retry(s, held.job_id)
    with pytest.raises(NotFound), db.session() as s:
        jobs.retry(s, held.job_id + 100)


def test_cancel_ends_a_running_stage_at_its_next_report(db: Database) -> None:
    held = _claimed(db)
    with db.session() as s:
        assert jobs.cancel(s, held.job_id)
        assert not jobs.cancel(s, held.job_id)

    assert states(db, held.job_id) == ("cancelled",) * 4
    for forbidden in (
        lambda s: jobs.renew(s, held, Progress("a", 0.1, "")),
        lambda s: jobs.finish(s, held),
        lambda s: jobs.heartbeat(s, held),
    ):
        with pytest.raises(Cancelled), db.session() as s:
            forbidden(s)
    assert runs(db) == [(held.stage_id, 1, "cancelled")]
    assert reap(db) == ()
    with pytest.raises(NotFound), db.session() as s:
        jobs.cancel(s, held.job_id + 100)


def test_a_cancelled_job_can_be_started_again(db: Database) -> None:
    held = _claimed(db)
    with db.session() as s:
        jobs.cancel(s, held.job_id)
        (hint,) = jobs.retry(s, held.job_id)

    assert claim(db, hint.stage_id).attempt == 2


def test_deleting_the_video_ends_the_stage(db: Database) -> None:
    held = _claimed(db)
    with db.session() as s:
        videos.delete_video(s, held.video_id)

    with pytest.raises(Cancelled), db.session() as s:
        jobs.renew(s, held, Progress("a", 0.1, ""))


def test_a_skipped_stage_is_done_without_having_run(db: Database) -> None:
    held = _claimed(db)
    with db.session() as s:
        jobs.skip(s, held, "b")
        (hint,) = jobs.finish(s, held)

    assert hint.queue is Queue.TEXT
    finish(db, claim(db, hint.stage_id))
    assert states(db, held.job_id) == ("done", "done", "done", "done")
    assert {stage for stage, _, _ in runs(db)} == {held.stage_id, hint.stage_id}


def test_finishing_twice_changes_nothing(db: Database) -> None:
    held = _claimed(db)

    assert finish(db, held) == finish(db, held)
    assert runs(db) == [(held.stage_id, 1, "done")]


def test_a_lost_stage_waits_again_at_once(db: Database) -> None:
    held = _claimed(db)
    expire(db)

    assert reap(db) == (jobs.Hint(Queue.FETCH, held.stage_id),)
    assert claim(db, held.stage_id).attempt == 2
    with pytest.raises(LeaseLost), db.session() as s:
        jobs.renew(s, held, Progress("a", 0.1, ""))
    assert runs(db) == [(held.stage_id, 1, "lost"), (held.stage_id, 2, None)]


def test_a_stage_that_ends_its_worker_again_and_again_is_set_aside(db: Database) -> None:
    pasted = paste(db)
    for _ in range(MAX_ATTEMPTS):
        claim(db, pasted.first_stage_id)
        expire(db)
        reap(db)

    assert states(db, pasted.job_id) == ("failed", "failed", "waiting", "waiting")
    assert job(db, pasted.job_id).stages[0].error_code == "crashed"


def test_a_stage_that_stores_something_new_each_time_is_never_set_aside(db: Database) -> None:
    pasted = paste(db)
    for window in range(1, 3 * MAX_ATTEMPTS):
        held = claim(db, pasted.first_stage_id)
        with db.session() as s:
            transcripts.append_part(s, "v", Origin.SPEECH, "en", "m", [], float(window), fence=held.fence)
        expire(db)
        reap(db)

    assert states(db, pasted.job_id)[1] == "waiting"


def test_storing_the_same_again_is_no_progress(db: Database) -> None:
    pasted = paste(db)
    for _ in range(MAX_ATTEMPTS):
        held = claim(db, pasted.first_stage_id)
        with db.session() as s:
            transcripts.append_part(s, "v", Origin.SPEECH, "en", "m", [], 1.0, fence=held.fence)
        expire(db)
        reap(db)

    assert states(db, pasted.job_id)[1] == "failed"


def test_a_worker_that_starts_frees_what_its_predecessor_held_and_nothing_else(db: Database) -> None:
    mine, other = paste(db, "x").first_stage_id, paste(db, "y").first_stage_id
    claim(db, mine, "fetch@one")
    claim(db, other, "fetch@two")

    with db.session() as s:
        assert [hint.stage_id for hint in jobs.release_lost(s, "fetch@one")] == [mine]
    assert runs(db) == [(mine, 1, "lost"), (other, 1, None)]


def test_a_stage_that_is_handed_back_is_not_held_against_it(db: Database) -> None:
    pasted = paste(db)
    for _ in range(2 * MAX_ATTEMPTS):
        held = claim(db, pasted.first_stage_id)
        with db.session() as s:
            jobs.release(s, held)
            jobs.release(s, held)

    assert states(db, pasted.job_id)[1] == "waiting"
    assert {outcome for _, _, outcome in runs(db)} == {"released"}


def test_reaper_tells_of_every_stage_that_is_due(db: Database) -> None:
    due = [paste(db, name).first_stage_id for name in ("x", "y")]
    _fail(db, claim(db, paste(db, "z").first_stage_id), "network")

    assert [hint.stage_id for hint in reap(db)] == due


def test_counts_say_what_waits_and_for_how_long(db: Database) -> None:
    paste(db, "x")
    claim(db, paste(db, "y").first_stage_id)
    with db.session() as s:
        found = jobs.counts(s)

    assert found.stages == {
        (Queue.FETCH, State.WAITING): 1,
        (Queue.FETCH, State.RUNNING): 1,
        (Queue.SPEECH, State.WAITING): 2,
        (Queue.TEXT, State.WAITING): 2,
    }
    assert list(found.oldest) == [Queue.FETCH]


def test_workers_that_signed_in_lately(db: Database) -> None:
    with db.session() as s:
        for name, queue in (("text@a", Queue.TEXT), ("text@b", Queue.TEXT), ("text@a", Queue.TEXT), ("fetch@a", Queue.FETCH)):
            jobs.sign_in(s, name, queue)
    with db.session() as s:
        assert jobs.workers_seen(s) == {Queue.FETCH: 1, Queue.BULK: 0, Queue.SPEECH: 0, Queue.GIST: 0, Queue.TEXT: 2}
        assert set(jobs.workers_seen(s, within=-1).values()) == {0}


def test_options_come_back(db: Database) -> None:
    options = Options(language="es", length=Length.LONG, captions=False)
    with db.session() as s:
        videos.ensure_video(s, "youtube:v", "", "youtube")
        pasted = jobs.submit(s, "tldr", "v", options, STAGES)

    assert jobs.options_of(claim(db, pasted.first_stage_id).options) == options
    assert jobs.options_of({"as": "audio"}) == Options()


def test_no_job_for_a_video_that_is_gone(db: Database) -> None:
    with pytest.raises(NotFound, match="deleted"), db.session() as s:
        jobs.submit(s, "tldr", "nobody", {}, STAGES)


def test_fail_of_a_stage_that_somebody_else_has(db: Database) -> None:
    held = _claimed(db)
    expire(db)
    reap(db)
    with pytest.raises(LeaseLost), db.session() as s:
        jobs.fail(s, held, ModelError("x", "x"))
