"""A worker whose stages are plain: everything is real (Celery, the database, Valkey, leases, fences) but what a stage does, which is to hear windows.

A job's options say how: `windows` of `seconds` each are stored as parts of a transcript, and `fault` names something that goes wrong in the stage `a`.
"""

import os
import signal
import time
from typing import Any

from pipeline import run
from pipeline.config import Settings
from pipeline.errors import cause
from pipeline.store import jobs, transcripts
from pipeline.store.database import Database
from pipeline.store.jobs import Claim
from pipeline.types import Origin, Progress, Segment
from workers import process, tasks, watchdog
from workers.celery_app import app

__all__ = ["app", "tasks"]

ORIGINS = {"a": Origin.CAPTIONS_MANUAL, "b": Origin.SPEECH, "c": Origin.SPEECH_TRANSLATED}

if os.environ.get("PLAIN_HASTY"):
    watchdog.BEAT_SECONDS = 0.2
    watchdog.STALLED_SECONDS = 1.5
    watchdog.DEAF_SECONDS = 1.5


def run_stage(claim: Claim, db: Database, settings: Settings, models: Any) -> None:
    if claim.name == "a":
        _go_wrong(claim.options.get("fault"))
    windows, seconds = claim.options.get("windows", 1), claim.options.get("seconds", 0.0)
    origin = ORIGINS[claim.name]
    with db.session() as s:
        heard = transcripts.parts_until(s, claim.video_id, origin)
    for window in range(int(heard), windows):
        time.sleep(seconds)
        with db.session() as s:
            jobs.renew(s, claim, Progress(claim.name, window / windows, f"window {window}"))
            word = Segment(float(window), window + 1.0, f"{claim.name}{window}")
            transcripts.append_part(s, claim.video_id, origin, "en", "plain", [word], window + 1.0, fence=claim.fence)


def _go_wrong(fault: str | None) -> None:
    if fault == "retryable":
        raise cause("network")
    if fault == "unforeseen":
        raise ZeroDivisionError
    if fault == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "unwatched":
        tasks._process[0].watchdog._look = None  # type: ignore[method-assign,assignment]
    if fault in ("hangs", "unwatched"):
        time.sleep(3600)


run.run_stage = run_stage
process.Process.models = None  # type: ignore[assignment]
