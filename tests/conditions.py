"""`python -m tests.conditions`: what becomes of everything that YouTube, the network and this machine do to a video or playlist, as a table.

Each row is observed, none computed: the job is submitted, claimed and worked on as a worker does it, with the real PostgreSQL and Valkey, the real yt-dlp
and deno in their child process, and the loopback YouTube. The words are those of the page. The rows are in conditions_table.py; a test holds each against it.
"""

import json
import logging
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import redis
import structlog
from structlog.testing import capture_logs

from pipeline import manners, run
from pipeline.config import Settings
from pipeline.errors import InputError, NutshellError, Postponed, Stopped
from pipeline.jobs import State
from pipeline.source import sandbox
from pipeline.source.links import read_link
from pipeline.store import jobs
from pipeline.store.database import Database, database_url
from pipeline.store.jobs import Claim, JobView
from pipeline.types import Options
from tests.integration.store.fresh import clear
from tests.standin import StandIn, default_world
from web import views
from workers.embedded import EmbeddedServers
from workers.servers import migrate

FETCHING = "Fetching the sound. "
Then = Literal["refused", "fails", "waits", "goes on", "cancelled"]
"""What the job does: not made at all; ended; looks again by itself; has what it came for or does without; ended by somebody."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is observed."""

    standin: StandIn
    settings: Settings
    db: Database


Work = Callable[[Claim, Place, Settings], None]


def stage(claim: Claim, place: Place, settings: Settings) -> None:
    run.run_stage(claim, place.db, settings, models=None)  # type: ignore[arg-type]  # what fetches loads none


@dataclass(frozen=True, slots=True)
class Condition:
    """A row: what is the matter, and what is expected to become of it."""

    what: str
    code: str
    then: Then
    link: str
    """What is pasted; also a bare id of the stand-in."""
    arrange: Callable[[Place], object] = lambda _: None
    """Before it is pasted."""
    during: Callable[[Place, Claim], None] | None = None
    """While it is worked on, in a thread."""
    settings: dict[str, Any] = field(default_factory=dict)
    work: Work = stage


@dataclass(frozen=True, slots=True)
class Observed:
    code: str
    sentence: str
    then: Then
    action: str
    """What happens next, as the page says it."""


def observe(place: Place, condition: Condition) -> Observed:
    place.standin.reset()
    forget_pauses(place.settings)
    clear(place.db)
    condition.arrange(place)
    settings = place.settings.model_copy(update=condition.settings)
    try:
        submitted = submit(place.db, condition.link)
    except InputError as error:
        return Observed(error.code, str(error), "refused", "Nothing is queued.")
    with place.db.session() as s:
        claim = jobs.claim(s, submitted, "a worker")
    assert claim is not None
    helper = threading.Thread(target=condition.during, args=(place, claim)) if condition.during else None
    if helper:
        helper.start()
    with capture_logs() as events, messages(settings) as shown:
        ended = work(place, settings, claim, condition.work)
    if helper:
        helper.join()
    with place.db.session() as s:
        job = jobs.get_job(s, claim.job_id)
    assert job is not None
    return told(job, ended, events, shown)


def submit(db: Database, link: str) -> int:
    """The stage that is to be worked on first."""
    source = read_link(link)
    if source.kind == "playlist":
        return run.submit_listing(db, source).hint.stage_id
    hint = run.submit_source(db, source, Options()).hint
    assert hint
    return hint.stage_id


def work(place: Place, settings: Settings, claim: Claim, how: Work) -> NutshellError | None:
    """One stage as a worker does it; how it ended."""
    try:
        how(claim, place, settings)
    except Stopped as stopped:
        return stopped
    except Postponed as postponed:
        with place.db.session() as s:
            jobs.postpone(s, claim, postponed)
        return postponed
    except NutshellError as error:
        with place.db.session() as s:
            jobs.fail(s, claim, error)
        return error
    with place.db.session() as s:
        jobs.finish(s, claim)
    return None


@contextmanager
def messages(settings: Settings) -> Iterator[list[str]]:
    """What was said of the progress, as the page hears it; filled at the end."""
    heard: list[str] = []
    with redis.Redis(unix_socket_path=str(settings.valkey_socket)).pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
        channel.psubscribe("*")
        channel.get_message(timeout=5.0)  # listens from here on
        yield heard
        while (message := channel.get_message(timeout=0.1)) is not None:
            heard.append(str(json.loads(message["data"]).get("message", "")))


def told(job: JobView, ended: NutshellError | None, events: list[Any], heard: list[str]) -> Observed:
    """What the rows say afterwards. What was healed on the way stands in the log and in what the page heard."""
    shown = views.job_status(job)
    first = job.stages[0]
    if isinstance(ended, Stopped):
        return Observed(ended.code, str(ended), "cancelled", shown.detail)
    if first.state is State.FAILED:
        return Observed(first.error_code or "", first.error or "", "fails", shown.next_step)
    if first.state is State.WAITING:
        return Observed(first.error_code or "", first.error or "", "waits", f"{shown.headline}.{_added(shown.detail, first.error or '')}")
    healed = next((event["code"] for event in events if event["event"] == "source.again"), "")
    note = next((message.removeprefix(FETCHING) for message in heard if message.startswith(FETCHING)), "")
    code = healed or ("captions_unavailable" if re.search("(?i)the (manual|automatic) captions", note) else "")
    following = "It is listened to instead." if any(stage.name == "speech" and stage.state is State.WAITING for stage in job.stages) else "It goes on."
    return Observed(code, note, "goes on", following)


def _added(detail: str, error: str) -> str:
    rest = detail.removeprefix(error).strip()
    return f" {rest}" if rest else ""


def forget_pauses(settings: Settings) -> None:
    client = redis.Redis(unix_socket_path=str(settings.valkey_socket))
    for key in client.scan_iter(f"{manners.PREFIX}*"):
        client.delete(key)


@contextmanager
def place_of(standin: StandIn, servers: Settings) -> Iterator[Place]:
    # What was healed stands in the log at "info"; whoever ran in this process before may have set it to less.
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    settings = servers.model_copy(update={"proxy": standin.proxy, "extra_ca": str(standin.ca_file), "videos_per_hour": 0.0})
    db = Database(database_url(settings), patience=20.0)
    try:
        yield Place(standin, settings, db)
    finally:
        forget_pauses(settings)
        db.dispose()


def main() -> int:
    """Prints the table; 1 where something came to what was not expected."""
    from tests.conditions_table import CONDITIONS

    sandbox.keep_ready("pipeline.source.child")
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home, EmbeddedServers(Settings(home=Path(home))) as servers:
        migrate(servers.settings)
        with StandIn(default_world()) as standin, place_of(standin, servers.settings) as place:
            say("| condition | code | sentence | what happens next |", "|---|---|---|---|")
            for condition in CONDITIONS:
                seen = observe(place, condition)
                as_expected = (seen.code, seen.then) == (condition.code, condition.then)
                wrong += not as_expected
                remark = "" if as_expected else f" **expected: {condition.code}, {condition.then}**"
                say(f"| {condition.what} | `{seen.code}` | {seen.sentence} | {seen.then}: {seen.action}{remark} |")
    say("", f"{len(CONDITIONS)} conditions, {wrong} of them not as expected.")
    return 1 if wrong else 0


def say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
