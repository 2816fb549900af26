"""kill -9 of every kind of process while jobs run, five times each, in the product as a person has it: nothing is lost and nothing is done twice.

Real yt-dlp against the stand-in, real speech, the real models. Each process is killed at a moment when a stage that needs it is running.
"""

import contextlib
import json
import os
import signal
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.jobs import State
from pipeline.store import jobs, media, renditions, transcripts, videos
from pipeline.store.database import Database, database_url
from pipeline.store.tables import JobRow, StageRow
from tests.browser.product import product
from tests.integration.jobs.fleet import eventually
from tests.integration.jobs.helpers import runs
from tests.standin.server import StandIn
from tests.standin.talks import load_talk
from tests.standin.videos import talk_video
from tests.standin.world import World
from workers.processes import PROGRAMS
from workers.supervision import RUNNING, Supervisor

LIMIT = 1500.0
"""Seconds for everything, on a machine that is busy with other things."""
pytestmark = pytest.mark.timeout(LIMIT + 300)
EACH = 5
TALK = load_talk("short")
IDS = [f"killtest{number:03d}" for number in range(4 * EACH)]
"""More videos than jobs that are needed on a fast machine, whose jobs may be done before everything has been killed often enough."""
PAUSE = 0.5
"""Seconds between two kills, so that they do not all fall into one moment."""
VICTIMS: dict[str, frozenset[str]] = {
    "worker-fetch": frozenset({"fetch"}),
    "worker-bulk": frozenset(),
    "worker-speech": frozenset({"speech"}),
    "worker-gist": frozenset({"gist"}),
    "worker-text": frozenset({"index", "summary"}),
    "lm": frozenset({"gist", "summary"}),
    "embed": frozenset({"index", "summary"}),
    "web": frozenset(),
    "reaper": frozenset(),
    "valkey": frozenset(),
    "postgres": frozenset(),
}
"""Which running stage makes the death of a process one in the middle of its work; an empty set: any."""


class Killer:
    """Kills as many of each kind as it must, and remembers which stage was running."""

    def __init__(self, settings: Settings) -> None:
        self.supervisor = Supervisor(settings, PROGRAMS)
        self.killed: Counter[str] = Counter()
        self._hit: set[tuple[str, int]] = set()

    @property
    def wanted(self) -> list[str]:
        """What has been killed least often first."""
        return sorted((name for name in VICTIMS if self.killed[name] < EACH), key=lambda name: self.killed[name])

    def strike(self, running: dict[int, str]) -> None:
        """Kills one process that a stage of `running` (id -> name) needs now, if there is one that has not been killed for this stage."""
        states = self.supervisor.states()
        for name in self.wanted:
            for stage_id, stage in running.items():
                needs = not VICTIMS[name] or stage in VICTIMS[name]
                if needs and (name, stage_id) not in self._hit and states.get(name) == RUNNING and self._kill(name):
                    self._hit.add((name, stage_id))
                    return

    def _kill(self, name: str) -> bool:
        pid = self.supervisor._call("getProcessInfo", name)["pid"]
        if not pid:
            return False
        os.kill(pid, signal.SIGKILL)
        self.killed[name] += 1
        return True


@pytest.fixture(scope="module", name="youtube")
def _youtube() -> Iterator[StandIn]:
    with StandIn(World([talk_video(video_id, TALK) for video_id in IDS])) as server:
        yield server


@pytest.fixture(scope="module", name="running")
def _running(youtube: StandIn, prepared_home: Path) -> Iterator[tuple[Settings, str]]:
    """The product and the address of its page."""
    with tempfile.TemporaryDirectory(prefix="nutshell-") as home:
        (Path(home) / "models").symlink_to(prepared_home / "models")
        with product(youtube, Path(home)) as address:
            yield Settings(home=Path(home)), address


def _paste(address: str, video_id: str) -> int | None:
    """The job that was promised; None when the page was away."""
    body = json.dumps({"url": f"https://www.youtube.com/watch?v={video_id}", "captions": False}).encode()
    asked = urllib.request.Request(f"{address}/api/v1/jobs", body, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=20) as answer:
            return int(json.load(answer)["job_id"])
    except urllib.error.HTTPError as error:
        if error.code == 503:  # the database is away, it says so
            return None
        raise
    except OSError:
        return None


def _running_stages(db: Database) -> dict[int, str]:
    with db.session() as s:
        rows = s.execute(select(StageRow.id, StageRow.name).where(StageRow.state == State.RUNNING))
        return {row.id: row.name for row in rows}


