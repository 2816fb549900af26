"""A model of jobs.py in a few sets, and the real thing on PostgreSQL; after any sequence of moves both agree."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule, run_state_machine_as_test
from hypothesis.strategies import booleans, integers, sampled_from

from pipeline.errors import Stopped, cause
from pipeline.jobs import MAX_ATTEMPTS, MOVES, Queue, State
from pipeline.store import jobs, videos
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from tests.integration.jobs.helpers import STAGES, be_due, expire, job, paste, reap, runs
from tests.integration.store.fresh import clear


class Jobs(RuleBasedStateMachine):
    """Videos v0..v2; claims are kept after they were lost, so that zombies act too."""

    db: Database
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        clear(self.db)
        self.finished: set[int] = set()
        self.holders: dict[int, int] = {}
        """Stage -> attempt that holds it."""
        self.states: dict[tuple[int, int], State] = {}

    @rule(video=integers(0, 2), priority=sampled_from([0, 10]))
    def submit(self, video: int, priority: int) -> None:
        paste(self.db, f"v{video}", priority=priority)

    @rule(target=claims, queue=sampled_from(Queue))
    def claim(self, queue: Queue) -> object:
        with self.db.session() as s:
            held = jobs.claim_next(s, queue, "w")
        if held is None:
            return multiple()
        assert held.stage_id not in self.holders
        assert held.stage_id not in self.finished
        self.holders[held.stage_id] = held.attempt
        return held

    def _holds(self, held: Claim) -> bool:
        return self.holders.get(held.stage_id) == held.attempt

    @rule(held=claims)
    def finish(self, held: Claim) -> None:
        holds, repeated = self._holds(held), (held.stage_id, held.attempt, "done") in runs(self.db)
        try:
            with self.db.session() as s:
                jobs.finish(s, held)
        except Stopped:
            assert not holds
            assert not repeated
        else:
            assert holds or repeated
            self.holders.pop(held.stage_id, None)
            self.finished.add(held.stage_id)

    @rule(held=consumes(claims), retryable=booleans())
    def fail(self, held: Claim, retryable: bool) -> None:
        holds = self._holds(held)
        try:
            with self.db.session() as s:
                jobs.fail(s, held, cause("network" if retryable else "private"))
        except Stopped:
            assert not holds
        else:
            assert holds
            del self.holders[held.stage_id]

    @rule(held=claims)
    def release(self, held: Claim) -> None:
        with self.db.session() as s:
            jobs.release(s, held)
        if self._holds(held):
            del self.holders[held.stage_id]

    @rule()
    def crash_all(self) -> None:
        expire(self.db)
        reap(self.db)
        self.holders.clear()

    @rule()
    def time_passes(self) -> None:
        be_due(self.db)

    @rule(video=integers(0, 2), again=booleans())
    def cancel(self, video: int, again: bool) -> None:
        with self.db.session() as s:
            for view in jobs.jobs_of(s, f"v{video}")[:1]:
                if jobs.cancel(s, view.id):
                    self.holders = {stage: attempt for stage, attempt in self.holders.items() if stage not in self._stages_of(view.id)}
                    if again:
                        jobs.retry(s, view.id)

    def _stages_of(self, job_id: int) -> set[int]:
        with self.db.session() as s:
            return set(s.scalars(jobs.select(jobs.StageRow.id).where(jobs.StageRow.job_id == job_id)))

    @rule(video=integers(0, 2))
    def delete(self, video: int) -> None:
        with self.db.session() as s:
            gone = {stage for view in jobs.jobs_of(s, f"v{video}") for stage in self._stages_of(view.id)}
            videos.delete_video(s, f"v{video}")
        self.holders = {stage: attempt for stage, attempt in self.holders.items() if stage not in gone}

    @invariant()
    def what_runs_is_what_is_held(self) -> None:
        with self.db.session() as s:
            rows = s.execute(jobs.select(jobs.StageRow)).scalars().all()
        assert {row.id: row.attempt for row in rows if row.state is State.RUNNING} == self.holders
        assert all(row.crashes < MAX_ATTEMPTS or row.state is State.FAILED for row in rows)

    @invariant()
    def every_move_is_legal_and_stages_keep_their_order(self) -> None:
        for view in self._views():
            now = {(view.id, index): stage.state for index, stage in enumerate(view.stages)} | {(view.id, -1): view.state}
            for key, state in now.items():
                old = self.states.get(key, state)
                assert (
                    old is state or state in MOVES[old] or {old, state} == {State.CANCELLED, State.WAITING} or self._two_moves(old, state)
                ), (old, state)
            self.states |= now
            done = [stage.state is State.DONE for stage in view.stages]
            assert done == sorted(done, reverse=True)
            assert (view.state is State.DONE) == all(done)
            assert len(view.stages) == len(STAGES)

    @staticmethod
    def _two_moves(old: State, state: State) -> bool:
        """One rule may make two moves: a cancel with its retry, or a job whose only claim was lost."""
        return any(state in MOVES[between] for between in MOVES[old])

    def _views(self) -> list[jobs.JobView]:
        with self.db.session() as s:
            return [job(self.db, job_id) for job_id in s.scalars(jobs.select(jobs.JobRow.id))]

    @invariant()
    def nothing_finishes_twice(self) -> None:
        done = [stage for stage, _, outcome in runs(self.db) if outcome == "done"]
        assert len(done) == len(set(done))


@pytest.mark.timeout(120)
def test_any_sequence_of_moves_keeps_the_rules(db: Database) -> None:
    Jobs.db = db
    limits = settings(max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Jobs, settings=limits)  # type: ignore[no-untyped-call]
