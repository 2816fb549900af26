"""Cancels in the middle of every stage, and how long it takes until the worker is free: for test_cancel_stages.py and `python -m tests.benchmarks cancel`.

A stage runs in a thread as a worker runs it; the processes of the models, yt-dlp and the servers are the real ones. "In the middle" is seen from outside: YouTube or the
model has been asked, or the child process that does the work is there.
"""

import contextlib
import json
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from flask import Flask, Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from pipeline import downloads, run
from pipeline.config import Settings
from pipeline.errors import NutshellError, Stopped
from pipeline.jobs import State
from pipeline.source.links import parse_link
from pipeline.steps import Models
from pipeline.store import jobs, media, videos
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.jobs import Claim, JobView
from pipeline.store.tables import StageRow
from pipeline.types import Options
from tests.integration.jobs.fleet import eventually
from tests.integration.language.processes import running
from tests.standin import StandIn

SLOWLY = 1000
"""Bytes per second: a page or a file that trickles for minutes, and never times out."""
REACHED = 240.0
"""Seconds within which a stage must have come to its middle, on a machine that is busy with other things."""


@dataclass(slots=True)
class SlowModel:
    """A foreign server with a model that translates, a word at a time."""

    pause: float = 0.0
    asked: int = 0
    url: str = ""

    def app(self) -> Flask:
        app = Flask("slow")

        @app.get("/v1/models")
        def models() -> Response:
            return jsonify(data=[{"id": "Llama-3.2-1B-Instruct", "max_model_len": 8192}])

        @app.post("/v1/chat/completions")
        def chat() -> Response:
            self.asked += 1
            return Response(self._words(), mimetype="text/event-stream")

        return app

    def _words(self) -> Iterator[str]:
        for _ in range(400 if self.pause else 1):
            time.sleep(self.pause)
            yield f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': 'palabra '}, 'finish_reason': None}]})}\n\n"
        yield "data: [DONE]\n\n"

    @contextlib.contextmanager
    def running(self) -> Iterator["SlowModel"]:
        server = make_server("127.0.0.1", 0, self.app(), threaded=True)
        self.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield self
        server.shutdown()
        thread.join()


@dataclass
class Place:
    """Everything that a cancel is tried in."""

    settings: Settings
    db: Database
    standin: StandIn
    models: Models
    foreign: Models
    """Those of a server that translates."""
    slow: SlowModel
    before: set[psutil.Process] = field(default_factory=set)
    """The children that were there before: servers and models."""

    def new_children(self) -> list[psutil.Process]:
        """Processes that stages have started and that live: our children, and whatever works in a work folder, orphans too."""
        found = []
        work = str(self.settings.home / "work")
        ours = set(psutil.Process().children()) - self.before
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and (process in ours or process.cwd().startswith(work)):
                    found.append(process)
        return found

    def strays(self) -> list[str]:
        """What no stage may leave: work folders, and files of the media store without a row."""
        folders = [folder.name for folder in (self.settings.home / "work").glob("*") if folder.is_dir()]
        keys = list(Blobs(self.settings).older_than(-60))
        with self.db.session() as s:
            return [*folders, *media.without_row(s, keys)]


@contextlib.contextmanager
def place(settings: Settings, db: Database, standin: StandIn) -> Iterator[Place]:
    """With the model processes of `settings.home`, whose folder `models` is prepared."""
    with SlowModel().running() as slow, running("workers.lm", settings, socket=settings.lm_socket), running("workers.embed", settings, socket=settings.embed_socket):
        models, foreign = Models(settings), Models(settings.model_copy(update={"llm_url": slow.url}))
        try:
            yield Place(settings, db, standin, models, foreign, slow, set(psutil.Process().children()))
        finally:
            models.close()
            foreign.close()


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    stage: str
    video: str
    middle: Callable[[Place], bool]
    """Whether the stage is in the middle of its work."""
    options: Options = field(default_factory=Options)
    download: str = ""
    fault: str = ""
    """Requests that trickle."""
    foreign: bool = False


def asked(pattern: str) -> Callable[[Place], bool]:
    return lambda place: bool(place.standin.lines(pattern))


def some_time(place: Place) -> bool:
    """A stage that does not show its middle: a moment after its beginning."""
    time.sleep(0.4)
    return True


def merging(place: Place) -> bool:
    """The merge of a short video is over before one can look, so it is held."""
    for child in place.new_children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if any("media_child" in word for word in child.cmdline()):
                child.send_signal(signal.SIGSTOP)
                return True
    return False


