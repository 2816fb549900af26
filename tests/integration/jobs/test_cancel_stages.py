"""Whatever a job is doing, a cancel ends it: no process and no file is left, and the rows say so. How many seconds it took is printed (`pytest -rP`), not asserted."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.config import Settings
from pipeline.jobs import FINAL, State
from pipeline.store.database import Database
from pipeline.store.tables import JobRow, StageRow, StageRunRow
from tests.integration.jobs import cancelling
from tests.integration.jobs.cancelling import CASES, Case, Place
from tests.integration.jobs.fleet import eventually
from tests.integration.store.fresh import clear
from tests.standin import StandIn
from workers.reaper import sweep

RANDOM = 100
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", name="everything")
def _everything(url: str, servers: Settings, standin_server: StandIn, prepared_home: Path) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:  # a short path: sockets lie in it
        home = cancelling.home_with_models(Path(folder) / "home", prepared_home)
        settings = Settings(
            home=home, database_url=url, broker_url=servers.embedded_broker_url, proxy=standin_server.proxy, extra_ca=str(standin_server.ca_file), videos_per_hour=0,
        )  # fmt: skip
        db = Database(url, pool_size=16)
        with cancelling.place(settings, db, standin_server) as found:
            yield found
        db.dispose()


@pytest.fixture(name="place")
def _place(everything: Place, standin: StandIn, db: Database) -> Place:
    clear(everything.db)
    shutil.rmtree(everything.settings.media_dir, ignore_errors=True)
    return everything


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_cancel_ends_the_stage_in_its_middle(place: Place, case: Case) -> None:
    outcome = cancelling.cancelled_in(place, case)
    print(f"{case.name:<32} {outcome.seconds:5.2f} s")  # noqa: T201 - what this measures

    assert outcome.ended == "cancelled"
    assert outcome.job.state is State.CANCELLED
    assert {stage.name: stage.state for stage in outcome.job.stages}[case.stage] is State.CANCELLED
    eventually(lambda: not place.new_children(), "no child process is left", seconds=30)
    assert place.strays() == []


def test_a_hundred_cancels_at_any_moment_leave_nothing(place: Place) -> None:
    seed = int(time.time())
    outcomes = cancelling.at_random(place, RANDOM, seed)
    print(f"seed {seed}: {Counter(ended for ended, _ in outcomes)}")  # noqa: T201

    assert Counter(ended for ended, _ in outcomes)["cancelled"] > RANDOM // 4  # most were in the middle of something
    assert {ended for ended, _ in outcomes} <= {"cancelled", "done", "private", "removed", "youtube_downloads"}
    eventually(lambda: not place.new_children(), "no child process is left", seconds=30)
    waited = Counter(ended for ended, _ in outcomes)["youtube_downloads"]
    assert len(place.strays()) <= waited  # a job that waits for its turn keeps its folder; cancelled then, nobody works there who could remove it
    sweep(place.db, place.settings)
    assert place.strays() == []
    _check_rows(place.db)


def _check_rows(db: Database) -> None:
    """Everything has ended, and every attempt says how."""
    with db.session() as s:
        job_states = Counter(s.execute(select(JobRow.state)).scalars())
        stages = s.execute(select(JobRow.state, StageRow.state, StageRow.lease_until).join(StageRow, StageRow.job_id == JobRow.id)).all()
        attempts = s.execute(select(StageRunRow.outcome, StageRunRow.ended_at)).all()
    assert set(job_states) <= FINAL
    assert all(stage in FINAL and lease is None for job, stage, lease in stages if job is State.CANCELLED)
    assert all(outcome is not None and ended is not None for outcome, ended in attempts)
