"""The real beat, a real worker, and the command: what is uploaded to a followed channel arrives by itself."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline import broker
from pipeline.config import PREFIX, Settings
from pipeline.jobs import Queue
from pipeline.store import jobs, subscriptions
from pipeline.store.database import Database, database_url
from pipeline.types import Length, Options
from tests.integration.jobs.fleet import ROOT, eventually
from tests.integration.jobs.test_following import be_time, chosen
from tests.integration.store.fresh import clear
from tests.standin import StandIn
from workers import servers
from workers.cli import main
from workers.embedded import EmbeddedServers
from workers.processes import PROGRAMS

CHANNEL = "https://www.youtube.com/@standin"


@pytest.fixture(scope="module", name="own")
def _own() -> Iterator[EmbeddedServers]:
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home, EmbeddedServers(Settings(home=Path(home))) as own:
        servers.migrate(own.settings)
        yield own


@pytest.fixture(name="db")
def _db(own: EmbeddedServers) -> Iterator[Database]:
    db = Database(database_url(own.settings), patience=20.0)
    clear(db)
    yield db
    db.dispose()


@pytest.fixture(name="environment")
def _environment(own: EmbeddedServers, standin: StandIn) -> Iterator[dict[str, str]]:
    standin.reset()
    ours = {"NUTSHELL_HOME": str(own.settings.home), "NUTSHELL_PROXY": standin.proxy, "NUTSHELL_EXTRA_CA": str(standin.ca_file)}
    yield {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | ours
    assert standin.errors == []
    standin.reset()


@contextmanager
def running(own: EmbeddedServers, environment: dict[str, str], name: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with (own.settings.logs_dir / f"{name}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def beat(own: EmbeddedServers, environment: dict[str, str], app: str = "tests.integration.jobs.quick_beat"):
    return running(own, environment, "beat", "celery", "--app", app, "beat", "--loglevel", "WARNING")


def worker(own: EmbeddedServers, environment: dict[str, str], name: str = "bulk"):
    command = next(program for program in PROGRAMS if program.name == "worker-bulk").command(own.settings)[2:]
    return running(own, environment, name, *[f"{name}@test" if word == "bulk@%h" else word for word in command])


def nutshell(environment: dict[str, str], *arguments: str) -> Result:
    ours = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    return CliRunner().invoke(main, arguments, env=ours)


def followed(environment: dict[str, str]) -> list[dict[str, object]]:
    result = nutshell(environment, "subscriptions", "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)["subscriptions"]
    return found


def job_of(db: Database, video_id: str) -> jobs.JobView | None:
    with db.session() as s:
        return next(iter(jobs.jobs_of(s, video_id)), None)


def test_an_upload_arrives_by_itself(own: EmbeddedServers, environment: dict[str, str], db: Database, standin: StandIn) -> None:
    """From the command to the new video's own job, through beat, broker and worker; nobody but them does anything. Killed and doubled beats change nothing."""
    done = nutshell(environment, "subscribe", CHANNEL, "--lang", "Spanish", "--length", "short", "--every", "1d", "--without", "hurry", "--max", "30")
    assert (done.exit_code, done.stderr) == (0, "")
    with worker(own, environment), beat(own, environment) as first:
        eventually(lambda: followed(environment)[0]["result"] == "nothing", "the first look")
        [shown] = followed(environment)
        assert (shown["language"], shown["length"], shown["every"], shown["title"]) == ("es", "short", 86400.0, "Stand-in Channel - Videos")
        assert shown["filters"] == {"words": "", "without": "hurry", "min_duration": None, "max_duration": 1800.0}

        standin.app.upload("uploaded001")
        be_time(db)
        eventually(lambda: job_of(db, "uploaded001"), "the job of the new video")
        job = job_of(db, "uploaded001")
        assert job is not None
        assert jobs.options_of(job.options) == Options(language="es", length=Length.SHORT)

        first.send_signal(signal.SIGKILL)
        with beat(own, environment), beat(own, environment):
            standin.app.upload("uploaded002")
            be_time(db)
            eventually(lambda: job_of(db, "uploaded002"), "with two beats")
    assert chosen(db, int(str(shown["id"]))) == ["uploaded002", "uploaded001"]
    with db.session() as s:
        looks = [job for name in ("uploaded001", "uploaded002") for job in jobs.jobs_of(s, name)]
    assert len(looks) == 2


def test_a_broker_that_was_away_delays_a_look_and_loses_none(own: EmbeddedServers, environment: dict[str, str], db: Database, standin: StandIn) -> None:
    listing_id = int(nutshell(environment, "subscribe", CHANNEL).stdout.split(" as number ")[1].split(".")[0])
    with worker(own, environment), beat(own, environment) as process:
        eventually(lambda: followed(environment)[0]["result"] == "nothing", "the first look")
        own.stop_one("valkey", signal.SIGKILL)
        standin.app.upload("uploaded001")
        be_time(db)
        own.start_valkey()
        eventually(lambda: chosen(db, listing_id) == ["uploaded001"], "the next minute")
        assert process.poll() is None


FILL = "from workers.beat import Heard, app; beat = Heard(app); [beat.apply_entry(beat.schedule['subscriptions']) for _ in range(150)]"


def test_beat_keeps_nothing_and_fills_no_queue(own: EmbeddedServers, environment: dict[str, str]) -> None:
    client = broker._client(broker.broker_url(own.settings))
    client.delete(Queue.BULK.value)
    before = sorted(path.name for path in ROOT.iterdir())
    with beat(own, environment, "workers.beat") as process:
        eventually(lambda: broker.hints_waiting(own.settings, Queue.BULK) == 1, "the first is said at once")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert sorted(path.name for path in ROOT.iterdir()) == before

    subprocess.run([sys.executable, "-c", FILL], cwd=ROOT, env=environment, check=True)
    assert broker.hints_waiting(own.settings, Queue.BULK) == 100
    client.delete(Queue.BULK.value)


def test_commands(own: EmbeddedServers, environment: dict[str, str], db: Database) -> None:
    assert "Nothing is followed" in nutshell(environment, "subscriptions").stderr
    for arguments, code in (
        (("subscribe", "https://youtu.be/stVideo0001"), 2), (("subscribe", CHANNEL, "--every", "soon"), 2), (("subscribe", CHANNEL, "--every", "1m"), 2),
        (("subscribe", f"{CHANNEL}/playlists"), 2), (("unsubscribe", "17"), 2), (("unsubscribe", CHANNEL), 2), (("subscribe", CHANNEL, "--lang", "klingonish"), 2),
    ):  # fmt: skip
        result = nutshell(environment, *arguments)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (code, "", 1), arguments
    for link in (CHANNEL, "https://www.youtube.com/playlist?list=PLstandin0001"):
        assert nutshell(environment, "subscribe", link, "--backlog", "2").exit_code == 0

    listed = nutshell(environment, "subscriptions").stdout
    assert f"{CHANNEL}/videos" in listed
    assert "not looked at yet; next look" in listed
    assert len(followed(environment)) == 2
    assert nutshell(environment, "unsubscribe", f"{CHANNEL}/videos").exit_code == 0
    assert nutshell(environment, "unsubscribe", str(followed(environment)[0]["id"])).exit_code == 0
    assert followed(environment) == []
    with db.session() as s:
        assert not subscriptions.is_any(s)
