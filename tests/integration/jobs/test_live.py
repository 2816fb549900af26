"""A stream that ends and a premiere that begins, with the real yt-dlp and the real job store: nothing fails, and nobody is asked before it is time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from pipeline import run
from pipeline.config import Settings
from pipeline.errors import NutshellError, Postponed
from pipeline.jobs import Queue, State
from pipeline.live import PATIENCE
from pipeline.source.links import parse_link
from pipeline.store import jobs, transcripts, videos
from pipeline.store.database import Database, database_url
from pipeline.store.jobs import JobView
from pipeline.store.tables import JobRow, StageRow
from pipeline.types import Options
from tests.integration.store.fresh import clear
from tests.standin import StandIn
from web import views


@pytest.fixture(name="settings")
def _settings(servers: Settings, standin: StandIn) -> Settings:
    return servers.model_copy(update={"proxy": standin.proxy, "extra_ca": str(standin.ca_file), "videos_per_hour": 0.0})


@pytest.fixture(name="db")
def _db(servers: Settings) -> Iterator[Database]:
    db = Database(database_url(servers), patience=20.0)
    clear(db)
    yield db
    db.dispose()


class Line:
    """One video in the queue."""

    def __init__(self, db: Database, settings: Settings, video_id: str) -> None:
        self.db, self.settings = db, settings
        submitted = run.submit_source(db, parse_link(video_id), Options())
        self.job_id, self.video_id = int(submitted.job_id or 0), submitted.video_id

    def look(self) -> str:
        """As a worker does it; the code of what it waits for or failed of. Nothing is due: `idle`."""
        with self.db.session() as s:
            claim = jobs.claim_next(s, Queue.FETCH, "a worker")
        if claim is None:
            return "idle"
        try:
            run.run_stage(claim, self.db, self.settings, models=None)  # type: ignore[arg-type]
        except Postponed as error:
            with self.db.session() as s:
                jobs.postpone(s, claim, error)
            return error.code
        except NutshellError as error:
            with self.db.session() as s:
                jobs.fail(s, claim, error)
            return error.code
        with self.db.session() as s:
            jobs.finish(s, claim)
        return ""

    @property
    def job(self) -> JobView:
        with self.db.session() as s:
            job = jobs.get_job(s, self.job_id)
        assert job is not None
        return job

    def waits(self) -> float:
        """Minutes until the next look."""
        return (self.job.stages[0].not_before - datetime.now(UTC)).total_seconds() / 60

    def pass_time(self) -> None:
        """The pause is over."""
        with self.db.session() as s:
            s.execute(update(StageRow).where(StageRow.job_id == self.job_id, StageRow.name == "fetch").values(not_before=StageRow.progress_at))


def test_a_stream_is_waited_for_until_its_recording_is_there(db: Database, settings: Settings, standin: StandIn) -> None:
    line = Line(db, settings, "stEnding001")
    for code, least, most in (("live_now", 14, 17), ("live_now", 14, 17), ("live_processing", 29, 34)):
        assert line.look() == code
        assert least <= line.waits() <= most
        assert line.look() == "idle"  # not before it is time
        assert line.job.state is State.RUNNING
        line.pass_time()

    assert line.look() == ""
    assert len(standin.lines(r"/watch\?v=stEnding001")) == 4
    with db.session() as s:
        assert transcripts.get_transcript(s, line.video_id) is not None


def test_a_premiere_is_looked_at_when_it_begins(db: Database, settings: Settings) -> None:
    line = Line(db, settings, "stBegins001")

    assert line.look() == "live_upcoming"
    assert 61 <= line.waits() <= 70  # it begins in an hour
    with db.session() as s:
        assert videos.get_video(s, line.video_id).title.startswith("A premiere that begins")
    shown = views.job_status(line.job)
    assert (shown.headline, shown.live) == ("Waiting for it to begin", True)
    assert shown.detail.startswith(f"This video has not started yet. It starts on {datetime.now(UTC) + timedelta(hours=1):%Y-%m-%d at}")
    line.pass_time()
    assert line.look() == "live_now"
    assert views.job_status(line.job).headline == "Waiting for the stream to end"
    line.pass_time()
    assert line.look() == ""


def test_who_waits_for_weeks_gives_up_with_a_reason_and_may_look_once_more(db: Database, settings: Settings, standin: StandIn) -> None:
    video = standin.app.videos["stLiveNow01"]
    standin.app.become("stLiveNow01", (1, replace(video, starts_in=-PATIENCE - 3600)), (1, replace(video, starts_in=-60.0)))
    line = Line(db, settings, "stLiveNow01")

    assert line.look() == "live_now"
    shown = views.job_status(line.job)
    assert line.job.state is State.FAILED
    assert shown.detail == "This stream is still live. It has been live for more than 14 days, so it is not waited for."
    assert shown.next_step.startswith("Press Try again when it has been shown to its end")
    with db.session() as s:
        jobs.retry(s, line.job_id)
    assert line.look() == "live_now"
    assert line.job.state is State.RUNNING


def test_what_nobody_announces_a_time_for_is_not_waited_for_for_ever(db: Database, settings: Settings) -> None:
    line = Line(db, settings, "stPremiere1")

    assert line.look() == "live_upcoming"
    assert 60 <= line.waits() <= 67
    with db.session() as s:
        s.execute(update(JobRow).where(JobRow.id == line.job_id).values(created_at=JobRow.created_at - timedelta(seconds=PATIENCE + 60)))
    line.pass_time()
    assert line.look() == "live_upcoming"
    assert line.job.state is State.FAILED


def test_a_start_beyond_a_year_fails_at_once(db: Database, settings: Settings) -> None:
    line = Line(db, settings, "stUpcoming1")  # 2030

    assert line.look() == "live_upcoming"
    assert line.job.state is State.FAILED
    assert "It starts on 2030-01-01 at 00:00 UTC. That is more than a year ahead" in (line.job.stages[0].error or "")