def test_killing_anything_at_any_moment_loses_nothing_and_repeats_nothing(running: tuple[Settings, str]) -> None:
    settings, address = running
    db = Database(database_url(settings), patience=60.0)
    killer, promised = Killer(settings), dict[str, int]()

    end = time.monotonic() + LIMIT
    while killer.wanted or _unfinished(db):
        assert time.monotonic() < end, f"{killer.killed}\n{_describe(db)}\n{_last_words(settings)}"
        if killer.wanted and _unfinished(db) < EACH and (job_id := _paste(address, IDS[len(promised)])) is not None:
            promised[IDS[len(promised)]] = job_id
        with contextlib.suppress(ModelError, OSError):  # the database or supervisor is just being started again
            killer.strike(_running_stages(db))
        time.sleep(PAUSE)

    _check_rows(db, promised)
    _check_results(db, settings, promised)
    states = killer.supervisor.states
    eventually(lambda: set(states().values()) == {RUNNING}, "everything runs again")
    db.dispose()


def _unfinished(db: Database) -> int:
    """Jobs that have not ended; one more than there can be while the database is away."""
    with contextlib.suppress(ModelError), db.session() as s:
        return s.execute(select(func.count()).select_from(JobRow).where(JobRow.state.in_((State.WAITING, State.RUNNING)))).scalar_one()
    return len(IDS) + 1


def _describe(db: Database) -> str:
    with db.session() as s:
        views = [view for video_id in IDS for view in jobs.jobs_of(s, video_id)]
    lines = [
        f"{view.id} {view.state}: " + ", ".join(f"{x.name} {x.state} {x.attempt} {x.error_code or ''}" for x in view.stages)
        for view in views
    ]
    return "\n".join(lines)


def _last_words(settings: Settings) -> str:
    return "\n".join(f"--- {log.name}\n{log.read_text()[-1500:]}" for log in sorted(settings.logs_dir.glob("*.log")))


def _check_rows(db: Database, promised: dict[str, int]) -> None:
    """Every promised job is there and done; every stage finished once, and was never begun again afterwards."""
    with db.session() as s:
        found = {video_id: [view.id for view in jobs.jobs_of(s, video_id)] for video_id in promised}
        states = [(stage.name, stage.state.value) for video_id in promised for view in jobs.jobs_of(s, video_id) for stage in view.stages]
    assert found == {video_id: [job_id] for video_id, job_id in promised.items()}
    assert {state for _, state in states} == {"done"}, _describe(db)
    attempts: dict[int, list[str | None]] = {}
    for stage_id, _, outcome in runs(db):
        attempts.setdefault(stage_id, []).append(outcome)
    assert all(outcomes.count("done") == 1 and outcomes[-1] == "done" for outcomes in attempts.values()), attempts
    assert len(attempts) == len(states)


def _check_results(db: Database, settings: Settings, promised: Iterable[str]) -> None:
    """Each video has its whole transcript and its whole summary, with receipts that stand in it."""
    spoken = set(TALK.text.casefold().replace(".", "").replace(",", "").split())
    for video_id in promised:
        with db.session() as s:
            video = videos.get_video(s, video_id)
            transcript = transcripts.get_transcript(s, video_id, sealed=True)
            sentences = transcripts.get_sentences(s, video_id)
            chunks, vectors = transcripts.get_chunks(s, video_id)
            made = renditions.get_summary(s, video_id)
        assert video is not None
        assert transcript is not None
        heard = set(" ".join(segment.text for segment in transcript.segments).casefold().replace(".", "").replace(",", "").split())
        assert len(spoken & heard) > 0.75 * len(spoken), video_id
        starts = [segment.start for segment in transcript.segments]
        assert starts == sorted(starts)
        assert made is not None
        summary = made.whole()
        assert summary.points
        quotes = {citation.quote for point in (summary.gist, *summary.overview, *summary.points) for citation in point.citations}
        text = " ".join(sentence.text for sentence in sentences)
        assert all(quote in text for quote in quotes), quotes
        assert sum(part.end - part.start for part in summary.coverage) == pytest.approx(video.duration, abs=0.5)
        assert len(chunks) == len(vectors) > 0
    sounds = [f"audio/{path.name}" for path in (settings.home / "media" / "audio").glob("*")]
    with db.session() as s:  # a file without a row is of an attempt that was killed before it wrote one; the reaper removes it when it is old
        assert media.without_row(s, sounds) == tuple(sounds), "the sound is kept though it was heard"