CASES = (
    Case("fetch: a page that trickles", "fetch", "stVideo0001", asked(r"/watch\?"), fault=r"/watch\?"),
    Case("fetch: captions that trickle", "fetch", "stVideo0001", asked("timedtext"), fault="timedtext"),
    Case("fetch: sound that trickles", "fetch", "talkShort01", asked("videoplayback"), fault="videoplayback"),
    Case("speech", "speech", "talkLongNoC", some_time),
    Case("gist", "gist", "talkLong001", lambda place: True),
    Case("index", "index", "talkHours03", some_time),
    Case("summary", "summary", "talkLong001", some_time),
    Case("translate", "translate", "talkShortCC", lambda place: place.slow.asked > 0, Options(language="es"), foreign=True),
    Case("download: sound that trickles", "download", "talkShort01", asked("videoplayback"), download="audio", fault="videoplayback"),
    Case("download: merging", "download", "stVideo0001", merging, download="video"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    seconds: float
    """From the cancel to the end of the stage."""
    ended: str
    """cancelled, lease_lost, done, or the code of a failure."""
    job: JobView


def cancelled_in(place: Place, case: Case) -> Outcome:
    """Runs a job up to the middle of the stage and cancels it."""
    place.standin.reset()
    place.slow.asked, place.slow.pause = 0, 0.0
    models = place.foreign if case.foreign else place.models
    job_id = submit(place, case)
    while (claim := next_claim(place, job_id)).name != case.stage:
        run.run_stage(claim, place.db, place.settings, models)
        with place.db.session() as s:
            jobs.finish(s, claim)
    place.slow.asked, place.slow.pause = 0, 0.2
    if case.fault:
        place.standin.fault(case.fault, rate=SLOWLY)
    return cancel_while(place, claim, models, case.middle)


def submit(place: Place, case: Case) -> int:
    source = parse_link(case.video)
    if case.download:
        with place.db.session() as s:
            videos.ensure_video(s, source.source_id, source.url, source.kind)
        submitted = run.submit_download(place.db, case.video, downloads.parse(case.download), place.settings.max_height)
    else:
        submitted = run.submit_source(place.db, source, case.options)
    assert submitted.job_id is not None
    return submitted.job_id


def next_claim(place: Place, job_id: int, worker: str = "w") -> Claim:
    with place.db.session() as s:
        job = jobs.get_job(s, job_id)
    assert job is not None
    with place.db.session() as s:
        for hint in jobs.due(s):
            if (claim := jobs.claim(s, hint.stage_id, worker)) is not None:
                assert claim.job_id == job_id
                return claim
    raise AssertionError(f"nothing to do: {job}")


def cancel_while(place: Place, claim: Claim, models: Models, middle: Callable[[Place], bool]) -> Outcome:
    """Cancels when `middle` says so, if the stage has not ended before."""
    with ThreadPoolExecutor(1) as pool:
        stage = pool.submit(_run, place, claim, models)
        eventually(lambda: stage.done() or middle(place), f"the middle of {claim.name}", seconds=REACHED)
        began = time.monotonic()
        with place.db.session() as s:
            jobs.cancel(s, claim.job_id)
        ended, at = stage.result()
    with place.db.session() as s:
        job = jobs.get_job(s, claim.job_id)
    assert job is not None
    return Outcome(max(0.0, at - began), ended, job)


def _run(place: Place, claim: Claim, models: Models) -> tuple[str, float]:
    """As a worker does it; how it ended, and when."""
    try:
        run.run_stage(claim, place.db, place.settings, models)
        with place.db.session() as s:
            jobs.finish(s, claim)
    except Stopped as stopped:
        return stopped.code, time.monotonic()
    except NutshellError as error:
        with contextlib.suppress(Stopped), place.db.session() as s:
            jobs.fail(s, claim, error)
        return error.code, time.monotonic()
    return "done", time.monotonic()


# ---------------------------------------------------------------- many, at any moment

KINDS: tuple[tuple[Options, str], ...] = ((Options(), ""), (Options(captions=False), ""), (Options(), "audio"), (Options(), "video"))


def at_random(place: Place, number: int, seed: int) -> list[tuple[str, State]]:
    """Jobs on cheap stages, four at a time, each cancelled at any moment; how the stages ended and what the rows say."""
    chance = random.Random(seed)
    plans = [(chance.choice(KINDS), chance.uniform(0.0, 3.0)) for _ in range(number)]
    place.standin.fault("videoplayback", rate=60_000)

    def one(index: int) -> tuple[str, State]:
        (options, download), moment = plans[index]
        case = Case("", "", f"stItem{index * 6:05d}", some_time, options, download)  # talks that have pictures too
        submission = submit(place, case)
        with place.db.session() as s:
            job = jobs.get_job(s, submission)
            assert job is not None
            claim = next((found for hint in jobs.due(s) if (found := _own(s, hint.stage_id, submission)) is not None), None)
        assert claim is not None
        end = time.monotonic() + moment
        outcome = cancel_while(place, claim, place.models, lambda _: time.monotonic() >= end)
        return outcome.ended, outcome.job.state

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, range(number)))


def _own(s: Session, stage_id: int, job_id: int) -> Claim | None:
    if s.execute(select(StageRow.job_id).where(StageRow.id == stage_id)).scalar_one() != job_id:
        return None
    return jobs.claim(s, stage_id, f"w{job_id}")


def home_with_models(folder: Path, prepared: Path) -> Path:
    """A data folder that borrows the models of another."""
    (folder / "run").mkdir(parents=True, mode=0o700)
    (folder / "models").symlink_to(prepared / "models")
    return folder
